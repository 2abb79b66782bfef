/*
 * The JSON in which EC2, ECS, EKS and the programs of credential_process hand out credentials.
 */
#ifndef SAGEGATE_CREDENTIALS_ANSWER_H
#define SAGEGATE_CREDENTIALS_ANSWER_H

#include "credentials/credentials.h"

enum answer_form {
    ANSWER_METADATA, /* AccessKeyId, SecretAccessKey, Token, Expiration; on EC2 with a Code that tells whether
                        these are credentials at all */
    ANSWER_PROCESS,  /* Version 1, AccessKeyId, SecretAccessKey, and maybe SessionToken and Expiration */
};

/*
 * One reference in *credentials, or SG_INVALID with a phrase that quotes nothing but Code and Message;
 * SG_NO_MEMORY.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
enum sg_status credentials_answer_parse(struct slice json, enum answer_form form, const char *source,
                                        struct credentials **credentials, struct sg_error *err);

/*
 * ISO 8601 as AWS writes it, "2026-11-24T02:04:00Z", also with a fraction of a second (dropped) or an offset
 * such as +01:00, to wall seconds. SG_INVALID without a text for anything else.
 */
enum sg_status credentials_time_parse(struct slice text, int64_t *seconds);

#endif
