/* The policies that the listeners name: read, compiled, shared by those that name the same file. */
#ifndef SAGEGATE_CONFIG_POLICIES_H
#define SAGEGATE_CONFIG_POLICIES_H

#include "config/problems.h"

/*
 * Fills each listener's policies; their paths become such that they can be opened from anywhere. Reports what
 * is wrong with them, and warns of each condition on a key that only AWS can know, and of one that allows
 * nothing in the configuration's region and account.
 */
void policies_load(struct config *config, struct problems *problems);

void policies_free(struct config *config);

/* One document, whose problems are told, and the warnings that policies_load() tells of a file's. NULL when
 * there was an error. Owned by the caller. */
struct policy *policies_parse(const struct config *config, struct slice text, struct problems *problems);

/* A condition key that is likely meant by one that is not told here; NULL when none is near. */
const char *policies_nearest_key(struct slice key);

#endif
