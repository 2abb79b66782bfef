#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/log_record.h"

enum {
    BATCH_BYTES = 4096, /* PIPE_BUF: a pipe that polls writable takes so many at once, so no write blocks */
};

static atomic_int threshold = LOG_LEVEL_INFO;
static atomic_int line_format = LOG_FORMAT_TEXT;
static bool to_journal;
static bool blocks = true; /* stderr may be something whose write(2) waits for a reader */
static atomic_uint_fast64_t dropped;

/* The lines that a thread has put off until log_flush(). */
static _Thread_local struct {
    bool on;
    unsigned lines;
    size_t len;
    char data[BATCH_BYTES];
} batch;

void log_change(enum log_level level, enum log_format format)
{
    atomic_store_explicit(&threshold, level, memory_order_relaxed);
    atomic_store_explicit(&line_format, format, memory_order_relaxed);
}

void log_setup(enum log_level level, enum log_format format)
{
    struct stat st;

    log_change(level, format);
    to_journal = journal_open();
    blocks = fstat(STDERR_FILENO, &st) != 0 || !S_ISREG(st.st_mode);
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

static void write_out(const char *data, size_t len, unsigned lines)
{
    struct pollfd ready = {STDERR_FILENO, POLLOUT, 0};

    if ((blocks && poll(&ready, 1, 0) != 1) || write(STDERR_FILENO, data, len) != (ssize_t)len)
        atomic_fetch_add_explicit(&dropped, lines, memory_order_relaxed);
}

void log_flush(void)
{
    if (batch.lines)
        write_out(batch.data, batch.len, batch.lines);
    batch.len = batch.lines = 0;
}

void log_batch(bool on)
{
    log_flush();
    batch.on = on;
}

enum log_form log_form(void)
{
    if (to_journal)
        return LOG_FORM_JOURNAL;
    return atomic_load_explicit(&line_format, memory_order_relaxed) == LOG_FORMAT_JSON ? LOG_FORM_JSON
                                                                                       : LOG_FORM_TEXT;
}

void log_write(struct slice line, struct slice tags)
{
    if (to_journal) {
        if (!journal_send(line, tags))
            atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
        return;
    }
    if (batch.len + line.len > sizeof(batch.data))
        log_flush();
    if (!batch.on) {
        write_out(line.ptr, line.len, 1);
        return;
    }
    memcpy(batch.data + batch.len, line.ptr, line.len);
    batch.len += line.len;
    batch.lines++;
}

void log_line(enum log_level level, const char *format, ...)
{
    char message[1024];
    struct log_record record;
    va_list args;

    if (!log_enabled(level))
        return;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    log_begin(&record, level, message);
    log_end(&record);
}

uint64_t log_dropped(void)
{
    return atomic_load_explicit(&dropped, memory_order_relaxed);
}
