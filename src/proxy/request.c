/*
 * The request as the endpoint gets it: the client's fields that may go on, our own Host, date, token and
 * Authorization. One place decides for each field whether it is dropped, sent, or sent and signed; what is
 * signed are the same bytes.
 */
#include "base/clock.h"
#include "base/log.h"
#include "proxy/exchange.h"

enum fate {
    SENT,             /* unsigned: a later hop may rewrite it */
    DROPPED,          /* replaced by ours, or meant for this hop only */
    DROPPED_AND_TOLD, /* nobody gets our signature on a header of their choosing that means something */
    SENT_AND_SIGNED,
    UP_TO_OPERATION, /* sent and signed if the operation knows it, else dropped and told */
};

/* One TLS record: a head and a small body go out together. */
enum { RECORD_BYTES = 16 * 1024 };

static const unsigned char fates[HTTP_NAME_COUNT] = {
    [FIELD_HOST] = DROPPED,
    [FIELD_CONTENT_LENGTH] = DROPPED,
    [FIELD_EXPECT] = DROPPED,
    [FIELD_AUTHORIZATION] = DROPPED,
    [FIELD_X_AMZ_DATE] = DROPPED,
    [FIELD_X_AMZ_SECURITY_TOKEN] = DROPPED,
    [FIELD_X_AMZ_CONTENT_SHA256] = DROPPED,
    [FIELD_X_AMZN_TRACE_ID] = SENT,
    /* What some servers take for the method or the target, in place of those that were decided on. */
    [FIELD_X_HTTP_METHOD_OVERRIDE] = DROPPED_AND_TOLD,
    [FIELD_X_HTTP_METHOD] = DROPPED_AND_TOLD,
    [FIELD_X_METHOD_OVERRIDE] = DROPPED_AND_TOLD,
    [FIELD_X_ORIGINAL_URL] = DROPPED_AND_TOLD,
    [FIELD_X_REWRITE_URL] = DROPPED_AND_TOLD,
    [FIELD_CONTENT_TYPE] = SENT_AND_SIGNED,
    [FIELD_X_AMZ_TARGET] = SENT_AND_SIGNED,
    [FIELD_X_AMZN_ERRORTYPE] = UP_TO_OPERATION,
    [FIELD_X_AMZN_REQUESTID] = UP_TO_OPERATION,
    [FIELD_X_AMZ] = UP_TO_OPERATION,
};

/* It is between the client and this listener. */
static bool is_required_header(const struct exchange *exchange, struct slice name)
{
    const char *required = exchange->client->listener->require_header.name;

    return required && slice_eq_nocase(name, slice_cstr(required));
}

static enum fate fate_of(const struct exchange *exchange, size_t index)
{
    const struct http_head *head = &exchange->request;
    struct slice name = head->fields[index].name;
    enum fate fate = fates[head->name_of[index]];

    if (http_field_is_hop_by_hop(head, index) || is_required_header(exchange, name))
        return DROPPED;
    if (fate != UP_TO_OPERATION)
        return fate;
    return operation_knows_header(exchange->admission.match.operation, name) ? SENT_AND_SIGNED
                                                                             : DROPPED_AND_TOLD;
}

static void append_field(struct buffer *out, struct slice name, struct slice value)
{
    buffer_append(out, name);
    buffer_append(out, SLICE(": "));
    buffer_append(out, value);
    buffer_append(out, SLICE("\r\n"));
}

struct signed_fields {
    struct http_field fields[HTTP_MAX_FIELDS];
    size_t count;
};

static bool add_signed(struct signed_fields *fields, struct slice name, struct slice value)
{
    if (fields->count == HTTP_MAX_FIELDS)
        return false;
    fields->fields[fields->count++] = (struct http_field){name, value};
    return true;
}

/* The client's fields, in their order. False when there are too many to sign. */
static bool append_fields(struct exchange *exchange, struct signed_fields *to_sign)
{
    const struct http_head *head = &exchange->request;

    for (size_t i = 0; i < head->count; i++) {
        const struct http_field *field = &head->fields[i];
        enum fate fate = fate_of(exchange, i);

        if (fate == DROPPED_AND_TOLD) {
            counter_add(&exchange->proxy->metrics->dropped_headers, 1);
            log_debug("%s does not know the header %.*s: dropped", exchange->admission.match.operation->name,
                      SLICE_FMT(field->name));
        }
        if (fate == DROPPED || fate == DROPPED_AND_TOLD)
            continue;
        append_field(&exchange->out, field->name, field->value);
        if (fate == SENT_AND_SIGNED && !add_signed(to_sign, field->name, field->value))
            return false;
    }
    return true;
}

static void append_request_line(struct exchange *exchange)
{
    struct buffer *out = &exchange->out;

    buffer_append(out, exchange->request.method);
    buffer_append_char(out, ' ');
    buffer_append(out, exchange->request.path);
    if (exchange->request.query.ptr) {
        buffer_append_char(out, '?');
        buffer_append(out, exchange->request.query);
    }
    buffer_append(out, SLICE(" HTTP/1.1\r\n"));
}

/* Signs, and appends Authorization: the last field, since it depends on the others. */
static enum sg_status append_authorization(struct exchange *exchange, const char *date,
                                           const struct signed_fields *to_sign)
{
    const struct identity *identity = exchange_identity(exchange);
    const struct credentials *credentials = identity->credentials;
    const struct sigv4_keys keys = {credentials->access_key_id, credentials->secret_access_key,
                                    credentials->generation};
    const struct sigv4_scope scope = {
        identity->owner.region,
        slice_cstr(aws_services[exchange->admission.match.operation->service].signing_name)};
    const struct sigv4_request request = {
        .method = exchange->request.method,
        .path = exchange->request.path,
        .query = exchange->request.query,
        .headers = to_sign->fields,
        .header_count = to_sign->count,
        .payload_hash = slice_of(exchange->content_hash, 64),
    };
    struct sigv4_signature signature;
    enum sg_status status =
        sigv4_sign(identity->signer, &keys, &scope, date, &request, &signature, &exchange->error);

    if (status == SG_OK)
        append_field(&exchange->out, SLICE("Authorization"), signature.authorization);
    sigv4_signer_wipe(identity->signer);
    return status;
}

static bool has_body(const struct exchange *exchange)
{
    return exchange->request.framing != HTTP_NO_BODY || slice_eq(exchange->request.method, SLICE("POST")) ||
           slice_eq(exchange->request.method, SLICE("PUT"));
}

/* Made once a second. */
static const char *date_of(struct proxy *proxy, int64_t seconds)
{
    if (seconds != proxy->date_seconds || !proxy->date[0])
        sigv4_format_date(seconds, proxy->date);
    proxy->date_seconds = seconds;
    return proxy->date;
}

void request_wipe(struct exchange *exchange)
{
    exchange->out.len -= exchange->content_from;
    exchange->content_from = 0;
    buffer_wipe(&exchange->out);
}

enum sg_status request_build(struct exchange *exchange)
{
    struct proxy *proxy = exchange->proxy;
    enum aws_service service = exchange->admission.match.operation->service;
    struct slice authority = slice_cstr(proxy->config->endpoints[service].authority);
    const struct credentials *credentials = exchange_identity(exchange)->credentials;
    struct slice token = credentials->session_token;
    struct buffer *out = &exchange->out;
    struct signed_fields to_sign;
    const char *date;
    enum sg_status status;

    exchange->signed_generation = credentials->generation;
    exchange->signed_at = clock_wall_seconds() + proxy->clock_offset_s;
    date = date_of(proxy, exchange->signed_at);
    to_sign.count = 0;
    request_wipe(exchange);
    append_request_line(exchange);
    append_field(out, SLICE("Host"), authority);
    append_field(out, SLICE("X-Amz-Date"), slice_of(date, SIGV4_DATE_LEN));
    add_signed(&to_sign, SLICE("Host"), authority);
    add_signed(&to_sign, SLICE("X-Amz-Date"), slice_of(date, SIGV4_DATE_LEN));
    if (token.len) {
        append_field(out, SLICE("X-Amz-Security-Token"), token);
        add_signed(&to_sign, SLICE("X-Amz-Security-Token"), token);
    }
    if (!append_fields(exchange, &to_sign))
        return sg_fail(&exchange->error, SG_INVALID, "too many headers to sign");
    if (has_body(exchange)) {
        buffer_append(out, SLICE("Content-Length: "));
        buffer_append_u64(out,
                          exchange->streaming ? exchange->request.content_length : exchange->content.len);
        buffer_append(out, SLICE("\r\n"));
    }
    buffer_append(out, SLICE("Via: 1.1 sagegate\r\n"));
    status = append_authorization(exchange, date, &to_sign);
    if (status != SG_OK)
        return status;
    buffer_append(out, SLICE("\r\n"));
    if (out->len + exchange->content.len <= RECORD_BYTES) {
        buffer_append(out, exchange->content);
        exchange->content_from = out->failed ? 0 : exchange->content.len;
    }
    exchange->sent = 0;
    return out->failed ? sg_fail(&exchange->error, SG_NO_MEMORY, "out of memory") : SG_OK;
}
