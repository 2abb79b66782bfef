#include "aws/service.h"

#include "unit/unit.h"

#define LABEL "vpce-0123456789abcdef0-abcdefgh"

enum { FIPS = 1, DUAL = 2, VPCE = 4, ZONAL = 8 };

/* NULL: there is none. */
static const struct row {
    enum aws_service service;
    const char *region;
    int form;
    const char *host;
} rows[] = {
    /* Private DNS */
    {AWS_API, "us-west-2", 0, "api.sagemaker.us-west-2.amazonaws.com"},
    {AWS_RUNTIME, "us-west-2", 0, "runtime.sagemaker.us-west-2.amazonaws.com"},
    {AWS_FEATURESTORE_RUNTIME, "us-west-2", 0, "featurestore-runtime.sagemaker.us-west-2.amazonaws.com"},
    {AWS_METRICS, "us-west-2", 0, "metrics.sagemaker.us-west-2.amazonaws.com"},
    {AWS_A2I_RUNTIME, "us-west-2", 0, "a2i-runtime.sagemaker.us-west-2.amazonaws.com"},
    {AWS_EDGE, "us-west-2", 0, "edge.sagemaker.us-west-2.amazonaws.com"},
    {AWS_GEOSPATIAL, "us-west-2", 0, "sagemaker-geospatial.us-west-2.amazonaws.com"},
    {AWS_STS, "us-west-2", 0, "sts.us-west-2.amazonaws.com"},
    {AWS_EC2, "us-west-2", 0, "ec2.us-west-2.amazonaws.com"},
    /* Endpoint-specific */
    {AWS_API, "us-west-2", VPCE, LABEL ".api.sagemaker.us-west-2.vpce.amazonaws.com"},
    {AWS_RUNTIME, "us-west-2", VPCE, LABEL ".runtime.sagemaker.us-west-2.vpce.amazonaws.com"},
    {AWS_FEATURESTORE_RUNTIME, "us-west-2", VPCE,
     LABEL ".api.featurestore-runtime.sagemaker.us-west-2.vpce.amazonaws.com"},
    {AWS_METRICS, "us-west-2", VPCE, LABEL ".metrics.sagemaker.us-west-2.vpce.amazonaws.com"},
    {AWS_A2I_RUNTIME, "us-west-2", VPCE, LABEL ".a2i-runtime.sagemaker.us-west-2.vpce.amazonaws.com"},
    {AWS_EDGE, "us-west-2", VPCE, LABEL ".edge.sagemaker.us-west-2.vpce.amazonaws.com"},
    {AWS_GEOSPATIAL, "us-west-2", VPCE, LABEL ".sagemaker-geospatial.us-west-2.vpce.amazonaws.com"},
    {AWS_STS, "us-west-2", VPCE, LABEL ".sts.us-west-2.vpce.amazonaws.com"},
    {AWS_EC2, "us-west-2", VPCE, LABEL ".ec2.us-west-2.vpce.amazonaws.com"},
    /* Zonal */
    {AWS_API, "us-west-2", VPCE | ZONAL, LABEL "-us-west-2a.api.sagemaker.us-west-2.vpce.amazonaws.com"},
    {AWS_RUNTIME, "us-west-2", VPCE | ZONAL,
     LABEL "-us-west-2a.runtime.sagemaker.us-west-2.vpce.amazonaws.com"},
    {AWS_FEATURESTORE_RUNTIME, "us-west-2", VPCE | ZONAL,
     LABEL "-us-west-2a.api.featurestore-runtime.sagemaker.us-west-2.vpce.amazonaws.com"},
    {AWS_STS, "us-west-2", VPCE | ZONAL, LABEL "-us-west-2a.sts.us-west-2.vpce.amazonaws.com"},
    /* FIPS */
    {AWS_API, "us-east-1", FIPS, "api-fips.sagemaker.us-east-1.amazonaws.com"},
    {AWS_RUNTIME, "us-east-1", FIPS, "runtime-fips.sagemaker.us-east-1.amazonaws.com"},
    {AWS_METRICS, "us-east-1", FIPS, "metrics-fips.sagemaker.us-east-1.amazonaws.com"},
    {AWS_STS, "us-east-1", FIPS, "sts-fips.us-east-1.amazonaws.com"},
    {AWS_EC2, "us-east-1", FIPS, "ec2-fips.us-east-1.amazonaws.com"},
    {AWS_RUNTIME, "us-east-1", FIPS | VPCE, LABEL ".runtime-fips.sagemaker.us-east-1.vpce.amazonaws.com"},
    {AWS_RUNTIME, "us-east-1", FIPS | VPCE | ZONAL,
     LABEL "-us-west-2a.runtime-fips.sagemaker.us-east-1.vpce.amazonaws.com"},
    {AWS_FEATURESTORE_RUNTIME, "us-east-1", FIPS, NULL},
    {AWS_A2I_RUNTIME, "us-east-1", FIPS, NULL},
    {AWS_EDGE, "us-east-1", FIPS, NULL},
    {AWS_GEOSPATIAL, "us-east-1", FIPS, NULL},
    /* Dual-stack */
    {AWS_API, "us-east-2", DUAL, "api.sagemaker.us-east-2.api.aws"},
    {AWS_API, "us-east-2", DUAL | FIPS, "api-fips.sagemaker.us-east-2.api.aws"},
    {AWS_RUNTIME, "us-east-2", DUAL, "runtime.sagemaker.us-east-2.api.aws"},
    {AWS_STS, "us-east-2", DUAL, "sts.us-east-2.api.aws"},
    {AWS_EC2, "us-east-2", DUAL, "ec2.us-east-2.api.aws"},
    /* China */
    {AWS_RUNTIME, "cn-north-1", 0, "runtime.sagemaker.cn-north-1.amazonaws.com.cn"},
    {AWS_API, "cn-northwest-1", VPCE, LABEL ".api.sagemaker.cn-northwest-1.vpce.amazonaws.com.cn"},
    {AWS_RUNTIME, "cn-north-1", DUAL, "runtime.sagemaker.cn-north-1.api.amazonwebservices.com.cn"},
    {AWS_STS, "cn-north-1", 0, "sts.cn-north-1.amazonaws.com.cn"},
    {AWS_EC2, "cn-north-1", 0, "ec2.cn-north-1.amazonaws.com.cn"},
    {AWS_RUNTIME, "cn-north-1", FIPS, NULL},
    /* GovCloud */
    {AWS_RUNTIME, "us-gov-west-1", 0, "runtime.sagemaker.us-gov-west-1.amazonaws.com"},
    {AWS_RUNTIME, "us-gov-west-1", FIPS, "runtime.sagemaker.us-gov-west-1.amazonaws.com"},
    {AWS_API, "us-gov-east-1", FIPS, "api-fips.sagemaker.us-gov-east-1.amazonaws.com"},
    {AWS_API, "us-gov-east-1", VPCE, LABEL ".api.sagemaker.us-gov-east-1.vpce.amazonaws.com"},
    {AWS_STS, "us-gov-west-1", FIPS, "sts.us-gov-west-1.amazonaws.com"},
    /* Others */
    {AWS_RUNTIME, "eusc-de-east-1", 0, "runtime.sagemaker.eusc-de-east-1.amazonaws.eu"},
    {AWS_RUNTIME, "us-iso-east-1", VPCE, LABEL ".runtime.sagemaker.us-iso-east-1.vpce.c2s.ic.gov"},
    {AWS_RUNTIME, "us-isob-east-1", 0, "runtime.sagemaker.us-isob-east-1.sc2s.sgov.gov"},
};

static void check_row(const struct row *row)
{
    struct aws_host_form form = {.fips = row->form & FIPS, .dual_stack = row->form & DUAL};
    struct buffer out = {0};
    bool found;

    if (row->form & VPCE)
        form.vpc_endpoint = SLICE(LABEL);
    found = aws_host_name(row->service, slice_cstr(row->region), &form, &out);
    if (row->form & ZONAL) {
        struct buffer zonal = {0};

        assert_false(aws_is_zonal_name(buffer_slice(&out)));
        aws_zonal_name(buffer_slice(&out), SLICE("us-west-2a"), &zonal);
        assert_true(aws_is_zonal_name(buffer_slice(&zonal)));
        buffer_free(&out);
        out = zonal;
    }
    assert_int_equal(found, row->host != NULL);
    if (found)
        assert_string_equal(buffer_cstr(&out), row->host);
    if (found && (row->form & VPCE))
        assert_true(aws_is_vpc_endpoint_name(row->service, slice_cstr(row->region), buffer_slice(&out)));
    buffer_free(&out);
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(&rows[i]);
}

/* Whole names, as EC2 shows them: only those of the service and the region at hand. */
static void test_whole_names(void **state)
{
    static const struct {
        enum aws_service service;
        const char *name;
        bool right;
    } names[] = {
        {AWS_FEATURESTORE_RUNTIME, LABEL ".featurestore-runtime.sagemaker.us-west-2.vpce.amazonaws.com",
         true},
        {AWS_FEATURESTORE_RUNTIME, LABEL ".api.featurestore-runtime.sagemaker.us-west-2.vpce.amazonaws.com",
         true},
        {AWS_RUNTIME, LABEL ".runtime.sagemaker.us-west-2.vpce.amazonaws.com", true},
        {AWS_RUNTIME, LABEL ".runtime-fips.sagemaker.us-west-2.vpce.amazonaws.com", true},
        {AWS_RUNTIME, LABEL "-us-west-2c.runtime.sagemaker.us-west-2.vpce.amazonaws.com", true},
        {AWS_RUNTIME, LABEL ".api.sagemaker.us-west-2.vpce.amazonaws.com", false},
        {AWS_RUNTIME, LABEL ".api.runtime.sagemaker.us-west-2.vpce.amazonaws.com", false},
        {AWS_RUNTIME, LABEL ".runtime.sagemaker.us-west-1.vpce.amazonaws.com", false},
        {AWS_RUNTIME, LABEL ".runtime.sagemaker.us-west-2.amazonaws.com", false},
        {AWS_RUNTIME, LABEL ".runtime.sagemaker.us-west-2.vpce.amazonaws.com.cn", false},
        {AWS_RUNTIME, LABEL ".runtime.sagemaker.us-west-2.vpce.amazonaws.com.evil.example", false},
        {AWS_RUNTIME, "runtime.sagemaker.us-west-2.vpce.amazonaws.com", false},
        {AWS_RUNTIME, LABEL, false},
        {AWS_RUNTIME, "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(
            aws_is_vpc_endpoint_name(names[i].service, SLICE("us-west-2"), slice_cstr(names[i].name)),
            names[i].right);
    }
}

static void test_keys(void **state)
{
    (void)state;
    for (int i = 0; i < AWS_SERVICE_COUNT; i++) {
        assert_int_equal(aws_service_by_key(slice_cstr(aws_services[i].key)), i);
        assert_string_equal(aws_services[i].signing_name,
                            i == AWS_GEOSPATIAL ? "sagemaker-geospatial" : "sagemaker");
    }
    assert_int_equal(aws_service_by_key(SLICE("Runtime")), AWS_SERVICE_COUNT);
    assert_int_equal(aws_service_by_key(SLICE("sts")), AWS_SERVICE_COUNT);
    assert_int_equal(aws_service_by_key(SLICE("")), AWS_SERVICE_COUNT);
}

static void test_services_of_endpoints(void **state)
{
    static const struct {
        const char *name;
        enum aws_service service;
    } names[] = {
        {"com.amazonaws.us-west-2.sagemaker.runtime", AWS_RUNTIME},
        {"com.amazonaws.us-east-1.sagemaker.runtime-fips", AWS_RUNTIME},
        {"com.amazonaws.us-west-2.sagemaker.api", AWS_API},
        {"com.amazonaws.us-west-2.sagemaker.featurestore-runtime", AWS_FEATURESTORE_RUNTIME},
        {"com.amazonaws.us-west-2.sagemaker.metrics", AWS_METRICS},
        {"com.amazonaws.us-west-2.sagemaker-geospatial", AWS_GEOSPATIAL},
        {"com.amazonaws.us-west-2.sts", AWS_STS},
        {"cn.com.amazonaws.cn-north-1.sagemaker.api", AWS_API},
        {"com.amazonaws.us-west-2.sagemaker.notebook", AWS_ENDPOINT_COUNT},
        {"com.amazonaws.us-west-2.sagemaker.runtime.x", AWS_ENDPOINT_COUNT},
        {"com.amazonaws.us-west-2.", AWS_ENDPOINT_COUNT},
        {"com.amazonaws.us-west-2", AWS_ENDPOINT_COUNT},
        {"com.amazonaws", AWS_ENDPOINT_COUNT},
        {"sagemaker.runtime", AWS_ENDPOINT_COUNT},
        {"", AWS_ENDPOINT_COUNT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (aws_service_of_endpoint(slice_cstr(names[i].name)) != names[i].service)
            fail_msg("%s", names[i].name);
    }
}

static void test_partition(void **state)
{
    (void)state;
    assert_true(slice_eq(aws_partition(SLICE("eu-central-1")), SLICE("aws")));
    assert_true(slice_eq(aws_partition(SLICE("cn-northwest-1")), SLICE("aws-cn")));
    assert_true(slice_eq(aws_partition(SLICE("us-gov-east-1")), SLICE("aws-us-gov")));
    assert_true(slice_eq(aws_partition(SLICE("us-iso-east-1")), SLICE("aws-iso")));
    assert_true(slice_eq(aws_partition(SLICE("us-isob-east-1")), SLICE("aws-iso-b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_whole_names),
        cmocka_unit_test(test_keys),      cmocka_unit_test(test_services_of_endpoints),
        cmocka_unit_test(test_partition),
    };

    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
