/*
 * The users of the machine, as the password and group databases had them when the configuration was loaded:
 * so that no worker ever waits for one.
 */
#ifndef SAGEGATE_CONFIG_USERS_H
#define SAGEGATE_CONFIG_USERS_H

#include "config/schema.h"

schema_read read_user;       /* struct config_ids: a name or a number */
schema_read read_group;      /* struct config_ids: a name or a number */
schema_read read_whole_user; /* struct config_user: the same, with the primary group */

/* Fills config->users, and group_uids of each listener from its allow_gids. False when memory is short. */
bool users_load(struct config *config);

void users_free(struct config_users *users);

#endif
