/*
 * The byte classes of HTTP syntax (RFC 9110 section 5.6.2, RFC 9112 section 3.2), one table lookup a byte.
 * For the files of this folder only.
 */
#ifndef SAGEGATE_HTTP_CHARS_H
#define SAGEGATE_HTTP_CHARS_H

#include <stdbool.h>

#include "base/slice.h"

enum http_class {
    HTTP_TOKEN = 1,  /* tchar: methods, field names, options */
    HTTP_TEXT = 2,   /* HTAB, SP, VCHAR, obs-text: field values, reasons */
    HTTP_TARGET = 4, /* VCHAR without '#', which starts a fragment: request targets */
    HTTP_HOST = 8,   /* what uri-host [":" port] is made of (RFC 3986 section 3.2) */
};

extern const unsigned char http_classes[256];

static inline bool http_is(char c, enum http_class wanted)
{
    return http_classes[(unsigned char)c] & wanted;
}

/* How many of the first bytes of s are of that class. */
static inline size_t http_span(struct slice s, enum http_class wanted)
{
    size_t n = 0;

    while (n < s.len && http_is(s.ptr[n], wanted))
        n++;
    return n;
}

/* http_span(s, HTTP_TEXT), where most are: eight bytes at a time while none is a control character. */
size_t http_span_text(struct slice s);

/* Received bytes made fit for an error message: short, and printable ASCII only. */
struct http_quote {
    char text[48];
};
struct http_quote http_quote(struct slice received);

#endif
