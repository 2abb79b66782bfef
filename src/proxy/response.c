/*
 * The endpoint's answer as the client gets it: its fields without those of the other hop, and a body framed
 * for the version the client speaks. Content is handed on as it came, from the buffer it was decrypted into.
 */
#include <stdio.h>

#include "proxy/exchange.h"

enum { JOINED_BYTES = 1024 };

static void queue(struct exchange *exchange, const char *data, size_t len)
{
    if (len)
        exchange->to_client[exchange->to_client_count++] = (struct iovec){(void *)(uintptr_t)data, len};
}

/* How the client will know the end of the body; may decide that its connection closes. */
static void append_framing(struct exchange *exchange)
{
    const struct http_head *response = &exchange->response;
    struct buffer *out = &exchange->answer_head;
    bool length_unknown = response->framing == HTTP_CHUNKED || response->framing == HTTP_UNTIL_CLOSE;

    exchange->rechunk = length_unknown && exchange->request.minor == 1;
    if (exchange->rechunk)
        buffer_append(out, SLICE("Transfer-Encoding: chunked\r\n"));
    else if (length_unknown)
        exchange->close_client = true;
    if (exchange->close_client)
        buffer_append(out, SLICE("Connection: close\r\n"));
}

enum sg_status response_build_head(struct exchange *exchange)
{
    const struct http_head *response = &exchange->response;
    struct buffer *out = &exchange->answer_head;
    bool no_length = response->status < 200 || response->status == 204; /* RFC 9110 section 8.6 */

    buffer_reset(out);
    buffer_append(out, SLICE("HTTP/1.1 "));
    buffer_append_u64(out, (unsigned)response->status);
    buffer_append_char(out, ' ');
    buffer_append(out, response->reason);
    buffer_append(out, SLICE("\r\n"));
    for (size_t i = 0; i < response->count; i++) {
        const struct http_field *field = &response->fields[i];

        if (http_field_is_hop_by_hop(response, i) ||
            (no_length && response->name_of[i] == FIELD_CONTENT_LENGTH))
            continue;
        buffer_append(out, field->name);
        buffer_append(out, SLICE(": "));
        buffer_append(out, field->value);
        buffer_append(out, SLICE("\r\n"));
    }
    if (response->status >= 200)
        append_framing(exchange);
    buffer_append(out, SLICE("\r\n"));
    if (out->failed)
        return SG_NO_MEMORY;
    queue(exchange, out->data, out->len);
    return SG_OK;
}

enum exchange_state response_begin(struct exchange *exchange)
{
    exchange->status = exchange->response.status;
    exchange->response_started = true;
    return response_build_head(exchange) == SG_OK ? EXCHANGE_RELAY : EXCHANGE_ABORT;
}

/* A small body goes out with the head that waits, as one piece: the kernel takes longer to gather two than
 * this copy. */
static bool join_head(struct exchange *exchange, const char *data, size_t len)
{
    struct buffer *head = &exchange->answer_head;

    if (len > JOINED_BYTES || exchange->to_client_count != 1 ||
        exchange->to_client[0].iov_base != head->data || !buffer_reserve(head, len))
        return false;
    buffer_append(head, slice_of(data, len));
    exchange->to_client[0] = (struct iovec){head->data, head->len};
    return true;
}

void response_queue(struct exchange *exchange, const char *data, size_t len, bool last)
{
    static const char end_and_last[] = "\r\n0\r\n\r\n";

    if (!exchange->rechunk) {
        if (!join_head(exchange, data, len))
            queue(exchange, data, len);
        return;
    }
    if (len == 0) {
        if (last)
            queue(exchange, end_and_last + 2, sizeof(end_and_last) - 3);
        return;
    }
    queue(exchange, exchange->chunk_line,
          (size_t)snprintf(exchange->chunk_line, sizeof(exchange->chunk_line), "%zx\r\n", len));
    queue(exchange, data, len);
    queue(exchange, end_and_last, last ? sizeof(end_and_last) - 1 : 2);
}
