/*
 * An answer that rejects the request. For its signature: the service has not acted on it, so it can be sent
 * again: once with newer keys, once with a corrected clock. By a policy: which one is told by its words, for
 * the log. For that, and only for small errors that may be such an answer, the client waits until it is
 * whole; every other answer goes on as it comes.
 */
#include "aws/rejection.h"
#include "aws/denial.h"
#include "base/clock.h"
#include "base/clock_offset.h"
#include "http/date.h"
#include "proxy/exchange.h"

/* A body that goes on as it comes cannot be sent again, and its answer may come before its end. */
bool rejection_possible(const struct exchange *exchange)
{
    return !exchange->streaming && aws_rejection_possible(&exchange->response) &&
           exchange->response.length + exchange->response.content_length <= exchange->received.cap;
}

/* What is in hand of this answer is forgotten. */
static enum exchange_state send_again(struct exchange *exchange)
{
    exchange_leave_upstream(exchange);
    exchange->connected = exchange->connect_failed = false;
    exchange->spoilt = exchange->heard = exchange->response_done = exchange->undecoded = false;
    exchange->raw = exchange->received_scanned = 0;
    exchange->rejected = AWS_REJECTION_NONE;
    buffer_reset(&exchange->received);
    return EXCHANGE_CONNECT;
}

static bool has_newer_keys(const struct exchange *exchange)
{
    const struct credentials *current = exchange_identity(exchange)->credentials;

    return current && current->generation != exchange->signed_generation;
}

enum exchange_state step_await_renewal(struct exchange *exchange)
{
    if (has_newer_keys(exchange)) {
        exchange->renewed = true;
        return send_again(exchange);
    }
    /* The source has been asked and has none, or was asked too recently. */
    if (!exchange_identity(exchange)->renewal_asked)
        return response_begin(exchange);
    exchange_await_word(exchange);
    return EXCHANGE_AWAIT_RENEWAL;
}

static enum exchange_state renew(struct exchange *exchange)
{
    struct identity *identity = exchange_identity(exchange);
    struct proxy *proxy = exchange->proxy;

    exchange->keys_rejected = true;
    exchange_leave_upstream(exchange); /* others may use it while this one waits */
    if (!has_newer_keys(exchange) && !identity->renewal_asked) {
        identity->renewal_asked = true;
        proxy->renew(proxy->renew_user, exchange->rules->identity);
    }
    return EXCHANGE_AWAIT_RENEWAL;
}

static bool correct_clock(struct exchange *exchange)
{
    const struct http_field *date = http_head_field(&exchange->response, FIELD_DATE);
    int64_t service;

    return date && http_date_parse(date->value, &service) &&
           clock_offset_correct(&exchange->proxy->clock_offset_s, exchange->signed_at, clock_wall_seconds(),
                                service);
}

static enum exchange_state judge(struct exchange *exchange)
{
    struct slice body = slice_of(exchange->received.data + exchange->response.length,
                                 (size_t)exchange->response.content_length);
    enum aws_rejection kind = aws_rejection_of(&exchange->response, body);

    if (kind == AWS_REJECTION_POLICY && !exchange->admission.audited)
        exchange->denied_by = aws_denial_of(body); /* what our own policies have allowed */
    if (kind == AWS_REJECTION_KEYS || kind == AWS_REJECTION_CLOCK)
        exchange->rejected = kind;
    if (kind == AWS_REJECTION_KEYS && !exchange->keys_rejected)
        return renew(exchange);
    if (kind == AWS_REJECTION_CLOCK && !exchange->reclocked && correct_clock(exchange)) {
        exchange->reclocked = true;
        return send_again(exchange);
    }
    return response_begin(exchange);
}

enum exchange_state step_read_rejection(struct exchange *exchange)
{
    struct buffer *received = &exchange->received;
    size_t whole = exchange->response.length + (size_t)exchange->response.content_length;

    while (received->len < whole) {
        ssize_t n =
            upstream_read(exchange->upstream, received->data + received->len, received->cap - received->len);

        if (n == UPSTREAM_BLOCKED)
            return EXCHANGE_READ_REJECTION;
        if (n < 0)
            return exchange_refuse(exchange, AWS_ERROR_BAD_GATEWAY, "The endpoint's answer was cut: %s.",
                                   upstream_why(exchange->upstream));
        received->len += (size_t)n;
        exchange->progress_us = exchange->proxy->now_us;
    }
    exchange->raw = received->len - exchange->response.length;
    exchange->response_done = true;
    if (received->len > whole)
        exchange->spoilt = true; /* bytes beyond the answer: not a connection to rely on */
    return judge(exchange);
}
