#include "policy/pattern.h"

struct scan {
    struct slice text;
    size_t at;
    unsigned flags;
    int colons; /* seen so far, while they separate the parts of an ARN */
    struct piece *pieces;
    size_t count;
    size_t variables;
    char *literal; /* where the next literal byte goes */
    bool in_literal;
};

static bool within_part(const struct scan *s)
{
    return (s->flags & PATTERN_ARN) && s->colons < ARN_COLONS;
}

static struct piece *add_piece(struct scan *s, enum piece_kind kind)
{
    struct piece *piece = &s->pieces[s->count++];

    *piece = (struct piece){.kind = kind, .within_part = within_part(s)};
    s->in_literal = false;
    return piece;
}

static void add_literal(struct scan *s, char c)
{
    struct piece *piece;

    if (!s->in_literal) {
        add_piece(s, PIECE_LITERAL)->text = slice_of(s->literal, 0);
        s->in_literal = true;
    }
    piece = &s->pieces[s->count - 1];
    *s->literal++ = s->flags & PATTERN_IGNORE_CASE ? ascii_lower(c) : c;
    piece->text.len++;
    s->colons += c == ':';
}

/* "**" is "*". */
static void add_any(struct scan *s)
{
    const struct piece *last = s->count ? &s->pieces[s->count - 1] : NULL;

    if (!last || last->kind != PIECE_ANY || last->within_part != within_part(s))
        add_piece(s, PIECE_ANY);
}

/* What follows the key and its comma: a space, then the default in single quotes. */
static bool read_fallback(struct slice rest, struct slice *fallback)
{
    if (!slice_starts(rest, SLICE(" '")) || rest.len < 3 || rest.ptr[rest.len - 1] != '\'')
        return false;
    *fallback = slice_of(rest.ptr + 2, rest.len - 3);
    return !memchr(fallback->ptr, '\'', fallback->len);
}

static enum sg_status add_variable(struct scan *s, struct slice inside, struct sg_error *err)
{
    struct slice rest = inside, key, fallback = {NULL, 0};
    struct piece *piece;

    slice_split(&rest, ',', &key);
    if (!memchr(key.ptr, ':', key.len) || memchr(key.ptr, '{', key.len) || slice_trim(key).len != key.len)
        return sg_fail(err, SG_INVALID,
                       "a policy variable names a condition key, as ${aws:PrincipalTag/team} does");
    if (rest.ptr && !read_fallback(rest, &fallback))
        return sg_fail(err, SG_INVALID,
                       "the default of a policy variable follows a comma and a space, in single quotes: "
                       "${aws:username, 'none'}");
    if (within_part(s) && (s->flags & PATTERN_LATE_VARIABLES))
        return sg_fail(err, SG_INVALID,
                       "a policy variable can stand only in the last part of an ARN, after the fifth "
                       "colon");
    if (++s->variables > PATTERN_MAX_VARIABLES)
        return sg_fail(err, SG_INVALID, "this has more than %d policy variables", PATTERN_MAX_VARIABLES);
    piece = add_piece(s, PIECE_VARIABLE);
    piece->text = key;
    piece->fallback = fallback;
    return SG_OK;
}

/* At "${". */
static enum sg_status read_variable(struct scan *s, struct sg_error *err)
{
    const char *inside = s->text.ptr + s->at + 2;
    const char *end = memchr(inside, '}', s->text.len - s->at - 2);
    size_t len;

    if (!end)
        return sg_fail(err, SG_INVALID,
                       "'${' begins a policy variable, which ends with '}'; write ${$} for a dollar sign");
    len = (size_t)(end - inside);
    s->at += 2 + len + 1;
    if (len == 1 && memchr("*?$", *inside, 3)) {
        add_literal(s, *inside);
        return SG_OK;
    }
    return add_variable(s, slice_of(inside, len), err);
}

static enum sg_status read_pieces(struct scan *s, struct sg_error *err)
{
    while (s->at < s->text.len) {
        char c = s->text.ptr[s->at];
        bool dollar = c == '$' && s->at + 1 < s->text.len && s->text.ptr[s->at + 1] == '{';

        if (dollar && (s->flags & PATTERN_VARIABLES)) {
            enum sg_status status = read_variable(s, err);

            if (status != SG_OK)
                return status;
            continue;
        }
        s->at++;
        if (c == '*' && (s->flags & PATTERN_WILDCARDS))
            add_any(s);
        else if (c == '?' && (s->flags & PATTERN_WILDCARDS))
            add_piece(s, PIECE_ONE);
        else
            add_literal(s, c);
    }
    return SG_OK;
}

/* Each special character is a piece, and may end one literal and begin another. */
static size_t most_pieces(struct slice text)
{
    size_t specials = 0;

    for (size_t i = 0; i < text.len; i++)
        specials += text.ptr[i] == '*' || text.ptr[i] == '?' || text.ptr[i] == '$';
    return 2 * specials + 1;
}

enum sg_status pattern_compile(struct slice text, unsigned flags, struct arena *arena,
                               struct pattern *pattern, struct sg_error *err)
{
    struct scan s = {.flags = flags};
    enum sg_status status;

    s.text = arena_copy(arena, text);
    s.pieces = arena_alloc(arena, most_pieces(text), sizeof(struct piece));
    s.literal = arena_alloc(arena, text.len, 1);
    if (!s.text.ptr || !s.pieces || !s.literal)
        return sg_fail(err, SG_NO_MEMORY, "memory is short");
    status = read_pieces(&s, err);
    *pattern = (struct pattern){
        s.text, s.pieces, s.count, s.variables, (flags & PATTERN_IGNORE_CASE) != 0, within_part(&s)};
    return status;
}

/* The values of the variables of one pattern, in their order. */
struct resolved {
    struct slice values[PATTERN_MAX_VARIABLES];
    bool unknown[PATTERN_MAX_VARIABLES];
    bool any_unknown;
};

/* False when a variable has no value. */
static bool resolve(const struct pattern *pattern, struct context *context, struct resolved *r)
{
    size_t n = 0;

    r->any_unknown = false;
    for (size_t i = 0; n < pattern->variables; i++) {
        const struct piece *piece = &pattern->pieces[i];
        struct context_values found;
        enum context_lookup lookup;

        if (piece->kind != PIECE_VARIABLE)
            continue;
        lookup = context_find(context, piece->text, &found);
        r->unknown[n] = lookup == CONTEXT_UNKNOWN;
        r->any_unknown |= r->unknown[n];
        r->values[n] = piece->fallback;
        if (lookup == CONTEXT_FOUND && found.count == 1 && !found.multivalued && found.values[0].len)
            r->values[n] = found.values[0];
        if (!r->unknown[n] && !r->values[n].ptr)
            return false;
        n++;
    }
    return true;
}

static size_t character_length(struct slice text)
{
    size_t len = 1;

    while (len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len++;
    return len;
}

static bool starts(struct slice text, struct slice literal, bool ignore_case)
{
    return ignore_case ? slice_starts_nocase(text, literal) : slice_starts(text, literal);
}

enum { NO_MATCH = -1 };

/* How many bytes at the start of the text the piece takes; NO_MATCH when it does not match there. */
static ptrdiff_t take(const struct pattern *pattern, const struct piece *piece, const struct slice *value,
                      struct slice text)
{
    if (piece->kind == PIECE_LITERAL)
        return starts(text, piece->text, pattern->ignore_case) ? (ptrdiff_t)piece->text.len : NO_MATCH;
    if (piece->kind == PIECE_ONE)
        return text.len && !(piece->within_part && *text.ptr == ':') ? (ptrdiff_t)character_length(text)
                                                                     : NO_MATCH;
    if (piece->within_part && memchr(value->ptr, ':', value->len))
        return NO_MATCH;
    return starts(text, *value, pattern->ignore_case) ? (ptrdiff_t)value->len : NO_MATCH;
}

/* Whether the text ends within what the piece takes. */
static bool is_cut_off(const struct pattern *pattern, const struct piece *piece, const struct slice *value,
                       struct slice text)
{
    struct slice whole = piece->kind == PIECE_VARIABLE ? *value : piece->text;

    return text.len == 0 || ((piece->kind == PIECE_LITERAL || piece->kind == PIECE_VARIABLE) &&
                             starts(whole, text, pattern->ignore_case));
}

/* A place to return to: after a piece that takes any text, when what it took so far was too little. */
struct retry {
    size_t piece, variable; /* to go on with */
    size_t at;              /* in the text */
    bool within_part;
    bool possible;
};

/* Lets the last piece of that kind take one byte more; those before it never need to, since from an earlier
 * place it gets to every later one. (Not so if it took whole characters, where bytes are no UTF-8. Where they
 * are, what is after it begins with a whole one, or is a '?', to which it leaves all of one or its rest.) */
static bool take_more(struct retry *retry, struct slice text)
{
    if (!retry->possible || retry->at == text.len || (retry->within_part && text.ptr[retry->at] == ':'))
        return false;
    retry->at++;
    return true;
}

/* `goes_on`: the text is but the beginning of one. */
static bool match_pieces(const struct pattern *pattern, const struct resolved *r, struct slice text,
                         bool goes_on)
{
    struct retry retry = {.possible = false};
    size_t i = 0, variable = 0, at = 0;

    while (i < pattern->count || at < text.len) {
        const struct piece *piece = i < pattern->count ? &pattern->pieces[i] : NULL;
        bool is_variable = piece && piece->kind == PIECE_VARIABLE;
        const struct slice *value;
        ptrdiff_t taken = NO_MATCH;

        if (piece && (piece->kind == PIECE_ANY || (is_variable && r->unknown[variable]))) {
            if (++i == pattern->count && !piece->within_part)
                return true; /* it takes all that is left */
            variable += is_variable;
            retry = (struct retry){i, variable, at, piece->within_part, true};
            continue;
        }
        value = is_variable ? &r->values[variable] : NULL;
        if (piece && goes_on && is_cut_off(pattern, piece, value, slice_from(text, at)))
            return true;
        if (piece)
            taken = take(pattern, piece, value, slice_from(text, at));
        if (taken != NO_MATCH) {
            i++;
            variable += is_variable;
            at += (size_t)taken;
        } else if (take_more(&retry, text)) {
            i = retry.piece;
            variable = retry.variable;
            at = retry.at;
        } else {
            return false;
        }
    }
    return true;
}

static enum truth match(const struct pattern *pattern, struct slice text, bool goes_on,
                        struct context *context)
{
    struct resolved r;

    r.any_unknown = false;
    if (pattern->variables && !resolve(pattern, context, &r))
        return TRUTH_NO;
    if (!match_pieces(pattern, &r, text, goes_on))
        return TRUTH_NO;
    return r.any_unknown ? TRUTH_UNKNOWN : TRUTH_YES;
}

enum truth pattern_match(const struct pattern *pattern, struct slice text, struct context *context)
{
    return match(pattern, text, false, context);
}

/* The '*' at its end takes whatever follows. */
enum truth pattern_covers(const struct pattern *pattern, struct slice beginning, struct context *context)
{
    const struct piece *last = pattern->count ? &pattern->pieces[pattern->count - 1] : NULL;

    if (!last || last->kind != PIECE_ANY || last->within_part)
        return TRUTH_NO;
    return match(pattern, beginning, false, context);
}

enum truth pattern_touches(const struct pattern *pattern, struct slice beginning, struct context *context)
{
    return match(pattern, beginning, true, context);
}

struct slice pattern_prefix(struct slice text)
{
    size_t len = 0;

    while (len < text.len && !memchr("*?$", text.ptr[len], 3))
        len++;
    return slice_of(text.ptr, len);
}
