/*
 * The JSON in which EC2, ECS and EKS hand out credentials: AccessKeyId, SecretAccessKey, Token, Expiration,
 * and on EC2 a Code that tells whether these are credentials at all.
 */
#ifndef SAGEGATE_CREDENTIALS_ANSWER_H
#define SAGEGATE_CREDENTIALS_ANSWER_H

#include "credentials/credentials.h"

/*
 * One reference in *credentials, or SG_INVALID with a phrase that quotes nothing but Code and Message;
 * SG_NO_MEMORY.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
enum sg_status credentials_answer_parse(struct slice json, const char *source,
                                        struct credentials **credentials, struct sg_error *err);

/*
 * ISO 8601 as AWS writes it, "2026-11-24T02:04:00Z", also with a fraction of a second (dropped) or an offset
 * such as +01:00, to wall seconds. SG_INVALID without a text for anything else.
 */
enum sg_status credentials_time_parse(struct slice text, int64_t *seconds);

#endif
