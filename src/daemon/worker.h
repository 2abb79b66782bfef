/*
 * A worker: one thread, one event loop, one proxy, its share of the listeners. The control thread speaks to
 * it through a mailbox, so that nothing on the data path is shared or locked.
 */
#ifndef SAGEGATE_DAEMON_WORKER_H
#define SAGEGATE_DAEMON_WORKER_H

#include "base/error.h"
#include "config/config.h"
#include "credentials/credentials.h"

struct proxy_metrics;
struct worker;

/*
 * Made, but not running. fds holds one listening socket for each listener of the configuration; the worker
 * closes those that it has listened on, sets them to -1, and leaves the array to the caller until
 * worker_free(). Eventfds are written to: that of an identity among renew_fds when the service rejects its
 * credentials (a worker_set_credentials() must follow), done_fd when the worker has ended. NULL with err.
 */
struct worker *worker_new(const struct config *config, int *fds, const int *renew_fds, int done_fd,
                          struct sg_error *err);

enum sg_status worker_start(struct worker *worker, struct sg_error *err);

/* A newer snapshot replaces one that was not taken yet. current may be NULL; its reference stays the
 * caller's. */
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
