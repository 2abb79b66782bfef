/*
 * AWS Security Token Service: who somebody is, and roles that are assumed. Asked at endpoints.sts of the
 * configuration, else at its name in the configured region; never at the global name, which is us-east-1.
 * https://docs.aws.amazon.com/STS/latest/APIReference/
 */
#ifndef SAGEGATE_CREDENTIALS_STS_H
#define SAGEGATE_CREDENTIALS_STS_H

#include "credentials/credentials.h"
#include "credentials/https.h"

struct sts;

/* What is needed of the configuration is copied; its region must be known. NULL when memory is short. */
struct sts *sts_new(struct https *https, const struct config *config);
void sts_free(struct sts *sts); /* after all its calls; NULL is fine */

struct sts_role {
    struct slice arn;
    struct slice session_name; /* empty: one that tells this host */
    struct slice external_id;  /* empty: none */
    unsigned duration_s;       /* 0: STS's default, which is an hour */
    const struct sts_tag {
        const char *key, *value;
    } * tags; /* session tags */
    size_t tag_count;
};

/*
 * Valid during the call, as is all it points to. Either why_not is NULL, or it is a phrase that holds no
 * secret and all else is empty.
 */
struct sts_result {
    struct credentials *credentials; /* of a role, borrowed: `source` is as it was asked for */
    struct slice account, user_id;   /* of GetCallerIdentity */
    struct slice arn;                /* of the caller, or of the session with the assumed role */
    const char *why_not;
};

typedef void sts_done(void *user, const struct sts_result *result);

struct sts_call;

/*
 * `done` is called once, from the event loop, after which the call is gone. What may pass by itself (no
 * answer within timeout_ms, throttling, status 5xx) is tried three times in all. What is given is copied;
 * `source` is a literal. NULL when memory is short.
 */
struct sts_call *sts_get_caller_identity(struct sts *sts, struct credentials *keys, unsigned timeout_ms,
                                         sts_done *done, void *user);

/* Keys that have a session token are those of a role: then AWS gives no more than an hour, and no more is
 * asked for. */
struct sts_call *sts_assume_role(struct sts *sts, struct credentials *keys, const struct sts_role *role,
                                 const char *source, unsigned timeout_ms, sts_done *done, void *user);

/* Not signed: the token is what proves it. */
struct sts_call *sts_assume_role_with_web_identity(struct sts *sts, struct slice token,
                                                   const struct sts_role *role, const char *source,
                                                   unsigned timeout_ms, sts_done *done, void *user);

void sts_cancel(struct sts_call *call); /* `done` is not called; NULL is fine */

#endif
