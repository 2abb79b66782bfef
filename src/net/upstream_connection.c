#include "net/upstream_connection.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/tls.h"

/* Ends one that stands or is to be; the memory is its last user's to free. */
static void disconnect(struct upstream_connection *connection)
{
    if (connection->state >= CONNECTION_READY) {
        counter_add(&connection->upstream->metrics->closed[connection->end], 1);
        ERR_clear_error();
        SSL_shutdown(connection->ssl); /* says close_notify if it can, and does not wait for theirs */
        event_del(&connection->io);
        SSL_free(connection->ssl);
        close(connection->fd);
    }
    dial_cancel(connection->dial, false);
}

static void leave_pool(struct upstream_connection *connection)
{
    connection->upstream->pool_count--;
    counter_add(&connection->upstream->metrics->roused, 1);
}

void upstream_close(struct upstream_connection *connection)
{
    if (!connection)
        return;
    if (connection->state == CONNECTION_WAITING || connection->state >= CONNECTION_READY)
        LIST_REMOVE(connection, link);
    if (connection->state == CONNECTION_RESTING)
        leave_pool(connection);
    if (connection == connection->upstream->probe)
        connection->upstream->probe = NULL;
    disconnect(connection);
    deadline_end(&connection->deadline);
    event_del(&connection->kick);
    free(connection);
}

void connection_end(struct upstream_connection *connection, enum upstream_end end)
{
    connection->end = end;
    upstream_close(connection);
}

/* It will never stand; why says why. Afterwards the connection is gone, or its user's to close; and the
 * upstream may be gone, if that was its last. */
static void fail(struct upstream_connection *connection, enum upstream_event event)
{
    struct upstream *upstream = connection->upstream;

    deadline_drop(&connection->deadline);
    if (!connection->notify) {
        upstream_close(connection);
        upstream_health_changed(upstream);
        return;
    }
    upstream_health_changed(upstream);
    connection->notify(connection->user, event);
}

void connection_check(struct upstream_connection *connection)
{
    char byte;

    if (upstream_read(connection, &byte, 1) != UPSTREAM_BLOCKED)
        upstream_close(connection);
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
    struct upstream_connection *connection = arg;

    (void)fd;
    if (what & EV_CLOSED)
        connection->half_closed = true;
    if (what & (EV_READ | EV_CLOSED)) {
        connection->readable = true;
        connection->emptied = false;
    }
    if (connection->state == CONNECTION_RESTING)
        connection_check(connection);
    else
        connection->notify(connection->user, UPSTREAM_IO);
}

/* Takes over the socket that won. */
static bool take_socket(struct upstream_connection *connection, const struct dial_result *result)
{
    struct upstream *upstream = connection->upstream;

    event_assign(&connection->io, upstream->base, result->fd,
                 EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_io, connection);
    if (event_add(&connection->io, NULL) != 0) {
        snprintf(connection->why, sizeof(connection->why), "out of memory");
        SSL_free(result->ssl);
        close(result->fd);
        return false;
    }
    connection->ssl = result->ssl;
    connection->fd = result->fd;
    connection->readable = true;
    connection->address = result->peer;
    upstream_busy(connection);
    counter_add(&upstream->metrics->opened, 1);
    connection->retire_us = clock_monotonic_us() + upstream_pool_age_us(upstream);
    socket_address_format(&result->peer, connection->peer);
    if (address_is_near(&upstream->addresses, &result->peer))
        connection->zone = upstream->config->zone;
    deadline_drop(&connection->deadline);
    return true;
}

static void explain_failure(struct upstream_connection *connection, const char *why)
{
    size_t count = connection->upstream->addresses.count;

    if (count > 1 && connection->notify)
        sg_word(connection->why, sizeof(connection->why), "none of its %zu addresses works; the last: %s",
                count, why);
    else
        sg_word(connection->why, sizeof(connection->why), "%s", why);
}

static void on_dialed(void *user, const struct dial_result *result)
{
    struct upstream_connection *connection = user;
    struct upstream *upstream = connection->upstream;

    connection->dial = NULL;
    if (!result->ssl)
        explain_failure(connection, result->why);
    if (!result->ssl || !take_socket(connection, result)) {
        fail(connection, UPSTREAM_FAILED);
        return;
    }
    if (!connection->notify) {
        upstream->probe = NULL;
        upstream_release(connection);
        upstream_health_changed(upstream);
        return;
    }
    upstream_health_changed(upstream);
    connection->notify(connection->user, UPSTREAM_CONNECTED);
}

/* False (and why set) when memory is short. */
static bool begin_dial(struct upstream_connection *connection, const union socket_address *order,
                       size_t count)
{
    struct upstream *upstream = connection->upstream;
    const struct dial_target target = {
        .base = upstream->base,
        .tls = upstream->tls,
        .host = upstream->endpoint->host,
        .default_host = upstream->endpoint->default_host,
        .session = &upstream->session,
        .health = &upstream->addresses,
        .counters = &upstream->metrics->dials,
    };

    connection->dial = dial_start(&target, order, count, on_dialed, connection);
    if (connection->dial)
        connection->state = CONNECTION_DIALING;
    else
        snprintf(connection->why, sizeof(connection->why), "out of memory");
    return connection->dial != NULL;
}

static void explain_public(struct upstream_connection *connection)
{
    const struct upstream *upstream = connection->upstream;
    const struct config_endpoint *endpoint = upstream->endpoint;
    char address[SOCKET_ADDRESS_TEXT];

    socket_address_format(&upstream->addresses.public, address);
    if (endpoint->private_dns)
        snprintf(
            connection->why, sizeof(connection->why),
            "%s resolves to the public address %s, so private DNS is off for the interface endpoint in this "
            "VPC, and the request would leave it: enable private DNS names for the endpoint, or name it by "
            "vpc_endpoint (require_private: false would let the request go)",
            endpoint->host, address);
    else
        sg_word(connection->why, sizeof(connection->why),
                "%s is at the public address %s, and the request would leave the private network: name the "
                "interface endpoint by vpc_endpoint (require_private: false would let the request go)",
                endpoint->host, address);
}

static void explain_no_address(struct upstream_connection *connection)
{
    const struct upstream *upstream = connection->upstream;
    const struct config_endpoint *endpoint = upstream->endpoint;
    const struct resolver_answer *answer = resolver_name_answer(upstream->name);
    const char *hint = "";

    if (upstream->addresses.refused) {
        explain_public(connection);
        return;
    }
    if (answer->no_such_name && endpoint->vpc_endpoint)
        hint =
            " (compare it with the endpoint's DNS names in the VPC console: vpc_endpoint takes a whole one)";
    else if (answer->no_such_name && endpoint->private_dns)
        hint = " (has the VPC an interface endpoint of this service, with private DNS names enabled?)";
    sg_word(connection->why, sizeof(connection->why), "DNS lookup of %s: %s%s", endpoint->host, answer->error,
            hint);
}

static void connect_by_name(struct upstream_connection *connection)
{
    struct upstream *upstream = connection->upstream;
    union socket_address order[ADDRESSES_MAX];
    size_t count = addresses_order(&upstream->addresses, order);

    if (count) {
        if (!begin_dial(connection, order, count))
            fail(connection, UPSTREAM_FAILED);
    } else if (!upstream->addresses.refused && resolver_name_retry(upstream->name)) {
        connection->state = CONNECTION_WAITING;
        LIST_INSERT_HEAD(&upstream->waiting, connection, link);
    } else {
        explain_no_address(connection);
        fail(connection, UPSTREAM_FAILED);
    }
}

static void on_kick(evutil_socket_t fd, short what, void *arg)
{
    struct upstream_connection *connection = arg;

    (void)fd;
    (void)what;
    if (connection->state == CONNECTION_STARTING)
        connect_by_name(connection);
    else
        connection->notify(connection->user, UPSTREAM_IO);
}

static void connect_too_long(struct upstream_connection *connection)
{
    if (connection->state == CONNECTION_DIALING) {
        explain_failure(connection, dial_why(connection->dial));
        dial_cancel(connection->dial, true);
        connection->dial = NULL;
    } else {
        snprintf(connection->why, sizeof(connection->why), "DNS lookup of %s: no answer in time",
                 connection->upstream->endpoint->host);
    }
    fail(connection, UPSTREAM_TIMED_OUT);
}

static void on_deadline(void *user)
{
    struct upstream_connection *connection = user;

    if (connection->state == CONNECTION_RESTING)
        connection_end(connection, UPSTREAM_END_IDLE);
    else
        connect_too_long(connection);
}

static struct upstream_connection *make(struct upstream *upstream)
{
    struct upstream_connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        return NULL;
    connection->upstream = upstream;
    connection->state = CONNECTION_STARTING;
    connection->fd = -1;
    deadline_init(&connection->deadline, upstream->base, on_deadline, connection);
    evtimer_assign(&connection->kick, upstream->base, on_kick, connection);
    if (!deadline_set(&connection->deadline, clock_monotonic_us(),
                      (uint64_t)upstream->config->connect_timeout_ms * 1000)) {
        free(connection);
        return NULL;
    }
    return connection;
}

struct upstream_connection *connection_new(struct upstream *upstream)
{
    struct upstream_connection *connection = make(upstream);

    if (connection)
        upstream_poke(connection);
    return connection;
}

struct upstream_connection *connection_probe(struct upstream *upstream, const union socket_address *address)
{
    struct upstream_connection *connection = make(upstream);

    if (connection && !begin_dial(connection, address, 1)) {
        upstream_close(connection);
        return NULL;
    }
    return connection;
}

void connection_rouse(struct upstream_connection *connection)
{
    LIST_REMOVE(connection, link);
    deadline_drop(&connection->deadline);
    leave_pool(connection);
    upstream_busy(connection);
    counter_add(&connection->upstream->metrics->reused, 1);
    connection->reused = true;
    connection->suspected = false; /* it came through, whatever it was suspected of */
    connection->written_before = BIO_number_written(SSL_get_wbio(connection->ssl));
}

void connection_wake(struct upstream_connection *connection)
{
    LIST_REMOVE(connection, link);
    connection->state = CONNECTION_STARTING;
    upstream_poke(connection);
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

bool upstream_is_private(const struct upstream_connection *connection)
{
    return socket_address_is_private(&connection->address);
}

void upstream_poke(struct upstream_connection *connection)
{
    event_active(&connection->kick, EV_TIMEOUT, 0);
}

const char *upstream_zone(const struct upstream_connection *connection)
{
    return connection->zone;
}
