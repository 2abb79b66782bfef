#include "proxy/denials.h"

#include "base/clock.h"
#include "proxy/exchange.h"

#define COPY(array, slice) copy((array), sizeof(array), (slice))

static void copy(char *text, size_t size, struct slice from)
{
    sg_word(text, size, "%.*s", SLICE_FMT(from));
}

/* Returns whether all of them are there. No ARN of a request has a character that is special in a policy; a
 * '*' where one ends says there what it does here. */
static bool note_resources(struct denial_kind *kind, const struct resource_list *list)
{
    size_t used = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct slice arn = resource_list_at(list, i);

        if (arn.len >= sizeof(kind->resources) - used)
            return false;
        memcpy(kind->resources + used, arn.ptr, arn.len);
        used += arn.len + 1;
        kind->resource_count++;
    }
    return true;
}

static void note_decision(struct denial_kind *kind, const struct exchange *exchange)
{
    const struct admission *admission = &exchange->admission;
    bool whole = note_resources(kind, &exchange->admission_memory.resources);

    kind->audited = admission->audited;
    kind->unmatched = admission->decision == POLICY_IMPLICIT_DENY;
    kind->statement_helps = kind->unmatched && whole;
    kind->principals = policy_has_principals(admission_policy(admission, admission->reason.document));
    COPY(kind->policy, slice_cstr(admission_policy_name(admission)));
}

/* kind is all zero: it is compared byte by byte. */
static void note_kind(struct denial_kind *kind, const struct exchange *exchange)
{
    const struct operation *operation = exchange->admission.match.operation;
    const struct caller *caller = &exchange->client->caller;

    COPY(kind->listener, slice_cstr(exchange->rules->name));
    COPY(kind->uid, slice_cstr(caller->uid));
    COPY(kind->user, slice_cstr(caller->user));
    COPY(kind->method, exchange->request.method);
    COPY(kind->path, exchange->request.path);
    COPY(kind->action, slice_cstr(operation ? operation->action : ""));
    COPY(kind->message, slice_cstr(exchange->error.text));
    if (exchange->admission.decided)
        note_decision(kind, exchange);
}

static bool is_denied(const struct exchange *exchange)
{
    return exchange->admission.audited || (exchange->refused && aws_error_status(exchange->refusal) == 403);
}

/* The one that the client was told. */
static struct slice request_id(const struct exchange *exchange)
{
    const struct http_field *id;

    if (exchange->refused)
        return slice_cstr(exchange->request_id);
    if (!exchange->response_started)
        return SLICE("");
    id = http_head_field(&exchange->response, FIELD_X_AMZN_REQUESTID);
    return id ? id->value : SLICE("");
}

/* Only to look no further at most others: FNV-1a, a word at a time. */
static uint64_t hash_of(const struct denial_kind *kind)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325), word;

    for (size_t at = 0; at + sizeof(word) <= sizeof(*kind); at += sizeof(word)) {
        memcpy(&word, (const char *)kind + at, sizeof(word));
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
        hash ^= hash >> 32;
    }
    return hash;
}

/* Where this kind stands, else where it is to stand: in place of the one that was longest ago. */
static struct denial_slot *find(struct denials *denials, const struct denial_kind *kind, uint64_t hash,
                                struct denial *found)
{
    struct denial_slot *oldest = &denials->slots[0];

    for (size_t i = 0; i < DENIALS_KEPT; i++) {
        struct denial_slot *slot = &denials->slots[i];

        if (slot->hash == hash && denials_read(denials, i, found) &&
            memcmp(&found->kind, kind, sizeof(*kind)) == 0)
            return slot;
        if (slot->at_ms < oldest->at_ms)
            oldest = slot;
    }
    counter_add(&denials->forgotten, oldest->at_ms != 0);
    memset(found, 0, sizeof(*found));
    found->kind = *kind;
    found->number = ++denials->told;
    return oldest;
}

void denials_note(struct denials *denials, const struct exchange *exchange)
{
    struct denial_slot *slot;
    struct denial_kind kind;
    struct denial denial;
    uint64_t hash;

    if (!is_denied(exchange))
        return;
    memset(&kind, 0, sizeof(kind));
    note_kind(&kind, exchange);
    hash = hash_of(&kind);
    slot = find(denials, &kind, hash, &denial);
    denial.count++;
    denial.at_ms = clock_wall_ms();
    denial.pid = (int)exchange->client->caller.peer.pid;
    COPY(denial.request_id, request_id(exchange));
    slot->hash = hash;
    slot->at_ms = denial.at_ms;
    seqlock_write(&slot->lock, slot->words, &denial, sizeof(denial));
}

bool denials_read(const struct denials *denials, size_t i, struct denial *denial)
{
    const struct denial_slot *slot = &denials->slots[i];

    return seqlock_read(&slot->lock, slot->words, denial, sizeof(*denial));
}
