#include "mirror/world.h"

#include <stdio.h>

#include "aws/condition_keys.h"
#include "aws/operation.h"
#include "aws/resource.h"

/* Twelve characters; written so since "??" begins a trigraph. */
#define ACCOUNT                                                                                              \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"                                                                                                      \
    "?"

enum { MOST_PATTERNS = 512 };

static bool takes(const void *user, size_t action, struct slice resource)
{
    const struct operation *operation = &operation_table[action];
    unsigned services = *(const unsigned *)user;
    struct slice service = {0}, type = {0}, rest = resource;

    if (!(services & 1U << operation->service))
        return false;
    if (resource.len == 0)
        return resource_may_be_none(operation);
    for (int i = 0; i < 6; i++) {
        if (!slice_split(&rest, i < 5 ? ':' : '/', &type))
            return false;
        if (i == 2)
            service = type;
    }
    return type.len && slice_eq(service, slice_cstr(aws_services[operation->service].signing_name)) &&
           resource_is_of_type(operation, type);
}

/* Keys that no operation carries may be of any kind: only AWS knows them. */
static enum compare_kind kind_of(struct slice key)
{
    if (condition_keys_is_list(key))
        return COMPARE_LIST;
    if (condition_keys_is_global(key) || condition_keys_is_told(key))
        return COMPARE_SINGLE;
    return COMPARE_EITHER;
}

static void add_pattern(struct arena *arena, struct slice *patterns, size_t *count, struct slice pattern)
{
    for (size_t i = 0; i < *count; i++) {
        if (slice_eq(patterns[i], pattern))
            return;
    }
    if (*count < MOST_PATTERNS)
        patterns[(*count)++] = arena_copy(arena, pattern);
}

/* Of AWS's partition, and of the others. Resources of any type are of those that other operations name. */
static void add_type(struct arena *arena, struct compare_world *world, struct slice *patterns,
                     const struct operation *operation, struct slice type)
{
    static const char *const partitions[] = {"aws", "aws-?*"};

    for (size_t i = 0; i < 2 && type.len; i++) {
        char text[160];
        int len = snprintf(text, sizeof(text), "arn:%s:%s:?*:" ACCOUNT ":%.*s/?*", partitions[i],
                           aws_services[operation->service].signing_name, SLICE_FMT(type));

        add_pattern(arena, patterns, &world->resource_count, slice_of(text, (size_t)len));
    }
}

struct compare_world mirror_world(struct arena *arena, const unsigned *services)
{
    struct slice *actions = arena_alloc(arena, operation_count, sizeof(*actions));
    struct slice *patterns = arena_alloc(arena, MOST_PATTERNS, sizeof(*patterns));
    struct compare_world world = {.actions = actions,
                                  .action_count = operation_count,
                                  .resources = patterns,
                                  .takes = takes,
                                  .user = services,
                                  .effort = COMPARE_EFFORT,
                                  .kind = kind_of};
    struct slice type;

    for (size_t i = 0; actions && patterns && i < operation_count; i++) {
        actions[i] = slice_cstr(operation_table[i].action);
        for (size_t k = 0; resource_type_at(&operation_table[i], k, &type); k++)
            add_type(arena, &world, patterns, &operation_table[i], type);
    }
    return world;
}
