/* The decision (IAM User Guide, "Policy evaluation logic"): a Deny that matches wins; else an Allow must
 * match. */
#include "policy/document.h"
#include "policy/pattern.h"

static bool matches_action(const struct statement *statement, struct slice action)
{
    for (size_t i = 0; i < statement->actions.count; i++) {
        if (pattern_matches(statement->actions.at[i], action, true))
            return true;
    }
    return false;
}

/*
 * A resource that can't be told from the request (any) is matched by "*" alone in an Allow; in a Deny it may
 * be the very one that is meant, so any pattern matches: fail closed.
 */
static bool matches_resource(const struct statement *statement, struct slice resource, bool any)
{
    if (any && statement->deny)
        return true;
    for (size_t i = 0; i < statement->resources.count; i++) {
        struct slice pattern = statement->resources.at[i];

        if (slice_eq(pattern, SLICE("*")) || (!any && pattern_matches_arn(pattern, resource)))
            return true;
    }
    return false;
}

/* The first statement of that effect that matches; NULL when none does. */
static const struct statement *find(const struct policy *policy, bool deny, struct slice action,
                                    struct slice resource, bool any)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct statement *statement = &policy->statements[i];

        if (statement->deny == deny && matches_action(statement, action) &&
            matches_resource(statement, resource, any))
            return statement;
    }
    return NULL;
}

static void explain(const struct policy *policy, const struct statement *statement, struct slice resource,
                    struct policy_reason *why)
{
    *why = (struct policy_reason){.resource = resource, .matched = statement != NULL};
    if (!statement)
        return;
    why->sid = statement->sid;
    why->statement = (size_t)(statement - policy->statements);
    why->line = statement->position.line;
    why->column = statement->position.column;
}

enum policy_decision policy_evaluate(const struct policy *policy, const struct request_facts *facts,
                                     struct policy_reason *why)
{
    const struct slice unnamed = SLICE("*");
    bool extra = facts->any_resource || facts->resource_count == 0;
    size_t count = facts->resource_count + extra;

    for (int deny = 1; deny >= 0; deny--) {
        for (size_t i = 0; i < count; i++) {
            bool named = i < facts->resource_count;
            struct slice resource = named ? facts->resources[i] : unnamed;
            const struct statement *statement =
                find(policy, deny, facts->action, resource, !named && facts->any_resource);

            if (deny ? statement != NULL : statement == NULL || i + 1 == count) {
                explain(policy, statement, resource, why);
                return deny ? POLICY_EXPLICIT_DENY : statement ? POLICY_ALLOWED : POLICY_IMPLICIT_DENY;
            }
        }
    }
    return POLICY_IMPLICIT_DENY; /* not reached: count is at least 1 */
}

enum policy_decision policy_evaluate_all(const struct policy *const *policies, size_t count,
                                         const struct request_facts *facts, struct policy_reason *why)
{
    enum policy_decision decision = POLICY_ALLOWED;

    for (size_t i = 0; i < count; i++) {
        struct policy_reason one;
        enum policy_decision answer = policy_evaluate(policies[i], facts, &one);

        one.document = i;
        if (i == 0 ||
            (decision == POLICY_ALLOWED && (answer != POLICY_ALLOWED || (one.deferred && !why->deferred))) ||
            (answer == POLICY_EXPLICIT_DENY && decision == POLICY_IMPLICIT_DENY)) {
            decision = answer;
            *why = one;
        }
    }
    return decision;
}

/* Of one element's patterns. */
static void tell_each(const struct policy *policy, size_t statement, enum policy_name_kind kind,
                      const struct patterns *patterns, void (*tell)(void *, const struct policy_name *),
                      void *user)
{
    const struct statement *s = &policy->statements[statement];

    for (size_t i = 0; i < patterns->count; i++) {
        struct policy_name name = {.kind = kind,
                                   .text = patterns->at[i],
                                   .statement = statement,
                                   .sid = s->sid,
                                   .deny = s->deny,
                                   .line = s->position.line,
                                   .column = s->position.column};

        tell(user, &name);
    }
}

void policy_each_name(const struct policy *policy, void (*tell)(void *user, const struct policy_name *name),
                      void *user)
{
    for (size_t i = 0; i < policy->count; i++) {
        tell_each(policy, i, POLICY_NAMES_ACTION, &policy->statements[i].actions, tell, user);
        tell_each(policy, i, POLICY_NAMES_RESOURCE, &policy->statements[i].resources, tell, user);
    }
}
