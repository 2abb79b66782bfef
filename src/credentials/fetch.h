/*
 * One small HTTP exchange with a metadata service on this host or its link: GET or PUT to a literal address,
 * with a deadline for the whole of it. No proxies, no redirects, no names to resolve, no TLS.
 */
#ifndef SAGEGATE_CREDENTIALS_FETCH_H
#define SAGEGATE_CREDENTIALS_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

struct event_base;

enum { FETCH_ANSWER_MAX = 64 * 1024 };

struct fetch_target {
    char host[64]; /* IPv4 or IPv6 literal, no brackets */
    uint16_t port;
    char authority[272]; /* as in a URL: the Host header, and the name in messages */
};

/*
 * Takes "http://ADDRESS[:PORT][/]" apart. SG_INVALID for another scheme, for anything after the authority,
 * and for a name instead of an address; "localhost" alone is taken, as 127.0.0.1 (RFC 6761 section 6.3).
 */
enum sg_status fetch_target_parse(const char *url, struct fetch_target *target, struct sg_error *err);

struct fetch_request {
    const struct fetch_target *target;
    bool put; /* with an empty body; else GET */
    const char *path;
    const char *header_name; /* one header beside Host; NULL for none */
    const char *header_value;
    unsigned timeout_ms;
};

struct fetch_answer {
    int status;              /* 0: there was no answer, problem says why */
    struct slice body;       /* valid during the call; wiped after it */
    int64_t date;            /* the service's, in wall seconds; 0: not told, as by plain HTTP */
    const char *public_peer; /* its address, when that is public though require_private is set; else NULL */
    bool timed_out;
    const char *problem; /* NULL when there was an answer, of whatever status */
};

typedef void fetch_done(void *user, const struct fetch_answer *answer);

struct fetch;

/* Everything is copied. `done` is called once, from the event loop, after which the fetch is gone. NULL when
 * memory is short. */
struct fetch *fetch_start(struct event_base *base, const struct fetch_request *request, fetch_done *done,
                          void *user);

void fetch_cancel(struct fetch *fetch); /* `done` is not called; NULL is fine */

#endif
