/* The steps towards the endpoint: a connection, the request, the answer. */
#include <stdio.h>

#include "base/log.h"
#include "proxy/exchange.h"

enum {
    RELAY_BYTES = 64 * 1024,
    RELAY_LEAST = 4 * 1024, /* after the answer's head */
};

static const char *endpoint_key(const struct exchange *exchange)
{
    return aws_services[exchange->admission.match.operation->service].key;
}

static void on_upstream(void *user, enum upstream_event event)
{
    struct exchange *exchange = user;

    if (event == UPSTREAM_CONNECTED)
        exchange->connected = true;
    else if (event != UPSTREAM_IO)
        exchange->connect_failed = true;
    exchange_run(exchange);
}

static enum exchange_state take_connection(struct exchange *exchange)
{
    struct proxy *proxy = exchange->proxy;

    exchange->upstream = upstream_take(proxy->upstreams[exchange->admission.match.operation->service],
                                       exchange->fresh, on_upstream, exchange);
    if (!exchange->upstream)
        return exchange_refuse(exchange, AWS_ERROR_UNAVAILABLE,
                               "Out of memory for a connection to the endpoint; try again.");
    exchange->connected = upstream_is_reused(exchange->upstream);
    return EXCHANGE_CONNECT;
}

static enum exchange_state build(struct exchange *exchange)
{
    enum sg_status status = request_build(exchange);

    if (status == SG_OK)
        return EXCHANGE_SEND;
    return exchange_refuse(exchange, status == SG_NO_MEMORY ? AWS_ERROR_UNAVAILABLE : AWS_ERROR_VALIDATION,
                           "The request cannot be signed: %s%s", exchange->error.text,
                           status == SG_NO_MEMORY ? "; try again" : "");
}

enum exchange_state step_connect(struct exchange *exchange)
{
    enum exchange_state next;

    if (!exchange->upstream && take_connection(exchange) != EXCHANGE_CONNECT)
        return EXCHANGE_REFUSE;
    if (exchange->connect_failed)
        return exchange_refuse(
            exchange, AWS_ERROR_UNAVAILABLE,
            "sagegate cannot reach the endpoint (endpoints.%s): %s. Nothing was sent; try again.",
            endpoint_key(exchange), upstream_why(exchange->upstream));
    if (!exchange->connected)
        return EXCHANGE_CONNECT;
    memccpy(exchange->peer, upstream_peer(exchange->upstream), '\0', sizeof(exchange->peer));
    exchange->zone = upstream_zone(exchange->upstream);
    if (!exchange_identity(exchange)->credentials)
        return exchange_refuse_unsigned(exchange); /* their end came while we were connecting */
    next = admit_by_body(exchange, EXCHANGE_SEND); /* whose they are may have changed, too */
    if (next != EXCHANGE_SEND)
        return next;
    return build(exchange);
}

/*
 * The connection has failed before a byte of the answer. Once, and only when the service cannot have acted on
 * the request, it goes out again: nothing was written, or a connection of the pool turned out to be closed
 * before anything arrived.
 */
static enum exchange_state connection_lost(struct exchange *exchange)
{
    bool in_hand = !exchange->streaming || !exchange->body_begun;

    if (!exchange->retried && !exchange->heard && exchange->received.len == 0 && in_hand &&
        (exchange->sent == 0 || upstream_was_unheard(exchange->upstream))) {
        upstream_close(exchange->upstream);
        exchange->upstream = NULL;
        exchange->retried = exchange->fresh = true;
        return EXCHANGE_CONNECT;
    }
    return exchange_refuse(
        exchange, AWS_ERROR_BAD_GATEWAY,
        "The endpoint ended the connection before it answered (%s). It may have acted on the "
        "request, so sagegate does not repeat it.",
        upstream_why(exchange->upstream));
}

/* More of the answer's bytes into `received`: what upstream_read() says. */
static ssize_t receive(struct exchange *exchange, size_t at)
{
    struct buffer *received = &exchange->received;
    ssize_t n = upstream_read(exchange->upstream, received->data + at, received->cap - at);

    if (n > 0)
        exchange->progress_us = exchange->proxy->now_us;
    return n;
}

/* The next bytes to write: the rest of `out`, then the content that is not in it. */
static struct slice unsent(const struct exchange *exchange)
{
    struct slice content = slice_from(exchange->content, exchange->content_from);

    if (exchange->sent < exchange->out.len)
        return slice_from(buffer_slice(&exchange->out), exchange->sent);
    return slice_from(content, exchange->sent - exchange->out.len);
}

static bool is_sent(const struct exchange *exchange)
{
    return unsent(exchange).len == 0 && !(exchange->streaming && exchange->body_progress != BODY_COMPLETE);
}

/* A service may answer, and close, before it has read the whole request (413, 403): that answer counts. Of an
 * interim one, the request goes on after it. */
static bool answered_early(struct exchange *exchange)
{
    ssize_t n = receive(exchange, exchange->received.len);

    if (n <= 0)
        return false;
    exchange->received.len += (size_t)n;
    return true;
}

enum exchange_state step_send(struct exchange *exchange)
{
    struct slice rest;

    if (!buffer_reserve(&exchange->received, RELAY_BYTES))
        return exchange_refuse(exchange, AWS_ERROR_UNAVAILABLE, "Out of memory for the answer; try again.");
    if (!exchange->let_others_send) {
        exchange->let_others_send = true;
        if (batch_join(exchange->client))
            return EXCHANGE_SEND;
    }
    while ((rest = unsent(exchange)).len) {
        ssize_t n = upstream_write(exchange->upstream, rest.ptr, rest.len);

        if (n < 0 && answered_early(exchange))
            return EXCHANGE_READ_RESPONSE;
        if (n == UPSTREAM_BLOCKED)
            return EXCHANGE_SEND;
        if (n < 0)
            return connection_lost(exchange);
        exchange->sent += (size_t)n;
        exchange->progress_us = exchange->proxy->now_us;
        if (exchange_spend(exchange, (size_t)n))
            return EXCHANGE_SEND;
    }
    return exchange->streaming && exchange->body_progress != BODY_COMPLETE ? EXCHANGE_READ_PIECE
                                                                           : EXCHANGE_READ_RESPONSE;
}

static enum exchange_state bad_answer(struct exchange *exchange, const char *why)
{
    return exchange_refuse(exchange, AWS_ERROR_BAD_GATEWAY, "The endpoint's answer is not valid HTTP/1.1: %s",
                           why);
}

/* RFC 9110 section 15.2: an interim response goes on to a client that knows them, but for the one that we
 * asked for. */
static enum exchange_state interim(struct exchange *exchange)
{
    if (exchange->response.status == 101)
        return bad_answer(exchange, "101 Switching Protocols, which nobody asked for");
    if (exchange->response.status != 100 && exchange->request.minor == 1 &&
        response_build_head(exchange) != SG_OK)
        return EXCHANGE_ABORT;
    buffer_consume(&exchange->received, exchange->response.length);
    exchange->received_scanned = 0;
    exchange->heard = true;
    return EXCHANGE_READ_RESPONSE;
}

static enum exchange_state head_complete(struct exchange *exchange)
{
    bool to_head = slice_eq(exchange->request.method, SLICE("HEAD"));
    struct buffer *received = &exchange->received;
    struct sg_error err;

    /* Once the head is parsed, this must not move. */
    if (received->cap - exchange->received_scanned < RELAY_LEAST && !buffer_reserve(received, RELAY_LEAST))
        return exchange_refuse(exchange, AWS_ERROR_UNAVAILABLE, "Out of memory for the answer; try again.");
    if (http_response_parse(buffer_slice(received), to_head, &exchange->response, &err) != SG_OK)
        return bad_answer(exchange, err.text);
    if (exchange->response.status < 200)
        return interim(exchange);
    if (!is_sent(exchange))
        exchange->spoilt = true;
    if (exchange->proxy->draining || exchange->body_progress != BODY_COMPLETE)
        exchange->close_client = true; /* nobody will read what is left of the body */
    http_body_init(&exchange->response_framing, &exchange->response);
    exchange->raw = received->len - exchange->response.length;
    exchange->undecoded = true;
    return rejection_possible(exchange) ? EXCHANGE_READ_REJECTION : response_begin(exchange);
}

enum exchange_state step_read_response(struct exchange *exchange)
{
    struct buffer *received = &exchange->received;

    for (;;) {
        enum http_scan scan;
        bool broken;
        ssize_t n;

        /* An interim response must be out before answer_head is written again. */
        if (!client_flush(exchange, &broken))
            return broken ? EXCHANGE_ABORT : EXCHANGE_READ_RESPONSE;
        scan = http_head_scan(buffer_slice(received), &exchange->received_scanned);
        if (scan != HTTP_SCAN_MORE) {
            enum exchange_state next = head_complete(exchange);

            if (next != EXCHANGE_READ_RESPONSE)
                return next;
            continue;
        }
        if (!is_sent(exchange))
            return EXCHANGE_SEND;
        n = receive(exchange, received->len);
        if (n == UPSTREAM_BLOCKED)
            return EXCHANGE_READ_RESPONSE;
        if (n < 0)
            return connection_lost(exchange);
        received->len += (size_t)n;
    }
}

/* Decodes the bytes at hand and queues what they say. False when they make no sense. */
static bool pass_on(struct exchange *exchange)
{
    char *data = exchange->received.data + exchange->response.length;
    size_t consumed, produced;
    enum http_body_result result =
        http_body_decode(&exchange->response_framing, data, exchange->raw, &consumed, &produced);

    exchange->undecoded = false;
    if (result == HTTP_BODY_BAD) {
        exchange_refuse(exchange, AWS_ERROR_BAD_GATEWAY, "The endpoint's answer is malformed: %s",
                        exchange->response_framing.fault);
        return false;
    }
    exchange->response_done = result == HTTP_BODY_DONE;
    if (consumed < exchange->raw)
        exchange->spoilt = true; /* bytes beyond the answer: not a connection to rely on */
    exchange->response_bytes += produced;
    response_queue(exchange, data, produced, exchange->response_done);
    return true;
}

/* The endpoint closed. Fine for a body that ends so; else the client must see that the answer was cut. */
static bool ended_well(struct exchange *exchange, ssize_t end)
{
    exchange->spoilt = true;
    if (end != UPSTREAM_EOF || !http_body_complete_at_eof(&exchange->response_framing)) {
        exchange_refuse(exchange, AWS_ERROR_BAD_GATEWAY, "The endpoint's answer was cut: %s.",
                        upstream_why(exchange->upstream));
        return false;
    }
    exchange->response_done = true;
    response_queue(exchange, NULL, 0, true);
    return true;
}

enum exchange_state step_relay(struct exchange *exchange)
{
    for (;;) {
        bool broken;
        ssize_t n;

        if (exchange->undecoded && !pass_on(exchange))
            return EXCHANGE_ABORT;
        if (exchange->response_done && !exchange->let_others_answer) {
            exchange->let_others_answer = true;
            if (batch_join(exchange->client))
                return EXCHANGE_RELAY;
        }
        if (!client_flush(exchange, &broken))
            return broken ? EXCHANGE_ABORT : EXCHANGE_RELAY;
        if (exchange->response_done)
            return EXCHANGE_DONE;
        n = receive(exchange, exchange->response.length);
        if (n == UPSTREAM_BLOCKED)
            return EXCHANGE_RELAY;
        if (n < 0 && !ended_well(exchange, n))
            return EXCHANGE_ABORT;
        if (n > 0) {
            exchange->raw = (size_t)n;
            exchange->undecoded = true;
            if (exchange_spend(exchange, (size_t)n))
                return EXCHANGE_RELAY;
        }
    }
}
