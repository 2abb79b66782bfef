#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

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
    event_del(&client->timer);
    close(client->fd);
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
    evtimer_add(&client->timer, client->proxy->limits[PATIENCE_LINGER].timeout);
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
    return !client->caller.refused;
}

void client_idle(struct client *client)
{
    struct proxy *proxy;

    if (client->eof || !client_move_on(client)) {
        client_close(client, false);
        return;
    }
    proxy = client->proxy;
    evtimer_add(&client->timer, proxy->limits[proxy->draining ? PATIENCE_DRAIN : PATIENCE_IDLE].timeout);
    if (client->emptied)
        client->readable = false;
    if (client->readable)
        client_poke(client);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    client_close(arg, false);
}

static void begin_exchange(struct client *client)
{
    event_del(&client->timer);
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

/* Of this worker: those of proxies that are retired, too. */
static uint64_t count_of_all(const struct proxy *proxy)
{
    return counter_read(&proxy->metrics->connected) - counter_read(&proxy->metrics->disconnected);
}

static size_t count_of_listener(const struct proxy *proxy, const struct config_listener *listener)
{
    const struct client *client;
    size_t count = 0;

    LIST_FOREACH(client, &proxy->clients, link)
    {
        count += client->listener == listener;
    }
    return count;
}

/* How many connections a caller who is known has already. */
static size_t count_of_user(const struct proxy *proxy, const struct caller *caller)
{
    const struct client *client;
    size_t count = 0;

    if (!caller->peer.known || proxy->client_count < proxy->config->max_connections_per_user)
        return 0;
    LIST_FOREACH(client, &proxy->clients, link)
    {
        count += client->caller.peer.known && client->caller.peer.uid == caller->peer.uid;
    }
    return count;
}

/* Says why, as far as that goes without waiting, and closes. */
static void turn_away(struct proxy *proxy, const struct config_listener *listener, int fd, const char *limit,
                      unsigned value)
{
    const struct aws_error_framing framing = {.close = true};
    struct buffer answer = {0};
    char text[128];

    counter_add(&proxy->metrics->turned_away, 1);
    log_warn("listener %s: %s (%u) is reached: a connection is turned away", listener->name, limit, value);
    snprintf(text, sizeof(text), "sagegate has as many connections as %s (%u) lets it; try again.", limit,
             value);
    aws_error_write(&answer, AWS_ERROR_BUSY, slice_cstr(text), SLICE("-"), &framing);
    if (!answer.failed && send(fd, answer.data, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        shutdown(fd, SHUT_WR);
    buffer_free(&answer);
    close(fd);
}

void proxy_accept(void *user, const struct config_listener *listener, int fd)
{
    struct proxy *proxy = user;
    struct client *client;

    if (count_of_all(proxy) >= proxy->config->max_connections) {
        turn_away(proxy, listener, fd, "limits.max_connections", proxy->config->max_connections);
        return;
    }
    if (listener->max_connections && count_of_listener(proxy, listener) >= listener->max_connections) {
        turn_away(proxy, listener, fd, "the listener's max_connections", listener->max_connections);
        return;
    }
    client = calloc(1, sizeof(*client));
    if (!client) {
        close(fd);
        return;
    }
    client->proxy = proxy;
    client->listener = listener;
    client->fd = fd;
    caller_identify(&client->caller, proxy->config, listener, proxy->diag_fd, fd);
    if (count_of_user(proxy, &client->caller) >= proxy->config->max_connections_per_user) {
        free(client);
        turn_away(proxy, listener, fd, "limits.max_connections_per_user",
                  proxy->config->max_connections_per_user);
        return;
    }
    event_assign(&client->io, proxy->base, fd, EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_io,
                 client);
    evtimer_assign(&client->timer, proxy->base, on_timer, client);
    if (event_add(&client->io, NULL) != 0) {
        close(fd);
        free(client);
        return;
    }
    LIST_INSERT_HEAD(&proxy->clients, client, link);
    proxy->client_count++;
    counter_add(&proxy->metrics->connected, 1);
    evtimer_add(&client->timer, proxy->limits[PATIENCE_IDLE].timeout);
}
