/* The region that this EC2 instance is in, for a configuration that names none. */
#ifndef SAGEGATE_CREDENTIALS_REGION_H
#define SAGEGATE_CREDENTIALS_REGION_H

#include "base/slice.h"

struct event_base;

/*
 * Asks the instance metadata service. `done` is called once, maybe before this returns: with the region
 * (valid during the call), or with an empty slice and why_not.
 */
void instance_region_lookup(struct event_base *base,
                            void (*done)(void *user, struct slice region, const char *why_not), void *user);

#endif
