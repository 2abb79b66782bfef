/*
 * What the files of an upstream share: the upstream (addresses, pool, probe) in upstream.c, and one
 * connection's life in upstream_connection.c. Others use upstream.h.
 */
#ifndef SAGEGATE_NET_UPSTREAM_CONNECTION_H
#define SAGEGATE_NET_UPSTREAM_CONNECTION_H

#include <event2/event_struct.h>
#include <sys/queue.h>

#include "net/addresses.h"
#include "net/deadline.h"
#include "net/dial.h"
#include "net/upstream.h"
#include "net/upstream_metrics.h"

enum connection_state {
    CONNECTION_STARTING, /* will look for addresses in the next turn of the loop */
    CONNECTION_WAITING,  /* for addresses */
    CONNECTION_DIALING,
    CONNECTION_READY,   /* an exchange has it */
    CONNECTION_RESTING, /* in the pool */
};

struct upstream_connection {
    struct upstream *upstream;
    enum connection_state state;
    bool reused;
    bool suspected;        /* what was written is not acknowledged: its address has been ejected for that */
    bool not_closed;       /* it ended by a reset or a time-out, not by the peer's FIN */
    bool readable;         /* the socket may have bytes, or its end */
    bool emptied;          /* the last read took all there was: nothing but a reset can be there */
    bool half_closed;      /* the kernel has told that the end is near */
    enum upstream_end end; /* what it was closed for, or will be */
    int fd;
    SSL *ssl;
    uint64_t written_before; /* bytes, when it was roused */
    struct dial *dial;
    struct event io;          /* edge-triggered, both directions, for the socket's whole life */
    struct deadline deadline; /* to be connected, then of its rest in the pool */
    struct event kick;        /* "in the next turn of the loop" */
    upstream_notify *notify;  /* NULL: a probe, or resting */
    void *user;
    LIST_ENTRY(upstream_connection) link; /* waiting, busy, or in the pool */
    union socket_address address;         /* of the peer, or the one to probe */
    uint64_t retire_us;                   /* monotonic: it is not used again after that */
    char peer[SOCKET_ADDRESS_TEXT];
    const char *zone; /* of the peer, when it is the own one */
    char why[DIAL_WHY + 64];
};

struct upstream {
    struct event_base *base;
    SSL_CTX *tls;
    const struct config *config;
    const struct config_endpoint *endpoint;
    struct resolver_name *name, *zonal_name; /* zonal_name is NULL without a zone */
    bool require_private;
    struct addresses addresses;
    struct upstream_metrics *metrics;
    SSL_SESSION *session;
    LIST_HEAD(, upstream_connection) pool; /* last used first: the rest grow old and close */
    size_t pool_count;
    LIST_HEAD(, upstream_connection) waiting;
    LIST_HEAD(, upstream_connection) busy; /* ready, with an exchange */
    struct event watch_timer;
    bool watching;
    struct upstream_connection *probe;
    struct event probe_timer;
};

/* upstream_connection.c */
/* Not connected yet. NULL when memory is short. */
struct upstream_connection *connection_new(struct upstream *upstream);
/* The same, to this address, for nobody. */
struct upstream_connection *connection_probe(struct upstream *upstream, const union socket_address *address);
/* upstream_close(), for this reason. */
void connection_end(struct upstream_connection *connection, enum upstream_end end);
/* One that rests may have something to say: new session tickets are taken; data or its end close it. */
void connection_check(struct upstream_connection *connection);
/* From the pool to its next exchange. */
void connection_rouse(struct upstream_connection *connection);
/* No longer waiting: it looks for addresses in the next turn of the loop. */
void connection_wake(struct upstream_connection *connection);

/* upstream.c */
/* An exchange has it from now on. */
void upstream_busy(struct upstream_connection *connection);
/* An address was ejected, or maybe: looked at in the next turn of the loop, since it may end connections. */
void upstream_suspect(struct upstream *upstream, const union socket_address *address, const char *why);
/* An address was ejected, or is well again. May close resting connections. */
void upstream_health_changed(struct upstream *upstream);
uint64_t upstream_pool_age_us(const struct upstream *upstream);

#endif
