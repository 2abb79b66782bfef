#include "proxy/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/hits.h"
#include "proxy/exchange.h"

const uint64_t metrics_bounds_us[METRICS_BUCKETS] = {
    100,    250,    500,    1000,    2500,    5000,    10000,    25000,    50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000,
};

static void observe(struct metrics_histogram *histogram, uint64_t us)
{
    size_t i = 0;

    while (i < METRICS_BUCKETS && us > metrics_bounds_us[i])
        i++;
    if (i < METRICS_BUCKETS)
        counter_add(&histogram->buckets[i], 1);
    counter_add(&histogram->count, 1);
    counter_add(&histogram->sum_us, us);
}

static struct metrics_listener *listener_new(const char *name)
{
    struct metrics_listener *listener = calloc(1, sizeof(*listener));

    if (!listener)
        return NULL;
    snprintf(listener->name, sizeof(listener->name), "%s", name);
    listener->requests = calloc(operation_count + 1, sizeof(*listener->requests));
    if (listener->requests)
        return listener;
    free(listener);
    return NULL;
}

/* By name: a listener of a new configuration goes on counting where its namesake left off. NULL when memory
 * is short, or names have been used up: then it is not counted by listener. */
static struct metrics_listener *find_listener(struct proxy_metrics *metrics, const char *name)
{
    for (size_t i = 0; i < METRICS_LISTENERS; i++) {
        struct metrics_listener *listener =
            atomic_load_explicit(&metrics->listeners[i], memory_order_relaxed);

        if (!listener) {
            listener = listener_new(name);
            atomic_store_explicit(&metrics->listeners[i], listener, memory_order_release);
            return listener;
        }
        if (strcmp(listener->name, name) == 0)
            return listener;
    }
    return NULL;
}

static enum metrics_decision decision_of(const struct exchange *exchange)
{
    static const enum metrics_decision decisions[] = {
        [POLICY_ALLOWED] = METRICS_ALLOWED,
        [POLICY_EXPLICIT_DENY] = METRICS_EXPLICIT_DENY,
        [POLICY_IMPLICIT_DENY] = METRICS_IMPLICIT_DENY,
    };
    const struct admission *admission = &exchange->admission;

    if (exchange->vended)
        return METRICS_VENDED;
    if (admission->presigned_denied)
        return METRICS_PRESIGNED_URL_DENIED;
    return admission->decided ? decisions[admission->decision] : METRICS_REFUSED;
}

static void count_request(struct metrics_listener *listener, const struct exchange *exchange)
{
    const struct operation *operation = exchange->admission.match.operation;
    size_t row = operation ? (size_t)(operation - operation_table) : operation_count;

    counter_add(&listener->requests[row][decision_of(exchange)][exchange->status / 100], 1);
}

/* The statement that has decided; what no statement matches is an implicit_deny of the listener's. Those of
 * an endpoint's own policy are not counted: they may be others the next moment. */
static void count_hit(const struct proxy_metrics *metrics, const struct exchange *exchange)
{
    const struct admission *admission = &exchange->admission;
    const struct policy_reason *reason = &admission->reason;

    if (admission->decided && reason->matched && reason->document < admission->listener->policy_files.count)
        counter_add(hits_counter(exchange->proxy->config, metrics->worker, admission->listener,
                                 reason->document, reason->statement),
                    1);
}

static void count_times(struct proxy_metrics *metrics, const struct exchange *exchange)
{
    const uint64_t *entered = exchange->entered_us;

    observe(&metrics->total, exchange->proxy->now_us - exchange->start_us);
    /* One that was to be sent again may have ended while it waited for credentials once more. */
    if (!entered[EXCHANGE_READ_RESPONSE] ||
        entered[EXCHANGE_READ_RESPONSE] < entered[EXCHANGE_AWAIT_CREDENTIALS])
        return;
    observe(&metrics->overhead, entered[EXCHANGE_READ_RESPONSE] - entered[EXCHANGE_AWAIT_CREDENTIALS]);
    if (entered[EXCHANGE_RELAY])
        observe(&metrics->upstream, entered[EXCHANGE_RELAY] - entered[EXCHANGE_READ_RESPONSE]);
}

static void count_retries(struct proxy_metrics *metrics, const struct exchange *exchange)
{
    counter_add(&metrics->retries[METRICS_RETRY_CONNECTION], exchange->retried);
    counter_add(&metrics->retries[METRICS_RETRY_CREDENTIALS], exchange->renewed);
    counter_add(&metrics->retries[METRICS_RETRY_CLOCK], exchange->reclocked);
}

void metrics_count(struct proxy_metrics *metrics, const struct exchange *exchange)
{
    struct metrics_listener *listener = find_listener(metrics, exchange->client->listener->name);

    if (listener)
        count_request(listener, exchange);
    count_hit(metrics, exchange);
    denials_note(&metrics->denials, exchange);
    count_times(metrics, exchange);
    counter_add(&metrics->ended, 1);
    counter_add(&metrics->bytes_in, exchange->body_bytes);
    counter_add(&metrics->bytes_out, exchange->response_bytes);
    if (exchange->denied_by)
        counter_add(&metrics->service_denials[exchange->denied_by], 1);
    if (exchange->rejected)
        counter_add(&metrics->rejected_signatures[exchange->rejected], 1);
    if (exchange->admission.presigned_url && !exchange->refused)
        counter_add(&metrics->presigned_urls, 1);
    if (exchange->retried || exchange->renewed || exchange->reclocked)
        count_retries(metrics, exchange);
}

struct proxy_metrics *metrics_new(unsigned worker)
{
    struct proxy_metrics *metrics = calloc(1, sizeof(*metrics));

    if (metrics)
        metrics->worker = worker;
    return metrics;
}

void metrics_free(struct proxy_metrics *metrics)
{
    for (size_t i = 0; metrics && i < METRICS_LISTENERS; i++) {
        struct metrics_listener *listener =
            atomic_load_explicit(&metrics->listeners[i], memory_order_relaxed);

        if (!listener)
            break;
        free(listener->requests);
        free(listener);
    }
    free(metrics);
}
