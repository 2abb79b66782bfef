#include "credentials/https.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/secret.h"
#include "http/body.h"
#include "http/date.h"
#include "net/resolver.h"
#include "net/socket_address.h"
#include "net/tls.h"
#include "net/upstream.h"
#include "net/upstream_metrics.h"

struct https {
    struct event_base *base;
    struct resolver *resolver;
    SSL_CTX *tls;
    struct upstream_metrics metrics;
    struct config settings; /* what upstream.h needs of it alone: the configuration may go before us */
};

struct https_call {
    const struct https *https;
    const struct config_endpoint *endpoint;
    struct upstream *upstream; /* for this call alone: nothing goes on in the background between calls */
    struct upstream_connection *connection;
    struct event wake; /* the deadline; made active early when the call is over */
    bool over;
    unsigned timeout_ms;
    struct buffer request; /* both hold secrets: they get their full size at once, and are wiped */
    struct buffer answer;
    size_t answer_cap;
    size_t sent;
    size_t scanned;
    bool in_body;
    struct http_head head;
    struct http_body body;
    size_t content;                        /* bytes of it that stand at head.length of answer */
    char public_peer[SOCKET_ADDRESS_TEXT]; /* empty: see fetch.h */
    bool timed_out;
    char problem[400]; /* why there is no answer; empty when there is one */
    fetch_done *done;
    void *user;
};

struct https *https_new(struct event_base *base, const struct config *config, struct sg_error *err)
{
    struct https *https = calloc(1, sizeof(*https));

    if (!https) {
        (void)sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    https->base = base;
    https->settings.connect_timeout_ms = config->connect_timeout_ms;
    https->settings.pool_idle_ms = config->pool_idle_ms;
    https->settings.require_private = config->require_private;
    https->resolver = resolver_new(base, config, err);
    https->tls = https->resolver ? tls_context_new(config, err) : NULL;
    if (!https->tls) {
        https_free(https);
        return NULL;
    }
    SSL_CTX_set_options(https->tls, SSL_OP_CLEANSE_PLAINTEXT); /* what comes are secrets */
    return https;
}

void https_free(struct https *https)
{
    if (!https)
        return;
    SSL_CTX_free(https->tls);
    resolver_free(https->resolver);
    free(https);
}

struct event_base *https_base(const struct https *https)
{
    return https->base;
}

struct resolver *https_resolver(const struct https *https)
{
    return https->resolver;
}

void https_cancel(struct https_call *call)
{
    if (!call)
        return;
    upstream_close(call->connection);
    upstream_free(call->upstream);
    event_del(&call->wake);
    secret_free_buffer(&call->request);
    secret_free_buffer(&call->answer);
    free(call);
}

/* The upstream still works on the connection below this call: it can be freed only later, from wake. */
static void finish(struct https_call *call)
{
    upstream_close(call->connection);
    call->connection = NULL;
    call->over = true;
    event_active(&call->wake, EV_TIMEOUT, 0);
}

static void finish_failed(struct https_call *call, bool timed_out, const char *problem)
{
    call->timed_out = timed_out;
    sg_word(call->problem, sizeof(call->problem), "%s", problem);
    finish(call);
}

static void finish_broken(struct https_call *call, const char *what)
{
    sg_word(call->problem, sizeof(call->problem), "the answer from %s %s", call->endpoint->authority, what);
    finish(call);
}

/* False when the call is over. */
static bool write_request(struct https_call *call)
{
    while (call->sent < call->request.len) {
        ssize_t n =
            upstream_write(call->connection, call->request.data + call->sent, call->request.len - call->sent);

        if (n == UPSTREAM_BLOCKED)
            return true;
        if (n < 0) {
            finish_failed(call, false, upstream_why(call->connection));
            return false;
        }
        call->sent += (size_t)n;
    }
    return true;
}

/* Takes the head, when it is whole, and drops those before the final one (1xx). False when the call is over.
 */
static bool take_head(struct https_call *call)
{
    enum http_scan scan = HTTP_SCAN_COMPLETE;

    while (!call->in_body && scan == HTTP_SCAN_COMPLETE) {
        scan = http_head_scan(buffer_slice(&call->answer), &call->scanned);
        if (scan == HTTP_SCAN_MORE)
            return true;
        if (scan == HTTP_SCAN_BAD ||
            http_response_parse(buffer_slice(&call->answer), false, &call->head, NULL)) {
            finish_broken(call, "is not HTTP/1.1");
            return false;
        }
        if (call->head.status >= 200) {
            http_body_init(&call->body, &call->head);
            call->in_body = true;
        } else {
            buffer_consume(&call->answer, call->head.length);
            call->scanned = 0;
        }
    }
    return true;
}

/* Decodes what came after the content that is there already. False when the call is over. */
static bool take_body(struct https_call *call)
{
    size_t from = call->head.length + call->content;
    size_t consumed, produced;
    enum http_body_result result = http_body_decode(&call->body, call->answer.data + from,
                                                    call->answer.len - from, &consumed, &produced);

    call->content += produced;
    call->answer.len = from + produced;
    if (result == HTTP_BODY_DONE)
        finish(call);
    else if (result == HTTP_BODY_BAD)
        finish_broken(call, "has a broken body");
    return result == HTTP_BODY_MORE;
}

static void at_eof(struct https_call *call)
{
    if (call->in_body && http_body_complete_at_eof(&call->body))
        finish(call);
    else
        finish_broken(call, "ended before it was complete");
}

static void read_answer(struct https_call *call)
{
    bool going_on = true;

    while (going_on) {
        struct buffer *answer = &call->answer;
        ssize_t n;

        if (answer->len == call->answer_cap) {
            finish_broken(call, "is too large");
            return;
        }
        n = upstream_read(call->connection, answer->data + answer->len, call->answer_cap - answer->len);
        if (n == UPSTREAM_BLOCKED)
            return;
        if (n == UPSTREAM_EOF) {
            at_eof(call);
            return;
        }
        if (n < 0) {
            finish_failed(call, false, upstream_why(call->connection));
            return;
        }
        answer->len += (size_t)n;
        going_on = take_head(call) && (!call->in_body || take_body(call));
    }
}

static void on_upstream(void *user, enum upstream_event event)
{
    struct https_call *call = user;

    if (event == UPSTREAM_CONNECTED && call->https->settings.require_private &&
        !upstream_is_private(call->connection))
        snprintf(call->public_peer, sizeof(call->public_peer), "%s", upstream_peer(call->connection));
    if (event == UPSTREAM_FAILED || event == UPSTREAM_TIMED_OUT)
        finish_failed(call, event == UPSTREAM_TIMED_OUT, upstream_why(call->connection));
    else if (write_request(call))
        read_answer(call);
}

static int64_t date_of(const struct http_head *head)
{
    const struct http_field *date = http_head_field(head, FIELD_DATE);
    int64_t seconds;

    return date && http_date_parse(date->value, &seconds) ? seconds : 0;
}

static void on_wake(evutil_socket_t fd, short what, void *user)
{
    struct https_call *call = user;
    struct fetch_answer answer = {.timed_out = call->timed_out || !call->over};

    (void)fd;
    (void)what;
    if (!call->over)
        sg_word(call->problem, sizeof(call->problem), "no answer from %s in %g s", call->endpoint->authority,
                call->timeout_ms / 1000.0);
    if (call->problem[0]) {
        answer.problem = call->problem;
    } else {
        answer.status = call->head.status;
        answer.date = date_of(&call->head);
        answer.public_peer = call->public_peer[0] ? call->public_peer : NULL;
        answer.body = slice_of(call->answer.data + call->head.length, call->content);
    }
    call->done(call->user, &answer);
    https_cancel(call);
    secret_wipe_stack();
}

struct https_call *https_start(struct https *https, const struct https_request *request, fetch_done *done,
                               void *user)
{
    struct timeval limit = {request->timeout_ms / 1000, (request->timeout_ms % 1000) * 1000};
    struct https_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->https = https;
    call->endpoint = request->endpoint;
    call->timeout_ms = request->timeout_ms;
    call->answer_cap = HTTP_MAX_HEAD + (request->answer_max ? request->answer_max : FETCH_ANSWER_MAX);
    call->done = done;
    call->user = user;
    evtimer_assign(&call->wake, https->base, on_wake, call);
    if (buffer_reserve(&call->request, request->text.len) &&
        buffer_reserve(&call->answer, call->answer_cap) && evtimer_add(&call->wake, &limit) == 0)
        call->upstream = upstream_new(https->base, https->resolver, https->tls, &https->settings,
                                      request->endpoint, &https->metrics);
    if (call->upstream)
        call->connection = upstream_take(call->upstream, true, on_upstream, call);
    if (!call->connection) {
        https_cancel(call);
        return NULL;
    }
    buffer_append(&call->request, request->text);
    return call;
}
