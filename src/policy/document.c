/* From JSON to a compiled policy. Every element has a row below; whatever has none is an error. */
#include "policy/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_BYTES = 1024 * 1024, MAX_STATEMENTS = 10000, MAX_PATH = 6 };

struct compiler {
    struct slice text;
    struct policy *policy;
    policy_report *report;
    void *user;
    bool failed;
    struct locate_step path[MAX_PATH]; /* of the element at hand */
    size_t depth;
};

__attribute__((format(printf, 3, 0))) static void problem_at(struct compiler *c, struct position position,
                                                             const char *format, va_list args)
{
    struct policy_problem problem = {.is_error = true, .line = position.line, .column = position.column};

    vsnprintf(problem.text, sizeof(problem.text), format, args);
    c->failed = true;
    c->report(c->user, &problem);
}

__attribute__((format(printf, 2, 3))) static void problem(struct compiler *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    problem_at(c, locate(c->text, c->path, c->depth), format, args);
    va_end(args);
}

static void push(struct compiler *c, const char *key, size_t index)
{
    c->path[c->depth++] = (struct locate_step){key, index};
}

static void pop(struct compiler *c)
{
    c->depth--;
}

static struct slice string_of(const json_t *value)
{
    return slice_of(json_string_value(value), json_string_length(value));
}

/* One element of a document or statement. */
struct element {
    const char *name;
    bool required;
    void (*read)(struct compiler *c, json_t *value, void *target);
};

static const struct element *find_element(const struct element *elements, const char *name)
{
    for (; elements->name; elements++) {
        if (strcmp(elements->name, name) == 0)
            return elements;
    }
    return NULL;
}

/* Reads the members of an object by the table; reports those it does not know, and those that are missing. */
static void read_object(struct compiler *c, json_t *object, const struct element *elements, void *target,
                        const char *what)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        const struct element *element = find_element(elements, key);

        push(c, key, 0);
        if (element)
            element->read(c, value, target);
        else
            problem(c, "%s has an element '%.64s', which sagegate does not understand", what, key);
        pop(c);
    }
    for (; elements->name; elements++) {
        if (elements->required && !json_object_get(object, elements->name))
            problem(c, "%s has no %s", what, elements->name);
    }
}

static void read_effect(struct compiler *c, json_t *value, void *target)
{
    struct statement *statement = target;

    if (json_is_string(value) && strcmp(json_string_value(value), "Deny") == 0)
        statement->deny = true;
    else if (!json_is_string(value) || strcmp(json_string_value(value), "Allow") != 0)
        problem(c, "Effect must be \"Allow\" or \"Deny\"");
}

static void read_sid(struct compiler *c, json_t *value, void *target)
{
    if (json_is_string(value))
        ((struct statement *)target)->sid = string_of(value);
    else
        problem(c, "Sid must be a string");
}

/* A string, or a list of strings that is not empty. */
static void read_patterns(struct compiler *c, const json_t *value, struct patterns *patterns,
                          void (*check)(struct compiler *c, struct slice text))
{
    size_t count = json_is_array(value) ? json_array_size(value) : 1;

    if (count == 0) {
        problem(c, "the list is empty: name at least one, or \"*\"");
        return;
    }
    patterns->at = calloc(count, sizeof(struct slice));
    if (!patterns->at) {
        problem(c, "out of memory");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;

        if (json_is_array(value))
            push(c, NULL, i);
        if (json_is_string(one)) {
            patterns->at[patterns->count++] = string_of(one);
            check(c, string_of(one));
        } else {
            problem(c, "this must be a string, or a list of strings");
        }
        if (json_is_array(value))
            pop(c);
    }
}

static void check_action(struct compiler *c, struct slice text)
{
    struct slice rest = text, service;

    if (slice_eq(text, SLICE("*")))
        return;
    slice_split(&rest, ':', &service);
    if (!rest.ptr || service.len == 0 || rest.len == 0)
        problem(c, "'%.*s' is no action: write \"*\", or SERVICE:OPERATION such as sagemaker:InvokeEndpoint",
                (int)(text.len < 80 ? text.len : 80), text.ptr);
}

static void check_resource(struct compiler *c, struct slice text)
{
    struct slice rest = text, part;
    int colons = 0;

    if (slice_eq(text, SLICE("*")))
        return;
    if (memmem(text.ptr, text.len, "${", 2)) {
        problem(c, "policy variables (${…}) are not supported yet");
        return;
    }
    while (colons < 5 && slice_split(&rest, ':', &part) && rest.ptr)
        colons++;
    if (colons < 5 || !slice_starts(text, SLICE("arn:")))
        problem(c, "'%.*s' is no ARN: write \"*\", or arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
                (int)(text.len < 80 ? text.len : 80), text.ptr);
}

static void read_action(struct compiler *c, json_t *value, void *target)
{
    read_patterns(c, value, &((struct statement *)target)->actions, check_action);
}

static void read_resource(struct compiler *c, json_t *value, void *target)
{
    read_patterns(c, value, &((struct statement *)target)->resources, check_resource);
}

static bool is_everyone(const json_t *value)
{
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    return json_is_string(value) && strcmp(json_string_value(value), "*") == 0;
}

static void read_principal(struct compiler *c, json_t *value, void *target)
{
    (void)target;
    if (json_is_object(value) && json_object_size(value) == 1)
        value = json_object_get(value, "AWS");
    if (!value || !is_everyone(value))
        problem(c, "Principal must be \"*\" or {\"AWS\": \"*\"}; others are not supported yet");
}

static const struct element statement_elements[] = {
    {"Sid", false, read_sid},      {"Effect", true, read_effect},     {"Principal", false, read_principal},
    {"Action", true, read_action}, {"Resource", true, read_resource}, {NULL, false, NULL},
};

static void read_statement(struct compiler *c, json_t *value)
{
    struct statement *statement = &c->policy->statements[c->policy->count++];

    statement->position = locate(c->text, c->path, c->depth);
    if (json_is_object(value))
        read_object(c, value, statement_elements, statement, "the statement");
    else
        problem(c, "a statement must be an object");
}

static void read_statements(struct compiler *c, json_t *value, void *target)
{
    size_t count = json_is_array(value) ? json_array_size(value) : 1;

    (void)target;
    if (count > MAX_STATEMENTS) {
        problem(c, "a policy has at most %d statements", MAX_STATEMENTS);
        return;
    }
    c->policy->statements = calloc(count ? count : 1, sizeof(struct statement));
    if (!c->policy->statements) {
        problem(c, "out of memory");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (json_is_array(value))
            push(c, NULL, i);
        read_statement(c, json_is_array(value) ? json_array_get(value, i) : value);
        if (json_is_array(value))
            pop(c);
    }
}

static void read_version(struct compiler *c, json_t *value, void *target)
{
    (void)target;
    if (!json_is_string(value) || (strcmp(json_string_value(value), "2012-10-17") != 0 &&
                                   strcmp(json_string_value(value), "2008-10-17") != 0))
        problem(c, "Version must be \"2012-10-17\" or \"2008-10-17\"");
}

static void read_id(struct compiler *c, json_t *value, void *target)
{
    (void)target;
    if (!json_is_string(value))
        problem(c, "Id must be a string");
}

static const struct element document_elements[] = {
    {"Version", false, read_version},
    {"Id", false, read_id},
    {"Statement", true, read_statements},
    {NULL, false, NULL},
};

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

struct policy *policy_parse(struct slice text, policy_report *report, void *user)
{
    struct compiler c = {.text = text, .report = report, .user = user};
    json_error_t error;

    c.policy = calloc(1, sizeof(*c.policy));
    if (!c.policy || text.len > MAX_BYTES) {
        problem(&c, c.policy ? "a policy has at most 1 MiB" : "out of memory");
        policy_free(c.policy);
        return NULL;
    }
    c.policy->document = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &error);
    if (!c.policy->document)
        report_syntax(&c, &error);
    else if (!json_is_object(c.policy->document))
        problem(&c, "a policy must be a JSON object");
    else
        read_object(&c, c.policy->document, document_elements, NULL, "the policy");
    if (!c.failed)
        return c.policy;
    policy_free(c.policy);
    return NULL;
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    for (size_t i = 0; i < policy->count; i++) {
        free(policy->statements[i].actions.at);
        free(policy->statements[i].resources.at);
    }
    free(policy->statements);
    json_decref(policy->document);
    free(policy);
}
