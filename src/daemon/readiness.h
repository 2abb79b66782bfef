/* Whether requests would be served, and what is missing if not, as JSON: for /readyz and the status. */
#ifndef SAGEGATE_DAEMON_READINESS_H
#define SAGEGATE_DAEMON_READINESS_H

#include <jansson.h>

#include "daemon/overview.h"

/* {"ready": …, "reasons": […], …} for the caller to release; NULL when memory is short. */
json_t *readiness(const struct overview *overview, bool *ready);

#endif
