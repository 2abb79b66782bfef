/*
 * From profiles to what is to be done: where the first credentials come from, and which roles are assumed
 * with them, one after the other. Decided as botocore decides it; nothing is asked yet.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
#ifndef SAGEGATE_CREDENTIALS_PROFILE_PLAN_H
#define SAGEGATE_CREDENTIALS_PROFILE_PLAN_H

#include "credentials/profile_files.h"
#include "credentials/provider.h"

enum plan_base {
    PLAN_KEYS,         /* in the files themselves */
    PLAN_PROCESS,      /* of credential_process */
    PLAN_WEB_IDENTITY, /* of a token file, for first_role */
    PLAN_PROVIDER,     /* of another source: credential_source */
};

enum { PLAN_ROLES_MAX = 8 };

/* Strings are the plan's own, and may be NULL. */
struct plan_role {
    char *arn, *session_name, *external_id;
    unsigned duration_s; /* 0: not told */
};

struct profile_plan {
    enum plan_base base;
    struct credentials *keys;
    char *text; /* the command, or the token file's path */
    struct plan_role first_role;
    const struct provider *provider;
    struct plan_role roles[PLAN_ROLES_MAX]; /* the last one is assumed first */
    size_t role_count;
};

struct plan_request {
    const struct profile_files *files; /* read */
    const char *profile;
    const char *source; /* of static keys */
    bool named;         /* by somebody, not by default: then it has to exist */
    bool environment;   /* AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME count too, and
                           before the same keys of the profile */
};

/*
 * FOUND: *plan is filled. Otherwise why says what is missing and what would be right. profile_plan_free() is
 * due in each case.
 */
enum provider_outcome profile_plan_make(const struct plan_request *request, struct profile_plan *plan,
                                        struct buffer *why);

void profile_plan_free(struct profile_plan *plan);

#endif
