/* The context keys of the request at hand, and which of them proved to be unknown. Only for this folder and
 * compare/. */
#ifndef SAGEGATE_POLICY_CONTEXT_H
#define SAGEGATE_POLICY_CONTEXT_H

#include "policy/policy.h"

struct context {
    const struct request_facts *facts;
    struct slice unknown; /* the last key that was found to be unknown; the asker clears it */
};

/* As request_facts.context, but a key without values is absent, and an unknown one is remembered. */
static inline enum context_lookup context_find(struct context *context, struct slice key,
                                               struct context_values *out)
{
    const struct request_facts *facts = context->facts;
    enum context_lookup found;

    *out = (struct context_values){NULL, 0, false};
    found = facts->context ? facts->context(facts->context_user, key, out) : CONTEXT_ABSENT;
    if (found == CONTEXT_UNKNOWN)
        context->unknown = key;
    return found == CONTEXT_FOUND && out->count == 0 ? CONTEXT_ABSENT : found;
}

#endif
