/*
 * When EC2 is asked again, and whether a failure is told: the arithmetic alone, so that an hour without EC2
 * need not be waited for. `random` is 32 uniform bits that spread many hosts' requests.
 */
#ifndef SAGEGATE_MIRROR_PACE_H
#define SAGEGATE_MIRROR_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    unsigned refresh_ms; /* between two answers */
    unsigned failures;   /* in a row */
    uint64_t told_us;    /* when one was last told; 0: never */
};

/* The pause after an answer, in ms: refresh_ms, and up to a tenth more or less. */
unsigned pace_succeeded(struct pace *pace, uint32_t random);

/* The pause after a failure at now_us, of a monotonic clock: from 1 s doubling to 60 s, of which the half is
 * random, but no more than refresh_ms. *tell: it is the first, or the last that was told is a minute ago. */
unsigned pace_failed(struct pace *pace, uint64_t now_us, uint32_t random, bool *tell);

#endif
