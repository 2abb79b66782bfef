/*
 * Names to addresses by c-ares (DNS and /etc/hosts) on an event loop, kept for their TTL. One resolver a
 * worker. An answer that has run out is still given while a new one is fetched, so that a warm name never
 * delays a request.
 */
#ifndef SAGEGATE_NET_RESOLVER_H
#define SAGEGATE_NET_RESOLVER_H

#include <stddef.h>

#include "base/error.h"
#include "net/socket_address.h"

struct event_base;
struct resolver;

struct resolver *resolver_new(struct event_base *base, struct sg_error *err);

/* After all its names have been released. */
void resolver_free(struct resolver *resolver);

enum { RESOLVER_MAX_ADDRESSES = 16 };

struct resolver_answer {
    size_t count; /* 0: the lookup failed; error says why */
    union socket_address addresses[RESOLVER_MAX_ADDRESSES];
    char error[128];
};

/* A name that is looked up again and again; an address literal is one too, and needs no lookup. */
struct resolver_name;

struct resolver_name *resolver_name_new(struct resolver *resolver, const char *host, uint16_t port);
void resolver_name_free(struct resolver_name *name);

/* One who waits for an answer. Lives in the caller's memory; link it in nowhere else. */
struct resolver_waiter {
    struct resolver_waiter *next, **prev; /* prev is NULL when not waiting */
    void (*done)(void *user, const struct resolver_answer *answer);
    void *user;
};

/* Gives the answer when one is there (borrowed until the loop runs on); else NULL, and waiter->done is called
 * later. */
const struct resolver_answer *resolver_name_get(struct resolver_name *name, struct resolver_waiter *waiter);

/* No longer waits; fine when it does not. */
void resolver_cancel(struct resolver_waiter *waiter);

#endif
