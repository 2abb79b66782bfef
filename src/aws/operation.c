#include "aws/operation.h"

#include <stdlib.h>

#include "aws/percent.h"
#include "aws/sigv4_claim.h"

/* AWS_ENDPOINT_URL, set for a process, redirects all AWS services that it uses. */
#define SAGEMAKER_ALONE                                                                                      \
    "another service than SageMaker, which alone is served here. Where AWS_ENDPOINT_URL led here, set "      \
    "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME, AWS_ENDPOINT_URL_SAGEMAKER and so on in its place, which are for "  \
    "one service each."

bool operation_is_json(struct slice content_type)
{
    static const struct slice types[] = {
        SLICE_INIT("application/x-amz-json-1.1"),
        SLICE_INIT("application/x-amz-json-1.0"),
        SLICE_INIT("application/json"),
    };
    struct slice type;

    slice_split(&content_type, ';', &type);
    /* What is announced in another character set could be read in two ways. */
    if (content_type.ptr && !slice_eq_nocase(slice_trim(content_type), SLICE("charset=utf-8")))
        return false;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (slice_eq_nocase(slice_trim(type), types[i]))
            return true;
    return false;
}

static int compare_target(const void *key, const void *row)
{
    return slice_cmp(*(const struct slice *)key, slice_cstr(((const struct operation *)row)->target));
}

/* AWS JSON protocol: SERVICE.OPERATION. */
static bool names_another_service(struct slice target)
{
    struct slice service;

    slice_split(&target, '.', &service);
    return target.ptr && !slice_eq_nocase(service, SLICE("SageMaker"));
}

static enum sg_status find_api(const struct http_head *head, struct slice target,
                               const struct http_field *content_type, struct operation_match *match,
                               struct sg_error *err)
{
    struct slice type = content_type ? content_type->value : SLICE("none");
    const struct operation *row;

    if (!slice_eq(head->method, SLICE("POST")) || !slice_eq(head->path, SLICE("/")) || head->query.ptr)
        return sg_fail(
            err, SG_INVALID,
            "X-Amz-Target goes with POST / and no query, not with %.*s%s %.*s%s%s: leave the header out for "
            "the REST services",
            SLICE_BRIEF(head->method), SLICE_BRIEF(head->path), head->query.ptr ? "?..." : "");
    row = bsearch(&target, operation_table, operation_api_count, sizeof(operation_table[0]), compare_target);
    if (!row && names_another_service(target))
        return sg_fail(err, SG_NOT_FOUND, "X-Amz-Target %.*s%s is of " SAGEMAKER_ALONE, SLICE_BRIEF(target));
    if (!row)
        return sg_fail(
            err, SG_NOT_FOUND,
            "X-Amz-Target %.*s%s is no operation of the SageMaker API; one reads SageMaker.ListEndpoints",
            SLICE_BRIEF(target));
    if (!content_type || !operation_is_json(content_type->value))
        return sg_fail(err, SG_INVALID,
                       "%s takes Content-Type: application/x-amz-json-1.1, and this request has %.*s%s",
                       row->name, SLICE_BRIEF(type));
    match->operation = row;
    return SG_OK;
}

/* Whether a hop that tidies paths would drop such a segment: "", "." or "..". */
static bool folds(size_t bytes, size_t dots)
{
    return bytes == dots && bytes <= 2;
}

static bool is_alphanumeric(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Whether c, decoded from the escape at `text`, has to be escaped, and is so in capitals (RFC 3986 section
   6.2.2): another hop could write it in another way. */
static bool escape_is_canonical(const char *text, int c)
{
    for (int i = 1; i <= 2; i++)
        if (text[i] >= 'a' && text[i] <= 'f')
            return false;
    return !is_alphanumeric(c) && !strchr("-._~", c);
}

/* Whether a segment reads the same for everyone: it doesn't fold, not even at an encoded '/', and has no
   controls, and no escapes but good ones. */
static bool segment_is_canonical(struct slice segment)
{
    size_t bytes = 0, dots = 0; /* since the last '/' */

    while (segment.len > 0) {
        const char *text = segment.ptr;
        int c = percent_take(&segment);

        if (c < 0x20 || c == 0x7f) /* -1 too */
            return false;
        if (*text == '%' && !escape_is_canonical(text, c))
            return false;
        if (c == '/' && folds(bytes, dots))
            return false;
        bytes = c == '/' ? 0 : bytes + 1;
        dots = c == '/' ? 0 : dots + (c == '.');
    }
    return !folds(bytes, dots);
}

static enum sg_status check_path(struct slice path, struct sg_error *err)
{
    struct slice rest = slice_from(path, 1), segment;

    while (slice_split(&rest, '/', &segment))
        if (!segment_is_canonical(segment))
            return sg_fail(
                err, SG_INVALID,
                "the path %.*s%s is not in canonical form: it has an empty, '.' or '..' segment, an "
                "escape that "
                "is bad, needless or not in capitals, or an encoded control character",
                SLICE_BRIEF(path));
    return SG_OK;
}

/* Whether the path has the template's form, like "/endpoints/{EndpointName}/invocations"; labels are taken as
 * they are, and are whole segments. */
static bool path_matches(const char *uri, struct slice path, struct operation_match *match)
{
    const char *at = path.ptr, *end = path.ptr + path.len;

    match->label_count = 0;
    while (*uri) {
        const char *start = at;

        if (*uri != '{') {
            if (at == end || *at++ != *uri++)
                return false;
            continue;
        }
        while (at < end && *at != '/')
            at++;
        match->labels[match->label_count].value = slice_of(start, (size_t)(at - start));
        start = uri + 1;
        uri = strchr(start, '}') + 1;
        match->labels[match->label_count++].name = slice_of(start, (size_t)(uri - 1 - start));
    }
    return at == end;
}

static bool is_label_byte(int c)
{
    return is_alphanumeric(c) || (c > 0 && strchr("-._~:/", c));
}

static enum sg_status accept_labels(const struct operation *row, struct operation_match *match,
                                    struct sg_error *err)
{
    for (size_t i = 0; i < match->label_count; i++) {
        const struct operation_label *label = &match->labels[i];
        struct slice rest = label->value;

        while (rest.len > 0)
            if (!is_label_byte(percent_take(&rest)))
                return sg_fail(err, SG_INVALID, "%.*s in the path is neither a name nor an ARN: %.*s%s",
                               SLICE_FMT(label->name), SLICE_BRIEF(label->value));
    }
    match->operation = row;
    return SG_OK;
}

/* Which one, by its signature: the protocols of S3, STS or EC2 say it nowhere else. */
static bool is_signed_for_another(const struct http_head *head, struct slice *service)
{
    const struct http_field *authorization = http_head_field(head, FIELD_AUTHORIZATION);
    struct sigv4_claim claim;

    if (!authorization || !sigv4_claim_parse(authorization->value, &claim))
        return false;
    *service = claim.scope.service;
    return !slice_starts(*service, SLICE("sagemaker"));
}

static enum sg_status fail_unknown(const struct http_head *head, struct sg_error *err)
{
    struct slice service;

    if (is_signed_for_another(head, &service))
        return sg_fail(err, SG_NOT_FOUND, "%.*s%s %.*s%s is signed for %.*s%s: " SAGEMAKER_ALONE,
                       SLICE_BRIEF(head->method), SLICE_BRIEF(head->path), SLICE_BRIEF(service));
    if (slice_eq(head->path, SLICE("/")))
        return sg_fail(
            err, SG_NOT_FOUND,
            "%.*s%s / without X-Amz-Target is no operation: the SageMaker API takes POST / and the header",
            SLICE_BRIEF(head->method));
    return sg_fail(err, SG_NOT_FOUND, "%.*s%s %.*s%s is no operation of the SageMaker services",
                   SLICE_BRIEF(head->method), SLICE_BRIEF(head->path));
}

static enum sg_status find_rest(const struct http_head *head, struct operation_match *match,
                                struct sg_error *err)
{
    const struct operation *other_method = NULL;

    if (slice_eq(head->path, SLICE("/")))
        return fail_unknown(head, err);
    if (check_path(head->path, err) != SG_OK)
        return SG_INVALID;
    /* The table has a literal segment before a label in its place: the first match is the best. */
    for (size_t i = operation_api_count; i < operation_count; i++) {
        const struct operation *row = &operation_table[i];

        /* Most rows differ in their first letter already. */
        if ((row->uri[1] != head->path.ptr[1] && row->uri[1] != '{') ||
            !path_matches(row->uri, head->path, match))
            continue;
        if (slice_eq(head->method, slice_cstr(row->method)))
            return accept_labels(row, match, err);
        other_method = row;
    }
    if (other_method)
        return sg_fail(err, SG_NOT_FOUND, "%.*s%s %.*s%s is no operation; %s %s is %s",
                       SLICE_BRIEF(head->method), SLICE_BRIEF(head->path), other_method->method,
                       other_method->uri, other_method->name);
    return fail_unknown(head, err);
}

enum sg_status operation_find(const struct http_head *head, struct operation_match *match,
                              struct sg_error *err)
{
    const struct http_field *target = http_head_field(head, FIELD_X_AMZ_TARGET);
    bool target_repeated = head->repeated & HTTP_NAME_BIT(FIELD_X_AMZ_TARGET);

    *match = (struct operation_match){.operation = NULL};
    if (target_repeated || head->repeated & HTTP_NAME_BIT(FIELD_CONTENT_TYPE))
        return sg_fail(err, SG_INVALID, "%s is given more than once: send it once",
                       target_repeated ? "X-Amz-Target" : "Content-Type");
    if (target)
        return find_api(head, target->value, http_head_field(head, FIELD_CONTENT_TYPE), match, err);
    return find_rest(head, match, err);
}

bool operation_knows_header(const struct operation *operation, struct slice name)
{
    if (!slice_starts_nocase(name, SLICE("x-amz")))
        return false;
    for (const char *const *known = operation->headers; known && *known; known++)
        if (slice_eq_nocase(name, slice_cstr(*known)))
            return true;
    return false;
}

const struct operation *operation_by_action(struct slice action)
{
    for (size_t i = 0; i < operation_count; i++)
        if (slice_eq_nocase(action, slice_cstr(operation_table[i].action)))
            return &operation_table[i];
    return NULL;
}
