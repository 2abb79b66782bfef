/* Refusals as SDKs parse them: status, x-amzn-ErrorType and a JSON body, whatever the message holds. */
#include <jansson.h>
#include <stdio.h>

#include "aws/error.h"

#include "unit/unit.h"

static const struct slice id = SLICE_INIT("00000000-0000-0000-0000-000000000001");

static struct slice write_error(struct buffer *out, enum aws_error error, struct slice message,
                                struct aws_error_framing framing)
{
    buffer_reset(out);
    aws_error_write(out, error, message, id, &framing);
    assert_non_null(buffer_cstr(out));
    return buffer_slice(out);
}

/* The body after the head, whose Content-Length must be right. */
static struct slice body_of(struct slice answer)
{
    const char *end = memmem(answer.ptr, answer.len, "\r\n\r\n", 4);
    const char *length = memmem(answer.ptr, answer.len, "Content-Length: ", 16);
    struct slice body;

    assert_non_null(end);
    assert_non_null(length);
    body = slice_from(answer, (size_t)(end + 4 - answer.ptr));
    assert_int_equal(strtoul(length + 16, NULL, 10), body.len);
    return body;
}

static void test_each_kind(void **state)
{
    static const struct {
        enum aws_error error;
        int status;
        const char *code;
    } rows[] = {
        {AWS_ERROR_BAD_REQUEST, 400, "BadRequestException"},
        {AWS_ERROR_VALIDATION, 400, "ValidationException"},
        {AWS_ERROR_ACCESS_DENIED, 403, "AccessDeniedException"},
        {AWS_ERROR_TOO_LARGE, 413, "RequestEntityTooLargeException"},
        {AWS_ERROR_BAD_GATEWAY, 502, "BadGatewayException"},
        {AWS_ERROR_UNAVAILABLE, 503, "ServiceUnavailable"},
        {AWS_ERROR_GATEWAY_TIMEOUT, 504, "GatewayTimeoutException"},
    };
    struct buffer out = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char line[64], field[64];
        struct slice answer =
            write_error(&out, rows[i].error, SLICE("why"), (struct aws_error_framing){.close = i % 2});

        snprintf(line, sizeof(line), "HTTP/1.1 %d ", rows[i].status);
        snprintf(field, sizeof(field), "\r\nx-amzn-ErrorType: %s\r\n", rows[i].code);
        assert_true(slice_starts(answer, slice_cstr(line)));
        assert_non_null(strstr(out.data, field));
        assert_non_null(strstr(out.data, "\r\nx-amzn-RequestId: 00000000-0000-0000-0000-000000000001\r\n"));
        assert_int_equal(strstr(out.data, "\r\nConnection: close\r\n") != NULL, i % 2);
        assert_int_equal(aws_error_status(rows[i].error), rows[i].status);
        assert_string_equal(aws_error_code(rows[i].error), rows[i].code);
    }
    buffer_free(&out);
}

static void test_by_status(void **state)
{
    static const int statuses[] = {400, 403, 408, 413, 417, 431, 500, 501, 502, 503, 504, 505};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        assert_int_equal(aws_error_status(aws_error_by_status(statuses[i])), statuses[i]);
    assert_int_equal(aws_error_by_status(418), AWS_ERROR_BAD_REQUEST);
}

/* A message may quote what a client sent: any byte, and the body is still JSON that says the same. */
static void test_any_message_is_json(void **state)
{
    struct buffer out = {0};
    char bytes[256];
    json_t *body;
    const char *message;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    for (int json11 = 0; json11 <= 1; json11++) {
        struct slice text = body_of(write_error(&out, AWS_ERROR_VALIDATION, slice_of(bytes + 1, 255),
                                                (struct aws_error_framing){.json11 = json11}));

        body = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(body);
        assert_string_equal(json_string_value(json_object_get(body, "__type")), "ValidationException");
        message = json_string_value(json_object_get(body, "message"));
        assert_memory_equal(message, bytes + 1, 127);
        assert_int_equal(strlen(message), 127 + 2 * 128); /* the rest as Latin-1, in UTF-8 */
        assert_non_null(strstr(out.data, json11 ? "Content-Type: application/x-amz-json-1.1\r\n"
                                                : "Content-Type: application/json\r\n"));
        json_decref(body);
    }
    buffer_free(&out);
}

static void test_head_has_no_body(void **state)
{
    struct buffer out = {0};
    struct slice answer = write_error(&out, AWS_ERROR_ACCESS_DENIED, SLICE("why"),
                                      (struct aws_error_framing){.head_request = true});

    (void)state;
    assert_memory_equal(answer.ptr + answer.len - 4, "\r\n\r\n", 4);
    assert_null(strstr(out.data, "Content-Length: 0"));
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind),
        cmocka_unit_test(test_by_status),
        cmocka_unit_test(test_any_message_is_json),
        cmocka_unit_test(test_head_has_no_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
