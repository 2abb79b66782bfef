#include "credentials/schedule.h"

enum {
    ADVISORY_S = 15 * 60,
    RETRY_FIRST_MS = 1000,
    RETRY_LAST_MS = 60 * 1000,
    EXPIRED_MS = 5 * 60 * 1000,
    UNMOVED_MS = 60 * 1000,
    UNMOVED_SPREAD_MS = 15 * 1000,
    UNMOVED_LEAST_MS = 1000,
};

/* 0 to span - 1. */
static unsigned spread(uint32_t random, unsigned span)
{
    return (unsigned)(((uint64_t)random * span) >> 32);
}

int64_t schedule_refresh_at(int64_t obtained, int64_t expiration, uint32_t random)
{
    int64_t life = expiration - obtained;
    int64_t lead = ADVISORY_S;

    if (expiration == 0)
        return INT64_MAX;
    /* No life left: either it is expired, or the clock was wrong and says nothing about its life. */
    if (life > 0 && life / 2 < lead)
        lead = life / 2;
    return expiration - lead + spread(random, (unsigned)lead / 5 + 1);
}

unsigned schedule_retry_ms(unsigned failures, uint32_t random)
{
    unsigned pause = RETRY_FIRST_MS;

    while (failures-- > 1 && pause < RETRY_LAST_MS)
        pause *= 2;
    if (pause > RETRY_LAST_MS)
        pause = RETRY_LAST_MS;
    return pause / 2 + spread(random, pause / 2 + 1);
}

unsigned schedule_expired_ms(uint32_t random)
{
    return EXPIRED_MS + spread(random, EXPIRED_MS + 1);
}

unsigned schedule_unmoved_ms(int64_t remaining, uint32_t random)
{
    unsigned pause = UNMOVED_MS + spread(random, UNMOVED_SPREAD_MS + 1);

    if (remaining / 2 >= pause / 1000)
        return pause;
    return remaining > 2 ? (unsigned)remaining * 1000 / 2 : UNMOVED_LEAST_MS;
}
