/*
 * The services of the SageMaker family: names, signing names, and where an interface endpoint of each is
 * found.
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
    AWS_SERVICE_COUNT,
};

struct aws_service_info {
    const char *key;          /* in the configuration: endpoints.KEY */
    const char *signing_name; /* in the credential scope and as IAM prefix */
    const char *host_prefix;  /* "runtime.sagemaker" */
};

extern const struct aws_service_info aws_services[AWS_SERVICE_COUNT];

/* AWS_SERVICE_COUNT when there is no such key. */
enum aws_service aws_service_by_key(struct slice key);

/* "aws", "aws-cn" or "aws-us-gov", from the region's name. */
struct slice aws_partition(struct slice region);

/* PREFIX.REGION.amazonaws.com (private DNS), with .cn in China. Appends to out. */
void aws_private_dns_name(enum aws_service service, struct slice region, struct buffer *out);

/* VPCE.PREFIX.REGION.vpce.amazonaws.com (endpoint-specific). Appends to out. */
void aws_vpc_endpoint_name(enum aws_service service, struct slice region, struct slice vpc_endpoint,
                           struct buffer *out);

#endif
