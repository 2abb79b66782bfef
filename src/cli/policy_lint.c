#include "cli/policy_lint.h"

#include <stdarg.h>
#include <stdlib.h>

#include "aws/condition_keys.h"
#include "aws/operation.h"
#include "aws/resource.h"
#include "base/quote.h"
#include "config/policies.h"
#include "config/suggest.h"

void lint_warn(struct lint *lint, const struct policy_name *at, const char *format, ...)
{
    struct policy_problem problem = {.is_error = false, .line = at->line, .column = at->column};
    va_list args;

    va_start(args, format);
    sg_vword(problem.text, sizeof(problem.text), format, args);
    va_end(args);
    lint->report(lint->user, &problem);
}

bool lint_matches(const struct lint_name *name, struct slice text)
{
    struct request_facts no_facts = {.context = NULL};
    struct context context = {.facts = &no_facts};

    return pattern_match(&name->pattern, text, &context) == TRUTH_YES;
}

/* Whether the statement's actions match the operation's. */
static bool has_operation(const struct lint_statement *statement, const struct operation *operation)
{
    bool negated = false, matched = false;

    for (size_t i = 0; i < statement->count; i++) {
        const struct lint_name *name = &statement->names[i];

        if (name->name.kind != POLICY_NAMES_ACTION)
            continue;
        negated = name->name.negated;
        matched |= lint_matches(name, slice_cstr(operation->action));
    }
    return matched != negated;
}

const char *lint_nearest_action(struct slice text)
{
    const char *nearest = NULL;
    unsigned distance = SUGGEST_FAR;

    for (size_t i = 0; i < operation_count; i++) {
        struct slice action = slice_cstr(operation_table[i].action);
        unsigned one = suggest_distance(text, action);

        if (one < distance && suggest_is_near(text, action)) {
            distance = one;
            nearest = operation_table[i].action;
        }
    }
    return nearest;
}

static void check_action(struct lint *lint, const struct lint_name *name)
{
    struct slice rest = name->name.text, service;
    char quoted[QUOTE_SIZE];
    const char *nearest;

    if (lint_is_all(name))
        return;
    slice_split(&rest, ':', &service);
    quote_text(name->name.text, quoted);
    if (!lint_is_our_service(service)) {
        lint_warn(lint, &name->name, "'%s' is of another service: sagegate is never asked for it", quoted);
        return;
    }
    for (size_t i = 0; i < operation_count; i++) {
        if (lint_matches(name, slice_cstr(operation_table[i].action)))
            return;
    }
    nearest = lint_nearest_action(name->name.text);
    lint_warn(lint, &name->name, "no operation has the action '%s'%s%s%s", quoted, nearest ? "; is '" : "",
              nearest ? nearest : "", nearest ? "' meant?" : "");
}

/* Whether a resource of this operation may be of the type that the pattern begins with. */
static bool may_take(const struct operation *operation, const struct lint_name *resource)
{
    struct lint_arn parts;

    if (lint_is_all(resource))
        return true;
    if (!lint_split_arn(resource->name.text, &parts))
        return false;
    return resource_is_of_type(operation, lint_is_fixed(parts.type) ? parts.type : SLICE(""));
}

/* Whether the statement lists a resource that the operation may name. NotResource lists none. */
static bool has_resource(const struct lint_statement *statement, const struct operation *operation)
{
    for (size_t i = 0; i < statement->count; i++) {
        const struct lint_name *name = &statement->names[i];

        if (name->name.kind == POLICY_NAMES_RESOURCE && (name->name.negated || may_take(operation, name)))
            return true;
    }
    return false;
}

/* An action that matches operations, of which none has a resource that the statement lists. */
static void check_pair(struct lint *lint, const struct lint_statement *statement,
                       const struct lint_name *action)
{
    bool takes_any = false;
    size_t matched = 0;
    char quoted[QUOTE_SIZE];

    if (action->name.negated)
        return;
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation *operation = &operation_table[i];

        if (!lint_matches(action, slice_cstr(operation->action)))
            continue;
        if (has_resource(statement, operation))
            return;
        matched++;
        takes_any |= resource_is_of_type(operation, SLICE(""));
    }
    if (matched)
        lint_warn(lint, &action->name,
                  takes_any ? "'%s' never matches here: its resources are of other types than the statement's"
                            : "'%s' never matches here: it names no resource, which only \"*\" matches",
                  quote_text(action->name.text, quoted));
}

static bool asks_for(const struct lint_statement *statement, struct slice key)
{
    for (size_t i = 0; i < statement->count; i++) {
        const struct policy_name *name = &statement->names[i].name;

        if (name->kind == POLICY_NAMES_KEY && name->use == POLICY_KEY_PRESENT &&
            slice_eq_nocase(name->text, key))
            return true;
    }
    return false;
}

/* Who sends no tags sends none that is not listed: there, nobody wonders. */
static void check_all(struct lint *lint, const struct lint_statement *statement, const struct lint_name *key)
{
    struct slice text = key->name.text;
    char quoted[QUOTE_SIZE];

    if (key->name.use != POLICY_KEY_ALL || key->name.deny || slice_eq_nocase(text, SLICE("aws:TagKeys")) ||
        asks_for(statement, text))
        return;
    quote_text(text, quoted);
    lint_warn(
        lint, &key->name,
        "ForAllValues also allows requests without '%s': to ask for it, add \"Null\": {\"%s\": \"false\"}",
        quoted, quoted);
}

/* Whether requests of the statement's actions may have it. */
static bool is_carried(const struct lint_statement *statement, struct slice key)
{
    if (condition_keys_is_global(key))
        return true;
    for (size_t i = 0; i < operation_count; i++) {
        if (condition_keys_is_carried(&operation_table[i], key) &&
            has_operation(statement, &operation_table[i]))
            return true;
    }
    return false;
}

static void check_key(struct lint *lint, const struct lint_statement *statement, const struct lint_name *key)
{
    struct slice text = key->name.text;
    char quoted[QUOTE_SIZE];

    quote_text(text, quoted);
    if (key->name.use == POLICY_KEY_ONE && condition_keys_is_list(text))
        lint_warn(lint, &key->name,
                  "the key '%s' is a list: only operators with ForAllValues: or ForAnyValue: match it",
                  quoted);
    check_all(lint, statement, key);
    if (!condition_keys_is_told(text)) {
        const char *nearest = policies_nearest_key(text);

        lint_warn(lint, &key->name,
                  "only AWS can know the key '%s'%s%s%s: unknown_conditions says what follows", quoted,
                  nearest ? " (is '" : "", nearest ? nearest : "", nearest ? "' meant?)" : "");
    } else if (!is_carried(statement, text)) {
        lint_warn(lint, &key->name, "no action of this statement carries the key '%s'", quoted);
    }
}

static void check_statement(struct lint *lint, const struct lint_statement *statement)
{
    for (size_t i = 0; i < statement->count; i++) {
        const struct lint_name *name = &statement->names[i];

        if (name->name.kind == POLICY_NAMES_ACTION) {
            check_action(lint, name);
            check_pair(lint, statement, name);
        } else if (name->name.kind == POLICY_NAMES_RESOURCE) {
            lint_resource(lint, name);
        } else {
            check_key(lint, statement, name);
        }
    }
}

static void add_name(void *user, const struct policy_name *name)
{
    struct lint *lint = user;
    unsigned flags =
        PATTERN_WILDCARDS | (name->kind == POLICY_NAMES_ACTION ? PATTERN_IGNORE_CASE : PATTERN_ARN);
    struct lint_name *added;

    if (lint->count == lint->room) {
        size_t room = lint->room ? 2 * lint->room : 64;
        struct lint_name *grown = realloc(lint->names, room * sizeof(*grown));

        if (!grown) {
            lint->failed = true;
            return;
        }
        lint->names = grown;
        lint->room = room;
    }
    added = &lint->names[lint->count++];
    *added = (struct lint_name){.name = *name};
    if (slice_eq(name->text, SLICE("*")))
        flags = PATTERN_WILDCARDS;
    if (name->kind != POLICY_NAMES_KEY &&
        pattern_compile(name->text, flags, &lint->arena, &added->pattern, NULL) != SG_OK)
        lint->failed = true;
}

/* Names come statement by statement, and every statement has some. */
static void split_statements(struct lint *lint)
{
    size_t last = lint->count ? lint->names[lint->count - 1].name.statement + 1 : 0;

    lint->statements = arena_alloc(&lint->arena, last, sizeof(struct lint_statement));
    if (!lint->statements) {
        lint->failed = true;
        return;
    }
    lint->statement_count = last;
    for (size_t i = 0; i < lint->count; i++) {
        struct lint_statement *statement = &lint->statements[lint->names[i].name.statement];

        if (statement->count++ == 0)
            statement->names = &lint->names[i];
    }
}

/* Refusals and the log name a statement by its Sid. */
static void check_sids(struct lint *lint, const struct policy *policy)
{
    for (size_t i = 1; i < policy_statement_count(policy); i++) {
        struct policy_statement one = policy_statement_at(policy, i);
        struct policy_name at = {.line = one.line, .column = one.column};
        char quoted[QUOTE_SIZE];
        size_t k = 0;

        while (one.sid.len && k < i && !slice_eq(policy_statement_at(policy, k).sid, one.sid))
            k++;
        if (one.sid.len && k < i)
            lint_warn(lint, &at, "statement %zu has the Sid '%s', too; AWS may refuse the document", k + 1,
                      quote_text(one.sid, quoted));
    }
}

bool policy_lint(const struct policy *policy, policy_report *report, void *user)
{
    struct lint lint = {.report = report, .user = user};

    policy_each_name(policy, add_name, &lint);
    if (!lint.failed)
        split_statements(&lint);
    for (size_t i = 0; i < lint.statement_count; i++)
        check_statement(&lint, &lint.statements[i]);
    if (!lint.failed) {
        lint_resources(&lint);
        check_sids(&lint, policy);
        lint_shadows(&lint);
    }
    free(lint.names);
    arena_free(&lint.arena);
    return !lint.failed;
}
