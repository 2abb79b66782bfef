/*
 * The resources that requests can name are of many types, most of which neither document tells apart: one of
 * those that are treated alike will do.
 */
#include "compare/witness.h"

/* "arn:aws:sagemaker:?*:????????????:endpoint/?*" in three parts: "endpoint" is the type. */
struct form {
    struct slice head, type, tail;
};

static bool split(struct slice pattern, struct form *form)
{
    struct slice rest = pattern, part;

    for (int i = 0; i < ARN_COLONS; i++) {
        if (!slice_split(&rest, ':', &part))
            return false;
    }
    if (!rest.ptr)
        return false;
    form->head = slice_of(pattern.ptr, pattern.len - rest.len);
    slice_split(&rest, '/', &form->type);
    form->tail = rest;
    return rest.ptr != NULL;
}

static bool has_special(struct slice text)
{
    return memchr(text.ptr, '*', text.len) || memchr(text.ptr, '?', text.len) ||
           memchr(text.ptr, '$', text.len);
}

/* A pattern that takes any type, or one, or, for all that is known here, some of both. */
static bool tells_apart(struct slice pattern, struct slice one, struct slice other)
{
    struct form form;
    struct slice rest = pattern, part;

    if (slice_eq(pattern, SLICE("*")))
        return false;
    if (split(pattern, &form))
        return !slice_eq(form.type, SLICE("*")) &&
               (has_special(form.type) || slice_eq(form.type, one) != slice_eq(form.type, other));
    for (int i = 0; i < ARN_COLONS && rest.ptr; i++)
        slice_split(&rest, ':', &part);
    return has_special(rest) && !slice_eq(rest, SLICE("*"));
}

/* A resource of the form: each '?' is a character, each '*' none. */
static struct slice sample(struct witness *w, struct slice pattern)
{
    char *text = arena_alloc(&w->arena, pattern.len, 1);
    size_t len = 0;

    for (size_t i = 0; text && i < pattern.len; i++) {
        if (pattern.ptr[i] != '*')
            text[len++] = pattern.ptr[i] == '?' ? '0' : pattern.ptr[i];
    }
    return slice_of(text, len);
}

/* Whether each action that takes the one has one that takes the other, and counts the same. */
static bool has_actions_of(const struct witness *w, struct slice one, struct slice other)
{
    const struct compare_world *world = w->world;

    for (size_t i = 0; i < world->action_count; i++) {
        size_t k = 0;

        if (!world->takes(world->user, i, one) || world->takes(world->user, i, other))
            continue;
        while (k < world->action_count &&
               (memcmp(w->actions[i], w->actions[k], w->words * sizeof(uint64_t)) != 0 ||
                !world->takes(world->user, k, other)))
            k++;
        if (k == world->action_count)
            return false;
    }
    return true;
}

static bool are_alike(struct witness *w, struct slice one, struct slice other)
{
    struct form a, b;

    if (!split(one, &a) || !split(other, &b) || !slice_eq(a.head, b.head) || !slice_eq(a.tail, b.tail))
        return false;
    for (size_t i = 0; i < w->count; i++) {
        const struct patterns *patterns = &w->statements[i]->resources;

        for (size_t k = 0; k < patterns->count; k++) {
            if (tells_apart(patterns->at[k].text, a.type, b.type))
                return false;
        }
    }
    return has_actions_of(w, sample(w, one), sample(w, other)) &&
           has_actions_of(w, sample(w, other), sample(w, one));
}

bool witness_universe(struct witness *w)
{
    const struct compare_world *world = w->world;

    w->resources = arena_alloc(&w->arena, world->resource_count, sizeof(*w->resources));
    for (size_t i = 0; w->resources && i < world->resource_count; i++) {
        size_t k = 0;

        while (k < w->resource_count && !(world->takes && are_alike(w, world->resources[i], w->resources[k])))
            k++;
        if (k == w->resource_count)
            w->resources[w->resource_count++] = world->resources[i];
    }
    return w->resources && !w->arena.failed;
}
