/*
 * Whose the credentials are: what STS says (GetCallerIdentity, asked in the background, never waited for),
 * else what came with them (AssumedRoleUser), else what the configuration says. Stands between the chain and
 * who is told of its snapshots. Not for what follows from it: see aws/caller_identity.h.
 */
#ifndef SAGEGATE_CREDENTIALS_WHOAMI_H
#define SAGEGATE_CREDENTIALS_WHOAMI_H

#include "credentials/credentials.h"
#include "credentials/sts.h"

struct whoami;

struct whoami_setup {
    struct event_base *base;
    struct sts *sts;                  /* NULL: it is not asked */
    const struct config *config;      /* its region is known; what is needed is copied */
    const struct config_identity *of; /* likewise */
    credentials_changed *changed;
    void *user;
};

/* NULL when memory is short. */
struct whoami *whoami_new(const struct whoami_setup *setup);
void whoami_free(struct whoami *whoami); /* before sts; NULL is fine */

/*
 * A credentials_changed for the chain: passes on at once what it is told, with the identity as far as it is
 * known, and again, of the same generation, when STS has told more. STS is asked for the first set, and for
 * later ones at most once a minute.
 */
void whoami_changed(void *whoami, struct credentials *current, const char *why);

#endif
