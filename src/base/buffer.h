/*
 * Owned bytes that grow. A failed allocation is remembered in `failed` and later appends do nothing,
 * so that a writer appends freely and checks once at the end. Zero-initialise; buffer_free() releases.
 * Not for what holds secrets for long: see secret.h.
 */
#ifndef SAGEGATE_BASE_BUFFER_H
#define SAGEGATE_BASE_BUFFER_H

#include <stdbool.h>

#include "base/slice.h"

struct buffer {
    char *data;
    size_t len;
    size_t cap;
    bool failed; /* out of memory since the last reset */
    bool secret; /* secrets pass here: no memory is given back unwiped, also when the buffer grows */
};

/* Makes room for `more` bytes after len. False (and failed set) when memory is short. */
bool buffer_reserve(struct buffer *b, size_t more);

/* The usual case inline: a request is written by many small appends. */
static inline void buffer_append(struct buffer *b, struct slice s)
{
    if (s.len == 0 || b->failed || (s.len > b->cap - b->len && !buffer_reserve(b, s.len)))
        return;
    memcpy(b->data + b->len, s.ptr, s.len);
    b->len += s.len;
}

static inline void buffer_append_char(struct buffer *b, char c)
{
    buffer_append(b, slice_of(&c, 1));
}

void buffer_append_u64(struct buffer *b, unsigned long long value);
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A NUL after the last byte that does not count in len; NULL when the buffer failed. */
const char *buffer_cstr(struct buffer *b);

/* Empty again, memory kept. */
static inline void buffer_reset(struct buffer *b)
{
    b->len = 0;
    b->failed = false;
}

/* Empty again, memory kept and wiped. */
void buffer_wipe(struct buffer *b);

/* Takes n bytes off the front (n <= len); the rest moves down. */
void buffer_consume(struct buffer *b, size_t n);

void buffer_free(struct buffer *b);

static inline struct slice buffer_slice(const struct buffer *b)
{
    return slice_of(b->data, b->len);
}

#endif
