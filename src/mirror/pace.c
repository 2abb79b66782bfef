#include "mirror/pace.h"

#include "credentials/schedule.h"

enum { TELL_US = 60 * 1000 * 1000 };

unsigned pace_succeeded(struct pace *pace, uint32_t random)
{
    unsigned tenth = pace->refresh_ms / 10;

    pace->failures = 0;
    return pace->refresh_ms - tenth + (unsigned)(((uint64_t)random * (2 * tenth + 1)) >> 32);
}

unsigned pace_failed(struct pace *pace, uint64_t now_us, uint32_t random, bool *tell)
{
    unsigned pause = schedule_retry_ms(++pace->failures, random);

    *tell = pace->told_us == 0 || now_us - pace->told_us >= TELL_US;
    if (*tell)
        pace->told_us = now_us;
    return pause < pace->refresh_ms ? pause : pace->refresh_ms;
}
