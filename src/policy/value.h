/*
 * The typed values of conditions: numbers, dates and networks, read from text once and compared exactly
 * (IAM User Guide, "IAM JSON policy elements: Condition operators"). Reading is strict: nothing before, after
 * or in between is passed over. Slices point into the text that was read.
 */
#ifndef SAGEGATE_POLICY_VALUE_H
#define SAGEGATE_POLICY_VALUE_H

#include <stdint.h>

#include "base/slice.h"

/* A decimal number of any length: no exponent, no rounding. Zero is not negative. */
struct decimal {
    bool negative;
    struct slice whole;    /* digits, without leading zeros */
    struct slice fraction; /* digits, without trailing zeros */
};

bool decimal_read(struct slice text, struct decimal *out);
int decimal_compare(const struct decimal *a, const struct decimal *b); /* <0, 0, >0 */

struct instant {
    int64_t seconds; /* since 1970-01-01T00:00:00Z */
    uint32_t nanoseconds;
};

/*
 * The formats of the W3C's profile of ISO 8601 (NOTE-datetime: YYYY, YYYY-MM, YYYY-MM-DD, and with a time
 * hh:mm, hh:mm:ss or hh:mm:ss.s and a time zone), or seconds since 1970; four digits are a year. Without time
 * it is the first moment in UTC.
 */
bool instant_read(struct slice text, struct instant *out);
int instant_compare(const struct instant *a, const struct instant *b); /* <0, 0, >0 */

struct network {
    int family; /* AF_INET or AF_INET6; an IPv4-mapped IPv6 address is IPv6 */
    unsigned char address[16];
    unsigned prefix; /* in bits */
};

/* An address, or an address and "/" and the length of a prefix; bits after it are passed over. */
bool network_read(struct slice text, struct network *out);
bool network_contains(const struct network *outer, const struct network *inner);

#endif
