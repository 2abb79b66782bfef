#include "aws/service.h"

const struct aws_service_info aws_services[AWS_ENDPOINT_COUNT] = {
    [AWS_API] = {"api", "sagemaker", "api.sagemaker", .fips_prefix = "api-fips.sagemaker"},
    [AWS_RUNTIME] = {"runtime", "sagemaker", "runtime.sagemaker", .fips_prefix = "runtime-fips.sagemaker",
                     .govcloud_is_fips = true},
    [AWS_FEATURESTORE_RUNTIME] = {"featurestore-runtime", "sagemaker", "featurestore-runtime.sagemaker",
                                  .vpce_prefix = "api.featurestore-runtime.sagemaker"},
    [AWS_METRICS] = {"metrics", "sagemaker", "metrics.sagemaker", .fips_prefix = "metrics-fips.sagemaker"},
    [AWS_A2I_RUNTIME] = {"a2i-runtime", "sagemaker", "a2i-runtime.sagemaker", .fips_prefix = NULL},
    [AWS_EDGE] = {"edge", "sagemaker", "edge.sagemaker", .fips_prefix = NULL},
    [AWS_GEOSPATIAL] = {"geospatial", "sagemaker-geospatial", "sagemaker-geospatial", .fips_prefix = NULL},
    [AWS_STS] = {"sts", "sts", "sts", .fips_prefix = "sts-fips", .govcloud_is_fips = true},
    [AWS_EC2] = {"ec2", "ec2", "ec2", .fips_prefix = "ec2-fips", .govcloud_is_fips = true},
};

/* The first whose regions begin so; botocore's partitions.json. */
static const struct partition {
    struct slice regions, name;
    const char *suffix, *dual_stack_suffix;
    bool has_fips;
} partitions[] = {
    {SLICE_INIT("cn-"), SLICE_INIT("aws-cn"), "amazonaws.com.cn", "api.amazonwebservices.com.cn", false},
    {SLICE_INIT("us-gov-"), SLICE_INIT("aws-us-gov"), "amazonaws.com", "api.aws", true},
    {SLICE_INIT("eusc-"), SLICE_INIT("aws-eusc"), "amazonaws.eu", "api.amazonwebservices.eu", false},
    {SLICE_INIT("us-iso-"), SLICE_INIT("aws-iso"), "c2s.ic.gov", "api.aws.ic.gov", false},
    {SLICE_INIT("us-isob-"), SLICE_INIT("aws-iso-b"), "sc2s.sgov.gov", "api.aws.scloud", false},
    {SLICE_INIT("eu-isoe-"), SLICE_INIT("aws-iso-e"), "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", false},
    {SLICE_INIT("us-isof-"), SLICE_INIT("aws-iso-f"), "csp.hci.ic.gov", "api.aws.hci.ic.gov", false},
    {SLICE_INIT(""), SLICE_INIT("aws"), "amazonaws.com", "api.aws", true},
};

enum aws_service aws_service_by_key(struct slice key)
{
    for (int i = 0; i < AWS_SERVICE_COUNT; i++)
        if (slice_eq(key, slice_cstr(aws_services[i].key)))
            return (enum aws_service)i;
    return AWS_SERVICE_COUNT;
}

static const struct partition *partition_of(struct slice region)
{
    const struct partition *partition = partitions;

    while (!slice_starts(region, partition->regions))
        partition++;
    return partition;
}

struct slice aws_partition(struct slice region)
{
    return partition_of(region)->name;
}

/* "runtime.sagemaker", or what stands in its place; NULL when there is no FIPS endpoint. */
static const char *prefix_of(const struct aws_service_info *service, const struct partition *partition,
                             const struct aws_host_form *form)
{
    bool govcloud = slice_eq(partition->name, SLICE("aws-us-gov"));

    if (form->fips && !(govcloud && service->govcloud_is_fips))
        return partition->has_fips ? service->fips_prefix : NULL;
    return form->vpc_endpoint.len && service->vpce_prefix ? service->vpce_prefix : service->host_prefix;
}

bool aws_host_name(enum aws_service service, struct slice region, const struct aws_host_form *form,
                   struct buffer *out)
{
    const struct partition *partition = partition_of(region);
    const char *prefix = prefix_of(&aws_services[service], partition, form);

    if (!prefix)
        return false;
    if (form->vpc_endpoint.len)
        buffer_printf(out, "%.*s.%s.%.*s.vpce.%s", SLICE_FMT(form->vpc_endpoint), prefix, SLICE_FMT(region),
                      partition->suffix);
    else
        buffer_printf(out, "%s.%.*s.%s", prefix, SLICE_FMT(region),
                      form->dual_stack ? partition->dual_stack_suffix : partition->suffix);
    return true;
}

void aws_zonal_name(struct slice vpc_endpoint_name, struct slice zone, struct buffer *out)
{
    struct slice label = {0};

    slice_split(&vpc_endpoint_name, '.', &label);
    buffer_printf(out, "%.*s-%.*s.%.*s", SLICE_FMT(label), SLICE_FMT(zone), SLICE_FMT(vpc_endpoint_name));
}

struct slice aws_vpc_endpoint_id(struct slice name)
{
    static const struct slice prefix = SLICE_INIT("vpce-");
    struct slice rest, label, id;

    if (!slice_starts(name, prefix))
        return slice_of(NULL, 0);
    slice_split(&name, '.', &label);
    rest = slice_from(label, prefix.len);
    slice_split(&rest, '-', &id);
    return slice_of(label.ptr, prefix.len + id.len);
}

struct slice aws_zone_of_name(struct slice name)
{
    struct slice label = {0}, part = {0};

    /* vpce, the id, what AWS puts behind it, and then the zone's */
    slice_split(&name, '.', &label);
    for (size_t parts = 0; parts < 3; parts++) {
        if (!slice_split(&label, '-', &part) || (parts == 0 && !slice_eq(part, SLICE("vpce"))))
            return slice_of(NULL, 0);
    }
    return label;
}

/* "sagemaker.runtime" is the usual host name's beginning, "runtime.sagemaker", the other way round. */
static bool is_turned_round(struct slice name, const char *host_prefix)
{
    struct slice rest = slice_cstr(host_prefix), first = {0};

    if (!host_prefix || !slice_split(&rest, '.', &first))
        return false;
    if (!rest.len)
        return slice_eq(name, first);
    return name.len == rest.len + 1 + first.len && slice_starts(name, rest) && name.ptr[rest.len] == '.' &&
           slice_eq(slice_from(name, rest.len + 1), first);
}

enum aws_service aws_service_of_endpoint(struct slice service_name)
{
    struct slice rest = service_name, part = {0};

    /* "com.amazonaws.us-west-2.", "cn.com.amazonaws.cn-north-1." */
    while (slice_split(&rest, '.', &part) && !slice_eq(part, SLICE("amazonaws")))
        ;
    if (!slice_split(&rest, '.', &part))
        return AWS_ENDPOINT_COUNT;
    for (int i = 0; i < AWS_ENDPOINT_COUNT; i++) {
        if (is_turned_round(rest, aws_services[i].host_prefix) ||
            is_turned_round(rest, aws_services[i].fips_prefix))
            return (enum aws_service)i;
    }
    return AWS_ENDPOINT_COUNT;
}

bool aws_is_zonal_name(struct slice name)
{
    return aws_zone_of_name(name).len > 0;
}

/* Takes what `name` must begin with off it. */
static bool skip(struct slice *name, struct slice expected)
{
    if (!slice_starts(*name, expected))
        return false;
    *name = slice_from(*name, expected.len);
    return true;
}

bool aws_is_vpc_endpoint_name(enum aws_service service, struct slice region, struct slice name)
{
    const struct aws_service_info *info = &aws_services[service];
    const char *const prefixes[] = {info->host_prefix, info->fips_prefix, info->vpce_prefix};
    struct slice label = {0};

    if (!slice_split(&name, '.', &label) || !slice_starts(label, SLICE("vpce-")))
        return false;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        struct slice rest = name;

        if (prefixes[i] && skip(&rest, slice_cstr(prefixes[i])) && skip(&rest, SLICE(".")) &&
            skip(&rest, region) && skip(&rest, SLICE(".vpce.")) &&
            slice_eq(rest, slice_cstr(partition_of(region)->suffix)))
            return true;
    }
    return false;
}
