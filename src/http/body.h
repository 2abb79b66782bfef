/*
 * Body framing (RFC 9112 sections 6 and 7), decoded in place as bytes arrive: chunk lines, extensions and
 * trailers are checked and dropped, content stays. Not for storage: the caller owns the bytes.
 */
#ifndef SAGEGATE_HTTP_BODY_H
#define SAGEGATE_HTTP_BODY_H

#include "http/head.h"

struct http_body {
    enum http_framing framing;
    uint64_t remaining; /* of the content, or of the current chunk */
    unsigned state;     /* of the chunked decoder */
    unsigned overhead;  /* bytes of the current chunk line or of all trailers, bounded */
    const char *fault;  /* after BAD: a sentence that says what was wrong and what would be right */
};

enum http_body_result { HTTP_BODY_MORE, HTTP_BODY_DONE, HTTP_BODY_BAD };

void http_body_init(struct http_body *body, const struct http_head *head);

/*
 * Decodes data[0..len): *consumed bytes are used up, and the *produced bytes of content among them are moved
 * together to data[0..*produced). MORE uses up all of them, so that the next call brings only new bytes.
 * DONE when the message ended (bytes past *consumed belong to the next one), and again on every call after.
 * BAD on wrong framing, with body->fault set; data[*consumed] is the wrong byte. The connection can't be used
 * any further, and every later call is BAD.
 * HTTP_NO_BODY is DONE at once. HTTP_UNTIL_CLOSE never is: see http_body_complete_at_eof().
 */
enum http_body_result http_body_decode(struct http_body *body, char *data, size_t len, size_t *consumed,
                                       size_t *produced);

/* Whether the body is whole when the peer closes now. */
bool http_body_complete_at_eof(const struct http_body *body);

#endif
