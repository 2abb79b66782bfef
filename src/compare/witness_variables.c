/*
 * The values of variables that matter: what tells apart the conditions on their own keys, and what they stand
 * for in the texts that tell apart the patterns in which they are.
 */
#include <stdlib.h>

#include "compare/witness.h"

enum { MOST_GUESSES = 64, MOST_STEPS = 20000 };

static void add_guess(struct witness *w, struct compared_key *key, struct slice value)
{
    if (value.len == 0 || key->kind == COMPARE_LIST)
        return;
    for (size_t i = 0; i < key->guess_count; i++) {
        if (slice_eq(key->guess[i], value))
            return;
    }
    if (key->guess_count == MOST_GUESSES) {
        witness_cut(w, "the variable %.*s has too many values that could matter",
                    (int)(key->name.len < 64 ? key->name.len : 64), key->name.ptr);
        return;
    }
    if (key->guess_count == key->guess_room) {
        struct slice *grown = reallocarray(key->guess, MOST_GUESSES, sizeof(*grown));

        if (!grown) {
            w->arena.failed = true;
            return;
        }
        key->guess = grown;
        key->guess_room = MOST_GUESSES;
    }
    value = arena_copy(&w->arena, value);
    key->guess[key->guess_count++] = value;
}

/* A match of one pattern with one text, in every way. */
struct capture {
    struct witness *w;
    const struct pattern *pattern;
    struct slice text;
    struct slice taken[PATTERN_MAX_VARIABLES]; /* by the variables so far */
    size_t steps;
};

static void note_captures(struct capture *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->pattern->count; i++) {
        if (c->pattern->pieces[i].kind == PIECE_VARIABLE)
            add_guess(c->w, witness_key(c->w, c->pattern->pieces[i].text), c->taken[n++]);
    }
}

static void match_from(struct capture *c, size_t i, size_t variable, size_t at)
{
    const struct piece *piece = &c->pattern->pieces[i];
    struct slice rest = slice_from(c->text, at);

    if (!witness_spend(c->w, 1))
        return;
    if (c->steps++ >= MOST_STEPS) {
        witness_cut(c->w, "a pattern with variables is too intricate");
        return;
    }
    if (i == c->pattern->count) {
        if (rest.len == 0)
            note_captures(c);
    } else if (piece->kind == PIECE_LITERAL) {
        if (c->pattern->ignore_case ? slice_starts_nocase(rest, piece->text)
                                    : slice_starts(rest, piece->text))
            match_from(c, i + 1, variable, at + piece->text.len);
    } else if (piece->kind == PIECE_ONE) {
        if (rest.len)
            match_from(c, i + 1, variable, at + 1);
    } else {
        bool is_variable = piece->kind == PIECE_VARIABLE;

        for (size_t len = 0; len <= rest.len; len++) {
            if (is_variable)
                c->taken[variable] = slice_of(rest.ptr, len);
            match_from(c, i + 1, variable + is_variable, at + len);
        }
    }
}

static void capture(struct witness *w, const struct pattern *pattern, struct slice text)
{
    struct capture c = {.w = w, .pattern = pattern, .text = text};

    if (pattern->variables)
        match_from(&c, 0, 0, 0);
}

static void guess_by_resource(void *user, struct slice text)
{
    struct witness *w = user;

    for (size_t i = 0; i < w->count; i++) {
        for (size_t k = 0; k < w->statements[i]->resources.count; k++)
            capture(w, &w->statements[i]->resources.at[k], text);
    }
}

struct guesser {
    struct witness *w;
    struct compared_key *key;
    struct slice text; /* a value of the key */
};

static void capture_from_value(void *user, const struct pattern *compared)
{
    const struct guesser *g = user;

    capture(g->w, compared, g->text);
}

static void guess_by_value(void *user, struct slice text)
{
    struct guesser *g = user;

    g->text = text;
    if (g->key->variable)
        add_guess(g->w, g->key, text);
    witness_each_compared(g->w, g->key->name, capture_from_value, g);
}

static void guess_by_key(struct witness *w, struct compared_key *key)
{
    if (!w->arena.failed)
        witness_key_texts(w, key, guess_by_value, &(struct guesser){.w = w, .key = key});
}

static size_t count_guesses(const struct witness *w)
{
    size_t count = 0;

    for (size_t i = 0; i < w->key_count; i++)
        count += w->keys[i].guess_count;
    return count;
}

/* A variable whose conditions hang on another one: once more, with each value of that. */
static void guess_by_other(struct witness *w, struct compared_key *key, struct compared_key *other)
{
    size_t count = other->guess_count;

    for (size_t i = 0; i < count && !w->exhausted; i++) {
        other->value = other->guess[i];
        guess_by_key(w, key);
    }
    other->value = SLICE("");
}

static void guess_by_others(struct witness *w)
{
    for (size_t i = 0; i < w->key_count; i++) {
        for (size_t k = 0; k < w->key_count; k++) {
            if (i != k && w->keys[i].variable && w->keys[i].varies && w->keys[k].variable)
                guess_by_other(w, &w->keys[i], &w->keys[k]);
        }
    }
}

void witness_guess(struct witness *w)
{
    size_t before = 0;

    w->relaxed = true;
    for (size_t i = 0; i < w->key_count; i++) {
        if (w->keys[i].variable || w->keys[i].varies)
            guess_by_key(w, &w->keys[i]);
    }
    if (w->resources_vary && !w->arena.failed)
        witness_resource_texts(w, guess_by_resource, w);
    /* As long as a chain of variables that hang on each other can be. */
    for (size_t round = 0; round <= w->key_count && count_guesses(w) > before; round++) {
        before = count_guesses(w);
        guess_by_others(w);
    }
    if (count_guesses(w) > before)
        witness_cut(w, "the values of variables hang on each other");
    w->relaxed = false;
}
