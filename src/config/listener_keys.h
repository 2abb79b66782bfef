/* The keys of a listener: where applications connect, who may, and by which policy. */
#ifndef SAGEGATE_CONFIG_LISTENER_KEYS_H
#define SAGEGATE_CONFIG_LISTENER_KEYS_H

#include "config/schema.h"

/* Fills a struct config_listener. */
extern const struct schema listener_schema;

#endif
