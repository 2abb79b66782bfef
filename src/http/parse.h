/*
 * What the parts of the head parser share: lines, fields, and what the fields mean. For the files of this
 * folder only. The int functions return 0, or the status to refuse with and a sentence in err.
 */
#ifndef SAGEGATE_HTTP_PARSE_H
#define SAGEGATE_HTTP_PARSE_H

#include "http/chars.h"
#include "http/head.h"

/* Says why in err, and gives the HTTP status. */
#define HTTP_REFUSE(err, status, ...) (sg_fail((err), SG_INVALID, __VA_ARGS__), (status))

/* The lines of a head that are still to be read. */
struct http_lines {
    struct slice rest;
    bool too_long; /* the bytes reach HTTP_MAX_HEAD: a head that has not ended in rest is too long */
};

struct http_lines http_lines_of(struct slice bytes);

/* Takes the next line, without its CRLF. */
int http_line_take(struct http_lines *lines, struct slice *line, struct sg_error *err);

/* Takes all field lines and the blank line into head->fields. */
int http_fields_parse(struct http_lines *lines, struct http_head *head, struct sg_error *err);

/* Sets keep_alive, expect_continue, framing and content_length by the fields, minor and status. */
int http_request_framing(struct http_head *head, struct sg_error *err);
int http_response_framing(struct http_head *head, bool to_head_request, struct sg_error *err);

#endif
