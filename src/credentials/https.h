/*
 * One small HTTPS exchange at a time with a host that is not this one's own: STS, EC2, or a
 * container's credentials. Names are resolved without blocking, certificate and name are always verified,
 * nothing is kept open. Not for plain HTTP: see fetch.h.
 */
#ifndef SAGEGATE_CREDENTIALS_HTTPS_H
#define SAGEGATE_CREDENTIALS_HTTPS_H

#include "config/config.h"
#include "credentials/fetch.h"

struct resolver;

/* What all exchanges of one event loop share. */
struct https;

/* Trusts as the configuration says; what it needs of that is copied. NULL with err. */
struct https *https_new(struct event_base *base, const struct config *config, struct sg_error *err);

void https_free(struct https *https); /* after all its calls; NULL is fine */

struct event_base *https_base(const struct https *https);
struct resolver *https_resolver(const struct https *https);

struct https_request {
    const struct config_endpoint *endpoint; /* outlives the call */
    struct slice text;                      /* the whole message: head and body, with "Connection: close" */
    size_t answer_max;                      /* bytes of the answer's body; 0: FETCH_ANSWER_MAX */
    unsigned timeout_ms;
};

struct https_call;

/*
 * The request is copied, and wiped when it is over. `done` is called once, from the event loop, after which
 * the call is gone; its answer is as that of fetch_start(). NULL when memory is short.
 */
struct https_call *https_start(struct https *https, const struct https_request *request, fetch_done *done,
                               void *user);

void https_cancel(struct https_call *call); /* `done` is not called; NULL is fine */

#endif
