/*
 * The services of the SageMaker family, and STS and EC2, which sagegate itself calls: their names, signing
 * names, and the host names under which an interface endpoint of each is found.
 * https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
 * https://docs.aws.amazon.com/sagemaker/latest/dg/interface-vpc-endpoint.html
 * https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
 */
#ifndef SAGEGATE_AWS_SERVICE_H
#define SAGEGATE_AWS_SERVICE_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

enum aws_service {
    AWS_API,
    AWS_RUNTIME,
    AWS_FEATURESTORE_RUNTIME,
    AWS_METRICS,
    AWS_A2I_RUNTIME,
    AWS_EDGE,
    AWS_GEOSPATIAL,
    AWS_SERVICE_COUNT,           /* requests are for one of those above; … */
    AWS_STS = AWS_SERVICE_COUNT, /* … this one is only asked for credentials, … */
    AWS_EC2,                     /* … and this one for VPC endpoints and their policies */
    AWS_ENDPOINT_COUNT,
};

struct aws_service_info {
    const char *key;          /* in the configuration: endpoints.KEY */
    const char *signing_name; /* in the credential scope and as IAM prefix */
    const char *host_prefix;  /* "runtime.sagemaker" */
    const char *fips_prefix;  /* "runtime-fips.sagemaker"; NULL: AWS lists no FIPS endpoint */
    const char *vpce_prefix;  /* in endpoint-specific names, where AWS documents another; else NULL */
    bool govcloud_is_fips;    /* the usual name is the FIPS endpoint in GovCloud */
};

extern const struct aws_service_info aws_services[AWS_ENDPOINT_COUNT];

/* Of the SageMaker family; AWS_SERVICE_COUNT when there is no such key. */
enum aws_service aws_service_by_key(struct slice key);

/* "aws", "aws-cn", "aws-us-gov", …: from the region's name. */
struct slice aws_partition(struct slice region);

/* Which of a service's names. */
struct aws_host_form {
    struct slice vpc_endpoint; /* "vpce-0a1b-2c3d": the endpoint-specific name; empty: private DNS */
    bool fips;
    bool dual_stack; /* private DNS only: endpoint-specific names have both kinds of addresses anyway */
};

/* Appends the host name to out. False when the service has no FIPS endpoint in that partition. */
bool aws_host_name(enum aws_service service, struct slice region, const struct aws_host_form *form,
                   struct buffer *out);

/* Appends the name of the same endpoint in one zone: "vpce-0a1b-2c3d-us-west-2a.…". */
void aws_zonal_name(struct slice vpc_endpoint_name, struct slice zone, struct buffer *out);

/* "vpce-0a1b", the endpoint's id, which an endpoint-specific name begins with; empty for any other name. */
struct slice aws_vpc_endpoint_id(struct slice name);

/* "us-west-2a" of a zonal name "vpce-0a1b-2c3d-us-west-2a.…"; empty for any other name. */
struct slice aws_zone_of_name(struct slice name);

/* The service of "com.amazonaws.us-west-2.sagemaker.runtime", as EC2 names those of VPC endpoints, or of its
 * FIPS endpoint; AWS_ENDPOINT_COUNT for any other, and where AWS documents no name. */
enum aws_service aws_service_of_endpoint(struct slice service_name);

/* Whether an endpoint-specific name, or its first part, is that of one zone already. */
bool aws_is_zonal_name(struct slice name);

/*
 * Whether a whole endpoint-specific name ("vpce-….vpce.amazonaws.com", regional or zonal, FIPS or not, as AWS
 * documents it or without what it puts before the service) is one of this service in this region.
 */
bool aws_is_vpc_endpoint_name(enum aws_service service, struct slice region, struct slice name);

#endif
