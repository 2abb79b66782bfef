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
struct mirror;
struct proxy;
struct proxy_metrics;
struct quota;

/* The service rejects the current credentials of an identity, by its number in the configuration: are there
 * newer ones? A proxy_set_credentials() is the answer, also when there are none. */
typedef void proxy_renew(void *user, size_t identity);

/* Shares config; metrics, which it counts in, and quota must outlive it. NULL with err. */
struct proxy *proxy_new(struct event_base *base, const struct config *config, struct proxy_metrics *metrics,
                        struct quota *quota, proxy_renew *renew, void *user, struct sg_error *err);

/* Closes whatever is left. */
void proxy_free(struct proxy *proxy);

/* Whether no client is left. */
bool proxy_is_empty(const struct proxy *proxy);

/* A listener_accepted: takes over fd. */
void proxy_accept(void *proxy, const struct config_listener *listener, int fd);

/*
 * The credentials of an identity to sign with from now on: takes over the caller's reference; NULL when there
 * are none, and then why (copied) says so to clients. Requests that come while there are none wait for this
 * call, up to credentials.wait.
 */
void proxy_set_credentials(struct proxy *proxy, size_t identity, struct credentials *current,
                           const char *why);

/* The policies of the VPC endpoints, of listeners that want them, for requests that begin from now on: takes
 * over the caller's use. NULL: none at all. */
void proxy_set_mirror(struct proxy *proxy, struct mirror *mirror);

/*
 * The same for a retired proxy, by the identity's number in its successor's configuration: requests that wait
 * there sign with it if theirs has the same name.
 */
void proxy_set_successors_credentials(struct proxy *proxy, size_t identity, struct credentials *current,
                                      const char *why);

/* No client is left, of one that drains or is retired. Called from inside the proxy: free it in a later turn.
 */
typedef void proxy_empty(void *user);

/* Running requests finish, and their clients are told that the connection closes; so are those whose next
 * request comes within a second, the others are closed then. */
void proxy_drain(struct proxy *proxy, proxy_empty *drained, void *user);

/*
 * A successor on the same loop takes over: at once the clients between two requests, the others when theirs
 * is answered; those whose listener it has not, and those who may no longer speak there, are closed. Can be
 * called again with a later successor, which must outlive the proxy.
 */
void proxy_retire(struct proxy *proxy, struct proxy *successor, proxy_empty *retired, void *user);

#endif
