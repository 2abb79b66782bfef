/*
 * SAGEGATE_* variables, laid over the configuration's document before it is read: SAGEGATE_LOG_LEVEL is
 * log.level, SAGEGATE_ENDPOINTS_RUNTIME_URL is endpoints.runtime.url, SAGEGATE_LISTENERS_0_ADDRESS the
 * address of the first listener. What they say is read and checked as if it stood in the file.
 */
#ifndef SAGEGATE_CONFIG_ENVIRONMENT_H
#define SAGEGATE_CONFIG_ENVIRONMENT_H

#include "config/schema.h"

/*
 * Puts each variable's text where its key's stands, or would. An empty variable is none; one that names no
 * scalar key is warned of, since a platform may set it (Kubernetes does, for a service of that name).
 * variables: NAME=VALUE strings, NULL-terminated, in any order; problems keeps them, to name them.
 */
void environment_overlay(const struct schema *schema, char **variables, yaml_document_t *document,
                         struct problems *problems);

#endif
