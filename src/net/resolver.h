/*
 * Names to addresses by c-ares (DNS and /etc/hosts) on an event loop, kept fresh in the background: a name is
 * looked up again shortly before its TTL ends, whether or not anybody asks, so that no request waits for a
 * lookup once there is an answer. While lookups fail the last good answer stays, up to dns.max_stale. One
 * resolver a worker. Not for which of the addresses are used: see addresses.h.
 */
#ifndef SAGEGATE_NET_RESOLVER_H
#define SAGEGATE_NET_RESOLVER_H

#include <stddef.h>

#include "base/counter.h"
#include "base/error.h"
#include "config/config.h"
#include "net/socket_address.h"

struct event_base;
struct resolver;

/* Uses dns.servers and dns.max_stale of the configuration. NULL with err. */
struct resolver *resolver_new(struct event_base *base, const struct config *config, struct sg_error *err);

/* After all its names have been released. */
void resolver_free(struct resolver *resolver);

enum { RESOLVER_MAX_ADDRESSES = 16 };

struct resolver_answer {
    size_t count; /* 0: there is none; error says why, or is empty while the first lookup runs */
    union socket_address addresses[RESOLVER_MAX_ADDRESSES];
    bool no_such_name; /* that is why */
    char error[128];
};

/* A name that is looked up again and again; an address literal is one too, and needs no lookup. */
struct resolver_name;

struct resolver_counters {
    struct counter lookups, failures;
    struct counter answered_s; /* wall seconds: the last good answer; 0: none yet */
};

/* Told from the loop after each lookup, whatever came of it. */
typedef void resolver_told(void *user);

/* Looks up at once, in the background. host is copied. NULL when memory is short. */
struct resolver_name *resolver_name_new(struct resolver *resolver, const char *host, uint16_t port,
                                        resolver_told *told, void *user);
void resolver_name_free(struct resolver_name *name); /* NULL is fine */

/* Its lookups are counted there, which must outlive it. */
void resolver_name_count(struct resolver_name *name, struct resolver_counters *counters);

/* Valid until the loop runs on. */
const struct resolver_answer *resolver_name_answer(const struct resolver_name *name);

/* For one who has no address: true when a lookup is under way (`told` follows); one that failed a moment ago
 * is not repeated yet. */
bool resolver_name_retry(struct resolver_name *name);

#endif
