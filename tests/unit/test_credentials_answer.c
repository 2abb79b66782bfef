#include "credentials/answer.h"

#include "unit/unit.h"

static void test_time(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: not a time */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2027-01-15T08:00:00Z", 1800000000},
        {"2027-01-15T08:00:00.123456Z", 1800000000},
        {"2027-01-15T10:00:00+02:00", 1800000000},
        {"2027-01-15T00:30:00-07:30", 1800000000},
        {"2024-02-29T00:00:00Z", 1709164800},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"2023-02-29T00:00:00Z", -1},
        {"2027-04-31T00:00:00Z", -1},
        {"2027-13-01T00:00:00Z", -1},
        {"2027-00-01T00:00:00Z", -1},
        {"2027-01-00T00:00:00Z", -1},
        {"2027-01-15T24:00:00Z", -1},
        {"2027-01-15T08:60:00Z", -1},
        {"2027-01-15T08:00:60Z", -1},
        {"2027-01-15T08:00:00", -1},
        {"2027-01-15T08:00:00.Z", -1},
        {"2027-01-15T08:00:00ZZ", -1},
        {"2027-01-15T08:00:00+0200", -1},
        {"2027-01-15T08:00:00+24:00", -1},
        {"2027-01-15T08:00:00+02:00x", -1},
        {"2027-01-15 08:00:00Z", -1},
        {"2027-1-15T08:00:00Z", -1},
        {"+027-01-15T08:00:00Z", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"", -1},
        {"2027", -1},
        {"1800000000", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t seconds = -1;
        enum sg_status status = credentials_time_parse(slice_cstr(rows[i].text), &seconds);

        if ((status == SG_OK) != (rows[i].seconds >= 0) || (status == SG_OK && seconds != rows[i].seconds))
            fail_msg("\"%s\" gave status %d and %lld", rows[i].text, status, (long long)seconds);
    }
}

#define AKID "\"AccessKeyId\":\"ASIA1\","
#define KEY  "\"SecretAccessKey\":\"hush-hush\","
#define TOK  "\"Token\":\"t\","
#define END  "\"Expiration\":\"2027-01-15T08:00:00Z\""

static void test_good(void **state)
{
    static const char *const rows[] = {
        "{" AKID KEY TOK END "}",
        "{\"Code\":\"Success\"," AKID KEY TOK END "}",
        " {\"RoleArn\":\"arn:x\",\"Other\":{\"a\":[1]}," AKID KEY TOK END "}\r\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct credentials *set = NULL;
        struct sg_error err;

        assert_int_equal(credentials_answer_parse(slice_cstr(rows[i]), ANSWER_METADATA, "test", &set, &err),
                         SG_OK);
        assert_true(slice_eq(set->access_key_id, SLICE("ASIA1")));
        assert_true(slice_eq(set->secret_access_key, SLICE("hush-hush")));
        assert_true(slice_eq(set->session_token, SLICE("t")));
        assert_int_equal(set->expiration, 1800000000);
        assert_string_equal(set->source, "test");
        credentials_unref(set);
    }
}

static void test_bad(void **state)
{
    static const struct {
        const char *json, *why;
    } rows[] = {
        {"", "its answer is empty"},
        {" ", "its answer is not JSON (line 1, column 1)"},
        {"<html>hush-hush</html>", "its answer is not JSON (line 1, column 1)"},
        {"{" AKID KEY TOK, "its answer is not JSON (line 1, column"},
        {"{" AKID KEY TOK END "} x", "its answer is not JSON (line 1, column"},
        {"{" AKID KEY KEY TOK END "}", "its answer is not JSON (line 1, column"},
        {"{" AKID "\"SecretAccessKey\":\"hush-hush\\u0000\"," TOK END "}", "its answer is not JSON"},
        {"[\"hush-hush\"]", "its answer is JSON, but not an object"},
        {"\"hush-hush\"", "its answer is not JSON"},
        {"{" KEY TOK END "}", "its answer has no AccessKeyId"},
        {"{" AKID TOK END "}", "its answer has no SecretAccessKey"},
        {"{" AKID KEY END "}", "its answer has no Token"},
        {"{" AKID KEY "\"Token\":\"t\"}", "its answer has no Expiration"},
        {"{" AKID "\"SecretAccessKey\":7," TOK END "}", "its answer has no SecretAccessKey"},
        {"{" AKID "\"SecretAccessKey\":\"\"," TOK END "}", "its answer has no SecretAccessKey"},
        {"{" AKID "\"SecretAccessKey\":\"hush hush\"," TOK END "}",
         "its answer is no good: the secret access key has a blank or a control character at byte 5"},
        {"{" AKID KEY "\"Token\":\"t\\r\\nHost: x\"," END "}", "its answer is no good: the session token"},
        {"{" AKID KEY TOK "\"Expiration\":\"soon\"}", "its answer's Expiration is not a time"},
        {"{" AKID KEY TOK "\"Expiration\":\"1970-01-01T00:00:00Z\"}",
         "its answer's Expiration is not a time"},
        {"{\"Code\":\"Failed\"," AKID KEY TOK END "}", "it answered Failed"},
        {"{\"Code\":\"InstanceProfileNotFound\",\"Message\":\"none here\"}",
         "it answered InstanceProfileNotFound: none here"},
        {"{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no\"}",
         "it answered AssumeRoleUnauthorizedAccess: no (the role's trust policy must allow"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct credentials *set = NULL;
        struct sg_error err;

        assert_int_equal(
            credentials_answer_parse(slice_cstr(rows[i].json), ANSWER_METADATA, "test", &set, &err),
            SG_INVALID);
        assert_null(set);
        if (strncmp(err.text, rows[i].why, strlen(rows[i].why)) != 0)
            fail_msg("row %zu: \"%s\", not \"%s\"", i, err.text, rows[i].why);
        assert_null(strstr(err.text, "hush-hush"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
