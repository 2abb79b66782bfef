/*
 * The admin listener: how the daemon is, for those who run it and for the probes of their platforms. On the
 * control thread, apart from the data path. Not for applications: it takes no command. Nor for web pages of
 * another origin, which can neither read it nor have it in a frame.
 *   GET /             the status page, for people: see page.h
 *   GET /healthz      200 while the process works: asks nothing of AWS, so that a fault there restarts no one
 *   GET /metrics      Prometheus text, or OpenMetrics to those who accept it
 *   GET /readyz       200 when requests would be served, else 503; JSON says what is missing
 *   GET /status.json  all there is to tell: see status.h
 */
#ifndef SAGEGATE_DAEMON_ADMIN_H
#define SAGEGATE_DAEMON_ADMIN_H

#include "base/error.h"
#include "daemon/overview.h"

struct event_base;
struct admin;

/* Fills in what there is to tell. */
typedef void admin_gather(void *user, struct overview *overview);

/* config->admin has an address; shares config. NULL with err. */
struct admin *admin_start(struct event_base *base, const struct config *config, admin_gather *gather,
                          void *user, struct sg_error *err);

/*
 * A newer configuration: another address is listened on in place of the one before; *admin may begin or cease
 * to be. On failure all stays as it was. SG_OK, or as admin_start().
 */
enum sg_status admin_reload(struct admin **admin, struct event_base *base, const struct config *config,
                            admin_gather *gather, void *user, struct sg_error *err);

/* NULL is fine. */
void admin_stop(struct admin *admin);

#endif
