/*
 * What is added to this host's clock to sign by the services': they reject a date that is more than some
 * minutes off (SigV4), and the Date of that answer, which comes over TLS from the verified endpoint, tells by
 * how much.
 */
#ifndef SAGEGATE_BASE_CLOCK_OFFSET_H
#define SAGEGATE_BASE_CLOCK_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A request that was dated signed_at has been rejected, now, by an answer of the date `service` (all in wall
 * seconds). True when another try would be dated closer to the service's clock: then *offset_s is corrected,
 * which the log tells. It does not reach further than a day: such a clock is to be set.
 */
bool clock_offset_correct(int64_t *offset_s, int64_t signed_at, int64_t now, int64_t service);

#endif
