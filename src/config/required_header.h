/* require_header: a header with a shared secret that every request to a listener must have. */
#ifndef SAGEGATE_CONFIG_REQUIRED_HEADER_H
#define SAGEGATE_CONFIG_REQUIRED_HEADER_H

#include "config/schema.h"

/* Fills a struct config_required_header. */
extern const struct schema required_header_schema;

/* Reads its value from its file; what is wrong is reported. Nothing when the listener has none. */
void required_header_load(struct config_listener *listener, struct problems *problems);

void required_header_free(struct config_required_header *header);

#endif
