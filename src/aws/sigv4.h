/*
 * AWS Signature Version 4 in header form (AWS IAM User Guide, "Create a signed AWS API request").
 * The caller decides which headers are signed and sends exactly those bytes; nothing here does I/O or
 * reads a clock. One signer a thread: it keeps OpenSSL contexts and the signing key of the day.
 */
#ifndef SAGEGATE_AWS_SIGV4_H
#define SAGEGATE_AWS_SIGV4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "http/head.h"

struct sigv4_keys {
    struct slice access_key_id;
    struct slice secret_access_key;
    uint64_t
        generation; /* differs between sets of keys: they are checked, and a key derived, once for each */
};

struct sigv4_request {
    struct slice method;
    struct slice path;                /* as sent */
    struct slice query;               /* as sent, without '?' */
    const struct http_field *headers; /* all that are to be signed, any case, any order */
    size_t header_count;              /* at most HTTP_MAX_FIELDS */
    struct slice payload_hash;        /* lower-case hex SHA-256, or UNSIGNED-PAYLOAD */
    bool keep_path;                   /* don't normalise the path (S3, --no-normalize-path) */
    bool encode_once;                 /* don't encode the path a second time (S3, --no-double-encode) */
};

struct sigv4_scope {
    struct slice region;
    struct slice service; /* signing name */
};

enum { SIGV4_DATE_LEN = 16, SIGV4_SIGNATURE_LEN = 64 };

/* "20150830T123600Z" and a NUL. */
void sigv4_format_date(int64_t wall_seconds, char date[SIGV4_DATE_LEN + 1]);

struct sigv4_signer;

struct sigv4_signer *sigv4_signer_new(void); /* NULL when memory or OpenSSL fails */
void sigv4_signer_free(struct sigv4_signer *signer);

/* Wipes what is left of the last signature: the session token is among the signed headers. */
void sigv4_signer_wipe(struct sigv4_signer *signer);

/* Wipes the signing keys that are kept: those they were made from are no longer in use. */
void sigv4_signer_forget(struct sigv4_signer *signer);

/*
 * What a signature is made of. canonical_request, signed_headers, string_to_sign and authorization are slices
 * into the signer's memory, good until the next call with it.
 */
struct sigv4_signature {
    struct slice canonical_request;
    struct slice signed_headers;
    struct slice string_to_sign;
    struct slice authorization; /* value of the Authorization header */
    char signature[SIGV4_SIGNATURE_LEN + 1];
};

/*
 * SG_OK, SG_INVALID (bytes that cannot be signed; err says which), SG_NO_MEMORY. The canonical form is that
 * of botocore's SigV4Auth; bytes that no URI may hold (space, raw UTF-8) are percent-encoded on the way.
 * Refused: a method, header name or payload hash that is no token; a path without '/' in front; a control
 * character other than tab in a header value; no header at all; an access key id, region or service that is
 * empty, overlong, or more than visible ASCII without '/' and ','; a secret of over 256 bytes.
 * *out may be partly filled after an error.
 */
enum sg_status sigv4_sign(struct sigv4_signer *signer, const struct sigv4_keys *keys,
                          const struct sigv4_scope *scope, const char date[SIGV4_DATE_LEN + 1],
                          const struct sigv4_request *request, struct sigv4_signature *out,
                          struct sg_error *err);

/* Rewrites a query to the form in which AWS canonicalises it: each name and value decoded once and encoded
   again, only A-Z a-z 0-9 - . _ ~ left as they are, '=' even after a name without value; order kept, empty
   parameters dropped. So the bytes sent are those signed and matched. Appends to out, which stays as it was
   on SG_INVALID: a bad escape, a control character, or a raw '+' (space or plus? Say %20 or %2B). */
enum sg_status sigv4_canonical_query(struct slice query, struct buffer *out, struct sg_error *err);

#endif
