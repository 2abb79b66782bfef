#include "net/resolver.h"

#include <ares.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    TTL_MIN_S = 1,
    TTL_MAX_S = 300,
    FAILURE_S = 1, /* how long a failed lookup stands before the next is tried */
};

/* One of c-ares's sockets on our loop. */
struct watch {
    struct watch *next;
    struct resolver *resolver;
    struct event event;
    int fd;
};

struct resolver {
    struct event_base *base;
    ares_channel channel;
    struct watch *watches;
    struct event timer;
};

struct resolver_name {
    struct resolver *resolver;
    char *host;
    uint16_t port;
    bool literal;
    bool looking_up;
    bool abandoned; /* released while a lookup ran: its callback frees it */
    uint64_t expires_us;
    struct resolver_answer answer;
    struct resolver_waiter *waiters;
};

static void arm_timer(struct resolver *resolver)
{
    struct timeval limit;
    struct timeval *next = ares_timeout(resolver->channel, NULL, &limit);

    if (next)
        evtimer_add(&resolver->timer, next);
    else
        evtimer_del(&resolver->timer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct resolver *resolver = arg;

    (void)fd;
    (void)what;
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_timer(resolver);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct resolver *resolver = ((struct watch *)arg)->resolver;

    /* The watch may be gone when this returns. */
    ares_process_fd(resolver->channel, what & EV_READ ? fd : ARES_SOCKET_BAD,
                    what & EV_WRITE ? fd : ARES_SOCKET_BAD);
    arm_timer(resolver);
}

static void on_socket_state(void *user, ares_socket_t fd, int readable, int writable)
{
    struct resolver *resolver = user;
    struct watch **at = &resolver->watches;
    struct watch *watch;

    while (*at && (*at)->fd != fd)
        at = &(*at)->next;
    watch = *at;
    if (watch) {
        event_del(&watch->event);
        if (!readable && !writable) {
            *at = watch->next;
            free(watch);
            return;
        }
    } else {
        watch = calloc(1, sizeof(*watch));
        if (!watch)
            return; /* the query runs into its timeout */
        *watch = (struct watch){.next = resolver->watches, .resolver = resolver, .fd = fd};
        resolver->watches = watch;
    }
    event_assign(&watch->event, resolver->base, fd,
                 (short)(EV_PERSIST | (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0)), on_socket,
                 watch);
    event_add(&watch->event, NULL);
}

struct resolver *resolver_new(struct event_base *base, struct sg_error *err)
{
    struct ares_options options = {.sock_state_cb = on_socket_state, .timeout = 1000, .tries = 3};
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    int failed;

    if (!resolver) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    resolver->base = base;
    options.sock_state_cb_data = resolver;
    evtimer_assign(&resolver->timer, base, on_timer, resolver);
    failed = ares_init_options(&resolver->channel, &options,
                               ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (failed) {
        sg_fail(err, SG_IO, "DNS set-up (/etc/resolv.conf): %s", ares_strerror(failed));
        free(resolver);
        return NULL;
    }
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    ares_destroy(resolver->channel); /* calls every pending callback, and closes the sockets */
    evtimer_del(&resolver->timer);
    free(resolver);
}

struct resolver_name *resolver_name_new(struct resolver *resolver, const char *host, uint16_t port)
{
    struct resolver_name *name = calloc(1, sizeof(*name));

    if (!name)
        return NULL;
    name->resolver = resolver;
    name->port = port;
    name->host = strdup(host);
    if (!name->host) {
        free(name);
        return NULL;
    }
    if (socket_address_parse(host, port, &name->answer.addresses[0])) {
        name->literal = true;
        name->answer.count = 1;
    }
    return name;
}

static void destroy(struct resolver_name *name)
{
    free(name->host);
    free(name);
}

void resolver_name_free(struct resolver_name *name)
{
    if (!name)
        return;
    while (name->waiters)
        resolver_cancel(name->waiters);
    if (name->looking_up)
        name->abandoned = true;
    else
        destroy(name);
}

static void take_answer(struct resolver_name *name, const struct ares_addrinfo *found)
{
    int ttl = TTL_MAX_S;

    name->answer.count = 0;
    for (const struct ares_addrinfo_node *node = found->nodes; node; node = node->ai_next) {
        if (name->answer.count == RESOLVER_MAX_ADDRESSES || node->ai_addrlen > sizeof(union socket_address))
            continue;
        memcpy(&name->answer.addresses[name->answer.count++], node->ai_addr, node->ai_addrlen);
        if (node->ai_ttl < ttl)
            ttl = node->ai_ttl;
    }
    if (ttl < TTL_MIN_S)
        ttl = TTL_MIN_S;
    name->expires_us = clock_monotonic_us() + (uint64_t)ttl * 1000000;
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *found)
{
    struct resolver_name *name = arg;

    (void)timeouts;
    name->looking_up = false;
    if (name->abandoned) {
        ares_freeaddrinfo(found);
        destroy(name);
        return;
    }
    if (status == ARES_SUCCESS && found->nodes) {
        take_answer(name, found);
    } else {
        name->expires_us = clock_monotonic_us() + FAILURE_S * 1000000;
        if (name->answer.count)
            log_warn("DNS: %s: %s; the last answer stays in use", name->host, ares_strerror(status));
        else
            snprintf(name->answer.error, sizeof(name->answer.error), "%s",
                     status == ARES_SUCCESS ? "the answer holds no address" : ares_strerror(status));
    }
    ares_freeaddrinfo(found);
    while (name->waiters) {
        struct resolver_waiter *waiter = name->waiters;

        resolver_cancel(waiter);
        waiter->done(waiter->user, &name->answer);
    }
}

static void look_up(struct resolver_name *name)
{
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char service[8];

    snprintf(service, sizeof(service), "%u", name->port);
    hints.ai_flags = ARES_AI_NUMERICSERV;
    name->looking_up = true;
    ares_getaddrinfo(name->resolver->channel, name->host, service, &hints, on_answer, name);
    arm_timer(name->resolver);
}

const struct resolver_answer *resolver_name_get(struct resolver_name *name, struct resolver_waiter *waiter)
{
    waiter->prev = NULL;
    if (name->literal)
        return &name->answer;
    if (!name->looking_up && clock_monotonic_us() >= name->expires_us)
        look_up(name); /* may answer at once (/etc/hosts) */
    if (name->answer.count || !name->looking_up)
        return &name->answer;
    waiter->next = name->waiters;
    waiter->prev = &name->waiters;
    if (name->waiters)
        name->waiters->prev = &waiter->next;
    name->waiters = waiter;
    return NULL;
}

void resolver_cancel(struct resolver_waiter *waiter)
{
    if (!waiter->prev)
        return;
    *waiter->prev = waiter->next;
    if (waiter->next)
        waiter->next->prev = waiter->prev;
    waiter->prev = NULL;
}
