/* From the patterns of policies to languages. */
#include "compare/witness.h"

/*
 * While variables stand for any text, each also stands for what its own conditions want of it, one at a time:
 * so the examples of the pattern are also such that its variable can meet them.
 */
struct substitute {
    const struct pattern *pattern; /* NULL: none */
    size_t piece;                  /* the variable that it stands for */
};

static void write_pieces(const struct pattern *pattern, const struct substitute *substitute,
                         const struct witness *w, bool *has_value, struct languages *languages);

static void write_variable(const struct pattern *pattern, const struct piece *piece, const struct witness *w,
                           bool *has_value, struct languages *languages)
{
    const struct compared_key *key = witness_key(w, piece->text);
    bool tried = key && key->value.len;
    struct slice value = tried ? key->value : piece->fallback;

    if (w->relaxed && !tried)
        languages_wildcard(languages, TOKEN_ANY, piece->within_part);
    else if (!value.ptr || (piece->within_part && memchr(value.ptr, ':', value.len)))
        *has_value = false;
    else
        languages_text(languages, value, pattern->ignore_case);
}

static void write_pieces(const struct pattern *pattern, const struct substitute *substitute,
                         const struct witness *w, bool *has_value, struct languages *languages)
{
    static const struct substitute none = {.pattern = NULL};

    for (size_t i = 0; i < pattern->count; i++) {
        const struct piece *piece = &pattern->pieces[i];

        if (piece->kind == PIECE_LITERAL)
            languages_text(languages, piece->text, pattern->ignore_case);
        else if (piece->kind == PIECE_ONE)
            languages_wildcard(languages, TOKEN_ONE, piece->within_part);
        else if (piece->kind == PIECE_ANY)
            languages_wildcard(languages, TOKEN_ANY, piece->within_part);
        else if (substitute->pattern && substitute->piece == i)
            write_pieces(substitute->pattern, &none, w, has_value, languages);
        else
            write_variable(pattern, piece, w, has_value, languages);
    }
}

static void write_language(const struct witness *w, const struct pattern *pattern,
                           const struct substitute *substitute, bool universe, struct languages *languages)
{
    bool has_value = true;

    write_pieces(pattern, substitute, w, &has_value, languages);
    if (has_value)
        languages_end(languages, universe);
    else
        languages_drop(languages);
}

/* A variable of a pattern, which is written with something in its place. */
struct substitution {
    const struct witness *w;
    const struct pattern *pattern;
    size_t piece;
    struct languages *languages;
};

static void write_substituted(void *user, const struct pattern *compared)
{
    const struct substitution *at = user;

    write_language(at->w, at->pattern, &(struct substitute){compared, at->piece}, false, at->languages);
}

void witness_language(const struct witness *w, const struct pattern *pattern, bool universe,
                      struct languages *languages)
{
    write_language(w, pattern, &(struct substitute){.pattern = NULL}, universe, languages);
    for (size_t i = 0; i < pattern->count && w->relaxed; i++) {
        if (pattern->pieces[i].kind == PIECE_VARIABLE)
            witness_each_compared(w, pattern->pieces[i].text, write_substituted,
                                  &(struct substitution){w, pattern, i, languages});
    }
}
