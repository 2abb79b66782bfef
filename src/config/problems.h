/* Collects what is wrong in one file: places it, words it, counts it, and passes it on. */
#ifndef SAGEGATE_CONFIG_PROBLEMS_H
#define SAGEGATE_CONFIG_PROBLEMS_H

#include <limits.h>

#include "base/quote.h"
#include "config/config.h"

/* A place in a file, from 1; line 0 means the file as a whole. */
struct mark {
    unsigned line, column;
};

/* A line that no file has: the text comes from variables[column - 1]. */
#define PROBLEM_IN_ENVIRONMENT UINT_MAX

enum { PROBLEMS_MAX = 100 }; /* then one more that says so, and silence */

struct problems {
    const char *file;
    config_report *report;
    void *user;
    unsigned errors, count;
    char **variables; /* NAME=VALUE, for what comes from the environment; not owned */
};

void problem_error(struct problems *problems, struct mark at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Warns of the whole file when `so`. */
void problem_if_world_writable(struct problems *problems, bool so);
void problem_warning(struct problems *problems, struct mark at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Nothing more will be shown, so that looking on is pointless. */
static inline bool problems_full(const struct problems *problems)
{
    return problems->count > PROBLEMS_MAX;
}

/* quote_text(), as problems are worded with it. */
static inline const char *problem_quote(struct slice text, char out[QUOTE_SIZE])
{
    return quote_text(text, out);
}

#endif
