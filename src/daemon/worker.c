#include "daemon/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/sockets.h"
#include "daemon/spread.h"
#include "net/listener.h"
#include "proxy/metrics.h"
#include "proxy/proxy.h"

/* What the control thread has said of an identity since the worker last looked, … */
struct news {
    bool changed;
    struct credentials *credentials;
    char why[512];
};

/* … of a configuration, … */
struct order {
    const struct config *config; /* NULL: nothing */
    int *fds;
    struct mirror *mirror;
    struct news *news; /* of its identities */
};

/* … and of everything else. */
struct mail {
    struct mirror *mirror; /* NULL: it is as it was */
    bool drain;
    bool stop;
};

/* A listening socket in use: the worker's own. */
struct accepting {
    struct worker *worker;
    struct proxy *proxy;
    const struct config_listener *config;
    struct listener *listener;
    int fd;
};

/* A proxy whose configuration is no more in force, until its last client has left. */
struct retired {
    struct proxy *proxy;
    LIST_ENTRY(retired) link;
};

struct worker {
    struct event_base *base;
    struct proxy *proxy;
    struct proxy_metrics *metrics;
    LIST_HEAD(, retired) retired;
    struct accepting *accepting;
    size_t accepting_count;
    bool draining;
    struct event mail_event, empty_event;
    struct worker_signals signals;
    struct spread *spread;
    unsigned number;
    int mail_fd;
    pthread_mutex_t mail_lock;
    struct mail mail;
    struct order next;
    struct news *news;           /* of the identities of the configuration in force, … */
    size_t news_count;           /* … so many; 0: they are of another than the proxy's */
    atomic_uint_least64_t renew; /* identities whose credentials the service rejects, as bits */
    atomic_bool silent;          /* a ping was sent, and not answered yet */
    pthread_t thread;
    bool started;
};

static void signal_fd(int fd)
{
    uint64_t one = 1;
    ssize_t n;

    do
        n = write(fd, &one, sizeof(one));
    while (n < 0 && errno == EINTR);
}

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
    signal_fd(worker->signals.renew);
}

uint64_t worker_take_renewals(struct worker *worker)
{
    return atomic_exchange(&worker->renew, 0);
}

/* Puts a configuration in force. All that can fail comes before anything changes. Takes over fds and mirror.
 */
static enum sg_status take_over(struct worker *worker, const struct config *config, int *fds,
                                struct mirror *mirror, struct sg_error *err)
{
    struct retired *retired = calloc(1, sizeof(*retired));
    struct proxy *proxy =
        retired ? proxy_new(worker->base, config, worker->metrics, on_renew, worker, err) : NULL;
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

static void drain(struct worker *worker)
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

static void free_news(struct news *news, size_t count)
{
    for (size_t i = 0; news && i < count; i++)
        credentials_unref(news[i].credentials);
    free(news);
}

static void tell_proxies(struct worker *worker, size_t identity, const struct news *news)
{
    struct retired *retired;

    LIST_FOREACH(retired, &worker->retired, link)
    {
        proxy_set_successors_credentials(retired->proxy, identity,
                                         news->credentials ? credentials_ref(news->credentials) : NULL,
                                         news->why);
    }
    proxy_set_credentials(worker->proxy, identity, news->credentials, news->why);
}

static void take_news(struct worker *worker)
{
    for (size_t i = 0; i < worker->news_count; i++) {
        struct news news;

        pthread_mutex_lock(&worker->mail_lock);
        news = worker->news[i];
        worker->news[i] = (struct news){0};
        pthread_mutex_unlock(&worker->mail_lock);
        if (news.changed)
            tell_proxies(worker, i, &news);
    }
}

/* Whatever comes from now on is of the identities of the newer configuration. */
static void take_order(struct worker *worker)
{
    struct sg_error err = {0};
    struct news *before;
    struct order order;

    pthread_mutex_lock(&worker->mail_lock);
    order = worker->next;
    worker->next = (struct order){0};
    before = worker->news;
    if (order.config)
        worker->news = order.news;
    pthread_mutex_unlock(&worker->mail_lock);
    if (!order.config)
        return;
    free_news(before, worker->news_count);
    worker->news_count = config_identity_count(order.config);
    if (take_over(worker, order.config, order.fds, order.mirror, &err) != SG_OK) {
        log_error("a worker goes on with the configuration and the credentials it has: %s", err.text);
        worker->news_count = 0;
    }
    config_free(order.config);
    signal_fd(worker->signals.reloaded);
    take_news(worker);
}

static void on_mail(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;
    struct mail mail;
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof(count)) < 0)
        return;
    atomic_store(&worker->silent, false);
    pthread_mutex_lock(&worker->mail_lock);
    mail = worker->mail;
    worker->mail = (struct mail){0};
    pthread_mutex_unlock(&worker->mail_lock);

    take_news(worker);
    if (mail.mirror && worker->news_count)
        proxy_set_mirror(worker->proxy, mail.mirror);
    else
        mirror_leave(mail.mirror);
    take_order(worker);
    if (mail.stop)
        event_base_loopbreak(worker->base);
    else if (mail.drain)
        drain(worker);
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
    if (base)
        event_base_priority_init(base, 2); /* for batches: proxy/batch.c */
    return base;
}

struct worker *worker_new(const struct config *config, struct spread *spread, unsigned number, int *fds,
                          struct mirror *mirror, const struct worker_signals *signals, struct sg_error *err)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (!worker) {
        sockets_forget(fds, config->listener_count);
        mirror_leave(mirror);
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    LIST_INIT(&worker->retired);
    worker->signals = *signals;
    worker->spread = spread;
    worker->number = number;
    pthread_mutex_init(&worker->mail_lock, NULL);
    worker->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->base = make_base();
    worker->metrics = metrics_new(number);
    worker->news_count = config_identity_count(config);
    worker->news = calloc(worker->news_count, sizeof(*worker->news));
    if (worker->mail_fd < 0 || !worker->base || !worker->metrics || !worker->news) {
        sockets_forget(fds, config->listener_count);
        mirror_leave(mirror);
        sg_fail(err, SG_IO, "an event loop could not be set up (epoll, eventfd): %s", strerror(errno));
        goto fail;
    }
    event_assign(&worker->mail_event, worker->base, worker->mail_fd, EV_READ | EV_PERSIST, on_mail, worker);
    evtimer_assign(&worker->empty_event, worker->base, on_empty, worker);
    if (take_over(worker, config, fds, mirror, err) != SG_OK)
        goto fail;
    if (event_add(&worker->mail_event, NULL) != 0 ||
        !spread_join(spread, number, worker->base, worker->metrics, on_passed, worker)) {
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
    signal_fd(worker->signals.done);
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

/* An order that nobody will carry out. */
static void discard(struct order *order)
{
    if (!order->config)
        return;
    sockets_forget(order->fds, order->config->listener_count);
    mirror_leave(order->mirror);
    free_news(order->news, config_identity_count(order->config));
    config_free(order->config);
}

void worker_set_credentials(struct worker *worker, size_t identity, struct credentials *current,
                            const char *why)
{
    struct credentials *replaced;
    struct news *news;

    pthread_mutex_lock(&worker->mail_lock);
    news = worker->next.config ? &worker->next.news[identity] : &worker->news[identity];
    replaced = news->credentials;
    news->credentials = current ? credentials_ref(current) : NULL;
    news->changed = true;
    snprintf(news->why, sizeof(news->why), "%s", why ? why : "");
    pthread_mutex_unlock(&worker->mail_lock);
    credentials_unref(replaced);
    signal_fd(worker->mail_fd);
}

void worker_set_mirror(struct worker *worker, struct mirror *mirror)
{
    struct mirror **place, *replaced;

    pthread_mutex_lock(&worker->mail_lock);
    place = worker->next.config ? &worker->next.mirror : &worker->mail.mirror;
    replaced = *place;
    *place = mirror;
    pthread_mutex_unlock(&worker->mail_lock);
    mirror_leave(replaced);
    signal_fd(worker->mail_fd);
}

bool worker_reload(struct worker *worker, const struct config *config, int *fds, struct mirror *mirror)
{
    struct order order = {config, fds, mirror, calloc(config_identity_count(config), sizeof(struct news))},
                 replaced;

    if (!order.news)
        return false;
    config_share(config);
    pthread_mutex_lock(&worker->mail_lock);
    replaced = worker->next;
    worker->next = order;
    pthread_mutex_unlock(&worker->mail_lock);
    if (replaced.config)
        signal_fd(worker->signals.reloaded); /* it never was, and never will be waited for */
    discard(&replaced);
    signal_fd(worker->mail_fd);
    return true;
}

void worker_ping(struct worker *worker)
{
    atomic_store(&worker->silent, true);
    signal_fd(worker->mail_fd);
}

bool worker_is_alive(const struct worker *worker)
{
    return !atomic_load(&worker->silent);
}

const struct proxy_metrics *worker_metrics(const struct worker *worker)
{
    return worker->metrics;
}

void worker_drain(struct worker *worker)
{
    pthread_mutex_lock(&worker->mail_lock);
    worker->mail.drain = true;
    pthread_mutex_unlock(&worker->mail_lock);
    signal_fd(worker->mail_fd);
}

void worker_stop(struct worker *worker)
{
    pthread_mutex_lock(&worker->mail_lock);
    worker->mail.stop = true;
    pthread_mutex_unlock(&worker->mail_lock);
    signal_fd(worker->mail_fd);
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
    discard(&worker->next);
    mirror_leave(worker->mail.mirror);
    free_news(worker->news, worker->news_count);
    pthread_mutex_destroy(&worker->mail_lock);
    free(worker);
}
