/*
 * net/upstream.h with an endpoint in memory behind it: the fuzzer says what it does, and everything that was
 * written to it is kept to be judged. Linked in place of the real one; the proxy is as it is.
 */
#ifndef SAGEGATE_FUZZ_ENDPOINT_H
#define SAGEGATE_FUZZ_ENDPOINT_H

#include <assert.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "fuzz/memory.h"
#include "net/upstream.h"

enum connecting { CONNECTING_WORKS, CONNECTING_FAILS, CONNECTING_HANGS };

struct upstream {
    struct event_base *base;
    struct upstream_connection *resting; /* a pool of one */
};

struct upstream_connection {
    struct upstream *upstream;
    struct event kick, deadline;
    upstream_notify *notify; /* NULL: it rests */
    void *user;
    bool connected, reused, ended, broken;
    bool deaf;            /* of one that had rested: what was written since has not arrived */
    size_t heard_before;  /* when it was taken from its rest */
    struct buffer heard;  /* whatever arrived */
    struct buffer said;   /* by the endpoint, … */
    size_t read;          /* … so much of it was read */
    struct slice blocked; /* a write that has to be repeated */
};

/* What the endpoint does; judge is told of each connection that is over, judge_rest of one that is to rest.
 */
static struct {
    enum connecting connecting;
    size_t room, bite; /* what a write takes until the next event, and a read gets, at most */
    size_t busy;       /* connections that exchanges have */
    struct upstream_connection *latest;
    void (*judge)(struct slice heard, struct slice said);
    void (*judge_rest)(struct slice heard, struct slice read);
} endpoint;

static inline void endpoint_tell(struct upstream_connection *connection)
{
    event_active(&connection->kick, EV_TIMEOUT, 0);
}

/* A resting connection has something to say, or has ended. */
static inline void check_rest(struct upstream_connection *connection)
{
    if (connection->ended || (connection->broken && !connection->deaf) ||
        connection->said.len > connection->read)
        upstream_close(connection);
}

static inline void on_kick(evutil_socket_t fd, short what, void *arg)
{
    struct upstream_connection *connection = arg;

    (void)fd;
    (void)what;
    if (!connection->notify)
        check_rest(connection);
    else if (connection->connected)
        connection->notify(connection->user, UPSTREAM_IO);
    else if (endpoint.connecting == CONNECTING_FAILS)
        connection->notify(connection->user, UPSTREAM_FAILED);
    else if (endpoint.connecting == CONNECTING_WORKS) {
        evtimer_del(&connection->deadline);
        connection->connected = true;
        connection->notify(connection->user, UPSTREAM_CONNECTED);
    }
}

static inline void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct upstream_connection *connection = arg;

    (void)fd;
    (void)what;
    connection->notify(connection->user, UPSTREAM_TIMED_OUT);
}

struct upstream *upstream_new(struct event_base *base, struct resolver *resolver, SSL_CTX *tls,
                              const struct config *config, const struct config_endpoint *where,
                              struct upstream_metrics *metrics)
{
    struct upstream *upstream = calloc(1, sizeof(*upstream));

    (void)resolver;
    (void)tls;
    (void)config;
    (void)where;
    (void)metrics;
    upstream->base = base;
    return upstream;
}

void upstream_free(struct upstream *upstream)
{
    if (!upstream)
        return;
    upstream_close(upstream->resting);
    free(upstream);
}

struct upstream_connection *upstream_take(struct upstream *upstream, bool fresh, upstream_notify *notify,
                                          void *user)
{
    struct upstream_connection *connection = fresh ? NULL : upstream->resting;

    if (connection) {
        upstream->resting = NULL;
        connection->reused = true;
        connection->heard_before = connection->heard.len;
    } else {
        const struct timeval limit = {5, 0};

        connection = calloc(1, sizeof(*connection));
        if (!connection)
            return NULL;
        connection->upstream = upstream;
        evtimer_assign(&connection->kick, upstream->base, on_kick, connection);
        evtimer_assign(&connection->deadline, upstream->base, on_deadline, connection);
        evtimer_add(&connection->deadline, &limit);
        endpoint_tell(connection);
    }
    connection->notify = notify;
    connection->user = user;
    endpoint.busy++;
    endpoint.latest = connection;
    return connection;
}

bool upstream_is_reused(const struct upstream_connection *connection)
{
    return connection->reused;
}

bool upstream_was_unheard(const struct upstream_connection *connection)
{
    return connection->deaf;
}

const char *upstream_why(const struct upstream_connection *connection)
{
    return connection->connected ? "the endpoint has gone" : "nobody is there";
}

const char *upstream_peer(const struct upstream_connection *connection)
{
    return connection->connected ? "10.0.0.1:443" : "";
}

const char *upstream_zone(const struct upstream_connection *connection)
{
    (void)connection;
    return NULL;
}

/* The judge's memory, and the endpoint's, is not short. */
static inline void hear(struct upstream_connection *connection, struct slice bytes)
{
    size_t left = memory_lasts(0);

    buffer_append(&connection->heard, bytes);
    memory_lasts(left);
}

ssize_t upstream_write(struct upstream_connection *connection, const char *data, size_t len)
{
    size_t n = len < endpoint.room ? len : endpoint.room;

    assert(connection->connected && connection->notify && len > 0);
    if (connection->blocked.len) /* what TLS asks of a write that is repeated */
        assert(len >= connection->blocked.len && data == connection->blocked.ptr);
    connection->blocked = (struct slice){NULL, 0};
    if (connection->broken && !connection->deaf)
        return UPSTREAM_BROKEN;
    if (n == 0) {
        connection->blocked = slice_of(data, len);
        return UPSTREAM_BLOCKED;
    }
    endpoint.room -= endpoint.room == SIZE_MAX ? 0 : n;
    if (!connection->deaf)
        hear(connection, slice_of(data, n));
    return (ssize_t)n;
}

ssize_t upstream_read(struct upstream_connection *connection, char *data, size_t len)
{
    size_t left = connection->said.len - connection->read;
    size_t n = len < endpoint.bite ? len : endpoint.bite;

    assert(connection->connected && connection->notify && len > 0);
    n = left < n ? left : n;
    if (n) {
        memcpy(data, connection->said.data + connection->read, n);
        connection->read += n;
        return (ssize_t)n;
    }
    return connection->broken ? UPSTREAM_BROKEN : connection->ended ? UPSTREAM_EOF : UPSTREAM_BLOCKED;
}

void upstream_poke(struct upstream_connection *connection)
{
    endpoint_tell(connection);
}

void upstream_close(struct upstream_connection *connection)
{
    size_t left;

    if (!connection)
        return;
    left = memory_lasts(0);
    endpoint.judge(buffer_slice(&connection->heard), buffer_slice(&connection->said));
    memory_lasts(left);
    endpoint.busy -= connection->notify != NULL;
    if (connection == connection->upstream->resting)
        connection->upstream->resting = NULL;
    if (connection == endpoint.latest)
        endpoint.latest = NULL;
    event_del(&connection->kick);
    event_del(&connection->deadline);
    buffer_free(&connection->heard);
    buffer_free(&connection->said);
    free(connection);
}

void upstream_release(struct upstream_connection *connection)
{
    size_t left = memory_lasts(0);

    endpoint.judge_rest(buffer_slice(&connection->heard), slice_of(connection->said.data, connection->read));
    memory_lasts(left);
    upstream_close(connection->upstream->resting);
    connection->upstream->resting = connection;
    connection->notify = NULL;
    event_del(&connection->kick);
    endpoint.busy--;
    check_rest(connection);
}

static inline void endpoint_say(struct slice bytes)
{
    if (!endpoint.latest || endpoint.latest->ended || endpoint.latest->broken)
        return;
    buffer_append(&endpoint.latest->said, bytes);
    endpoint_tell(endpoint.latest);
}

static inline void endpoint_end(bool broken)
{
    if (!endpoint.latest)
        return;
    if (broken)
        endpoint.latest->broken = true;
    else
        endpoint.latest->ended = true;
    endpoint_tell(endpoint.latest);
}

/* The endpoint had closed one that rested, when nothing of what has been written since had arrived. */
static inline void endpoint_was_gone(void)
{
    struct upstream_connection *connection = endpoint.latest;

    if (!connection || connection->broken || connection->ended || connection->said.len > connection->read)
        return;
    if (connection->notify && !connection->reused)
        return;
    if (connection->notify)
        connection->heard.len = connection->heard_before;
    connection->broken = connection->deaf = true;
    endpoint_tell(connection);
}

#endif
