/* A worker's mail: what the control thread says is put into slots under a lock, and taken from there by the
 * worker. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/sockets.h"
#include "daemon/worker_private.h"

void worker_signal(int fd)
{
    uint64_t one = 1;
    ssize_t n;

    do
        n = write(fd, &one, sizeof(one));
    while (n < 0 && errno == EINTR);
}

uint64_t worker_take_renewals(struct worker *worker)
{
    return atomic_exchange(&worker->renew, 0);
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
    if (worker_take_over(worker, order.config, order.fds, order.mirror, &err) != SG_OK) {
        log_error("a worker goes on with the configuration and the credentials it has: %s", err.text);
        worker->news_count = 0;
    }
    config_free(order.config);
    worker_signal(worker->signals.reloaded);
    take_news(worker);
}

void worker_on_mail(evutil_socket_t fd, short what, void *arg)
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
        worker_end_politely(worker);
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
    sg_word(news->why, sizeof(news->why), "%s", why ? why : "");
    pthread_mutex_unlock(&worker->mail_lock);
    credentials_unref(replaced);
    worker_signal(worker->mail_fd);
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
    worker_signal(worker->mail_fd);
}

struct news *worker_news_new(const struct config *config)
{
    return calloc(config_identity_count(config), sizeof(struct news));
}

void worker_reload(struct worker *worker, const struct config *config, struct news *news, int *fds,
                   struct mirror *mirror)
{
    struct order replaced;

    config_share(config);
    pthread_mutex_lock(&worker->mail_lock);
    replaced = worker->next;
    worker->next = (struct order){config, fds, mirror, news};
    pthread_mutex_unlock(&worker->mail_lock);
    if (replaced.config)
        worker_signal(worker->signals.reloaded); /* it never was, and never will be waited for */
    discard(&replaced);
    worker_signal(worker->mail_fd);
}

void worker_ping(struct worker *worker)
{
    atomic_store(&worker->silent, true);
    worker_signal(worker->mail_fd);
}

bool worker_is_alive(const struct worker *worker)
{
    return !atomic_load(&worker->silent);
}

void worker_drain(struct worker *worker)
{
    pthread_mutex_lock(&worker->mail_lock);
    worker->mail.drain = true;
    pthread_mutex_unlock(&worker->mail_lock);
    worker_signal(worker->mail_fd);
}

void worker_stop(struct worker *worker)
{
    pthread_mutex_lock(&worker->mail_lock);
    worker->mail.stop = true;
    pthread_mutex_unlock(&worker->mail_lock);
    worker_signal(worker->mail_fd);
}

void worker_discard_mail(struct worker *worker)
{
    discard(&worker->next);
    mirror_leave(worker->mail.mirror);
    free_news(worker->news, worker->news_count);
    pthread_mutex_destroy(&worker->mail_lock);
}
