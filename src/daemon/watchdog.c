#include "daemon/watchdog.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/notify.h"
#include "daemon/worker.h"

struct watchdog {
    struct event timer;
    struct worker **workers;
    unsigned count;
};

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct watchdog *watchdog = arg;
    bool alive = true;

    (void)fd;
    (void)what;
    for (unsigned i = 0; i < watchdog->count; i++) {
        alive = alive && worker_is_alive(watchdog->workers[i]);
        worker_ping(watchdog->workers[i]);
    }
    if (alive)
        notify_watchdog();
    else
        log_warn("a worker does not answer");
}

struct watchdog *watchdog_start(struct event_base *base, struct worker **workers, unsigned count)
{
    uint64_t period = notify_watchdog_period() / 3; /* one late answer is no reason to restart */
    struct timeval interval = {(time_t)(period / 1000000), (suseconds_t)(period % 1000000)};
    struct watchdog *watchdog = period ? calloc(1, sizeof(*watchdog)) : NULL;

    if (!watchdog)
        return NULL;
    watchdog->workers = workers;
    watchdog->count = count;
    event_assign(&watchdog->timer, base, -1, EV_PERSIST, on_timer, watchdog);
    event_add(&watchdog->timer, &interval);
    return watchdog;
}

void watchdog_stop(struct watchdog *watchdog)
{
    if (watchdog)
        event_del(&watchdog->timer);
    free(watchdog);
}
