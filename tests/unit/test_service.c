#include "aws/service.h"

#include "unit/unit.h"

static void test_names(void **state)
{
    static const struct {
        const char *key, *signing_name, *region, *private_dns, *vpc_endpoint;
    } rows[] = {
        {"api", "sagemaker", "us-west-2", "api.sagemaker.us-west-2.amazonaws.com",
         "vpce-0a.api.sagemaker.us-west-2.vpce.amazonaws.com"},
        {"runtime", "sagemaker", "us-gov-west-1", "runtime.sagemaker.us-gov-west-1.amazonaws.com",
         "vpce-0a.runtime.sagemaker.us-gov-west-1.vpce.amazonaws.com"},
        {"featurestore-runtime", "sagemaker", "cn-north-1",
         "featurestore-runtime.sagemaker.cn-north-1.amazonaws.com.cn",
         "vpce-0a.featurestore-runtime.sagemaker.cn-north-1.vpce.amazonaws.com.cn"},
        {"metrics", "sagemaker", "us-west-2", "metrics.sagemaker.us-west-2.amazonaws.com",
         "vpce-0a.metrics.sagemaker.us-west-2.vpce.amazonaws.com"},
        {"a2i-runtime", "sagemaker", "us-west-2", "a2i-runtime.sagemaker.us-west-2.amazonaws.com",
         "vpce-0a.a2i-runtime.sagemaker.us-west-2.vpce.amazonaws.com"},
        {"edge", "sagemaker", "us-west-2", "edge.sagemaker.us-west-2.amazonaws.com",
         "vpce-0a.edge.sagemaker.us-west-2.vpce.amazonaws.com"},
        {"geospatial", "sagemaker-geospatial", "us-west-2", "sagemaker-geospatial.us-west-2.amazonaws.com",
         "vpce-0a.sagemaker-geospatial.us-west-2.vpce.amazonaws.com"},
    };

    (void)state;
    assert_int_equal(COUNT_OF(rows), AWS_SERVICE_COUNT);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum aws_service service = aws_service_by_key(slice_cstr(rows[i].key));
        struct buffer out = {.data = NULL};

        assert_true(service != AWS_SERVICE_COUNT);
        assert_string_equal(aws_services[service].signing_name, rows[i].signing_name);
        aws_private_dns_name(service, slice_cstr(rows[i].region), &out);
        assert_string_equal(buffer_cstr(&out), rows[i].private_dns);
        buffer_reset(&out);
        aws_vpc_endpoint_name(service, slice_cstr(rows[i].region), SLICE("vpce-0a"), &out);
        assert_string_equal(buffer_cstr(&out), rows[i].vpc_endpoint);
        buffer_free(&out);
    }
    assert_int_equal(aws_service_by_key(SLICE("Runtime")), AWS_SERVICE_COUNT);
    assert_int_equal(aws_service_by_key(SLICE("")), AWS_SERVICE_COUNT);
}

static void test_partition(void **state)
{
    (void)state;
    assert_true(slice_eq(aws_partition(SLICE("eu-central-1")), SLICE("aws")));
    assert_true(slice_eq(aws_partition(SLICE("cn-northwest-1")), SLICE("aws-cn")));
    assert_true(slice_eq(aws_partition(SLICE("us-gov-east-1")), SLICE("aws-us-gov")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_partition),
    };

    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
