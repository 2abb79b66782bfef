/* The keys that say where the endpoints are, and how their names are looked up. */
#ifndef SAGEGATE_CONFIG_NETWORK_KEYS_H
#define SAGEGATE_CONFIG_NETWORK_KEYS_H

#include "config/schema.h"

/* Both fill a struct config. */
extern const struct schema endpoints_schema;
extern const struct schema dns_schema;

#endif
