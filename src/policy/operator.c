#include "policy/operator.h"

enum {
    EXACT = PATTERN_VARIABLES,
    ANY_CASE = PATTERN_VARIABLES | PATTERN_IGNORE_CASE,
    LIKE = PATTERN_VARIABLES | PATTERN_WILDCARDS,
    ARN = LIKE | PATTERN_ARN,
    AT_MOST = ORDER_LESS | ORDER_EQUAL,
    AT_LEAST = ORDER_GREATER | ORDER_EQUAL,
};

/* ArnEquals and ArnLike are the same. NumericNotEquals and DateNotEquals negate equality. */
static const struct base_operator operators[] = {
    {"StringEquals", OPERAND_PATTERN, false, EXACT, 0},
    {"StringNotEquals", OPERAND_PATTERN, true, EXACT, 0},
    {"StringEqualsIgnoreCase", OPERAND_PATTERN, false, ANY_CASE, 0},
    {"StringNotEqualsIgnoreCase", OPERAND_PATTERN, true, ANY_CASE, 0},
    {"StringLike", OPERAND_PATTERN, false, LIKE, 0},
    {"StringNotLike", OPERAND_PATTERN, true, LIKE, 0},
    {"NumericEquals", OPERAND_NUMBER, false, 0, ORDER_EQUAL},
    {"NumericNotEquals", OPERAND_NUMBER, true, 0, ORDER_EQUAL},
    {"NumericLessThan", OPERAND_NUMBER, false, 0, ORDER_LESS},
    {"NumericLessThanEquals", OPERAND_NUMBER, false, 0, AT_MOST},
    {"NumericGreaterThan", OPERAND_NUMBER, false, 0, ORDER_GREATER},
    {"NumericGreaterThanEquals", OPERAND_NUMBER, false, 0, AT_LEAST},
    {"DateEquals", OPERAND_DATE, false, 0, ORDER_EQUAL},
    {"DateNotEquals", OPERAND_DATE, true, 0, ORDER_EQUAL},
    {"DateLessThan", OPERAND_DATE, false, 0, ORDER_LESS},
    {"DateLessThanEquals", OPERAND_DATE, false, 0, AT_MOST},
    {"DateGreaterThan", OPERAND_DATE, false, 0, ORDER_GREATER},
    {"DateGreaterThanEquals", OPERAND_DATE, false, 0, AT_LEAST},
    {"Bool", OPERAND_BOOL, false, 0, 0},
    {"BinaryEquals", OPERAND_BINARY, false, 0, 0},
    {"IpAddress", OPERAND_NETWORK, false, 0, 0},
    {"NotIpAddress", OPERAND_NETWORK, true, 0, 0},
    {"ArnEquals", OPERAND_ARN, false, ARN, 0},
    {"ArnLike", OPERAND_ARN, false, ARN, 0},
    {"ArnNotEquals", OPERAND_ARN, true, ARN, 0},
    {"ArnNotLike", OPERAND_ARN, true, ARN, 0},
    {"Null", OPERAND_PRESENCE, false, 0, 0},
};

const struct base_operator *operator_find(struct slice name)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (slice_eq_nocase(name, slice_cstr(operators[i].name)))
            return &operators[i];
    }
    return NULL;
}

static bool read_flag(struct slice text, bool *flag)
{
    *flag = slice_eq_nocase(text, SLICE("true"));
    return *flag || slice_eq_nocase(text, SLICE("false"));
}

/* Canonical base64 (RFC 4648 section 4): then bytes are equal when their texts are. */
static bool is_base64(struct slice text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t padding = 0;
    const char *last;

    if (text.len == 0 || text.len % 4 != 0)
        return false;
    while (padding < 2 && text.ptr[text.len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < text.len - padding; i++) {
        if (!memchr(digits, text.ptr[i], 64))
            return false;
    }
    last = memchr(digits, text.ptr[text.len - 1 - padding], 64);
    return ((last - digits) & ((1 << 2 * padding) - 1)) == 0;
}

static bool has_arn_parts(struct slice text)
{
    int colons = 0;

    for (size_t i = 0; i < text.len; i++)
        colons += text.ptr[i] == ':';
    return slice_starts(text, SLICE("arn:")) && colons >= ARN_COLONS;
}

/* What each kind of operand must be, for messages. */
static const char *const wanted[] = {
    [OPERAND_NUMBER] = "a number such as 3600 or 0.5",
    [OPERAND_DATE] = "a date such as 2026-01-31T12:00:00Z, or seconds since 1970",
    [OPERAND_BOOL] = "true or false",
    [OPERAND_BINARY] = "base64",
    [OPERAND_NETWORK] = "an IP address or network such as 10.0.0.0/8 or 2001:db8::/32",
    [OPERAND_PRESENCE] = "true (the key is not there) or false (it is)",
};

bool operator_read_value(const struct base_operator *op, struct slice text, union key_value *value)
{
    value->text = text;
    switch (op->kind) {
    case OPERAND_ARN:
        return has_arn_parts(text);
    case OPERAND_NUMBER:
        return decimal_read(text, &value->number);
    case OPERAND_DATE:
        return instant_read(text, &value->date);
    case OPERAND_NETWORK:
        return network_read(text, &value->network);
    case OPERAND_BOOL:
    case OPERAND_PRESENCE:
        return read_flag(text, &value->flag);
    case OPERAND_BINARY:
        return is_base64(text);
    case OPERAND_PATTERN:
        break;
    }
    return true;
}

/* All kinds but patterns are written in a policy as they are in a request. */
enum sg_status operator_read_operand(const struct base_operator *op, struct slice text, bool variables,
                                     struct arena *arena, union operand *operand, struct sg_error *err)
{
    unsigned flags = op->pattern_flags & ~(variables ? 0U : (unsigned)PATTERN_VARIABLES);
    union key_value value;
    struct slice kept;

    if (op->kind == OPERAND_PATTERN || op->kind == OPERAND_ARN)
        return pattern_compile(text, flags, arena, &operand->pattern, err);
    kept = arena_copy(arena, text);
    if (!kept.ptr)
        return sg_fail(err, SG_NO_MEMORY, "memory is short");
    if (!operator_read_value(op, kept, &value))
        return sg_fail(err, SG_INVALID, "%s compares with %s", op->name, wanted[op->kind]);
    if (op->kind == OPERAND_NUMBER)
        operand->number = value.number;
    else if (op->kind == OPERAND_DATE)
        operand->date = value.date;
    else if (op->kind == OPERAND_NETWORK)
        operand->network = value.network;
    else if (op->kind == OPERAND_BINARY)
        operand->text = kept;
    else
        operand->flag = value.flag;
    return SG_OK;
}

static enum truth ordered(const struct base_operator *op, int order)
{
    unsigned seen = order < 0 ? ORDER_LESS : order > 0 ? ORDER_GREATER : ORDER_EQUAL;

    return truth_of((op->orders & seen) != 0);
}

enum truth operator_compare(const struct base_operator *op, const union operand *operand,
                            const union key_value *value, struct context *context)
{
    switch (op->kind) {
    case OPERAND_PATTERN:
    case OPERAND_ARN:
        return pattern_match(&operand->pattern, value->text, context);
    case OPERAND_NUMBER:
        return ordered(op, decimal_compare(&value->number, &operand->number));
    case OPERAND_DATE:
        return ordered(op, instant_compare(&value->date, &operand->date));
    case OPERAND_NETWORK:
        return truth_of(network_contains(&operand->network, &value->network));
    case OPERAND_BINARY:
        return truth_of(slice_eq(operand->text, value->text));
    case OPERAND_BOOL:
    case OPERAND_PRESENCE:
        break;
    }
    return truth_of(operand->flag == value->flag);
}
