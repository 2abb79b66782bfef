#include "http/parse.h"

/* The fields that decide where a message ends and what becomes of the connection. */
enum known { HOST, EXPECT, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, KNOWN_COUNT };

/* Their names differ in length, which is therefore the index. */
static const struct {
    struct slice name;
    enum known known;
} by_length[] = {
    [4] = {SLICE_INIT("host"), HOST},
    [6] = {SLICE_INIT("expect"), EXPECT},
    [10] = {SLICE_INIT("connection"), CONNECTION},
    [14] = {SLICE_INIT("content-length"), CONTENT_LENGTH},
    [17] = {SLICE_INIT("transfer-encoding"), TRANSFER_ENCODING},
};

struct seen {
    const struct http_field *first[KNOWN_COUNT];
    bool repeated[KNOWN_COUNT];
};

static void find_known(const struct http_head *head, struct seen *seen)
{
    for (size_t i = 0; i < head->count; i++) {
        const struct http_field *field = &head->fields[i];
        size_t n = field->name.len;
        enum known known;

        if (n >= sizeof(by_length) / sizeof(by_length[0]) || !slice_eq_nocase(field->name, by_length[n].name))
            continue;
        known = by_length[n].known;
        if (seen->first[known])
            seen->repeated[known] = true;
        else
            seen->first[known] = field;
    }
}

/* RFC 9112 section 3.2. */
static int check_host(const struct http_head *head, const struct seen *seen, struct sg_error *err)
{
    const struct http_field *host = seen->first[HOST];

    if (!host && head->minor == 0)
        return 0;
    if (!host)
        return HTTP_REFUSE(err, 400, "There is no Host field; an HTTP/1.1 request has exactly one.");
    if (seen->repeated[HOST])
        return HTTP_REFUSE(err, 400, "The Host field is there more than once; send exactly one.");
    if (host->value.len == 0 || http_span(host->value, HTTP_HOST) < host->value.len)
        return HTTP_REFUSE(err, 400, "The Host field is \"%s\"; it must be like \"localhost:8080\".",
                           http_quote(host->value).text);
    return 0;
}

/* RFC 9110 section 10.1.1: an HTTP/1.0 client can't mean it. */
static int read_expect(struct http_head *head, const struct seen *seen, struct sg_error *err)
{
    const struct http_field *expect = seen->first[EXPECT];

    if (!expect || head->minor == 0)
        return 0;
    if (seen->repeated[EXPECT] || !slice_eq_nocase(expect->value, SLICE("100-continue")))
        return HTTP_REFUSE(err, 417, "The Expect field is \"%s\"; only one 100-continue can be met.",
                           http_quote(expect->value).text);
    head->expect_continue = true;
    return 0;
}

/* Whether the list is of codings, of which the last alone is chunked: then the end of the body would be
 * known. */
static bool ends_in_chunked(struct slice list)
{
    struct slice coding;

    while (slice_split(&list, ',', &coding)) {
        coding = slice_trim(coding);
        if (coding.len == 0 || http_span(coding, HTTP_TOKEN) < coding.len)
            return false;
        if (slice_eq_nocase(coding, SLICE("chunked")))
            return list.ptr == NULL;
    }
    return false;
}

/*
 * RFC 9112 section 6.1. A coding before chunked would have to be undone here, so that it is answered with
 * 501; whatever leaves the end of the body unclear, with 400 (section 6.3).
 */
static int read_transfer_encoding(struct http_head *head, const struct seen *seen, struct sg_error *err)
{
    const struct http_field *coding = seen->first[TRANSFER_ENCODING];

    if (seen->first[CONTENT_LENGTH])
        return HTTP_REFUSE(err, 400,
                           "There are both Transfer-Encoding and Content-Length; send one of them.");
    if (head->minor == 0)
        return HTTP_REFUSE(err, 400,
                           "There is a Transfer-Encoding in an HTTP/1.0 message; send Content-Length.");
    if (seen->repeated[TRANSFER_ENCODING])
        return HTTP_REFUSE(err, 400,
                           "The Transfer-Encoding field is there more than once; send exactly one.");
    if (!slice_eq_nocase(coding->value, SLICE("chunked")))
        return HTTP_REFUSE(err, ends_in_chunked(coding->value) ? 501 : 400,
                           "The Transfer-Encoding field is \"%s\"; only chunked, once, is understood.",
                           http_quote(coding->value).text);
    head->framing = HTTP_CHUNKED;
    return 0;
}

/* RFC 9112 section 6.2. */
static int read_content_length(struct http_head *head, const struct seen *seen, struct sg_error *err)
{
    const struct http_field *length = seen->first[CONTENT_LENGTH];
    unsigned long long bytes;

    if (seen->repeated[CONTENT_LENGTH])
        return HTTP_REFUSE(err, 400, "The Content-Length field is there more than once; send exactly one.");
    if (!slice_to_u64(length->value, INT64_MAX, &bytes))
        return HTTP_REFUSE(
            err, 400,
            "The Content-Length field is \"%s\"; it must be one decimal number, digits only, of at "
            "most 2^63-1.",
            http_quote(length->value).text);
    head->framing = HTTP_CONTENT_LENGTH;
    head->content_length = bytes;
    return 0;
}

/* The next element of a comma-separated list; empty ones are skipped (RFC 9110 section 5.6.1.2). */
static bool next_option(struct slice *list, struct slice *option)
{
    while (slice_split(list, ',', option)) {
        *option = slice_trim(*option);
        if (option->len)
            return true;
    }
    return false;
}

/* RFC 9110 section 7.6.1, RFC 9112 section 9.3. */
static int read_connection(struct http_head *head, const struct seen *seen, struct sg_error *err)
{
    const struct http_field *end = head->fields + head->count;
    bool close = false;
    bool keep_alive = head->minor >= 1;

    for (const struct http_field *field = seen->first[CONNECTION]; field && field < end; field++) {
        struct slice list = field->value;
        struct slice option;

        if (!slice_eq_nocase(field->name, SLICE("connection")))
            continue;
        while (next_option(&list, &option)) {
            if (http_span(option, HTTP_TOKEN) < option.len)
                return HTTP_REFUSE(err, 400,
                                   "The Connection field names \"%s\"; it must list names with commas.",
                                   http_quote(option).text);
            if (slice_eq_nocase(option, SLICE("keep-alive"))) {
                keep_alive = true;
                continue;
            }
            close = close || slice_eq_nocase(option, SLICE("close"));
            head->connection_names = true;
        }
    }
    head->keep_alive = keep_alive && !close;
    return 0;
}

static int read_common(struct http_head *head, const struct seen *seen, struct sg_error *err)
{
    int refused = 0;

    if (seen->first[TRANSFER_ENCODING])
        refused = read_transfer_encoding(head, seen, err);
    else if (seen->first[CONTENT_LENGTH])
        refused = read_content_length(head, seen, err);
    return refused ? refused : read_connection(head, seen, err);
}

int http_request_framing(struct http_head *head, struct sg_error *err)
{
    struct seen seen = {0};
    int refused;

    find_known(head, &seen);
    if ((refused = check_host(head, &seen, err)) || (refused = read_common(head, &seen, err)))
        return refused;
    return read_expect(head, &seen, err);
}

/* RFC 9112 section 6.3. */
int http_response_framing(struct http_head *head, bool to_head_request, struct sg_error *err)
{
    struct seen seen = {0};
    int refused;

    find_known(head, &seen);
    refused = read_common(head, &seen, err);
    if (refused)
        return refused;
    if (to_head_request || head->status < 200 || head->status == 204 || head->status == 304) {
        head->framing = HTTP_NO_BODY;
    } else if (head->framing == HTTP_NO_BODY) {
        head->framing = HTTP_UNTIL_CLOSE;
        head->keep_alive = false;
    }
    return 0;
}

static bool connection_names(const struct http_head *head, struct slice name)
{
    for (size_t i = 0; i < head->count; i++) {
        struct slice list = head->fields[i].value;
        struct slice option;

        if (!slice_eq_nocase(head->fields[i].name, SLICE("connection")))
            continue;
        while (next_option(&list, &option)) {
            if (slice_eq_nocase(option, name))
                return true;
        }
    }
    return false;
}

bool http_field_is_hop_by_hop(const struct http_head *head, struct slice name)
{
    static const struct slice well_known[] = {
        SLICE_INIT("connection"),
        SLICE_INIT("keep-alive"),
        SLICE_INIT("proxy-connection"),
        SLICE_INIT("proxy-authenticate"),
        SLICE_INIT("proxy-authorization"),
        SLICE_INIT("te"),
        SLICE_INIT("trailer"),
        SLICE_INIT("transfer-encoding"),
        SLICE_INIT("upgrade"),
    };

    for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++) {
        if (name.len == well_known[i].len && slice_eq_nocase(name, well_known[i]))
            return true;
    }
    return head->connection_names && connection_names(head, name);
}
