#include "net/upstream.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/upstream_connection.h"

static const struct timeval *common_timeout(struct event_base *base, unsigned ms)
{
    struct timeval duration = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

    return event_base_init_common_timeout(base, &duration);
}

/* Resting connections that have become second best: to an address that is gone, or ejected, or in another
 * zone when there is a good one in ours. */
static void retire_unwanted(struct upstream *upstream)
{
    struct upstream_connection *connection, *next;

    for (connection = LIST_FIRST(&upstream->pool); connection; connection = next) {
        next = LIST_NEXT(connection, link);
        if (!address_is_wanted(&upstream->addresses, &connection->address))
            upstream_close(connection);
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

void upstream_health_changed(struct upstream *upstream)
{
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
    if (due && !upstream->probe && due->probe_at_us <= clock_monotonic_us())
        upstream->probe = connection_probe(upstream, &due->at);
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

static bool name_endpoint(struct upstream *upstream, struct resolver *resolver)
{
    const struct config_endpoint *endpoint = upstream->endpoint;

    upstream->name = resolver_name_new(resolver, endpoint->host, endpoint->port, on_answer, upstream);
    if (!upstream->name)
        return false;
    addresses_update(&upstream->addresses, NULL, resolver_name_answer(upstream->name),
                     upstream->require_private);
    if (!endpoint->zonal_host)
        return true;
    upstream->zonal_name =
        resolver_name_new(resolver, endpoint->zonal_host, endpoint->port, on_answer, upstream);
    return upstream->zonal_name != NULL;
}

struct upstream *upstream_new(struct event_base *base, struct resolver *resolver, SSL_CTX *tls,
                              const struct config *config, const struct config_endpoint *endpoint)
{
    struct upstream *upstream = calloc(1, sizeof(*upstream));

    if (!upstream)
        return NULL;
    upstream->base = base;
    upstream->tls = tls;
    upstream->config = config;
    upstream->endpoint = endpoint;
    upstream->require_private = config->require_private && endpoint->configured;
    LIST_INIT(&upstream->pool);
    LIST_INIT(&upstream->waiting);
    evtimer_assign(&upstream->probe_timer, base, on_probe, upstream);
    upstream->connect_timeout = common_timeout(base, config->connect_timeout_ms);
    upstream->rest_timeout = common_timeout(base, config->pool_idle_ms);
    if (!upstream->connect_timeout || !upstream->rest_timeout || !name_endpoint(upstream, resolver)) {
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
    upstream_close(upstream->probe);
    upstream_close_idle(upstream);
    evtimer_del(&upstream->probe_timer);
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

    if (clock_monotonic_us() >= connection->retire_us ||
        !address_is_wanted(&upstream->addresses, &connection->address)) {
        upstream_close(connection);
        return;
    }
    connection->state = CONNECTION_RESTING;
    connection->notify = NULL;
    event_del(&connection->kick);
    LIST_INSERT_HEAD(&upstream->pool, connection, link);
    evtimer_add(&connection->timer, upstream->rest_timeout);
}
