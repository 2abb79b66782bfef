/* The keys of the admin listener. */
#ifndef SAGEGATE_CONFIG_ADMIN_KEYS_H
#define SAGEGATE_CONFIG_ADMIN_KEYS_H

#include "config/schema.h"

extern const struct schema admin_schema; /* fills a struct config_listener */

#endif
