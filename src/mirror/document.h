/* What the policy document of a VPC endpoint is worth as an allowlist. */
#ifndef SAGEGATE_MIRROR_DOCUMENT_H
#define SAGEGATE_MIRROR_DOCUMENT_H

#include "config/config.h"

/*
 * Whether it is the full-access policy that AWS gives an endpoint which nobody gave one, or says the same: a
 * statement that allows everyone every action on every resource, and no Deny.
 * https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html ("Default endpoint policy")
 */
bool document_is_full_access(const struct policy *policy);

/*
 * Whether a document is an allowlist to go by: understood in full, and not full access unless the
 * configuration accepts that. SG_INVALID with what is wrong; else what is to be said of it goes to the log,
 * as for a file that the configuration names. `name` stands for the file.
 */
enum sg_status document_check(const struct config *config, const char *name, struct slice document,
                              struct sg_error *err);

#endif
