/* A request on standard input: as it goes over the wire, or as a person types it. */
#include <stdio.h>

#include "cli/explain.h"
#include "http/body.h"

static bool complain(const char *text)
{
    fprintf(stderr, "sagegate explain: %s\n", text);
    return false;
}

static bool read_all(struct buffer *out)
{
    enum { CHUNK = 64 * 1024 };
    size_t n;

    do {
        if (!buffer_reserve(out, CHUNK))
            return complain("out of memory for the request");
        n = fread(out->data + out->len, 1, CHUNK, stdin);
        out->len += n;
    } while (n > 0);
    return !ferror(stdin) || complain("cannot read standard input");
}

/* Lines that end with LF alone, as editors write them, get their CR. A head that has CRs is left alone. */
static bool complete_lines(struct buffer *text)
{
    struct slice all = buffer_slice(text), rest = all, line;
    struct buffer out = {0};

    slice_split(&rest, '\n', &line);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        return true;
    rest = all;
    do {
        slice_split(&rest, '\n', &line);
        buffer_append(&out, line);
        buffer_append(&out, SLICE("\r\n"));
    } while (line.len > 0 && rest.len > 0);
    if (line.len > 0)
        buffer_append(&out, SLICE("\r\n")); /* no blank line: the head is all there is */
    buffer_append(&out, rest);
    buffer_free(text);
    *text = out;
    return !out.failed || complain("out of memory for the request");
}

/* A body without a length is what a person gives who does not count. */
static bool take_body(struct explain_request *request)
{
    struct http_body framing;
    char *data = request->text.data + request->head.length;
    size_t len = request->text.len - request->head.length, consumed, produced;
    enum http_body_result result;

    request->body = slice_of(data, len);
    if (request->head.framing == HTTP_NO_BODY)
        return true;
    http_body_init(&framing, &request->head);
    result = http_body_decode(&framing, data, len, &consumed, &produced);
    if (result == HTTP_BODY_BAD)
        return complain(framing.fault);
    if (result == HTTP_BODY_MORE)
        return complain("the body ends before its length");
    request->body = slice_of(data, produced);
    return true;
}

bool explain_read(struct explain_request *request)
{
    struct sg_error err = {.text = ""};

    if (!read_all(&request->text) || !complete_lines(&request->text))
        return false;
    if (http_request_parse(buffer_slice(&request->text), &request->head, &err) != 0)
        return complain(err.text);
    return take_body(request);
}
