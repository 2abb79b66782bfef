/*
 * SAGEGATE_* variables, laid over the configuration's document before it is read: SAGEGATE_LOG_LEVEL is
 * log.level, SAGEGATE_ENDPOINTS_RUNTIME_URL is endpoints.runtime.url, SAGEGATE_LISTENERS_0_ADDRESS the
 * address of the first listener. What they say is read and checked as if it stood in the file.
 */
#ifndef SAGEGATE_CONFIG_ENVIRONMENT_H
#define SAGEGATE_CONFIG_ENVIRONMENT_H

#include "config/schema.h"

/* So that the first item of a list comes before the second, in whatever order they were set: an array of the
 * same strings, for free(). NULL when memory is short. */
char **environment_sort(char **variables);

/*
 * Puts each variable's text where its key's stands, or would. An empty variable is none; one that names no
 * scalar key is warned of, since a platform may set it (Kubernetes does, for a service of that name).
 * variables: sorted, NULL-terminated NAME=VALUE strings, kept by problems to name them.
 */
void environment_overlay(const struct schema *schema, char **variables, yaml_document_t *document,
                         struct problems *problems);

#endif
