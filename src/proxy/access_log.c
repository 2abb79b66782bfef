/* One line a request: who asked for what, what was decided and why, what came of it. Never a body, never a
 * secret. */
#include <stdio.h>

#include "base/log_record.h"
#include "proxy/exchange.h"

static struct slice decision_of(const struct exchange *exchange)
{
    static const struct slice names[] = {
        [POLICY_ALLOWED] = SLICE_INIT("allowed"),
        [POLICY_EXPLICIT_DENY] = SLICE_INIT("explicit_deny"),
        [POLICY_IMPLICIT_DENY] = SLICE_INIT("implicit_deny"),
    };
    const struct admission *admission = &exchange->admission;

    if (exchange->vended)
        return SLICE("vended");
    if (admission->presigned_denied)
        return SLICE("presigned_url_denied");
    return admission->decided ? names[admission->decision] : SLICE("refused");
}

/* The statement that decided: its Sid, else its place from 1. */
static void put_statement(struct log_record *record, const struct policy_reason *why)
{
    if (why->sid.len)
        log_text(record, "statement", why->sid);
    else
        log_number(record, "statement", why->statement + 1);
}

/* What the request was sent again for, in no order of time. */
static void put_retries(struct log_record *record, const struct exchange *exchange)
{
    char text[40];

    if (!exchange->retried && !exchange->renewed && !exchange->reclocked)
        return;
    snprintf(text, sizeof(text), "%s%s%s", exchange->retried ? ",connection" : "",
             exchange->renewed ? ",credentials" : "", exchange->reclocked ? ",clock" : "");
    log_text(record, "retried", slice_cstr(text + 1));
}

static uint64_t queue_us(const struct exchange *exchange)
{
    uint64_t end = exchange->left_us ? exchange->left_us : exchange->proxy->now_us;

    return exchange->queued_us ? end - exchange->queued_us : 0;
}

static struct slice request_id(const struct exchange *exchange)
{
    const struct http_field *theirs = NULL;

    if (exchange->response_started && !exchange->refused)
        theirs = http_head_field(&exchange->response, FIELD_X_AMZN_REQUESTID);
    return theirs ? theirs->value : slice_cstr(exchange->request_id);
}

static bool is_denied(const struct admission *admission)
{
    return admission->decided && (admission->decision != POLICY_ALLOWED || admission->presigned_denied);
}

static void put_caller(struct log_record *record, const struct exchange *exchange)
{
    const struct caller *caller = &exchange->client->caller;

    log_text(record, "listener", slice_cstr(exchange->rules->name));
    if (!caller->peer.known)
        return;
    log_json(record, "uid", slice_cstr(caller->uid));
    log_text(record, "user", slice_cstr(caller->user));
    if (caller->peer.pid)
        log_number(record, "pid", (uint64_t)caller->peer.pid);
}

static void put_traces(struct log_record *record, const struct http_head *head)
{
    const struct http_field *parent = http_head_field(head, FIELD_TRACEPARENT);
    const struct http_field *trace = http_head_field(head, FIELD_X_AMZN_TRACE_ID);

    if (parent)
        log_text(record, "traceparent", parent->value);
    if (trace)
        log_text(record, "amzn_trace_id", trace->value);
}

static void put_ids(struct log_record *record, const struct exchange *exchange)
{
    log_text(record, "request_id", request_id(exchange));
    put_traces(record, &exchange->request);
}

/* For whoever is to write the statement that is missing, or to ask whoever did this. */
static void log_denial(const struct exchange *exchange)
{
    const struct admission *admission = &exchange->admission;
    const struct admission_asked *asked = &exchange->admission_memory.asked;
    const struct policy_reason *why = &admission->reason;
    struct log_record record;

    log_begin(&record, LOG_LEVEL_WARN, (struct slice)LOG_DENIAL);
    put_caller(&record, exchange);
    log_text(&record, "principal", buffer_slice(&asked->principal));
    log_text(&record, "action", slice_cstr(admission->match.operation->action));
    log_text(&record, "resource", resource_list_text(&exchange->admission_memory.resources));
    log_json(&record, "context", buffer_slice(&asked->context));
    log_text(&record, "unknown_keys", buffer_slice(&asked->unknown));
    log_text(&record, "decision", decision_of(exchange));
    log_text(&record, "policy", slice_cstr(admission_policy_name(admission)));
    if (why->matched) {
        put_statement(&record, why);
        log_number(&record, "line", why->line);
        log_number(&record, "column", why->column);
    }
    log_text(&record, "hangs_on", why->unknown);
    if (admission->audited)
        log_text(&record, "audit", SLICE("would_deny"));
    put_ids(&record, exchange);
    log_end(&record);
}

static void put_decision(struct log_record *record, const struct exchange *exchange)
{
    const struct admission *admission = &exchange->admission;

    log_text(record, "decision", decision_of(exchange));
    if (!admission->decided)
        return;
    if (admission_policy_count(admission) > 1)
        log_text(record, "policy", slice_cstr(admission_policy_name(admission)));
    if (admission->reason.matched)
        put_statement(record, &admission->reason);
    if (admission->reason.deferred)
        log_text(record, "deferred", admission->reason.unknown);
    if (admission->audited)
        log_text(record, "audit", SLICE("would_deny"));
    if (admission->presigned_url && !exchange->refused)
        log_text(record, "presigned_url", SLICE("yes"));
}

/* What happens within one turn of the loop takes no time. */
static void put_times(struct log_record *record, const struct exchange *exchange)
{
    const uint64_t *spent = exchange->spent_us;
    uint64_t queue = queue_us(exchange);
    uint64_t receive =
        spent[EXCHANGE_READ_HEAD] + spent[EXCHANGE_READ_BODY] + spent[EXCHANGE_READ_PIECE] - queue;
    uint64_t credentials =
        spent[EXCHANGE_AWAIT_ACCOUNT] + spent[EXCHANGE_AWAIT_CREDENTIALS] + spent[EXCHANGE_AWAIT_RENEWAL];
    uint64_t first_byte = spent[EXCHANGE_READ_RESPONSE] + spent[EXCHANGE_READ_REJECTION];

    log_ms(record, "duration_ms", exchange->proxy->now_us - exchange->start_us);
    if (receive)
        log_ms(record, "receive_ms", receive);
    if (queue)
        log_ms(record, "queue_ms", queue);
    if (credentials)
        log_ms(record, "credentials_ms", credentials);
    if (spent[EXCHANGE_CONNECT])
        log_ms(record, "connect_ms", spent[EXCHANGE_CONNECT]);
    if (first_byte)
        log_ms(record, "first_byte_ms", first_byte);
}

/* Nothing to look into: it was allowed, at once, and the service was content. */
static bool is_usual(const struct exchange *exchange)
{
    return !exchange->error.text[0] && !is_denied(&exchange->admission) && exchange->status < 400 &&
           !exchange->retried && !exchange->renewed && !exchange->reclocked &&
           exchange->state == EXCHANGE_DONE;
}

static void log_request(const struct exchange *exchange, enum log_level level)
{
    const struct admission *admission = &exchange->admission;
    struct log_record record;

    log_begin(&record, level, (struct slice)LOG_REQUEST);
    put_caller(&record, exchange);
    log_text(&record, "method", exchange->request.method);
    log_text(&record, "path", exchange->request.path);
    if (admission->match.operation)
        log_text(&record, "action", slice_cstr(admission->match.operation->action));
    if (admission->decided)
        log_text(&record, "resource", resource_list_text(&exchange->admission_memory.resources));
    put_decision(&record, exchange);
    if (exchange->status)
        log_number(&record, "status", (uint64_t)exchange->status);
    if (exchange->body_bytes)
        log_number(&record, "bytes_in", exchange->body_bytes);
    if (exchange->response_bytes)
        log_number(&record, "bytes_out", exchange->response_bytes);
    put_times(&record, exchange);
    log_text(&record, "upstream", slice_cstr(exchange->peer));
    log_text(&record, "zone", slice_cstr(exchange->zone));
    log_text(&record, "denied_by", slice_cstr(aws_denial_names[exchange->denied_by]));
    log_text(&record, "rejected", slice_cstr(aws_rejection_names[exchange->rejected]));
    put_retries(&record, exchange);
    put_ids(&record, exchange);
    if (exchange->proxy->config->log_sample > 1 && is_usual(exchange))
        log_number(&record, "sample", exchange->proxy->config->log_sample);
    if (exchange->error.text[0])
        log_text(&record, "error", slice_cstr(exchange->error.text));
    log_end(&record);
}

/* Of the usual ones, the first and then each log.sample-th. */
static bool is_left_out(const struct exchange *exchange)
{
    struct proxy *proxy = exchange->proxy;

    if (proxy->config->log_sample == 1 || !is_usual(exchange))
        return false;
    if (proxy->unlogged == 0)
        proxy->unlogged = proxy->config->log_sample;
    return proxy->unlogged-- != proxy->config->log_sample;
}

void access_log(const struct exchange *exchange)
{
    const struct admission *admission = &exchange->admission;
    bool failed = exchange->error.text[0] != '\0' && !(admission->audited && exchange->response_started);
    enum log_level level = failed || admission->audited ? LOG_LEVEL_WARN : LOG_LEVEL_INFO;

    if (!log_enabled(level) || is_left_out(exchange))
        return;
    log_request(exchange, level);
    if (is_denied(admission))
        log_denial(exchange);
}
