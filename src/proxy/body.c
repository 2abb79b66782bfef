/*
 * The request's body: read, decoded and hashed as it arrives. A body of known length that came whole with its
 * head stays where it is; any other goes to a buffer of its own, which grows with what arrives, never with
 * what is claimed.
 */
#include "base/hex.h"
#include "proxy/exchange.h"

enum {
    READ_SMALLEST = 16 * 1024,
    READ_LARGEST = 256 * 1024,
    PIECE = 64 *
            1024, /* of a body that goes on as it comes; a smaller one is read first, and can be sent again */
    HASH = 64,    /* hex digits */
};

/* What the client says of its body; len 0 when it does not. */
static struct slice declared_hash(const struct http_head *head)
{
    const struct http_field *field = http_head_field(head, FIELD_X_AMZ_CONTENT_SHA256);

    if (!field || field->value.len != HASH)
        return (struct slice){NULL, 0};
    for (size_t i = 0; i < HASH; i++) {
        if (!memchr("0123456789abcdef", field->value.ptr[i], 16))
            return (struct slice){NULL, 0};
    }
    return field->value;
}

/* What has come after the head: of the body, and of requests that follow it. */
static struct slice arrived_of(const struct exchange *exchange)
{
    return slice_from(buffer_slice(&exchange->in), exchange->request.length);
}

static bool is_in_head(const struct exchange *exchange)
{
    const struct http_head *head = &exchange->request;

    return head->framing == HTTP_NO_BODY ||
           (head->framing == HTTP_CONTENT_LENGTH && head->content_length <= arrived_of(exchange).len);
}

bool body_stream(struct exchange *exchange)
{
    const struct http_head *head = &exchange->request;
    struct slice declared = declared_hash(head);

    exchange->streaming = exchange->admission.decided && !exchange->local_key &&
                          head->framing == HTTP_CONTENT_LENGTH && head->content_length > PIECE &&
                          declared.len && !is_in_head(exchange);
    if (!exchange->streaming)
        return false;
    memcpy(exchange->content_hash, declared.ptr, HASH);
    exchange->content = SLICE(""); /* until its first piece is read */
    return true;
}

static enum body_progress finish(struct exchange *exchange)
{
    struct slice declared = declared_hash(&exchange->request);
    unsigned char digest[HASH / 2];

    if (exchange->discarding)
        return BODY_COMPLETE;
    if (!exchange->body_in_head)
        exchange->content = buffer_slice(&exchange->body);
    if (EVP_DigestFinal_ex(exchange->hash, digest, NULL) != 1)
        return BODY_NO_MEMORY;
    hex_write(digest, sizeof(digest), exchange->content_hash);
    if (declared.len && !slice_eq(declared, slice_of(exchange->content_hash, HASH)))
        return BODY_CHANGED;
    return BODY_COMPLETE;
}

/* Decodes `len` raw bytes that lie right after the body so far. */
static enum body_progress take(struct exchange *exchange, size_t len)
{
    char *data = exchange->body.data + exchange->body.len;
    size_t consumed, produced;
    enum http_body_result result =
        http_body_decode(&exchange->request_framing, data, len, &consumed, &produced);

    if (result == HTTP_BODY_BAD)
        return BODY_BAD;
    exchange->body_bytes += produced;
    if (exchange->body_bytes > exchange->proxy->config->max_body)
        return BODY_TOO_LARGE;
    if (!exchange->discarding) {
        if (produced && EVP_DigestUpdate(exchange->hash, data, produced) != 1)
            return BODY_NO_MEMORY;
        exchange->body.len += produced;
    }
    if (result == HTTP_BODY_MORE)
        return BODY_BLOCKED;
    exchange->leftover = slice_of(data + consumed, len - consumed);
    return finish(exchange);
}

/* A body that will be kept needs its part of the budget first; one of unknown length, the largest. */
static bool has_memory(struct exchange *exchange)
{
    const struct http_head *head = &exchange->request;

    if (exchange->in_line)
        return false;
    if (exchange->body_in_head || exchange->streaming || exchange->discarding || exchange->reserved)
        return true;
    return body_memory_reserve(exchange, head->framing == HTTP_CONTENT_LENGTH
                                             ? head->content_length
                                             : exchange->proxy->config->max_body);
}

enum body_progress body_begin(struct exchange *exchange)
{
    struct slice arrived = arrived_of(exchange);
    const struct http_head *head = &exchange->request;

    exchange->body_in_head = is_in_head(exchange);
    if (!has_memory(exchange))
        return BODY_BLOCKED;
    http_body_init(&exchange->request_framing, head);
    exchange->body_begun = true;
    if (EVP_DigestInit_ex2(exchange->hash, exchange->proxy->sha256, NULL) != 1)
        return BODY_NO_MEMORY;
    if (exchange->body_in_head) {
        size_t len = head->framing == HTTP_NO_BODY ? 0 : (size_t)head->content_length;

        exchange->content = slice_of(arrived.ptr, len);
        exchange->body_bytes = len;
        exchange->leftover = slice_from(arrived, len);
        if (len && EVP_DigestUpdate(exchange->hash, arrived.ptr, len) != 1)
            return BODY_NO_MEMORY;
        return finish(exchange);
    }
    if (arrived.len == 0)
        return BODY_BLOCKED;
    if (!buffer_reserve(&exchange->body, arrived.len))
        return BODY_NO_MEMORY;
    memcpy(exchange->body.data, arrived.ptr, arrived.len);
    return take(exchange, arrived.len);
}

/* How much to ask the socket for. Of a known length all that is missing, so that nothing beyond it is read.
 */
static size_t wanted(const struct exchange *exchange)
{
    uint64_t missing = exchange->request_framing.remaining;
    size_t most = exchange->streaming ? PIECE : READ_LARGEST;

    if (exchange->request.framing != HTTP_CONTENT_LENGTH)
        return exchange->body.len < READ_LARGEST ? READ_SMALLEST : READ_LARGEST;
    return missing < most ? (size_t)missing : most;
}

enum body_progress body_read(struct exchange *exchange)
{
    enum body_progress progress;
    bool by_piece = exchange->streaming && !exchange->discarding;
    size_t want;
    ssize_t n;

    do {
        want = wanted(exchange);
        if (!buffer_reserve(&exchange->body, want))
            return BODY_NO_MEMORY;
        n = client_recv(exchange->client, exchange->body.data + exchange->body.len, want);
        if (n == CLIENT_BLOCKED)
            return BODY_BLOCKED;
        if (n <= 0)
            return BODY_GONE;
        exchange->progress_us = exchange->proxy->now_us;
        progress = take(exchange, (size_t)n);
    } while (progress == BODY_BLOCKED && !exchange_spend(exchange, (size_t)n) && !by_piece);
    return progress;
}
