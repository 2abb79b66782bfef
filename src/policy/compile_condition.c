/* Condition: an object of operators, each an object of keys, each a value or a list of values. */
#include "policy/compile.h"

/* The operands of one row, while they are read. */
struct operand_list {
    const struct base_operator *op;
    union operand *operands;
};

/* Strings as they are, numbers and booleans as they are written. */
static bool text_of(struct compiler *c, const json_t *value, struct slice *text)
{
    if (json_is_string(value)) {
        *text = compile_string(value);
        return true;
    }
    *text = locator_value(&c->locator);
    return json_is_boolean(value) || json_is_number(value);
}

/* A '*' or '?' that the operator takes for itself; ${*} says that it is meant so. */
static bool has_mere_character(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((text.ptr[i] == '*' || text.ptr[i] == '?') && (i == 0 || text.ptr[i - 1] != '{'))
            return true;
    }
    return false;
}

static void warn_of_operand(struct compiler *c, const struct base_operator *op, const struct pattern *pattern)
{
    char quoted[QUOTE_SIZE];

    if (op->kind == OPERAND_ARN && pattern->lacks_parts)
        compile_warning(c,
                        "'%s' has fewer than six parts, and AWS does not say which ARNs are like it: "
                        "unknown_conditions says what follows",
                        quote_text(pattern->text, quoted));
    else if (op->kind == OPERAND_PATTERN && !(op->pattern_flags & PATTERN_WILDCARDS) &&
             has_mere_character(pattern->text))
        compile_warning(c, "'%s' has no wildcard here: only operators that end in Like have them",
                        quote_text(pattern->text, quoted));
}

static void read_operand(struct compiler *c, json_t *value, size_t index, void *target)
{
    struct operand_list *list = target;
    union operand *operand = &list->operands[index];
    struct sg_error err;
    struct slice text;

    if (!text_of(c, value, &text)) {
        compile_error(c, "this must be a string, a number, true or false, or a list of them");
        return;
    }
    compile_warn_of_variable(c, text);
    if (operator_read_operand(list->op, text, c->variables, &c->policy->arena, operand, &err) != SG_OK)
        compile_error(c, "%s", err.text);
    else
        warn_of_operand(c, list->op, &operand->pattern);
}

/* "service:name" or "service:name/tag key". */
static bool is_key(struct slice text)
{
    struct slice rest = text, service;

    slice_split(&rest, ':', &service);
    return service.len && rest.len;
}

static void read_key(struct compiler *c, const char *key, json_t *value, const struct condition_operator *op,
                     struct conditions *out)
{
    struct condition *condition = &out->at[out->count];
    size_t count = compile_count(value);
    struct operand_list list = {op->base, compile_alloc(c, count, sizeof(union operand))};
    char quoted[QUOTE_SIZE];

    if (!list.operands)
        return;
    if (!is_key(slice_cstr(key)))
        compile_error(c, "'%s' is no condition key: aws:SourceVpce or sagemaker:VpcSubnets are",
                      quote_text(slice_cstr(key), quoted));
    if (count == 0)
        compile_warning(c, "the list is empty: no value is in it");
    *condition = (struct condition){
        .op = *op,
        .key = arena_copy(&c->policy->arena, slice_cstr(key)),
        .operands = list.operands,
        .count = count,
    };
    out->positions[out->count++] = locator_position(&c->locator);
    compile_each(c, value, read_operand, &list);
}

static void read_operator(struct compiler *c, const char *name, json_t *keys, struct conditions *out)
{
    struct condition_operator op;
    char quoted[QUOTE_SIZE];
    const char *key;
    json_t *value;
    size_t at = 0;

    if (!condition_read_operator(slice_cstr(name), &op)) {
        compile_error(c, "'%s' is no condition operator", quote_text(slice_cstr(name), quoted));
        return;
    }
    if (!json_is_object(keys)) {
        compile_error(c, "this must be an object of condition keys");
        return;
    }
    if (op.if_exists && op.quantifier != FOR_ONE_VALUE)
        compile_warning(c, "IfExists changes nothing here: for an absent key, %s",
                        op.quantifier == FOR_ALL_VALUES ? "ForAllValues is met anyway"
                                                        : "ForAnyValue is not met all the same");
    json_object_foreach(keys, key, value)
    {
        locator_down(&c->locator, at++);
        read_key(c, key, value, &op, out);
        locator_up(&c->locator);
    }
}

static size_t count_rows(json_t *operators)
{
    size_t count = 0;
    const char *name;
    json_t *keys;

    json_object_foreach(operators, name, keys) count += json_object_size(keys);
    return count;
}

void compile_conditions(struct compiler *c, json_t *value, struct statement *statement)
{
    struct conditions *out = &statement->conditions;
    size_t count = count_rows(value);
    const char *name;
    json_t *keys;
    size_t at = 0;

    if (!json_is_object(value)) {
        compile_error(c, "Condition must be an object of condition operators");
        return;
    }
    out->at = compile_alloc(c, count, sizeof(struct condition));
    out->positions = compile_alloc(c, count, sizeof(struct position));
    if (!out->at || !out->positions)
        return;
    json_object_foreach(value, name, keys)
    {
        locator_down(&c->locator, at++);
        read_operator(c, name, keys, out);
        locator_up(&c->locator);
    }
}
