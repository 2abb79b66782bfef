/* Answers many questions of policies in one process: a JSON object a line in, a JSON object a line out. For
 * the comparison with another implementation. */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "cli/policy_context.h"

enum { MAX_POLICIES = 8 };

/* Keeps the first error. */
static void keep_problem(void *user, const struct policy_problem *problem)
{
    char *text = user;

    if (problem->is_error && text[0] == '\0')
        memcpy(text, problem->text, sizeof(problem->text));
}

static struct policy *parse(const json_t *document, char *problem)
{
    char *text = json_dumps(document, JSON_ENCODE_ANY);
    struct policy *policy = policy_parse(slice_cstr(text), keep_problem, problem);

    free(text);
    return policy;
}

static struct slice string_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return slice_of(json_string_value(value), json_string_length(value));
}

static json_t *decide(const struct policy *const *policies, size_t count, const json_t *question)
{
    static const char *const names[] = {"allowed", "explicit_deny", "implicit_deny"};
    struct slice resource = string_at(question, "resource");
    struct request_facts facts = {
        .action = string_at(question, "action"),
        .principal_arn = string_at(question, "principal"),
        .resources = &resource,
        .resource_count = resource.ptr ? 1 : 0,
        .context = policy_context_find,
    };
    struct policy_context *context;
    struct policy_reason why;
    struct sg_error err;
    json_t *answer;

    if (policy_context_new(json_object_get(question, "context"), &context, &err) != SG_OK)
        return json_pack("{s:s}", "error", err.text);
    facts.context_user = context;
    answer = json_pack("{s:s}", "decision", names[policy_evaluate_all(policies, count, &facts, &why)]);
    policy_context_free(context);
    return answer;
}

static json_t *answer(const json_t *question)
{
    struct policy *policies[MAX_POLICIES] = {NULL};
    char problem[sizeof(((struct policy_problem *)0)->text)] = "";
    size_t count = 0, i;
    const json_t *document;
    json_t *result = NULL;

    json_array_foreach(json_object_get(question, "policies"), i, document)
    {
        policies[count] = parse(document, problem);
        if (policies[count])
            count++;
        else if (!result)
            result = json_pack("{s:s}", "error", problem);
    }
    if (!result)
        result = decide((const struct policy *const *)policies, count, question);
    while (count > 0)
        policy_free(policies[--count]);
    return result;
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    json_error_t error;

    while (getline(&line, &size, stdin) > 0) {
        json_t *question = json_loads(line, 0, &error), *result;

        if (!question) {
            fprintf(stderr, "%s\n", error.text);
            return 1;
        }
        result = answer(question);
        json_dumpf(result, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(result);
        json_decref(question);
    }
    free(line);
    return ferror(stdout) ? 1 : 0;
}
