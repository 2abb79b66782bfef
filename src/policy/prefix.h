/*
 * Text beginnings, each with the statements that have it, to be found by a longer text: all beginnings of it.
 * Only for this folder.
 */
#ifndef SAGEGATE_POLICY_PREFIX_H
#define SAGEGATE_POLICY_PREFIX_H

#include <stdint.h>

#include "base/arena.h"

/* All statements under one beginning; the parent has the longest other beginning that this one starts with.
 */
struct prefix_node {
    struct slice prefix;
    const struct prefix_node *parent;
    const uint32_t *statements; /* ascending, none twice */
    size_t count;
    size_t count_below; /* with those of all nodes that have this one above them */
};

/* Sorted by prefix. */
struct prefix_index {
    struct prefix_node *nodes;
    size_t count;
};

/* One beginning of one statement. */
struct prefix_entry {
    struct slice prefix;
    uint32_t statement;
};

/* Sorts the entries. False when memory is short. */
bool prefix_index_build(struct prefix_entry *entries, size_t count, struct arena *arena,
                        struct prefix_index *out);

/* The node with the longest beginning of this text; its parents have the others. NULL when there is none. */
const struct prefix_node *prefix_index_find(const struct prefix_index *index, struct slice text);

/* The node with this very beginning; NULL when there is none. */
const struct prefix_node *prefix_index_exact(const struct prefix_index *index, struct slice prefix);

#endif
