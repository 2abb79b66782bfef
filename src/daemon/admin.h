/*
 * The admin listener: how the daemon is, for those who run it and for the probes of their platforms. On the
 * control thread, apart from the data path. Not for applications: it shows no resource, and takes no command.
 *   GET /healthz  200 while the process works: asks nothing of AWS, so that a fault there restarts no one
 *   GET /metrics  Prometheus text, or OpenMetrics to those who accept it
 *   GET /readyz   200 when requests would be served, else 503; JSON says what is missing
 */
#ifndef SAGEGATE_DAEMON_ADMIN_H
#define SAGEGATE_DAEMON_ADMIN_H

#include "base/buffer.h"
#include "base/error.h"
#include "config/config.h"
#include "credentials/credentials.h"

struct event_base;
struct admin;

/* Appends the page; out has failed when memory is short. */
typedef void admin_metrics(void *user, bool openmetrics, struct buffer *out);

/* config->admin has an address; shares config. NULL with err. */
struct admin *admin_start(struct event_base *base, const struct config *config, admin_metrics *metrics,
                          void *user, struct sg_error *err);

/*
 * A newer configuration: another address is listened on in place of the one before; *admin may begin or cease
 * to be. On failure all stays as it was. SG_OK, or as admin_start().
 */
enum sg_status admin_reload(struct admin **admin, struct event_base *base, const struct config *config,
                            admin_metrics *metrics, void *user, struct sg_error *err);

/* As a keyring_changed; NULL for admin is fine. */
void admin_set_credentials(struct admin *admin, size_t identity, const struct credentials *current,
                           const char *why);

/* From now on it is not ready: the daemon is ending. NULL is fine. */
void admin_set_draining(struct admin *admin);

/* NULL is fine. */
void admin_stop(struct admin *admin);

#endif
