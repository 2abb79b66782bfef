/* Actions with resources: all combinations that match differently. */
#include "compare/witness.h"

struct request_builder {
    struct witness *w;
    uint64_t *allows; /* the Allow statements: without one, nobody allows */
    uint64_t *resource_bits, *both;
};

static uint64_t *bits_of_action(struct witness *w, struct slice action)
{
    uint64_t *bits = witness_bits(w);
    struct context context = {.facts = &w->facts};

    for (size_t i = 0; bits && i < w->count; i++) {
        const struct statement *statement = w->statements[i];

        if (witness_is_on(statement, patterns_match(&statement->actions, action, &context)))
            witness_set(bits, i);
    }
    return bits;
}

bool witness_actions(struct witness *w)
{
    w->actions = arena_alloc(&w->arena, w->world->action_count, sizeof(*w->actions));
    for (size_t i = 0; w->actions && i < w->world->action_count; i++)
        w->actions[i] = bits_of_action(w, w->world->actions[i]);
    return !w->arena.failed;
}

static void add_request(struct request_builder *b, size_t action, struct slice resource)
{
    struct witness *w = b->w;
    struct option option = {.on = b->both, .action = action, .text = resource};
    bool some = false;

    for (size_t i = 0; i < w->words; i++) {
        b->both[i] = w->actions[action][i] & b->resource_bits[i];
        some |= (b->both[i] & b->allows[i]) != 0;
    }
    if (!some || (w->world->takes && !w->world->takes(w->world->user, action, resource)))
        return;
    if (witness_add(w, &w->requests, option)) {
        b->both = witness_bits(w);
        w->arena.failed |= !b->both;
    }
}

/* resource of len 0: none, which is asked for as "*". */
static void add_resource(void *user, struct slice resource)
{
    struct request_builder *b = user;
    struct witness *w = b->w;
    struct context context = {.facts = &w->facts};

    if (w->arena.failed || !witness_spend(w, w->world->action_count * w->words))
        return;
    memset(b->resource_bits, 0, w->words * sizeof(*b->resource_bits));
    for (size_t i = 0; i < w->count; i++) {
        const struct statement *statement = w->statements[i];
        struct slice text = resource.len ? resource : SLICE("*");

        if (witness_is_on(statement, patterns_match(&statement->resources, text, &context)))
            witness_set(b->resource_bits, i);
    }
    for (size_t i = 0; i < w->world->action_count && !w->arena.failed; i++)
        add_request(b, i, resource);
}

void witness_resource_texts(struct witness *w, void (*tell)(void *user, struct slice text), void *user)
{
    struct languages languages = {.tokens = NULL};
    struct pattern universe;

    for (size_t i = 0; i < w->resource_count; i++) {
        if (pattern_compile(w->resources[i], PATTERN_WILDCARDS | PATTERN_ARN, w->scratch, &universe, NULL) ==
            SG_OK)
            witness_language(w, &universe, true, &languages);
    }
    for (size_t i = 0; i < w->count; i++) {
        for (size_t k = 0; k < w->statements[i]->resources.count; k++)
            witness_language(w, &w->statements[i]->resources.at[k], false, &languages);
    }
    witness_check(w, languages_examples(&languages, &w->effort, w->scratch, tell, user), "resources",
                  SLICE(""));
    languages_free(&languages);
}

void witness_requests(struct witness *w)
{
    struct request_builder b = {
        .w = w,
        .allows = witness_bits(w),
        .resource_bits = witness_bits(w),
        .both = witness_bits(w),
    };

    if (w->arena.failed)
        return;
    for (size_t i = 0; i < w->count; i++) {
        if (!w->statements[i]->deny)
            witness_set(b.allows, i);
    }
    witness_resource_texts(w, add_resource, &b);
    add_resource(&b, SLICE(""));
}
