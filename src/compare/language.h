/*
 * Sets of strings, each told by a pattern, and an example for every combination of them that a string can be
 * in: in the first and the third but not the second, in none, … Exact, by walking through all patterns at
 * once, character by character (the product of their automata), so that no combination is missed. Only for
 * this folder.
 */
#ifndef SAGEGATE_COMPARE_LANGUAGE_H
#define SAGEGATE_COMPARE_LANGUAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum token_kind { TOKEN_CHARACTER, TOKEN_ONE, TOKEN_ANY, TOKEN_END };

struct token {
    enum token_kind kind;
    bool within_part; /* a wildcard that matches no colon */
    bool ignore_case;
    bool universe;     /* of an end: every example is in one such language, when there are any */
    struct slice text; /* one character, maybe of several bytes */
};

/* Zero-initialise; languages_free() releases. Texts are borrowed. */
struct languages {
    struct token *tokens;
    size_t count, room;
    size_t open; /* where the language at hand begins */
    bool failed; /* memory is short */
};

/* The language at hand is written piece by piece. Then it counts, or is forgotten. */
void languages_text(struct languages *languages, struct slice text, bool ignore_case);
void languages_wildcard(struct languages *languages, enum token_kind kind, bool within_part);
void languages_end(struct languages *languages, bool universe);
void languages_drop(struct languages *languages);
void languages_free(struct languages *languages);

/*
 * Tells an example of each combination, one of the shortest, the empty string only when no other will do.
 * Their memory is the arena's. Takes of *effort, in words of memory that are looked at. SG_OK; SG_UNSUPPORTED
 * when there is more to walk through than that, or than is sensible, and only some have been told;
 * SG_NO_MEMORY.
 */
enum sg_status languages_examples(const struct languages *languages, uint64_t *effort, struct arena *arena,
                                  void (*tell)(void *user, struct slice example), void *user);

#endif
