/*
 * Where the log goes: stderr, a file, or under systemd the journal; and its plain lines. Those with named
 * values are log_record.h's. A line that cannot be written at once is dropped and counted: logging never
 * blocks a worker. Never pass a secret or a body.
 */
#ifndef SAGEGATE_BASE_LOG_H
#define SAGEGATE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Before threads start: to stderr, or the journal where that leads to it. */
void log_setup(enum log_level level, enum log_format format);

/* A descriptor for log_use(): the file at path, made with mode 0640 when it is missing, to be appended to;
 * NULL: stderr again. -1 with errno. */
int log_open(const char *path);
/* From now on all lines go there, from any thread; takes over fd. path as it was given to log_open(). */
void log_use(int fd, const char *path);
/* The last lines are written, to stderr what comes after them. All other threads have ended. */
void log_close(void);

/* At any time, from any thread. */
void log_change(enum log_level level, enum log_format format);

/* Whether a line of this level would be written: ask before work that only the line needs. */
bool log_enabled(enum log_level level);

/* One sentence, as printf(3) makes it. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * With on, this thread's lines are put together until log_flush(), which it calls before it waits for events,
 * or until 4 KiB are full: a busy worker makes one write(2) a turn of its loop. Off writes each line at once,
 * as every thread does that has not asked for more.
 */
void log_batch(bool on);
void log_flush(void);

/* For log_record.c: what lines look like now, … */
enum log_form { LOG_FORM_TEXT, LOG_FORM_JSON, LOG_FORM_JOURNAL };
enum log_form log_form(void);
/* … and writing one, with its newline; tags is what follows in the journal, else empty. */
void log_write(enum log_form form, struct slice line, struct slice tags);

/* Lines lost so far because they could not be written at once. */
uint64_t log_dropped(void);

#endif
