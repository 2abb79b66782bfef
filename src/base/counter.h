/*
 * Numbers that one thread writes and any may read: no lock, no locked instruction, no torn value. What is
 * read together need not be of one moment.
 */
#ifndef SAGEGATE_BASE_COUNTER_H
#define SAGEGATE_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

struct counter {
    _Atomic uint64_t value;
};

static inline uint64_t counter_read(const struct counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/* By the one thread that writes it. */
static inline void counter_add(struct counter *counter, uint64_t n)
{
    atomic_store_explicit(&counter->value, counter_read(counter) + n, memory_order_relaxed);
}

static inline void counter_set(struct counter *counter, uint64_t value)
{
    atomic_store_explicit(&counter->value, value, memory_order_relaxed);
}

#endif
