/* What is said to STS: form-encoded parameters, and the signed HTTP message around them. */
#ifndef SAGEGATE_CREDENTIALS_STS_REQUEST_H
#define SAGEGATE_CREDENTIALS_STS_REQUEST_H

#include "aws/sigv4.h"
#include "base/buffer.h"
#include "credentials/sts.h"

/* "Action=…&Version=2011-06-15" */
void sts_body_begin(struct buffer *body, const char *action);

/* "&name=value", percent-encoded; nothing for an empty value. */
void sts_body_add(struct buffer *body, const char *name, struct slice value);

/* The parameters of a role. An own session name when it has none; at most longest_s of duration. */
void sts_body_add_role(struct buffer *body, const struct sts_role *role, unsigned longest_s);

struct sts_message {
    struct sigv4_signer *signer;
    struct slice authority, region;
    const struct credentials *keys; /* NULL: not signed */
    struct slice body;
    int64_t now; /* wall seconds */
};

/* Appends the whole message to out, which never moves when there is room for STS_HEAD_MAX bytes and the body.
 */
enum { STS_HEAD_MAX = 24 * 1024 };
enum sg_status sts_message_write(const struct sts_message *message, struct buffer *out, struct sg_error *err);

#endif
