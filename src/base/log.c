#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

static enum log_level threshold = LOG_LEVEL_INFO;
static enum log_format line_format = LOG_FORMAT_TEXT;
static atomic_uint_fast64_t dropped;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* A line under construction; what does not fit is cut, leaving room for the ending. */
struct line {
    char data[LINE_MAX_BYTES];
    size_t len;
};

static void put(struct line *line, struct slice s)
{
    size_t room = sizeof(line->data) - 8 - line->len;
    size_t n = s.len < room ? s.len : room;

    memcpy(line->data + line->len, s.ptr, n);
    line->len += n;
}

/* Bytes outside printable ASCII become \u00XX, so that a line is one line and valid JSON whatever a client
 * sent. */
static void put_escaped(struct line *line, struct slice s, bool quotes)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        char escaped[8];
        int n;

        if (quotes && (c == '"' || c == '\\'))
            n = snprintf(escaped, sizeof(escaped), "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            n = snprintf(escaped, sizeof(escaped), "\\u%04x", c);
        else
            n = snprintf(escaped, sizeof(escaped), "%c", c);
        if (line->len + (size_t)n > sizeof(line->data) - 8)
            return;
        put(line, slice_of(escaped, (size_t)n));
    }
}

static void put_time(struct line *line)
{
    struct timespec now;
    struct tm tm;
    char text[40];
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    n += (size_t)snprintf(text + n, sizeof(text) - n, ".%03ldZ", now.tv_nsec / 1000000);
    put(line, slice_of(text, n));
}

static bool plain_value(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] >= 0x7f || s.ptr[i] == '"' || s.ptr[i] == '\\')
            return false;
    }
    return true;
}

static void put_text(struct line *line, enum log_level level, struct slice message,
                     const struct log_field *fields, size_t count)
{
    put_time(line);
    put(line, SLICE(" "));
    put(line, slice_cstr(level_names[level]));
    put(line, SLICE(": "));
    put_escaped(line, message, false);
    for (size_t i = 0; i < count; i++) {
        bool plain = plain_value(fields[i].value);

        if (fields[i].value.len == 0)
            continue;
        put(line, SLICE(" "));
        put(line, slice_cstr(fields[i].key));
        put(line, plain ? SLICE("=") : SLICE("=\""));
        put_escaped(line, fields[i].value, true);
        put(line, plain ? SLICE("") : SLICE("\""));
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
    put_escaped(line, message, true);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].value.len == 0)
            continue;
        /* A field that might not fit is left out whole: half a field would not be JSON. */
        if (line->len + 6 * fields[i].value.len + strlen(fields[i].key) + 8 > sizeof(line->data) - 8)
            continue;
        put(line, SLICE("\",\""));
        put(line, slice_cstr(fields[i].key));
        put(line, SLICE("\":\""));
        put_escaped(line, fields[i].value, true);
    }
    line->data[line->len++] = '"';
    line->data[line->len++] = '}';
}

void log_setup(enum log_level level, enum log_format format)
{
    threshold = level;
    line_format = format;
}

bool log_enabled(enum log_level level)
{
    return level <= threshold;
}

static void emit(enum log_level level, struct slice message, const struct log_field *fields, size_t count)
{
    struct pollfd ready = {STDERR_FILENO, POLLOUT, 0};
    struct line line;

    line.len = 0;
    if (line_format == LOG_FORMAT_JSON)
        put_json(&line, level, message, fields, count);
    else
        put_text(&line, level, message, fields, count);
    line.data[line.len++] = '\n';
    /* A pipe that polls writable takes PIPE_BUF (4096) bytes at once, so this write does not block. */
    if (poll(&ready, 1, 0) != 1 || write(STDERR_FILENO, line.data, line.len) != (ssize_t)line.len)
        atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
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
