/* The resources that were seen, as patterns. Only for this folder. */
#ifndef SAGEGATE_POLICY_SUGGEST_PATTERNS_H
#define SAGEGATE_POLICY_SUGGEST_PATTERNS_H

#include "policy/suggest.h"

/* A copy of what was seen, with the resources as they stand in a policy. All memory is the arena's; NULL when
 * it is short. */
struct sighting *suggest_patterns(const struct suggestion *suggestion, bool wildcards, struct arena *arena);

/* Leaves out what another one says, too: the same, and resources of an action that has "*". How many are
 * left. */
size_t suggest_prune(struct sighting *all, size_t count);

#endif
