/*
 * Statements that stand on both sides need no search: what an Allow allows, its twin does, and what a Deny
 * denies. Lists may be in another order.
 */
#include "compare/witness.h"

static bool same_text(struct slice a, struct slice b)
{
    return !a.ptr == !b.ptr && slice_eq(a, b);
}

static bool same_pattern(const struct pattern *a, const struct pattern *b)
{
    if (a->count != b->count || a->ignore_case != b->ignore_case)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct piece *one = &a->pieces[i], *other = &b->pieces[i];

        if (one->kind != other->kind || one->within_part != other->within_part ||
            !slice_eq(one->text, other->text) || !same_text(one->fallback, other->fallback))
            return false;
    }
    return true;
}

static bool is_among(const struct pattern *pattern, const struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (same_pattern(pattern, &patterns->at[i]))
            return true;
    }
    return false;
}

static bool same_patterns(const struct patterns *a, const struct patterns *b)
{
    bool same = a->negated == b->negated;

    for (size_t i = 0; i < a->count && same; i++)
        same = is_among(&a->at[i], b);
    for (size_t i = 0; i < b->count && same; i++)
        same = is_among(&b->at[i], a);
    return same;
}

static bool same_principals(const struct principals *a, const struct principals *b)
{
    if (a->present != b->present || a->negated != b->negated || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->at[i].kind != b->at[i].kind || !slice_eq(a->at[i].arn, b->at[i].arn))
            return false;
    }
    return true;
}

static bool same_operand(enum operand_kind kind, const union operand *a, const union operand *b)
{
    switch (kind) {
    case OPERAND_PATTERN:
    case OPERAND_ARN:
        return same_pattern(&a->pattern, &b->pattern);
    case OPERAND_NUMBER:
        return decimal_compare(&a->number, &b->number) == 0;
    case OPERAND_DATE:
        return instant_compare(&a->date, &b->date) == 0;
    case OPERAND_NETWORK:
        return network_contains(&a->network, &b->network) && network_contains(&b->network, &a->network);
    case OPERAND_BINARY:
        return slice_eq(a->text, b->text);
    case OPERAND_BOOL:
    case OPERAND_PRESENCE:
        break;
    }
    return a->flag == b->flag;
}

static bool same_condition(const struct condition *a, const struct condition *b)
{
    if (a->op.base != b->op.base || a->op.quantifier != b->op.quantifier ||
        a->op.if_exists != b->op.if_exists || a->count != b->count || !slice_eq_nocase(a->key, b->key))
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!same_operand(a->op.base->kind, &a->operands[i], &b->operands[i]))
            return false;
    }
    return true;
}

static bool same_conditions(const struct conditions *a, const struct conditions *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        size_t k = 0;

        while (k < b->count && !same_condition(&a->at[i], &b->at[k]))
            k++;
        if (k == b->count)
            return false;
    }
    return true;
}

bool witness_are_twins(const struct statement *a, const struct statement *b)
{
    return a->deny == b->deny && same_patterns(&a->actions, &b->actions) &&
           same_patterns(&a->resources, &b->resources) && same_principals(&a->principals, &b->principals) &&
           same_conditions(&a->conditions, &b->conditions);
}
