/*
 * The policies of the VPC endpoints at one moment, compiled: for a request, that of the endpoint which it
 * goes through. Immutable but for its users, who all live in one thread: each worker has one of its own, so
 * that nothing is counted across threads. Not for how it becomes another: see follow.h.
 */
#ifndef SAGEGATE_MIRROR_MIRROR_H
#define SAGEGATE_MIRROR_MIRROR_H

#include "config/config.h"

enum { MIRROR_NAME = 128, MIRROR_WHY = SG_TEXT };

/* Of one endpoint. */
struct mirror_policy {
    struct policy *policy;  /* NULL: there is none, … */
    char why[MIRROR_WHY];   /* … because */
    char name[MIRROR_NAME]; /* "vpce-0123456789abcdef0 (endpoints.runtime)" */
};

struct mirror {
    size_t users;
    struct mirror_policy of[AWS_SERVICE_COUNT];
};

/* What one is made of: the good document of an endpoint; empty, and why there is none. */
struct mirror_text {
    struct slice document;
    const char *why;
};

/* One user, the caller. NULL when memory is short, or a document is not good after all. */
struct mirror *mirror_new(const struct config *config, const struct mirror_text texts[AWS_SERVICE_COUNT]);

/* One of what is in the cache, for commands, of a configuration that has a mirror. As mirror_new(). */
struct mirror *mirror_from_cache(const struct config *config);

static inline struct mirror *mirror_use(struct mirror *mirror)
{
    mirror->users++;
    return mirror;
}

/* The last user frees it. NULL is fine. */
void mirror_leave(struct mirror *mirror);

#endif
