/* Which answers reject a signature: of those that AWS services give, and of others. */
#include "aws/rejection.h"

#include <stdio.h>

#include "unit/unit.h"

/* By status, x-amzn-ErrorType (NULL: none) and body. */
static const struct row {
    int status;
    const char *type, *body;
    bool possible;
    enum aws_rejection kind;
} rows[] = {
    {403, "ExpiredTokenException", "{}", true, AWS_REJECTION_KEYS},
    {400, "ExpiredTokenException:http://internal.amazon.com/coral/com.amazon.coral.service/", "{}", true,
     AWS_REJECTION_KEYS},
    {403, NULL, "{\"__type\":\"com.amazon.coral.service#ExpiredTokenException\",\"message\":\"m\"}", true,
     AWS_REJECTION_KEYS},
    {403, NULL, "{\"__type\":\"UnrecognizedClientException\",\"Message\":\"m\"}", true, AWS_REJECTION_KEYS},
    {403, NULL, "{\"code\":\"InvalidClientTokenId\"}", true, AWS_REJECTION_KEYS},
    {401, NULL, "{\"__type\":\"ExpiredToken\"}", true, AWS_REJECTION_KEYS},
    {403, "InvalidSignatureException", "{\"message\":\"Signature expired: 1 is now earlier than 2\"}", true,
     AWS_REJECTION_CLOCK},
    {403, NULL, "{\"__type\":\"RequestTimeTooSkewed\"}", true, AWS_REJECTION_CLOCK},
    {403, "SignatureDoesNotMatch", "", true, AWS_REJECTION_CLOCK},
    /* Other errors, which the header alone tells */
    {403, "AccessDeniedException", "{\"__type\":\"ExpiredTokenException\"}", true, AWS_REJECTION_POLICY},
    {403, NULL, "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\"}", true,
     AWS_REJECTION_POLICY},
    {403, NULL, "{\"code\":\"AccessDenied\"}", true, AWS_REJECTION_POLICY},
    {403, "ResourceNotFound", "{\"__type\":\"ExpiredTokenException\"}", false, AWS_REJECTION_NONE},
    {400, "ValidationError", "{}", false, AWS_REJECTION_NONE},
    {400, "", "{\"__type\":\"ExpiredTokenException\"}", false, AWS_REJECTION_NONE},
    /* … and which it does not */
    {400, NULL, "{\"__type\":\"ValidationException\"}", true, AWS_REJECTION_NONE},
    {403, NULL, "{\"message\":\"ExpiredTokenException\"}", true, AWS_REJECTION_NONE},
    {403, NULL, "{\"__type\":[\"ExpiredTokenException\"]}", true, AWS_REJECTION_NONE},
    {403, NULL, "{\"__type\":\"ExpiredTokenException2\"}", true, AWS_REJECTION_NONE},
    {403, NULL, "{\"__type\":\"ExpiredTokenException\",\"__type\":\"x\"}", true, AWS_REJECTION_NONE},
    {403, NULL, "[\"ExpiredTokenException\"]", true, AWS_REJECTION_NONE},
    {403, NULL, "<Code>ExpiredToken</Code>", true, AWS_REJECTION_NONE},
    {403, NULL, "{\"__type\":\"ExpiredTokenEx", true, AWS_REJECTION_NONE},
    {403, NULL, "", true, AWS_REJECTION_NONE},
    /* No status of a rejection */
    {200, "ExpiredTokenException", "{}", false, AWS_REJECTION_KEYS},
    {424, NULL, "{\"__type\":\"ExpiredTokenException\"}", false, AWS_REJECTION_KEYS},
    {500, "ExpiredTokenException", "{}", false, AWS_REJECTION_KEYS},
};

static void parse(const char *text, struct http_head *head)
{
    struct sg_error err;

    assert_int_equal(http_response_parse(slice_cstr(text), false, head, &err), SG_OK);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        struct http_head head;
        char text[400];

        snprintf(text, sizeof(text), "HTTP/1.1 %d Status\r\n%s%s%sContent-Length: %zu\r\n\r\n", row->status,
                 row->type ? "X-Amzn-ErrorType: " : "", row->type ? row->type : "", row->type ? "\r\n" : "",
                 strlen(row->body));
        parse(text, &head);
        if (aws_rejection_possible(&head) != row->possible ||
            aws_rejection_of(&head, slice_cstr(row->body)) != row->kind)
            fail_msg("row %zu: %s%s", i, text, row->body);
    }
}

/* The client does not wait for what is large, or of unknown length. */
static void test_only_small_ones(void **state)
{
    struct http_head head;

    (void)state;
    parse("HTTP/1.1 403 Forbidden\r\nContent-Length: 4096\r\n\r\n", &head);
    assert_true(aws_rejection_possible(&head));
    parse("HTTP/1.1 403 Forbidden\r\nContent-Length: 4097\r\n\r\n", &head);
    assert_false(aws_rejection_possible(&head));
    parse("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n", &head);
    assert_false(aws_rejection_possible(&head));
    parse("HTTP/1.1 403 Forbidden\r\n\r\n", &head);
    assert_false(aws_rejection_possible(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_only_small_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
