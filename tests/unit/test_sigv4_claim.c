#include "aws/sigv4_claim.h"

#include <stdio.h>

#include "unit/unit.h"

#define SIGNATURE "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
#define SCOPE     "20150830/us-east-1/iam/aws4_request"
#define START     "AWS4-HMAC-SHA256 Credential=AKID/" SCOPE

static void test_parse(void **state)
{
    static const char *const bad[] = {
        "",
        "AWS4-HMAC-SHA256",
        "Basic Zm9vOmJhcg==",
        "aws4-hmac-sha256 Credential=AKID/" SCOPE ", SignedHeaders=host, Signature=" SIGNATURE,
        "AWS4-ECDSA-P256-SHA256 Credential=AKID/" SCOPE ", SignedHeaders=host, Signature=" SIGNATURE,
        START,
        START ", SignedHeaders=host",
        START ", SignedHeaders=host, Signature=",
        START ", SignedHeaders=host, Signature=" SIGNATURE "0",
        START ", SignedHeaders=host, Signature=" SIGNATURE ",",
        START ", SignedHeaders=host, Signature=" SIGNATURE ", Signature=" SIGNATURE,
        START ", SignedHeaders=, Signature=" SIGNATURE,
        START ", Signature=" SIGNATURE ", SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=AKID, SignedHeaders=host, Signature=" SIGNATURE,
        "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/iam, SignedHeaders=host, Signature=" SIGNATURE,
        "AWS4-HMAC-SHA256 Credential=AKID/" SCOPE "/x, SignedHeaders=host, Signature=" SIGNATURE,
        "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/iam/aws3, SignedHeaders=host, "
        "Signature=" SIGNATURE,
    };
    struct sigv4_claim claim;

    (void)state;
    assert_true(
        sigv4_claim_parse(SLICE(START ", SignedHeaders=host;x-amz-date, Signature=" SIGNATURE), &claim));
    assert_true(slice_eq(claim.access_key_id, SLICE("AKID")));
    assert_true(slice_eq(claim.day, SLICE("20150830")));
    assert_true(slice_eq(claim.scope.region, SLICE("us-east-1")));
    assert_true(slice_eq(claim.scope.service, SLICE("iam")));
    assert_true(slice_eq(claim.signed_headers, SLICE("host;x-amz-date")));
    assert_true(slice_eq(claim.signature, SLICE(SIGNATURE)));
    assert_true(sigv4_claim_parse(SLICE(START ",SignedHeaders=host,Signature=" SIGNATURE), &claim));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (sigv4_claim_parse(slice_cstr(bad[i]), &claim))
            fail_msg("%s", bad[i]);
    }
}

static void test_fields(void **state)
{
    static const struct {
        const char *names, *fields;
        size_t count; /* 0: refused */
    } rows[] = {
        {"host;x-amz-date", "Host: a\r\nX-Amz-Date: d\r\n", 2},
        {"host;x-amz-date", "Host: a\r\nX-Amz-Date: d\r\nUser-Agent: u\r\nX-Amzn-Trace-Id: t\r\n", 2},
        {"content-type;host;x-amz-date", "Host: a\r\nX-Amz-Date: d\r\nContent-Type: t\r\n", 3},
        {"Host;X-Amz-Date", "host: a\r\nx-amz-date: d\r\n", 2},
        {"host", "Host: a\r\nX-Amz-Date: d\r\n", 0},
        {"x-amz-date", "Host: a\r\nX-Amz-Date: d\r\n", 0},
        {"host;x-amz-date", "Host: a\r\n", 0},
        {"host;x-amz-date;x-more", "Host: a\r\nX-Amz-Date: d\r\n", 0},
        {"host;x-amz-date;", "Host: a\r\nX-Amz-Date: d\r\n", 0},
        {"host;x-amz-date", "Host: a\r\nX-Amz-Date: d\r\nX-Amz-Date: e\r\n", 0},
        {"host;x-amz-date", "Host: a\r\nX-Amz-Date: d\r\nX-Amz-Target: t\r\n", 0},
        {"host;x-amz-date", "Host: a\r\nX-Amz-Date: d\r\nX-Amzn-SageMaker-Target-Model: m\r\n", 0},
        {"content-type;host;x-amz-date", "Host: a\r\nX-Amz-Date: d\r\nContent-Type: t\r\ncontent-type: u\r\n",
         0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct sigv4_claim claim = {.signed_headers = slice_cstr(rows[i].names)};
        struct http_field fields[HTTP_MAX_FIELDS];
        struct http_head head;
        struct sg_error err;
        char text[512];
        size_t count;
        bool good;

        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s\r\n", rows[i].fields);
        assert_int_equal(http_request_parse(slice_cstr(text), &head, &err), 0);
        good = sigv4_claim_fields(&claim, &head, fields, &count);
        if (good != (rows[i].count > 0) || (good && count != rows[i].count))
            fail_msg("row %zu", i);
    }
}

static void test_date(void **state)
{
    static const char *const bad[] = {"",
                                      "20150830T123600",
                                      "20150830T123600Z ",
                                      "20150830 123600Z",
                                      "20150830t123600z",
                                      "2015-08-30T12:36",
                                      "20151330T123600Z",
                                      "20150832T123600Z",
                                      "20150229T000000Z",
                                      "20150830T240000Z",
                                      "20150830T126000Z",
                                      "+0150830T123600Z"};
    int64_t seconds;

    (void)state;
    assert_true(sigv4_parse_date(SLICE("20150830T123600Z"), &seconds));
    assert_int_equal(seconds, 1440938160);
    assert_true(sigv4_parse_date(SLICE("20160229T000000Z"), &seconds));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (sigv4_parse_date(slice_cstr(bad[i]), &seconds))
            fail_msg("%s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_date),
    };

    return cmocka_run_group_tests_name("sigv4_claim", tests, NULL, NULL);
}
