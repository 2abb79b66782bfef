/* The keys that tell what policies may ask and only the network knows. */
#ifndef SAGEGATE_CONFIG_CONTEXT_KEYS_H
#define SAGEGATE_CONFIG_CONTEXT_KEYS_H

#include "config/schema.h"

extern const struct schema context_schema; /* fills a struct config */

#endif
