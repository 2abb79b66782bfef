/*
 * What an upstream counts, and how its addresses fare, for other threads to read. Written by its worker's
 * thread alone; outlives the upstream, and goes on with the next one of the same service.
 */
#ifndef SAGEGATE_NET_UPSTREAM_METRICS_H
#define SAGEGATE_NET_UPSTREAM_METRICS_H

#include "base/counter.h"
#include "base/seqlock.h"
#include "net/addresses.h"
#include "net/dial.h"
#include "net/resolver.h"

/* Why a connection that stood was closed. */
enum upstream_end {
    UPSTREAM_END_UNFINISHED, /* its exchange ended before the answer, or the answer ends with the connection
                              */
    UPSTREAM_END_PEER,       /* the peer closed it in good order */
    UPSTREAM_END_BROKEN,     /* reset, timed out, or not TLS any more */
    UPSTREAM_END_IDLE,       /* timeouts.pool_idle */
    UPSTREAM_END_AGE,        /* timeouts.pool_age */
    UPSTREAM_END_ADDRESS,    /* its address is gone, ejected, or in another zone than a good one */
    UPSTREAM_END_RETIRED,    /* with its upstream */
    UPSTREAM_END_COUNT,
};

struct upstream_state {
    struct addresses addresses;
    char error[sizeof(((struct resolver_answer *)NULL)->error)]; /* of the last lookup; empty: none */
};

struct upstream_metrics {
    struct counter opened, reused;
    struct counter rested, roused; /* the difference rests in the pool */
    struct counter closed[UPSTREAM_END_COUNT];
    struct dial_counters dials;
    struct resolver_counters lookups;
    const void *writer; /* the newest upstream: the state is its own */
    struct seqlock lock;
    _Atomic uint64_t state[SEQLOCK_WORDS(struct upstream_state)];
};

/* False when there is none yet. */
static inline bool upstream_metrics_state(const struct upstream_metrics *metrics,
                                          struct upstream_state *state)
{
    return seqlock_read(&metrics->lock, metrics->state, state, sizeof(*state));
}

#endif
