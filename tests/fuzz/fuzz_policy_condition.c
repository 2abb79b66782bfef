/*
 * Any operator, operand and value: no crash, values are equal to themselves, and a negated operator answers
 * the opposite. The input is three lines: operator, operand, value.
 */
#include <stdint.h>
#include <stdlib.h>

#include "policy/condition.h"

static void check(bool good)
{
    if (!good)
        abort();
}

static enum context_lookup find(void *user, struct slice key, struct context_values *out)
{
    if (slice_eq(key, SLICE("a:unknown")))
        return CONTEXT_UNKNOWN;
    if (!slice_eq(key, SLICE("a:k")))
        return CONTEXT_ABSENT;
    *out = (struct context_values){user, 1, false};
    return CONTEXT_FOUND;
}

static enum truth test(const struct condition *condition, struct slice *value, const char *key)
{
    struct request_facts facts = {.context = find, .context_user = value};
    struct context context = {.facts = &facts};
    struct condition asked = *condition;

    asked.key = slice_cstr(key);
    return condition_test(&asked, &context);
}

/* The same comparison, the other way round. */
static const struct base_operator *opposite(const struct base_operator *op)
{
    static const struct {
        const char *name, *negated;
    } pairs[] = {{"StringEquals", "StringNotEquals"},
                 {"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"},
                 {"StringLike", "StringNotLike"},
                 {"NumericEquals", "NumericNotEquals"},
                 {"DateEquals", "DateNotEquals"},
                 {"IpAddress", "NotIpAddress"},
                 {"ArnLike", "ArnNotLike"}};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (slice_eq(slice_cstr(op->name), slice_cstr(pairs[i].name)))
            return operator_find(slice_cstr(pairs[i].negated));
    }
    return NULL;
}

static void check_condition(struct condition *condition, struct slice value, struct slice operand)
{
    const struct base_operator *op = condition->op.base;
    enum truth answer = test(condition, &value, "a:k");
    union key_value read;

    if (op->kind != OPERAND_PRESENCE)
        check(test(condition, &value, "a:unknown") == TRUTH_UNKNOWN);
    check(test(condition, &value, "a:absent") != TRUTH_UNKNOWN);
    if (opposite(op) && operator_read_value(op, value, &read) && condition->op.quantifier == FOR_ONE_VALUE) {
        condition->op.base = opposite(op);
        check(test(condition, &value, "a:k") == truth_not(answer));
        condition->op.base = op;
    }
    /* An operand without special characters is met by itself, unless the order is a strict one. */
    if (op->kind != OPERAND_PATTERN && op->kind != OPERAND_ARN && op->kind != OPERAND_PRESENCE)
        check(test(condition, &operand, "a:k") ==
              truth_of(op->orders ? ((op->orders & ORDER_EQUAL) != 0) != op->negated : !op->negated));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size), name, operand;
    struct condition condition = {.count = 1};
    struct arena arena = {0};
    union operand read;
    struct sg_error err;

    if (!slice_split(&rest, '\n', &name) || !slice_split(&rest, '\n', &operand) || !rest.ptr)
        return 0;
    if (condition_read_operator(name, &condition.op) &&
        operator_read_operand(condition.op.base, operand, true, &arena, &read, &err) == SG_OK) {
        condition.operands = &read;
        check_condition(&condition, rest, operand);
    }
    arena_free(&arena);
    return 0;
}
