#include "aws/caller_identity.h"

#include "aws/arn.h"

enum { ACCOUNT_DIGITS = 12 };

/* What an ARN's service and the beginning of its resource say of the principal. */
static const struct form {
    struct slice service, resource;
    struct slice type;
    bool named; /* a name follows, maybe after a path */
} forms[] = {
    {SLICE_INIT("iam"), SLICE_INIT("user/"), SLICE_INIT("User"), true},
    {SLICE_INIT("iam"), SLICE_INIT("role/"), SLICE_INIT("AssumedRole"), true},
    {SLICE_INIT("iam"), SLICE_INIT("root"), SLICE_INIT("Account"), false},
    {SLICE_INIT("sts"), SLICE_INIT("assumed-role/"), SLICE_INIT("AssumedRole"), true},
    {SLICE_INIT("sts"), SLICE_INIT("federated-user/"), SLICE_INIT("FederatedUser"), true},
};

struct parts {
    struct slice partition, service, account, resource;
};

static bool is_account(struct slice text)
{
    unsigned long long number;

    return text.len == ACCOUNT_DIGITS && slice_to_u64(text, 999999999999ULL, &number);
}

/* Visible ASCII without the signs that mean something in a policy's pattern. */
static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || text.ptr[i] == '*' || text.ptr[i] == '?')
            return false;
    }
    return true;
}

static bool split(struct slice arn, struct parts *parts)
{
    struct slice rest = arn, prefix, region;

    if (arn.len > ARN_MAX || !is_plain(arn) || !slice_split(&rest, ':', &prefix) ||
        !slice_split(&rest, ':', &parts->partition) || !slice_split(&rest, ':', &parts->service) ||
        !slice_split(&rest, ':', &region) || !slice_split(&rest, ':', &parts->account) || !rest.ptr)
        return false;
    parts->resource = rest;
    return slice_eq(prefix, SLICE("arn")) && slice_starts(parts->partition, SLICE("aws")) &&
           region.len == 0 && is_account(parts->account);
}

static const struct form *form_of(const struct parts *parts)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const struct form *form = &forms[i];

        if (slice_eq(parts->service, form->service) && slice_starts(parts->resource, form->resource) &&
            (parts->resource.len > form->resource.len) == form->named)
            return form;
    }
    return NULL;
}

/* Of "path/NAME". */
static struct slice last_segment(struct slice text)
{
    const char *slash = memrchr(text.ptr, '/', text.len);

    return slash ? slice_from(text, (size_t)(slash - text.ptr) + 1) : text;
}

/* The ARN of the role of "assumed-role/ROLE/SESSION". */
static enum sg_status add_role(const struct parts *parts, struct slice names, struct buffer *memory,
                               struct slice *arn)
{
    const char *slash = memchr(names.ptr, '/', names.len);
    size_t start = memory->len;

    if (!slash || slash == names.ptr || slash + 1 == names.ptr + names.len)
        return SG_INVALID;
    /* At once, so that what was appended before stays where it is pointed to. */
    if (!buffer_reserve(memory, ARN_MAX + sizeof("arn::iam:::role/")))
        return SG_NO_MEMORY;
    buffer_printf(memory, "arn:%.*s:iam::%.*s:role/%.*s", SLICE_FMT(parts->partition),
                  SLICE_FMT(parts->account), (int)(slash - names.ptr), names.ptr);
    if (memory->failed)
        return SG_NO_MEMORY;
    *arn = slice_of(memory->data + start, memory->len - start);
    return SG_OK;
}

enum sg_status caller_identity_read(struct slice arn, struct buffer *memory, struct caller_identity *who)
{
    const struct form *form;
    struct parts parts;
    struct slice names, principal_arn = arn;
    enum sg_status status = SG_OK;

    *who = (struct caller_identity){0};
    form = split(arn, &parts) ? form_of(&parts) : NULL;
    if (!form)
        return SG_INVALID;
    names = slice_from(parts.resource, form->resource.len);
    if (form->named && last_segment(names).len == 0)
        return SG_INVALID;
    if (slice_starts(form->resource, SLICE("assumed-role")))
        status = add_role(&parts, names, memory, &principal_arn);
    if (status != SG_OK)
        return status;
    *who = (struct caller_identity){
        .account = parts.account,
        .partition = parts.partition,
        .arn = arn,
        .principal_arn = principal_arn,
        .principal_type = form->type,
    };
    if (slice_eq(form->type, SLICE("User")))
        who->username = last_segment(names);
    return SG_OK;
}

bool caller_identity_is_same(const struct caller_identity *role, const struct caller_identity *session)
{
    if (slice_eq(role->arn, session->arn))
        return true;
    return slice_eq(role->principal_type, SLICE("AssumedRole")) &&
           slice_eq(session->principal_type, SLICE("AssumedRole")) &&
           slice_eq(role->account, session->account) &&
           slice_eq(last_segment(role->principal_arn), last_segment(session->principal_arn));
}

bool caller_identity_equal(const struct caller_identity *a, const struct caller_identity *b)
{
    return slice_eq(a->account, b->account) && slice_eq(a->partition, b->partition) &&
           slice_eq(a->arn, b->arn) && slice_eq(a->principal_arn, b->principal_arn) &&
           slice_eq(a->principal_type, b->principal_type) && slice_eq(a->user_id, b->user_id) &&
           slice_eq(a->username, b->username);
}
