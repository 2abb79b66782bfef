/* One line a request: who asked for what, what was decided and why, what came of it. Never a body, never a
 * secret. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "proxy/exchange.h"

static const char *decision_of(const struct exchange *exchange)
{
    static const char *const names[] = {
        [POLICY_ALLOWED] = "allowed",
        [POLICY_EXPLICIT_DENY] = "explicit_deny",
        [POLICY_IMPLICIT_DENY] = "implicit_deny",
    };

    return exchange->decided ? names[exchange->decision] : "refused";
}

/* The statement that decided: its Sid, else its place from 1; empty when none matched. */
static struct slice statement_of(const struct exchange *exchange, char text[24])
{
    if (!exchange->decided || !exchange->reason.matched)
        return (struct slice){NULL, 0};
    if (exchange->reason.sid.len)
        return exchange->reason.sid;
    return slice_of(text, (size_t)snprintf(text, 24, "%zu", exchange->reason.statement + 1));
}

/* What the request was sent again for, in no order of time. */
static struct slice retries_of(const struct exchange *exchange, char text[40])
{
    int len = snprintf(text, 40, "%s%s%s", exchange->retried ? ",connection" : "",
                       exchange->renewed ? ",credentials" : "", exchange->reclocked ? ",clock" : "");

    return slice_of(text + 1, len ? (size_t)len - 1 : 0);
}

void access_log(const struct exchange *exchange)
{
    const struct operation *operation = exchange->match.operation;
    const struct caller *caller = &exchange->client->caller;
    bool refused = exchange->error.text[0] != '\0';
    enum log_level level = refused ? LOG_LEVEL_WARN : LOG_LEVEL_INFO;
    char statement[24], status[8], pid[16] = "", in[24], out[24], duration[24], retries[40];
    const struct http_field *id = NULL;

    if (!log_enabled(level))
        return;
    if (caller->peer.pid)
        snprintf(pid, sizeof(pid), "%d", (int)caller->peer.pid);
    snprintf(status, sizeof(status), "%d", exchange->status);
    snprintf(in, sizeof(in), "%llu", (unsigned long long)exchange->body_bytes);
    snprintf(out, sizeof(out), "%llu", (unsigned long long)exchange->response_bytes);
    snprintf(duration, sizeof(duration), "%.3f",
             (double)(clock_monotonic_us() - exchange->start_us) / 1000.0);
    if (exchange->response_started && !refused)
        id = http_head_field(&exchange->response, SLICE("x-amzn-requestid"));
    const struct log_field fields[] = {
        {"listener", slice_cstr(exchange->client->listener->name)},
        {"uid", slice_cstr(caller->uid)},
        {"user", slice_cstr(caller->user)},
        {"pid", slice_cstr(pid)},
        {"method", exchange->request.method},
        {"path", exchange->request.path},
        {"action", slice_cstr(operation ? operation->action : NULL)},
        {"resource",
         exchange->resources.count ? resource_list_at(&exchange->resources, 0) : (struct slice){NULL, 0}},
        {"decision", slice_cstr(decision_of(exchange))},
        {"statement", statement_of(exchange, statement)},
        {"status", slice_cstr(status)},
        {"bytes_in", slice_cstr(in)},
        {"bytes_out", slice_cstr(out)},
        {"duration_ms", slice_cstr(duration)},
        {"upstream", slice_cstr(exchange->peer)},
        {"retried", retries_of(exchange, retries)},
        {"request_id", id ? id->value : slice_cstr(exchange->request_id)},
        {"error", slice_cstr(exchange->error.text)},
    };

    log_event(level, "request", fields, sizeof(fields) / sizeof(fields[0]));
}
