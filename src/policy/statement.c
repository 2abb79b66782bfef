/* From a statement's JSON to its compiled form. Conditions and principals have files of their own. */
#include "policy/compile.h"

/* Action and Resource differ in how their patterns are checked and compiled. */
struct pattern_list {
    struct patterns *patterns;
    unsigned flags;
    /* What is to be compiled; its text is empty after an error. */
    struct slice (*check)(struct compiler *c, struct slice text);
};

enum { ACTION_MAX = 256 };

/* A name, or "*" for all; AWS takes no other wildcards there. */
static bool is_service(struct slice text)
{
    if (slice_eq(text, SLICE("*")))
        return true;
    return text.len && !memchr(text.ptr, '*', text.len) && !memchr(text.ptr, '?', text.len);
}

static struct slice check_action(struct compiler *c, struct slice text)
{
    struct slice rest = text, service;
    char quoted[QUOTE_SIZE];

    if (slice_eq(text, SLICE("*")))
        return text;
    slice_split(&rest, ':', &service);
    if (rest.ptr && rest.len && text.len <= ACTION_MAX && is_service(service))
        return text;
    compile_error(c, "'%s' is no action: write \"*\", or SERVICE:OPERATION such as sagemaker:InvokeEndpoint",
                  quote_text(text, quoted));
    return SLICE("");
}

/*
 * An ARN that ends early stands for all that begins so, if it has a wildcard: AWS takes the missing parts for
 * "*" (IAM User Guide, "IAM identifiers"). But a '*' that ends a part may also "expand to match beyond the
 * colon boundaries" ("IAM JSON policy elements: Resource"): where that would read differently, nobody shall
 * guess.
 */
static struct slice complete_arn(struct compiler *c, struct slice text, int colons)
{
    static const char rest[] = ":*:*:*:*:*";
    size_t more = 2 * (size_t)(ARN_COLONS - colons);
    char *bytes = compile_alloc(c, text.len + more, 1);
    char quoted[QUOTE_SIZE];

    quote_text(text, quoted);
    if (!bytes)
        return SLICE("");
    if (memmem(text.ptr, text.len, "*:", 2)) {
        compile_error(
            c, "'%s' has fewer than six parts, and AWS documents two ways to read it: write all six", quoted);
        return SLICE("");
    }
    memcpy(bytes, text.ptr, text.len);
    memcpy(bytes + text.len, rest, more);
    compile_warning(c, "'%s' has fewer than six parts; AWS takes the missing ones for \"*\"", quoted);
    return slice_of(bytes, text.len + more);
}

static struct slice check_resource(struct compiler *c, struct slice text)
{
    struct slice rest = text, part;
    char quoted[QUOTE_SIZE];
    int colons = 0;

    if (slice_eq(text, SLICE("*")))
        return text;
    while (colons < ARN_COLONS && slice_split(&rest, ':', &part) && rest.ptr)
        colons++;
    if (slice_starts(text, SLICE("arn:")) && colons == ARN_COLONS)
        return text;
    if (slice_starts(text, SLICE("arn:")) && memchr(text.ptr, '*', text.len) &&
        !memmem(text.ptr, text.len, "${", 2))
        return complete_arn(c, text, colons);
    compile_error(c, "'%s' is no ARN: write \"*\", or arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
                  quote_text(text, quoted));
    return SLICE("");
}

static void read_pattern(struct compiler *c, json_t *value, size_t index, void *target)
{
    struct pattern_list *list = target;
    struct sg_error err;
    struct slice text;
    unsigned flags;

    if (!json_is_string(value)) {
        compile_error(c, "this must be a string, or a list of strings");
        return;
    }
    text = list->check(c, compile_string(value));
    if (text.len == 0)
        return;
    /* "*" matches anything, ARN or not. */
    flags = slice_eq(text, SLICE("*")) ? PATTERN_WILDCARDS : list->flags;
    if (pattern_compile(text, flags, &c->policy->arena, &list->patterns->at[index], &err) != SG_OK)
        compile_error(c, "%s", err.text);
    compile_warn_of_variable(c, text);
    list->patterns->positions[index] = locator_position(&c->locator);
}

static void read_patterns(struct compiler *c, json_t *value, struct pattern_list *list, bool negated)
{
    size_t count = compile_count(value);

    list->patterns->negated = negated;
    if (count == 0) {
        compile_error(c, "the list is empty: name at least one, or \"*\"");
        return;
    }
    list->patterns->at = compile_alloc(c, count, sizeof(struct pattern));
    list->patterns->positions = compile_alloc(c, count, sizeof(struct position));
    if (!list->patterns->at || !list->patterns->positions)
        return;
    list->patterns->count = count;
    compile_each(c, value, read_pattern, list);
}

static void read_actions(struct compiler *c, json_t *value, struct statement *statement, bool negated)
{
    struct pattern_list list = {&statement->actions, PATTERN_WILDCARDS | PATTERN_IGNORE_CASE, check_action};

    read_patterns(c, value, &list, negated);
}

static void read_action(struct compiler *c, json_t *value, void *target)
{
    read_actions(c, value, target, false);
}

static void read_not_action(struct compiler *c, json_t *value, void *target)
{
    read_actions(c, value, target, true);
}

static void read_resources(struct compiler *c, json_t *value, struct statement *statement, bool negated)
{
    struct pattern_list list = {&statement->resources,
                                PATTERN_WILDCARDS | PATTERN_ARN | PATTERN_LATE_VARIABLES, check_resource};

    if (c->variables)
        list.flags |= PATTERN_VARIABLES;
    read_patterns(c, value, &list, negated);
}

static void read_resource(struct compiler *c, json_t *value, void *target)
{
    read_resources(c, value, target, false);
}

static void read_not_resource(struct compiler *c, json_t *value, void *target)
{
    read_resources(c, value, target, true);
}

static void read_effect(struct compiler *c, json_t *value, void *target)
{
    struct slice text = slice_of(json_string_value(value), json_string_length(value));
    struct statement *statement = target;
    char quoted[QUOTE_SIZE];

    statement->deny = slice_eq(text, SLICE("Deny"));
    if (!json_is_string(value))
        compile_error(c, "Effect must be \"Allow\" or \"Deny\"");
    else if (!statement->deny && !slice_eq(text, SLICE("Allow")))
        compile_error(c, "Effect is '%s'; it must be \"Allow\" or \"Deny\"", quote_text(text, quoted));
}

static void read_sid(struct compiler *c, json_t *value, void *target)
{
    if (json_is_string(value))
        ((struct statement *)target)->sid = arena_copy(&c->policy->arena, compile_string(value));
    else
        compile_error(c, "Sid must be a string");
}

static void read_principal(struct compiler *c, json_t *value, void *target)
{
    compile_principals(c, value, &((struct statement *)target)->principals);
}

static void read_not_principal(struct compiler *c, json_t *value, void *target)
{
    struct principals *principals = &((struct statement *)target)->principals;

    principals->negated = true;
    compile_principals(c, value, principals);
}

static void read_condition(struct compiler *c, json_t *value, void *target)
{
    compile_conditions(c, value, target);
}

static const struct member members[] = {
    {"Sid", false, read_sid},
    {"Effect", true, read_effect},
    {"Principal", false, read_principal},
    {"NotPrincipal", false, read_not_principal},
    {"Action", false, read_action},
    {"NotAction", false, read_not_action},
    {"Resource", false, read_resource},
    {"NotResource", false, read_not_resource},
    {"Condition", false, read_condition},
    {NULL, false, NULL},
};

/* Pairs that exclude each other. */
static const struct {
    const char *name, *negation;
    bool required;
} pairs[] = {
    {"Principal", "NotPrincipal", false},
    {"Action", "NotAction", true},
    {"Resource", "NotResource", true},
};

static void check_pairs(struct compiler *c, const json_t *value)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        bool plain = json_object_get(value, pairs[i].name),
             negation = json_object_get(value, pairs[i].negation);

        if (plain && negation)
            compile_error(c, "the statement has both %s and %s; it can have one", pairs[i].name,
                          pairs[i].negation);
        else if (!plain && !negation && pairs[i].required)
            compile_error(c, "the statement has no %s (or %s)", pairs[i].name, pairs[i].negation);
    }
}

void compile_statement(struct compiler *c, json_t *value, struct statement *out)
{
    out->position = locator_position(&c->locator);
    if (!json_is_object(value)) {
        compile_error(c, "a statement must be an object");
        return;
    }
    check_pairs(c, value);
    compile_object(c, value, members, out, "the statement");
    if (out->principals.negated && !out->deny && json_object_get(value, "Effect"))
        compile_error(c,
                      "NotPrincipal works with Effect \"Deny\" only; AWS does not support it with \"Allow\"");
}
