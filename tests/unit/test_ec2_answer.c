/* EC2's XML: which elements of which endpoint are found, and what is no answer of EC2. */
#include "mirror/ec2_answer.h"

#include "base/buffer.h"

#include "unit/unit.h"

#define OPEN  "<DescribeVpcEndpointsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"
#define CLOSE "</DescribeVpcEndpointsResponse>"

static void test_endpoints(void **state)
{
    static const char xml[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" OPEN "<requestId>1</requestId><vpcEndpointSet>\n<item>"
        "<vpcEndpointId>vpce-0a</vpcEndpointId><vpcEndpointType>Interface</vpcEndpointType><vpcId>vpc-1</"
        "vpcId>"
        "<serviceName>com.amazonaws.us-west-2.sagemaker.runtime</serviceName><state>available</state>"
        "<policyDocument>{&quot;a&quot;: &quot;&lt;&amp;&#x3e;&quot;}</policyDocument>"
        "<routeTableIdSet/><subnetIdSet><item>subnet-1</item><item>subnet-2</item></subnetIdSet>"
        "<groupSet><item><groupId>sg-1</groupId><groupName>state</groupName></item></groupSet>"
        "<privateDnsEnabled>true</privateDnsEnabled><dnsEntrySet><item><dnsName>vpce-0a-b.x</dnsName>"
        "<hostedZoneId>Z1</hostedZoneId></item><item><dnsName>vpce-0a-b-us-west-2a.x</dnsName></item>"
        "</dnsEntrySet><tagSet><item><key>state</key><value>mine</value></item></tagSet></item>\n<item>"
        "<vpcEndpointId>vpce-0b</vpcEndpointId></item></vpcEndpointSet><nextToken>more+</nextToken>" CLOSE;
    static const char *const wanted[EC2_PART_COUNT] = {
        [EC2_ID] = "vpce-0a",       [EC2_SERVICE] = "com.amazonaws.us-west-2.sagemaker.runtime",
        [EC2_VPC] = "vpc-1",        [EC2_STATE] = "available",
        [EC2_PRIVATE_DNS] = "true", [EC2_POLICY] = "{\"a\": \"<&>\"}",
    };
    const struct ec2_vpc_endpoint *endpoint;
    struct ec2_answer answer;
    struct sg_error err;

    (void)state;
    assert_int_equal(ec2_answer_parse(SLICE(xml), &answer, &err), SG_OK);
    assert_int_equal(answer.count, 2);
    endpoint = &answer.endpoints[0];
    for (size_t i = 0; i < EC2_PART_COUNT; i++)
        assert_true(slice_eq(endpoint->parts[i], slice_cstr(wanted[i])));
    assert_int_equal(endpoint->lists[EC2_SUBNETS].count, 2);
    assert_true(slice_eq(endpoint->lists[EC2_SUBNETS].at[1], SLICE("subnet-2")));
    assert_int_equal(endpoint->lists[EC2_GROUPS].count, 1);
    assert_true(slice_eq(endpoint->lists[EC2_GROUPS].at[0], SLICE("sg-1")));
    assert_int_equal(endpoint->lists[EC2_DNS_NAMES].count, 2);
    assert_true(slice_eq(endpoint->lists[EC2_DNS_NAMES].at[1], SLICE("vpce-0a-b-us-west-2a.x")));
    assert_true(slice_eq(answer.endpoints[1].parts[EC2_ID], SLICE("vpce-0b")));
    assert_int_equal(answer.endpoints[1].parts[EC2_POLICY].len, 0);
    assert_true(slice_eq(answer.next_token, SLICE("more+")));
    ec2_answer_free(&answer);
}

static void test_error(void **state)
{
    static const char xml[] =
        "<?xml version=\"1.0\"?><Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are "
        "not "
        "authorized</Message></Error><Error><Code>Second</Code></Error></Errors><RequestID>1</RequestID>"
        "</Response>";
    struct ec2_answer answer;
    struct sg_error err;

    (void)state;
    assert_int_equal(ec2_answer_parse(SLICE(xml), &answer, &err), SG_OK);
    assert_true(slice_eq(answer.error_code, SLICE("UnauthorizedOperation")));
    assert_true(slice_eq(answer.error_message, SLICE("You are not authorized")));
    assert_int_equal(answer.count, 0);
    ec2_answer_free(&answer);
}

#define SET(items) OPEN "<vpcEndpointSet>" items "</vpcEndpointSet>" CLOSE

static void test_refused(void **state)
{
    static const struct {
        const char *xml, *why;
    } rows[] = {
        {"", "its answer is empty"},
        {OPEN "<vpcEndpointSet><item>", "its answer is not XML, or not all of it"},
        {"<ErrorResponse/>", "its answer is XML, but not EC2's"},
        {SET("<item><vpcEndpointId>a</vpcEndpointId><vpcEndpointId>b</vpcEndpointId></item>"),
         "its answer holds an element twice"},
        {SET("<item><policyDocument/><policyDocument>{}</policyDocument></item>"),
         "its answer holds an element twice"},
        {"<!DOCTYPE a><Response/>", "its answer has a document type, which EC2's have not"},
    };
    struct ec2_answer answer;
    struct sg_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(ec2_answer_parse(slice_cstr(rows[i].xml), &answer, &err), SG_INVALID);
        assert_string_equal(err.text, rows[i].why);
        ec2_answer_free(&answer);
    }
}

/* So many of `item`, between `before` and `after`. */
static enum sg_status parse_many(const char *before, const char *item, size_t count, const char *after,
                                 struct sg_error *err)
{
    struct ec2_answer answer;
    struct buffer xml = {0};
    enum sg_status status;

    buffer_append(&xml, slice_cstr(before));
    for (size_t i = 0; i < count; i++)
        buffer_append(&xml, slice_cstr(item));
    buffer_append(&xml, slice_cstr(after));
    status = ec2_answer_parse(buffer_slice(&xml), &answer, err);
    ec2_answer_free(&answer);
    buffer_free(&xml);
    return status;
}

static void test_limits(void **state)
{
    const char *before = OPEN "<vpcEndpointSet>", *after = "</vpcEndpointSet>" CLOSE;
    const char *in_set = OPEN "<vpcEndpointSet><item><subnetIdSet>";
    const char *behind_set = "</subnetIdSet></item></vpcEndpointSet>" CLOSE;
    struct sg_error err;

    (void)state;
    assert_int_equal(parse_many(before, "<item/>", EC2_ENDPOINTS_MAX, after, &err), SG_OK);
    assert_int_equal(parse_many(before, "<item/>", EC2_ENDPOINTS_MAX + 1, after, &err), SG_INVALID);
    assert_string_equal(err.text, "its answer holds more endpoints than were asked for");
    assert_int_equal(parse_many(in_set, "<item>s</item>", EC2_LIST_MAX, behind_set, &err), SG_OK);
    assert_int_equal(parse_many(in_set, "<item>s</item>", EC2_LIST_MAX + 1, behind_set, &err), SG_INVALID);
    assert_string_equal(err.text, "its answer holds a longer list than any endpoint has");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
