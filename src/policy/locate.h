/*
 * Where an element of a JSON document stands: jansson gives no positions, so the text, already known to be
 * valid, is walked once more along the path to it. For messages only.
 */
#ifndef SAGEGATE_POLICY_LOCATE_H
#define SAGEGATE_POLICY_LOCATE_H

#include <stddef.h>

#include "base/slice.h"

/* One step down: the member `key` of an object (without key: the element `index` of an array or object). */
struct locate_step {
    const char *key;
    size_t index;
};

struct position {
    unsigned line, column; /* from 1; columns count bytes */
};

/* The place where the value (of a member: its key) starts; of the last element on the way when a step leads
 * nowhere. */
struct position locate(struct slice text, const struct locate_step *path, size_t steps);

#endif
