/* The region and the availability zone that this EC2 instance is in, for a configuration that names none. */
#ifndef SAGEGATE_CREDENTIALS_REGION_H
#define SAGEGATE_CREDENTIALS_REGION_H

#include "base/slice.h"

struct event_base;

/* With the name of the place (valid during the call), or with an empty slice and why_not. */
typedef void instance_place(void *user, struct slice place, const char *why_not);

/* Each asks the instance metadata service; `done` is called once, maybe before this returns. */
void instance_region_lookup(struct event_base *base, instance_place *done, void *user);
void instance_zone_lookup(struct event_base *base, instance_place *done, void *user);

#endif
