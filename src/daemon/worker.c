#include "daemon/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/sockets.h"
#include "daemon/spread.h"
#include "daemon/worker_private.h"
#include "net/listener.h"
#include "proxy/metrics.h"
#include "proxy/proxy.h"

static void stop_listeners(struct accepting *accepting, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        listener_stop(accepting[i].listener);
        close(accepting[i].fd);
    }
    free(accepting);
}

/* A listener_accepted. */
static void on_accepted(void *user, const struct config_listener *config, int fd)
{
    const struct accepting *accepting = user;

    if (!spread_pass(accepting->worker->spread, accepting->worker->number, config->address, fd))
        proxy_accept(accepting->proxy, config, fd);
}

/* A spread_take. One whose listener is gone by now ends as those of its clients do. */
static void on_passed(void *user, const char *address, int fd)
{
    const struct worker *worker = user;

    for (size_t i = 0; i < worker->accepting_count; i++) {
        const struct accepting *accepting = &worker->accepting[i];

        if (strcmp(accepting->config->address, address) == 0) {
            proxy_accept(accepting->proxy, accepting->config, fd);
            return;
        }
    }
    close(fd);
}

/* Takes over fds. NULL with err. */
static struct accepting *start_listeners(struct worker *worker, const struct config *config,
                                         struct proxy *proxy, int *fds, struct sg_error *err)
{
    size_t count = config->listener_count;
    struct accepting *accepting = calloc(count, sizeof(*accepting));

    for (size_t i = 0; accepting && i < count; i++) {
        accepting[i] = (struct accepting){worker, proxy, &config->listeners[i], NULL, fds[i]};
        accepting[i].listener =
            listener_start(worker->base, fds[i], &config->listeners[i], on_accepted, &accepting[i]);
        if (accepting[i].listener)
            continue;
        sockets_forget(memmove(fds, fds + i, (count - i) * sizeof(*fds)), count - i);
        stop_listeners(accepting, i);
        sg_fail(err, SG_NO_MEMORY, "listener %s: out of memory", config->listeners[i].name);
        return NULL;
    }
    if (accepting) {
        free(fds);
        return accepting;
    }
    sockets_forget(fds, count);
    sg_fail(err, SG_NO_MEMORY, "out of memory");
    return NULL;
}

/* In a turn of its own, after the proxy's call has returned: frees what is retired and empty. */
static void on_empty(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;
    struct retired *retired, *next;

    (void)fd;
    (void)what;
    for (retired = LIST_FIRST(&worker->retired); retired; retired = next) {
        next = LIST_NEXT(retired, link);
        if (!proxy_is_empty(retired->proxy))
            continue;
        LIST_REMOVE(retired, link);
        proxy_free(retired->proxy);
        free(retired);
    }
    if (worker->draining && LIST_EMPTY(&worker->retired) && proxy_is_empty(worker->proxy))
        event_base_loopbreak(worker->base);
}

static void tell_empty(void *user)
{
    event_active(&((struct worker *)user)->empty_event, EV_TIMEOUT, 0);
}

static void on_renew(void *user, size_t identity)
{
    struct worker *worker = user;

    atomic_fetch_or(&worker->renew, UINT64_C(1) << identity % 64);
    worker_signal(worker->signals.renew);
}

/* Puts a configuration in force. All that can fail comes before anything changes. Takes over fds and mirror.
 */
enum sg_status worker_take_over(struct worker *worker, const struct config *config, int *fds,
                                struct mirror *mirror, struct sg_error *err)
{
    struct retired *retired = calloc(1, sizeof(*retired));
    struct proxy *proxy =
        retired ? proxy_new(worker->base, config, worker->metrics, worker->quota, on_renew, worker, err)
                : NULL;
    struct accepting *accepting;

    if (!proxy) {
        sockets_forget(fds, config->listener_count);
        mirror_leave(mirror);
        free(retired);
        return SG_NO_MEMORY;
    }
    proxy_set_mirror(proxy, mirror);
    accepting = start_listeners(worker, config, proxy, fds, err);
    if (!accepting) {
        proxy_free(proxy);
        free(retired);
        return SG_NO_MEMORY;
    }
    stop_listeners(worker->accepting, worker->accepting_count);
    worker->accepting = accepting;
    worker->accepting_count = config->listener_count;
    spread_regard(worker->spread, worker->number, config);
    retired->proxy = worker->proxy;
    worker->proxy = proxy;
    if (retired->proxy)
        LIST_INSERT_HEAD(&worker->retired, retired, link);
    else
        free(retired);
    LIST_FOREACH(retired, &worker->retired, link)
    {
        proxy_retire(retired->proxy, proxy, tell_empty, worker);
    }
    return SG_OK;
}

void worker_end_politely(struct worker *worker)
{
    struct retired *retired;

    spread_leave(worker->spread, worker->number);
    stop_listeners(worker->accepting, worker->accepting_count);
    worker->accepting = NULL;
    worker->accepting_count = 0;
    worker->draining = true;
    LIST_FOREACH(retired, &worker->retired, link)
    {
        proxy_drain(retired->proxy, tell_empty, worker);
    }
    proxy_drain(worker->proxy, tell_empty, worker);
}

static struct event_base *make_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config && event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE) == 0 &&
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

struct worker *worker_new(const struct config *config, const struct worker_shared *shared, unsigned number,
                          int *fds, struct mirror *mirror, struct sg_error *err)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (!worker) {
        sockets_forget(fds, config->listener_count);
        mirror_leave(mirror);
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    LIST_INIT(&worker->retired);
    worker->signals = shared->signals;
    worker->spread = shared->spread;
    worker->quota = shared->quota;
    worker->number = number;
    pthread_mutex_init(&worker->mail_lock, NULL);
    worker->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->base = make_base();
    worker->metrics = metrics_new(number);
    worker->news_count = config_identity_count(config);
    worker->news = worker_news_new(config);
    if (worker->mail_fd < 0 || !worker->base || !worker->metrics || !worker->news) {
        sockets_forget(fds, config->listener_count);
        mirror_leave(mirror);
        sg_fail(err, SG_IO, "an event loop could not be set up (epoll, eventfd): %s", strerror(errno));
        goto fail;
    }
    event_assign(&worker->mail_event, worker->base, worker->mail_fd, EV_READ | EV_PERSIST, worker_on_mail,
                 worker);
    evtimer_assign(&worker->empty_event, worker->base, on_empty, worker);
    if (worker_take_over(worker, config, fds, mirror, err) != SG_OK)
        goto fail;
    if (event_add(&worker->mail_event, NULL) != 0 ||
        !spread_join(worker->spread, number, worker->base, worker->metrics, on_passed, worker)) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        goto fail;
    }
    return worker;
fail:
    worker_free(worker);
    return NULL;
}

static void *run(void *arg)
{
    struct worker *worker = arg;

    log_batch(true);
    do
        log_flush();
    while (event_base_loop(worker->base, EVLOOP_ONCE) == 0 && !event_base_got_break(worker->base));
    log_batch(false);
    worker_signal(worker->signals.done);
    return NULL;
}

enum sg_status worker_start(struct worker *worker, struct sg_error *err)
{
    sigset_t all, before;
    int failed;

    /* Signals are the control thread's business. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&worker->thread, NULL, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return sg_fail(err, SG_IO, "a worker thread could not be started: %s", strerror(failed));
    worker->started = true;
    return SG_OK;
}

const struct proxy_metrics *worker_metrics(const struct worker *worker)
{
    return worker->metrics;
}

void worker_free(struct worker *worker)
{
    struct retired *retired;

    if (!worker)
        return;
    if (worker->started)
        pthread_join(worker->thread, NULL);
    spread_leave(worker->spread, worker->number);
    stop_listeners(worker->accepting, worker->accepting_count);
    while ((retired = LIST_FIRST(&worker->retired))) {
        LIST_REMOVE(retired, link);
        proxy_free(retired->proxy);
        free(retired);
    }
    proxy_free(worker->proxy);
    metrics_free(worker->metrics);
    if (event_initialized(&worker->mail_event)) {
        event_del(&worker->mail_event);
        event_del(&worker->empty_event);
    }
    if (worker->base)
        event_base_free(worker->base);
    if (worker->mail_fd >= 0)
        close(worker->mail_fd);
    worker_discard_mail(worker);
    free(worker);
}
