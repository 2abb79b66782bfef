/* The requests that sagegate can be asked for, by the operation table, for the comparison of policies. */
#ifndef SAGEGATE_MIRROR_WORLD_H
#define SAGEGATE_MIRROR_WORLD_H

#include "compare/compare.h"

#define ALL_SERVICES (~0U)

/* Requests to some services: a bit for each enum aws_service. They are borrowed; all other memory is the
 * arena's, and arena->failed says when it was short. */
struct compare_world mirror_world(struct arena *arena, const unsigned *services);

#endif
