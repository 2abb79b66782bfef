#include "base/clock_offset.h"

#include <stdlib.h>

#include "base/log.h"

enum {
    SKEW_LEAST_S = 4 * 60,        /* services take 5 minutes; what is less is not why they reject */
    OFFSET_MOST_S = 24 * 60 * 60, /* beyond it a clock is not to be corrected by us, but to be set */
};

static const char *direction(int64_t offset)
{
    return offset > 0 ? "slow" : "fast";
}

static void tell(int64_t before, int64_t offset)
{
    if (llabs(offset) < SKEW_LEAST_S)
        log_warn("this host's clock is right again: requests are signed by it");
    else if (llabs(offset - before) >= SKEW_LEAST_S)
        log_warn("this host's clock is %lld s %s by the service's: requests are signed with the difference "
                 "added; set the clock (NTP)",
                 llabs(offset), direction(offset));
}

bool clock_offset_correct(int64_t *offset_s, int64_t signed_at, int64_t now, int64_t service)
{
    int64_t offset = service - now;

    if (llabs(service - signed_at) < SKEW_LEAST_S)
        return false;
    if (llabs(offset) > OFFSET_MOST_S) {
        log_error(
            "this host's clock is %lld s %s by the service's: that is too much to correct; set the clock "
            "(NTP)",
            llabs(offset), direction(offset));
        return false;
    }
    tell(*offset_s, offset);
    *offset_s = llabs(offset) < SKEW_LEAST_S ? 0 : offset;
    return true;
}
