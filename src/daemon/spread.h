/*
 * Even work for all workers. The kernel hands a new connection to one by a hash, which knows nothing of how
 * many each has; connections of SDKs live long, and a few of them decide how busy a worker is. So a worker
 * that has more than another passes a new one on. This happens when connections are made, never on the way of
 * a request.
 */
#ifndef SAGEGATE_DAEMON_SPREAD_H
#define SAGEGATE_DAEMON_SPREAD_H

#include "config/config.h"

struct event_base;
struct proxy_metrics;
struct spread;

/* Among so many workers; NULL when memory or descriptors are short. */
struct spread *spread_new(unsigned workers);

/* Closes what nobody has taken. All workers have left. NULL is fine. */
void spread_free(struct spread *spread);

/* Gets, on the worker's loop, a connection that another passes to it, and the address of the listener it came
 * by. */
typedef void spread_take(void *user, const char *address, int fd);

/* A worker takes part. metrics tell how many connections it has. False when memory is short. */
bool spread_join(struct spread *spread, unsigned worker, struct event_base *base,
                 const struct proxy_metrics *metrics, spread_take *take, void *user);

/* By which configuration the worker accepts from now on: only those of the same one pass to each other, so
 * that each knows the other's listeners. From the worker's own thread, as everything below. */
void spread_regard(struct spread *spread, unsigned worker, const struct config *config);

/* Takes what has been passed already, then nothing more. Also for a worker that has ended, or never joined.
 */
void spread_leave(struct spread *spread, unsigned worker);

/* Passes the connection on when another worker has fewer. False: it stays with the caller. */
bool spread_pass(struct spread *spread, unsigned worker, const char *address, int fd);

#endif
