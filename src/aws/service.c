#include "aws/service.h"

const struct aws_service_info aws_services[AWS_SERVICE_COUNT] = {
    [AWS_API] = {"api", "sagemaker", "api.sagemaker"},
    [AWS_RUNTIME] = {"runtime", "sagemaker", "runtime.sagemaker"},
    [AWS_FEATURESTORE_RUNTIME] = {"featurestore-runtime", "sagemaker", "featurestore-runtime.sagemaker"},
    [AWS_METRICS] = {"metrics", "sagemaker", "metrics.sagemaker"},
    [AWS_A2I_RUNTIME] = {"a2i-runtime", "sagemaker", "a2i-runtime.sagemaker"},
    [AWS_EDGE] = {"edge", "sagemaker", "edge.sagemaker"},
    [AWS_GEOSPATIAL] = {"geospatial", "sagemaker-geospatial", "sagemaker-geospatial"},
};

enum aws_service aws_service_by_key(struct slice key)
{
    for (int i = 0; i < AWS_SERVICE_COUNT; i++)
        if (slice_eq(key, slice_cstr(aws_services[i].key)))
            return (enum aws_service)i;
    return AWS_SERVICE_COUNT;
}

static bool in_china(struct slice region)
{
    return slice_starts(region, SLICE("cn-"));
}

struct slice aws_partition(struct slice region)
{
    if (in_china(region))
        return SLICE("aws-cn");
    return slice_starts(region, SLICE("us-gov-")) ? SLICE("aws-us-gov") : SLICE("aws");
}

void aws_private_dns_name(enum aws_service service, struct slice region, struct buffer *out)
{
    buffer_printf(out, "%s.%.*s.amazonaws.com%s", aws_services[service].host_prefix, SLICE_FMT(region),
                  in_china(region) ? ".cn" : "");
}

void aws_vpc_endpoint_name(enum aws_service service, struct slice region, struct slice vpc_endpoint,
                           struct buffer *out)
{
    buffer_printf(out, "%.*s.%s.%.*s.vpce.amazonaws.com%s", SLICE_FMT(vpc_endpoint),
                  aws_services[service].host_prefix, SLICE_FMT(region), in_china(region) ? ".cn" : "");
}
