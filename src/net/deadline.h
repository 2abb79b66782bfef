/*
 * A time by which something must have happened, and mostly has: to set it, or to drop it, writes a number.
 * The timer beneath stays as it is, and looks when it fires: it is armed for the earliest time that was set.
 */
#ifndef SAGEGATE_NET_DEADLINE_H
#define SAGEGATE_NET_DEADLINE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

typedef void deadline_passed(void *user);

struct deadline {
    struct event timer;
    uint64_t due_us;   /* monotonic; 0: there is none */
    uint64_t fires_us; /* when the timer does; 0: it is not armed */
    deadline_passed *passed;
    void *user;
};

/* None is set. When one has passed, it is dropped and `passed` called, which may free it. */
void deadline_init(struct deadline *deadline, struct event_base *base, deadline_passed *passed, void *user);

/* Before its memory is freed. */
void deadline_end(struct deadline *deadline);

/* For deadline_set(): the timer is to fire then. */
bool deadline_arm(struct deadline *deadline, uint64_t span_us);

/* In so many microseconds from now (clock_monotonic_us()), whatever was set before. False when memory is
 * short: then it never passes. */
static inline bool deadline_set(struct deadline *deadline, uint64_t now_us, uint64_t span_us)
{
    deadline->due_us = now_us + span_us;
    return (deadline->fires_us && deadline->fires_us <= deadline->due_us) || deadline_arm(deadline, span_us);
}

static inline void deadline_drop(struct deadline *deadline)
{
    deadline->due_us = 0;
}

#endif
