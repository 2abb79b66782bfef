/*
 * What the files of the metrics page share: metrics_page.c has the page and what is counted by request, the
 * others what their names say. Others use metrics_page.h.
 */
#ifndef SAGEGATE_DAEMON_METRICS_WRITE_H
#define SAGEGATE_DAEMON_METRICS_WRITE_H

#include <stddef.h>

#include "daemon/overview.h"

struct metrics_page {
    struct buffer *out;
    const struct overview *of;
    bool openmetrics;
};

/* The head of a family; name is without "sagegate_", and of a counter without "_total". */
void metrics_family(struct metrics_page *page, const char *name, const char *type, const char *help);

/* A family of one sample. */
void metrics_number(struct metrics_page *page, const char *name, const char *type, const char *help,
                    double value);

/* Text as a label's value, with its quotes. */
void metrics_label(struct metrics_page *page, struct slice text);

/* metrics_mirror.c, metrics_upstream.c, metrics_process.c */
void metrics_write_mirror(struct metrics_page *page);
void metrics_write_upstreams(struct metrics_page *page);
void metrics_write_process(struct metrics_page *page);

#endif
