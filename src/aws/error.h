/*
 * Refusals in the shape that AWS SDKs parse: x-amzn-ErrorType and a JSON body with __type and message (AWS
 * JSON 1.1 and REST-JSON protocols, Smithy specification "Operation error serialization"), with statuses that
 * make them do the right thing: 4xx is final, 503 and 504 are tried again.
 */
#ifndef SAGEGATE_AWS_ERROR_H
#define SAGEGATE_AWS_ERROR_H

#include <stdbool.h>

#include "base/buffer.h"

enum aws_error {
    AWS_ERROR_BAD_REQUEST,     /* 400: malformed or ambiguous HTTP */
    AWS_ERROR_VALIDATION,      /* 400: well-formed, but not what the operation takes */
    AWS_ERROR_ACCESS_DENIED,   /* 403: the policy, or an operation that is not served */
    AWS_ERROR_SIGNATURE,       /* 403: a local key's signature does not hold */
    AWS_ERROR_REQUEST_TIMEOUT, /* 408: the client did not send its request in time */
    AWS_ERROR_TOO_LARGE,       /* 413 */
    AWS_ERROR_EXPECTATION,     /* 417 */
    AWS_ERROR_HEAD_TOO_LARGE,  /* 431 */
    AWS_ERROR_INTERNAL,        /* 500 */
    AWS_ERROR_NOT_IMPLEMENTED, /* 501: a transfer coding other than chunked */
    AWS_ERROR_BAD_GATEWAY,     /* 502: the endpoint's answer is not HTTP */
    AWS_ERROR_UNAVAILABLE,     /* 503: no credentials, or the endpoint can't be reached */
    AWS_ERROR_BUSY,            /* 503 with Retry-After: a limit of ours is reached */
    AWS_ERROR_GATEWAY_TIMEOUT, /* 504 */
    AWS_ERROR_HTTP_VERSION,    /* 505 */
};

int aws_error_status(enum aws_error error);
const char *aws_error_code(enum aws_error error);

/* The kind that answers with this HTTP status; AWS_ERROR_BAD_REQUEST when none does. */
enum aws_error aws_error_by_status(int status);

/* How the answer is framed for the client at hand. */
struct aws_error_framing {
    bool head_request; /* no body follows */
    bool close;        /* the connection ends after this answer */
    bool json11;       /* AWS JSON 1.1 (the API), else REST-JSON */
};

/* Appends a whole HTTP/1.1 response. request_id goes to x-amzn-RequestId; message is a sentence for a person.
 */
void aws_error_write(struct buffer *out, enum aws_error error, struct slice message, struct slice request_id,
                     const struct aws_error_framing *framing);

#endif
