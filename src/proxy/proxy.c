#include "proxy/proxy.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "proxy/exchange.h"

enum { LINGER_MS = 5000, DRAIN_MS = 1000 };

static void set_limits(struct proxy *proxy)
{
    const struct config *config = proxy->config;
    const unsigned ms[PATIENCE_COUNT] = {
        [PATIENCE_HEAD] = config->head_timeout_ms,
        [PATIENCE_CLIENT] = config->client_timeout_ms,
        [PATIENCE_CREDENTIALS] = config->credentials.wait_ms,
        [PATIENCE_ENDPOINT] = config->response_timeout_ms,
        [PATIENCE_IDLE] = config->idle_timeout_ms,
        [PATIENCE_LINGER] = LINGER_MS,
        [PATIENCE_DRAIN] = DRAIN_MS,
    };

    for (int i = 0; i < PATIENCE_COUNT; i++)
        proxy->limits_us[i] = (uint64_t)ms[i] * 1000;
}

/* Once for all listeners, if one of them asks who its callers are over TCP. */
static bool open_diag(struct proxy *proxy)
{
    const struct config *config = proxy->config;

    for (size_t i = 0; i < config->listener_count && proxy->diag_fd < 0; i++) {
        if (!config->listeners[i].identify || config->listeners[i].unix_path)
            continue;
        proxy->diag_fd = peer_diag_open();
        if (proxy->diag_fd < 0)
            return false;
    }
    return true;
}

static bool make_upstreams(struct proxy *proxy)
{
    for (int i = 0; i < AWS_SERVICE_COUNT; i++) {
        const struct config_endpoint *endpoint = &proxy->config->endpoints[i];

        if (!endpoint->configured)
            continue;
        proxy->upstreams[i] = upstream_new(proxy->base, proxy->resolver, proxy->tls, proxy->config, endpoint,
                                           &proxy->metrics->upstreams[i]);
        if (!proxy->upstreams[i])
            return false;
    }
    return true;
}

struct proxy *proxy_new(struct event_base *base, const struct config *config, struct proxy_metrics *metrics,
                        struct quota *quota, proxy_renew *renew, void *user, struct sg_error *err)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));

    if (!proxy) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    proxy->base = base;
    proxy->diag_fd = -1;
    proxy->config = config_share(config);
    proxy->metrics = metrics;
    proxy->quota = quota;
    proxy->renew = renew;
    proxy->renew_user = user;
    LIST_INIT(&proxy->clients);
    LIST_INIT(&proxy->spare);
    batch_init(proxy);
    set_limits(proxy);
    proxy->resolver = resolver_new(base, config, err);
    proxy->tls = proxy->resolver ? tls_context_new(config, err) : NULL;
    if (!proxy->tls)
        goto fail;
    if (!open_diag(proxy)) {
        sg_fail(err, SG_IO, "the kernel can't be asked who callers are (sock_diag): %s", strerror(errno));
        goto fail;
    }
    proxy->local_signer = sigv4_signer_new();
    proxy->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!identities_new(proxy) || !proxy->sha256 || !proxy->local_signer || !body_memory_init(proxy) ||
        !make_upstreams(proxy) ||
        RAND_bytes((unsigned char *)&proxy->request_seed, sizeof(proxy->request_seed)) != 1) {
        sg_fail(err, SG_NO_MEMORY, "a worker could not be set up: out of memory, or OpenSSL failed");
        goto fail;
    }
    return proxy;
fail:
    proxy_free(proxy);
    return NULL;
}

void proxy_free(struct proxy *proxy)
{
    if (!proxy)
        return;
    proxy->empty = NULL;
    while (!LIST_EMPTY(&proxy->clients))
        client_close(LIST_FIRST(&proxy->clients), false);
    batch_free(proxy);
    exchange_free_spare(proxy);
    body_memory_free(proxy);
    for (int i = 0; i < AWS_SERVICE_COUNT; i++)
        upstream_free(proxy->upstreams[i]);
    SSL_CTX_free(proxy->tls);
    resolver_free(proxy->resolver);
    sigv4_signer_free(proxy->local_signer);
    EVP_MD_free(proxy->sha256);
    if (proxy->diag_fd >= 0)
        close(proxy->diag_fd);
    identities_free(proxy);
    mirror_leave(proxy->mirror);
    config_free(proxy->config);
    free(proxy);
}

void proxy_set_mirror(struct proxy *proxy, struct mirror *mirror)
{
    mirror_leave(proxy->mirror);
    proxy->mirror = mirror;
}

bool proxy_is_empty(const struct proxy *proxy)
{
    return proxy->client_count == 0;
}

void proxy_drain(struct proxy *proxy, proxy_empty *drained, void *user)
{
    uint64_t now = clock_monotonic_us();
    struct client *client;

    proxy->empty = drained;
    proxy->empty_user = user;
    proxy->draining = true;
    LIST_FOREACH(client, &proxy->clients, link)
    {
        if (!client->exchange && !client->lingering)
            deadline_set(&client->deadline, now, proxy->limits_us[PATIENCE_DRAIN]);
    }
    if (proxy->client_count == 0)
        drained(user);
}

void proxy_retire(struct proxy *proxy, struct proxy *successor, proxy_empty *retired, void *user)
{
    struct client *client, *next;

    proxy->successor = successor;
    proxy->now_us = clock_monotonic_us();
    proxy->empty = NULL; /* told once, below or later */
    for (client = LIST_FIRST(&proxy->clients); client; client = next) {
        next = LIST_NEXT(client, link);
        if (!client->exchange && !client->lingering)
            client_idle(client);
    }
    proxy->empty = retired;
    proxy->empty_user = user;
    if (proxy->client_count == 0)
        retired(user);
}
