/* The two clocks. Timers and ages use the monotonic one; dates and expiries the wall clock. */
#ifndef SAGEGATE_BASE_CLOCK_H
#define SAGEGATE_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds since an arbitrary point; never goes back. */
uint64_t clock_monotonic_us(void);

/* Seconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_seconds(void);

/* Milliseconds since then. */
int64_t clock_wall_ms(void);

#endif
