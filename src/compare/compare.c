/*
 * A request is an action on a resource, a caller and a value (or none) for each condition key: dimensions.
 * For each there are finitely many options that differ in which statements match: witness_*.c finds them all,
 * with an example each, from the patterns and operands of both documents. Then a search (witness_search.c)
 * combines them.
 *
 * Variables tie dimensions together: so they are given values first, from a list of those that can matter
 * (witness_variables.c), and the rest is done for each choice.
 */
#include "compare/compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "compare/witness.h"

/* Choices of variables' values. */
enum { MOST_CHOICES = 2000 };

void witness_cut(struct witness *w, const char *format, ...)
{
    va_list args;

    if (w->out->cut[0])
        return;
    va_start(args, format);
    vsnprintf(w->out->cut, sizeof(w->out->cut), format, args);
    va_end(args);
}

void witness_check(struct witness *w, enum sg_status status, const char *what, struct slice name)
{
    if (status == SG_NO_MEMORY)
        w->arena.failed = true;
    else if (status != SG_OK)
        witness_cut(w, "the patterns of %s%.*s are too many or too intricate", what,
                    (int)(name.len < 64 ? name.len : 64), name.ptr ? name.ptr : "");
}

bool witness_spend(struct witness *w, uint64_t words)
{
    w->exhausted |= words > w->effort;
    w->effort -= w->exhausted ? w->effort : words;
    if (w->exhausted)
        witness_cut(w, "the policies are too intricate");
    return !w->exhausted;
}

uint64_t *witness_bits(struct witness *w)
{
    uint64_t *bits = arena_alloc(w->scratch, w->words, sizeof(*bits));

    w->arena.failed |= !bits;
    return bits;
}

bool witness_add(struct witness *w, struct options *options, struct option option)
{
    if (!option.on || !witness_spend(w, w->words * (options->count + 1)))
        return false;
    for (size_t i = 0; i < options->count; i++) {
        if (memcmp(options->at[i].on, option.on, w->words * sizeof(*option.on)) == 0)
            return false;
    }
    if (options->count == options->room) {
        size_t room = options->room ? 2 * options->room : 16;
        struct option *grown = reallocarray(options->at, room, sizeof(*grown));

        if (!grown) {
            w->arena.failed = true;
            return false;
        }
        options->at = grown;
        options->room = room;
    }
    options->at[options->count++] = option;
    return true;
}

struct compared_key *witness_key(const struct witness *w, struct slice name)
{
    for (size_t i = 0; i < w->key_count; i++) {
        if (slice_eq_nocase(w->keys[i].name, name))
            return &w->keys[i];
    }
    return NULL;
}

/* The values of the request that is being put together. */
static enum context_lookup find_tried(void *user, struct slice name, struct context_values *out)
{
    const struct witness *w = user;
    const struct compared_key *key = witness_key(w, name);

    if (!key || (key != w->asked && key->value.len == 0))
        return CONTEXT_ABSENT;
    *out = key == w->asked ? w->answer : (struct context_values){&key->value, 1, false};
    return CONTEXT_FOUND;
}

static struct compared_key *add_key(struct witness *w, struct slice name)
{
    struct compared_key *key = witness_key(w, name);

    if (key)
        return key;
    key = &w->keys[w->key_count++];
    key->name = name;
    key->kind = w->world->kind ? w->world->kind(name) : COMPARE_EITHER;
    return key;
}

/* A text that repeats itself is beyond what the guesses of witness_variables.c can be sure of. */
static void check_repetition(struct witness *w, const struct pattern *pattern, size_t piece)
{
    struct slice name = pattern->pieces[piece].text;

    for (size_t i = 0; i < piece; i++) {
        if (pattern->pieces[i].kind == PIECE_VARIABLE && slice_eq_nocase(pattern->pieces[i].text, name))
            witness_cut(w, "the variable %.*s stands twice in one pattern",
                        (int)(name.len < 64 ? name.len : 64), name.ptr);
    }
}

static void add_variables(struct witness *w, const struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->count; i++) {
        if (pattern->pieces[i].kind != PIECE_VARIABLE)
            continue;
        add_key(w, pattern->pieces[i].text)->variable = true;
        check_repetition(w, pattern, i);
    }
}

static void add_condition(struct witness *w, const struct condition *condition)
{
    struct compared_key *key = add_key(w, condition->key);

    if (condition->op.base->kind != OPERAND_PATTERN && condition->op.base->kind != OPERAND_ARN)
        return;
    for (size_t i = 0; i < condition->count; i++) {
        add_variables(w, &condition->operands[i].pattern);
        key->varies |= condition->operands[i].pattern.variables > 0;
    }
}

/* At most as many keys as there are conditions and variables. */
static size_t count_keys(const struct witness *w)
{
    size_t count = 0;

    for (size_t i = 0; i < w->count; i++) {
        const struct statement *statement = w->statements[i];

        for (size_t k = 0; k < statement->resources.count; k++)
            count += statement->resources.at[k].variables;
        for (size_t k = 0; k < statement->conditions.count; k++) {
            const struct condition *condition = &statement->conditions.at[k];
            bool text =
                condition->op.base->kind == OPERAND_PATTERN || condition->op.base->kind == OPERAND_ARN;

            count++;
            for (size_t j = 0; text && j < condition->count; j++)
                count += condition->operands[j].pattern.variables;
        }
    }
    return count;
}

static void find_keys(struct witness *w)
{
    w->keys = arena_alloc(&w->arena, count_keys(w), sizeof(*w->keys));
    for (size_t i = 0; w->keys && i < w->count; i++) {
        const struct statement *statement = w->statements[i];

        for (size_t k = 0; k < statement->resources.count; k++) {
            add_variables(w, &statement->resources.at[k]);
            w->resources_vary |= statement->resources.at[k].variables > 0;
        }
        for (size_t k = 0; k < statement->conditions.count; k++)
            add_condition(w, &statement->conditions.at[k]);
    }
}

static size_t count_statements(const struct compare_side *side)
{
    size_t count = 0;

    for (size_t i = 0; i < side->count; i++)
        count += side->policies[i]->count;
    return count;
}

static void add_statements(struct witness *w, const struct compare_side *side)
{
    for (size_t i = 0; i < side->count; i++) {
        for (size_t k = 0; k < side->policies[i]->count; k++) {
            w->statements[w->count] = &side->policies[i]->statements[k];
            w->documents[w->count++] = w->document_count;
        }
        w->document_count++;
    }
}

static void find_twins(struct witness *w)
{
    w->twins = arena_alloc(&w->arena, w->count, sizeof(*w->twins));
    for (size_t i = 0; w->twins && i < w->count; i++) {
        for (size_t k = 0; k < w->count; k++) {
            if (witness_side(w, w->documents[i]) != witness_side(w, w->documents[k]) &&
                w->documents[k] < 64 && witness_spend(w, 1) &&
                witness_are_twins(w->statements[i], w->statements[k]))
                w->twins[i] |= UINT64_C(1) << w->documents[k];
        }
    }
}

static bool begin(struct witness *w)
{
    size_t count = count_statements(&w->sides[0]) + count_statements(&w->sides[1]);

    w->scratch = &w->arena;
    w->facts.context = find_tried;
    w->facts.context_user = w;
    w->words = (count + 63) / 64 + 1;
    w->statements = arena_alloc(&w->arena, count, sizeof(*w->statements));
    w->documents = arena_alloc(&w->arena, count, sizeof(*w->documents));
    if (!w->statements || !w->documents)
        return false;
    add_statements(w, &w->sides[0]);
    add_statements(w, &w->sides[1]);
    find_twins(w);
    return witness_plan(w);
}

/* Everything the first time; then only what hangs on variables. */
static void build(struct witness *w, bool first)
{
    if (first || w->resources_vary) {
        w->requests.count = 0;
        witness_requests(w);
    }
    if (first)
        witness_callers(w);
    for (size_t i = 0; i < w->key_count && !w->arena.failed; i++) {
        if (!first && !w->keys[i].variable && !w->keys[i].varies)
            continue;
        w->keys[i].options.count = 0;
        witness_key_options(w, &w->keys[i]);
    }
}

/* The next choice of values of all variables: none, then each guess. False after the last. */
static bool choose_next(struct witness *w, size_t *chosen)
{
    for (size_t i = 0; i < w->key_count; i++) {
        struct compared_key *key = &w->keys[i];

        chosen[i] = chosen[i] < key->guess_count ? chosen[i] + 1 : 0;
        key->value = chosen[i] ? key->guess[chosen[i] - 1] : SLICE("");
        if (chosen[i])
            return true;
    }
    return false;
}

static void compare(struct witness *w)
{
    size_t *chosen = arena_alloc(&w->arena, w->key_count, sizeof(*chosen)), choices = 0;
    bool more = chosen != NULL;

    witness_guess(w);
    while (more && w->open && !w->exhausted && !w->arena.failed) {
        struct arena arena = {.blocks = NULL};

        if (choices++ == MOST_CHOICES) {
            witness_cut(w, "the variables have too many values that could matter");
            break;
        }
        if (choices > 1)
            w->scratch = &arena;
        build(w, choices == 1);
        if (!w->arena.failed && !arena.failed)
            witness_search(w);
        w->arena.failed |= arena.failed;
        w->scratch = &w->arena;
        arena_free(&arena);
        more = choose_next(w, chosen);
    }
}

static void end(struct witness *w)
{
    for (size_t i = 0; i < w->key_count; i++) {
        free(w->keys[i].options.at);
        free(w->keys[i].guess);
    }
    free(w->requests.at);
    free(w->callers.at);
    free(w->solved);
    arena_free(&w->arena);
}

enum sg_status policy_compare(const struct compare_side sides[2], const struct compare_world *world,
                              struct comparison *out)
{
    struct witness w = {.sides = sides, .world = world, .effort = world->effort, .out = out};
    bool failed = !begin(&w);

    if (!failed && w.open) {
        find_keys(&w);
        failed = w.arena.failed || !witness_actions(&w) || !witness_universe(&w);
    }
    if (!failed && w.open)
        compare(&w);
    failed |= w.arena.failed || out->arena.failed;
    end(&w);
    return failed ? SG_NO_MEMORY : SG_OK;
}

enum context_lookup compare_context(void *user, struct slice key, struct context_values *out)
{
    const struct compare_difference *difference = user;

    for (size_t i = 0; i < difference->context_count; i++) {
        if (slice_eq_nocase(difference->context[i].key, key)) {
            *out = difference->context[i].values;
            return CONTEXT_FOUND;
        }
    }
    return CONTEXT_ABSENT;
}

void comparison_free(struct comparison *comparison)
{
    free(comparison->differences);
    arena_free(&comparison->arena);
    *comparison = (struct comparison){.differences = NULL};
}
