/*
 * What one worker counts of its requests: written by its thread alone, read by the admin listener. The
 * operations are a fixed table and the listeners are configured, so that no client makes it grow.
 */
#ifndef SAGEGATE_PROXY_METRICS_H
#define SAGEGATE_PROXY_METRICS_H

#include "aws/denial.h"
#include "aws/rejection.h"
#include "net/upstream_metrics.h"
#include "proxy/denials.h"

struct exchange;

enum metrics_decision {
    METRICS_ALLOWED,
    METRICS_EXPLICIT_DENY,
    METRICS_IMPLICIT_DENY,
    METRICS_PRESIGNED_URL_DENIED,
    METRICS_REFUSED, /* before the policy was asked */
    METRICS_VENDED,  /* a local key */
    METRICS_DECISION_COUNT,
};

enum {
    METRICS_LISTENERS = 64,
    METRICS_STATUS_COUNT = 6, /* 0: the client was told nothing; 1xx to 5xx */
    METRICS_BUCKETS = 18,
};

/* Upper bounds in microseconds; what is longer is only in the count. */
extern const uint64_t metrics_bounds_us[METRICS_BUCKETS];

struct metrics_histogram {
    struct counter buckets[METRICS_BUCKETS]; /* each only what is in no smaller one */
    struct counter count, sum_us;
};

/* requests: by operation_index, decision, status; the last operation stands for none. */
struct metrics_listener {
    char name[65];
    struct counter (*requests)[METRICS_DECISION_COUNT][METRICS_STATUS_COUNT];
};

enum metrics_retry {
    METRICS_RETRY_CONNECTION,
    METRICS_RETRY_CREDENTIALS,
    METRICS_RETRY_CLOCK,
    METRICS_RETRY_COUNT
};

struct proxy_metrics {
    unsigned worker; /* its number, from 0 */
    _Atomic(struct metrics_listener *)
        listeners[METRICS_LISTENERS]; /* in use from the front; stay once there */
    struct metrics_histogram total;   /* from the first byte of a request to the last of its answer */
    struct metrics_histogram
        upstream; /* from the request's last byte to the endpoint, to its answer's head */
    struct metrics_histogram
        overhead; /* from the request's last byte from the client, to its last to the endpoint */
    struct counter begun, ended;            /* requests */
    struct counter connected, disconnected; /* clients */
    size_t places_taken;                    /* of limits.max_requests: the worker's own */
    struct counter turned_away;             /* connections, by a limit */
    struct counter busy;                    /* requests, likewise */
    struct counter bytes_in, bytes_out;     /* of bodies */
    struct counter retries[METRICS_RETRY_COUNT];
    struct counter service_denials[AWS_DENIAL_COUNT]; /* by the service, of what the policies here allow */
    struct counter rejected_signatures[AWS_REJECTION_COUNT]; /* by the service, in the end */
    struct counter presigned_urls;                           /* requests for one that were let through */
    struct counter dropped_headers;                          /* see request.c: DROPPED_AND_TOLD */
    struct upstream_metrics upstreams[AWS_SERVICE_COUNT];
    struct denials denials;
};

/* Counts a request that has ended, however. */
void metrics_count(struct proxy_metrics *metrics, const struct exchange *exchange);

/* All zero; a worker's, for its proxies one after the other. NULL when memory is short. */
struct proxy_metrics *metrics_new(unsigned worker);
void metrics_free(struct proxy_metrics *metrics); /* NULL is fine */

#endif
