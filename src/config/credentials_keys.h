/* The keys of credentials: whose keys requests are signed with, and where these come from. */
#ifndef SAGEGATE_CONFIG_CREDENTIALS_KEYS_H
#define SAGEGATE_CONFIG_CREDENTIALS_KEYS_H

#include "config/schema.h"

/* Fills a struct config_credentials. */
extern const struct schema credentials_schema;

/*
 * What no key alone tells: an identity that a listener names must be there, its account must not contradict
 * account_id, which stands at account_at, and there must be a way to know it. Sets config_listener.identity
 * of each listener.
 */
void check_identities(struct problems *problems, struct mark account_at, struct mark at,
                      struct config *config);

#endif
