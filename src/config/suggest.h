/* Which word a person may have meant. */
#ifndef SAGEGATE_CONFIG_SUGGEST_H
#define SAGEGATE_CONFIG_SUGGEST_H

#include "base/slice.h"

/*
 * How many slips of the keyboard lie between two words, case apart: letters left out, added, wrong, or two
 * neighbours exchanged (optimal string alignment distance). SUGGEST_FAR when either is long.
 */
unsigned suggest_distance(struct slice a, struct slice b);

enum { SUGGEST_FAR = 99 };

/* Whether `word` is near enough to `known` to ask "did you mean". */
static inline bool suggest_is_near(struct slice word, struct slice known)
{
    return suggest_distance(word, known) <= (known.len <= 4 ? 1 : 2);
}

#endif
