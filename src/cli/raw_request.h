/*
 * Reads a request as a person types it or AWS's SigV4 test suite writes it: LF or CRLF, spaces and raw UTF-8
 * in the target, no blank line at the end. For `sagegate sign` only; what the proxy accepts is http/head.h.
 */
#ifndef SAGEGATE_CLI_RAW_REQUEST_H
#define SAGEGATE_CLI_RAW_REQUEST_H

#include "http/head.h"

struct raw_request {
    struct slice method;
    struct slice path;
    struct slice query; /* without '?' */
    struct slice body;  /* all that follows the first empty line */
    size_t count;
    struct http_field
        fields[HTTP_MAX_FIELDS]; /* a folded line is a field of its own, with the name before it */
};

/* All slices point into bytes. SG_INVALID names the line and what would be right. */
enum sg_status raw_request_parse(struct slice bytes, struct raw_request *request, struct sg_error *err);

#endif
