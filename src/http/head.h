/*
 * HTTP/1.1 message heads, strictly (RFC 9112): request line or status line, fields, and what they say of
 * the body's framing. Parsing allocates nothing; all slices point into the caller's bytes.
 * Refuses whatever two parsers could read in two ways. Not for bodies: see body.h.
 */
#ifndef SAGEGATE_HTTP_HEAD_H
#define SAGEGATE_HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "http/names.h"

enum {
    HTTP_MAX_FIELDS = 100,
    HTTP_MAX_HEAD = 64 * 1024, /* bytes, from the first (of a leading CRLF, too) to the blank line's LF */
};

struct http_field {
    struct slice name;  /* as received, in any case */
    struct slice value; /* without surrounding OWS */
};

/* How the end of the body is found (RFC 9112 section 6.3). */
enum http_framing { HTTP_NO_BODY, HTTP_CONTENT_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE };

struct http_head {
    struct slice method; /* requests */
    struct slice target; /* requests: origin-form, starts with '/' */
    struct slice path;   /* target up to '?' */
    struct slice query;  /* target after '?'; ptr is NULL when there is no '?' */
    int status;          /* responses: 100 to 599 */
    struct slice reason;
    int minor;             /* HTTP/1.minor: 0 or 1 */
    bool keep_alive;       /* what version, Connection and framing say (RFC 9112 section 9.3) */
    bool connection_names; /* Connection lists more than keep-alive: see http_field_is_hop_by_hop() */
    bool expect_continue;  /* HTTP/1.1 requests */
    enum http_framing framing;
    uint64_t content_length; /* when framing is HTTP_CONTENT_LENGTH */
    size_t length;           /* bytes of the whole head, leading CRLF and blank line included */
    size_t count;
    uint64_t names;    /* which of enum http_name its fields have, as bits; … */
    uint64_t repeated; /* … which of them more than one field has */
    struct http_field fields[HTTP_MAX_FIELDS];
    unsigned char name_of[HTTP_MAX_FIELDS]; /* each field's enum http_name */
    unsigned char first[HTTP_NAME_COUNT];   /* the first field that has it, if there is one */
};

enum http_scan { HTTP_SCAN_MORE, HTTP_SCAN_COMPLETE, HTTP_SCAN_BAD };

/*
 * Looks for the end of a head in bytes that arrive piece by piece. *scanned (0 at first) remembers how far it
 * got, so that each byte is looked at once; when COMPLETE, it is the length of the head. One leading CRLF is
 * part of the head, and does not end it.
 * BAD as soon as it is plain that no end can make it good: at a bare LF or CR or a NUL, or HTTP_MAX_HEAD
 * bytes without an end. What is BAD, the parsers below refuse, as they do with much that is COMPLETE: they
 * say why.
 */
enum http_scan http_head_scan(struct slice bytes, size_t *scanned);

/*
 * Parses a request head (bytes may go on past it: head->length says where it ends). Any bytes may be given;
 * a head that is not whole is refused.
 * Returns 0, or the status to refuse with (400, 417, 431, 501, 505) and a sentence in err that names the
 * field and what would be right; head then holds nothing of use. The sentence is printable ASCII and quotes
 * no field value but those of Host, Connection, Content-Length, Transfer-Encoding and Expect. One CRLF before
 * the request line is accepted (RFC 9112 section 2.2).
 */
int http_request_parse(struct slice bytes, struct http_head *head, struct sg_error *err);

/*
 * Parses a response head, in the same way. `to_head_request` says that the request was HEAD, which decides
 * the framing. SG_OK or SG_INVALID.
 */
enum sg_status http_response_parse(struct slice bytes, bool to_head_request, struct http_head *head,
                                   struct sg_error *err);

/* Nothing is known of it; what it pointed to is not looked at. */
static inline void http_head_clear(struct http_head *head)
{
    memset(head, 0, offsetof(struct http_head, fields));
}

static inline bool http_head_has(const struct http_head *head, enum http_name name)
{
    return head->names & HTTP_NAME_BIT(name);
}

/* The first field of that name; NULL when there is none. */
static inline const struct http_field *http_head_field(const struct http_head *head, enum http_name name)
{
    return http_head_has(head, name) ? &head->fields[head->first[name]] : NULL;
}

/* Likewise, of any name in any case. */
const struct http_field *http_head_find(const struct http_head *head, struct slice name);

/* For the parser, and for heads made by hand. There must be room for it. */
void http_head_add(struct http_head *head, struct http_field field);

/* Whether the field of that index is bound to one hop (RFC 9110 section 7.6.1) and must not be forwarded: by
   its well-known name, or as Connection lists it. */
bool http_field_is_hop_by_hop(const struct http_head *head, size_t index);

#endif
