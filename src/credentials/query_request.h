/* What is said in AWS's query protocol: form-encoded parameters, and the signed HTTP message around them. */
#ifndef SAGEGATE_CREDENTIALS_QUERY_REQUEST_H
#define SAGEGATE_CREDENTIALS_QUERY_REQUEST_H

#include "aws/sigv4.h"
#include "base/buffer.h"
#include "credentials/credentials.h"

/* "Action=…&Version=2011-06-15" */
void query_body_begin(struct buffer *body, const char *action, const char *version);

/* "&name=value", percent-encoded; nothing for an empty value. */
void query_body_add(struct buffer *body, const char *name, struct slice value);

struct query_message {
    struct sigv4_signer *signer;
    struct slice authority;
    struct sigv4_scope scope;
    const struct credentials *keys; /* NULL: not signed */
    struct slice body;
    int64_t now; /* wall seconds */
};

/* Appends the whole message to out, which never moves when there is room for QUERY_HEAD_MAX bytes and the
 * body.
 */
enum { QUERY_HEAD_MAX = 24 * 1024 };
enum sg_status query_message_write(const struct query_message *message, struct buffer *out,
                                   struct sg_error *err);

#endif
