/* The keys of a policy that is that of the VPC endpoint itself. */
#ifndef SAGEGATE_CONFIG_MIRROR_KEYS_H
#define SAGEGATE_CONFIG_MIRROR_KEYS_H

#include "config/schema.h"

/* Fills a struct config_mirror. */
extern const struct schema mirror_schema;

/*
 * Once the file is read: checks that all listeners want it in the same way, and that each endpoint tells
 * which VPC endpoint it is; makes the path of the cache such that it can be opened from anywhere.
 */
void mirror_complete(struct config *config, struct problems *problems);

#endif
