/*
 * The operation table: every API operation of the SageMaker family, how a request for it looks, which action
 * it is and which headers and query parameters it knows. The rows are data (operation_table.c), made by the
 * maintainer's script src/aws/generate/ from AWS's public models. Not for resources: see resource.h.
 */
#ifndef SAGEGATE_AWS_OPERATION_H
#define SAGEGATE_AWS_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/service.h"
#include "base/error.h"
#include "http/head.h"

enum { OPERATION_MAX_LABELS = 4 };

enum operation_flag {
    OPERATION_HTTP2 = 1 << 0,         /* only over HTTP/2: recognised, not served yet */
    OPERATION_PRESIGNED_URL = 1 << 1, /* hands out a URL that works from outside the network */
    OPERATION_RESPONSE_STREAM = 1 << 2,
};

struct operation_source; /* where a resource comes from: source.h */
struct operation_key;    /* where a condition key's values come from: operation_key.h */

struct operation {
    enum aws_service service;
    unsigned flags;
    const char *name;                       /* "InvokeEndpoint" */
    const char *action;                     /* "sagemaker:InvokeEndpoint" */
    const char *method;                     /* "POST" */
    const char *uri;                        /* "/endpoints/{EndpointName}/invocations"; "/" for the API's */
    const char *target;                     /* X-Amz-Target, or NULL for REST operations */
    const char *const *headers;             /* x-amz-*, x-amzn-* it knows, lower case, NULL-terminated */
    const struct operation_source *sources; /* ended by a row without resource; NULL when it has none */
    const struct operation_key *keys;       /* ended by a row without name; NULL when it has none */
};

/* The API's operations come first, sorted by target. */
extern const struct operation operation_table[];
extern const size_t operation_count;
extern const size_t operation_api_count;

/* One {Label} of the path, percent-encoded as received; it decodes to letters, digits and "-._~:/" only. */
struct operation_label {
    struct slice name;
    struct slice value;
};

struct operation_match {
    const struct operation *operation;
    size_t label_count;
    struct operation_label labels[OPERATION_MAX_LABELS];
};

/*
 * Finds the operation of a request: X-Amz-Target with POST / for the API (AWS JSON 1.1), method and path for
 * the REST services (Smithy "HTTP bindings"). SG_OK; SG_NOT_FOUND with err naming what was seen (403 to the
 * client); SG_INVALID (400) when the path is not in canonical form (empty, "." or ".." segments, bad or
 * needless %XX or one not in capitals, an encoded control character), a label holds what no name and no ARN
 * has, X-Amz-Target or Content-Type is repeated, or a request for the API has a query or a Content-Type other
 * than JSON.
 */
enum sg_status operation_find(const struct http_head *head, struct operation_match *match,
                              struct sg_error *err);

/* Whether the operation knows this x-amz-* or x-amzn-* header (any case). */
bool operation_knows_header(const struct operation *operation, struct slice name);

/* By action ("sagemaker:InvokeEndpoint", any case); NULL when no operation has it. */
const struct operation *operation_by_action(struct slice action);

/* Whether a body of this Content-Type is JSON in UTF-8, for whoever reads it. */
bool operation_is_json(struct slice content_type);

#endif
