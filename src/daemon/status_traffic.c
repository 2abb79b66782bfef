/* Counts of all requests, and how long they took. Rates are for who asks twice to make. */
#include "daemon/status.h"

#include "base/log.h"

static json_int_t sum(const struct overview *overview, size_t offset)
{
    return (json_int_t)overview_sum(overview, offset);
}

#define SUM(member) sum(overview, offsetof(struct proxy_metrics, member))

static json_t *histogram(const struct overview *overview, size_t offset)
{
    json_t *buckets = json_array();

    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        size_t at = offset + offsetof(struct metrics_histogram, buckets) + i * sizeof(struct counter);

        json_array_append_new(buckets, json_integer(sum(overview, at)));
    }
    return json_pack("{s:I,s:f,s:o}", "count",
                     sum(overview, offset + offsetof(struct metrics_histogram, count)), "sum_seconds",
                     (double)sum(overview, offset + offsetof(struct metrics_histogram, sum_us)) / 1e6,
                     "buckets", buckets);
}

/* Each bucket has only what is in no smaller one; what is in none took longer than the last bound. */
static json_t *latency(const struct overview *overview)
{
    json_t *bounds = json_array();

    for (size_t i = 0; i < METRICS_BUCKETS; i++)
        json_array_append_new(bounds, json_real((double)metrics_bounds_us[i] / 1e6));
    return json_pack("{s:o,s:o,s:o,s:o}", "bounds_seconds", bounds, "total",
                     histogram(overview, offsetof(struct proxy_metrics, total)), "upstream",
                     histogram(overview, offsetof(struct proxy_metrics, upstream)), "overhead",
                     histogram(overview, offsetof(struct proxy_metrics, overhead)));
}

static void add_row(void *user, const struct overview_requests *row)
{
    json_array_append_new(user,
                          json_pack("{s:s,s:s,s:s,s:s,s:s,s:I}", "listener", row->listener, "service",
                                    row->service, "operation", row->operation, "decision", row->decision,
                                    "status", row->status, "count", (json_int_t)row->count));
}

json_t *status_traffic(const struct overview *overview)
{
    json_t *requests = json_array();
    json_t *retries =
        json_pack("{s:I,s:I,s:I}", "connection", SUM(retries[METRICS_RETRY_CONNECTION]), "credentials",
                  SUM(retries[METRICS_RETRY_CREDENTIALS]), "clock", SUM(retries[METRICS_RETRY_CLOCK]));

    overview_each_requests(overview, add_row, requests);
    return json_pack("{s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "requests", requests, "in_flight",
                     SUM(begun) - SUM(ended), "clients", SUM(connected) - SUM(disconnected), "body_bytes_in",
                     SUM(bytes_in), "body_bytes_out", SUM(bytes_out), "connections_turned_away",
                     SUM(turned_away), "requests_turned_away", SUM(busy), "log_lines_dropped",
                     (json_int_t)log_dropped(), "retries", retries, "latency", latency(overview));
}
