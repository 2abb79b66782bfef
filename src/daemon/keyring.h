/*
 * The credentials of every identity that a listener uses: one source each, on the control thread. Not for
 * what becomes of them: see worker.h.
 */
#ifndef SAGEGATE_DAEMON_KEYRING_H
#define SAGEGATE_DAEMON_KEYRING_H

#include "credentials/credentials.h"

struct keyring;

/* As credentials_changed, of an identity by its number in the configuration. */
typedef void keyring_changed(void *user, size_t identity, struct credentials *current, const char *why);

/* config outlives it. NULL with err. */
struct keyring *keyring_new(const struct config *config, keyring_changed *changed, void *user,
                            struct sg_error *err);

/* The service rejects the credentials of an identity: they are renewed, and `changed` is called. */
void keyring_renew(struct keyring *keyring, size_t identity);

/* Calls `changed` for every identity that is known to have credentials, or why it has none. */
void keyring_tell(struct keyring *keyring);

/* Whether every source has answered at least once. */
bool keyring_has_answered(const struct keyring *keyring);

/* Starts looking. The region must be known; https outlives the keyring. */
enum sg_status keyring_start(struct keyring *keyring, struct https *https, struct sg_error *err);

/* Whether every identity in use has credentials. */
bool keyring_is_complete(const struct keyring *keyring);

/* What is known of an identity's credentials. */
struct keyring_state {
    const struct credentials *current; /* NULL: there are none, … */
    const char *why;                   /* … for this reason */
    uint64_t failures;                 /* of its source, to find or to refresh them */
};
struct keyring_state keyring_state(const struct keyring *keyring, size_t identity);

void keyring_free(struct keyring *keyring); /* NULL is fine */

#endif
