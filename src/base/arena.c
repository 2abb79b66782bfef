#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_SIZE = 16 * 1024, ALIGNMENT = alignof(max_align_t) };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(max_align_t) char bytes[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    struct arena_block *block = malloc(sizeof(*block) + size);

    if (!block)
        return NULL;
    *block = (struct arena_block){.next = arena->blocks, .size = size};
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    struct arena_block *block = arena->blocks;
    size_t wanted;
    void *bytes;

    if (__builtin_mul_overflow(count, size, &wanted) || wanted > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    wanted = (wanted + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!block || block->size - block->used < wanted)
        block = add_block(arena, wanted > BLOCK_SIZE ? wanted : BLOCK_SIZE);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    bytes = block->bytes + block->used;
    block->used += wanted;
    return memset(bytes, 0, wanted);
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
    char *bytes = arena_alloc(arena, s.len, 1);

    if (!bytes || s.len == 0)
        return (struct slice){bytes, 0};
    memcpy(bytes, s.ptr, s.len);
    return slice_of(bytes, s.len);
}

void arena_free(struct arena *arena)
{
    struct arena_block *next;

    for (struct arena_block *block = arena->blocks; block; block = next) {
        next = block->next;
        free(block);
    }
    *arena = (struct arena){0};
}

bool arena_vprintf(struct arena *arena, size_t limit, struct slice *text, const char *format, va_list args)
{
    char printed[ARENA_TEXT];
    int len = vsnprintf(printed, limit, format, args);

    if (len <= 0 || (size_t)len >= limit)
        return false;
    *text = arena_copy(arena, slice_of(printed, (size_t)len));
    return true;
}
