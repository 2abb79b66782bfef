/* A collection of sets of bits, each of the same number of words, numbered as they were added; none is in it
 * twice. Only for this folder. */
#ifndef SAGEGATE_COMPARE_BIT_SETS_H
#define SAGEGATE_COMPARE_BIT_SETS_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise but for words; bit_sets_free() releases. */
struct bit_sets {
    uint64_t *bits; /* `words` of each */
    size_t words, count, room;
    uint32_t *slots; /* of a hash table: numbers from 1; a power of two of them */
    size_t slot_count;
};

enum bit_sets_added { BIT_SETS_NEW, BIT_SETS_KNOWN, BIT_SETS_FAILED /* memory is short */ };

/* The bits must not be in it already: it may move. */
enum bit_sets_added bit_sets_add(struct bit_sets *sets, const uint64_t *bits);

void bit_sets_free(struct bit_sets *sets);

#endif
