#include "net/upstream.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/upstream_connection.h"

enum {
    WATCH_MS = 500,
    KEEP_BUFFERS = 32, /* resting connections that keep OpenSSL's buffers, 34 KiB each */
};

static const struct timeval watch_interval = {0, WATCH_MS * 1000};

/* Resting connections that have become second best: to an address that is gone, or ejected, or in another
 * zone when there is a good one in ours. */
static void retire_unwanted(struct upstream *upstream)
{
    struct upstream_connection *connection, *next;

    for (connection = LIST_FIRST(&upstream->pool); connection; connection = next) {
        next = LIST_NEXT(connection, link);
        if (!address_is_wanted(&upstream->addresses, &connection->address))
            connection_end(connection, UPSTREAM_END_ADDRESS);
    }
}

static void arm_probe(struct upstream *upstream)
{
    const struct address *due = addresses_next_probe(&upstream->addresses);
    uint64_t now = clock_monotonic_us(), us;
    struct timeval delay;

    if (!due || upstream->probe) {
        evtimer_del(&upstream->probe_timer);
        return;
    }
    us = due->probe_at_us > now ? due->probe_at_us - now : 0;
    delay = (struct timeval){(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
    evtimer_add(&upstream->probe_timer, &delay);
}

/* Not while a newer upstream of the same service does. */
static void publish(const struct upstream *upstream)
{
    struct upstream_metrics *metrics = upstream->metrics;
    struct upstream_state state = {.addresses = upstream->addresses};

    if (metrics->writer != upstream)
        return;
    memcpy(state.error, resolver_name_answer(upstream->name)->error, sizeof(state.error));
    seqlock_write(&metrics->lock, metrics->state, &state, sizeof(state));
}

void upstream_health_changed(struct upstream *upstream)
{
    publish(upstream);
    retire_unwanted(upstream);
    arm_probe(upstream);
}

/* A connection that nobody waits for, to the ejected address that is due: it ends in the pool, or soon. */
static void on_probe(evutil_socket_t fd, short what, void *arg)
{
    struct upstream *upstream = arg;
    const struct address *due = addresses_next_probe(&upstream->addresses);

    (void)fd;
    (void)what;
    if (due && !upstream->probe && due->probe_at_us <= clock_monotonic_us()) {
        upstream->probe = connection_probe(upstream, &due->at);
        if (!upstream->probe)
            address_failed(&upstream->addresses, &due->at, clock_monotonic_us());
    }
    upstream_health_changed(upstream);
}

/* A lookup has ended. Those who wait for addresses look again. */
static void on_answer(void *user)
{
    struct upstream *upstream = user;
    struct upstream_connection *connection;

    addresses_update(&upstream->addresses,
                     upstream->zonal_name ? resolver_name_answer(upstream->zonal_name) : NULL,
                     resolver_name_answer(upstream->name), upstream->require_private);
    upstream_health_changed(upstream);
    while ((connection = LIST_FIRST(&upstream->waiting)))
        connection_wake(connection);
}

void upstream_suspect(struct upstream *upstream, const union socket_address *address, const char *why)
{
    if (address_failed(&upstream->addresses, address, clock_monotonic_us())) {
        counter_add(&upstream->metrics->dials.ejected, 1);
        log_warn("%s: %s; it is set aside, and tried again in the background", upstream->endpoint->host, why);
    }
    event_active(&upstream->probe_timer, EV_TIMEOUT, 0);
}

/* Whether the kernel has sent the same bytes three times by now, and has not heard that they arrived. */
static bool is_unheard(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_unacked > 0 &&
           info.tcpi_backoff >= 2;
}

/* A zone that dies takes connections with it that stood: their exchanges can only wait, but others need not
 * follow them there. */
static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct upstream *upstream = arg;
    struct upstream_connection *connection;

    (void)fd;
    (void)what;
    LIST_FOREACH(connection, &upstream->busy, link)
    {
        char why[SOCKET_ADDRESS_TEXT + 40];

        if (connection->suspected || !is_unheard(connection->fd))
            continue;
        connection->suspected = true;
        snprintf(why, sizeof(why), "%s does not hear what is sent", connection->peer);
        upstream_suspect(upstream, &connection->address, why);
    }
    upstream->watching = !LIST_EMPTY(&upstream->busy);
    if (upstream->watching)
        evtimer_add(&upstream->watch_timer, &watch_interval);
}

void upstream_busy(struct upstream_connection *connection)
{
    struct upstream *upstream = connection->upstream;

    connection->state = CONNECTION_READY;
    LIST_INSERT_HEAD(&upstream->busy, connection, link);
    if (!upstream->watching)
        upstream->watching = evtimer_add(&upstream->watch_timer, &watch_interval) == 0;
}

static bool name_endpoint(struct upstream *upstream, struct resolver *resolver)
{
    const struct config_endpoint *endpoint = upstream->endpoint;

    upstream->name = resolver_name_new(resolver, endpoint->host, endpoint->port, on_answer, upstream);
    if (!upstream->name)
        return false;
    resolver_name_count(upstream->name, &upstream->metrics->lookups);
    addresses_update(&upstream->addresses, NULL, resolver_name_answer(upstream->name),
                     upstream->require_private);
    publish(upstream);
    if (!endpoint->zonal_host)
        return true;
    upstream->zonal_name =
        resolver_name_new(resolver, endpoint->zonal_host, endpoint->port, on_answer, upstream);
    if (!upstream->zonal_name)
        return false;
    resolver_name_count(upstream->zonal_name, &upstream->metrics->lookups);
    return true;
}

struct upstream *upstream_new(struct event_base *base, struct resolver *resolver, SSL_CTX *tls,
                              const struct config *config, const struct config_endpoint *endpoint,
                              struct upstream_metrics *metrics)
{
    struct upstream *upstream = calloc(1, sizeof(*upstream));

    if (!upstream)
        return NULL;
    upstream->base = base;
    upstream->tls = tls;
    upstream->config = config;
    upstream->endpoint = endpoint;
    upstream->metrics = metrics;
    metrics->writer = upstream;
    upstream->require_private = config->require_private && endpoint->configured;
    LIST_INIT(&upstream->pool);
    LIST_INIT(&upstream->waiting);
    LIST_INIT(&upstream->busy);
    evtimer_assign(&upstream->watch_timer, base, on_watch, upstream);
    evtimer_assign(&upstream->probe_timer, base, on_probe, upstream);
    if (!name_endpoint(upstream, resolver)) {
        upstream_free(upstream);
        return NULL;
    }
    return upstream;
}

static void close_resting(struct upstream *upstream)
{
    while (!LIST_EMPTY(&upstream->pool))
        connection_end(LIST_FIRST(&upstream->pool), UPSTREAM_END_RETIRED);
}

void upstream_free(struct upstream *upstream)
{
    if (!upstream)
        return;
    upstream_close(upstream->probe);
    close_resting(upstream);
    evtimer_del(&upstream->probe_timer);
    evtimer_del(&upstream->watch_timer);
    resolver_name_free(upstream->name);
    resolver_name_free(upstream->zonal_name);
    SSL_SESSION_free(upstream->session);
    free(upstream);
}

struct upstream_connection *upstream_take(struct upstream *upstream, bool fresh, upstream_notify *notify,
                                          void *user)
{
    struct upstream_connection *connection = fresh ? NULL : LIST_FIRST(&upstream->pool);

    if (connection)
        connection_rouse(connection);
    else
        connection = connection_new(upstream);
    if (connection) {
        connection->notify = notify;
        connection->user = user;
    }
    return connection;
}

/* From 3/4 of timeouts.pool_age to the whole: connections that began together end apart. */
uint64_t upstream_pool_age_us(const struct upstream *upstream)
{
    uint64_t longest = (uint64_t)upstream->config->pool_age_ms * 1000;
    uint16_t random;

    evutil_secure_rng_get_bytes(&random, sizeof(random));
    return longest - longest / 4 * random / UINT16_MAX;
}

void upstream_release(struct upstream_connection *connection)
{
    struct upstream *upstream = connection->upstream;
    uint64_t now = clock_monotonic_us();

    if (now >= connection->retire_us) {
        connection_end(connection, UPSTREAM_END_AGE);
        return;
    }
    if (!address_is_wanted(&upstream->addresses, &connection->address)) {
        connection_end(connection, UPSTREAM_END_ADDRESS);
        return;
    }
    if (connection->state == CONNECTION_READY)
        LIST_REMOVE(connection, link);
    connection->state = CONNECTION_RESTING;
    connection->notify = NULL;
    event_del(&connection->kick);
    LIST_INSERT_HEAD(&upstream->pool, connection, link);
    counter_add(&upstream->metrics->rested, 1);
    if (++upstream->pool_count > KEEP_BUFFERS)
        SSL_free_buffers(connection->ssl);
    deadline_set(&connection->deadline, now, (uint64_t)upstream->config->pool_idle_ms * 1000);
    if (connection->emptied)
        connection->readable = false;
    connection_check(connection); /* what has come after an answer is none to the next request */
}
