/*
 * Which of a caller's policies a service says has denied a request, by the words of its message (AWS IAM User
 * Guide, "Troubleshoot access denied error messages"). Only for what is told to people: the words are not
 * promised.
 */
#ifndef SAGEGATE_AWS_DENIAL_H
#define SAGEGATE_AWS_DENIAL_H

#include "base/slice.h"

enum aws_denial {
    AWS_DENIAL_NONE,   /* it was not denied */
    AWS_DENIAL_UNTOLD, /* the message does not tell */
    AWS_DENIAL_VPC_ENDPOINT,
    AWS_DENIAL_IDENTITY,
    AWS_DENIAL_RESOURCE,
    AWS_DENIAL_SERVICE_CONTROL,
    AWS_DENIAL_RESOURCE_CONTROL,
    AWS_DENIAL_BOUNDARY,
    AWS_DENIAL_SESSION,
    AWS_DENIAL_COUNT,
};

/* "vpc_endpoint_policy", "untold"; NULL for AWS_DENIAL_NONE. */
extern const char *const aws_denial_names[AWS_DENIAL_COUNT];

/* Of the JSON body of an AccessDenied: "… because no VPC endpoint policy allows the … action", "… with an
 * explicit deny in a VPC endpoint policy". */
enum aws_denial aws_denial_of(struct slice body);

#endif
