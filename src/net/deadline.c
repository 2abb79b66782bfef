#include "net/deadline.h"

#include "base/clock.h"

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct deadline *deadline = arg;
    uint64_t now = clock_monotonic_us();

    (void)fd;
    (void)what;
    deadline->fires_us = 0;
    if (deadline->due_us > now) {
        deadline_arm(deadline, deadline->due_us - now);
    } else if (deadline->due_us) {
        deadline->due_us = 0;
        deadline->passed(deadline->user);
    }
}

void deadline_init(struct deadline *deadline, struct event_base *base, deadline_passed *passed, void *user)
{
    deadline->due_us = deadline->fires_us = 0;
    deadline->passed = passed;
    deadline->user = user;
    evtimer_assign(&deadline->timer, base, on_timer, deadline);
}

void deadline_end(struct deadline *deadline)
{
    evtimer_del(&deadline->timer);
}

bool deadline_arm(struct deadline *deadline, uint64_t span_us)
{
    struct timeval span = {(time_t)(span_us / 1000000), (suseconds_t)(span_us % 1000000)};

    if (evtimer_add(&deadline->timer, &span) != 0)
        return false;
    deadline->fires_us = deadline->due_us;
    return true;
}
