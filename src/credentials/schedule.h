/*
 * When to ask for credentials again: the arithmetic alone, so that tests need not wait. `random` is 32
 * uniform bits that spread many hosts' requests; every result grows or shrinks with it.
 */
#ifndef SAGEGATE_CREDENTIALS_SCHEDULE_H
#define SAGEGATE_CREDENTIALS_SCHEDULE_H

#include <stdint.h>

enum {
    SCHEDULE_TICK_MS = 60 * 1000, /* the longest timer: clock steps and suspends are noticed within it */
};

/*
 * The wall second from which a set that was obtained at `obtained` should be replaced: 15 minutes before its
 * expiration, or half its life when that is less, and up to a fifth of that later. INT64_MAX for one that
 * never expires (0).
 */
int64_t schedule_refresh_at(int64_t obtained, int64_t expiration, uint32_t random);

/* The pause after the n-th failure in a row (n from 1): 1 s doubling to 60 s, of which the half is random. */
unsigned schedule_retry_ms(unsigned failures, uint32_t random);

/* The pause while an expired set is in use and there is no newer: 5 to 10 minutes, as the AWS SDKs do. */
unsigned schedule_expired_ms(uint32_t random);

/*
 * The pause when the source handed out the set that is held already, with `remaining` seconds of life: 60 to
 * 75 s (IMDS has a new one only about 5 minutes before the old one ends), or half of what remains when that
 * is less, but at least 1 s.
 */
unsigned schedule_unmoved_ms(int64_t remaining, uint32_t random);

#endif
