#include "net/upstream.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "net/resolver.h"
#include "net/tls.h"

/* Interface endpoints and NAT gateways drop flows that are silent for 350 s. */
enum { KEEPALIVE_IDLE_S = 60, KEEPALIVE_INTERVAL_S = 15, KEEPALIVE_PROBES = 4 };

enum state { STARTING, RESOLVING, CONNECTING, HANDSHAKING, READY, RESTING };

struct upstream_connection {
    struct upstream *upstream;
    enum state state;
    bool reused;
    int fd;
    SSL *ssl;
    struct event io;    /* edge-triggered, both directions, for the socket's whole life */
    struct event timer; /* connect deadline, then the rest in the pool */
    struct event kick;  /* "in the next turn of the loop" */
    struct resolver_waiter waiter;
    struct resolver_answer addresses;
    size_t tried; /* of the addresses */
    upstream_notify *notify;
    void *user;
    LIST_ENTRY(upstream_connection) resting;
    char peer[SOCKET_ADDRESS_TEXT];
    char why[160];
};

struct upstream {
    struct event_base *base;
    SSL_CTX *tls;
    const struct config_endpoint *endpoint;
    struct resolver_name *name;
    SSL_SESSION *session;
    const struct timeval *connect_timeout; /* libevent's common timeouts: constant-time to arm */
    const struct timeval *rest_timeout;
    LIST_HEAD(, upstream_connection) pool; /* last used first: the rest grow old and close */
};

static const struct timeval *common_timeout(struct event_base *base, unsigned ms)
{
    struct timeval duration = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

    return event_base_init_common_timeout(base, &duration);
}

struct upstream *upstream_new(struct event_base *base, struct resolver *resolver, SSL_CTX *tls,
                              const struct config *config, const struct config_endpoint *endpoint)
{
    struct upstream *upstream = calloc(1, sizeof(*upstream));

    if (!upstream)
        return NULL;
    upstream->base = base;
    upstream->tls = tls;
    upstream->endpoint = endpoint;
    LIST_INIT(&upstream->pool);
    upstream->connect_timeout = common_timeout(base, config->connect_timeout_ms);
    upstream->rest_timeout = common_timeout(base, config->pool_idle_ms);
    upstream->name = resolver_name_new(resolver, endpoint->host, endpoint->port);
    if (!upstream->name || !upstream->connect_timeout || !upstream->rest_timeout) {
        upstream_free(upstream);
        return NULL;
    }
    return upstream;
}

void upstream_close_idle(struct upstream *upstream)
{
    while (!LIST_EMPTY(&upstream->pool))
        upstream_close(LIST_FIRST(&upstream->pool));
}

void upstream_free(struct upstream *upstream)
{
    if (!upstream)
        return;
    upstream_close_idle(upstream);
    resolver_name_free(upstream->name);
    SSL_SESSION_free(upstream->session);
    free(upstream);
}

static void drop_socket(struct upstream_connection *connection)
{
    if (connection->fd < 0)
        return;
    event_del(&connection->io);
    SSL_free(connection->ssl);
    connection->ssl = NULL;
    close(connection->fd);
    connection->fd = -1;
}

void upstream_close(struct upstream_connection *connection)
{
    if (!connection)
        return;
    if (connection->state == RESTING)
        LIST_REMOVE(connection, resting);
    if (connection->state >= READY) {
        ERR_clear_error();
        SSL_shutdown(connection->ssl); /* says close_notify if it can, and does not wait for theirs */
    }
    resolver_cancel(&connection->waiter);
    drop_socket(connection);
    event_del(&connection->timer);
    event_del(&connection->kick);
    free(connection);
}

static bool begin_connect(struct upstream_connection *connection);

/* The connection will not come to be by this address: the next one, or the end. `connection` may be gone
 * after. */
static void attempt_failed(struct upstream_connection *connection)
{
    drop_socket(connection);
    while (connection->tried < connection->addresses.count) {
        if (begin_connect(connection))
            return;
    }
    event_del(&connection->timer);
    connection->notify(connection->user, UPSTREAM_FAILED);
}

static void handshake(struct upstream_connection *connection)
{
    int result, error;

    ERR_clear_error();
    result = SSL_do_handshake(connection->ssl);
    if (result == 1) {
        connection->state = READY;
        event_del(&connection->timer);
        connection->notify(connection->user, UPSTREAM_CONNECTED);
        return;
    }
    error = SSL_get_error(connection->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return;
    snprintf(connection->why, sizeof(connection->why), "TLS with %s as %s: ", connection->peer,
             connection->upstream->endpoint->host);
    tls_explain(connection->ssl, error, connection->why + strlen(connection->why),
                sizeof(connection->why) - strlen(connection->why));
    attempt_failed(connection);
}

static void on_connected(struct upstream_connection *connection)
{
    struct upstream *upstream = connection->upstream;
    int error = 0;
    socklen_t len = sizeof(error);

    if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error) {
        snprintf(connection->why, sizeof(connection->why), "connect to %s: %s", connection->peer,
                 strerror(error));
        attempt_failed(connection);
        return;
    }
    connection->ssl =
        tls_connection_new(upstream->tls, connection->fd, upstream->endpoint->host, &upstream->session);
    if (!connection->ssl) {
        snprintf(connection->why, sizeof(connection->why), "TLS: out of memory");
        attempt_failed(connection);
        return;
    }
    connection->state = HANDSHAKING;
    handshake(connection);
}

/* A resting connection has something to say: new session tickets are taken; data or its end close it. */
static void check_resting(struct upstream_connection *connection)
{
    char byte;

    if (upstream_read(connection, &byte, 1) != UPSTREAM_BLOCKED)
        upstream_close(connection);
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
    struct upstream_connection *connection = arg;

    (void)fd;
    switch (connection->state) {
    case CONNECTING:
        if (what & EV_WRITE)
            on_connected(connection);
        break;
    case HANDSHAKING:
        handshake(connection);
        break;
    case READY:
        connection->notify(connection->user, UPSTREAM_IO);
        break;
    case RESTING:
        check_resting(connection);
        break;
    case STARTING:
    case RESOLVING:
        break;
    }
}

static void set_options(int fd)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

/* Starts connecting to the next address; false (and why set) when that fails at once. */
static bool begin_connect(struct upstream_connection *connection)
{
    const union socket_address *address = &connection->addresses.addresses[connection->tried++];
    int fd;

    socket_address_format(address, connection->peer);
    fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        snprintf(connection->why, sizeof(connection->why), "socket: %s", strerror(errno));
        return false;
    }
    set_options(fd);
    if (connect(fd, &address->any, socket_address_len(address)) != 0 && errno != EINPROGRESS) {
        snprintf(connection->why, sizeof(connection->why), "connect to %s: %s", connection->peer,
                 strerror(errno));
        close(fd);
        return false;
    }
    connection->fd = fd;
    connection->state = CONNECTING;
    event_assign(&connection->io, connection->upstream->base, fd, EV_READ | EV_WRITE | EV_ET | EV_PERSIST,
                 on_io, connection);
    event_add(&connection->io, NULL);
    return true;
}

static void on_resolved(void *user, const struct resolver_answer *answer)
{
    struct upstream_connection *connection = user;

    connection->addresses = *answer;
    if (answer->count == 0)
        snprintf(connection->why, sizeof(connection->why), "DNS lookup of %s: %s",
                 connection->upstream->endpoint->host, answer->error);
    attempt_failed(connection);
}

static void on_kick(evutil_socket_t fd, short what, void *arg)
{
    struct upstream_connection *connection = arg;
    const struct resolver_answer *answer;

    (void)fd;
    (void)what;
    if (connection->state != STARTING) {
        connection->notify(connection->user, UPSTREAM_IO);
        return;
    }
    connection->state = RESOLVING;
    answer = resolver_name_get(connection->upstream->name, &connection->waiter);
    if (answer)
        on_resolved(connection, answer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct upstream_connection *connection = arg;

    (void)fd;
    (void)what;
    if (connection->state == RESTING) {
        upstream_close(connection);
        return;
    }
    if (connection->state <= RESOLVING)
        snprintf(connection->why, sizeof(connection->why), "DNS lookup of %s: no answer in time",
                 connection->upstream->endpoint->host);
    else
        snprintf(connection->why, sizeof(connection->why), "%s %s: no answer in time",
                 connection->state == CONNECTING ? "connect to" : "TLS with", connection->peer);
    connection->notify(connection->user, UPSTREAM_TIMED_OUT);
}

static struct upstream_connection *from_pool(struct upstream *upstream)
{
    struct upstream_connection *connection = LIST_FIRST(&upstream->pool);

    if (!connection)
        return NULL;
    LIST_REMOVE(connection, resting);
    event_del(&connection->timer);
    connection->state = READY;
    connection->reused = true;
    return connection;
}

static struct upstream_connection *from_scratch(struct upstream *upstream)
{
    struct upstream_connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        return NULL;
    connection->upstream = upstream;
    connection->state = STARTING;
    connection->fd = -1;
    connection->waiter.done = on_resolved;
    connection->waiter.user = connection;
    evtimer_assign(&connection->timer, upstream->base, on_timer, connection);
    evtimer_assign(&connection->kick, upstream->base, on_kick, connection);
    if (evtimer_add(&connection->timer, upstream->connect_timeout) != 0) {
        free(connection);
        return NULL;
    }
    upstream_poke(connection);
    return connection;
}

struct upstream_connection *upstream_take(struct upstream *upstream, bool fresh, upstream_notify *notify,
                                          void *user)
{
    struct upstream_connection *connection = fresh ? NULL : from_pool(upstream);

    if (!connection)
        connection = from_scratch(upstream);
    if (connection) {
        connection->notify = notify;
        connection->user = user;
    }
    return connection;
}

bool upstream_is_reused(const struct upstream_connection *connection)
{
    return connection->reused;
}

const char *upstream_why(const struct upstream_connection *connection)
{
    return connection->why;
}

const char *upstream_peer(const struct upstream_connection *connection)
{
    return connection->peer;
}

void upstream_poke(struct upstream_connection *connection)
{
    event_active(&connection->kick, EV_TIMEOUT, 0);
}

static ssize_t outcome(struct upstream_connection *connection, int result)
{
    int error = SSL_get_error(connection->ssl, result);

    switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return UPSTREAM_BLOCKED;
    case SSL_ERROR_ZERO_RETURN:
        snprintf(connection->why, sizeof(connection->why), "%s closed the connection", connection->peer);
        return UPSTREAM_EOF;
    default:
        snprintf(connection->why, sizeof(connection->why), "%s: ", connection->peer);
        tls_explain(connection->ssl, error, connection->why + strlen(connection->why),
                    sizeof(connection->why) - strlen(connection->why));
        return UPSTREAM_BROKEN;
    }
}

ssize_t upstream_write(struct upstream_connection *connection, const char *data, size_t len)
{
    int result;

    ERR_clear_error();
    result = SSL_write(connection->ssl, data, len > INT_MAX ? INT_MAX : (int)len);
    return result > 0 ? result : outcome(connection, result);
}

ssize_t upstream_read(struct upstream_connection *connection, char *data, size_t len)
{
    int result;

    ERR_clear_error();
    result = SSL_read(connection->ssl, data, len > INT_MAX ? INT_MAX : (int)len);
    return result > 0 ? result : outcome(connection, result);
}

void upstream_release(struct upstream_connection *connection)
{
    connection->state = RESTING;
    connection->notify = NULL;
    event_del(&connection->kick);
    LIST_INSERT_HEAD(&connection->upstream->pool, connection, resting);
    evtimer_add(&connection->timer, connection->upstream->rest_timeout);
}
