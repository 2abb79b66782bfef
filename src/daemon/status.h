/*
 * All that sagegate tells of itself, as one JSON object: what the status page shows, and what "sagegate
 * status" prints. No secret is in it, and of an access key id at most the last four characters.
 */
#ifndef SAGEGATE_DAEMON_STATUS_H
#define SAGEGATE_DAEMON_STATUS_H

#include <jansson.h>

#include "daemon/overview.h"

/* For the caller to release; NULL when memory is short. */
json_t *status_json(const struct overview *overview);

/* For the files of the status: */

/* status_traffic.c: what was counted. */
json_t *status_traffic(const struct overview *overview);

/* status_denials.c: adds "denials", newest first, and "suggestion", which audit mode alone makes. */
void status_add_denials(const struct overview *overview, json_t *status);

/* status_config.c: the configuration in force, by its keys. */
json_t *status_config(const struct overview *overview);

#endif
