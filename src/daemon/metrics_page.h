/*
 * The metrics of all workers as text, in the Prometheus text format 0.0.4 or OpenMetrics 1.0. Names and units
 * follow Prometheus's conventions ("Metric and label naming"). Not for counting: see proxy/metrics.h.
 */
#ifndef SAGEGATE_DAEMON_METRICS_PAGE_H
#define SAGEGATE_DAEMON_METRICS_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct proxy_metrics;

enum { METRICS_PAGE_WORKERS = 64 };

/* What is not the workers' to count. */
struct metrics_process {
    bool has_credentials;
    int64_t credentials_expiration; /* wall seconds; 0: never */
    int64_t start_seconds;          /* wall */
};

/* Appends the page to out, which has failed when memory is short. count is at most METRICS_PAGE_WORKERS. */
void metrics_page_write(struct buffer *out, const struct proxy_metrics *const *workers, size_t count,
                        const struct metrics_process *process, bool openmetrics);

#endif
