#include "proxy/denials.h"

#include <stdio.h>

#include "base/clock.h"
#include "proxy/exchange.h"

#define COPY(array, slice) copy((array), sizeof(array), (slice))

static void copy(char *text, size_t size, struct slice from)
{
    snprintf(text, size, "%.*s", SLICE_FMT(from));
}

/* In a policy these would stand for more than themselves: nobody is to be told to write them. */
static bool is_literal(struct slice arn)
{
    for (size_t i = 0; i < arn.len; i++) {
        if (arn.ptr[i] == '*' || arn.ptr[i] == '?' || arn.ptr[i] == '$')
            return false;
    }
    return true;
}

/* Returns whether all of them are there, as they can stand in a policy. */
static bool note_resources(struct denial *denial, const struct exchange *exchange)
{
    const struct resource_list *list = &exchange->admission_memory.resources;
    size_t used = 0;
    bool whole = true;

    denial->any_resource = list->any;
    for (size_t i = 0; i < list->count; i++) {
        struct slice arn = resource_list_at(list, i);

        whole = whole && is_literal(arn) && arn.len < sizeof(denial->resources) - used;
        if (arn.len >= sizeof(denial->resources) - used)
            break;
        memcpy(denial->resources + used, arn.ptr, arn.len);
        used += arn.len + 1;
        denial->resource_count++;
    }
    return whole;
}

static void note_decision(struct denial *denial, const struct exchange *exchange)
{
    const struct admission *admission = &exchange->admission;
    bool whole = note_resources(denial, exchange);

    denial->audited = admission->audited;
    denial->statement_helps = admission->decision == POLICY_IMPLICIT_DENY && whole;
    denial->principals = policy_has_principals(admission_policy(admission, admission->reason.document));
    COPY(denial->policy, slice_cstr(admission_policy_name(admission)));
}

static bool is_denied(const struct exchange *exchange)
{
    return exchange->admission.audited || (exchange->refused && aws_error_status(exchange->refusal) == 403);
}

static struct slice request_id(const struct exchange *exchange)
{
    const struct http_field *id = exchange->response_started && !exchange->refused
                                      ? http_head_field(&exchange->response, SLICE("x-amzn-requestid"))
                                      : NULL;

    if (exchange->refused)
        return slice_cstr(exchange->request_id);
    return id ? id->value : slice_cstr("");
}

void denials_note(struct denials *denials, const struct exchange *exchange)
{
    struct denial_slot *slot = &denials->ring[denials->count % DENIALS_KEPT];
    const struct operation *operation = exchange->admission.match.operation;
    const struct caller *caller = &exchange->client->caller;
    struct denial denial;

    if (!is_denied(exchange))
        return;
    memset(&denial, 0, sizeof(denial));
    denial.number = ++denials->count;
    denial.at_ms = clock_wall_ms();
    COPY(denial.listener, slice_cstr(exchange->rules->name));
    COPY(denial.uid, slice_cstr(caller->uid));
    COPY(denial.user, slice_cstr(caller->user));
    denial.pid = (int)caller->peer.pid;
    COPY(denial.method, exchange->request.method);
    COPY(denial.path, exchange->request.path);
    COPY(denial.action, slice_cstr(operation ? operation->action : ""));
    COPY(denial.request_id, request_id(exchange));
    COPY(denial.message, slice_cstr(exchange->error.text));
    if (exchange->admission.decided)
        note_decision(&denial, exchange);
    seqlock_write(&slot->lock, slot->words, &denial, sizeof(denial));
}

bool denials_read(const struct denials *denials, size_t i, struct denial *denial)
{
    const struct denial_slot *slot = i < DENIALS_KEPT ? &denials->ring[i] : NULL;

    return slot && seqlock_read(&slot->lock, slot->words, denial, sizeof(*denial));
}
