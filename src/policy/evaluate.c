/*
 * The decision (IAM User Guide, "Policy evaluation logic"): a Deny that matches wins; else an Allow must
 * match, for every resource.
 */
#include "policy/document.h"

enum { ACTION_KEY_MAX = 256 };

/* One decision: what was asked, in the forms that the parts of a statement are matched with. */
struct inquiry {
    const struct policy *policy;
    const struct request_facts *facts;
    struct context context;
    struct principal caller;
    bool caller_read, caller_known;
    char action_key[ACTION_KEY_MAX];
    size_t action_key_len;
};

/* A resource at a time. */
struct target {
    struct slice arn;
    bool goes_on; /* the arn is but the beginning of one, and a '*' */
};

/* The best statement so far, of one effect. */
struct finding {
    const struct statement *statement; /* NULL: none matches */
    enum truth truth;
    struct slice unknown; /* what made it TRUTH_UNKNOWN */
};

static struct slice beginning_of(const struct target *target)
{
    return slice_of(target->arn.ptr, target->arn.len - target->goes_on);
}

static const struct slice caller_key = SLICE_INIT("Principal");

static void begin(struct inquiry *q, const struct policy *policy, const struct request_facts *facts)
{
    size_t len = facts->action.len < ACTION_KEY_MAX ? facts->action.len : ACTION_KEY_MAX;

    q->policy = policy;
    q->facts = facts;
    q->context = (struct context){.facts = facts};
    q->caller_read = false;
    for (size_t i = 0; i < len; i++)
        q->action_key[i] = ascii_lower(facts->action.ptr[i]);
    q->action_key_len = len;
}

enum truth patterns_match(const struct patterns *patterns, struct slice text, struct context *context)
{
    enum truth matched = TRUTH_NO;

    for (size_t i = 0; i < patterns->count && matched != TRUTH_YES; i++)
        matched = truth_or(matched, pattern_match(&patterns->at[i], text, context));
    return patterns->negated ? truth_not(matched) : matched;
}

/* One that is told in part is matched by an Allow that matches all that it may be, by a Deny that matches
 * any; by NotResource it is the other way round. */
static enum truth match_beginning(const struct statement *statement, struct slice beginning,
                                  struct context *context)
{
    const struct patterns *patterns = &statement->resources;
    bool all = statement->deny == patterns->negated;
    enum truth matched = TRUTH_NO;

    for (size_t i = 0; i < patterns->count && matched != TRUTH_YES; i++) {
        const struct pattern *pattern = &patterns->at[i];

        matched = truth_or(matched, all ? pattern_covers(pattern, beginning, context)
                                        : pattern_touches(pattern, beginning, context));
    }
    return patterns->negated ? truth_not(matched) : matched;
}

/* Read when a statement asks for it first. */
static enum truth match_principals(const struct statement *statement, struct inquiry *q)
{
    if (!q->caller_read) {
        q->caller_known =
            principal_read(q->facts->principal_arn, &q->caller) && q->caller.kind != PRINCIPAL_EVERYONE;
        q->caller_read = true;
    }
    return principals_match(&statement->principals, q->caller_known ? &q->caller : NULL);
}

static enum truth match_conditions(const struct statement *statement, struct inquiry *q,
                                   struct slice *unknown)
{
    enum truth matched = TRUTH_YES;

    for (size_t i = 0; i < statement->conditions.count && matched != TRUTH_NO; i++) {
        enum truth one = condition_test(&statement->conditions.at[i], &q->context);

        if (one == TRUTH_UNKNOWN && unknown->len == 0)
            *unknown = q->context.unknown;
        matched = truth_and(matched, one);
    }
    return matched;
}

/* From the cheapest part to the dearest. */
static enum truth match(const struct statement *statement, struct inquiry *q, const struct target *target,
                        struct slice *unknown)
{
    enum truth matched = patterns_match(&statement->actions, q->facts->action, &q->context);

    *unknown = SLICE("");
    if (matched == TRUTH_NO)
        return TRUTH_NO;
    matched = target->goes_on ? match_beginning(statement, beginning_of(target), &q->context)
                              : patterns_match(&statement->resources, target->arn, &q->context);
    if (matched == TRUTH_NO)
        return TRUTH_NO;
    if (matched == TRUTH_UNKNOWN)
        *unknown = q->context.unknown;
    if (statement->principals.present) {
        enum truth one = match_principals(statement, q);

        if (one == TRUTH_UNKNOWN && unknown->len == 0)
            *unknown = caller_key;
        matched = truth_and(matched, one);
    }
    if (matched == TRUTH_NO)
        return TRUTH_NO;
    return truth_and(matched, match_conditions(statement, q, unknown));
}

/* A statement that matches for certain is better than one that may; the earlier is better than the later. */
static void consider(struct inquiry *q, const struct target *target, const struct statement *statement,
                     struct finding *best)
{
    struct slice unknown;
    enum truth truth;

    if (best->truth == TRUTH_YES && statement >= best->statement)
        return;
    truth = match(statement, q, target, &unknown);
    if (truth > best->truth || (truth == best->truth && truth != TRUTH_NO && statement < best->statement))
        *best = (struct finding){statement, truth, unknown};
}

static void look_up(struct inquiry *q, const struct target *target, const struct prefix_index *index,
                    struct slice key, struct finding *best)
{
    const struct prefix_node *node = prefix_index_find(index, key);

    for (; node; node = node->parent) {
        for (size_t i = 0; i < node->count; i++)
            consider(q, target, &q->policy->statements[node->statements[i]], best);
    }
}

/* A pattern may begin with more than is told of a resource, so no index helps. */
static void look_at_denies(struct inquiry *q, const struct target *target, struct finding *best)
{
    for (size_t i = 0; i < q->policy->count; i++) {
        if (q->policy->statements[i].deny)
            consider(q, target, &q->policy->statements[i], best);
    }
}

static struct finding find(struct inquiry *q, const struct target *target, bool deny)
{
    const struct statement_index *index = &q->policy->indexes[deny];
    struct finding best = {NULL, TRUTH_NO, {NULL, 0}};

    if (deny && target->goes_on) {
        look_at_denies(q, target, &best);
        return best;
    }
    look_up(q, target, &index->by_action, slice_of(q->action_key, q->action_key_len), &best);
    look_up(q, target, &index->by_resource, index_resource_key(beginning_of(target)), &best);
    return best;
}

static size_t count_targets(const struct request_facts *facts)
{
    size_t count = facts->resource_count + facts->beginning_count;

    return count ? count : 1;
}

static struct target target_at(const struct request_facts *facts, size_t i)
{
    if (i < facts->resource_count)
        return (struct target){facts->resources[i], false};
    if (facts->beginning_count)
        return (struct target){facts->beginnings[i - facts->resource_count], true};
    return (struct target){SLICE("*"), false};
}

static void explain(const struct inquiry *q, const struct finding *finding, const struct target *target,
                    struct policy_reason *why)
{
    const struct statement *statement = finding->statement;

    *why = (struct policy_reason){.resource = target->arn, .unknown = finding->unknown};
    if (!statement)
        return;
    why->sid = statement->sid;
    why->statement = (size_t)(statement - q->policy->statements);
    why->line = statement->position.line;
    why->column = statement->position.column;
    why->matched = true;
}

/* Whether a Deny of any resource denies. Else *deferred is the first key that would have to be known. */
static bool is_denied(struct inquiry *q, size_t count, struct slice *deferred, struct policy_reason *why)
{
    for (size_t i = 0; i < count; i++) {
        struct target target = target_at(q->facts, i);
        struct finding finding = find(q, &target, true);

        if (finding.truth == TRUTH_NO)
            continue;
        if (finding.truth == TRUTH_YES || q->facts->unknown == UNKNOWN_DENIES) {
            explain(q, &finding, &target, why);
            return true;
        }
        if (deferred->len == 0)
            *deferred = finding.unknown;
    }
    return false;
}

/* Whether every resource is allowed. */
static bool is_allowed(struct inquiry *q, size_t count, struct slice *deferred, struct policy_reason *why)
{
    for (size_t i = 0; i < count; i++) {
        struct target target = target_at(q->facts, i);
        struct finding finding = find(q, &target, false);

        explain(q, &finding, &target, why);
        if (finding.truth == TRUTH_NO ||
            (finding.truth == TRUTH_UNKNOWN && q->facts->unknown == UNKNOWN_DENIES)) {
            why->matched = false;
            return false;
        }
        if (deferred->len == 0)
            *deferred = finding.unknown;
    }
    return true;
}

enum policy_decision policy_evaluate(const struct policy *policy, const struct request_facts *facts,
                                     struct policy_reason *why)
{
    size_t count = count_targets(facts);
    struct slice deferred = SLICE("");
    struct inquiry q;

    begin(&q, policy, facts);
    if (is_denied(&q, count, &deferred, why))
        return POLICY_EXPLICIT_DENY;
    if (!is_allowed(&q, count, &deferred, why))
        return POLICY_IMPLICIT_DENY;
    why->deferred = deferred.len > 0;
    why->unknown = deferred;
    return POLICY_ALLOWED;
}

/* Whether an answer tells more than the one so far: see policy_evaluate_all(). */
static bool is_weightier(enum policy_decision answer, bool deferred, enum policy_decision so_far,
                         bool was_deferred)
{
    static const int weight[] = {
        [POLICY_ALLOWED] = 0, [POLICY_IMPLICIT_DENY] = 2, [POLICY_EXPLICIT_DENY] = 3};

    return weight[answer] + (answer == POLICY_ALLOWED && deferred) >
           weight[so_far] + (so_far == POLICY_ALLOWED && was_deferred);
}

enum policy_decision policy_evaluate_all(const struct policy *const *policies, size_t count,
                                         const struct request_facts *facts, struct policy_reason *why)
{
    enum policy_decision decision = policy_evaluate(policies[0], facts, why);

    for (size_t i = 1; i < count && decision != POLICY_EXPLICIT_DENY; i++) {
        struct policy_reason one;
        enum policy_decision answer = policy_evaluate(policies[i], facts, &one);

        one.document = i;
        if (is_weightier(answer, one.deferred, decision, why->deferred)) {
            decision = answer;
            *why = one;
        }
    }
    return decision;
}
