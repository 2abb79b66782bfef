/* STS's XML: which elements are found, and what is no answer of STS. */
#include "credentials/sts_answer.h"

#include "unit/unit.h"

#define NS " xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""

static void test_assume_role(void **state)
{
    static const char xml[] =
        "<?xml version=\"1.0\"?>\n<AssumeRoleResponse" NS ">\n  <AssumeRoleResult>\n"
        "    <AssumedRoleUser>\n      <AssumedRoleId>AROA:x</AssumedRoleId>\n"
        "      <Arn>arn:aws:sts::123456789012:assumed-role/r/x</Arn>\n    </AssumedRoleUser>\n"
        "    <Credentials>\n      <AccessKeyId>ASIAX</AccessKeyId>\n"
        "      <SecretAccessKey>a/b+c&amp;d&#x3d;</SecretAccessKey>\n"
        "      <SessionToken>t&lt;o<![CDATA[k&en]]></SessionToken>\n"
        "      <Expiration>2027-01-15T08:00:00Z</Expiration>\n    </Credentials>\n"
        "    <Other><Credentials><AccessKeyId>NOTTHIS</AccessKeyId></Credentials></Other>\n"
        "  </AssumeRoleResult>\n  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>\n"
        "</AssumeRoleResponse>\n";
    static const char *const wanted[STS_PART_COUNT] = {
        [STS_ACCESS_KEY_ID] = "ASIAX",
        [STS_SECRET_ACCESS_KEY] = "a/b+c&d=",
        [STS_SESSION_TOKEN] = "t<ok&en",
        [STS_EXPIRATION] = "2027-01-15T08:00:00Z",
        [STS_ASSUMED_ARN] = "arn:aws:sts::123456789012:assumed-role/r/x",
        [STS_USER_ID] = "AROA:x",
    };
    struct sts_answer answer;
    struct sg_error err;

    (void)state;
    assert_int_equal(sts_answer_parse(SLICE(xml), &answer, &err), SG_OK);
    for (size_t i = 0; i < STS_PART_COUNT; i++)
        assert_true(slice_eq(answer.parts[i], slice_cstr(wanted[i])));
    sts_answer_free(&answer);
}

static void test_identity_and_error(void **state)
{
    static const char identity[] =
        "<GetCallerIdentityResponse" NS "><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn>"
        "<UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
        "</GetCallerIdentityResponse>";
    static const char error[] =
        "<ErrorResponse" NS
        "><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>"
        "<RequestId>1</RequestId></ErrorResponse>";
    struct sts_answer answer;
    struct sg_error err;

    (void)state;
    assert_int_equal(sts_answer_parse(SLICE(identity), &answer, &err), SG_OK);
    assert_true(slice_eq(answer.parts[STS_ACCOUNT], SLICE("123456789012")));
    assert_true(slice_eq(answer.parts[STS_ARN], SLICE("arn:aws:iam::1:user/u")));
    sts_answer_free(&answer);
    assert_int_equal(sts_answer_parse(SLICE(error), &answer, &err), SG_OK);
    assert_true(slice_eq(answer.parts[STS_ERROR_CODE], SLICE("AccessDenied")));
    assert_true(slice_eq(answer.parts[STS_ERROR_MESSAGE], SLICE("no")));
    sts_answer_free(&answer);
}

static void test_refused(void **state)
{
    static const struct {
        const char *xml, *why;
    } rows[] = {
        {"", "its answer is empty"},
        {"{\"a\":1}", "its answer is not XML, or not all of it"},
        {"<ErrorResponse><Error><Code>x</Code>", "its answer is not XML, or not all of it"},
        {"<ErrorResponse></Error>", "its answer is not XML, or not all of it"},
        {"<ErrorResponse/><x/>", "its answer is not XML, or not all of it"},
        {"<ErrorResponse>\xff</ErrorResponse>", "its answer is not XML, or not all of it"},
        {"<html></html>", "its answer is XML, but not STS's"},
        {"<ErrorResponse><Error><Code>x</Code><Code>y</Code></Error></ErrorResponse>",
         "its answer holds an element twice"},
        {"<!DOCTYPE a [<!ENTITY b \"bb\">]><ErrorResponse><Error><Code>&b;</Code></Error></ErrorResponse>",
         "its answer has a document type, which STS's have not"},
        {"<!DOCTYPE ErrorResponse SYSTEM \"file:///etc/passwd\"><ErrorResponse/>",
         "its answer has a document type, which STS's have not"},
        {"<ErrorResponse>&b;</ErrorResponse>", "its answer is not XML, or not all of it"},
    };
    struct sts_answer answer;
    struct sg_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(sts_answer_parse(slice_cstr(rows[i].xml), &answer, &err), SG_INVALID);
        assert_string_equal(err.text, rows[i].why);
        sts_answer_free(&answer);
    }
}

/* Latin-1 doubles when it becomes UTF-8, and paths may be longer than any that is looked for. */
static void test_growth(void **state)
{
    char xml[4096] = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><ErrorResponse><Error><Message>";
    struct sts_answer answer;
    struct sg_error err;

    (void)state;
    for (int i = 0; i < 1000; i++)
        strcat(xml, "\xe4");
    strcat(xml, "</Message></Error><");
    for (int i = 0; i < 200; i++)
        strcat(xml, "a");
    strcat(xml, "><b><c/></b></");
    for (int i = 0; i < 200; i++)
        strcat(xml, "a");
    strcat(xml, "><Error><Code>x</Code></Error></ErrorResponse>");
    assert_int_equal(sts_answer_parse(slice_cstr(xml), &answer, &err), SG_OK);
    assert_int_equal(answer.parts[STS_ERROR_MESSAGE].len, 2000);
    assert_true(slice_eq(answer.parts[STS_ERROR_CODE], SLICE("x")));
    sts_answer_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assume_role),
        cmocka_unit_test(test_identity_and_error),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_growth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
