/*
 * One worker's proxy: its clients, its exchanges, its upstreams, its signer. Everything here belongs to one
 * thread and one event loop; what comes from other threads (configuration, credentials) comes as immutable
 * snapshots.
 */
#ifndef SAGEGATE_PROXY_PROXY_H
#define SAGEGATE_PROXY_PROXY_H

#include "base/error.h"
#include "config/config.h"
#include "credentials/credentials.h"

struct event_base;
struct proxy;
struct proxy_metrics;

/* The service rejects the current credentials of an identity, by its number in the configuration: are there
 * newer ones? A proxy_set_credentials() is the answer, also when there are none. */
typedef void proxy_renew(void *user, size_t identity);

/* config must outlive the proxy. NULL with err. */
struct proxy *proxy_new(struct event_base *base, const struct config *config, proxy_renew *renew, void *user,
                        struct sg_error *err);

/* Closes whatever is left. */
void proxy_free(struct proxy *proxy);

/* A listener_accepted: takes over fd. */
void proxy_accept(void *proxy, const struct config_listener *listener, int fd);

/*
 * The credentials of an identity to sign with from now on: takes over the caller's reference; NULL when there
 * are none, and then why (copied) says so to clients. Requests that come while there are none wait for this
 * call, up to credentials.wait.
 */
void proxy_set_credentials(struct proxy *proxy, size_t identity, struct credentials *current,
                           const char *why);

/* Lives as long as the proxy; may be read from any thread. */
const struct proxy_metrics *proxy_get_metrics(const struct proxy *proxy);

/*
 * Idle clients are closed, unless their next request is here already; requests finish, and close their
 * connection. drained is called when none is left.
 */
void proxy_drain(struct proxy *proxy, void (*drained)(void *user), void *user);

#endif
