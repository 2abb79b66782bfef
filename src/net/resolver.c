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
    TRY_MS = 1000, /* for one server to answer; doubled in each of the next rounds */
    TRIES = 3,
    TTL_MAX_S = 300,
    TTL_NONE_S = 5,     /* /etc/hosts, and answers that say 0 */
    AHEAD_PERCENT = 10, /* of the TTL: how long before its end the name is looked up again */
    RETRY_MIN_MS = 1000,
    RETRY_MAX_MS = 30000,
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
    uint64_t max_stale_us;
};

struct resolver_name {
    struct resolver *resolver;
    char *host;
    uint16_t port;
    bool looking_up;
    bool abandoned;         /* released while a lookup ran: its callback frees it */
    struct event next;      /* the next lookup */
    struct event stale_end; /* until when an answer is used while lookups fail */
    unsigned failures;      /* in a row */
    uint64_t failed_us;     /* when the last lookup failed */
    uint64_t fresh_until;   /* end of the last good answer's TTL, monotonic */
    struct resolver_answer answer;
    struct ares_addrinfo
        *half; /* a new answer without a family that was there: that one is asked for alone */
    struct resolver_counters *counters; /* NULL: they are not counted */
    resolver_told *told;
    void *user;
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

struct resolver *resolver_new(struct event_base *base, const struct config *config, struct sg_error *err)
{
    /* The names are whole: search domains would only ask others about them. */
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH, .timeout = TRY_MS, .tries = TRIES, .sock_state_cb = on_socket_state};
    int given = ARES_OPT_FLAGS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    int failed;

    if (!resolver) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    resolver->base = base;
    resolver->max_stale_us = (uint64_t)config->dns_max_stale_ms * 1000;
    options.sock_state_cb_data = resolver;
    evtimer_assign(&resolver->timer, base, on_timer, resolver);
#ifdef ARES_OPT_QUERY_CACHE
    options.qcache_max_ttl = 0; /* none: we ask before the TTL ends, to hear what is new */
    given |= ARES_OPT_QUERY_CACHE;
#endif
    failed = ares_init_options(&resolver->channel, &options, given);
    if (failed) {
        sg_fail(err, SG_IO, "DNS set-up (/etc/resolv.conf): %s", ares_strerror(failed));
        free(resolver);
        return NULL;
    }
    if (config->dns_servers &&
        (failed = ares_set_servers_ports_csv(resolver->channel, config->dns_servers)) != 0) {
        sg_fail(err, SG_INVALID, "dns.servers: %s", ares_strerror(failed));
        resolver_free(resolver);
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

static void destroy(struct resolver_name *name)
{
    ares_freeaddrinfo(name->half);
    free(name->host);
    free(name);
}

static void arm(struct event *timer, uint64_t ms)
{
    struct timeval delay = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000) * 1000};

    evtimer_add(timer, &delay);
}

static bool is_same_answer(const struct resolver_answer *answer, const struct resolver_answer *other)
{
    size_t found = 0;

    for (size_t i = 0; i < answer->count; i++) {
        for (size_t j = 0; j < other->count; j++)
            found += socket_address_eq(&answer->addresses[i], &other->addresses[j]);
    }
    return answer->count == other->count && found == answer->count;
}

static void log_answer(enum log_level level, const struct resolver_name *name)
{
    char list[RESOLVER_MAX_ADDRESSES * SOCKET_ADDRESS_TEXT] = "", text[SOCKET_ADDRESS_TEXT];
    size_t len = 0;

    for (size_t i = 0; i < name->answer.count; i++)
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
                                socket_address_format(&name->answer.addresses[i], text));
    log_line(level, "DNS: %s is at %s", name->host, list);
}

/* Returns the least of the TTLs and `ttl`. */
static int add_found(struct resolver_name *name, const struct ares_addrinfo *found, int ttl)
{
    for (const struct ares_addrinfo_cname *alias = found->cnames; alias; alias = alias->next)
        ttl = alias->ttl < ttl ? alias->ttl : ttl;
    for (const struct ares_addrinfo_node *node = found->nodes; node; node = node->ai_next) {
        if (node->ai_ttl < ttl)
            ttl = node->ai_ttl;
        if (name->answer.count < RESOLVER_MAX_ADDRESSES && node->ai_addrlen <= sizeof(union socket_address))
            memcpy(&name->answer.addresses[name->answer.count++], node->ai_addr, node->ai_addrlen);
    }
    return ttl;
}

/* found or the name's half may be NULL. */
static void take_answer(struct resolver_name *name, const struct ares_addrinfo *found)
{
    struct resolver_answer before = name->answer;
    uint64_t ttl_ms;
    int ttl = TTL_MAX_S;

    name->answer.count = 0;
    name->answer.error[0] = '\0';
    if (name->half)
        ttl = add_found(name, name->half, ttl);
    if (found)
        ttl = add_found(name, found, ttl);
    ttl_ms = (uint64_t)(ttl > 0 ? ttl : TTL_NONE_S) * 1000;
    name->failures = 0;
    evtimer_del(&name->stale_end);
    name->fresh_until = clock_monotonic_us() + ttl_ms * 1000;
    arm(&name->next, ttl_ms * (100 - AHEAD_PERCENT) / 100);
    if (!is_same_answer(&before, &name->answer))
        log_answer(before.count ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, name);
}

static const char *explain(int status)
{
    switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
        return "the name has no address";
    case ARES_ENOTFOUND:
        return "there is no such name";
    case ARES_ECONNREFUSED: /* what c-ares says when the last server has failed, in whatever way */
    case ARES_ESERVFAIL:
        return "the DNS servers fail (SERVFAIL), or cannot be reached";
    case ARES_ETIMEOUT:
        return "no DNS server answers";
    default:
        return ares_strerror(status);
    }
}

static void take_failure(struct resolver_name *name, int status)
{
    uint64_t now = clock_monotonic_us(), end = name->fresh_until + name->resolver->max_stale_us;
    uint64_t pause_ms = (uint64_t)RETRY_MIN_MS << (name->failures < 5 ? name->failures : 5);
    const char *why = explain(status);

    name->failed_us = now;
    arm(&name->next, pause_ms < RETRY_MAX_MS ? pause_ms : RETRY_MAX_MS);
    if (name->failures == 0)
        log_warn("DNS: %s: %s%s", name->host, why,
                 name->answer.count ? "; the last answer stays in use" : "");
    if (name->failures == 0 && name->answer.count)
        arm(&name->stale_end, end > now ? (end - now) / 1000 : 0);
    name->failures++;
    name->answer.no_such_name = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    sg_word(name->answer.error, sizeof(name->answer.error), "%s", why);
}

static void on_stale_end(evutil_socket_t fd, short what, void *arg)
{
    struct resolver_name *name = arg;

    (void)fd;
    (void)what;
    log_error("DNS: %s: %s; the last answer is older than dns.max_stale allows", name->host,
              name->answer.error);
    name->answer.count = 0;
    name->told(name->user);
}

static void count(struct resolver_counters *counters, bool answered)
{
    counter_add(&counters->lookups, 1);
    if (answered)
        counter_set(&counters->answered_s, (uint64_t)clock_wall_seconds());
    else
        counter_add(&counters->failures, 1);
}

static bool has_family(const struct ares_addrinfo *found, int family)
{
    const struct ares_addrinfo_node *node = found->nodes;

    while (node && node->ai_family != family)
        node = node->ai_next;
    return node != NULL;
}

/* AF_INET or AF_INET6 when the answer in use has such addresses, and the new one has none; else AF_UNSPEC. */
static int missing_family(const struct resolver_name *name, const struct ares_addrinfo *found)
{
    for (size_t i = 0; i < name->answer.count; i++) {
        int family = name->answer.addresses[i].any.sa_family;

        if (!has_family(found, family))
            return family;
    }
    return AF_UNSPEC;
}

static void ask(struct resolver_name *name, int family);

static void conclude(struct resolver_name *name, int status, const struct ares_addrinfo *found)
{
    bool gone = name->half && (status == ARES_ENODATA || status == ARES_ENOTFOUND);
    bool answered = gone || (status == ARES_SUCCESS && found->nodes);

    if (name->counters)
        count(name->counters, answered);
    if (answered)
        take_answer(name, found);
    else
        take_failure(name, status);
    ares_freeaddrinfo(name->half);
    name->half = NULL;
}

/* c-ares asks for A and AAAA, and takes one of them for success: what is missing may not be gone, but have
 * failed, and then it is as when all has. */
static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *found)
{
    struct resolver_name *name = arg;
    int missing = AF_UNSPEC;

    (void)timeouts;
    name->looking_up = false;
    if (name->abandoned) {
        ares_freeaddrinfo(found);
        destroy(name);
        return;
    }
    if (status == ARES_SUCCESS && found->nodes && !name->half)
        missing = missing_family(name, found);
    if (missing != AF_UNSPEC) {
        name->half = found;
        ask(name, missing);
        return;
    }
    conclude(name, status, found);
    ares_freeaddrinfo(found);
    name->told(name->user);
}

static void ask(struct resolver_name *name, int family)
{
    struct ares_addrinfo_hints hints = {
        .ai_flags = ARES_AI_NUMERICSERV, .ai_family = family, .ai_socktype = SOCK_STREAM};
    struct resolver *resolver = name->resolver;
    char service[8];

    snprintf(service, sizeof(service), "%u", name->port);
    name->looking_up = true;
    /* May answer at once (/etc/hosts). */
    ares_getaddrinfo(resolver->channel, name->host, service, &hints, on_answer, name);
    arm_timer(resolver);
}

static void look_up(evutil_socket_t fd, short what, void *arg)
{
    struct resolver_name *name = arg;

    (void)fd;
    (void)what;
    evtimer_del(&name->next);
    ask(name, AF_UNSPEC);
}

struct resolver_name *resolver_name_new(struct resolver *resolver, const char *host, uint16_t port,
                                        resolver_told *told, void *user)
{
    struct resolver_name *name = calloc(1, sizeof(*name));

    if (!name)
        return NULL;
    name->resolver = resolver;
    name->port = port;
    name->told = told;
    name->user = user;
    evtimer_assign(&name->next, resolver->base, look_up, name);
    evtimer_assign(&name->stale_end, resolver->base, on_stale_end, name);
    name->host = strdup(host);
    if (!name->host) {
        free(name);
        return NULL;
    }
    if (socket_address_parse(host, port, &name->answer.addresses[0]))
        name->answer.count = 1;
    else
        arm(&name->next, 0);
    return name;
}

void resolver_name_free(struct resolver_name *name)
{
    if (!name)
        return;
    evtimer_del(&name->next);
    evtimer_del(&name->stale_end);
    if (name->looking_up)
        name->abandoned = true;
    else
        destroy(name);
}

void resolver_name_count(struct resolver_name *name, struct resolver_counters *counters)
{
    name->counters = counters;
}

const struct resolver_answer *resolver_name_answer(const struct resolver_name *name)
{
    return &name->answer;
}

bool resolver_name_retry(struct resolver_name *name)
{
    if (name->looking_up)
        return true;
    if (name->failures && clock_monotonic_us() - name->failed_us < (uint64_t)RETRY_MIN_MS * 1000)
        return false;
    arm(&name->next, 0);
    return true;
}
