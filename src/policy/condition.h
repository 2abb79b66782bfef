/* The conditions of a statement: one operator, one key, its operands. Only for this folder and compare/. */
#ifndef SAGEGATE_POLICY_CONDITION_H
#define SAGEGATE_POLICY_CONDITION_H

#include "policy/operator.h"

enum quantifier { FOR_ONE_VALUE, FOR_ALL_VALUES, FOR_ANY_VALUE };

/* "ForAllValues:StringLikeIfExists" in its three parts. */
struct condition_operator {
    const struct base_operator *base;
    enum quantifier quantifier;
    bool if_exists;
};

/* False when there is no such operator; the names stand in any case. */
bool condition_read_operator(struct slice name, struct condition_operator *out);

struct condition {
    struct condition_operator op;
    struct slice key;
    const union operand *operands;
    size_t count;
};

/*
 * Whether the request meets the condition. context->unknown is the key that made the answer TRUTH_UNKNOWN.
 *
 * The key is there with one value: the value must meet one operand, or none when the operator is negated. A
 * value that a negated operator cannot read (no number, no ARN) is neither equal nor different: unknown.
 * A list: ForAllValues wants all of its values to do so, ForAnyValue one; other operators never match a list.
 * Absent: ForAllValues, negated operators and …IfExists are met, others not; ForAnyValue never. To
 * ForAllValues, nothing but empty strings is absent. (IAM User Guide, "Single-valued vs. multivalued context
 * keys" and "Condition operators".)
 */
enum truth condition_test(const struct condition *condition, struct context *context);

#endif
