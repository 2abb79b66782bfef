/*
 * The strings of policy documents that are matched with text: '*' stands for any characters, '?' for one,
 * ${key} for the value of a context key, ${*}, ${?} and ${$} for those characters themselves (IAM User Guide,
 * "IAM policy elements: Variables and tags"). Compiled once into pieces, matched without allocating.
 */
#ifndef SAGEGATE_POLICY_PATTERN_H
#define SAGEGATE_POLICY_PATTERN_H

#include "base/arena.h"
#include "base/error.h"
#include "policy/context.h"
#include "policy/truth.h"

enum pattern_flag {
    PATTERN_WILDCARDS = 1 << 0,      /* '*' and '?' are wildcards, else characters like others */
    PATTERN_VARIABLES = 1 << 1,      /* ${…} is a variable, else text */
    PATTERN_ARN = 1 << 2,            /* before the fifth colon, wildcards and variables match no colon */
    PATTERN_IGNORE_CASE = 1 << 3,    /* of ASCII letters */
    PATTERN_LATE_VARIABLES = 1 << 4, /* a variable before the fifth colon is an error */
};

enum { PATTERN_MAX_VARIABLES = 16, ARN_COLONS = 5 };

enum piece_kind { PIECE_LITERAL, PIECE_VARIABLE, PIECE_ONE, PIECE_ANY };

struct piece {
    enum piece_kind kind;
    bool within_part;      /* of an ARN, before its fifth colon */
    struct slice text;     /* the literal, or the variable's key */
    struct slice fallback; /* the variable's default; ptr NULL when it has none */
};

struct pattern {
    struct slice text; /* as written */
    const struct piece *pieces;
    size_t count;
    size_t variables; /* of the pieces */
    bool ignore_case;
    bool lacks_parts; /* with PATTERN_ARN: as it is written, it has fewer than six */
};

/* SG_OK; SG_INVALID with err saying what is wrong with a variable; SG_NO_MEMORY. All memory is the arena's.
 */
enum sg_status pattern_compile(struct slice text, unsigned flags, struct arena *arena,
                               struct pattern *pattern, struct sg_error *err);

/*
 * Whether the whole text matches. A variable whose key is absent, empty or a list has no value, so that
 * nothing matches, unless it has a default; with an unknown key the answer is TRUTH_UNKNOWN if any value
 * could make the pattern match. Values are text: no wildcard in them is one. '?' is one UTF-8 character.
 * Takes time in proportion to both lengths multiplied at worst.
 */
enum truth pattern_match(const struct pattern *pattern, struct slice text, struct context *context);

/* Of all texts that begin so: whether pattern_match() takes each of them (or may miss that it does), and
 * whether it takes any (or may only seem to). */
enum truth pattern_covers(const struct pattern *pattern, struct slice beginning, struct context *context);
enum truth pattern_touches(const struct pattern *pattern, struct slice beginning, struct context *context);

/* The text of a pattern before its first wildcard or variable: whatever matches starts with it. */
struct slice pattern_prefix(struct slice text);

#endif
