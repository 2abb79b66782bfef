#include "http/body.h"

#include "unit/http.h"

#define HEX_16 "000000000000000a"

/* What a body gives in the end, whichever way its bytes came. */
struct outcome {
    enum http_body_result result;
    size_t consumed;
    char content[64];
    size_t produced;
};

static struct http_body chunked_body(void)
{
    struct http_head head = {.framing = HTTP_CHUNKED};
    struct http_body body;

    http_body_init(&body, &head);
    return body;
}

/* Decodes one piece of its own memory and adds to the outcome. */
static void feed(struct http_body *body, struct slice piece, struct outcome *outcome)
{
    char *copy = exact(piece);
    size_t consumed;
    size_t produced;

    outcome->result = http_body_decode(body, copy, piece.len, &consumed, &produced);
    assert_true(produced <= consumed && consumed <= piece.len);
    if (outcome->result == HTTP_BODY_MORE)
        assert_int_equal(consumed, piece.len);
    assert_int_equal(outcome->result == HTTP_BODY_BAD, body->fault != NULL);
    assert_true(outcome->produced + produced <= sizeof(outcome->content));
    if (produced)
        memcpy(outcome->content + outcome->produced, copy, produced);
    outcome->consumed += consumed;
    outcome->produced += produced;
    free(copy);
}

/* The bytes in two pieces; with at > len, one by one. */
static struct outcome decode_split(struct slice bytes, size_t at, struct http_body *body)
{
    struct outcome outcome = {.result = HTTP_BODY_MORE};

    if (at <= bytes.len) {
        feed(body, slice_of(bytes.ptr, at), &outcome);
        if (outcome.result == HTTP_BODY_MORE)
            feed(body, slice_from(bytes, at), &outcome);
        return outcome;
    }
    for (size_t i = 0; i < bytes.len && outcome.result == HTTP_BODY_MORE; i++)
        feed(body, slice_of(bytes.ptr + i, 1), &outcome);
    return outcome;
}

static void test_chunked_accepted(void **state)
{
    static const struct {
        struct slice bytes;
        const char *content;
        size_t rest; /* bytes of the next message */
    } rows[] = {
        {SLICE_INIT("0\r\n\r\n"), "", 0},
        {SLICE_INIT("000\r\n\r\nGET /"), "", 5},
        {SLICE_INIT("5\r\nhello\r\n0\r\n\r\n"), "hello", 0},
        {SLICE_INIT("5\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n0\r\n\r\n\n"), "hello, world", 1},
        {SLICE_INIT("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), "01234567890123456789", 0},
        {SLICE_INIT("4\r\n\r\n0\r\r\n0\r\n\r\n"), "\r\n0\r", 0},
        {SLICE_INIT(HEX_16 "\r\n0123456789\r\n0000000000000000\r\n\r\n"), "0123456789", 0},
        {SLICE_INIT("1;a\r\nx\r\n0;a=\"b;c\" \t; d\r\n\r\n"), "x", 0},
        {SLICE_INIT("1 \t;a\r\nx\r\n0 ;\r\n\r\n"), "x", 0},
        {SLICE_INIT("1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n"), "x", 0},
        {SLICE_INIT("0\r\nContent-Length:\t5 \xff\r\n\r\nhello"), "", 5},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t at = 0; at <= rows[i].bytes.len + 1; at++) {
            struct http_body body = chunked_body();
            struct outcome outcome = decode_split(rows[i].bytes, at, &body);

            if (outcome.result != HTTP_BODY_DONE)
                fail_msg("row %zu, split %zu: %s", i, at, body.fault ? body.fault : "wants more");
            assert_text(slice_of(outcome.content, outcome.produced), rows[i].content);
            assert_int_equal(rows[i].bytes.len - outcome.consumed, rows[i].rest);
            assert_true(http_body_complete_at_eof(&body));
            feed(&body, SLICE("x"), &outcome);
            assert_int_equal(outcome.result, HTTP_BODY_DONE);
            assert_int_equal(rows[i].bytes.len - outcome.consumed, rows[i].rest);
        }
    }
}

static void test_chunked_refused(void **state)
{
    static const struct {
        struct slice bytes;
        size_t bad; /* where the wrong byte is */
        const char *said;
    } rows[] = {
        {SLICE_INIT("\r\n"), 0, "chunk size"},
        {SLICE_INIT("\n"), 0, "chunk size"},
        {SLICE_INIT(";a\r\n"), 0, "chunk size"},
        {SLICE_INIT(" 5\r\n"), 0, "chunk size"},
        {SLICE_INIT("+5\r\n"), 0, "chunk size"},
        {SLICE_INIT("-1\r\n"), 0, "chunk size"},
        {SLICE_INIT("g\r\n"), 0, "chunk size"},
        {SLICE_INIT("0x5\r\n"), 1, "chunk size"},
        {SLICE_INIT("5\nhello\r\n"), 1, "chunk size"},
        {SLICE_INIT("5_0\r\n"), 1, "chunk size"},
        {SLICE_INIT("5,\r\n"), 1, "chunk size"},
        {SLICE_INIT("5 \r\n"), 2, "blank after a chunk size"},
        {SLICE_INIT("5 5\r\n"), 2, "blank after a chunk size"},
        {SLICE_INIT("5\rhello"), 2, "CR without LF"},
        {SLICE_INIT("5\r\r\n"), 2, "CR without LF"},
        {SLICE_INIT("0" HEX_16 "\r\n"), 16, "16 hexadecimal digits"},
        {SLICE_INIT("ffffffffffffffff\r\n"), 15, "2^63-1"},
        {SLICE_INIT("8000000000000000\r\n"), 15, "2^63-1"},
        {SLICE_INIT("5;a\nhello\r\n"), 3, "extension"},
        {SLICE_INIT("5;a\0\r\n"), 3, "extension"},
        {SLICE_INIT("5;\"a\rb\"\r\n"), 5, "CR without LF"},
        {SLICE_INIT("5;\"a\nb\"\r\n"), 4, "extension"},
        {SLICE_INIT("5\r\nhello0\r\n\r\n"), 8, "longer than its size"},
        {SLICE_INIT("5\r\nhello\n0\r\n\r\n"), 8, "longer than its size"},
        {SLICE_INIT("5\r\nhello\r0\r\n\r\n"), 9, "after a chunk"},
        {SLICE_INIT("0\r\n\n"), 3, "empty line"},
        {SLICE_INIT("0\r\n\r\r\n"), 4, "end of the body"},
        {SLICE_INIT("0\r\n\rA: b\r\n"), 4, "end of the body"},
        {SLICE_INIT("0\r\n: b\r\n\r\n"), 3, "field name"},
        {SLICE_INIT("0\r\n A: b\r\n\r\n"), 3, "field name"},
        {SLICE_INIT("0\r\nA: b\r\n c\r\n\r\n"), 9, "field name"},
        {SLICE_INIT("0\r\nA : b\r\n\r\n"), 4, "no colon"},
        {SLICE_INIT("0\r\nA\r\n\r\n"), 4, "no colon"},
        {SLICE_INIT("0\r\nGET / HTTP/1.1\r\n\r\n"), 6, "no colon"},
        {SLICE_INIT("0\r\nA: b\n\r\n"), 7, "trailer value"},
        {SLICE_INIT("0\r\nA: b\0\r\n"), 7, "trailer value"},
        {SLICE_INIT("0\r\nA: b\rc\r\n"), 8, "in a trailer"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t at = 0; at <= rows[i].bytes.len + 1; at++) {
            struct http_body body = chunked_body();
            struct outcome outcome = decode_split(rows[i].bytes, at, &body);

            if (outcome.result != HTTP_BODY_BAD || outcome.consumed != rows[i].bad)
                fail_msg("row %zu, split %zu: result %d at %zu", i, at, outcome.result, outcome.consumed);
            if (!strstr(body.fault, rows[i].said))
                fail_msg("\"%s\" does not say \"%s\"", body.fault, rows[i].said);
            assert_false(http_body_complete_at_eof(&body));
            feed(&body, SLICE("0\r\n\r\n"), &outcome);
            assert_int_equal(outcome.result, HTTP_BODY_BAD);
            assert_int_equal(outcome.consumed, rows[i].bad);
        }
    }
}

/* Lines and trailers of exactly the limit pass, one byte more does not. */
static void test_limits(void **state)
{
    static const struct {
        struct slice start;
        char fill;
        struct slice end;
        size_t uncounted; /* bytes before the line or the trailers */
        size_t limit;
        const char *said;
    } rows[] = {
        {SLICE_INIT("1;"), 'e', SLICE_INIT("\r\n"), 0, 4096, "4096 bytes"},
        {SLICE_INIT("1\r\nx\r\n1 "), ' ', SLICE_INIT(";\r\n"), 6, 4096, "4096 bytes"},
        {SLICE_INIT("0\r\nA:"), 'v', SLICE_INIT("\r\n\r\n"), 3, 8192, "8192 bytes"},
        {SLICE_INIT("0\r\nA: b\r\n"), 'n', SLICE_INIT(":\r\n\r\n"), 3, 8192, "8192 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t over = 0; over <= 1; over++) {
            size_t len = rows[i].uncounted + rows[i].limit + over;
            char *bytes = malloc(len);
            struct http_body body = chunked_body();
            struct outcome outcome = {.result = HTTP_BODY_MORE};

            assert_non_null(bytes);
            memset(bytes, rows[i].fill, len);
            memcpy(bytes, rows[i].start.ptr, rows[i].start.len);
            memcpy(bytes + len - rows[i].end.len, rows[i].end.ptr, rows[i].end.len);
            feed(&body, slice_of(bytes, len), &outcome);
            assert_int_equal(outcome.result == HTTP_BODY_BAD, over);
            assert_int_equal(outcome.consumed, len - over);
            if (over)
                assert_non_null(strstr(body.fault, rows[i].said));
            free(bytes);
        }
    }
}

static void test_big_chunk_stays(void **state)
{
    struct http_body body = chunked_body();
    char data[] = "7fffffffffffffff\r\nab";
    size_t consumed;
    size_t produced;

    (void)state;
    assert_int_equal(http_body_decode(&body, data, 18, &consumed, &produced), HTTP_BODY_MORE);
    assert_int_equal(produced, 0);
    assert_true(body.remaining == INT64_MAX);
    assert_int_equal(http_body_decode(&body, data + 18, 2, &consumed, &produced), HTTP_BODY_MORE);
    assert_int_equal(produced, 2);
    assert_true(body.remaining == INT64_MAX - 2);
    assert_memory_equal(data + 18, "ab", 2);
}

static void test_other_framings(void **state)
{
    static const struct {
        enum http_framing framing;
        uint64_t length;
        enum http_body_result result;
        const char *content;
        bool complete; /* when the peer closes after "hello" */
    } rows[] = {
        {HTTP_NO_BODY, 0, HTTP_BODY_DONE, "", true},
        {HTTP_NO_BODY, 5, HTTP_BODY_DONE, "", true}, /* the answer to a HEAD */
        {HTTP_CONTENT_LENGTH, 0, HTTP_BODY_DONE, "", true},
        {HTTP_CONTENT_LENGTH, 4, HTTP_BODY_DONE, "hell", true},
        {HTTP_CONTENT_LENGTH, 5, HTTP_BODY_DONE, "hello", true},
        {HTTP_CONTENT_LENGTH, 6, HTTP_BODY_MORE, "hello", false},
        {HTTP_CONTENT_LENGTH, INT64_MAX, HTTP_BODY_MORE, "hello", false},
        {HTTP_UNTIL_CLOSE, 0, HTTP_BODY_MORE, "hello", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t at = 0; at <= 6; at++) {
            struct http_head head = {.framing = rows[i].framing, .content_length = rows[i].length};
            struct outcome outcome;
            struct http_body body;

            http_body_init(&body, &head);
            outcome = decode_split(SLICE("hello"), at, &body);
            assert_int_equal(outcome.result, rows[i].result);
            assert_text(slice_of(outcome.content, outcome.produced), rows[i].content);
            assert_int_equal(outcome.consumed, outcome.produced);
            assert_int_equal(http_body_complete_at_eof(&body), rows[i].complete);
        }
    }
}

static void test_cut_short(void **state)
{
    static const struct slice bytes = SLICE_INIT("5;x\r\nhello\r\n0\r\nA: b\r\n\r\n");

    (void)state;
    for (size_t len = 0; len < bytes.len; len++) {
        struct http_body body = chunked_body();
        struct outcome outcome = decode_split(slice_of(bytes.ptr, len), 0, &body);

        assert_int_equal(outcome.result, HTTP_BODY_MORE);
        assert_false(http_body_complete_at_eof(&body));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunked_accepted), cmocka_unit_test(test_chunked_refused),
        cmocka_unit_test(test_limits),           cmocka_unit_test(test_big_chunk_stays),
        cmocka_unit_test(test_other_framings),   cmocka_unit_test(test_cut_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
