/*
 * Who signs, as AWS sees it: what STS GetCallerIdentity says, and the policy keys aws:Principal… that follow
 * from it (IAM User Guide, "AWS global condition context keys", "Properties of the principal").
 */
#ifndef SAGEGATE_AWS_CALLER_IDENTITY_H
#define SAGEGATE_AWS_CALLER_IDENTITY_H

#include "base/buffer.h"
#include "base/error.h"

/* Borrowed; of length 0 what is not known. */
struct caller_identity {
    struct slice account;        /* aws:PrincipalAccount: twelve digits */
    struct slice partition;      /* "aws", "aws-cn", "aws-us-gov" */
    struct slice arn;            /* the caller's: of a user, of a role's session, of the account's root */
    struct slice principal_arn;  /* aws:PrincipalArn: the same, but of the role itself for its session */
    struct slice principal_type; /* aws:PrincipalType: "User", "AssumedRole", "FederatedUser", "Account" */
    struct slice user_id;        /* aws:userid: "AIDA…", or "AROA…:session" */
    struct slice username;       /* aws:username: of a user, without its path */
};

/*
 * Fills all that a caller's ARN tells: of an IAM user, of a role or of its session, of a federated user, or
 * of an account's root. The slices point into arn and into memory, which is appended to: the ARN of a
 * session's role is made, as if the role had no path, since a session's does not tell it. SG_INVALID when it
 * is none of these, SG_NO_MEMORY; then `who` is empty.
 */
enum sg_status caller_identity_read(struct slice arn, struct buffer *memory, struct caller_identity *who);

/* Whether both may be one caller: `role` is the ARN of a role (with its path), `session` that of a session
 * with a role of this name in the same account; or they are the same. */
bool caller_identity_is_same(const struct caller_identity *role, const struct caller_identity *session);

/* Whether all that is known is the same: then every policy says the same of both. */
bool caller_identity_equal(const struct caller_identity *a, const struct caller_identity *b);

#endif
