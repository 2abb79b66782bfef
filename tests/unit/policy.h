/*
 * Policies in tests: documents are written with ' for " (and ` for '), requests as short strings. The context
 * is "key=value;key=[list,of,values];key=?", where ? is what only AWS knows.
 */
#ifndef SAGEGATE_TESTS_UNIT_POLICY_H
#define SAGEGATE_TESTS_UNIT_POLICY_H

#include <stdio.h>
#include <stdlib.h>

#include "policy/policy.h"
#include "unit/unit.h"

/* Rows of tests leave out what they do not need. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

enum { TEST_VALUES = 8, TEST_RESOURCES = 4, TEST_TEXT = 8192 };

#define ENDPOINT            "arn:aws:sagemaker:us-east-1:123456789012:endpoint/"
#define ONE_STATEMENT(rest) "{'Version':'2012-10-17','Statement':{" rest "}}"
#define ALLOW               "'Effect':'Allow','Action':'sagemaker:InvokeEndpoint',"
#define DENY                "'Effect':'Deny','Action':'sagemaker:InvokeEndpoint',"

/* "'" to '"', "`" to "'". */
static inline struct slice test_document(const char *text, char out[TEST_TEXT])
{
    size_t len = strlen(text);

    assert_true(len < TEST_TEXT);
    for (size_t i = 0; i <= len; i++)
        out[i] = text[i] == '\'' ? '"' : text[i] == '`' ? '\'' : text[i];
    return slice_of(out, len);
}

static inline void test_fail_on_error(void *user, const struct policy_problem *problem)
{
    if (problem->is_error)
        fail_msg("%s\n%u:%u: %s", (const char *)user, problem->line, problem->column, problem->text);
}

static inline struct policy *test_policy(const char *text)
{
    char document[TEST_TEXT];
    struct policy *policy = policy_parse(test_document(text, document), test_fail_on_error, document);

    assert_non_null(policy);
    return policy;
}

/* Keys and values of a context string. */
struct test_context {
    struct slice text;
    struct slice values[TEST_VALUES];
};

static inline enum context_lookup test_context_find(void *user, struct slice key, struct context_values *out)
{
    struct test_context *context = user;
    struct slice rest = context->text, entry, name;

    while (slice_split(&rest, ';', &entry)) {
        slice_split(&entry, '=', &name);
        if (!slice_eq_nocase(name, key))
            continue;
        if (slice_eq(entry, SLICE("?")))
            return CONTEXT_UNKNOWN;
        *out = (struct context_values){context->values, 0, slice_starts(entry, SLICE("["))};
        if (out->multivalued)
            entry = slice_of(entry.ptr + 1, entry.len - 2);
        while (!(out->multivalued && entry.len == 0 && entry.ptr) &&
               slice_split(&entry, out->multivalued ? ',' : '\0', &context->values[out->count]))
            out->count++;
        return CONTEXT_FOUND;
    }
    return CONTEXT_ABSENT;
}

/* Several resources are separated by blanks; none is NULL. Of one that ends with '*' only the beginning is
 * told. */
struct test_request {
    const char *action, *resources, *principal, *context;
    enum policy_unknown unknown;
};

static inline enum policy_decision test_decide_all(const struct policy *const *policies, size_t count,
                                                   const struct test_request *request,
                                                   struct policy_reason *why)
{
    struct test_context context = {.text = slice_cstr(request->context)};
    struct slice told[TEST_RESOURCES], begun[TEST_RESOURCES], rest = slice_cstr(request->resources), one;
    struct request_facts facts = {
        .action = slice_cstr(request->action),
        .principal_arn = slice_cstr(request->principal),
        .resources = told,
        .beginnings = begun,
        .context = test_context_find,
        .context_user = &context,
        .unknown = request->unknown,
    };

    while (slice_split(&rest, ' ', &one)) {
        if (one.len && one.ptr[one.len - 1] == '*')
            begun[facts.beginning_count++] = one;
        else
            told[facts.resource_count++] = one;
    }
    return policy_evaluate_all(policies, count, &facts, why);
}

static inline enum policy_decision test_decide(const char *document, const struct test_request *request,
                                               struct policy_reason *why)
{
    struct policy *policy = test_policy(document);
    const struct policy *one = policy;
    struct policy_reason reason;
    enum policy_decision decision = test_decide_all(&one, 1, request, why ? why : &reason);

    policy_free(policy);
    return decision;
}

#endif
