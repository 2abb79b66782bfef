#include "policy/prefix.h"

#include <stdlib.h>

static int compare_entries(const void *left, const void *right)
{
    const struct prefix_entry *a = left, *b = right;
    int order = slice_cmp(a->prefix, b->prefix);

    return order ? order : (a->statement > b->statement) - (a->statement < b->statement);
}

/* Sorted order brings each beginning before its extensions, so that the parent is the node before or above
 * it. */
static void find_parents(struct prefix_index *index)
{
    for (size_t i = 1; i < index->count; i++) {
        const struct prefix_node *parent = &index->nodes[i - 1];

        while (parent && !slice_starts(index->nodes[i].prefix, parent->prefix))
            parent = parent->parent;
        index->nodes[i].parent = parent;
    }
    for (size_t i = index->count; i-- > 0;) {
        struct prefix_node *node = &index->nodes[i];

        node->count_below += node->count;
        if (node->parent)
            index->nodes[node->parent - index->nodes].count_below += node->count_below;
    }
}

bool prefix_index_build(struct prefix_entry *entries, size_t count, struct arena *arena,
                        struct prefix_index *out)
{
    uint32_t *statements = arena_alloc(arena, count, sizeof(*statements));
    struct prefix_node *node = NULL;

    out->count = 0;
    out->nodes = arena_alloc(arena, count, sizeof(*out->nodes));
    if (!out->nodes || !statements)
        return false;
    if (count)
        qsort(entries, count, sizeof(*entries), compare_entries);
    for (size_t i = 0; i < count; i++) {
        if (!node || !slice_eq(node->prefix, entries[i].prefix)) {
            node = &out->nodes[out->count++];
            *node = (struct prefix_node){.prefix = entries[i].prefix, .statements = statements};
        } else if (statements[-1] == entries[i].statement) {
            continue;
        }
        *statements++ = entries[i].statement;
        node->count++;
    }
    find_parents(out);
    return true;
}

/* How many nodes have a prefix that is not after the text. */
static size_t count_before(const struct prefix_index *index, struct slice text)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (slice_cmp(index->nodes[middle].prefix, text) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whatever lies in order between a beginning of the text and the text starts with that beginning: so the last
 * node that is not after the text has all the beginnings of the text above it. */
const struct prefix_node *prefix_index_find(const struct prefix_index *index, struct slice text)
{
    size_t before = count_before(index, text);
    const struct prefix_node *node = before ? &index->nodes[before - 1] : NULL;

    while (node && !slice_starts(text, node->prefix))
        node = node->parent;
    return node;
}

const struct prefix_node *prefix_index_exact(const struct prefix_index *index, struct slice prefix)
{
    const struct prefix_node *node = prefix_index_find(index, prefix);

    return node && slice_eq(node->prefix, prefix) ? node : NULL;
}
