/*
 * Three-valued logic (Kleene's): what hangs on a context key that only AWS can know is neither true nor false
 * here. And is the lesser, or the greater of two; whether a decision allows or denies what it does not know
 * is settled once, at the end.
 */
#ifndef SAGEGATE_POLICY_TRUTH_H
#define SAGEGATE_POLICY_TRUTH_H

#include <stdbool.h>

enum truth { TRUTH_NO, TRUTH_UNKNOWN, TRUTH_YES };

static inline enum truth truth_of(bool known)
{
    return known ? TRUTH_YES : TRUTH_NO;
}

static inline enum truth truth_and(enum truth a, enum truth b)
{
    return a < b ? a : b;
}

static inline enum truth truth_or(enum truth a, enum truth b)
{
    return a > b ? a : b;
}

static inline enum truth truth_not(enum truth a)
{
    return a == TRUTH_UNKNOWN ? a : truth_of(a == TRUTH_NO);
}

#endif
