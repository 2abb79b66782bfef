/*
 * A worker: one thread, one event loop, one proxy, its share of the listeners. The control thread speaks to
 * it through a mailbox, so that nothing on the data path is shared or locked.
 */
#ifndef SAGEGATE_DAEMON_WORKER_H
#define SAGEGATE_DAEMON_WORKER_H

#include "base/error.h"
#include "config/config.h"
#include "credentials/credentials.h"
#include "mirror/mirror.h"

struct news;
struct proxy_metrics;
struct quota;
struct spread;
struct worker;

/* Eventfds by which workers speak to the control thread. */
struct worker_signals {
    int renew;    /* worker_take_renewals() has something: a worker_set_credentials() must follow */
    int reloaded; /* what worker_reload() brought is in force */
    int done;     /* the worker has ended */
};

/* What all workers have in common, and what outlives them. */
struct worker_shared {
    struct spread *spread;
    struct quota *quota;
    struct worker_signals signals;
};

/*
 * Made, but not running; number counts workers from 0, and is its place in shared->spread. Shares config;
 * takes over fds, a malloc'ed array of one listening socket for each of its listeners, and mirror (may be
 * NULL), whatever comes of it. NULL with err.
 */
struct worker *worker_new(const struct config *config, const struct worker_shared *shared, unsigned number,
                          int *fds, struct mirror *mirror, struct sg_error *err);

enum sg_status worker_start(struct worker *worker, struct sg_error *err);

/* Room for what a worker is to be told of the identities of a configuration. NULL when memory is short; of
 * one that no worker_reload() took over, free(). */
struct news *worker_news_new(const struct config *config);

/*
 * A newer configuration, with room for its news, and its sockets and mirror as in worker_new(): new
 * connections and requests go by it, running requests finish by the one they began with. From now on
 * worker_set_credentials() is for its identities; those that have credentials are to be told at once.
 */
void worker_reload(struct worker *worker, const struct config *config, struct news *news, int *fds,
                   struct mirror *mirror);

/* Newer policies of the VPC endpoints, of the newest configuration: takes over the caller's use. */
void worker_set_mirror(struct worker *worker, struct mirror *mirror);

/* The identities, as bits (its number modulo 64), whose credentials the service has rejected since last
 * asked. */
uint64_t worker_take_renewals(struct worker *worker);

/* Asks for a sign of life; worker_is_alive() tells whether there was one since, or none was asked for. */
void worker_ping(struct worker *worker);
bool worker_is_alive(const struct worker *worker);

/* A newer snapshot of an identity replaces one that was not taken yet. current may be NULL; its reference
 * stays the caller's. */
void worker_set_credentials(struct worker *worker, size_t identity, struct credentials *current,
                            const char *why);

/* Lives as long as the worker; may be read from any thread. */
const struct proxy_metrics *worker_metrics(const struct worker *worker);

/* Stop accepting, finish what runs, end. */
void worker_drain(struct worker *worker);

/* End now. */
void worker_stop(struct worker *worker);

/* Waits for the thread when it was started (after worker_stop(), or when done_fd told), and frees all. NULL
 * is fine. */
void worker_free(struct worker *worker);

#endif
