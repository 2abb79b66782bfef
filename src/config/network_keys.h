/* The keys that say where the endpoints are. */
#ifndef SAGEGATE_CONFIG_NETWORK_KEYS_H
#define SAGEGATE_CONFIG_NETWORK_KEYS_H

#include "config/schema.h"

extern const struct schema endpoints_schema; /* fills a struct config */

#endif
