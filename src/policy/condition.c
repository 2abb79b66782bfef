#include "policy/condition.h"

static bool strip_prefix(struct slice *name, struct slice prefix)
{
    if (!slice_starts_nocase(*name, prefix))
        return false;
    *name = slice_from(*name, prefix.len);
    return true;
}

static bool strip_suffix(struct slice *name, struct slice suffix)
{
    if (name->len < suffix.len || !slice_eq_nocase(slice_from(*name, name->len - suffix.len), suffix))
        return false;
    name->len -= suffix.len;
    return true;
}

bool condition_read_operator(struct slice name, struct condition_operator *out)
{
    *out = (struct condition_operator){.quantifier = FOR_ONE_VALUE};
    if (strip_prefix(&name, SLICE("ForAllValues:")))
        out->quantifier = FOR_ALL_VALUES;
    else if (strip_prefix(&name, SLICE("ForAnyValue:")))
        out->quantifier = FOR_ANY_VALUE;
    out->if_exists = strip_suffix(&name, SLICE("IfExists"));
    out->base = operator_find(name);
    if (out->base && out->base->kind == OPERAND_PRESENCE)
        return out->quantifier == FOR_ONE_VALUE && !out->if_exists;
    return out->base != NULL;
}

/* AWS does not say what an ARN is like that lacks parts. */
static enum truth compare(const struct condition *condition, const union operand *operand,
                          const union key_value *value, struct context *context)
{
    if (condition->op.base->kind == OPERAND_ARN && operand->pattern.lacks_parts) {
        context->unknown = condition->key;
        return TRUTH_UNKNOWN;
    }
    return operator_compare(condition->op.base, operand, value, context);
}

static enum truth test_value(const struct condition *condition, struct slice text, struct context *context)
{
    const struct base_operator *op = condition->op.base;
    enum truth met = TRUTH_NO;
    union key_value value;

    if (!operator_read_value(op, text, &value)) {
        context->unknown = condition->key;
        return op->negated ? TRUTH_UNKNOWN : TRUTH_NO;
    }
    for (size_t i = 0; i < condition->count && met != TRUTH_YES; i++)
        met = truth_or(met, compare(condition, &condition->operands[i], &value, context));
    return op->negated ? truth_not(met) : met;
}

static enum truth test_presence(const struct condition *condition, bool absent)
{
    for (size_t i = 0; i < condition->count; i++) {
        if (condition->operands[i].flag == absent)
            return TRUTH_YES;
    }
    return TRUTH_NO;
}

static enum truth test_absent(const struct condition_operator *op)
{
    if (op->quantifier == FOR_ANY_VALUE)
        return TRUTH_NO;
    return truth_of(op->quantifier == FOR_ALL_VALUES || op->if_exists || op->base->negated);
}

/* "A null dataset, such as an empty string", which ForAllValues takes for absent (IAM User Guide, "Set
 * operators for multivalued context keys"). */
static bool is_null(const struct context_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        if (values->values[i].len)
            return false;
    }
    return true;
}

static enum truth test_list(const struct condition *condition, const struct context_values *values,
                            struct context *context)
{
    bool all = condition->op.quantifier == FOR_ALL_VALUES;
    enum truth settled = truth_of(!all), answer = truth_of(all);

    if (all && is_null(values))
        return TRUTH_YES;
    for (size_t i = 0; i < values->count && answer != settled; i++) {
        enum truth one = test_value(condition, values->values[i], context);

        answer = all ? truth_and(answer, one) : truth_or(answer, one);
    }
    return answer;
}

enum truth condition_test(const struct condition *condition, struct context *context)
{
    struct context_values values;
    enum context_lookup found = context_find(context, condition->key, &values);

    if (found == CONTEXT_UNKNOWN)
        return TRUTH_UNKNOWN;
    if (condition->op.base->kind == OPERAND_PRESENCE)
        return test_presence(condition, found == CONTEXT_ABSENT);
    if (found == CONTEXT_ABSENT)
        return test_absent(&condition->op);
    if (condition->op.quantifier != FOR_ONE_VALUE)
        return test_list(condition, &values, context);
    if (values.multivalued || values.count > 1)
        return TRUTH_NO;
    return test_value(condition, values.values[0], context);
}
