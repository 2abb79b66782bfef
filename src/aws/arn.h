/*
 * Amazon Resource Names as SageMaker's services have them: arn:PARTITION:SERVICE:REGION:ACCOUNT:TYPE/NAME…
 * (AWS General Reference, "Amazon Resource Names"). Strict, since what passes is compared with a policy.
 * Not for the patterns that stand in policies: those have wildcards.
 */
#ifndef SAGEGATE_AWS_ARN_H
#define SAGEGATE_AWS_ARN_H

#include "base/slice.h"

enum { ARN_MAX = 2048 }; /* bytes (IAM User Guide, "IAM and AWS STS quotas") */

struct arn {
    struct slice partition;
    struct slice service;
    struct slice region;
    struct slice account;  /* twelve digits, or "aws" for what AWS itself owns */
    struct slice resource; /* "endpoint/myEndpoint": two segments or more */
};

/* Whether the text means to be an ARN: no name has a ':'. */
bool arn_is_meant(struct slice text);

/* False unless every part has its form. */
bool arn_parse(struct slice text, struct arn *arn);

/* Whether the text can be one segment of an ARN's resource: letters, digits, '.', '_' and '-', at least one.
   No name that the API models allow has anything else, and so none can smuggle a wildcard or a segment. */
bool arn_is_segment(struct slice text);

/* Segments with a '/' between them. */
bool arn_is_segments(struct slice text);

#endif
