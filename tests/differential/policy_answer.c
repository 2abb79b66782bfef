/* Answers many questions of policies in one process: a JSON object a line in, a JSON object a line out. For
 * the comparison with another implementation, and of two documents with random requests: then the question
 * has "requests". */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "cli/policy_context.h"
#include "mirror/world.h"

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

enum { MAX_ACTIONS = 16 };

static enum compare_kind kind_of(struct slice key)
{
    bool list =
        slice_eq_nocase(key, SLICE("aws:TagKeys")) || slice_eq_nocase(key, SLICE("sagemaker:VpcSubnets"));

    return list ? COMPARE_LIST : COMPARE_SINGLE;
}

static json_t *text_of(struct slice text)
{
    return json_stringn(text.ptr, text.len);
}

static json_t *request_of(const struct compare_difference *difference)
{
    json_t *request = json_object(), *context = json_object();

    json_object_set_new(request, "action", text_of(difference->action));
    json_object_set_new(request, "principal", text_of(difference->principal));
    if (difference->resource.len)
        json_object_set_new(request, "resource", text_of(difference->resource));
    for (size_t i = 0; i < difference->context_count; i++) {
        const struct context_values *values = &difference->context[i].values;
        json_t *value = values->multivalued ? json_array() : text_of(values->values[0]);
        char key[256];

        for (size_t k = 0; values->multivalued && k < values->count; k++)
            json_array_append_new(value, text_of(values->values[k]));
        snprintf(key, sizeof(key), "%.*s", SLICE_FMT(difference->context[i].key));
        json_object_set_new(context, key, value);
    }
    json_object_set_new(request, "context", context);
    return request;
}

static json_t *differences_of(const struct comparison *comparison)
{
    json_t *list = json_array();

    for (size_t i = 0; i < comparison->count; i++) {
        const struct compare_difference *difference = &comparison->differences[i];
        json_t *one = request_of(difference);

        json_object_set_new(one, "allowed_by", json_integer((json_int_t)difference->allowed_by));
        json_array_append_new(list, one);
    }
    return list;
}

/* Whether the world has such a request. */
static bool is_possible(const struct compare_world *world, const json_t *request)
{
    struct slice action = string_at(request, "action"), resource = string_at(request, "resource");

    for (size_t i = 0; i < world->action_count; i++) {
        if (slice_eq(world->actions[i], action))
            return !world->takes || world->takes(world->user, i, resource);
    }
    return false;
}

/* How both sides decide; null for what is no request of the world. */
static json_t *answers_of(const struct compare_side sides[2], const struct compare_world *world,
                          const json_t *requests)
{
    json_t *answers = json_array();
    const json_t *one;
    size_t i;

    json_array_foreach(requests, i, one)
    {
        json_t *first, *second;

        if (!is_possible(world, one)) {
            json_array_append_new(answers, json_null());
            continue;
        }
        first = decide(sides[0].policies, sides[0].count, one);
        second = decide(sides[1].policies, sides[1].count, one);
        json_array_append_new(answers, json_pack("[O,O]", json_object_get(first, "decision"),
                                                 json_object_get(second, "decision")));
        json_decref(first);
        json_decref(second);
    }
    return answers;
}

/* The last document against all others: with the requests that sagegate knows, or with the question's actions
 * on any resource. */
static json_t *compare(const struct policy *const *policies, size_t count, const json_t *question)
{
    static const struct slice any = SLICE_INIT("arn:*:*:*:*:*");
    static const unsigned services = ALL_SERVICES;
    const struct compare_side sides[] = {{policies, count - 1}, {policies + count - 1, 1}};
    struct slice actions[MAX_ACTIONS];
    struct compare_world world = {.actions = actions,
                                  .resources = &any,
                                  .resource_count = 1,
                                  .kind = kind_of,
                                  .effort = COMPARE_EFFORT};
    struct arena arena = {.blocks = NULL};
    struct comparison comparison = {.count = 0};
    json_t *answer = json_object();
    const json_t *one;
    size_t i;

    json_array_foreach(json_object_get(question, "actions"), i, one) actions[world.action_count++] =
        slice_cstr(json_string_value(one));
    if (json_is_true(json_object_get(question, "known")))
        world = mirror_world(&arena, &services);
    if (policy_compare(sides, &world, &comparison) != SG_OK)
        abort();
    json_object_set_new(answer, "differences", differences_of(&comparison));
    json_object_set_new(answer, "cut", json_string(comparison.cut));
    json_object_set_new(answer, "answers", answers_of(sides, &world, json_object_get(question, "requests")));
    comparison_free(&comparison);
    arena_free(&arena);
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
    if (!result && json_object_get(question, "requests"))
        result = compare((const struct policy *const *)policies, count, question);
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
