/* What the tests of resources share: heads made by hand, and lists as text. */
#ifndef SAGEGATE_TESTS_RESOURCES_H
#define SAGEGATE_TESTS_RESOURCES_H

#include <stdio.h>

#include "aws/json_body.h"
#include "aws/resource.h"

#define OURS "arn:aws:sagemaker:us-west-2:123456789012:"
#define GEO  "arn:aws:sagemaker-geospatial:us-west-2:123456789012:"

static const struct resource_owner owner = {SLICE_INIT("aws"), SLICE_INIT("us-west-2"),
                                            SLICE_INIT("123456789012")};

static inline void add_field(struct http_head *head, const char *name, const char *value)
{
    if (name && value)
        http_head_add(head, (struct http_field){slice_cstr(name), slice_cstr(value)});
}

/* POST / with a target is for the API; without a target, for the REST services. */
static inline struct http_head head_of(const char *method, const char *path, const char *query,
                                       const char *target)
{
    struct http_head head = {.method = slice_cstr(method),
                             .target = slice_cstr(path),
                             .path = slice_cstr(path),
                             .query = slice_cstr(query)};

    add_field(&head, "X-Amz-Target", target);
    add_field(&head, "Content-Type", "application/x-amz-json-1.1");
    return head;
}

/* resource_list_build() of a body as text. */
static inline enum sg_status build_list(const struct operation_match *match, const struct http_head *head,
                                        struct slice body, const struct resource_owner *whose,
                                        struct resource_list *list, struct sg_error *err)
{
    enum sg_status status = SG_OK;
    json_t *json = NULL;

    list->count = 0;
    if (resource_needs_body(match->operation))
        status = json_body_parse(body, &json, err);
    if (status == SG_OK)
        status = resource_list_build(match, head, json, whose, list, err);
    json_decref(json);
    return status;
}

/* The list as one text: ARNs with a space between them. */
static inline const char *list_text(const struct resource_list *list, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        struct slice arn = resource_list_at(list, i);

        len += (size_t)snprintf(text + len, size - len, "%s%.*s", len ? " " : "", SLICE_FMT(arn));
    }
    return text;
}

#endif
