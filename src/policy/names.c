/* What a document names: for messages about it, not for decisions. */
#include "policy/document.h"

struct teller {
    void (*tell)(void *user, const struct policy_name *name);
    void *user;
    struct policy_name name; /* what is the same for all names of a statement */
};

static void tell(struct teller *t, enum policy_name_kind kind, struct slice text, struct position position)
{
    t->name.kind = kind;
    t->name.text = text;
    t->name.line = position.line;
    t->name.column = position.column;
    t->tell(t->user, &t->name);
}

static void tell_variables(struct teller *t, const struct pattern *pattern, struct position position)
{
    t->name.use = POLICY_KEY_ONE;
    for (size_t i = 0; i < pattern->count; i++) {
        if (pattern->pieces[i].kind == PIECE_VARIABLE)
            tell(t, POLICY_NAMES_KEY, pattern->pieces[i].text, position);
    }
}

static void tell_patterns(struct teller *t, enum policy_name_kind kind, const struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++) {
        t->name.negated = patterns->negated;
        tell(t, kind, patterns->at[i].text, patterns->positions[i]);
        t->name.negated = false;
        tell_variables(t, &patterns->at[i], patterns->positions[i]);
    }
}

static enum policy_key_use use_of(const struct condition *condition)
{
    static const enum policy_key_use uses[] = {[FOR_ONE_VALUE] = POLICY_KEY_ONE,
                                               [FOR_ALL_VALUES] = POLICY_KEY_ALL,
                                               [FOR_ANY_VALUE] = POLICY_KEY_ANY};

    if (condition->op.base->kind != OPERAND_PRESENCE)
        return uses[condition->op.quantifier];
    return condition->count == 1 && !condition->operands[0].flag ? POLICY_KEY_PRESENT : POLICY_KEY_NULL;
}

static void tell_conditions(struct teller *t, const struct conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->at[i];
        enum operand_kind kind = condition->op.base->kind;

        t->name.use = use_of(condition);
        tell(t, POLICY_NAMES_KEY, condition->key, conditions->positions[i]);
        for (size_t j = 0; j < condition->count && (kind == OPERAND_PATTERN || kind == OPERAND_ARN); j++)
            tell_variables(t, &condition->operands[j].pattern, conditions->positions[i]);
    }
}

static bool is_for_everyone(const struct principals *principals)
{
    for (size_t i = 0; i < principals->count; i++) {
        if (principals->at[i].kind == PRINCIPAL_EVERYONE)
            return !principals->negated;
    }
    return !principals->present;
}

void policy_each_name(const struct policy *policy,
                      void (*tell_one)(void *user, const struct policy_name *name), void *user)
{
    for (size_t i = 0; i < policy->count; i++) {
        const struct statement *statement = &policy->statements[i];
        struct policy_name name = {
            .statement = i,
            .sid = statement->sid,
            .deny = statement->deny,
            .unconditional = statement->conditions.count == 0 && is_for_everyone(&statement->principals),
        };
        struct teller t = {tell_one, user, name};

        tell_patterns(&t, POLICY_NAMES_ACTION, &statement->actions);
        tell_patterns(&t, POLICY_NAMES_RESOURCE, &statement->resources);
        tell_conditions(&t, &statement->conditions);
    }
}

size_t policy_statement_count(const struct policy *policy)
{
    return policy->count;
}

struct policy_statement policy_statement_at(const struct policy *policy, size_t index)
{
    const struct statement *statement = &policy->statements[index];

    return (struct policy_statement){.sid = statement->sid,
                                     .deny = statement->deny,
                                     .line = statement->position.line,
                                     .column = statement->position.column};
}

bool policy_has_principals(const struct policy *policy)
{
    return policy->count == 0 || policy->statements[0].principals.present;
}
