/* From what was found to an example that people can read: with the fewest keys, and usual names. */
#include <stdio.h>
#include <stdlib.h>

#include "compare/witness.h"

struct draft {
    struct witness *w;
    struct compare_difference difference;
    size_t action;
    struct compare_value *context;
};

static void decide(struct draft *draft, enum policy_decision decisions[2], struct policy_reason reasons[2])
{
    struct compare_difference *d = &draft->difference;
    struct request_facts facts = {
        .action = d->action,
        .principal_arn = d->principal,
        .resources = &d->resource,
        .resource_count = d->resource.len > 0,
        .context = compare_context,
        .context_user = d,
    };

    for (size_t i = 0; i < 2; i++)
        decisions[i] =
            policy_evaluate_all(draft->w->sides[i].policies, draft->w->sides[i].count, &facts, &reasons[i]);
}

/* Whether the same statement decided. */
static bool is_same(const struct policy_reason *a, const struct policy_reason *b)
{
    return a->document == b->document && a->statement == b->statement;
}

/* Whether the request is decided as it should be: by the same statements, once they are known. */
static bool holds(struct draft *draft, bool same)
{
    const struct compare_difference *d = &draft->difference;
    enum policy_decision decisions[2];
    struct policy_reason reasons[2];
    size_t by = d->allowed_by;

    decide(draft, decisions, reasons);
    if (decisions[by] != POLICY_ALLOWED || decisions[1 - by] == POLICY_ALLOWED)
        return false;
    return !same || (decisions[1 - by] == d->refusal && is_same(&reasons[by], &d->allow) &&
                     is_same(&reasons[1 - by], &d->refuse));
}

static void drop_keys(struct draft *draft)
{
    struct compare_difference *d = &draft->difference;

    for (size_t i = d->context_count; i-- > 0;) {
        struct compare_value dropped = draft->context[i];

        memmove(&draft->context[i], &draft->context[i + 1], (d->context_count - i - 1) * sizeof(dropped));
        d->context_count--;
        if (holds(draft, true))
            continue;
        memmove(&draft->context[i + 1], &draft->context[i], (d->context_count - i) * sizeof(dropped));
        draft->context[i] = dropped;
        d->context_count++;
    }
}

/* The resource with other text, if requests may name it and it is decided the same. Kept then. */
static bool try_resource(struct draft *draft, const struct slice parts[ARN_COLONS + 1])
{
    const struct compare_world *world = draft->w->world;
    struct compare_difference *d = &draft->difference;
    struct slice before = d->resource;
    char text[1024];
    int len = snprintf(text, sizeof(text), "%.*s:%.*s:%.*s:%.*s:%.*s:%.*s", SLICE_FMT(parts[0]),
                       SLICE_FMT(parts[1]), SLICE_FMT(parts[2]), SLICE_FMT(parts[3]), SLICE_FMT(parts[4]),
                       SLICE_FMT(parts[5]));

    if (len <= 0 || (size_t)len >= sizeof(text))
        return false;
    d->resource = slice_of(text, (size_t)len);
    if ((!world->takes || world->takes(world->user, draft->action, d->resource)) && holds(draft, true)) {
        d->resource = arena_copy(&draft->w->out->arena, d->resource);
        return true;
    }
    d->resource = before;
    return false;
}

static bool split_arn(struct slice arn, struct slice parts[ARN_COLONS + 1])
{
    for (int i = 0; i < ARN_COLONS; i++) {
        if (!slice_split(&arn, ':', &parts[i]))
            return false;
    }
    parts[ARN_COLONS] = arn;
    return arn.ptr != NULL;
}

/* Puts another part in the resource, if it will do. */
static bool try_part(struct draft *draft, struct slice parts[ARN_COLONS + 1], size_t i, struct slice text)
{
    struct slice before = parts[i];

    parts[i] = text;
    if (text.len && try_resource(draft, parts))
        return true;
    parts[i] = before;
    return false;
}

static bool is_fixed(struct slice part)
{
    return part.len && !memchr(part.ptr, '*', part.len) && !memchr(part.ptr, '?', part.len);
}

/* A part as some pattern of either document has it, else as it usually is. */
static void usual_part(struct draft *draft, struct slice parts[ARN_COLONS + 1], size_t i, struct slice usual)
{
    struct witness *w = draft->w;

    for (size_t s = 0; s < w->count; s++) {
        for (size_t k = 0; k < w->statements[s]->resources.count; k++) {
            struct slice named[ARN_COLONS + 1];

            if (split_arn(w->statements[s]->resources.at[k].text, named) && is_fixed(named[i]) &&
                try_part(draft, parts, i, named[i]))
                return;
        }
    }
    try_part(draft, parts, i, usual);
}

/* An endpoint, if any will do; a name that ends in one character that stands for any, or in nothing, ends in
 * "example". */
static void usual_name(struct draft *draft, struct slice parts[ARN_COLONS + 1])
{
    struct slice last = parts[ARN_COLONS];
    char text[512];

    if (try_part(draft, parts, ARN_COLONS, SLICE("endpoint/example")))
        return;
    for (size_t cut = 0; cut < 2 && cut < last.len; cut++) {
        int len = snprintf(text, sizeof(text), "%.*sexample", (int)(last.len - 1 + cut), last.ptr);

        if (len > 0 && (size_t)len < sizeof(text) &&
            try_part(draft, parts, ARN_COLONS, slice_of(text, (size_t)len)))
            return;
    }
}

static void make_usual(struct draft *draft)
{
    struct slice parts[ARN_COLONS + 1];

    if (!split_arn(draft->difference.resource, parts))
        return;
    usual_part(draft, parts, 1, SLICE("aws"));
    if (!slice_eq(parts[1], SLICE("aws")))
        usual_part(draft, parts, 1, SLICE("aws-cn"));
    usual_part(draft, parts, 2, SLICE("sagemaker"));
    usual_part(draft, parts, 3, SLICE("us-east-1"));
    usual_part(draft, parts, 4, SLICE("111122223333"));
    usual_name(draft, parts);
}

static bool is_told(const struct draft *draft)
{
    const struct comparison *out = draft->w->out;
    const struct compare_difference *d = &draft->difference;

    for (size_t i = 0; i < out->count; i++) {
        const struct compare_difference *other = &out->differences[i];

        if (other->allowed_by == d->allowed_by && other->refusal == d->refusal &&
            is_same(&other->allow, &d->allow) && is_same(&other->refuse, &d->refuse))
            return true;
    }
    return false;
}

/* All that the difference borrows gets memory of its own. */
static void keep(struct draft *draft)
{
    struct comparison *out = draft->w->out;
    struct compare_difference *d = &draft->difference;

    d->principal = arena_copy(&out->arena, d->principal);
    if (d->resource.len)
        d->resource = arena_copy(&out->arena, d->resource);
    for (size_t i = 0; i < d->context_count; i++) {
        struct context_values *values = &draft->context[i].values;
        struct slice *copies = arena_alloc(&out->arena, values->count, sizeof(*copies));

        for (size_t k = 0; copies && k < values->count; k++)
            copies[k] = arena_copy(&out->arena, values->values[k]);
        values->values = copies;
    }
}

static void add(struct draft *draft)
{
    struct comparison *out = draft->w->out;
    enum policy_decision decisions[2];
    struct policy_reason reasons[2];

    if (out->count == out->room) {
        size_t room = out->room ? 2 * out->room : 16;
        struct compare_difference *grown = reallocarray(out->differences, room, sizeof(*grown));

        if (!grown) {
            out->arena.failed = true;
            return;
        }
        out->differences = grown;
        out->room = room;
    }
    keep(draft);
    if (out->arena.failed)
        return;
    decide(draft, decisions, reasons);
    draft->difference.allow = reasons[draft->difference.allowed_by];
    draft->difference.refuse = reasons[1 - draft->difference.allowed_by];
    out->differences[out->count++] = draft->difference;
}

static void fill_context(struct draft *draft, const struct option *const *values)
{
    struct witness *w = draft->w;

    draft->context = arena_alloc(&w->out->arena, w->key_count, sizeof(*draft->context));
    draft->difference.context = draft->context;
    for (size_t i = 0; draft->context && i < w->key_count; i++) {
        if (values[i]->values.count)
            draft->context[draft->difference.context_count++] =
                (struct compare_value){w->keys[i].name, values[i]->values};
    }
}

void witness_tell(struct witness *w, size_t allowed_by, const struct option *request,
                  const struct option *caller, const struct option *const *values)
{
    struct draft draft = {.w = w, .action = request->action};
    struct compare_difference *d = &draft.difference;
    enum policy_decision decisions[2];
    struct policy_reason reasons[2];

    d->allowed_by = allowed_by;
    d->action = w->world->actions[request->action];
    d->resource = request->text;
    d->principal = caller->text;
    fill_context(&draft, values);
    if (!draft.context)
        return;
    if (!holds(&draft, false)) {
        witness_cut(w, "an example that was found does not hold");
        return;
    }
    decide(&draft, decisions, reasons);
    d->allow = reasons[allowed_by];
    d->refuse = reasons[1 - allowed_by];
    d->refusal = decisions[1 - allowed_by];
    if (is_told(&draft))
        return;
    drop_keys(&draft);
    make_usual(&draft);
    add(&draft);
}
