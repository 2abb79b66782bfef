/* The requests that sagegate can be asked for, by the operation table, for the comparison of policies. */
#ifndef SAGEGATE_CLI_POLICY_WORLD_H
#define SAGEGATE_CLI_POLICY_WORLD_H

#include "policy/compare.h"

/* All memory is the arena's; arena->failed says when it was short. */
struct compare_world policy_world(struct arena *arena);

#endif
