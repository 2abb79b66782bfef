/* What the policy document of a VPC endpoint is worth as an allowlist. */
#ifndef SAGEGATE_MIRROR_DOCUMENT_H
#define SAGEGATE_MIRROR_DOCUMENT_H

#include "policy/policy.h"

/*
 * Whether it is the full-access policy that AWS gives an endpoint which nobody gave one, or says the same: a
 * statement that allows everyone every action on every resource, and no Deny.
 * https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html ("Default endpoint policy")
 */
bool document_is_full_access(const struct policy *policy);

#endif
