#include "http/head.h"

#include <stdio.h>

#include "unit/http.h"

#define REQUEST(fields) SLICE_INIT("POST /p HTTP/1.1\r\nHost: localhost:8080\r\n" fields "\r\n")

/* Feeds the scanner piece by piece: the first of `split` bytes, the others one by one. */
static enum http_scan scan_split(struct slice bytes, size_t split, size_t *scanned)
{
    enum http_scan scan = HTTP_SCAN_MORE;

    *scanned = 0;
    for (size_t len = split; scan == HTTP_SCAN_MORE && len <= bytes.len; len++) {
        char *copy = exact(slice_of(bytes.ptr, len));

        scan = http_head_scan(slice_of(copy, len), scanned);
        free(copy);
    }
    return scan;
}

static void test_request_accepted(void **state)
{
    static const struct {
        struct slice head;
        const char *method, *path, *query;
        enum http_framing framing;
        uint64_t length;
        size_t count;
        int minor;
        bool keep_alive, expect;
    } rows[] = {
        {SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/", NULL, HTTP_NO_BODY, 0, 1, 1, true,
         false},
        {SLICE_INIT("\r\nGET /a/b?c=d?e HTTP/1.1\r\nhOsT:a\r\n\r\n"), "GET", "/a/b", "c=d?e", HTTP_NO_BODY, 0,
         1, 1, true, false},
        {SLICE_INIT("GET /? HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), "GET", "/", "", HTTP_NO_BODY, 0, 1, 1, true,
         false},
        {SLICE_INIT("M-1!~ //x HTTP/1.1\r\nHost: a\r\n\r\n"), "M-1!~", "//x", NULL, HTTP_NO_BODY, 0, 1, 1,
         true, false},
        {SLICE_INIT("GET / HTTP/1.0\r\n\r\n"), "GET", "/", NULL, HTTP_NO_BODY, 0, 0, 0, false, false},
        {SLICE_INIT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), "GET", "/", NULL, HTTP_NO_BODY, 0, 1,
         0, true, false},
        {SLICE_INIT("GET / HTTP/1.0\r\nExpect: nonsense\r\n\r\n"), "GET", "/", NULL, HTTP_NO_BODY, 0, 1, 0,
         false, false},
        {REQUEST("Content-Length: 0\r\n"), "POST", "/p", NULL, HTTP_CONTENT_LENGTH, 0, 2, 1, true, false},
        {REQUEST("content-length:\t 42 \t\r\n"), "POST", "/p", NULL, HTTP_CONTENT_LENGTH, 42, 2, 1, true,
         false},
        {REQUEST("Content-Length: 9223372036854775807\r\n"), "POST", "/p", NULL, HTTP_CONTENT_LENGTH,
         INT64_MAX, 2, 1, true, false},
        {REQUEST("Transfer-Encoding: ChunKed\r\n"), "POST", "/p", NULL, HTTP_CHUNKED, 0, 2, 1, true, false},
        {REQUEST("Expect: 100-Continue\r\n"), "POST", "/p", NULL, HTTP_NO_BODY, 0, 2, 1, true, true},
        {REQUEST("Connection: close\r\n"), "POST", "/p", NULL, HTTP_NO_BODY, 0, 2, 1, false, false},
        {REQUEST("Connection: keep-alive, Close\r\n"), "POST", "/p", NULL, HTTP_NO_BODY, 0, 2, 1, false,
         false},
        {REQUEST("Connection: ,x,,\r\nConnection:\r\nConnection: \tclose\t,\r\n"), "POST", "/p", NULL,
         HTTP_NO_BODY, 0, 4, 1, false, false},
        {REQUEST("Connection: closed\r\n"), "POST", "/p", NULL, HTTP_NO_BODY, 0, 2, 1, true, false},
        {REQUEST("X:\r\nY: \xff\x80 \t~\r\n"), "POST", "/p", NULL, HTTP_NO_BODY, 0, 3, 1, true, false},
        {SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next\n\0"), "GET", "/", NULL, HTTP_NO_BODY, 0, 1,
         1, true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *copy = exact(rows[i].head);
        struct slice bytes = slice_of(copy, rows[i].head.len);
        struct sg_error err = {0};
        struct http_head head;
        size_t scanned;

        if (http_request_parse(bytes, &head, &err))
            fail_msg("row %zu: %s", i, err.text);
        assert_text(head.method, rows[i].method);
        assert_text(head.path, rows[i].path);
        assert_text(head.query, rows[i].query);
        assert_int_equal(head.query.ptr != NULL, rows[i].query != NULL);
        assert_int_equal(head.framing, rows[i].framing);
        assert_true(head.content_length == rows[i].length);
        assert_int_equal(head.count, rows[i].count);
        assert_int_equal(head.minor, rows[i].minor);
        assert_int_equal(head.keep_alive, rows[i].keep_alive);
        assert_int_equal(head.expect_continue, rows[i].expect);
        assert_int_equal(scan_split(bytes, 0, &scanned), HTTP_SCAN_COMPLETE);
        assert_int_equal(head.length, scanned);
        for (size_t len = 0; len < head.length; len++)
            assert_int_equal(http_request_parse(slice_of(copy, len), &head, &err), 400);
        free(copy);
    }
}

static const struct {
    struct slice head;
    int status;
    const char *said;
} bad_requests[] = {
    /* The request line. */
    {SLICE_INIT(""), 400, "before its blank line"},
    {SLICE_INIT("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "request line"},
    {SLICE_INIT(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "request line"},
    {SLICE_INIT("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "\"G\""},
    {SLICE_INIT("GET\r\nHost: a\r\n\r\n"), 400, "\"GET\""},
    {SLICE_INIT("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "one space"},
    {SLICE_INIT("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "two spaces"},
    {SLICE_INIT("GET /\r\n\r\n"), 400, "HTTP/1.1"},
    {SLICE_INIT("GET / \r\nHost: a\r\n\r\n"), 400, "not an HTTP version"},
    {SLICE_INIT("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "not an HTTP version"},
    {SLICE_INIT("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400, "not an HTTP version"},
    {SLICE_INIT("GET / http/1.1\r\nHost: a\r\n\r\n"), 400, "not an HTTP version"},
    {SLICE_INIT("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), 400, "not an HTTP version"},
    {SLICE_INIT("GET / HTTP/1,1\r\nHost: a\r\n\r\n"), 400, "not an HTTP version"},
    {SLICE_INIT("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "%20"},
    {SLICE_INIT("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505, "HTTP/1.2"},
    {SLICE_INIT("GET / HTTP/0.9\r\n\r\n"), 505, "HTTP/0.9"},
    {SLICE_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, "HTTP/2.0"},
    {SLICE_INIT("\x16\x03\x01\r\n"), 400, "https://"},
    /* The target. */
    {SLICE_INIT("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "AWS_ENDPOINT_URL"},
    {SLICE_INIT("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "forward proxy"},
    {SLICE_INIT("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "start with '/'"},
    {SLICE_INIT("GET ?a HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "start with '/'"},
    {SLICE_INIT("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "0x23"},
    {SLICE_INIT("GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "0xc3"},
    {SLICE_INIT("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "0x7f"},
    {SLICE_INIT("GET /\tx HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "0x09"},
    /* Line ends and field lines. */
    {SLICE_INIT("GET / HTTP/1.1\nHost: a\n\n"), 400, "\"GET\" ends in LF alone"},
    {SLICE_INIT("\x16\x03\x01\x02\0\x01\0"), 400, "looks like TLS; use http://"},
    {SLICE_INIT("\x16\x03\x03\n\r\n\r\n"), 400, "looks like TLS"},
    {SLICE_INIT("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "LF alone"},
    {REQUEST("A: b\n"), 400, "\"A\" ends in LF alone"},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400, "LF alone"},
    {REQUEST("A: b\rc\r\n"), 400, "field A has byte 0x0d"},
    {REQUEST("A: b\r\r\n"), 400, "field A has byte 0x0d"},
    {SLICE_INIT("GET / HTTP/1.1\r\nA: b\rc"), 400, "\"A\" has byte 0x0d"},
    {REQUEST("A: b\0c\r\n"), 400, "field A has byte 0x00"},
    {REQUEST("A: b\x7f\r\n"), 400, "0x7f"},
    {REQUEST("A\0: b\r\n"), 400, "byte 0x00"},
    {REQUEST("A: b\r\n c\r\n"), 400, "folding"},
    {REQUEST("A: b\r\n\tc\r\n"), 400, "folding"},
    {SLICE_INIT("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400, "folding"},
    {REQUEST("A : b\r\n"), 400, "after the field name \"A\""},
    {REQUEST("A\t: b\r\n"), 400, "after the field name \"A\""},
    {REQUEST(": b\r\n"), 400, "no name"},
    {REQUEST("A\r\n"), 400, "\"A\" has no colon"},
    {REQUEST("A(B): c\r\n"), 400, "\"A\" has byte 0x28"},
    {REQUEST("A\xc3\xa4: c\r\n"), 400, "0xc3"},
    /* Host. */
    {SLICE_INIT("GET / HTTP/1.1\r\n\r\n"), 400, "no Host"},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"), 400, "Host field is there more than once"},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: \t\r\n\r\n"), 400, "Host field is \"\""},
    {SLICE_INIT("GET / HTTP/1.0\r\nHost:\r\n\r\n"), 400, "Host field is \"\""},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400, "Host field is \"a b\""},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: u@a/b\xff\r\n\r\n"), 400, "\"u@a/b?\""},
    /* Content-Length. */
    {REQUEST("Content-Length: 5\r\nContent-Length: 5\r\n"), 400,
     "Content-Length field is there more than once"},
    {REQUEST("Content-Length: 5\r\nContent-Length: 6\r\n"), 400,
     "Content-Length field is there more than once"},
    {REQUEST("Content-Length: 5, 5\r\n"), 400, "\"5, 5\""},
    {REQUEST("Content-Length: +5\r\n"), 400, "\"+5\""},
    {REQUEST("Content-Length: -5\r\n"), 400, "digits only"},
    {REQUEST("Content-Length: 0x5\r\n"), 400, "\"0x5\""},
    {REQUEST("Content-Length: 5 5\r\n"), 400, "one decimal number"},
    {REQUEST("Content-Length: 5;\r\n"), 400, "one decimal number"},
    {REQUEST("Content-Length:\r\n"), 400, "\"\""},
    {REQUEST("Content-Length: \x0b"
             "5\r\n"),
     400, "Content-Length has byte 0x0b"},
    {REQUEST("Content-Length: 9223372036854775808\r\n"), 400, "2^63-1"},
    {REQUEST("Content-Length: 18446744073709551621\r\n"), 400, "2^63-1"},
    {REQUEST("Content-Length: 00000000000000000000000000000000000000000000000000x\r\n"), 400, "...\""},
    /* Transfer-Encoding. */
    {REQUEST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400, "both Transfer-Encoding and"},
    {REQUEST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400, "both Transfer-Encoding and"},
    {REQUEST("Transfer-Encoding: identity\r\nContent-Length: 5\r\n"), 400, "both Transfer-Encoding and"},
    {REQUEST("Transfer-Encoding: chunked, identity\r\n"), 400, "\"chunked, identity\""},
    {REQUEST("Transfer-Encoding: gzip, chunked\r\n"), 501, "only chunked"},
    {REQUEST("Transfer-Encoding: identity\r\n"), 400, "only chunked"},
    {REQUEST("Transfer-Encoding: \"chunked\"\r\n"), 400, "only chunked"},
    {REQUEST("Transfer-Encoding: chunked;a=b\r\n"), 400, "only chunked"},
    {REQUEST("Transfer-Encoding: xchunked\r\n"), 400, "only chunked"},
    {REQUEST("Transfer-Encoding: chunked,\r\n"), 400, "only chunked"},
    {REQUEST("Transfer-Encoding:\r\n"), 400, "only chunked"},
    {REQUEST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400, "more than once"},
    {REQUEST("Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n"), 400, "more than once"},
    {REQUEST("Transfer-Encoding: chunked, chunked\r\n"), 400, "once"},
    {REQUEST("Transfer-Encoding: g zip, chunked\r\n"), 400, "only chunked"},
    {REQUEST("Transfer-Encoding: \x0b"
             "chunked\r\n"),
     400, "Transfer-Encoding has byte 0x0b"},
    {REQUEST("Transfer-Encoding : chunked\r\n"), 400, "after the field name \"Transfer-Encoding\""},
    {REQUEST("Transfer-Encoding:\r\n chunked\r\n"), 400, "folding"},
    {REQUEST("A: b\nTransfer-Encoding: chunked\r\n"), 400, "LF alone"},
    {REQUEST("A: b\rTransfer-Encoding: chunked\r\n"), 400, "0x0d"},
    {SLICE_INIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "HTTP/1.0"},
    /* Expect and Connection. */
    {REQUEST("Expect: 200-ok\r\n"), 417, "\"200-ok\""},
    {REQUEST("Expect:\r\n"), 417, "100-continue"},
    {REQUEST("Expect: 100-continue\r\nExpect: 100-continue\r\n"), 417, "one 100-continue"},
    {REQUEST("Connection: close;x\r\n"), 400, "\"close;x\""},
    {REQUEST("Connection: close x\r\n"), 400, "list names with commas"},
};

static void test_request_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_requests); i++) {
        char *copy = exact(bad_requests[i].head);
        struct sg_error err = {0};
        struct http_head head;
        int status = http_request_parse(slice_of(copy, bad_requests[i].head.len), &head, &err);

        if (status != bad_requests[i].status)
            fail_msg("row %zu: %d instead of %d, \"%s\"", i, status, bad_requests[i].status, err.text);
        assert_int_equal(err.status, SG_INVALID);
        assert_said(&err, bad_requests[i].said);
        free(copy);
    }
}

static void test_scan(void **state)
{
    static const struct {
        struct slice bytes;
        enum http_scan scan;
        size_t scanned; /* of a complete head: its length */
    } rows[] = {
        {SLICE_INIT(""), HTTP_SCAN_MORE, 0},
        {SLICE_INIT("\r\n"), HTTP_SCAN_MORE, 2},
        {SLICE_INIT("\r\n\r\n"), HTTP_SCAN_COMPLETE, 4},
        {SLICE_INIT("\r\nA\r\n\r\n"), HTTP_SCAN_COMPLETE, 7},
        {SLICE_INIT("A\r\nB: c\r\n\r"), HTTP_SCAN_MORE, 10},
        {SLICE_INIT("A\r\nB: c\r\n\r\n\0\n\rrest"), HTTP_SCAN_COMPLETE, 11},
        {SLICE_INIT("\n"), HTTP_SCAN_BAD, 0},
        {SLICE_INIT("\rA"), HTTP_SCAN_BAD, 0},
        {SLICE_INIT("\r\r\n"), HTTP_SCAN_BAD, 0},
        {SLICE_INIT("A\r\n\n"), HTTP_SCAN_BAD, 0},
        {SLICE_INIT("A\n"), HTTP_SCAN_BAD, 0},
        {SLICE_INIT("A\rB"), HTTP_SCAN_BAD, 0},
        {SLICE_INIT("A\0"), HTTP_SCAN_BAD, 0},
        {SLICE_INIT("A\r\0"), HTTP_SCAN_BAD, 0},
        {SLICE_INIT("A\r\nB\r\n\rC"), HTTP_SCAN_BAD, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t split = 0; split <= rows[i].bytes.len; split++) {
            size_t scanned;

            if (scan_split(rows[i].bytes, split, &scanned) != rows[i].scan)
                fail_msg("row %zu, split %zu", i, split);
            if (rows[i].scan != HTTP_SCAN_BAD)
                assert_int_equal(scanned, rows[i].scanned);
        }
    }
}

/* A head of exactly `size` bytes, with a long field in it. */
static struct slice head_of(char *bytes, size_t size)
{
    static const char start[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";

    memset(bytes, 'x', size);
    memcpy(bytes, start, sizeof(start) - 1);
    memcpy(bytes + size - 4, "\r\n\r\n", 4);
    return slice_of(bytes, size);
}

static void test_limits(void **state)
{
    char *bytes = malloc(HTTP_MAX_HEAD + 1);
    struct sg_error err = {0};
    struct http_head head;
    size_t scanned = 0;
    int n;

    (void)state;
    assert_non_null(bytes);
    assert_int_equal(http_request_parse(head_of(bytes, HTTP_MAX_HEAD), &head, &err), 0);
    assert_int_equal(http_head_scan(slice_of(bytes, HTTP_MAX_HEAD - 1), &scanned), HTTP_SCAN_MORE);
    assert_int_equal(http_head_scan(slice_of(bytes, HTTP_MAX_HEAD), &scanned), HTTP_SCAN_COMPLETE);

    scanned = 0;
    head_of(bytes, HTTP_MAX_HEAD + 1);
    assert_int_equal(http_head_scan(slice_of(bytes, HTTP_MAX_HEAD - 1), &scanned), HTTP_SCAN_MORE);
    assert_int_equal(http_head_scan(slice_of(bytes, HTTP_MAX_HEAD), &scanned), HTTP_SCAN_BAD);
    assert_int_equal(http_request_parse(slice_of(bytes, HTTP_MAX_HEAD + 1), &head, &err), 431);
    assert_said(&err, "65536 bytes");

    n = snprintf(bytes, HTTP_MAX_HEAD, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 1; i < HTTP_MAX_FIELDS; i++)
        n += snprintf(bytes + n, (size_t)(HTTP_MAX_HEAD - n), "X-%d:%d\r\n", i, i);
    memcpy(bytes + n, "\r\n", 2);
    assert_int_equal(http_request_parse(slice_of(bytes, (size_t)n + 2), &head, &err), 0);
    assert_int_equal(head.count, HTTP_MAX_FIELDS);
    memcpy(bytes + n, "Y:\r\n\r\n", 6);
    assert_int_equal(http_request_parse(slice_of(bytes, (size_t)n + 6), &head, &err), 431);
    assert_said(&err, "100 fields");
    free(bytes);
}

/* The field lines, and whether each must not be forwarded. */
static void test_hop_by_hop(void **state)
{
    static const struct {
        const char *line;
        bool named, always;
    } rows[] = {
        {"Connection: X-One,, keep-alive", true, true},
        {"KEEP-ALIVE: 5", true, true},
        {"Proxy-Connection: close", true, true},
        {"proxy-authenticate: a", true, true},
        {"Proxy-Authorization: a", true, true},
        {"TE: a", true, true},
        {"Trailer: a", true, true},
        {"transfer-encoding: chunked", true, true},
        {"Upgrade: a", true, true},
        {"x-one: a", true, false},
        {"X-Two: a", true, false},
        {"x-a: a", false, false},
        {"Host: a", false, false},
        {"X-On: a", false, false},
        {"Content-Length: 0", false, false}, /* also where it is listed */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int named = 0; named <= 1; named++) {
            struct sg_error err;
            struct http_head head;
            char text[256];
            int n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s%s\r\nConnection: %s\r\n\r\n",
                             rows[i].line, strncmp(rows[i].line, "Host", 4) ? "\r\nHost: a" : "",
                             named ? "x-TWO, x-one, content-length" : "keep-alive");

            assert_int_equal(http_request_parse(slice_of(text, (size_t)n), &head, &err), 0);
            if (http_field_is_hop_by_hop(&head, 0) != (named ? rows[i].named : rows[i].always))
                fail_msg("%s", rows[i].line);
        }
    }
}

/* A value takes each byte that is text, and no other, wherever it stands. */
static void test_text(void **state)
{
    char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaaaaaaaa\r\n\r\n";
    char *value = strstr(text, "aaaa");

    (void)state;
    for (size_t at = 0; at < 20; at++) {
        for (int byte = 0; byte < 256; byte++) {
            bool good = byte == '\t' || (byte >= ' ' && byte != 0x7f);
            struct sg_error err;
            struct http_head head;

            value[at] = (char)byte;
            if (http_request_parse(slice_of(text, sizeof(text) - 1), &head, &err) != (good ? 0 : 400))
                fail_msg("byte 0x%02x at %zu", byte, at);
        }
        value[at] = 'a';
    }
}

/* Each name is found, in any case, and none that is like it. */
static void test_names(void **state)
{
#define ROW(number, name, first, last) {SLICE_INIT(name), number},
    static const struct {
        struct slice name;
        enum http_name number;
    } rows[] = {
        HTTP_NAMES(ROW){SLICE_INIT("X-Amz-Meta"), FIELD_X_AMZ},
        {SLICE_INIT("x-amzn-"), FIELD_X_AMZ},
        {SLICE_INIT("X-Forwarded-For"), FIELD_X_FORWARDED},
        {SLICE_INIT("Sec-Fetch-Site"), FIELD_SEC_FETCH},
        {SLICE_INIT("x-amzon"), FIELD_OTHER},
        {SLICE_INIT("hast"), FIELD_OTHER},
        {SLICE_INIT(""), FIELD_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[64];

        assert_int_equal(http_name_of(rows[i].name), rows[i].number);
        for (size_t k = 0; k < rows[i].name.len; k++)
            text[k] = ascii_upper(rows[i].name.ptr[k]);
        assert_int_equal(http_name_of(slice_of(text, rows[i].name.len)), rows[i].number);
        if (rows[i].number != FIELD_OTHER && rows[i].number < FIELD_X_AMZ)
            assert_int_not_equal(http_name_of(slice_from(rows[i].name, 1)), rows[i].number);
    }
}

static void test_fields(void **state)
{
    static const struct slice bytes = REQUEST("X-A:  1 \r\nx-a: 2\r\nX-Amz-Date: 3\r\nX-AMZ-DATE: 4\r\n");
    struct sg_error err;
    struct http_head head;

    (void)state;
    assert_int_equal(http_request_parse(bytes, &head, &err), 0);
    assert_text(head.fields[head.first[FIELD_X_AMZ_DATE]].value, "3");
    assert_true(head.repeated == HTTP_NAME_BIT(FIELD_X_AMZ_DATE) + HTTP_NAME_BIT(FIELD_OTHER));
    assert_true(http_head_has(&head, FIELD_HOST));
    assert_null(http_head_field(&head, FIELD_DATE));
    assert_text(http_head_find(&head, SLICE("X-A"))->value, "1");
    assert_text(http_head_find(&head, SLICE("X-A"))->name, "X-A");
    assert_null(http_head_find(&head, SLICE("X-B")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_accepted),
        cmocka_unit_test(test_request_refused),
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_hop_by_hop),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
