#include "compare/bit_sets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const uint64_t *bits, size_t words)
{
    uint64_t hash = 0x9e3779b97f4a7c15;

    for (size_t i = 0; i < words; i++) {
        hash = (hash ^ bits[i]) * 0xff51afd7ed558ccd;
        hash ^= hash >> 32;
    }
    return hash;
}

static size_t find_slot(const struct bit_sets *sets, const uint64_t *bits)
{
    size_t mask = sets->slot_count - 1, at = hash_of(bits, sets->words) & mask;

    while (sets->slots[at] &&
           memcmp(&sets->bits[(sets->slots[at] - 1) * sets->words], bits, sets->words * sizeof(*bits)) != 0)
        at = (at + 1) & mask;
    return at;
}

static bool grow_slots(struct bit_sets *sets)
{
    size_t count = sets->slot_count ? 2 * sets->slot_count : 64;

    free(sets->slots);
    sets->slots = calloc(count, sizeof(*sets->slots));
    sets->slot_count = sets->slots ? count : 0;
    for (size_t i = 0; sets->slots && i < sets->count; i++)
        sets->slots[find_slot(sets, &sets->bits[i * sets->words])] = (uint32_t)i + 1;
    return sets->slots != NULL;
}

static bool grow_bits(struct bit_sets *sets)
{
    size_t room = sets->room ? 2 * sets->room : 64;
    uint64_t *grown = reallocarray(sets->bits, room, sets->words * sizeof(*grown));

    if (!grown)
        return false;
    sets->bits = grown;
    sets->room = room;
    return true;
}

enum bit_sets_added bit_sets_add(struct bit_sets *sets, const uint64_t *bits)
{
    size_t at;

    if ((2 * sets->count >= sets->slot_count && !grow_slots(sets)) ||
        (sets->count == sets->room && !grow_bits(sets)))
        return BIT_SETS_FAILED;
    at = find_slot(sets, bits);
    if (sets->slots[at])
        return BIT_SETS_KNOWN;
    memcpy(&sets->bits[sets->count * sets->words], bits, sets->words * sizeof(*bits));
    sets->slots[at] = (uint32_t)++sets->count;
    return BIT_SETS_NEW;
}

void bit_sets_free(struct bit_sets *sets)
{
    free(sets->bits);
    free(sets->slots);
    *sets = (struct bit_sets){.words = sets->words};
}
