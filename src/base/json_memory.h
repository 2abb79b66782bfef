/*
 * Memory for jansson that tells when it was short. Jansson's lexer leaves a character out of a string when
 * the buffer for it cannot grow, and goes on: what was read meanwhile may not be what the text says, and must
 * not be used.
 */
#ifndef SAGEGATE_BASE_JSON_MEMORY_H
#define SAGEGATE_BASE_JSON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* For json_set_alloc_funcs(). */
void *json_memory_alloc(size_t size);

/* Around the reading of a text: afterwards, whether this thread's memory was short. */
void json_memory_watch(void);
bool json_memory_was_short(void);

#endif
