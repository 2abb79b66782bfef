#include "policy/suggest.h"

#include <stdint.h>
#include <stdlib.h>

static uint64_t hash_of(const struct sighting *one)
{
    const struct slice parts[] = {one->listener, one->action, one->resource};
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k <= parts[i].len; k++)
            hash = (hash ^ (k < parts[i].len ? (unsigned char)parts[i].ptr[k] : 0xff)) * 0x100000001b3;
    }
    return hash;
}

static bool same(const struct sighting *a, const struct sighting *b)
{
    return slice_eq(a->listener, b->listener) && slice_eq(a->action, b->action) &&
           slice_eq(a->resource, b->resource);
}

static size_t *find_slot(struct suggestion *s, const struct sighting *one)
{
    size_t at = hash_of(one) & (s->slot_count - 1);

    while (s->slots[at] && !same(&s->at[s->slots[at] - 1], one))
        at = (at + 1) & (s->slot_count - 1);
    return &s->slots[at];
}

/* The table has twice as many slots as there is room for sightings. */
static bool grow(struct suggestion *s)
{
    size_t room = s->room ? 2 * s->room : 64;
    struct sighting *grown = reallocarray(s->at, room, sizeof(*grown));
    size_t *slots;

    if (!grown)
        return false;
    s->at = grown;
    slots = calloc(2 * room, sizeof(*slots));
    if (!slots)
        return false;
    free(s->slots);
    s->slots = slots;
    s->slot_count = 2 * room;
    s->room = room;
    for (size_t i = 0; i < s->count; i++)
        *find_slot(s, &s->at[i]) = i + 1;
    return true;
}

void suggestion_add(struct suggestion *s, struct slice listener, struct slice action, struct slice resource)
{
    struct sighting one = {listener, action, resource};
    size_t *slot;

    if (s->count == s->room && !grow(s)) {
        s->failed = true;
        return;
    }
    slot = find_slot(s, &one);
    if (*slot)
        return;
    one.listener = arena_copy(&s->arena, listener);
    one.action = arena_copy(&s->arena, action);
    one.resource = arena_copy(&s->arena, resource);
    if (s->arena.failed) {
        s->failed = true;
        return;
    }
    s->at[s->count++] = one;
    *slot = s->count;
}

void suggestion_free(struct suggestion *s)
{
    free(s->at);
    free(s->slots);
    arena_free(&s->arena);
    *s = (struct suggestion){.at = NULL};
}
