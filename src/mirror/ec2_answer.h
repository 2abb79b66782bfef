/*
 * The XML in which EC2 answers DescribeVpcEndpoints: VPC endpoints with their policies, or an error. Bytes
 * in, values out. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html
 */
#ifndef SAGEGATE_MIRROR_EC2_ANSWER_H
#define SAGEGATE_MIRROR_EC2_ANSWER_H

#include "credentials/xml.h"

/* What is known of an endpoint: each an element of the answer, and empty where it is not there. */
enum ec2_part {
    EC2_ID,          /* "vpce-0123456789abcdef0" */
    EC2_SERVICE,     /* "com.amazonaws.us-west-2.sagemaker.runtime" */
    EC2_VPC,         /* "vpc-0123456789abcdef0" */
    EC2_STATE,       /* "available", "pending", … */
    EC2_PRIVATE_DNS, /* "true", "false" */
    EC2_POLICY,      /* JSON */
    EC2_PART_COUNT,
};

enum ec2_list { EC2_SUBNETS, EC2_GROUPS, EC2_DNS_NAMES, EC2_LIST_COUNT };

enum { EC2_ENDPOINTS_MAX = 16, EC2_LIST_MAX = 64 };

struct ec2_vpc_endpoint {
    struct slice parts[EC2_PART_COUNT];
    struct {
        struct slice at[EC2_LIST_MAX];
        size_t count;
    } lists[EC2_LIST_COUNT];
};

struct ec2_answer {
    struct ec2_vpc_endpoint *endpoints; /* EC2_ENDPOINTS_MAX, … */
    size_t count;                       /* … of which so many are there */
    struct slice next_token;            /* not empty: there are more */
    struct slice error_code, error_message;
    struct xml_memory memory; /* what all slices point to */
};

/*
 * SG_OK when it is an answer to DescribeVpcEndpoints, or EC2's error, whatever it holds. SG_INVALID with a
 * phrase that quotes nothing of it: as xml_read(), an element of an endpoint that comes twice, and more of
 * anything than there is room for. SG_NO_MEMORY. ec2_answer_free() is due in each case.
 */
enum sg_status ec2_answer_parse(struct slice xml, struct ec2_answer *answer, struct sg_error *err);

void ec2_answer_free(struct ec2_answer *answer);

#endif
