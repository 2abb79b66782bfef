#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/journal.h"
#include "base/log_record.h"
#include "base/log_writer.h"

enum {
    BATCH_BYTES = 4096, /* PIPE_BUF: a pipe that polls writable takes so many at once, so no write blocks */
};

static atomic_int threshold = LOG_LEVEL_INFO;
static atomic_int line_format = LOG_FORMAT_TEXT;
static atomic_bool to_journal;
static int out = STDERR_FILENO;   /* one number for good: what it leads to is changed by dup3(2) */
static atomic_bool blocks = true; /* it may be something whose write(2) waits for a reader */
static atomic_bool out_torn;      /* the last line was not written to its end */
static atomic_uint_fast64_t dropped;

/* The lines that a thread has put off until log_flush(). */
static _Thread_local struct {
    bool on;
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

static void drop(unsigned lines)
{
    atomic_fetch_add_explicit(&dropped, lines, memory_order_relaxed);
}

static unsigned count_lines(struct slice lines)
{
    unsigned count = 0;

    for (size_t i = 0; i < lines.len; i++)
        count += lines.ptr[i] == '\n';
    return count;
}

/* After a disk that was full: the rest of that line is lost, and the next is a line of its own. */
static void write_lines(int fd, struct slice lines, atomic_bool *torn)
{
    ssize_t n;

    if (atomic_load_explicit(torn, memory_order_relaxed) && write(fd, "\n", 1) == 1)
        atomic_store(torn, false);
    n = write(fd, lines.ptr, lines.len);
    if (n == (ssize_t)lines.len)
        return;
    drop(count_lines(slice_from(lines, n > 0 ? (size_t)n : 0)));
    if (n > 0 && lines.ptr[n - 1] != '\n')
        atomic_store(torn, true);
}

/* A log_writer_put. */
static void put_in_file(int fd, struct slice lines)
{
    static atomic_bool file_torn;

    write_lines(fd, lines, &file_torn);
}

/* A disk may hang, and what is to be written then waits in the kernel: a thread of its own does that. */
static int through_a_thread(int fd)
{
    int own = log_writer_use(fd, put_in_file);

    return own < 0 ? fd : own;
}

void log_use(int fd, const char *path)
{
    struct stat st;
    bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

    atomic_store(&to_journal, !path && journal_open());
    if (path && is_file)
        fd = through_a_thread(fd);
    atomic_store(&blocks, !is_file);
    if (fd < 0 || fd == out)
        return;
    while (dup3(fd, out, O_CLOEXEC) < 0 && (errno == EINTR || errno == EBUSY))
        ;
    close(fd);
}

void log_close(void)
{
    log_use(log_open(NULL), NULL);
    if (!log_writer_end())
        log_warn("log.file: the disk takes nothing: the last lines are lost");
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

/* One at a time where it may block: that there is room now holds for one alone. */
static void write_out(struct slice lines)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    struct pollfd ready = {out, POLLOUT, 0};

    if (!atomic_load_explicit(&blocks, memory_order_relaxed)) {
        write_lines(out, lines, &out_torn);
        return;
    }
    pthread_mutex_lock(&turn);
    if (poll(&ready, 1, 0) == 1)
        write_lines(out, lines, &out_torn);
    else
        drop(count_lines(lines));
    pthread_mutex_unlock(&turn);
}

void log_flush(void)
{
    if (batch.len)
        write_out(slice_of(batch.data, batch.len));
    batch.len = 0;
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
        write_out(line);
        return;
    }
    memcpy(batch.data + batch.len, line.ptr, line.len);
    batch.len += line.len;
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
