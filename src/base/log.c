#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/journal.h"

enum {
    LINE_MAX_BYTES = 4096,
    BATCH_BYTES = 4096, /* PIPE_BUF: a pipe that polls writable takes so many at once, so no write blocks */
    ENDING = 8,         /* what may come after a line's last field */
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

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* A line under construction; what does not fit is cut, leaving room for the ending. */
struct line {
    char data[LINE_MAX_BYTES];
    size_t len;
};

static void put(struct line *line, struct slice s)
{
    size_t room = sizeof(line->data) - ENDING - line->len;
    size_t n = s.len < room ? s.len : room;

    memcpy(line->data + line->len, s.ptr, n);
    line->len += n;
}

/* Where a byte stands for itself. */
enum { BARE = 1, QUOTED = 2, MESSAGE = 4 };

static const unsigned char stands[256] = {
    [' '] = QUOTED | MESSAGE, ['!'] = BARE | QUOTED | MESSAGE,
    ['"'] = MESSAGE,          ['#' ... '['] = BARE | QUOTED | MESSAGE,
    ['\\'] = MESSAGE,         [']' ... '~'] = BARE | QUOTED | MESSAGE,
};

/* How many of the first bytes stand for themselves there. */
static size_t span(struct slice s, unsigned char where)
{
    size_t n = 0;

    while (n < s.len && stands[(unsigned char)s.ptr[n]] & where)
        n++;
    return n;
}

/* Bytes outside printable ASCII become \u00XX, so that a line is one line and valid JSON whatever a client
 * sent. */
static void put_escaped(struct line *line, struct slice s, unsigned char where)
{
    while (s.len > 0) {
        size_t plain = span(s, where);
        unsigned char c;
        char escaped[8];
        int n;

        put(line, slice_of(s.ptr, plain));
        if (plain == s.len)
            return;
        c = (unsigned char)s.ptr[plain];
        n = snprintf(escaped, sizeof(escaped), c == '"' || c == '\\' ? "\\%c" : "\\u%04x", c);
        if (line->len + (size_t)n > sizeof(line->data) - ENDING)
            return;
        put(line, slice_of(escaped, (size_t)n));
        s = slice_from(s, plain + 1);
    }
}

static void put_time(struct line *line)
{
    static _Thread_local time_t second = -1;
    static _Thread_local char text[sizeof("2026-01-31T12:00:00.000Z")];
    struct timespec now;
    unsigned ms;

    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second) {
        struct tm tm;

        gmtime_r(&now.tv_sec, &tm);
        if (strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z", &tm) == 0)
            return;
        second = now.tv_sec;
    }
    ms = (unsigned)(now.tv_nsec / 1000000);
    text[20] = (char)('0' + ms / 100);
    text[21] = (char)('0' + ms / 10 % 10);
    text[22] = (char)('0' + ms % 10);
    put(line, slice_of(text, sizeof(text) - 1));
}

/* The sentence, and its fields as NAME=VALUE. */
static void put_sentence(struct line *line, struct slice message, const struct log_field *fields,
                         size_t count)
{
    put_escaped(line, message, MESSAGE);
    for (size_t i = 0; i < count; i++) {
        struct slice value = fields[i].value;

        if (value.len == 0)
            continue;
        put(line, SLICE(" "));
        put(line, slice_cstr(fields[i].key));
        if (span(value, BARE) == value.len) {
            put(line, SLICE("="));
            put(line, value);
        } else {
            put(line, SLICE("=\""));
            put_escaped(line, value, QUOTED);
            put(line, SLICE("\""));
        }
    }
}

static void put_text(struct line *line, enum log_level level, struct slice message,
                     const struct log_field *fields, size_t count)
{
    put_time(line);
    put(line, SLICE(" "));
    put(line, slice_cstr(level_names[level]));
    put(line, SLICE(": "));
    put_sentence(line, message, fields, count);
}

/* What journalctl shows is the sentence; what it selects by are fields of their own: SAGEGATE_ACTION and so
 * on. */
static void put_journal(struct line *line, enum log_level level, struct slice message,
                        const struct log_field *fields, size_t count)
{
    static const char *const priorities[] = {"3", "4", "6", "7"}; /* syslog(3) */

    put(line, SLICE("SYSLOG_IDENTIFIER=sagegate\nPRIORITY="));
    put(line, slice_cstr(priorities[level]));
    if (slice_eq(message, SLICE("request")))
        put(line, SLICE("\nMESSAGE_ID=" LOG_REQUEST_MESSAGE_ID));
    put(line, SLICE("\nMESSAGE="));
    put_sentence(line, message, fields, count);
    for (size_t i = 0; i < count; i++) {
        /* A field that might not fit is left out whole. */
        if (fields[i].value.len == 0 ||
            line->len + 6 * fields[i].value.len + strlen(fields[i].key) + 16 > sizeof(line->data) - ENDING)
            continue;
        put(line, SLICE("\nSAGEGATE_"));
        for (const char *c = fields[i].key; *c; c++)
            line->data[line->len++] = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        put(line, SLICE("="));
        put_escaped(line, fields[i].value, MESSAGE);
    }
}

static void put_json(struct line *line, enum log_level level, struct slice message,
                     const struct log_field *fields, size_t count)
{
    put(line, SLICE("{\"time\":\""));
    put_time(line);
    put(line, SLICE("\",\"level\":\""));
    put(line, slice_cstr(level_names[level]));
    put(line, SLICE("\",\"message\":\""));
    put_escaped(line, message, QUOTED);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].value.len == 0)
            continue;
        /* A field that might not fit is left out whole: half a field would not be JSON. */
        if (line->len + 6 * fields[i].value.len + strlen(fields[i].key) + 8 > sizeof(line->data) - ENDING)
            continue;
        put(line, SLICE("\",\""));
        put(line, slice_cstr(fields[i].key));
        put(line, SLICE("\":\""));
        put_escaped(line, fields[i].value, QUOTED);
    }
    line->data[line->len++] = '"';
    line->data[line->len++] = '}';
}

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

static void emit(enum log_level level, struct slice message, const struct log_field *fields, size_t count)
{
    struct line line;

    line.len = 0;
    if (to_journal) {
        put_journal(&line, level, message, fields, count);
        line.data[line.len++] = '\n';
        if (!journal_send(slice_of(line.data, line.len)))
            atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
        return;
    }
    if (atomic_load_explicit(&line_format, memory_order_relaxed) == LOG_FORMAT_JSON)
        put_json(&line, level, message, fields, count);
    else
        put_text(&line, level, message, fields, count);
    line.data[line.len++] = '\n';
    if (batch.len + line.len > sizeof(batch.data))
        log_flush();
    if (!batch.on) {
        write_out(line.data, line.len, 1);
        return;
    }
    memcpy(batch.data + batch.len, line.data, line.len);
    batch.len += line.len;
    batch.lines++;
}

void log_event(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    if (log_enabled(level))
        emit(level, slice_cstr(message), fields, count);
}

void log_line(enum log_level level, const char *format, ...)
{
    char message[1024];
    va_list args;

    if (!log_enabled(level))
        return;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    emit(level, slice_cstr(message), NULL, 0);
}

uint64_t log_dropped(void)
{
    return atomic_load_explicit(&dropped, memory_order_relaxed);
}
