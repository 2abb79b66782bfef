#include "http/parse.h"

static bool is_repeated(const struct http_head *head, enum http_name name)
{
    return head->repeated & HTTP_NAME_BIT(name);
}

/* Of one that is there. */
static struct slice value_of(const struct http_head *head, enum http_name name)
{
    return head->fields[head->first[name]].value;
}

/* RFC 9112 section 3.2. */
static int check_host(const struct http_head *head, struct sg_error *err)
{
    const struct http_field *host = http_head_field(head, FIELD_HOST);

    if (!host && head->minor == 0)
        return 0;
    if (!host)
        return HTTP_REFUSE(err, 400, "There is no Host field; an HTTP/1.1 request has exactly one.");
    if (is_repeated(head, FIELD_HOST))
        return HTTP_REFUSE(err, 400, "The Host field is there more than once; send exactly one.");
    if (host->value.len == 0 || http_span(host->value, HTTP_HOST) < host->value.len)
        return HTTP_REFUSE(err, 400, "The Host field is \"%s\"; it must be like \"localhost:8080\".",
                           http_quote(host->value).text);
    return 0;
}

/* RFC 9110 section 10.1.1: an HTTP/1.0 client can't mean it. */
static int read_expect(struct http_head *head, struct sg_error *err)
{
    const struct http_field *expect = http_head_field(head, FIELD_EXPECT);

    if (!expect || head->minor == 0)
        return 0;
    if (is_repeated(head, FIELD_EXPECT) || !slice_eq_nocase(expect->value, SLICE("100-continue")))
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
static int read_transfer_encoding(struct http_head *head, struct sg_error *err)
{
    struct slice coding = value_of(head, FIELD_TRANSFER_ENCODING);

    if (http_head_has(head, FIELD_CONTENT_LENGTH))
        return HTTP_REFUSE(err, 400,
                           "There are both Transfer-Encoding and Content-Length; send one of them.");
    if (head->minor == 0)
        return HTTP_REFUSE(err, 400,
                           "There is a Transfer-Encoding in an HTTP/1.0 message; send Content-Length.");
    if (is_repeated(head, FIELD_TRANSFER_ENCODING))
        return HTTP_REFUSE(err, 400,
                           "The Transfer-Encoding field is there more than once; send exactly one.");
    if (!slice_eq_nocase(coding, SLICE("chunked")))
        return HTTP_REFUSE(err, ends_in_chunked(coding) ? 501 : 400,
                           "The Transfer-Encoding field is \"%s\"; only chunked, once, is understood.",
                           http_quote(coding).text);
    head->framing = HTTP_CHUNKED;
    return 0;
}

/* RFC 9112 section 6.2. */
static int read_content_length(struct http_head *head, struct sg_error *err)
{
    struct slice length = value_of(head, FIELD_CONTENT_LENGTH);
    unsigned long long bytes;

    if (is_repeated(head, FIELD_CONTENT_LENGTH))
        return HTTP_REFUSE(err, 400, "The Content-Length field is there more than once; send exactly one.");
    if (!slice_to_u64(length, INT64_MAX, &bytes))
        return HTTP_REFUSE(
            err, 400,
            "The Content-Length field is \"%s\"; it must be one decimal number, digits only, of at "
            "most 2^63-1.",
            http_quote(length).text);
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

/* The index of the first Connection field; past the end when there is none. */
static size_t first_connection(const struct http_head *head)
{
    return http_head_has(head, FIELD_CONNECTION) ? head->first[FIELD_CONNECTION] : head->count;
}

/* RFC 9110 section 7.6.1, RFC 9112 section 9.3. */
static int read_connection(struct http_head *head, struct sg_error *err)
{
    bool close = false;
    bool keep_alive = head->minor >= 1;

    for (size_t i = first_connection(head); i < head->count; i++) {
        struct slice list = head->fields[i].value;
        struct slice option;

        if (head->name_of[i] != FIELD_CONNECTION)
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

static int read_common(struct http_head *head, struct sg_error *err)
{
    int refused = 0;

    if (http_head_has(head, FIELD_TRANSFER_ENCODING))
        refused = read_transfer_encoding(head, err);
    else if (http_head_has(head, FIELD_CONTENT_LENGTH))
        refused = read_content_length(head, err);
    return refused ? refused : read_connection(head, err);
}

int http_request_framing(struct http_head *head, struct sg_error *err)
{
    int refused;

    if ((refused = check_host(head, err)) || (refused = read_common(head, err)))
        return refused;
    return read_expect(head, err);
}

/* RFC 9112 section 6.3. */
int http_response_framing(struct http_head *head, bool to_head_request, struct sg_error *err)
{
    int refused = read_common(head, err);

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
    for (size_t i = first_connection(head); i < head->count; i++) {
        struct slice list = head->fields[i].value;
        struct slice option;

        if (head->name_of[i] != FIELD_CONNECTION)
            continue;
        while (next_option(&list, &option)) {
            if (slice_eq_nocase(option, name))
                return true;
        }
    }
    return false;
}

bool http_field_is_hop_by_hop(const struct http_head *head, size_t index)
{
    static const uint64_t well_known =
        HTTP_NAME_BIT(FIELD_CONNECTION) | HTTP_NAME_BIT(FIELD_KEEP_ALIVE) |
        HTTP_NAME_BIT(FIELD_PROXY_CONNECTION) | HTTP_NAME_BIT(FIELD_PROXY_AUTHENTICATE) |
        HTTP_NAME_BIT(FIELD_PROXY_AUTHORIZATION) | HTTP_NAME_BIT(FIELD_TE) | HTTP_NAME_BIT(FIELD_TRAILER) |
        HTTP_NAME_BIT(FIELD_TRANSFER_ENCODING) | HTTP_NAME_BIT(FIELD_UPGRADE);

    if (head->name_of[index] == FIELD_CONTENT_LENGTH)
        return false; /* the message is framed by it, whatever Connection lists */
    return HTTP_NAME_BIT(head->name_of[index]) & well_known ||
           (head->connection_names && connection_names(head, head->fields[index].name));
}
