/*
 * What the Authorization header of a request says of its signature (SigV4 in header form): who claims to have
 * signed what. Not for whether that is true: sign the same with the secret, and compare.
 */
#ifndef SAGEGATE_AWS_SIGV4_CLAIM_H
#define SAGEGATE_AWS_SIGV4_CLAIM_H

#include "aws/sigv4.h"

struct sigv4_claim {
    struct slice access_key_id;
    struct slice day; /* "20150830" */
    struct sigv4_scope scope;
    struct slice signed_headers; /* "content-type;host;x-amz-date" */
    struct slice signature;      /* 64 hexadecimal digits */
};

/* Slices into the header's value. False when it is no such header, in the one form that SDKs write. */
bool sigv4_claim_parse(struct slice authorization, struct sigv4_claim *claim);

/*
 * Puts the fields that are said to be signed into fields, whose room is HTTP_MAX_FIELDS. False unless each is
 * in the head exactly once, host and x-amz-date are among them, and so is every x-amz-* and x-amzn-* field
 * but the trace's, which hops rewrite.
 */
bool sigv4_claim_fields(const struct sigv4_claim *claim, const struct http_head *head,
                        struct http_field *fields, size_t *count);

/* Wall seconds of "20150830T123600Z"; false when it is none. */
bool sigv4_parse_date(struct slice text, int64_t *wall_seconds);

#endif
