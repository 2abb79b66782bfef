/*
 * Who a statement is for (IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal"), and who
 * calls. A role stands for all its sessions, an account for everyone in it.
 */
#ifndef SAGEGATE_POLICY_PRINCIPAL_H
#define SAGEGATE_POLICY_PRINCIPAL_H

#include "base/slice.h"
#include "policy/truth.h"

enum principal_kind {
    PRINCIPAL_EVERYONE,
    PRINCIPAL_ACCOUNT, /* by its number, or its root's ARN */
    PRINCIPAL_ROLE,
    PRINCIPAL_SESSION, /* of an assumed role */
    PRINCIPAL_USER,    /* or the session of a federated user */
    PRINCIPAL_OTHER,   /* a service, an identity provider, …: never the caller */
};

struct principal {
    enum principal_kind kind;
    struct slice arn;
    struct slice partition; /* len 0 for an account's number: any */
    struct slice account;
    struct slice role; /* its name, without path: names are unique in an account, in any case of letters */
};

struct principals {
    struct principal *at;
    size_t count;
    bool negated; /* NotPrincipal */
    bool present; /* else the statement is for everyone, as in identity policies */
};

/*
 * Reads "*", twelve digits, or the ARN of a root, user, role, assumed-role session or federated user. Slices
 * point into text. False when it is none of them.
 */
bool principal_read(struct slice text, struct principal *out);

/* Whether the caller is among them; by NotPrincipal, is not. `caller` is NULL when it is not known. */
enum truth principals_match(const struct principals *principals, const struct principal *caller);

#endif
