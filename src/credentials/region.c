#include "credentials/region.h"

#include <stdlib.h>

#include "credentials/metadata.h"

enum {
    REGION_TIMEOUT_MS = 2000, /* the daemon cannot start without */
    ZONE_TIMEOUT_MS = 1000,   /* it can, but its first requests would go anywhere */
    PLACE_MAX = 32,
};

struct lookup {
    struct metadata *metadata;
    const char *what;
    instance_place *done;
    void *user;
};

/* "us-west-2", "us-west-2a": it becomes part of host names. */
static bool is_place(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return s.len > 0 && s.len <= PLACE_MAX;
}

static void on_answer(void *user, const struct fetch_answer *answer)
{
    struct lookup *lookup = user;
    struct slice place = answer->body;
    char why_not[80];

    while (place.len && (unsigned char)place.ptr[place.len - 1] <= ' ')
        place.len--;
    if (answer->status == 200 && is_place(place)) {
        lookup->done(lookup->user, place, NULL);
    } else if (answer->status) {
        sg_word(why_not, sizeof(why_not), "instance metadata answered with status %d and no %s",
                answer->status, lookup->what);
        lookup->done(lookup->user, slice_of(NULL, 0), why_not);
    } else {
        lookup->done(lookup->user, slice_of(NULL, 0), answer->problem);
    }
    metadata_close(lookup->metadata);
    free(lookup);
}

static void look_up(struct event_base *base, const char *what, const char *path, unsigned timeout_ms,
                    instance_place *done, void *user)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    struct metadata *metadata = lookup ? metadata_open(base, false) : NULL;

    if (!metadata) {
        free(lookup);
        done(user, slice_of(NULL, 0), "out of memory");
        return;
    }
    *lookup = (struct lookup){metadata, what, done, user};
    metadata_get(metadata, path, timeout_ms, on_answer, lookup);
}

void instance_region_lookup(struct event_base *base, instance_place *done, void *user)
{
    look_up(base, "region", "/latest/meta-data/placement/region", REGION_TIMEOUT_MS, done, user);
}

void instance_zone_lookup(struct event_base *base, instance_place *done, void *user)
{
    look_up(base, "zone", "/latest/meta-data/placement/availability-zone", ZONE_TIMEOUT_MS, done, user);
}
