#include "base/json_memory.h"

#include <stdlib.h>

static _Thread_local bool was_short;

void *json_memory_alloc(size_t size)
{
    void *memory = malloc(size);

    was_short |= !memory;
    return memory;
}

void json_memory_watch(void)
{
    was_short = false;
}

bool json_memory_was_short(void)
{
    return was_short;
}
