/*
 * How many clients are connected to the process: in all, to each listener, and of each user, whichever worker
 * serves them, and by whichever configuration. Asked when a connection comes and goes, never on the way of a
 * request: so it may take a lock.
 */
#ifndef SAGEGATE_PROXY_QUOTA_H
#define SAGEGATE_PROXY_QUOTA_H

#include <stddef.h>

#include "config/config.h"
#include "net/peer.h"

struct quota;
struct tally;

/* What a connection counts for. All zero: nothing yet. */
struct quota_seat {
    struct tally *listener, *user;
};

enum quota_limit {
    QUOTA_FREE, /* none is reached */
    QUOTA_ALL,
    QUOTA_LISTENER,
    QUOTA_USER,
    QUOTA_NO_MEMORY,
};

struct quota *quota_new(void);
/* Every seat has been left. NULL is fine. */
void quota_free(struct quota *quota);

/* A connection to the listener, which is known by its address, so that it stays the same after a reload.
 * Nothing is taken unless the answer is QUOTA_FREE. */
enum quota_limit quota_take(struct quota *quota, const struct config *config,
                            const struct config_listener *listener, struct quota_seat *seat);

/* Of whom it is, in place of whom it was of before: nobody is counted who is not known. At most `limit` of
 * one user; when that is reached, or memory is short, nothing changes. */
enum quota_limit quota_take_user(struct quota *quota, struct quota_seat *seat, const struct peer *peer,
                                 size_t limit);

void quota_leave(struct quota *quota, struct quota_seat *seat);

#endif
