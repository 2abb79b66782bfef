/*
 * What one policy document, or several that must all allow, allows that another does not: example requests,
 * found by a search that misses none (compare.c says how). Pure: which actions there are, and on what, is the
 * caller's to say.
 */
#ifndef SAGEGATE_COMPARE_COMPARE_H
#define SAGEGATE_COMPARE_COMPARE_H

#include <stdint.h>

#include "base/arena.h"
#include "policy/policy.h"

enum compare_kind { COMPARE_SINGLE, COMPARE_LIST, COMPARE_EITHER };

/* The requests that can be made. */
struct compare_world {
    const struct slice *actions;
    size_t action_count;
    const struct slice *resources; /* patterns of ARNs: each that a request can name matches one */
    size_t resource_count;
    /* Whether requests for the action may name the resource; of len 0: none. NULL: any, and none. */
    bool (*takes)(const void *user, size_t action, struct slice resource);
    const void *user;
    /* Whether the key is a list by its type. NULL: each may be either. */
    enum compare_kind (*kind)(struct slice key);
    uint64_t effort; /* words of memory to look at, at most: COMPARE_EFFORT; less where nobody waits */
};

#define COMPARE_EFFORT UINT64_C(1000000000) /* some seconds */

/* Documents that decide together, as by policy_evaluate_all(); at least one. */
struct compare_side {
    const struct policy *const *policies;
    size_t count;
};

struct compare_value {
    struct slice key;
    struct context_values values;
};

/* A request that one side allows and the other does not. Keys that do not stand there are absent. */
struct compare_difference {
    size_t allowed_by;                        /* 0 or 1 */
    struct slice action, principal, resource; /* resource of len 0: it names none */
    const struct compare_value *context;
    size_t context_count;
    enum policy_decision refusal;       /* by the other */
    struct policy_reason allow, refuse; /* which statements did */
};

/* Zero-initialise; comparison_free() releases it and all that it points to, but the documents must live on.
 */
struct comparison {
    struct arena arena;
    struct compare_difference *differences; /* one for each pair of statements that is responsible */
    size_t count, room;
    char cut[160]; /* what was not compared in full, and why; empty when everything was */
};

/*
 * Compares. Each example is decided as it says by policy_evaluate_all(); where there is none and nothing was
 * cut, no request is decided differently. Taken for granted: the caller is known, and an account is of one
 * partition; one resource a request (of several, some one makes the difference); condition keys may have any
 * values, each of the type that it is compared as, whatever the others have. SG_OK, also when something was
 * cut; SG_NO_MEMORY.
 */
enum sg_status policy_compare(const struct compare_side sides[2], const struct compare_world *world,
                              struct comparison *out);

/* For request_facts.context, with the difference as user. */
enum context_lookup compare_context(void *user, struct slice key, struct context_values *out);

void comparison_free(struct comparison *comparison);

#endif
