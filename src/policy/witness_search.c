/*
 * Combines options. A goal is: this Allow of one document, none of its Denies; and of the other this Deny, or
 * neither a Deny nor an Allow. So some statements must be on in every dimension, and each of some others off
 * in at least one: what is left to be put off shrinks from dimension to dimension.
 */
#include <stdlib.h>

#include "policy/witness.h"

enum { MOST_STATES = 2000 };

/* What is still on, after the dimensions so far. */
struct state {
    const struct state *before, *next;
    const struct option *option;
    uint64_t left[];
};

struct goal {
    struct witness *w;
    struct arena arena;
    size_t allow, deny; /* statements; deny is w->count when there is to be none */
    uint64_t *unwanted;
};

static const struct options *dimension(const struct witness *w, size_t i)
{
    return i == 0 ? &w->requests : i == 1 ? &w->callers : &w->keys[i - 2].options;
}

static bool is_in(const uint64_t *inner, const uint64_t *outer, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        if (inner[i] & ~outer[i])
            return false;
    }
    return true;
}

static bool is_empty(const uint64_t *bits, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        if (bits[i])
            return false;
    }
    return true;
}

static bool serves(const struct goal *goal, const struct option *option)
{
    return witness_is_set(option->on, goal->allow) &&
           (goal->deny == goal->w->count || witness_is_set(option->on, goal->deny));
}

/* Adds what is left after the option, unless a state with no more left is there. */
static void add_state(struct goal *goal, const struct state **list, size_t *count, const struct state *before,
                      const struct option *option)
{
    size_t words = goal->w->words;
    struct state *state = arena_alloc(&goal->arena, 1, sizeof(*state) + words * sizeof(uint64_t));

    if (!state) {
        goal->w->arena.failed = true;
        return;
    }
    *state = (struct state){.before = before, .option = option, .next = *list};
    for (size_t i = 0; i < words; i++)
        state->left[i] = (before ? before->left[i] : goal->unwanted[i]) & option->on[i];
    for (const struct state *other = *list; other; other = other->next) {
        if (is_in(other->left, state->left, words))
            return;
    }
    if (*count == MOST_STATES) {
        witness_cut(goal->w, "there are too many combinations of conditions");
        return;
    }
    *list = state;
    ++*count;
}

/* The states after one dimension more; NULL when there is none. */
static const struct state *step(struct goal *goal, const struct state *states, size_t i)
{
    const struct options *options = dimension(goal->w, i);
    const struct state *reached = NULL;
    size_t count = 0;

    for (size_t k = 0; k < options->count && !goal->w->arena.failed; k++) {
        if (!serves(goal, &options->at[k]))
            continue;
        if (i == 0)
            add_state(goal, &reached, &count, NULL, &options->at[k]);
        for (const struct state *state = states; state && !goal->w->arena.failed; state = state->next)
            add_state(goal, &reached, &count, state, &options->at[k]);
    }
    return reached;
}

static void tell(struct goal *goal, const struct state *last)
{
    struct witness *w = goal->w;
    size_t count = w->key_count + 2;
    const struct option **options = arena_alloc(&goal->arena, count, sizeof(*options));

    if (!options) {
        w->arena.failed = true;
        return;
    }
    for (; last; last = last->before)
        options[--count] = last->option;
    witness_tell(w, goal->allow < w->first_count ? 0 : 1, options[0], options[1], options + 2);
}

static bool reach(struct goal *goal)
{
    struct witness *w = goal->w;
    const struct state *states = NULL;

    for (size_t i = 0; i < w->key_count + 2; i++) {
        states = step(goal, states, i);
        if (!states)
            return false;
    }
    for (; states && !w->arena.failed; states = states->next) {
        if (is_empty(states->left, w->words)) {
            tell(goal, states);
            return true;
        }
    }
    return false;
}

static bool is_of_first(const struct witness *w, size_t statement)
{
    return statement < w->first_count;
}

/* Denies of whose Allow is wanted; when nothing is to refuse, also all of the other's. */
static bool is_unwanted(const struct goal *goal, size_t statement)
{
    const struct witness *w = goal->w;

    if (is_of_first(w, statement) == is_of_first(w, goal->allow))
        return w->statements[statement]->deny;
    return goal->deny == w->count;
}

static bool try_goal(struct witness *w, size_t allow, size_t deny)
{
    struct goal goal = {.w = w, .allow = allow, .deny = deny};
    bool reached = false;

    goal.unwanted = arena_alloc(&goal.arena, w->words, sizeof(*goal.unwanted));
    for (size_t i = 0; goal.unwanted && i < w->count; i++) {
        if (is_unwanted(&goal, i))
            witness_set(goal.unwanted, i);
    }
    if (goal.unwanted)
        reached = reach(&goal);
    else
        w->arena.failed = true;
    arena_free(&goal.arena);
    return reached;
}

void witness_search(struct witness *w)
{
    for (size_t allow = 0; allow < w->count; allow++) {
        if (w->statements[allow]->deny)
            continue;
        for (size_t deny = 0; deny <= w->count && !w->arena.failed; deny++) {
            bool *solved = &w->solved[allow * (w->count + 1) + deny];

            if (*solved || (deny < w->count &&
                            (!w->statements[deny]->deny || is_of_first(w, deny) == is_of_first(w, allow))))
                continue;
            *solved = try_goal(w, allow, deny);
        }
    }
}
