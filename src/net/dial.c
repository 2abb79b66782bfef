#include "net/dial.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/tls.h"

enum {
    /* Interface endpoints and NAT gateways drop flows that are silent for 350 s, also those of long calls;
     * and a zone that has died is to be noticed while a connection rests, not by the next request. */
    KEEPALIVE_IDLE_S = 15,
    KEEPALIVE_INTERVAL_S = 5,
    KEEPALIVE_PROBES = 3,
    UNACKNOWLEDGED_MS = 30 * 1000, /* then the peer is gone; longer than a service that lives leaves a full
                                      window unread */
};

/* One address that is being tried. fd is -1 when it is not, or no longer. */
struct attempt {
    struct dial *dial;
    union socket_address peer;
    int fd;
    SSL *ssl; /* NULL while TCP connects */
    struct event io;
};

struct dial {
    struct dial_target target;
    dial_done *done;
    void *user;
    size_t count, begun, running;
    bool connected;    /* somewhere */
    struct event next; /* time for the next address */
    char why[DIAL_WHY];
    struct attempt attempts[]; /* in the order of trying */
};

static void drop(struct attempt *attempt)
{
    if (attempt->fd < 0)
        return;
    event_del(&attempt->io);
    SSL_free(attempt->ssl);
    close(attempt->fd);
    attempt->fd = -1;
    attempt->dial->running--;
}

static void mark_failed(struct attempt *attempt, const char *why)
{
    const struct dial_target *target = &attempt->dial->target;

    if (!address_failed(target->health, &attempt->peer, clock_monotonic_us()))
        return;
    counter_add(&target->counters->ejected, 1);
    log_warn("%s: %s; it is set aside, and tried again in the background", target->host, why);
}

/* An attempt that nothing more can come of, and not because another has won. */
static void count_failed(struct attempt *attempt)
{
    struct dial_counters *counters = attempt->dial->target.counters;

    counter_add(attempt->ssl ? &counters->handshakes_failed : &counters->connects_failed, 1);
}

/* Not EV_TIMEOUT: nobody's head start is over. */
static void start_next_now(struct dial *dial)
{
    event_active(&dial->next, EV_READ, 0);
}

static bool is_last(const struct attempt *attempt)
{
    return attempt == &attempt->dial->attempts[attempt->dial->begun - 1];
}

static void attempt_failed(struct attempt *attempt)
{
    struct dial *dial = attempt->dial;

    count_failed(attempt);
    drop(attempt);
    mark_failed(attempt, dial->why);
    if (is_last(attempt) || dial->running == 0)
        start_next_now(dial);
}

static void won(struct attempt *attempt)
{
    struct dial *dial = attempt->dial;
    struct dial_counters *counters = dial->target.counters;
    struct dial_result result = {
        .ssl = attempt->ssl, .fd = attempt->fd, .peer = attempt->peer, .connected = true};
    char peer[SOCKET_ADDRESS_TEXT];

    counter_add(SSL_session_reused(attempt->ssl) ? &counters->handshakes_resumed : &counters->handshakes_full,
                1);
    event_del(&attempt->io);
    attempt->fd = -1;
    if (address_works(dial->target.health, &attempt->peer))
        log_info("%s: %s works again", dial->target.host, socket_address_format(&attempt->peer, peer));
    dial->done(dial->user, &result);
    dial_cancel(dial, false);
}

static void lost(struct dial *dial)
{
    struct dial_result result = {.fd = -1, .connected = dial->connected, .why = dial->why};

    dial->done(dial->user, &result);
    dial_cancel(dial, false);
}

static void handshake(struct attempt *attempt)
{
    struct dial *dial = attempt->dial;
    char peer[SOCKET_ADDRESS_TEXT];
    int result, error, len;

    ERR_clear_error();
    result = SSL_do_handshake(attempt->ssl);
    if (result == 1) {
        won(attempt);
        return;
    }
    error = SSL_get_error(attempt->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return;
    len = snprintf(dial->why, sizeof(dial->why),
                   "TLS with %s as %s: ", socket_address_format(&attempt->peer, peer), dial->target.host);
    if (len > 0 && (size_t)len < sizeof(dial->why))
        tls_explain(attempt->ssl, error, dial->target.default_host, dial->why + len,
                    sizeof(dial->why) - (size_t)len);
    attempt_failed(attempt);
}

static void explain_connect(struct dial *dial, const union socket_address *peer, const char *why)
{
    char text[SOCKET_ADDRESS_TEXT];

    sg_word(dial->why, sizeof(dial->why), "connect to %s: %s", socket_address_format(peer, text), why);
}

static void on_connected(struct attempt *attempt)
{
    struct dial *dial = attempt->dial;
    int error = 0;
    socklen_t len = sizeof(error);

    if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error) {
        explain_connect(dial, &attempt->peer, strerror(error));
        attempt_failed(attempt);
        return;
    }
    dial->connected = true;
    attempt->ssl = tls_connection_new(dial->target.tls, attempt->fd, dial->target.host, dial->target.session);
    if (!attempt->ssl) {
        snprintf(dial->why, sizeof(dial->why), "TLS: out of memory");
        attempt_failed(attempt);
        return;
    }
    handshake(attempt);
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
    struct attempt *attempt = arg;

    (void)fd;
    if (attempt->ssl)
        handshake(attempt);
    else if (what & EV_WRITE)
        on_connected(attempt);
}

static void set_options(int fd)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

/* For want of descriptors or memory: the address is not to blame. */
static void could_not_try(struct attempt *attempt, const char *why)
{
    explain_connect(attempt->dial, &attempt->peer, why);
    address_untried(attempt->dial->target.health, &attempt->peer, clock_monotonic_us());
}

/* False (and why set) when it fails at once. */
static bool begin(struct attempt *attempt)
{
    struct dial *dial = attempt->dial;
    int fd = socket(attempt->peer.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        could_not_try(attempt, strerror(errno));
        return false;
    }
    set_options(fd);
    if (connect(fd, &attempt->peer.any, socket_address_len(&attempt->peer)) != 0 && errno != EINPROGRESS) {
        explain_connect(dial, &attempt->peer, strerror(errno));
        mark_failed(attempt, dial->why);
        close(fd);
        return false;
    }
    event_assign(&attempt->io, dial->target.base, fd, EV_READ | EV_WRITE | EV_ET | EV_PERSIST, on_io,
                 attempt);
    if (event_add(&attempt->io, NULL) != 0) {
        could_not_try(attempt, "out of memory");
        close(fd);
        return false;
    }
    attempt->fd = fd;
    dial->running++;
    return true;
}

static void explain_silence(struct attempt *attempt)
{
    struct dial *dial = attempt->dial;
    char peer[SOCKET_ADDRESS_TEXT];

    snprintf(dial->why, sizeof(dial->why), "%s %s: no answer in time",
             attempt->ssl ? "TLS with" : "connect to", socket_address_format(&attempt->peer, peer));
}

/* An address that has had its head start goes behind the others from now on, unless it still wins. */
static void set_slow_aside(struct attempt *attempt)
{
    if (attempt->fd < 0)
        return;
    explain_silence(attempt);
    mark_failed(attempt, attempt->dial->why);
}

static void on_next(evutil_socket_t fd, short what, void *arg)
{
    struct dial *dial = arg;
    struct timeval head_start = {0, DIAL_HEAD_START_MS * 1000};

    (void)fd;
    if ((what & EV_TIMEOUT) && dial->begun < dial->count)
        set_slow_aside(&dial->attempts[dial->begun - 1]);
    while (dial->begun < dial->count) {
        struct attempt *attempt = &dial->attempts[dial->begun++];

        if (begin(attempt)) {
            evtimer_add(&dial->next, &head_start);
            return;
        }
        count_failed(attempt);
    }
    if (dial->running == 0)
        lost(dial);
}

struct dial *dial_start(const struct dial_target *target, const union socket_address *order, size_t count,
                        dial_done *done, void *user)
{
    struct dial *dial = calloc(1, sizeof(*dial) + count * sizeof(struct attempt));

    if (!dial)
        return NULL;
    dial->target = *target;
    dial->count = count;
    dial->done = done;
    dial->user = user;
    for (size_t i = 0; i < count; i++)
        dial->attempts[i] = (struct attempt){.dial = dial, .peer = order[i], .fd = -1};
    evtimer_assign(&dial->next, target->base, on_next, dial);
    start_next_now(dial);
    return dial;
}

void dial_cancel(struct dial *dial, bool too_long)
{
    if (!dial)
        return;
    for (size_t i = 0; i < dial->begun; i++) {
        if (too_long && dial->attempts[i].fd >= 0) {
            explain_silence(&dial->attempts[i]);
            count_failed(&dial->attempts[i]);
            mark_failed(&dial->attempts[i], dial->why);
        }
        drop(&dial->attempts[i]);
    }
    event_del(&dial->next);
    free(dial);
}

const char *dial_why(struct dial *dial)
{
    for (size_t i = 0; i < dial->begun; i++) {
        if (dial->attempts[i].fd >= 0)
            explain_silence(&dial->attempts[i]);
    }
    return dial->why;
}
