/*
 * The search and the keeping: asks providers in order until one answers, stays with that one, asks it again
 * in time, and keeps what it has while it cannot. Driven by ticks and knows no clock and no event loop of its
 * own, so that tests play hours in no time.
 */
#ifndef SAGEGATE_CREDENTIALS_CHAIN_H
#define SAGEGATE_CREDENTIALS_CHAIN_H

#include "credentials/provider.h"

struct chain_setup {
    const struct provider *const *providers; /* in the order of asking; lives as long as the chain */
    size_t count;
    const char *identity; /* whose credentials these are, for the log; NULL: the default identity */
    struct provider_setup of_providers; /* but for answer and user; what it points to lives as long */
    const struct sts_role *role;        /* to assume with what is found, and lives as long; NULL: none */
    credentials_changed *changed;
    void *changed_user;
    void (*wake)(void *user); /* an answer came between ticks: tick soon. Never called by chain_tick(). */
    void *wake_user;
};

struct chain_now {
    int64_t wall; /* seconds */
    uint64_t monotonic_us;
    uint32_t random; /* uniform */
};

struct chain;

/* NULL when memory is short. */
struct chain *chain_new(const struct chain_setup *setup);

/* Does what is due. Returns the milliseconds until the next tick, or -1 when only an answer can change
 * anything. */
int chain_tick(struct chain *chain, const struct chain_now *now);

/*
 * The current set is said to be accepted no more: at the next tick its provider is asked again, unless it was
 * asked for this reason only just (10 to 15 s). In either case `changed` is called when it is known how it
 * stands, even if nothing has changed.
 */
void chain_renew(struct chain *chain);

/* The name of the provider that gave the current set, or that was asked last. */
const char *chain_provider(const struct chain *chain);

/* How often a search, or a refresh, has failed. */
uint64_t chain_failures(const struct chain *chain);

void chain_free(struct chain *chain); /* NULL is fine; not from within `changed` */

#endif
