/*
 * Combines options. A goal is: of one side, this Allow of each document, and no Deny; of the other this Deny,
 * or no Deny and no Allow of this document. So some statements must be on in every dimension, and each of
 * some others off in at least one: what is left to be put off shrinks from dimension to dimension.
 */
#include <stdlib.h>

#include "compare/witness.h"

enum { MOST_STATES = 2000, MOST_GOALS = 4 * 1024 * 1024 };

#define NONE SIZE_MAX

/* What is still on, after the dimensions so far. */
struct state {
    const struct state *before, *next;
    const struct option *option;
    uint64_t left[];
};

struct goal {
    struct witness *w;
    struct arena arena;
    uint64_t *wanted, *unwanted; /* statements */
    size_t side;                 /* that allows */
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
    return is_in(goal->wanted, option->on, goal->w->words);
}

/* Adds what is left after the option, unless a state with no more left is there. */
static void add_state(struct goal *goal, const struct state **list, size_t *count, const struct state *before,
                      const struct option *option)
{
    size_t words = goal->w->words;
    struct state *state;

    if (!witness_spend(goal->w, words * (*count + 1)))
        return;
    state = arena_alloc(&goal->arena, 1, sizeof(*state) + words * sizeof(uint64_t));
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
        if (!witness_spend(goal->w, goal->w->words))
            return NULL;
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
    witness_tell(w, goal->side, options[0], options[1], options + 2);
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

enum pass { PASS_COUNT, PASS_TWINS, PASS_SEARCH };

/* Goes through the goals. */
struct plan {
    struct witness *w;
    size_t side;
    size_t *allows; /* the one that is tried, of each document of the side */
    size_t number;  /* of the goal */
    enum pass pass;
};

/* With a Deny of the other side, or a document of it that is to allow nothing. */
static bool try_goal(const struct plan *plan, size_t deny, size_t silent)
{
    struct witness *w = plan->w;
    struct goal goal = {.w = w, .side = plan->side};
    bool reached = false;

    goal.wanted = arena_alloc(&goal.arena, w->words, sizeof(*goal.wanted));
    goal.unwanted = arena_alloc(&goal.arena, w->words, sizeof(*goal.unwanted));
    if (goal.wanted && goal.unwanted) {
        for (size_t i = 0; i < w->sides[plan->side].count; i++)
            witness_set(goal.wanted, plan->allows[i]);
        if (deny != NONE)
            witness_set(goal.wanted, deny);
        for (size_t i = 0; i < w->count; i++) {
            bool denies =
                w->statements[i]->deny && (deny == NONE || witness_side(w, w->documents[i]) == plan->side);

            if (denies || (!w->statements[i]->deny && w->documents[i] == silent))
                witness_set(goal.unwanted, i);
        }
        reached = reach(&goal);
    }
    w->arena.failed |= goal.arena.failed;
    arena_free(&goal.arena);
    return reached;
}

/* Where twins stand in the way: of the Deny on the side that is to allow, of an Allow in the silent document.
 */
static bool is_hopeless(const struct plan *plan, size_t deny, size_t silent)
{
    const struct witness *w = plan->w;

    for (size_t i = 0; deny == NONE && silent < 64 && i < w->sides[plan->side].count; i++) {
        if (w->twins[plan->allows[i]] >> silent & 1)
            return true;
    }
    return deny != NONE && w->twins[deny];
}

static void visit(struct plan *plan, size_t deny, size_t silent)
{
    struct witness *w = plan->w;
    size_t number = plan->number++;

    if (plan->pass == PASS_COUNT || w->arena.failed || w->solved[number])
        return;
    if (plan->pass == PASS_TWINS)
        w->solved[number] = is_hopeless(plan, deny, silent);
    else
        w->solved[number] = try_goal(plan, deny, silent);
    w->open += !w->solved[number];
}

static void visit_targets(struct plan *plan)
{
    struct witness *w = plan->w;

    for (size_t i = 0; i < w->document_count; i++) {
        if (witness_side(w, i) != plan->side)
            visit(plan, NONE, i);
    }
    for (size_t i = 0; i < w->count && plan->number <= MOST_GOALS; i++) {
        if (w->statements[i]->deny && witness_side(w, w->documents[i]) != plan->side)
            visit(plan, i, NONE);
    }
}

/* Each Allow of each document of the side, with each of the others. */
static void visit_allows(struct plan *plan, size_t chosen)
{
    struct witness *w = plan->w;
    size_t document = chosen + (plan->side ? w->sides[0].count : 0);

    if (chosen == w->sides[plan->side].count) {
        visit_targets(plan);
        return;
    }
    for (size_t i = 0; i < w->count && plan->number <= MOST_GOALS; i++) {
        if (w->statements[i]->deny || w->documents[i] != document)
            continue;
        plan->allows[chosen] = i;
        visit_allows(plan, chosen + 1);
    }
}

static bool visit_all(struct witness *w, enum pass pass)
{
    struct plan plan = {.w = w, .pass = pass};

    plan.allows = calloc(w->document_count + 1, sizeof(*plan.allows));
    if (!plan.allows)
        return false;
    w->open = 0;
    for (plan.side = 0; plan.side < 2; plan.side++)
        visit_allows(&plan, 0);
    w->goal_count = plan.number;
    free(plan.allows);
    return true;
}

bool witness_plan(struct witness *w)
{
    if (w->arena.failed || !visit_all(w, PASS_COUNT))
        return false;
    if (w->goal_count > MOST_GOALS) {
        witness_cut(w, "there are too many statements");
        return true;
    }
    w->solved = calloc(w->goal_count + 1, sizeof(*w->solved));
    return w->solved && visit_all(w, PASS_TWINS);
}

void witness_search(struct witness *w)
{
    w->arena.failed |= !visit_all(w, PASS_SEARCH);
}
