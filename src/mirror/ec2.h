/*
 * Amazon EC2, as far as sagegate asks it: which VPC endpoints there are, and their policies. Asked at
 * endpoints.ec2 of the configuration, else at its name in the configured region. It takes the permission
 * ec2:DescribeVpcEndpoints, whose resource is "*".
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html
 */
#ifndef SAGEGATE_MIRROR_EC2_H
#define SAGEGATE_MIRROR_EC2_H

#include "credentials/credentials.h"
#include "credentials/https.h"
#include "mirror/ec2_answer.h"

struct ec2;

/* What is needed of the configuration is copied; its region must be known. NULL when memory is short. */
struct ec2 *ec2_new(struct https *https, const struct config *config);
void ec2_free(struct ec2 *ec2); /* after all its calls; NULL is fine */

struct ec2_listener {
    /* Each endpoint that there is, in any order; it is valid during the call. */
    void (*endpoint)(void *user, const struct ec2_vpc_endpoint *endpoint);
    /* Once, at the end, after which the call is gone; why_not as of query_handler. */
    void (*done)(void *user, const char *why_not);
    void *user;
};

struct ec2_call;

/*
 * Asks for the endpoints with these ids; of one that does not exist nothing is told. ids (at most
 * EC2_ENDPOINTS_MAX) outlive the call. Both are called from the event loop. What may pass by itself is tried
 * three times in all; a page of the answer may take timeout_ms. NULL when memory is short.
 */
struct ec2_call *ec2_describe_vpc_endpoints(struct ec2 *ec2, struct credentials *keys,
                                            const struct slice *ids, size_t count, unsigned timeout_ms,
                                            const struct ec2_listener *listener);

void ec2_cancel(struct ec2_call *call); /* nothing is called; NULL is fine */

#endif
