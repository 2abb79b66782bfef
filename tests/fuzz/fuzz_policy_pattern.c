/*
 * Any pattern and any text: no crash, and the answer of the plainest matcher there is, which tries
 * everything. The input is a byte of flags, the pattern, a line end, the value of the variable a:b, a line
 * end, the text.
 */
#include <stdint.h>
#include <stdlib.h>

#include "policy/pattern.h"

enum { MAX = 200 };

static enum context_lookup find(void *user, struct slice key, struct context_values *out)
{
    if (!slice_eq_nocase(key, SLICE("a:b")))
        return CONTEXT_ABSENT;
    *out = (struct context_values){user, 1, false};
    return CONTEXT_FOUND;
}

static size_t character_length(struct slice text)
{
    size_t len = 1;

    while (len < text.len && (text.ptr[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* A table of [piece][byte]: whether pieces from there match the text from there. Filled from the end. */
static bool matches(const struct pattern *pattern, struct slice value, struct slice text)
{
    static bool table[2 * MAX + 2][MAX + 1];

    for (size_t at = 0; at <= text.len; at++)
        table[pattern->count][at] = at == text.len;
    for (size_t i = pattern->count; i-- > 0;) {
        const struct piece *piece = &pattern->pieces[i];
        struct slice literal = piece->kind == PIECE_VARIABLE ? value : piece->text;

        for (size_t at = text.len + 1; at-- > 0;) {
            struct slice rest = slice_from(text, at);
            bool stops = rest.len == 0 || (piece->within_part && *rest.ptr == ':');

            if (piece->kind == PIECE_ANY)
                table[i][at] = table[i + 1][at] || (!stops && table[i][at + 1]);
            else if (piece->kind == PIECE_ONE)
                table[i][at] = !stops && table[i + 1][at + character_length(rest)];
            else if (piece->kind == PIECE_VARIABLE && piece->within_part && memchr(value.ptr, ':', value.len))
                table[i][at] = false;
            else
                table[i][at] = (pattern->ignore_case ? slice_starts_nocase(rest, literal)
                                                     : slice_starts(rest, literal)) &&
                               table[i + 1][at + literal.len];
        }
    }
    return table[0][0];
}

/* Whether a variable other than a:b is there, and without default: then nothing may match. */
static bool has_unset(const struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->count; i++) {
        const struct piece *piece = &pattern->pieces[i];

        if (piece->kind == PIECE_VARIABLE && !slice_eq_nocase(piece->text, SLICE("a:b")))
            return true;
    }
    return false;
}

/* What is said of a beginning must be so of the whole text. */
static void check_beginnings(const struct pattern *pattern, struct slice text, bool matched,
                             struct context *context)
{
    for (size_t len = 0; len < text.len; len += character_length(slice_from(text, len))) {
        struct slice beginning = slice_of(text.ptr, len);

        if (!matched && pattern_covers(pattern, beginning, context) != TRUTH_NO)
            abort();
        if (matched && pattern_touches(pattern, beginning, context) != TRUTH_YES)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest, text, value;
    struct arena arena = {0};
    struct pattern pattern;
    struct request_facts facts = {.context = find, .context_user = &value};
    struct context context = {.facts = &facts};
    struct sg_error err;

    if (size == 0 || size > MAX)
        return 0;
    rest = slice_of((const char *)data + 1, size - 1);
    if (!slice_split(&rest, '\n', &text) || !slice_split(&rest, '\n', &value) || !rest.ptr)
        return 0;
    if (pattern_compile(text, data[0], &arena, &pattern, &err) == SG_OK && value.len &&
        !has_unset(&pattern)) {
        enum truth answer = pattern_match(&pattern, rest, &context);

        if (answer != truth_of(matches(&pattern, value, rest)))
            abort();
        check_beginnings(&pattern, rest, answer == TRUTH_YES, &context);
        if (answer == TRUTH_YES && !pattern.ignore_case && !slice_starts(rest, pattern_prefix(text)))
            abort();
    }
    arena_free(&arena);
    return 0;
}
