#include "http/head.h"

#include "http/parse.h"

/* Whether a CR that is not before LF, or a NUL, stands there. */
static bool has_stray(const char *p, size_t from, size_t to)
{
    const char *cr;

    for (size_t at = from; at < to && (cr = memchr(p + at, '\r', to - at)); at = (size_t)(cr - p) + 1) {
        if (cr + 1 < p + to && cr[1] != '\n')
            return true;
    }
    return from < to && memchr(p + from, '\0', to - from);
}

enum http_scan http_head_scan(struct slice bytes, size_t *scanned)
{
    size_t limit = bytes.len < HTTP_MAX_HEAD ? bytes.len : HTTP_MAX_HEAD;
    size_t from = *scanned > 0 ? *scanned - 1 : 0;
    const char *p = bytes.ptr, *lf;

    while (*scanned < limit && (lf = memchr(p + *scanned, '\n', limit - *scanned))) {
        size_t end = (size_t)(lf - p);

        if (end == 0 || p[end - 1] != '\r')
            return HTTP_SCAN_BAD;
        *scanned = end + 1;
        /* An empty line ends the head, but not where it is the first. */
        if (end >= 2 && p[end - 2] == '\n')
            return HTTP_SCAN_COMPLETE;
    }
    *scanned = limit;
    return bytes.len < HTTP_MAX_HEAD && !has_stray(p, from, limit) ? HTTP_SCAN_MORE : HTTP_SCAN_BAD;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9112 section 2.3. */
static int parse_version(struct slice text, struct http_head *head, struct sg_error *err)
{
    static const struct slice name = SLICE_INIT("HTTP/");
    struct slice number;

    if (text.len != name.len + 3 || !slice_starts(text, name))
        goto garbage;
    number = slice_from(text, name.len);
    if (!is_digit(number.ptr[0]) || number.ptr[1] != '.' || !is_digit(number.ptr[2]))
        goto garbage;
    if (number.ptr[0] != '1' || number.ptr[2] > '1')
        return HTTP_REFUSE(err, 505, "The version is %s; speak HTTP/1.1 here.", http_quote(text).text);
    head->minor = number.ptr[2] - '0';
    return 0;

garbage:
    /* It is not quoted: after a blank in the target the rest of the query stands there. */
    return HTTP_REFUSE(
        err, 400,
        "What stands for the version is not an HTTP version; write HTTP/1.1 there, nothing after it, and a "
        "blank in a target as %%20.");
}

static int refuse_method(struct slice line, struct sg_error *err)
{
    return HTTP_REFUSE(err, 400,
                       "The request line starts with \"%s\"; it must be a method, one space, the target, one "
                       "space, and HTTP/1.1. What is left of a body stands there when its Content-Length is "
                       "too small.",
                       http_quote(slice_of(line.ptr, http_span(line, HTTP_TOKEN))).text);
}

static int refuse_target(struct slice from_target, size_t good, struct sg_error *err)
{
    if (good == from_target.len)
        return HTTP_REFUSE(err, 400, "The request line ends after its target; write one space and HTTP/1.1.");
    if (good == 0 && from_target.ptr[0] == ' ')
        return HTTP_REFUSE(err, 400, "There are two spaces before the request target; write one.");
    return HTTP_REFUSE(
        err, 400,
        "The request target has byte 0x%02x in it; percent-encode what is not printable ASCII, "
        "and send no fragment (#).",
        (unsigned char)from_target.ptr[good]);
}

/* RFC 9112 section 3. The version comes before the form of the target: "PRI * HTTP/2.0" is better told so. */
static int parse_request_line(struct slice line, struct http_head *head, struct sg_error *err)
{
    size_t n = http_span(line, HTTP_TOKEN);
    const char *question;
    int refused;

    if (n == 0 || n == line.len || line.ptr[n] != ' ')
        return refuse_method(line, err);
    head->method = slice_of(line.ptr, n);
    line = slice_from(line, n + 1);
    n = http_span(line, HTTP_TARGET);
    if (n == 0 || n == line.len || line.ptr[n] != ' ')
        return refuse_target(line, n, err);
    head->target = slice_of(line.ptr, n);
    refused = parse_version(slice_from(line, n + 1), head, err);
    if (refused)
        return refused;

    if (head->target.ptr[0] != '/')
        return HTTP_REFUSE(
            err, 400,
            "The request target must start with '/': this is an endpoint, not a forward proxy. "
            "Set it as AWS_ENDPOINT_URL, not as HTTP_PROXY.");
    head->path = head->target;
    question = memchr(head->target.ptr, '?', head->target.len);
    if (question) {
        head->path.len = (size_t)(question - head->target.ptr);
        head->query = slice_from(head->target, head->path.len + 1);
    }
    return 0;
}

/* RFC 9112 section 4. The space before an empty reason may be missing: many servers leave it out. */
static int parse_status_line(struct slice line, struct http_head *head, struct sg_error *err)
{
    enum { VERSION_LENGTH = 8, CODE_LENGTH = 3 };
    unsigned long long status;
    struct slice code;
    int refused =
        parse_version(slice_of(line.ptr, line.len < VERSION_LENGTH ? line.len : VERSION_LENGTH), head, err);

    if (refused)
        return refused;
    line = slice_from(line, VERSION_LENGTH);
    if (line.len < 1 + CODE_LENGTH || line.ptr[0] != ' ')
        return HTTP_REFUSE(err, 400, "The status line has no status; it must be like \"HTTP/1.1 200 OK\".");
    code = slice_of(line.ptr + 1, CODE_LENGTH);
    line = slice_from(line, 1 + CODE_LENGTH);
    if (!slice_to_u64(code, 599, &status) || status < 100 || (line.len && line.ptr[0] != ' '))
        return HTTP_REFUSE(err, 400,
                           "The status \"%s\" is not three digits from 100 to 599 with a space after.",
                           http_quote(code).text);
    head->status = (int)status;
    head->reason = line.len ? slice_from(line, 1) : line;
    if (http_span(head->reason, HTTP_TEXT) < head->reason.len)
        return HTTP_REFUSE(err, 400, "The reason after status %d has a control character in it.",
                           head->status);
    return 0;
}

int http_request_parse(struct slice bytes, struct http_head *head, struct sg_error *err)
{
    static const struct slice crlf = SLICE_INIT("\r\n");
    static const char tls_handshake = 0x16; /* RFC 8446 section 5.1; what follows has any bytes */
    struct http_lines lines = http_lines_of(bytes);
    struct slice line;
    int refused = 0;

    http_head_clear(head);
    if (slice_starts(lines.rest, crlf))
        lines.rest = slice_from(lines.rest, crlf.len);
    if ((refused = http_line_take(&lines, &line, err)) || (refused = parse_request_line(line, head, err)) ||
        (refused = http_fields_parse(&lines, head, err)))
        return bytes.len && bytes.ptr[0] == tls_handshake
                   ? HTTP_REFUSE(err, 400, "This looks like TLS; use http:// here, not https://.")
                   : refused;
    head->length = (size_t)(lines.rest.ptr - bytes.ptr);
    return http_request_framing(head, err);
}

enum sg_status http_response_parse(struct slice bytes, bool to_head_request, struct http_head *head,
                                   struct sg_error *err)
{
    struct http_lines lines = http_lines_of(bytes);
    struct slice line;

    http_head_clear(head);
    if (http_line_take(&lines, &line, err) || parse_status_line(line, head, err) ||
        http_fields_parse(&lines, head, err))
        return SG_INVALID;
    head->length = (size_t)(lines.rest.ptr - bytes.ptr);
    return http_response_framing(head, to_head_request, err) ? SG_INVALID : SG_OK;
}

void http_head_add(struct http_head *head, struct http_field field)
{
    enum http_name name = http_name_of(field.name);

    if (http_head_has(head, name))
        head->repeated |= HTTP_NAME_BIT(name);
    else
        head->first[name] = (unsigned char)head->count;
    head->names |= HTTP_NAME_BIT(name);
    head->name_of[head->count] = (unsigned char)name;
    head->fields[head->count++] = field;
}

const struct http_field *http_head_find(const struct http_head *head, struct slice name)
{
    for (size_t i = 0; i < head->count; i++) {
        if (slice_eq_nocase(head->fields[i].name, name))
            return &head->fields[i];
    }
    return NULL;
}
