/* A role of the configuration, as STS is asked for it: a copy that lives on when the configuration goes. */
#ifndef SAGEGATE_CREDENTIALS_ROLE_H
#define SAGEGATE_CREDENTIALS_ROLE_H

#include "credentials/sts.h"

/* One block of memory: free() releases it. NULL when memory is short. */
struct sts_role *role_copy(const struct config_role *role);

#endif
