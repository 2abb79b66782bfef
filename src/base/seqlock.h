/*
 * A value that one thread writes and any may read whole, without ever making the writer wait: a sequence lock
 * (Boehm, "Can seqlocks get along with programming language memory models?", 2012). For what is written
 * seldom, or read seldom.
 */
#ifndef SAGEGATE_BASE_SEQLOCK_H
#define SAGEGATE_BASE_SEQLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seqlock {
    _Atomic uint64_t sequence; /* grows by two with each value; odd while one is being written */
};

/* Room for a value, in the words that seqlock_write() and seqlock_read() take. */
#define SEQLOCK_WORDS(type) ((sizeof(type) + sizeof(uint64_t) - 1) / sizeof(uint64_t))

/* By the one thread that writes it. */
void seqlock_write(struct seqlock *lock, _Atomic uint64_t *words, const void *value, size_t size);

/* False when nothing was written yet, or so often meanwhile that it could not be read. */
bool seqlock_read(const struct seqlock *lock, const _Atomic uint64_t *words, void *value, size_t size);

#endif
