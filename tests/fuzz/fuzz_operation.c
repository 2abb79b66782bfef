/*
 * The operation matcher and the derivation of resources on any request: whatever comes, each ARN is
 * well-formed, of the operation's service and without a wildcard, but for the '*' of one that is told in
 * part, and what fails says why and leaves no resource.
 */
#include <assert.h>
#include <stdlib.h>

#include "fuzz/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parts(struct slice arn, const struct operation *operation)
{
    struct slice rest = arn, part;
    size_t parts = 0;

    for (size_t i = 0; i < arn.len; i++)
        assert(arn.ptr[i] > ' ' && arn.ptr[i] < 0x7f && !strchr("*?$\"\\%{}", arn.ptr[i]));
    while (slice_split(&rest, ':', &part)) {
        assert(part.len > 0);
        assert(parts != 0 || slice_eq(part, SLICE("arn")));
        assert(parts != 2 || slice_eq(part, slice_cstr(aws_services[operation->service].signing_name)));
        parts++;
    }
    assert(parts == 6);
    while (slice_split(&part, '/', &rest))
        assert(rest.len > 0);
}

static void check_arn(struct slice arn, const struct operation *operation)
{
    assert(memchr(arn.ptr, '/', arn.len));
    check_parts(arn, operation);
}

/* Up to its last '/'. */
static struct slice beginning(struct slice arn)
{
    assert(arn.len > 2 && arn.ptr[arn.len - 1] == '*' && arn.ptr[arn.len - 2] == '/');
    return slice_of(arn.ptr, arn.len - 2);
}

static void check_list(const struct resource_list *list, const struct operation *operation)
{
    assert(list->count <= RESOURCE_MAX);
    assert(operation->sources || list->count == 0);
    for (size_t i = 0; i < list->count; i++) {
        struct slice arn = resource_list_at(list, i);

        if (!resource_list_goes_on(list, i))
            check_arn(arn, operation);
        else if (!slice_eq(arn, SLICE("*")))
            check_parts(beginning(arn), operation);
        for (size_t k = 0; k < i; k++)
            assert(!slice_eq(resource_list_at(list, i), resource_list_at(list, k)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size);
    struct resource_list list = {.count = 0};
    struct operation_match match;
    struct sg_error err = {.text = ""};
    struct http_head head;
    enum sg_status status;
    json_t *body = NULL;

    if (!read_head(&rest, &head))
        return 0;
    status = operation_find(&head, &match, &err);
    assert((status == SG_OK) == (match.operation != NULL));
    if (status != SG_OK) {
        assert(err.text[0] && (status == SG_NOT_FOUND || status == SG_INVALID));
        return 0;
    }
    assert(slice_eq(head.method, slice_cstr(match.operation->method)));
    status = resource_needs_body(match.operation) ? json_body_parse(rest, &body, &err) : SG_OK;
    if (status == SG_OK)
        status = resource_list_build(&match, &head, body, &owner, &list, &err);
    if (status == SG_OK)
        check_list(&list, match.operation);
    else
        assert(status == SG_INVALID && err.text[0] && list.count == 0);
    json_decref(body);
    resource_list_free(&list);
    return 0;
}
