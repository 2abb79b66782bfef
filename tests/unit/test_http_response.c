#include "http/head.h"

#include "unit/http.h"

#define RESPONSE(fields) SLICE_INIT("HTTP/1.1 200 OK\r\n" fields "\r\n")

static void test_response_accepted(void **state)
{
    static const struct {
        struct slice head;
        bool to_head;
        int status;
        const char *reason;
        enum http_framing framing;
        uint64_t length;
        bool keep_alive;
    } rows[] = {
        {RESPONSE("Content-Length: 5\r\n"), false, 200, "OK", HTTP_CONTENT_LENGTH, 5, true},
        {RESPONSE("Content-Length: 5\r\n"), true, 200, "OK", HTTP_NO_BODY, 5, true},
        {RESPONSE("Transfer-Encoding: chunked\r\n"), false, 200, "OK", HTTP_CHUNKED, 0, true},
        {RESPONSE("Transfer-Encoding: chunked\r\nConnection: close\r\n"), false, 200, "OK", HTTP_CHUNKED, 0,
         false},
        {RESPONSE("Transfer-Encoding: chunked\r\n"), true, 200, "OK", HTTP_NO_BODY, 0, true},
        {RESPONSE(""), false, 200, "OK", HTTP_UNTIL_CLOSE, 0, false},
        {RESPONSE(""), true, 200, "OK", HTTP_NO_BODY, 0, true},
        {RESPONSE("Host: a b\r\nHost:\r\nExpect: x\r\nContent-Length: 0\r\n"), false, 200, "OK",
         HTTP_CONTENT_LENGTH, 0, true},
        {SLICE_INIT("HTTP/1.1 100 Continue\r\n\r\n"), false, 100, "Continue", HTTP_NO_BODY, 0, true},
        {SLICE_INIT("HTTP/1.1 204 No Content\r\n\r\n"), false, 204, "No Content", HTTP_NO_BODY, 0, true},
        {SLICE_INIT("HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n"), false, 304, "", HTTP_NO_BODY, 9, true},
        {SLICE_INIT("HTTP/1.1 599\r\n\r\n"), false, 599, "", HTTP_UNTIL_CLOSE, 0, false},
        {SLICE_INIT("HTTP/1.1 200  a\t\xff \r\n\r\n"), false, 200, " a\t\xff ", HTTP_UNTIL_CLOSE, 0, false},
        {SLICE_INIT("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n"), false, 200,
         "OK", HTTP_CONTENT_LENGTH, 1, true},
        {SLICE_INIT("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n"), false, 200, "OK", HTTP_CONTENT_LENGTH, 1,
         false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *copy = exact(rows[i].head);
        struct sg_error err = {0};
        struct http_head head;

        if (http_response_parse(slice_of(copy, rows[i].head.len), rows[i].to_head, &head, &err))
            fail_msg("row %zu: %s", i, err.text);
        assert_int_equal(head.status, rows[i].status);
        assert_text(head.reason, rows[i].reason);
        assert_int_equal(head.framing, rows[i].framing);
        assert_true(head.content_length == rows[i].length);
        assert_int_equal(head.keep_alive, rows[i].keep_alive);
        assert_int_equal(head.length, rows[i].head.len);
        free(copy);
    }
}

static void test_response_refused(void **state)
{
    static const struct {
        struct slice head;
        const char *said;
    } rows[] = {
        {SLICE_INIT("\r\nHTTP/1.1 200 OK\r\n\r\n"), "not an HTTP version"},
        {SLICE_INIT("HTTP/1.\r\n\r\n"), "not an HTTP version"},
        {SLICE_INIT("HTTP/2.0 200 OK\r\n\r\n"), "HTTP/2.0"},
        {SLICE_INIT("ICY 200 OK\r\n\r\n"), "not an HTTP version"},
        {SLICE_INIT("HTTP/1.1\r\n\r\n"), "no status"},
        {SLICE_INIT("HTTP/1.1  200 OK\r\n\r\n"), "\" 20\""},
        {SLICE_INIT("HTTP/1.1 20\r\n\r\n"), "no status"},
        {SLICE_INIT("HTTP/1.1 2000\r\n\r\n"), "\"200\""},
        {SLICE_INIT("HTTP/1.1 099 OK\r\n\r\n"), "\"099\""},
        {SLICE_INIT("HTTP/1.1 600 OK\r\n\r\n"), "\"600\""},
        {SLICE_INIT("HTTP/1.1 +20 OK\r\n\r\n"), "\"+20\""},
        {SLICE_INIT("HTTP/1.1 200 O\x01\r\n\r\n"), "control character"},
        {SLICE_INIT("HTTP/1.1 200 OK\n\n"), "LF alone"},
        {RESPONSE("A : b\r\n"), "after the field name"},
        {RESPONSE("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "both"},
        {RESPONSE("Content-Length: 5\r\nContent-Length: 5\r\n"), "more than once"},
        {RESPONSE("Content-Length: 5, 5\r\n"), "\"5, 5\""},
        {RESPONSE("Transfer-Encoding: gzip, chunked\r\n"), "only chunked"},
        {SLICE_INIT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), "HTTP/1.0"},
        {SLICE_INIT("HTTP/1.1 200 OK\r\nA: b\r\n"), "before its blank line"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *copy = exact(rows[i].head);
        struct sg_error err = {0};
        struct http_head head;

        assert_int_equal(http_response_parse(slice_of(copy, rows[i].head.len), false, &head, &err),
                         SG_INVALID);
        assert_said(&err, rows[i].said);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response_accepted),
        cmocka_unit_test(test_response_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
