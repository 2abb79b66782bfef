/*
 * Reads back the lines that tell of requests: text and JSON as the daemon writes them to standard error or a
 * file, and both as journalctl(1) prints them (-o cat, -o short, -o json). By the names of fields: new ones
 * change nothing.
 */
#ifndef SAGEGATE_CLI_LOG_LINE_H
#define SAGEGATE_CLI_LOG_LINE_H

#include "base/arena.h"

/* The fields that are read; empty: the line does not have it. */
struct log_line {
    struct slice listener, action, resource, decision, audit;
    struct slice cut; /* values were too long for the line, and are not in it */
};

enum log_line_kind {
    LOG_LINE_OTHER,   /* of something else */
    LOG_LINE_REQUEST, /* of a request, or of its denial */
    LOG_LINE_BROKEN,  /* it was to be of a request, but is cut short or damaged */
};

/* All memory is the arena's. */
enum log_line_kind log_line_read(struct slice line, struct arena *arena, struct log_line *out);

#endif
