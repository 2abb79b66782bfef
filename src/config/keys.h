/* Every key of the configuration: sagegate.yaml(5) as a table. */
#ifndef SAGEGATE_CONFIG_KEYS_H
#define SAGEGATE_CONFIG_KEYS_H

#include "config/schema.h"

/* Fills a struct config. */
extern const struct schema config_schema;

/*
 * Text, and the SAGEGATE_* among the variables (NAME=VALUE, NULL-terminated), to a configuration, still
 * without policies and without the hosts that are made from the region. Opens no file. NULL when the text is
 * no YAML; else what could be read of it, to look for further problems in: it is good only when
 * problems->errors is 0. Owned by the caller. problems points to the variables from then on.
 */
struct config *config_parse(struct slice text, char **variables, struct problems *problems);

#endif
