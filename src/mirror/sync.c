#include "mirror/sync.h"

#include "mirror/world.h"

/* The control thread does nothing else meanwhile. */
#define EFFORT UINT64_C(100000000)

static enum mirror_sync compare(const struct config_listener *listener, const struct policy *policy,
                                unsigned services)
{
    const struct compare_side sides[] = {
        {(const struct policy *const *)listener->policies, listener->policy_files.count}, {&policy, 1}};
    struct arena arena = {.blocks = NULL};
    struct compare_world world = mirror_world(&arena, &services);
    struct comparison comparison = {.count = 0};
    enum mirror_sync answer = MIRROR_SYNC_UNKNOWN;

    world.effort = EFFORT;
    if (!arena.failed && policy_compare(sides, &world, &comparison) == SG_OK) {
        if (comparison.count)
            answer = MIRROR_SYNC_NO;
        else if (comparison.cut[0] == '\0')
            answer = MIRROR_SYNC_YES;
    }
    comparison_free(&comparison);
    arena_free(&arena);
    return answer;
}

enum mirror_sync mirror_sync(const struct config *config, const struct config_listener *listener,
                             const struct mirror *mirror)
{
    enum mirror_sync answer = MIRROR_SYNC_YES;

    if (!listener->mirror.wanted || listener->policy_files.count == 0)
        return MIRROR_SYNC_UNKNOWN;
    for (unsigned i = 0; i < AWS_SERVICE_COUNT && answer != MIRROR_SYNC_NO; i++) {
        enum mirror_sync one = MIRROR_SYNC_UNKNOWN;

        if (!config->endpoints[i].configured)
            continue;
        if (mirror->of[i].policy)
            one = compare(listener, mirror->of[i].policy, 1U << i);
        answer = one == MIRROR_SYNC_YES ? answer : one;
    }
    return answer;
}
