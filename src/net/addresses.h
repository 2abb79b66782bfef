/*
 * The addresses of one endpoint and how each has fared: which to connect to, in what order. One that failed
 * is ejected: it is tried only after the good ones until a probe in the background finds it well again, and
 * probes come ever more rarely. Pure: knows no socket, no event loop and no clock of its own.
 */
#ifndef SAGEGATE_NET_ADDRESSES_H
#define SAGEGATE_NET_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/resolver.h"
#include "net/socket_address.h"

enum {
    ADDRESSES_MAX = 2 * RESOLVER_MAX_ADDRESSES,
    ADDRESS_PROBE_MIN_MS = 500, /* after the first failure; doubled by each further one */
    ADDRESS_PROBE_MAX_MS = 30000,
};

struct address {
    union socket_address at;
    bool preferred;       /* in the own availability zone */
    unsigned failures;    /* in a row; 0: good, or never tried */
    uint64_t probe_at_us; /* when it is to be tried again in the background */
};

struct addresses {
    struct address list[ADDRESSES_MAX];
    size_t count;
    size_t turn;                 /* spreads connections over equals */
    size_t refused;              /* not private, and so not in the list: how many, … */
    union socket_address public; /* … and one of them */
};

/*
 * Takes new answers: those of the zonal name (NULL when there is none), which are preferred, then those of
 * the usual one. Health is kept for addresses that stay. With require_private others are left out and
 * counted.
 */
void addresses_update(struct addresses *addresses, const struct resolver_answer *zonal,
                      const struct resolver_answer *usual, bool require_private);

/*
 * All addresses in the order to try them: good ones, the preferred first, taking turns among equals; then the
 * ejected, the one whose probe is due next first. Returns their count.
 */
size_t addresses_order(struct addresses *addresses, union socket_address order[ADDRESSES_MAX]);

/* Connecting, TLS or a connection that stood has failed. True when that ejects it: it was good until now. */
bool address_failed(struct addresses *addresses, const union socket_address *at, uint64_t now_us);

/* It could not be tried, and not by its fault: it stays what it is; the next probe of an ejected one waits
 * longer. */
void address_untried(struct addresses *addresses, const union socket_address *at, uint64_t now_us);

/* A connection stands. True when it had been ejected. */
bool address_works(struct addresses *addresses, const union socket_address *at);

/* Whether it is one of the addresses in the own availability zone. */
bool address_is_near(const struct addresses *addresses, const union socket_address *at);

/* Whether connections to it are worth keeping: it is still one of the addresses, and no other is better, by
 * being good when it is ejected, or in the own zone when it is not. */
bool address_is_wanted(const struct addresses *addresses, const union socket_address *at);

/* The ejected address whose probe is due first; NULL when none is ejected. */
const struct address *addresses_next_probe(const struct addresses *addresses);

#endif
