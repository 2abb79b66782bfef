/*
 * A token that an identity provider (a Kubernetes cluster, most often) has put into a file, exchanged for a
 * role's credentials. https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
 */
#ifndef SAGEGATE_CREDENTIALS_WEB_IDENTITY_H
#define SAGEGATE_CREDENTIALS_WEB_IDENTITY_H

#include "credentials/sts.h"

/*
 * Reads the file, which is rotated, and asks STS. NULL with err when the file has no token that could be
 * sent; the text never quotes it.
 */
struct sts_call *web_identity_start(struct sts *sts, const char *token_file, const struct sts_role *role,
                                    unsigned timeout_ms, sts_done *done, void *user, struct sg_error *err);

#endif
