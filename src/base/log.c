#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/journal.h"
#include "base/log_record.h"

enum {
    BATCH_BYTES = 4096, /* PIPE_BUF: a pipe that polls writable takes so many at once, so no write blocks */
};

static atomic_int threshold = LOG_LEVEL_INFO;
static atomic_int line_format = LOG_FORMAT_TEXT;
static atomic_bool to_journal;
static int out = STDERR_FILENO;   /* one number for good: what it leads to is changed by dup3(2) */
static atomic_bool blocks = true; /* it may be something whose write(2) waits for a reader */
static atomic_bool torn;          /* the last line was not written to its end */
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
    int own = log_open(NULL);

    log_change(level, format);
    if (out == STDERR_FILENO && own >= 0)
        out = own;
    log_use(own, NULL);
}

int log_open(const char *path)
{
    if (!path)
        return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

void log_use(int fd, const char *path)
{
    struct stat st;

    atomic_store(&blocks, fstat(fd, &st) != 0 || !S_ISREG(st.st_mode));
    atomic_store(&to_journal, !path && journal_open());
    if (fd < 0 || fd == out)
        return;
    while (dup3(fd, out, O_CLOEXEC) < 0 && (errno == EINTR || errno == EBUSY))
        ;
    close(fd);
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

static void drop(unsigned lines)
{
    atomic_fetch_add_explicit(&dropped, lines, memory_order_relaxed);
}

static unsigned count_lines(const char *data, size_t len)
{
    unsigned lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += data[i] == '\n';
    return lines;
}

static void write_out(const char *data, size_t len, unsigned lines)
{
    struct pollfd ready = {out, POLLOUT, 0};
    ssize_t n;

    if (atomic_load_explicit(&blocks, memory_order_relaxed) && poll(&ready, 1, 0) != 1) {
        drop(lines);
        return;
    }
    /* A disk that was full: the rest of that line is lost, and the next is a line of its own. */
    if (atomic_load_explicit(&torn, memory_order_relaxed) && write(out, "\n", 1) == 1)
        atomic_store(&torn, false);
    n = write(out, data, len);
    if (n == (ssize_t)len)
        return;
    drop(n > 0 ? lines - count_lines(data, (size_t)n) : lines);
    if (n > 0 && data[n - 1] != '\n')
        atomic_store(&torn, true);
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
    if (atomic_load_explicit(&to_journal, memory_order_relaxed))
        return LOG_FORM_JOURNAL;
    return atomic_load_explicit(&line_format, memory_order_relaxed) == LOG_FORMAT_JSON ? LOG_FORM_JSON
                                                                                       : LOG_FORM_TEXT;
}

void log_write(enum log_form form, struct slice line, struct slice tags)
{
    if (form == LOG_FORM_JOURNAL) {
        if (!journal_send(line, tags))
            drop(1);
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
    char message[SG_TEXT];
    struct log_record record;
    va_list args;

    if (!log_enabled(level))
        return;
    va_start(args, format);
    sg_vword(message, sizeof(message), format, args);
    va_end(args);
    log_begin(&record, level, slice_cstr(message));
    log_end(&record);
}

uint64_t log_dropped(void)
{
    return atomic_load_explicit(&dropped, memory_order_relaxed);
}
