/*
 * The local keys of a listener: clients that sign their requests with a key of ours, and so prove who they
 * are. Each has rules of its own, which stand behind the listeners in config->listeners.
 */
#ifndef SAGEGATE_CONFIG_CLIENTS_H
#define SAGEGATE_CONFIG_CLIENTS_H

#include "config/schema.h"

/* Fills a struct config_client. */
extern const struct schema client_schema;

/* Gives each client its rules, still without what they have in common with their listener's. False when
 * memory is short. */
bool clients_expand(struct config *config);

/* Once the listeners are complete: what the rules have in common with theirs, and the secrets. */
void clients_complete(struct config *config, const char *config_file, struct problems *problems);

void client_free(struct config_client *client);

#endif
