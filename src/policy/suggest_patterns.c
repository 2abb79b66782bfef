#include "policy/suggest_patterns.h"

#include <stdlib.h>

/* What would be a wildcard or a variable stands for the character that it is, but for a '*' at the end. */
static struct slice escape(struct arena *arena, struct slice name)
{
    char *text = arena_alloc(arena, name.len, 4);
    size_t len = 0;

    for (size_t i = 0; text && i < name.len; i++) {
        bool ends = i + 1 == name.len && name.ptr[i] == '*';

        if (ends || !memchr("*?$", name.ptr[i], 3)) {
            text[len++] = name.ptr[i];
            continue;
        }
        memcpy(text + len, (char[]){'$', '{', name.ptr[i], '}'}, 4);
        len += 4;
    }
    return slice_of(text, len);
}

static bool is_number(struct slice part)
{
    for (size_t i = 0; i < part.len; i++) {
        if (part.ptr[i] < '0' || part.ptr[i] > '9')
            return false;
    }
    return part.len > 0;
}

/* The name of "arn:…:type/name" begins there; 0 when there is none. */
static size_t name_at(struct slice arn)
{
    const char *slash = memchr(arn.ptr, '/', arn.len);

    return slash ? (size_t)(slash - arn.ptr) + 1 : 0;
}

/* Up to its first part that is a number, else up to its last part; empty when it has only one. */
static struct slice stem_of(struct slice arn)
{
    size_t start = name_at(arn), end = 0, at = start;

    if (start == 0)
        return slice_of(arn.ptr, 0);
    for (;;) {
        size_t len = 0;

        while (at + len < arn.len && !memchr("-_./", arn.ptr[at + len], 4))
            len++;
        if (at > start)
            end = at;
        if ((at > start && is_number(slice_of(arn.ptr + at, len))) || at + len == arn.len)
            return slice_of(arn.ptr, end);
        at += len + 1;
    }
}

struct stem {
    struct slice text;
    size_t index; /* of whose it is */
};

static int by_text(const void *a, const void *b)
{
    return slice_cmp(((const struct stem *)a)->text, ((const struct stem *)b)->text);
}

static bool differ(const struct sighting *all, const struct stem *stems, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!slice_eq(all[stems[i].index].resource, all[stems[0].index].resource))
            return true;
    }
    return false;
}

static struct slice with_wildcard(struct arena *arena, struct slice stem)
{
    struct slice escaped = escape(arena, stem);
    char *text = arena_alloc(arena, escaped.len + 1, 1);

    if (!text)
        return escaped;
    memcpy(text, escaped.ptr, escaped.len);
    text[escaped.len] = '*';
    return slice_of(text, escaped.len + 1);
}

static void generalise(const struct suggestion *seen, struct sighting *all, struct arena *arena)
{
    struct stem *stems = arena_alloc(arena, seen->count, sizeof(*stems));
    size_t count = 0;

    for (size_t i = 0; stems && i < seen->count; i++) {
        struct slice stem = stem_of(seen->at[i].resource);

        if (stem.len)
            stems[count++] = (struct stem){stem, i};
    }
    if (count)
        qsort(stems, count, sizeof(*stems), by_text);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && slice_eq(stems[next].text, stems[i].text);)
            next++;
        if (!differ(seen->at, stems + i, next - i))
            continue;
        for (size_t k = i; k < next; k++)
            all[stems[k].index].resource = with_wildcard(arena, stems[i].text);
    }
}

struct sighting *suggest_patterns(const struct suggestion *suggestion, bool wildcards, struct arena *arena)
{
    struct sighting *all = arena_alloc(arena, suggestion->count, sizeof(*all));

    for (size_t i = 0; all && i < suggestion->count; i++) {
        all[i] = suggestion->at[i];
        all[i].resource = escape(arena, all[i].resource);
    }
    if (all && wildcards)
        generalise(suggestion, all, arena);
    return all;
}

/* "*" before all others. */
static int by_listener(const void *a, const void *b)
{
    const struct sighting *one = a, *other = b;
    int order = slice_cmp(one->listener, other->listener);

    if (order == 0)
        order = slice_cmp(one->action, other->action);
    return order ? order : slice_cmp(one->resource, other->resource);
}

size_t suggest_prune(struct sighting *all, size_t count)
{
    size_t kept = 0;

    if (count)
        qsort(all, count, sizeof(*all), by_listener);
    for (size_t i = 0; i < count; i++) {
        const struct sighting *last = kept ? &all[kept - 1] : NULL;
        bool told = last && slice_eq(last->listener, all[i].listener) &&
                    slice_eq(last->action, all[i].action) &&
                    (slice_eq(last->resource, all[i].resource) || slice_eq(last->resource, SLICE("*")));

        if (!told)
            all[kept++] = all[i];
    }
    return kept;
}
