/* The steps towards the client: reading a request, and refusing one. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "proxy/exchange.h"

/* A head with a small body comes in one piece, and the body then stays where it is. */
enum { HEAD_READ = 16 * 1024 };

static void queue(struct exchange *exchange, struct slice bytes)
{
    exchange->to_client[exchange->to_client_count++] =
        (struct iovec){(void *)(uintptr_t)bytes.ptr, bytes.len};
}

/* The framing can't be trusted any more: after the answer the connection ends. */
static enum exchange_state refuse_and_close(struct exchange *exchange, enum aws_error error, const char *text)
{
    exchange->close_client = true;
    return exchange_refuse(exchange, error, "%s", text);
}

/* 431, RFC 6585 section 5. */
static enum exchange_state head_too_large(struct exchange *exchange, const char *limit, uint64_t most)
{
    http_head_clear(&exchange->request);
    exchange->close_client = true;
    return exchange_refuse(exchange, aws_error_by_status(431),
                           "The request's head is larger than limits.%s (%" PRIu64 ") lets it be.", limit,
                           most);
}

static enum exchange_state head_complete(struct exchange *exchange)
{
    const struct config *config = exchange->proxy->config;
    int status = http_request_parse(buffer_slice(&exchange->in), &exchange->request, &exchange->error);

    if (status == 0 && exchange->request.count > config->max_head_fields)
        return head_too_large(exchange, "max_head_fields", config->max_head_fields);
    if (status == 0) {
        exchange->close_client = !exchange->request.keep_alive || exchange->request.minor == 0;
        local_key_claim(exchange);
        return EXCHANGE_AWAIT_ACCOUNT;
    }
    /* What was parsed before the fault is not to be relied on. */
    http_head_clear(&exchange->request);
    return refuse_and_close(exchange, aws_error_by_status(status), exchange->error.text);
}

enum exchange_state step_read_head(struct exchange *exchange)
{
    struct buffer *in = &exchange->in;
    uint64_t most = exchange->proxy->config->max_head;

    for (;;) {
        enum http_scan scan = http_head_scan(buffer_slice(in), &exchange->scanned);
        ssize_t n;

        if (exchange->scanned > most)
            return head_too_large(exchange, "max_head", most);
        if (scan != HTTP_SCAN_MORE)
            return head_complete(exchange); /* the parser says what is bad */
        if (in->failed || (in->len == in->cap && !buffer_reserve(in, HEAD_READ)))
            return EXCHANGE_ABORT; /* maybe without what had come of it already */
        n = client_recv(exchange->client, in->data + in->len, in->cap - in->len);
        if (n == CLIENT_BLOCKED)
            return EXCHANGE_READ_HEAD;
        if (n <= 0)
            return EXCHANGE_ABORT;
        in->len += (size_t)n;
    }
}

/* RFC 9110 section 10.1.1: only when the client waits, its request is welcome, and nothing of the body is
 * here. */
static void queue_continue(struct exchange *exchange)
{
    if (exchange->request.expect_continue && exchange->body_progress == BODY_BLOCKED &&
        exchange->body_bytes == 0)
        queue(exchange, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void begin_body(struct exchange *exchange)
{
    exchange->body_progress = body_begin(exchange);
    if (exchange->body_begun)
        queue_continue(exchange);
}

/* limits.max_requests; one that waited for the account is here a second time. */
static bool take_place(struct exchange *exchange)
{
    struct proxy *proxy = exchange->proxy;

    if (!exchange->has_place && proxy->metrics->places_taken >= proxy->config->max_requests)
        return false;
    proxy->metrics->places_taken += !exchange->has_place;
    exchange->has_place = true;
    return true;
}

enum exchange_state step_admit(struct exchange *exchange)
{
    enum exchange_state next;

    if (vend_is_asked(exchange))
        return vend(exchange);
    if (!take_place(exchange)) {
        counter_add(&exchange->proxy->metrics->busy, 1);
        return exchange_refuse(
            exchange, AWS_ERROR_BUSY,
            "sagegate is at work on as many requests as limits.max_requests (%u) lets it; try again.",
            exchange->proxy->config->max_requests);
    }
    next = admit_by_head(exchange);
    if (next != EXCHANGE_READ_BODY)
        return next;
    if (!body_stream(exchange))
        begin_body(exchange);
    return EXCHANGE_READ_BODY;
}

static enum exchange_state body_failed(struct exchange *exchange)
{
    char text[160];

    switch (exchange->body_progress) {
    case BODY_TOO_LARGE:
        snprintf(text, sizeof(text), "The body is longer than %" PRIu64 " bytes (limits.max_body).",
                 exchange->proxy->config->max_body);
        return refuse_and_close(exchange, AWS_ERROR_TOO_LARGE, text);
    case BODY_CHANGED:
        exchange->body_progress = BODY_COMPLETE; /* nothing of it is left to be read */
        return exchange_refuse(exchange, AWS_ERROR_VALIDATION,
                               "The body's SHA-256 is not the one in X-Amz-Content-Sha256: it was changed on "
                               "its way, or the header is wrong. Nothing was invoked.");
    case BODY_BAD:
        return refuse_and_close(exchange, AWS_ERROR_BAD_REQUEST, exchange->request_framing.fault);
    case BODY_NO_MEMORY:
        return refuse_and_close(exchange, AWS_ERROR_UNAVAILABLE, "Out of memory for the body; try again.");
    default:
        return EXCHANGE_ABORT; /* the client has left */
    }
}

enum exchange_state step_read_body(struct exchange *exchange)
{
    bool broken;

    if (exchange->streaming)
        return EXCHANGE_AWAIT_CREDENTIALS;
    if (!exchange->body_begun)
        begin_body(exchange);
    if (!client_flush(exchange, &broken))
        return broken ? EXCHANGE_ABORT : EXCHANGE_READ_BODY;
    if (exchange->body_begun && exchange->body_progress == BODY_BLOCKED)
        exchange->body_progress = body_read(exchange);
    if (exchange->body_progress == BODY_BLOCKED)
        return EXCHANGE_READ_BODY;
    if (exchange->body_progress != BODY_COMPLETE)
        return body_failed(exchange);
    if (local_key_check(exchange, EXCHANGE_READ_BODY) == EXCHANGE_REFUSE)
        return EXCHANGE_REFUSE;
    return admit_by_body(exchange, EXCHANGE_AWAIT_CREDENTIALS);
}

/*
 * The next piece of a body that goes on as it comes. The last one is only sent when the hash is right: of
 * another body the endpoint never sees the end.
 */
enum exchange_state step_read_piece(struct exchange *exchange)
{
    bool broken;

    if (exchange->body_begun)
        buffer_reset(&exchange->body); /* the piece before is sent */
    else
        begin_body(exchange);
    if (!client_flush(exchange, &broken))
        return broken ? EXCHANGE_ABORT : EXCHANGE_READ_PIECE;
    if (exchange->body_progress == BODY_BLOCKED && exchange->body.len == 0)
        exchange->body_progress = body_read(exchange);
    if (exchange->body_progress == BODY_BLOCKED && exchange->body.len == 0)
        return EXCHANGE_READ_PIECE;
    if (exchange->body_progress != BODY_BLOCKED && exchange->body_progress != BODY_COMPLETE)
        return body_failed(exchange);
    exchange->content = buffer_slice(&exchange->body);
    exchange->sent = exchange->out.len;
    return EXCHANGE_SEND;
}

/* Whether what is left of the body can be read and dropped, so that the connection stays. */
static bool can_discard(const struct exchange *exchange)
{
    const struct http_head *head = &exchange->request;

    if (exchange->body_begun || head->framing == HTTP_NO_BODY)
        return true;
    /* A client that waits for "100 Continue" may send its body or not: nobody knows what comes next. */
    return !head->expect_continue && head->content_length <= exchange->proxy->config->max_body;
}

static void make_request_id(struct exchange *exchange)
{
    struct proxy *proxy = exchange->proxy;
    uint64_t n = proxy->request_counter++;

    snprintf(exchange->request_id, sizeof(exchange->request_id), "%08x-%04x-%04x-%04x-%012" PRIx64,
             (unsigned)(proxy->request_seed >> 32), (unsigned)(proxy->request_seed >> 16) & 0xffff,
             (unsigned)proxy->request_seed & 0xffff, (unsigned)(n >> 48), n & 0xffffffffffff);
}

static bool queue_refusal(struct exchange *exchange)
{
    const struct http_head *head = &exchange->request;
    struct aws_error_framing framing;
    bool parsed = head->method.len > 0;

    if (exchange->to_client_count > 0)
        return false; /* an interim response is stuck half-way: nothing can be said after it */
    upstream_close(exchange->upstream);
    exchange->upstream = NULL;
    exchange->refused = true;
    exchange->discarding = true;
    /* One that is thrown away needs no memory, and waits for none; but the next request may lie behind it. */
    if (exchange->leftover.len == 0)
        body_memory_release(exchange);
    if (exchange->proxy->draining || !parsed || !can_discard(exchange))
        exchange->close_client = true;
    framing.head_request = parsed && slice_eq(head->method, SLICE("HEAD"));
    framing.close = exchange->close_client;
    framing.json11 = parsed && http_head_has(head, FIELD_X_AMZ_TARGET);
    make_request_id(exchange);
    exchange->status = aws_error_status(exchange->refusal);
    buffer_reset(&exchange->answer_head);
    aws_error_write(&exchange->answer_head, exchange->refusal, slice_cstr(exchange->error.text),
                    slice_cstr(exchange->request_id), &framing);
    if (exchange->answer_head.failed)
        return false;
    queue(exchange, buffer_slice(&exchange->answer_head));
    return true;
}

enum exchange_state step_refuse(struct exchange *exchange)
{
    bool broken;

    if (!exchange->refused && !queue_refusal(exchange))
        return EXCHANGE_ABORT;
    if (!client_flush(exchange, &broken))
        return broken ? EXCHANGE_ABORT : EXCHANGE_REFUSE;
    if (exchange->close_client || exchange->body_progress == BODY_COMPLETE)
        return EXCHANGE_DONE;
    return EXCHANGE_DISCARD;
}

enum exchange_state step_discard(struct exchange *exchange)
{
    if (!exchange->body_begun)
        exchange->body_progress = body_begin(exchange);
    if (exchange->body_progress == BODY_BLOCKED)
        exchange->body_progress = body_read(exchange);
    if (exchange->body_progress == BODY_BLOCKED)
        return EXCHANGE_DISCARD;
    /* A body that is too long, or makes no sense, has its answer already: nothing after it is looked at. */
    if (exchange->body_progress != BODY_COMPLETE)
        exchange->close_client = true;
    return exchange->body_progress == BODY_GONE ? EXCHANGE_ABORT : EXCHANGE_DONE;
}
