#include "daemon/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listener.h"
#include "proxy/proxy.h"

/* What the control thread has said of an identity since the worker last looked. */
struct news {
    bool changed;
    struct credentials *credentials;
    char why[512];
};

/* … and of everything else. */
struct mail {
    bool drain;
    bool stop;
};

struct worker {
    const struct config *config;
    int *fds; /* of the listeners; -1 once closed */
    const int *renew_fds;
    int done_fd;
    struct event_base *base;
    struct proxy *proxy;
    struct listener **listeners; /* one a configured listener, NULL once stopped */
    struct event mail_event;
    int mail_fd;
    pthread_mutex_t mail_lock;
    struct mail mail;
    struct news *news; /* of each identity */
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

static void stop_listeners(struct worker *worker)
{
    for (size_t i = 0; i < worker->config->listener_count; i++) {
        if (!worker->listeners[i])
            continue;
        listener_stop(worker->listeners[i]);
        worker->listeners[i] = NULL;
        close(worker->fds[i]); /* who comes now is refused, and can go elsewhere */
        worker->fds[i] = -1;
    }
}

static void on_drained(void *user)
{
    event_base_loopbreak(((struct worker *)user)->base);
}

static void take_news(struct worker *worker, size_t identity)
{
    struct news news;

    pthread_mutex_lock(&worker->mail_lock);
    news = worker->news[identity];
    worker->news[identity] = (struct news){0};
    pthread_mutex_unlock(&worker->mail_lock);
    if (news.changed)
        proxy_set_credentials(worker->proxy, identity, news.credentials, news.why);
}

static void on_mail(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;
    struct mail mail;
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof(count)) < 0)
        return;
    pthread_mutex_lock(&worker->mail_lock);
    mail = worker->mail;
    worker->mail = (struct mail){0};
    pthread_mutex_unlock(&worker->mail_lock);

    for (size_t i = 0; i < config_identity_count(worker->config); i++)
        take_news(worker, i);
    if (mail.stop) {
        event_base_loopbreak(worker->base);
    } else if (mail.drain) {
        stop_listeners(worker);
        proxy_drain(worker->proxy, on_drained, worker);
    }
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

static enum sg_status start_listeners(struct worker *worker, struct sg_error *err)
{
    const struct config *config = worker->config;

    worker->listeners = calloc(config->listener_count, sizeof(struct listener *));
    if (!worker->listeners)
        return sg_fail(err, SG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < config->listener_count; i++) {
        worker->listeners[i] =
            listener_start(worker->base, worker->fds[i], &config->listeners[i], proxy_accept, worker->proxy);
        if (!worker->listeners[i])
            return sg_fail(err, SG_NO_MEMORY, "listener %s: out of memory", config->listeners[i].name);
    }
    return SG_OK;
}

static void on_renew(void *user, size_t identity)
{
    signal_fd(((struct worker *)user)->renew_fds[identity]);
}

struct worker *worker_new(const struct config *config, int *fds, const int *renew_fds, int done_fd,
                          struct sg_error *err)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (!worker) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    worker->config = config;
    worker->fds = fds;
    worker->renew_fds = renew_fds;
    worker->done_fd = done_fd;
    pthread_mutex_init(&worker->mail_lock, NULL);
    worker->news = calloc(config_identity_count(config), sizeof(*worker->news));
    worker->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->base = make_base();
    if (worker->mail_fd < 0 || !worker->base) {
        sg_fail(err, SG_IO, "an event loop could not be set up (epoll, eventfd): %s", strerror(errno));
        goto fail;
    }
    event_assign(&worker->mail_event, worker->base, worker->mail_fd, EV_READ | EV_PERSIST, on_mail, worker);
    if (!worker->news) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        goto fail;
    }
    worker->proxy = proxy_new(worker->base, config, on_renew, worker, err);
    if (!worker->proxy || start_listeners(worker, err) != SG_OK)
        goto fail;
    if (event_add(&worker->mail_event, NULL) != 0) {
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
    signal_fd(worker->done_fd);
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

void worker_set_credentials(struct worker *worker, size_t identity, struct credentials *current,
                            const char *why)
{
    struct news *news = &worker->news[identity];
    struct credentials *replaced;

    pthread_mutex_lock(&worker->mail_lock);
    replaced = news->credentials;
    news->credentials = current ? credentials_ref(current) : NULL;
    news->changed = true;
    snprintf(news->why, sizeof(news->why), "%s", why ? why : "");
    pthread_mutex_unlock(&worker->mail_lock);
    credentials_unref(replaced);
    signal_fd(worker->mail_fd);
}

const struct proxy_metrics *worker_metrics(const struct worker *worker)
{
    return proxy_get_metrics(worker->proxy);
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
    if (!worker)
        return;
    if (worker->started)
        pthread_join(worker->thread, NULL);
    if (worker->listeners)
        stop_listeners(worker);
    free(worker->listeners);
    proxy_free(worker->proxy);
    if (event_initialized(&worker->mail_event))
        event_del(&worker->mail_event);
    if (worker->base)
        event_base_free(worker->base);
    if (worker->mail_fd >= 0)
        close(worker->mail_fd);
    for (size_t i = 0; worker->news && i < config_identity_count(worker->config); i++)
        credentials_unref(worker->news[i].credentials);
    free(worker->news);
    pthread_mutex_destroy(&worker->mail_lock);
    free(worker);
}
