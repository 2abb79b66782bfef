/*
 * The canonical request of SigV4 ("Create a canonical request" in the AWS IAM User Guide), as botocore's
 * SigV4Auth writes it. Internal to sigv4.c; not for choosing which headers are signed.
 */
#ifndef SAGEGATE_AWS_SIGV4_CANONICAL_H
#define SAGEGATE_AWS_SIGV4_CANONICAL_H

#include "aws/sigv4.h"

/* Which bytes stay as they are when the others become %XX. */
enum sigv4_keep {
    SIGV4_KEEP_UNRESERVED = 1, /* A-Z a-z 0-9 - . _ ~ (RFC 3986 section 2.3) */
    SIGV4_KEEP_SEGMENTS = 2,   /* those and '/' */
    SIGV4_KEEP_URI = 4,        /* whatever a path or query may hold, '%' included (sections 3.3 and 3.4) */
};

/* Appends s to out, every byte outside `keep` as %XX in upper case. */
void sigv4_append_encoded(struct buffer *out, struct slice s, enum sigv4_keep keep);

/* Memory for sorting a query; zero-initialise, reuse for every request. */
struct sigv4_query {
    struct buffer encoded;
    struct sigv4_parameter *parameters;
    size_t capacity;
};

void sigv4_query_free(struct sigv4_query *query);

/*
 * Appends the parameters of `text`, sorted by name, then value, each as name=value. What is encoded stays so;
 * bytes that no URI may hold are encoded first. Failure to get memory is left in out->failed.
 */
void sigv4_append_sorted_query(struct sigv4_query *query, struct slice text, struct buffer *out);

/* A part of a buffer, by offset, as the bytes move when it grows. */
struct sigv4_span {
    size_t at;
    size_t len;
};

/*
 * Appends the whole canonical request; *signed_headers says where in out the list of header names is.
 * SG_INVALID for bytes that cannot be signed, SG_NO_MEMORY.
 */
enum sg_status sigv4_append_request(struct sigv4_query *query, const struct sigv4_request *request,
                                    struct buffer *out, struct sigv4_span *signed_headers,
                                    struct sg_error *err);

#endif
