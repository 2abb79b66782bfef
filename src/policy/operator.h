/*
 * The condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators"): how each reads
 * its operands and the value of a key, and how it compares the two. Not for what a key that is absent,
 * unknown or a list means: see condition.h.
 */
#ifndef SAGEGATE_POLICY_OPERATOR_H
#define SAGEGATE_POLICY_OPERATOR_H

#include "policy/pattern.h"
#include "policy/value.h"

enum operand_kind {
    OPERAND_PATTERN, /* String… */
    OPERAND_ARN,     /* a pattern of ARNs */
    OPERAND_NUMBER,
    OPERAND_DATE,
    OPERAND_BOOL,
    OPERAND_BINARY, /* base64 */
    OPERAND_NETWORK,
    OPERAND_PRESENCE, /* Null: whether the key is there at all */
};

struct base_operator {
    const char *name;
    enum operand_kind kind;
    bool negated;           /* met when no operand is */
    unsigned pattern_flags; /* of patterns */
    unsigned orders;        /* of numbers and dates: the enum orders that meet it */
};

enum order { ORDER_LESS = 1 << 0, ORDER_EQUAL = 1 << 1, ORDER_GREATER = 1 << 2 };

/* By name, in any case; NULL when there is none. */
const struct base_operator *operator_find(struct slice name);

union operand {
    struct pattern pattern;
    struct decimal number;
    struct instant date;
    struct network network;
    struct slice text;
    bool flag;
};

/* Reads what stands in a policy; variables only when the document's Version has them. SG_OK; SG_INVALID with
 * err saying what is wanted; SG_NO_MEMORY. */
enum sg_status operator_read_operand(const struct base_operator *op, struct slice text, bool variables,
                                     struct arena *arena, union operand *operand, struct sg_error *err);

/* The value of a key in the form that the operator compares; the pattern kinds have their text. */
union key_value {
    struct slice text;
    struct decimal number;
    struct instant date;
    struct network network;
    bool flag;
};

/* False when the operator cannot read it: no number for a Numeric one, … */
bool operator_read_value(const struct base_operator *op, struct slice text, union key_value *value);

/* Whether the value meets this operand, negation aside. Not for OPERAND_PRESENCE. */
enum truth operator_compare(const struct base_operator *op, const union operand *operand,
                            const union key_value *value, struct context *context);

#endif
