/*
 * Memory that is taken piece by piece and given back all at once: for what is built once and then only read.
 * A failed allocation is remembered in `failed`, so that a builder may check once at the end.
 * Zero-initialise; arena_free() releases. Not for secrets: see secret.h.
 */
#ifndef SAGEGATE_BASE_ARENA_H
#define SAGEGATE_BASE_ARENA_H

#include <stdarg.h>

#include "base/slice.h"

struct arena {
    struct arena_block *blocks;
    bool failed; /* out of memory at least once */
};

/* `count` zeroed objects of `size` bytes, aligned for anything; a valid pointer for count 0. NULL, and failed
 * set, when memory is short. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* A copy of the bytes; the empty slice when memory is short. */
struct slice arena_copy(struct arena *arena, struct slice s);

/* What vprintf(3) would print, copied as by arena_copy(). False when it is empty, or has `limit` bytes (at
 * most ARENA_TEXT) or more. */
enum { ARENA_TEXT = 1024 };
bool arena_vprintf(struct arena *arena, size_t limit, struct slice *text, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

void arena_free(struct arena *arena);

#endif
