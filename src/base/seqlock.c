#include "base/seqlock.h"

#include <string.h>

enum { TRIES = 1000 };

static size_t part(size_t size, size_t at)
{
    return size - at < sizeof(uint64_t) ? size - at : sizeof(uint64_t);
}

/* Each word is released after the odd number, and acquired before the second look at it: who has read a newer
 * word sees that the number has changed. (Fences would do, but ThreadSanitizer does not know them.) */
void seqlock_write(struct seqlock *lock, _Atomic uint64_t *words, const void *value, size_t size)
{
    uint64_t sequence = atomic_load_explicit(&lock->sequence, memory_order_relaxed);

    atomic_store_explicit(&lock->sequence, sequence + 1, memory_order_relaxed);
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t word = 0;

        memcpy(&word, (const char *)value + at, part(size, at));
        atomic_store_explicit(&words[at / sizeof(word)], word, memory_order_release);
    }
    atomic_store_explicit(&lock->sequence, sequence + 2, memory_order_release);
}

bool seqlock_read(const struct seqlock *lock, const _Atomic uint64_t *words, void *value, size_t size)
{
    for (int i = 0; i < TRIES; i++) {
        uint64_t before = atomic_load_explicit(&lock->sequence, memory_order_acquire);

        if (before == 0)
            return false;
        if (before % 2)
            continue;
        for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
            uint64_t word = atomic_load_explicit(&words[at / sizeof(word)], memory_order_acquire);

            memcpy((char *)value + at, &word, part(size, at));
        }
        if (atomic_load_explicit(&lock->sequence, memory_order_relaxed) == before)
            return true;
    }
    return false;
}
