/* A request out of a fuzzer's bytes: a line each of method, target, X-Amz-Target and
 * X-Amzn-SageMaker-Inference-Component (empty: none); the rest is the body. */
#ifndef SAGEGATE_FUZZ_REQUEST_H
#define SAGEGATE_FUZZ_REQUEST_H

#include "aws/json_body.h"
#include "aws/resource.h"

static const struct resource_owner owner = {SLICE_INIT("aws"), SLICE_INIT("us-west-2"),
                                            SLICE_INIT("123456789012")};

static inline void add_field(struct http_head *head, struct slice name, struct slice value)
{
    if (value.len > 0)
        http_head_add(head, (struct http_field){name, value});
}

/* Leaves the body in *rest; false when the head parser would not have let the target through. */
static inline bool read_head(struct slice *rest, struct http_head *head)
{
    struct slice line, after;

    *head = (struct http_head){.count = 0};
    slice_split(rest, '\n', &head->method);
    slice_split(rest, '\n', &head->target);
    after = head->target;
    slice_split(&after, '?', &head->path);
    head->query = after;
    if (slice_split(rest, '\n', &line))
        add_field(head, SLICE("X-Amz-Target"), line);
    if (slice_split(rest, '\n', &line))
        add_field(head, SLICE("x-amzn-sagemaker-inference-component"), line);
    add_field(head, SLICE("Content-Type"), SLICE("application/json"));
    return head->path.len > 0 && head->path.ptr[0] == '/';
}

#endif
