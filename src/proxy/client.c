#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proxy/exchange.h"

enum { LINGER_MAX_BYTES = 64 * 1024 * 1024 };

ssize_t client_recv(struct client *client, char *data, size_t len)
{
    ssize_t n;

    if (client->eof)
        return 0;
    if (!client->readable)
        return CLIENT_BLOCKED;
    do
        n = recv(client->fd, data, len, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        client->readable = false;
        return CLIENT_BLOCKED;
    }
    if (n < 0)
        return CLIENT_BROKEN;
    if (n == 0)
        client->eof = true;
    /* A short read has emptied the socket (epoll(7)), unless its end follows. A reset may have come with the
     * bytes, and libevent does not tell: whoever reads on looks once more. */
    else if ((size_t)n < len && !client->half_closed)
        client->emptied = true;
    return n;
}

bool client_took_more(struct exchange *exchange)
{
    int held, before = exchange->held;

    if (exchange->to_client_count == 0 || ioctl(exchange->client->fd, SIOCOUTQ, &held) != 0)
        return false;
    exchange->held = held;
    return held < before;
}

bool client_flush(struct exchange *exchange, bool *broken)
{
    struct iovec *at = exchange->to_client;
    int left = exchange->to_client_count;

    *broken = false;
    while (left > 0) {
        struct msghdr message = {.msg_iov = at, .msg_iovlen = (size_t)left};
        int fd = exchange->client->fd;
        ssize_t n = left == 1 ? send(fd, at->iov_base, at->iov_len, MSG_NOSIGNAL)
                              : sendmsg(fd, &message, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            *broken = errno != EAGAIN && errno != EWOULDBLOCK;
            break;
        }
        exchange->progress_us = exchange->proxy->now_us;
        for (; left > 0 && (size_t)n >= at->iov_len; at++, left--)
            n -= (ssize_t)at->iov_len;
        if (left > 0) {
            at->iov_base = (char *)at->iov_base + n;
            at->iov_len -= (size_t)n;
        }
    }
    if (left > 0)
        memmove(exchange->to_client, at, (size_t)left * sizeof(*at));
    exchange->to_client_count = left;
    if (left > 0 && !*broken)
        (void)client_took_more(exchange); /* notes what it has not taken yet */
    return left == 0;
}

void client_poke(struct client *client)
{
    event_active(&client->io, EV_TIMEOUT, 0);
}

static void leave(struct proxy *proxy)
{
    proxy->client_count--;
    if (proxy->client_count == 0 && proxy->empty)
        proxy->empty(proxy->empty_user);
}

void client_close(struct client *client, bool reset)
{
    struct proxy *proxy = client->proxy;

    if (reset) {
        /* An abortive close tells a client of a body without length that it was cut. */
        struct linger now = {1, 0};

        setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    if (client->exchange)
        exchange_free(client->exchange);
    batch_leave(client);
    event_del(&client->io);
    deadline_end(&client->deadline);
    close(client->fd);
    quota_leave(proxy->quota, &client->seat);
    LIST_REMOVE(client, link);
    free(client);
    counter_add(&proxy->metrics->disconnected, 1);
    leave(proxy);
}

/* Throws away what comes until the client closes: closing first would reset the answer it may not have read.
 */
static void linger_on(struct client *client)
{
    char waste[16 * 1024];
    ssize_t n;

    while ((n = client_recv(client, waste, sizeof(waste))) > 0) {
        client->lingered += (size_t)n;
        if (client->lingered > LINGER_MAX_BYTES)
            break;
    }
    if (n != CLIENT_BLOCKED)
        client_close(client, false);
}

void client_linger(struct client *client)
{
    client->lingering = true;
    if (shutdown(client->fd, SHUT_WR) != 0) {
        client_close(client, false);
        return;
    }
    deadline_set(&client->deadline, client->proxy->now_us, client->proxy->limits_us[PATIENCE_LINGER]);
    linger_on(client);
}

static const struct config_listener *find_listener(const struct config *config, const char *address)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        if (strcmp(config->listeners[i].address, address) == 0)
            return &config->listeners[i];
    }
    return NULL;
}

bool client_move_on(struct client *client)
{
    struct proxy *from = client->proxy, *to = from->successor;
    const struct config_listener *listener;

    if (!to)
        return true;
    listener = find_listener(to->config, client->listener->address);
    if (!listener)
        return false;
    batch_leave(client);
    LIST_REMOVE(client, link);
    LIST_INSERT_HEAD(&to->clients, client, link);
    to->client_count++;
    client->proxy = to;
    client->listener = listener;
    caller_identify(&client->caller, to->config, listener, to->diag_fd, client->fd);
    leave(from);
    return !client->caller.refused &&
           quota_take_user(to->quota, &client->seat, &client->caller.peer, SIZE_MAX) == QUOTA_FREE;
}

void client_idle(struct client *client)
{
    uint64_t now = client->proxy->now_us;
    struct proxy *proxy;

    if (client->eof || !client_move_on(client)) {
        client_close(client, false);
        return;
    }
    proxy = client->proxy;
    deadline_set(&client->deadline, now, proxy->limits_us[proxy->draining ? PATIENCE_DRAIN : PATIENCE_IDLE]);
    if (client->emptied)
        client->readable = false;
    if (client->readable)
        client_poke(client);
}

static void on_deadline(void *user)
{
    client_close(user, false);
}

static void begin_exchange(struct client *client)
{
    deadline_drop(&client->deadline);
    client->exchange = exchange_start(client, (struct slice){NULL, 0});
    if (!client->exchange) {
        log_warn("out of memory: a connection to listener %s is closed", client->listener->name);
        client_close(client, true);
        return;
    }
    exchange_run(client->exchange);
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;

    (void)fd;
    if (what & EV_CLOSED)
        client->half_closed = true;
    if (what & (EV_READ | EV_CLOSED)) {
        client->readable = true;
        client->emptied = false;
    }
    if (client->lingering)
        linger_on(client);
    else if (client->exchange)
        exchange_run(client->exchange);
    else if (client->readable)
        begin_exchange(client);
}

/* Its name, and its value. */
static const char *name_limit(const struct proxy *proxy, const struct config_listener *listener,
                              enum quota_limit limit, unsigned *value)
{
    const struct config *config = proxy->config;

    switch (limit) {
    case QUOTA_LISTENER:
        *value = listener->max_connections;
        return "the listener's max_connections";
    case QUOTA_USER:
        *value = config->max_connections_per_user;
        return "limits.max_connections_per_user";
    default:
        *value = config->max_connections;
        return "limits.max_connections";
    }
}

/* Says why, as far as that goes without waiting. */
static void turn_away(struct proxy *proxy, const struct config_listener *listener, int fd,
                      enum quota_limit limit)
{
    const struct aws_error_framing framing = {.close = true};
    struct buffer answer = {0};
    unsigned value;
    const char *name = name_limit(proxy, listener, limit, &value);
    char text[128];

    counter_add(&proxy->metrics->turned_away, 1);
    log_warn("listener %s: %s (%u) is reached: a connection is turned away", listener->name, name, value);
    snprintf(text, sizeof(text), "sagegate has as many connections as %s (%u) lets it; try again.", name,
             value);
    aws_error_write(&answer, AWS_ERROR_BUSY, slice_cstr(text), SLICE("-"), &framing);
    if (!answer.failed && send(fd, answer.data, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        shutdown(fd, SHUT_WR);
    buffer_free(&answer);
}

/* False when a limit is reached, which the client is told, or memory is short. */
static bool take_seat(struct client *client)
{
    struct proxy *proxy = client->proxy;
    const struct config *config = proxy->config;
    enum quota_limit limit = quota_take(proxy->quota, config, client->listener, &client->seat);

    if (limit == QUOTA_FREE) {
        caller_identify(&client->caller, config, client->listener, proxy->diag_fd, client->fd);
        limit = quota_take_user(proxy->quota, &client->seat, &client->caller.peer,
                                config->max_connections_per_user);
    }
    if (limit != QUOTA_FREE && limit != QUOTA_NO_MEMORY)
        turn_away(proxy, client->listener, client->fd, limit);
    return limit == QUOTA_FREE;
}

static bool begin(struct client *client)
{
    struct proxy *proxy = client->proxy;

    event_assign(&client->io, proxy->base, client->fd, EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST,
                 on_io, client);
    deadline_init(&client->deadline, proxy->base, on_deadline, client);
    if (event_add(&client->io, NULL) != 0)
        return false;
    LIST_INSERT_HEAD(&proxy->clients, client, link);
    proxy->client_count++;
    counter_add(&proxy->metrics->connected, 1);
    deadline_set(&client->deadline, clock_monotonic_us(), proxy->limits_us[PATIENCE_IDLE]);
    return true;
}

void proxy_accept(void *user, const struct config_listener *listener, int fd)
{
    struct client *client = calloc(1, sizeof(*client));

    if (client) {
        client->proxy = user;
        client->listener = listener;
        client->fd = fd;
        if (take_seat(client) && begin(client))
            return;
        quota_leave(client->proxy->quota, &client->seat);
        free(client);
    }
    close(fd);
}
