/*
 * The load of the benchmark: POST requests over kept-alive connections, by plain HTTP to a proxy or by TLS to
 * the endpoint itself. Closed loop: each connection asks again when it is answered. Open loop (-r): requests
 * start at their time, whether earlier ones are answered or not, and their latency counts from that time.
 * Prints what happened as one line of JSON.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { IN = 64 * 1024, EVENTS = 256, SAMPLES = 1 << 22, MARK = 17 };

static const char usage[] =
    "usage: load -p PORT [option]...\n"
    "  -p PORT     on 127.0.0.1      -T          speak TLS\n"
    "  -c N        connections (1)   -b BYTES    request body (100)\n"
    "  -n N        end after so many requests\n"
    "  -s SECONDS  end after this time (1)\n"
    "  -r RATE     open loop: requests a second\n"
    "  -t TARGET   (/endpoints/b100/invocations)\n"
    "  -H FIELD    a header line to add\n"
    "  -i          one request on each connection, one after the other; they stay until stdin ends";

static struct {
    int port, connections;
    bool tls, idle;
    size_t body;
    unsigned long requests;
    double seconds, rate;
    const char *target, *field;
} options = {.connections = 1, .body = 100, .seconds = 1, .target = "/endpoints/b100/invocations"};

struct connection {
    int fd;
    SSL *ssl;
    bool busy;
    uint64_t began;
    size_t sent;
    size_t len;   /* bytes in `in`: a head that has not ended, or the end of the last chunk */
    bool in_body; /* of the answer */
    bool chunked;
    uint64_t body_left; /* when not chunked */
    char in[IN + 1];
};

static int loop;
static char *request;
static size_t request_len;
static SSL_CTX *context;
static struct connection *connections;

static uint64_t start, deadline;
static unsigned long started, answered, failed;
static uint64_t *samples; /* latencies, or ages of chunks: ns */
static size_t sample_count;

static uint64_t next_due, interval; /* of the open loop: ns */

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void sample(uint64_t ns)
{
    if (sample_count < SAMPLES)
        samples[sample_count++] = ns;
}

static void make_request(void)
{
    char head[2048];
    int n = snprintf(head, sizeof(head),
                     "POST %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load/1\r\nAccept: */*\r\n"
                     "Content-Type: application/json\r\n%s%sContent-Length: %zu\r\n\r\n",
                     options.target, options.field ? options.field : "", options.field ? "\r\n" : "",
                     options.body);

    request_len = (size_t)n + options.body;
    request = malloc(request_len);
    if (!request)
        err(1, "malloc");
    memcpy(request, head, (size_t)n);
    memset(request + n, 'x', options.body);
}

static void connect_one(struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)options.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = connection}};
    int on = 1;

    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        err(1, "connect to port %d", options.port);
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (options.tls) {
        connection->ssl = SSL_new(context);
        if (!connection->ssl || SSL_set_fd(connection->ssl, connection->fd) != 1 ||
            SSL_connect(connection->ssl) != 1)
            errx(1, "TLS with port %d failed", options.port);
    }
    if (fcntl(connection->fd, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(loop, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        err(1, "epoll");
}

static ssize_t put(struct connection *connection, const char *data, size_t len)
{
    int n;

    if (!connection->ssl)
        return send(connection->fd, data, len, MSG_NOSIGNAL);
    n = SSL_write(connection->ssl, data, (int)len);
    if (n <= 0)
        errno = SSL_get_error(connection->ssl, n) == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return n > 0 ? n : -1;
}

static ssize_t get(struct connection *connection, char *data, size_t len)
{
    int n;

    if (!connection->ssl)
        return recv(connection->fd, data, len, 0);
    n = SSL_read(connection->ssl, data, (int)len);
    if (n <= 0)
        errno = SSL_get_error(connection->ssl, n) == SSL_ERROR_WANT_READ ? EAGAIN : EPROTO;
    return n > 0 ? n : -1;
}

static void push(struct connection *connection)
{
    while (connection->busy && connection->sent < request_len) {
        ssize_t n = put(connection, request + connection->sent, request_len - connection->sent);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            errx(1, "the connection was closed while a request went out");
        connection->sent += (size_t)n;
    }
}

static bool over(void)
{
    return options.requests ? started >= options.requests : now_ns() >= deadline;
}

static void begin(struct connection *connection, uint64_t began)
{
    connection->busy = true;
    connection->began = began;
    connection->sent = 0;
    started++;
    push(connection);
}

/* Starts what is due, on connections that are free. */
static void begin_due(void)
{
    uint64_t now = now_ns();
    int free = 0;

    while (next_due <= now && next_due < deadline) {
        while (free < options.connections && connections[free].busy)
            free++;
        if (free == options.connections)
            return; /* when one is free again */
        begin(&connections[free], next_due);
        next_due += interval;
    }
}

static void answer_complete(struct connection *connection)
{
    if (!connection->chunked)
        sample(now_ns() - connection->began);
    answered++;
    connection->busy = connection->in_body = false;
    connection->len = 0;
    if (options.rate > 0)
        begin_due();
    else if (options.idle && started < (unsigned long)options.connections)
        begin(&connections[started], now_ns());
    else if (!options.idle && !over())
        begin(connection, now_ns());
}

/* Each chunk has "@" and the time when it was sent in it. */
static bool take_chunks(struct connection *connection)
{
    char *at = connection->in, *mark;
    uint64_t now = now_ns();

    while ((mark = strchr(at, '@')) && strlen(mark) >= MARK) {
        sample(now - strtoull(mark + 1, NULL, 16));
        at = mark + MARK;
    }
    if (connection->len >= 5 && strcmp(connection->in + connection->len - 5, "0\r\n\r\n") == 0)
        return true;
    if (connection->len > 2 * MARK && at < connection->in + connection->len - MARK)
        at = connection->in + connection->len - MARK;
    connection->len -= (size_t)(at - connection->in);
    memmove(connection->in, at, connection->len + 1);
    return false;
}

static bool take_head(struct connection *connection)
{
    char *end = strstr(connection->in, "\r\n\r\n");
    size_t extra;

    if (!end)
        return false;
    extra = connection->len - (size_t)(end + 4 - connection->in);
    *end = '\0';
    failed += strncmp(connection->in + strlen("HTTP/1.1"), " 200", 4) != 0;
    connection->in_body = true;
    connection->chunked = strcasestr(connection->in, "\r\ntransfer-encoding: chunked") != NULL;
    connection->body_left = 0;
    if (!connection->chunked) {
        const char *length = strcasestr(connection->in, "\r\ncontent-length:");

        connection->body_left = length ? strtoull(length + strlen("\r\ncontent-length:"), NULL, 10) : 0;
    }
    memmove(connection->in, end + 4, extra + 1);
    connection->len = extra;
    return true;
}

/* True when the answer is complete. */
static bool take(struct connection *connection)
{
    connection->in[connection->len] = '\0';
    if (!connection->in_body && !take_head(connection))
        return false;
    if (connection->chunked)
        return take_chunks(connection);
    connection->body_left -= connection->len;
    connection->len = 0;
    return connection->body_left == 0;
}

static void pull(struct connection *connection)
{
    for (;;) {
        ssize_t n = get(connection, connection->in + connection->len, IN - connection->len);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0 && !connection->busy) /* it was idle for long */
            return;
        if (n <= 0)
            errx(1, "the connection was closed before the answer");
        connection->len += (size_t)n;
        if (take(connection))
            answer_complete(connection);
    }
}

static void run(int timer)
{
    struct epoll_event events[EVENTS];
    uint64_t ticks;
    int together = options.rate > 0 ? 0 : options.idle ? 1 : options.connections;

    for (int i = 0; i < together && !(i > 0 && over()); i++)
        begin(&connections[i], now_ns());
    while (answered < started || (options.rate > 0 && next_due < deadline)) {
        int n = epoll_wait(loop, events, EVENTS, 10000);

        if (n == 0)
            errx(1, "nothing has come for ten seconds");
        for (int i = 0; i < n; i++) {
            struct connection *connection = events[i].data.ptr;

            if (!connection) {
                if (read(timer, &ticks, sizeof(ticks)) > 0)
                    begin_due();
                continue;
            }
            push(connection);
            pull(connection);
        }
    }
}

/* Due requests are looked for at least every 100 microseconds: hrtimers are more exact than epoll_wait(). */
static int start_timer(void)
{
    long ns = interval < 100000 ? 100000 : (long)interval;
    struct itimerspec when = {{ns / 1000000000, ns % 1000000000}, {0, 1}};
    struct epoll_event event = {EPOLLIN, {.ptr = NULL}};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);

    if (timer < 0 || timerfd_settime(timer, 0, &when, NULL) != 0 ||
        epoll_ctl(loop, EPOLL_CTL_ADD, timer, &event) != 0)
        err(1, "timer");
    return timer;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static double percentile_us(double part)
{
    if (sample_count == 0)
        return 0;
    return (double)samples[(size_t)(part * (double)(sample_count - 1))] / 1000.0;
}

static void report(void)
{
    double seconds = (double)(now_ns() - start) / 1e9;

    qsort(samples, sample_count, sizeof(*samples), compare);
    printf("{\"requests\": %lu, \"failed\": %lu, \"seconds\": %.4f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
           answered, failed, seconds, percentile_us(0.5), percentile_us(0.99));
    fflush(stdout);
}

static void read_options(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "p:c:n:s:r:b:t:H:Ti")) != -1) {
        switch (option) {
        case 'p':
            options.port = atoi(optarg);
            break;
        case 'c':
            options.connections = atoi(optarg);
            break;
        case 'n':
            options.requests = strtoul(optarg, NULL, 10);
            break;
        case 's':
            options.seconds = atof(optarg);
            break;
        case 'r':
            options.rate = atof(optarg);
            break;
        case 'b':
            options.body = strtoul(optarg, NULL, 10);
            break;
        case 't':
            options.target = optarg;
            break;
        case 'H':
            options.field = optarg;
            break;
        case 'T':
            options.tls = true;
            break;
        case 'i':
            options.idle = true;
            break;
        default:
            errx(2, "%s", usage);
        }
    }
    if (!options.port || options.connections < 1 || optind < argc)
        errx(2, "%s", usage);
}

int main(int argc, char **argv)
{
    int timer = -1;
    char byte;

    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    loop = epoll_create1(0);
    samples = malloc(SAMPLES * sizeof(*samples));
    connections = calloc((size_t)options.connections, sizeof(*connections));
    context = options.tls ? SSL_CTX_new(TLS_client_method()) : NULL;
    if (loop < 0 || !samples || !connections || (options.tls && !context))
        err(1, "set-up");
    if (context)
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    make_request();
    for (int i = 0; i < options.connections; i++)
        connect_one(&connections[i]);
    start = now_ns();
    deadline = start + (uint64_t)(options.seconds * 1e9);
    if (options.rate > 0) {
        interval = (uint64_t)(1e9 / options.rate);
        next_due = start + interval;
        timer = start_timer();
    }
    run(timer);
    report();
    if (options.idle)
        return read(STDIN_FILENO, &byte, 1) < 0;
    return 0;
}
