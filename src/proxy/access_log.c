/* One line a request: who asked for what, what was decided and why, what came of it. Never a body, never a
 * secret. */
#include <stdio.h>

#include "base/log.h"
#include "proxy/exchange.h"

static const char *decision_of(const struct admission *admission)
{
    static const char *const names[] = {
        [POLICY_ALLOWED] = "allowed",
        [POLICY_EXPLICIT_DENY] = "explicit_deny",
        [POLICY_IMPLICIT_DENY] = "implicit_deny",
    };

    if (admission->presigned_denied)
        return "presigned_url_denied";
    return admission->decided ? names[admission->decision] : "refused";
}

/* The statement that decided: its Sid, else its place from 1; empty when none matched. */
static struct slice statement_of(const struct admission *admission, char text[SLICE_U64_MAX])
{
    if (!admission->decided || !admission->reason.matched)
        return (struct slice){NULL, 0};
    if (admission->reason.sid.len)
        return admission->reason.sid;
    return slice_from_u64(admission->reason.statement + 1, text);
}

/* Of several, the policy that decided. */
static const char *policy_of(const struct admission *admission)
{
    return admission->decided && admission->listener->policy_files.count > 1
               ? admission_policy_file(admission)
               : NULL;
}

/* What the request was sent again for, in no order of time. */
static struct slice retries_of(const struct exchange *exchange, char text[40])
{
    int len;

    if (!exchange->retried && !exchange->renewed && !exchange->reclocked)
        return (struct slice){NULL, 0};
    len = snprintf(text, 40, "%s%s%s", exchange->retried ? ",connection" : "",
                   exchange->renewed ? ",credentials" : "", exchange->reclocked ? ",clock" : "");
    return slice_of(text + 1, (size_t)len - 1);
}

/* With three decimals. */
static struct slice milliseconds(uint64_t us, char text[SLICE_U64_MAX + 4])
{
    struct slice whole = slice_from_u64(us / 1000, text);
    char *decimals = text + SLICE_U64_MAX;

    decimals[0] = '.';
    decimals[1] = (char)('0' + us / 100 % 10);
    decimals[2] = (char)('0' + us / 10 % 10);
    decimals[3] = (char)('0' + us % 10);
    return slice_of(whole.ptr, whole.len + 4);
}

void access_log(const struct exchange *exchange)
{
    const struct admission *admission = &exchange->admission;
    const struct operation *operation = admission->match.operation;
    const struct caller *caller = &exchange->client->caller;
    bool refused = exchange->error.text[0] != '\0' && !(admission->audited && exchange->response_started);
    enum log_level level = refused || admission->audited ? LOG_LEVEL_WARN : LOG_LEVEL_INFO;
    char statement[SLICE_U64_MAX], status[SLICE_U64_MAX], in[SLICE_U64_MAX], out[SLICE_U64_MAX];
    char pid[SLICE_U64_MAX], duration[SLICE_U64_MAX + 4], retries[40];
    const struct http_field *id = NULL;

    if (!log_enabled(level))
        return;
    if (exchange->response_started && !refused)
        id = http_head_field(&exchange->response, SLICE("x-amzn-requestid"));
    const struct log_field fields[] = {
        {"listener", slice_cstr(exchange->rules->name)},
        {"uid", slice_cstr(caller->uid)},
        {"user", slice_cstr(caller->user)},
        {"pid",
         caller->peer.pid ? slice_from_u64((unsigned long long)caller->peer.pid, pid) : slice_cstr(NULL)},
        {"method", exchange->request.method},
        {"path", exchange->request.path},
        {"action", slice_cstr(operation ? operation->action : NULL)},
        {"resource", exchange->admission_memory.resources.count ? admission_resource(admission, 0)
                                                                : (struct slice){NULL, 0}},
        {"decision", slice_cstr(exchange->vended ? "vended" : decision_of(admission))},
        {"policy", slice_cstr(policy_of(admission))},
        {"statement", statement_of(admission, statement)},
        {"deferred", admission->reason.deferred ? admission->reason.unknown : (struct slice){NULL, 0}},
        {"audit", slice_cstr(admission->audited ? "would_deny" : NULL)},
        {"presigned_url", slice_cstr(admission->presigned_url && !exchange->refused ? "yes" : NULL)},
        {"status", slice_from_u64((unsigned)exchange->status, status)},
        {"bytes_in", slice_from_u64(exchange->body_bytes, in)},
        {"bytes_out", slice_from_u64(exchange->response_bytes, out)},
        {"duration_ms", milliseconds(exchange->proxy->now_us - exchange->start_us, duration)},
        {"upstream", slice_cstr(exchange->peer)},
        {"retried", retries_of(exchange, retries)},
        {"request_id", id ? id->value : slice_cstr(exchange->request_id)},
        {"error", slice_cstr(exchange->error.text)},
    };

    log_event(level, "request", fields, sizeof(fields) / sizeof(fields[0]));
}
