#include "credentials/region.h"

#include <stdio.h>
#include <stdlib.h>

#include "credentials/metadata.h"

enum {
    TIMEOUT_MS = 2000, /* the daemon cannot start without */
    REGION_MAX = 32,
};

struct lookup {
    struct metadata *metadata;
    void (*done)(void *user, struct slice region, const char *why_not);
    void *user;
};

/* "us-west-2": it becomes part of host names. */
static bool is_region(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return s.len > 0 && s.len <= REGION_MAX;
}

static void on_answer(void *user, const struct fetch_answer *answer)
{
    struct lookup *lookup = user;
    struct slice region = answer->body;
    char why_not[80];

    while (region.len && (unsigned char)region.ptr[region.len - 1] <= ' ')
        region.len--;
    if (answer->status == 200 && is_region(region)) {
        lookup->done(lookup->user, region, NULL);
    } else if (answer->status) {
        snprintf(why_not, sizeof(why_not), "instance metadata answered with status %d and no region",
                 answer->status);
        lookup->done(lookup->user, slice_of(NULL, 0), why_not);
    } else {
        lookup->done(lookup->user, slice_of(NULL, 0), answer->problem);
    }
    metadata_close(lookup->metadata);
    free(lookup);
}

void instance_region_lookup(struct event_base *base,
                            void (*done)(void *user, struct slice region, const char *why_not), void *user)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    struct metadata *metadata = lookup ? metadata_open(base) : NULL;

    if (!metadata) {
        free(lookup);
        done(user, slice_of(NULL, 0), "out of memory");
        return;
    }
    *lookup = (struct lookup){metadata, done, user};
    metadata_get(metadata, "/latest/meta-data/placement/region", TIMEOUT_MS, on_answer, lookup);
}
