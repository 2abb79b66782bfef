/* Chooses, for each statement, the index in which the fewest requests will come upon it. */
#include <stdlib.h>

#include "policy/document.h"

/* The two ways to index a statement. */
enum key { BY_ACTION, BY_RESOURCE };

struct slice index_resource_key(struct slice arn)
{
    struct slice part;

    for (int i = 0; i < ARN_COLONS; i++)
        slice_split(&arn, ':', &part);
    return arn;
}

static struct slice key_of(const struct patterns *patterns, size_t i, enum key key)
{
    struct slice text = patterns->at[i].text;

    return pattern_prefix(key == BY_RESOURCE ? index_resource_key(text) : text);
}

/* Beginnings of actions are compared in lower case. */
static struct slice lowered(struct slice text, struct arena *arena)
{
    char *bytes = arena_alloc(arena, text.len, 1);

    for (size_t i = 0; bytes && i < text.len; i++)
        bytes[i] = ascii_lower(text.ptr[i]);
    return slice_of(bytes, bytes ? text.len : 0);
}

static const struct patterns *patterns_of(const struct statement *statement, enum key key)
{
    return key == BY_ACTION ? &statement->actions : &statement->resources;
}

/* A negated list says nothing about what matches: the statement stands under the empty beginning. */
static size_t add_entries(const struct policy *policy, size_t statement, enum key key, struct arena *arena,
                          struct prefix_entry *entries)
{
    const struct patterns *patterns = patterns_of(&policy->statements[statement], key);

    if (patterns->negated) {
        entries[0] = (struct prefix_entry){SLICE(""), (uint32_t)statement};
        return 1;
    }
    for (size_t i = 0; i < patterns->count; i++) {
        struct slice prefix = key_of(patterns, i, key);

        if (key == BY_ACTION)
            prefix = lowered(prefix, arena);
        entries[i] = (struct prefix_entry){prefix, (uint32_t)statement};
    }
    return patterns->count;
}

static size_t most_entries(const struct policy *policy, enum key key)
{
    size_t count = 0;

    for (size_t i = 0; i < policy->count; i++)
        count += patterns_of(&policy->statements[i], key)->count + 1;
    return count;
}

/* An index of the statements with this effect that are to be found by that key. */
static bool build(const struct policy *policy, bool deny, enum key key, const signed char *chosen,
                  struct arena *arena, struct prefix_index *out)
{
    struct prefix_entry *entries = calloc(most_entries(policy, key) + 1, sizeof(*entries));
    size_t count = 0;
    bool good;

    if (!entries)
        return false;
    for (size_t i = 0; i < policy->count; i++) {
        if (policy->statements[i].deny == deny && (!chosen || chosen[i] == (signed char)key))
            count += add_entries(policy, i, key, arena, entries + count);
    }
    good = prefix_index_build(entries, count, arena, out);
    free(entries);
    return good && !arena->failed;
}

/* In how many statements' company a request may come upon the statement. */
static size_t company(const struct policy *policy, size_t statement, enum key key,
                      const struct prefix_index *index, struct arena *scratch)
{
    const struct patterns *patterns = patterns_of(&policy->statements[statement], key);
    size_t sum = 0;

    if (patterns->negated)
        return policy->count;
    for (size_t i = 0; i < patterns->count; i++) {
        struct slice prefix = key_of(patterns, i, key);
        const struct prefix_node *node =
            prefix_index_exact(index, key == BY_ACTION ? lowered(prefix, scratch) : prefix);

        sum += node ? node->count_below : 0;
    }
    return sum / (patterns->count ? patterns->count : 1);
}

static bool choose(const struct policy *policy, bool deny, signed char *chosen)
{
    struct arena scratch = {0};
    struct prefix_index by_action, by_resource;
    bool good = build(policy, deny, BY_ACTION, NULL, &scratch, &by_action) &&
                build(policy, deny, BY_RESOURCE, NULL, &scratch, &by_resource);

    for (size_t i = 0; good && i < policy->count; i++) {
        if (policy->statements[i].deny != deny)
            continue;
        chosen[i] = company(policy, i, BY_RESOURCE, &by_resource, &scratch) <
                            company(policy, i, BY_ACTION, &by_action, &scratch)
                        ? BY_RESOURCE
                        : BY_ACTION;
    }
    good = good && !scratch.failed;
    arena_free(&scratch);
    return good;
}

bool index_build(struct policy *policy)
{
    signed char *chosen = calloc(policy->count + 1, 1);
    bool good = chosen != NULL;

    for (int deny = 0; good && deny < 2; deny++) {
        struct statement_index *index = &policy->indexes[deny];

        good = choose(policy, deny, chosen) &&
               build(policy, deny, BY_ACTION, chosen, &policy->arena, &index->by_action) &&
               build(policy, deny, BY_RESOURCE, chosen, &policy->arena, &index->by_resource);
    }
    free(chosen);
    return good;
}
