/* The keys of the admin listener. */
#ifndef SAGEGATE_CONFIG_ADMIN_KEYS_H
#define SAGEGATE_CONFIG_ADMIN_KEYS_H

#include "config/schema.h"

extern const struct schema admin_schema; /* fills a struct config_listener */

/* `address` alone. NULL when it was right, else a clause that says what would be. */
const char *admin_read_address(const char *address, struct config_listener *admin);

#endif
