/* From JSON to a compiled policy. Whatever the language does not have is an error. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json_memory.h"
#include "policy/compile.h"

enum { MAX_BYTES = 1024 * 1024, MAX_STATEMENTS = 10000 };

static void read_one(struct compiler *c, json_t *value, size_t index, void *target)
{
    struct policy *policy = target;

    compile_statement(c, value, &policy->statements[index]);
}

static void read_statements(struct compiler *c, json_t *value, void *target)
{
    struct policy *policy = target;
    size_t count = compile_count(value);

    if (count > MAX_STATEMENTS) {
        compile_error(c, "a policy has at most %d statements", MAX_STATEMENTS);
        return;
    }
    policy->statements = compile_alloc(c, count, sizeof(struct statement));
    if (!policy->statements)
        return;
    policy->count = count;
    compile_each(c, value, read_one, policy);
}

static bool is_string(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static void read_version(struct compiler *c, json_t *value, void *target)
{
    (void)target;
    if (!is_string(value, "2012-10-17") && !is_string(value, "2008-10-17"))
        compile_error(c, "Version must be \"2012-10-17\" or \"2008-10-17\"");
}

static void read_id(struct compiler *c, json_t *value, void *target)
{
    (void)target;
    if (!json_is_string(value))
        compile_error(c, "Id must be a string");
}

static const struct member members[] = {
    {"Version", false, read_version},
    {"Id", false, read_id},
    {"Statement", true, read_statements},
    {NULL, false, NULL},
};

/* An endpoint policy has a Principal in every statement, an identity policy in none. */
static void check_principals(struct compiler *c)
{
    size_t present = 0;

    for (size_t i = 0; i < c->policy->count; i++)
        present += c->policy->statements[i].principals.present;
    if (present && present < c->policy->count)
        compile_warning(c,
                        "some statements have a Principal and others none: AWS takes the document neither as "
                        "an endpoint policy nor as an identity policy");
}

static void report_syntax(struct compiler *c, const json_error_t *error)
{
    struct policy_problem problem = {
        .is_error = true,
        .line = error->line > 0 ? (unsigned)error->line : 1,
        .column = error->column > 0 ? (unsigned)error->column : 1,
    };

    snprintf(problem.text, sizeof(problem.text), "this is not JSON: %s", error->text);
    c->failed = true;
    c->report(c->user, &problem);
}

static void read_document(struct compiler *c, struct slice text)
{
    json_error_t error;
    json_t *document;

    json_memory_watch();
    document = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &error);
    if (json_memory_was_short()) {
        compile_error(c, "memory is short");
    } else if (!document) {
        report_syntax(c, &error);
    } else if (!json_is_object(document)) {
        compile_error(c, "a policy must be a JSON object");
    } else {
        c->variables = is_string(json_object_get(document, "Version"), "2012-10-17");
        compile_object(c, document, members, c->policy, "the policy");
        check_principals(c);
    }
    json_decref(document);
}

struct policy *policy_parse(struct slice text, policy_report *report, void *user)
{
    struct compiler c = {.locator = locator_start(text), .report = report, .user = user};

    c.policy = calloc(1, sizeof(*c.policy));
    if (!c.policy)
        compile_error(&c, "memory is short");
    else if (text.len > MAX_BYTES)
        compile_error(&c, "a policy has at most 1 MiB");
    else
        read_document(&c, text);
    if (!c.failed && (c.policy->arena.failed || !index_build(c.policy)))
        compile_error(&c, "memory is short");
    if (!c.failed)
        return c.policy;
    policy_free(c.policy);
    return NULL;
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    arena_free(&policy->arena);
    free(policy);
}
