/*
 * Connections to one service's endpoint, from its addresses (addresses.h) by a race (dial.h), kept alive in a
 * pool. One upstream a service a worker, so nothing here is shared between threads. A connection belongs to
 * one exchange at a time, or rests in the pool. An address that fails is set aside and probed in the
 * background. Not for what is sent: bytes in, bytes out.
 */
#ifndef SAGEGATE_NET_UPSTREAM_H
#define SAGEGATE_NET_UPSTREAM_H

#include <openssl/types.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/config.h"

struct event_base;
struct resolver;
struct upstream;
struct upstream_connection;
struct upstream_metrics;

/* What a connection says to the exchange that holds it. */
enum upstream_event {
    UPSTREAM_CONNECTED, /* a fresh connection can be written to */
    UPSTREAM_FAILED,    /* it will never be: see upstream_why(); close it */
    UPSTREAM_TIMED_OUT, /* the same, because connecting took too long */
    UPSTREAM_IO,        /* reading or writing may go on */
};
typedef void upstream_notify(void *user, enum upstream_event event);

/*
 * config and endpoint must outlive the upstream. require_private is for endpoints of the configuration: one
 * that sagegate knows by itself (STS) may be public. metrics, which it counts in, outlives it too. NULL when
 * memory is short.
 */
struct upstream *upstream_new(struct event_base *base, struct resolver *resolver, SSL_CTX *tls,
                              const struct config *config, const struct config_endpoint *endpoint,
                              struct upstream_metrics *metrics);

/* When no exchange holds a connection; closes those that rest. */
void upstream_free(struct upstream *upstream);

/*
 * A connection for one exchange. With fresh false a resting one is preferred: then upstream_is_reused() is
 * true and it can be written to at once; else `notify` tells when. NULL when memory or descriptors are short.
 * `notify` is never called from inside this or any other call of this header; it is called from the loop.
 */
struct upstream_connection *upstream_take(struct upstream *upstream, bool fresh, upstream_notify *notify,
                                          void *user);

bool upstream_is_reused(const struct upstream_connection *connection);

/* After UPSTREAM_EOF or UPSTREAM_BROKEN, of one that had rested: whether the peer had ended it before
 * anything of what was written since reached it. False when it was reset or fell silent: whether something
 * has arrived is not known then. */
bool upstream_was_unheard(const struct upstream_connection *connection);

/* Why connecting failed, or the last read or write did: a phrase for logs and for the client's message. */
const char *upstream_why(const struct upstream_connection *connection);

/* Address of the peer, "10.0.0.1:443"; "" before it is connected. */
const char *upstream_peer(const struct upstream_connection *connection);

/* Whether that is a private address, or loopback (require_private). */
bool upstream_is_private(const struct upstream_connection *connection);

/* The own availability zone's name when the peer is in it; NULL when it is not, or nothing is known of zones.
 * Lives as long as the configuration. */
const char *upstream_zone(const struct upstream_connection *connection);

enum { UPSTREAM_BLOCKED = -1, UPSTREAM_EOF = -2, UPSTREAM_BROKEN = -3 };

/* Bytes moved (> 0), or UPSTREAM_BLOCKED (UPSTREAM_IO follows), UPSTREAM_EOF (closed in good order, reads
   only), UPSTREAM_BROKEN. A blocked write must be repeated with the same bytes first. */
ssize_t upstream_write(struct upstream_connection *connection, const char *data, size_t len);
ssize_t upstream_read(struct upstream_connection *connection, char *data, size_t len);

/* Asks for an UPSTREAM_IO in the next turn of the loop, though the socket has nothing new. */
void upstream_poke(struct upstream_connection *connection);

/* The exchange is done with it, and its last answer was read to the end: into the pool, unless it is too old
 * or another address is to be used from now on. */
void upstream_release(struct upstream_connection *connection);

/* The exchange is done with it, and it can't be used again. NULL is fine. */
void upstream_close(struct upstream_connection *connection);

#endif
