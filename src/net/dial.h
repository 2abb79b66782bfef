/*
 * One race for a connection: TCP and TLS to the first address, and, when that has failed or has not come
 * about within 250 ms, to the next one beside it; the first whose handshake completes wins (RFC 8305, Happy
 * Eyeballs, by zone rather than by family). What it learns of the addresses goes to their health. Not for how
 * long all this may take: the caller cancels it.
 */
#ifndef SAGEGATE_NET_DIAL_H
#define SAGEGATE_NET_DIAL_H

#include <openssl/ssl.h>

#include "base/counter.h"
#include "net/addresses.h"

struct event_base;
struct dial;

enum { DIAL_HEAD_START_MS = 250, DIAL_WHY = 400 };

struct dial_counters {
    struct counter connects_failed; /* TCP: refused, unreachable, too slow */
    struct counter handshakes_full, handshakes_resumed, handshakes_failed;
    struct counter ejected; /* addresses */
};

/* Where to; what the pointers point to outlives the dial. */
struct dial_target {
    struct event_base *base;
    SSL_CTX *tls;
    const char *host;         /* the TLS name */
    const char *default_host; /* the service's usual name, for what to say of a certificate that has only it;
                                 may be NULL */
    SSL_SESSION **session;    /* resumed, and replaced by newer ones */
    struct addresses *health;
    struct dial_counters *counters;
};

struct dial_result {
    SSL *ssl; /* with its socket: both are the receiver's now; NULL: it failed, why says how */
    int fd;
    union socket_address peer;
    bool connected;  /* TCP was there, if only TLS had come about */
    const char *why; /* valid during the call */
};

/* Told once, from the loop; the dial is gone then. */
typedef void dial_done(void *user, const struct dial_result *result);

/* order is copied. NULL when memory is short. */
struct dial *dial_start(const struct dial_target *target, const union socket_address *order, size_t count,
                        dial_done *done, void *user);

/* Ends it without a word. The addresses that are still awaited failed, when they took too long. NULL is fine.
 */
void dial_cancel(struct dial *dial, bool too_long);

/* What it is waiting for, or what failed last: "connect to 10.0.0.1:443: no answer yet". */
const char *dial_why(struct dial *dial);

#endif
