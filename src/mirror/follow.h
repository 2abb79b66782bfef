/*
 * Keeps the policies of the VPC endpoints current, on the control thread's event loop: EC2 is asked every so
 * often, a document that has changed and is good takes the place of the one before, and the last good one
 * stays while EC2 is away, or tells one that is not. On disk too, so that a restart does not need EC2. Not
 * for what requests are decided by: see mirror.h.
 */
#ifndef SAGEGATE_MIRROR_FOLLOW_H
#define SAGEGATE_MIRROR_FOLLOW_H

#include "credentials/credentials.h"
#include "credentials/https.h"
#include "mirror/mirror.h"

struct follow;

/* Called from the event loop: follow_mirror() gives others now; or, with false, nothing has changed, but EC2
 * was asked for the first time, whatever came of it. False: not all could be given others, and are to be told
 * again. */
typedef bool follow_told(void *user, bool changed);

/*
 * For a configuration that has a mirror, and whose region is known; it outlives this. What `before` (may be
 * NULL) has of the same endpoints is taken over, else what is in the cache. NULL when memory is short.
 */
struct follow *follow_new(const struct config *config, const struct follow *before, follow_told *told,
                          void *user);

/* Starts asking; https outlives it. SG_NO_MEMORY. */
enum sg_status follow_start(struct follow *follow, struct https *https, struct sg_error *err);

/* The credentials to ask with from now on, borrowed; NULL: there are none, why. */
void follow_set_credentials(struct follow *follow, struct credentials *current, const char *why);

/* The identity of the configuration whose credentials these are: that of the first listener that follows. */
size_t follow_identity(const struct config *config);

/* What is in force: one user, the caller. NULL when memory is short. */
struct mirror *follow_mirror(const struct follow *follow);

/* Whether there is a document of each endpoint. */
bool follow_is_complete(const struct follow *follow);

/* Whether there is, or EC2 has been asked at least once. */
bool follow_has_answered(const struct follow *follow);

/* Of one service's endpoint. */
struct follow_state {
    bool in_force;   /* there is a document */
    int64_t told_at; /* wall seconds of the last time that EC2 told it; 0: never, it is from the cache */
    const char *why; /* there is none; or the newest is not the one in force. Empty: neither */
};
struct follow_state follow_state(const struct follow *follow, size_t service);

/* Times that EC2 could not be asked. */
unsigned long long follow_failures(const struct follow *follow);

void follow_free(struct follow *follow); /* NULL is fine */

#endif
