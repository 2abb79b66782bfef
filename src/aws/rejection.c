#include "aws/rejection.h"

#include <jansson.h>

const char *const aws_rejection_names[AWS_REJECTION_COUNT] = {
    [AWS_REJECTION_KEYS] = "credentials",
    [AWS_REJECTION_CLOCK] = "signature",
};

static const struct {
    struct slice name;
    enum aws_rejection kind;
} rejections[] = {
    {SLICE_INIT("ExpiredToken"), AWS_REJECTION_KEYS},
    {SLICE_INIT("ExpiredTokenException"), AWS_REJECTION_KEYS},
    {SLICE_INIT("UnrecognizedClient"), AWS_REJECTION_KEYS},
    {SLICE_INIT("UnrecognizedClientException"), AWS_REJECTION_KEYS},
    {SLICE_INIT("InvalidClientTokenId"), AWS_REJECTION_KEYS},
    {SLICE_INIT("AccessDenied"), AWS_REJECTION_POLICY},
    {SLICE_INIT("AccessDeniedException"), AWS_REJECTION_POLICY},
    {SLICE_INIT("RequestTimeTooSkewed"), AWS_REJECTION_CLOCK},
    {SLICE_INIT("RequestExpired"), AWS_REJECTION_CLOCK},
    /* "Signature expired", "Signature not yet current": or else the signature is wrong, which the Date tells.
     */
    {SLICE_INIT("InvalidSignatureException"), AWS_REJECTION_CLOCK},
    {SLICE_INIT("SignatureDoesNotMatch"), AWS_REJECTION_CLOCK},
};

/* "com.amazon.coral.service#ExpiredTokenException:http://internal.amazon.com/…" without what is around it. */
enum aws_rejection aws_rejection_by_name(struct slice type)
{
    const char *hash = type.len ? memchr(type.ptr, '#', type.len) : NULL;
    struct slice name;

    if (hash)
        type = slice_from(type, (size_t)(hash - type.ptr) + 1);
    slice_split(&type, ':', &name);
    for (size_t i = 0; i < sizeof(rejections) / sizeof(rejections[0]); i++) {
        if (slice_eq(name, rejections[i].name))
            return rejections[i].kind;
    }
    return AWS_REJECTION_NONE;
}

/* When memory is short for it, it is none: the client gets the answer as it is. */
static enum aws_rejection kind_of_json(struct slice body)
{
    static const char *const members[] = {"__type", "code"};
    json_t *root = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    enum aws_rejection kind = AWS_REJECTION_NONE;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && kind == AWS_REJECTION_NONE; i++) {
        const json_t *member = json_object_get(root, members[i]);

        kind = aws_rejection_by_name(slice_of(json_string_value(member), json_string_length(member)));
    }
    json_decref(root);
    return kind;
}

bool aws_rejection_possible(const struct http_head *response)
{
    const struct http_field *type = http_head_field(response, FIELD_X_AMZN_ERRORTYPE);

    if (response->status != 400 && response->status != 401 && response->status != 403)
        return false;
    if (response->framing != HTTP_CONTENT_LENGTH || response->content_length > AWS_REJECTION_BODY_MAX)
        return false;
    return !type || aws_rejection_by_name(type->value) != AWS_REJECTION_NONE;
}

enum aws_rejection aws_rejection_of(const struct http_head *response, struct slice body)
{
    const struct http_field *type = http_head_field(response, FIELD_X_AMZN_ERRORTYPE);

    return type ? aws_rejection_by_name(type->value) : kind_of_json(body);
}
