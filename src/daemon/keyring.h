/*
 * The credentials of every identity that a listener uses: one source each, on the control thread. Not for
 * what becomes of them: see worker.h.
 */
#ifndef SAGEGATE_DAEMON_KEYRING_H
#define SAGEGATE_DAEMON_KEYRING_H

#include "credentials/credentials.h"

struct event_base;
struct keyring;

/* As credentials_changed, of an identity by its number in the configuration. */
typedef void keyring_changed(void *user, size_t identity, struct credentials *current, const char *why);

/* config outlives it. NULL with err. */
struct keyring *keyring_new(struct event_base *base, const struct config *config, keyring_changed *changed,
                            void *user, struct sg_error *err);

/* An eventfd for each identity, to be written to when the service rejects its credentials: they are renewed
 * then, and `changed` is called. Theirs who hold the keyring only until keyring_free(). */
const int *keyring_renew_fds(const struct keyring *keyring);

/* Starts looking. The region must be known; https outlives the keyring. */
enum sg_status keyring_start(struct keyring *keyring, struct https *https, struct sg_error *err);

/* Whether every identity in use has credentials; *expiration is the first end among them, 0 when they have
 * none. */
bool keyring_is_complete(const struct keyring *keyring, int64_t *expiration);

void keyring_free(struct keyring *keyring); /* NULL is fine */

#endif
