#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

enum { SMALLEST = 256 };

/* realloc() may leave the old bytes behind. */
static char *grow(const struct buffer *b, size_t cap)
{
    char *data;

    if (!b->secret)
        return realloc(b->data, cap);
    data = malloc(cap);
    if (!data)
        return NULL;
    if (b->data) {
        memcpy(data, b->data, b->len);
        secret_wipe(b->data, b->cap);
        free(b->data);
    }
    return data;
}

bool buffer_reserve(struct buffer *b, size_t more)
{
    size_t cap = b->cap ? b->cap : SMALLEST;
    char *data;

    if (b->failed || more > SIZE_MAX / 2 - b->len) {
        b->failed = true;
        return false;
    }
    if (b->len + more <= b->cap)
        return true;
    while (cap < b->len + more)
        cap *= 2;
    data = grow(b, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void buffer_append_u64(struct buffer *b, unsigned long long value)
{
    char text[SLICE_U64_MAX];

    buffer_append(b, slice_from_u64(value, text));
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args, again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        b->failed = true;
    else if (buffer_reserve(b, (size_t)n + 1)) {
        vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

const char *buffer_cstr(struct buffer *b)
{
    if (!buffer_reserve(b, 1))
        return NULL;
    b->data[b->len] = '\0';
    return b->data;
}

void buffer_consume(struct buffer *b, size_t n)
{
    b->len -= n;
    if (n && b->len)
        memmove(b->data, b->data + n, b->len);
}

void buffer_wipe(struct buffer *b)
{
    if (b->len)
        secret_wipe(b->data, b->len);
    buffer_reset(b);
}

void buffer_free(struct buffer *b)
{
    if (b->secret && b->data)
        secret_wipe(b->data, b->cap);
    free(b->data);
    *b = (struct buffer){.secret = b->secret};
}
