/*
 * Answers by which a service rejects a request before it acts on it: for its signature, which of the signer's
 * two inputs, keys or clock, may be why; or by a policy. The name of the error is that of x-amzn-ErrorType,
 * else of
 * __type or code in the JSON body (Smithy specification, AWS JSON 1.1 and REST-JSON, "Operation error
 * serialization").
 */
#ifndef SAGEGATE_AWS_REJECTION_H
#define SAGEGATE_AWS_REJECTION_H

#include "http/head.h"

enum aws_rejection {
    AWS_REJECTION_NONE,   /* another error, or none */
    AWS_REJECTION_KEYS,   /* the keys are not known, or no longer: newer ones may be */
    AWS_REJECTION_POLICY, /* access is denied: see denial.h */
    AWS_REJECTION_CLOCK,  /* the date is too far from the service's, or may be: its Date header tells */
    AWS_REJECTION_COUNT
};

/* What of a signature was rejected, as logs and metrics call it; NULL for the others. */
extern const char *const aws_rejection_names[AWS_REJECTION_COUNT];

enum { AWS_REJECTION_BODY_MAX = 4096 }; /* bytes: no rejection is longer */

/* Whether the head alone leaves it open: a small error of a status that rejections have. Then the whole body
 * is worth waiting for. */
bool aws_rejection_possible(const struct http_head *response);

/* By an error's name, with or without what may stand around it. */
enum aws_rejection aws_rejection_by_name(struct slice type);

/* The body must be whole. */
enum aws_rejection aws_rejection_of(const struct http_head *response, struct slice body);

#endif
