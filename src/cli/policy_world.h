/* The requests that sagegate can be asked for, by the operation table, for the comparison of policies. */
#ifndef SAGEGATE_CLI_POLICY_WORLD_H
#define SAGEGATE_CLI_POLICY_WORLD_H

#include "aws/service.h"
#include "policy/compare.h"

/* Requests to one service, or to all with AWS_SERVICE_COUNT. The service is borrowed; all other memory is the
 * arena's, and arena->failed says when it was short. */
struct compare_world policy_world(struct arena *arena, const enum aws_service *service);

#endif
