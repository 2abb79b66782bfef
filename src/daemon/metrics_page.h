/*
 * The metrics of all workers as text, in the Prometheus text format 0.0.4 or OpenMetrics 1.0. Names and units
 * follow Prometheus's conventions ("Metric and label naming"). Not for counting: see proxy/metrics.h.
 */
#ifndef SAGEGATE_DAEMON_METRICS_PAGE_H
#define SAGEGATE_DAEMON_METRICS_PAGE_H

#include "daemon/overview.h"

/* Appends the page to out, which has failed when memory is short. */
void metrics_page_write(struct buffer *out, const struct overview *overview, bool openmetrics);

#endif
