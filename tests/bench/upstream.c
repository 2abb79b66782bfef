/*
 * The endpoint of the benchmark: HTTP/1.1 over TLS on loopback, one thread. It reads a request to its end and
 * answers what the path asks for: /endpoints/b100/… with 100 bytes, /endpoints/t50/… with 50 chunks, one each
 * two milliseconds, that say when they were sent. Not a stand-in: it looks at no signature.
 *
 * usage: upstream CERTIFICATE KEY    prints its port
 */
#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { IN = 64 * 1024, OUT = 64 * 1024, TICK_NS = 2000000, TICK_BYTES = 100, EVENTS = 64 };

struct connection {
    int fd, timer;
    SSL *ssl;
    size_t len;         /* of a head that has not ended in `in` */
    uint64_t body_left; /* of the request, to be read */
    bool in_body;
    unsigned ticks_left;
    uint64_t filler_left; /* bytes of the answer beyond `out` */
    size_t out_len, out_sent;
    char in[IN], out[OUT];
};

static char filler[OUT];
static int loop;

static void drop(struct connection *connection)
{
    ERR_clear_error(); /* SSL_get_error() would take it for the next connection's */
    SSL_free(connection->ssl);
    close(connection->fd);
    if (connection->timer >= 0)
        close(connection->timer);
    free(connection);
}

/* False when the connection has failed. What is left goes out when the socket can take it. */
static bool flush(struct connection *connection)
{
    for (;;) {
        size_t n = connection->out_len - connection->out_sent;
        const char *from = connection->out + connection->out_sent;
        int written;

        if (n == 0) {
            n = connection->filler_left < OUT ? connection->filler_left : OUT;
            from = filler;
        }
        if (n == 0)
            return true;
        written = SSL_write(connection->ssl, from, (int)n);
        if (written <= 0)
            return SSL_get_error(connection->ssl, written) == SSL_ERROR_WANT_WRITE;
        if (from == filler)
            connection->filler_left -= (size_t)written;
        else
            connection->out_sent += (size_t)written;
    }
}

static bool tick(struct connection *connection)
{
    struct timespec now;
    int n;

    clock_gettime(CLOCK_MONOTONIC, &now);
    n = snprintf(connection->out, OUT, "%x\r\n@%016" PRIx64, TICK_BYTES,
                 (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
    memset(connection->out + n, '.', TICK_BYTES);
    n += TICK_BYTES - 17;
    connection->ticks_left--;
    n += snprintf(connection->out + n, 16, "\r\n%s", connection->ticks_left ? "" : "0\r\n\r\n");
    connection->out_len = (size_t)n;
    connection->out_sent = 0;
    return flush(connection);
}

static void set_timer(struct connection *connection, long ns)
{
    struct itimerspec when = {{0, ns}, {0, ns}};

    if (connection->timer < 0) {
        struct epoll_event event = {EPOLLIN, {.u64 = (uintptr_t)connection | 1}};

        connection->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        if (connection->timer < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, connection->timer, &event) != 0)
            err(1, "timer");
    }
    timerfd_settime(connection->timer, 0, &when, NULL);
}

static bool on_timer(struct connection *connection)
{
    uint64_t count;

    if (read(connection->timer, &count, sizeof(count)) < 0 || connection->ticks_left == 0)
        return true;
    if (connection->ticks_left == 1)
        set_timer(connection, 0);
    return tick(connection);
}

/* The request has been read: `in` still begins with its head. */
static bool answer(struct connection *connection)
{
    const char *name = strstr(connection->in, " /endpoints/");
    unsigned long n = name ? strtoul(name + strlen(" /endpoints/b"), NULL, 10) : 0;
    bool ticks = name && name[strlen(" /endpoints/")] == 't';
    char *out = connection->out;
    int len = snprintf(out, OUT,
                       "HTTP/1.1 200 OK\r\nx-amzn-RequestId: 7a62c49f-347e-4fc4-9331-6e8eb7a1b2c3\r\n"
                       "x-Amzn-Invoked-Production-Variant: AllTraffic\r\n"
                       "Date: Tue, 24 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n");

    if (ticks)
        len += snprintf(out + len, OUT - (size_t)len, "Transfer-Encoding: chunked\r\n\r\n");
    else
        len += snprintf(out + len, OUT - (size_t)len, "Content-Length: %lu\r\n\r\n", n);
    connection->out_sent = 0;
    connection->out_len = (size_t)len;
    if (ticks) {
        connection->ticks_left = (unsigned)n;
        set_timer(connection, TICK_NS);
    } else if ((size_t)len + n <= OUT) {
        memset(out + len, '.', n);
        connection->out_len += n;
    } else {
        connection->filler_left = n;
    }
    return flush(connection);
}

static uint64_t content_length(const char *head)
{
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, "content-length:", 15) == 0)
            return strtoull(line + 17, NULL, 10);
    }
    return 0;
}

/* n bytes have arrived at in + len, or in the place of an earlier part of the body. */
static bool take(struct connection *connection, size_t n)
{
    char *end;

    if (connection->in_body) {
        connection->body_left -= n;
    } else {
        connection->len += n;
        connection->in[connection->len] = '\0';
        end = strstr(connection->in, "\r\n\r\n");
        if (!end)
            return connection->len < IN - 1;
        *end = '\0';
        connection->in_body = true;
        connection->body_left = content_length(connection->in);
        connection->body_left -= connection->len - (size_t)(end + 4 - connection->in);
    }
    if (connection->body_left > 0)
        return true;
    connection->in_body = false;
    connection->len = 0;
    return answer(connection);
}

static bool on_io(struct connection *connection)
{
    if (!flush(connection))
        return false;
    for (;;) {
        /* The head stays at the front until its request is answered. */
        size_t at = connection->in_body ? 1024 : connection->len;
        int n = SSL_read(connection->ssl, connection->in + at, (int)(IN - 1 - at));

        if (n <= 0)
            return SSL_get_error(connection->ssl, n) == SSL_ERROR_WANT_READ;
        if (!take(connection, (size_t)n))
            return false;
    }
}

static void on_accept(int listener, SSL_CTX *context)
{
    struct connection *connection;
    int fd, on = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLET, {0}};

        connection = calloc(1, sizeof(*connection));
        if (!connection)
            err(1, "calloc");
        connection->fd = fd;
        connection->timer = -1;
        connection->ssl = SSL_new(context);
        event.data.u64 = (uintptr_t)connection;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (!connection->ssl || SSL_set_fd(connection->ssl, fd) != 1 ||
            epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) != 0)
            errx(1, "a connection cannot be set up");
        SSL_set_accept_state(connection->ssl);
    }
}

static void serve(int listener, SSL_CTX *context)
{
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(loop, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            struct connection *connection = (void *)(uintptr_t)(events[i].data.u64 & ~(uint64_t)1);
            bool timer = events[i].data.u64 & 1;

            if (!connection)
                on_accept(listener, context);
            else if (timer ? !on_timer(connection) : !on_io(connection))
                drop(connection);
        }
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {EPOLLIN, {.u64 = 0}};
    socklen_t len = sizeof(address);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    signal(SIGPIPE, SIG_IGN);
    loop = epoll_create1(0);
    if (argc != 3)
        errx(2, "usage: upstream CERTIFICATE KEY");
    if (!context || SSL_CTX_use_certificate_file(context, argv[1], SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1)
        errx(1, "%s, %s: no certificate and key", argv[1], argv[2]);
    /* What endpoints of AWS choose first. */
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, 4096) != 0 || getsockname(listener, (struct sockaddr *)&address, &len) != 0 ||
        epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event) != 0)
        err(1, "listen");
    memset(filler, '.', sizeof(filler));
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    serve(listener, context);
}
