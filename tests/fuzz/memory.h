/*
 * Memory that is short: one of the allocations of sagegate's own code and of the test fails when it says so;
 * or they are counted. For a program that is linked with --wrap for malloc, calloc and realloc.
 */
#ifndef SAGEGATE_FUZZ_MEMORY_H
#define SAGEGATE_FUZZ_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

/* Up to the one that fails, that one too; 0: none does. */
static size_t memory_left;

/* From here on so many are left. How many were. */
static inline size_t memory_lasts(size_t left)
{
    size_t before = memory_left;

    memory_left = left;
    return before;
}

static inline bool memory_fails(void)
{
    return memory_left && --memory_left == 0;
}

void *__wrap_malloc(size_t size)
{
    return memory_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return memory_fails() ? NULL : __real_realloc(memory, size);
}

#endif
