/* sagegate policy eval: one decision, and the statement that made it. */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/policy.h"
#include "cli/policy_context.h"
#include "policy/principal.h"

enum { MAX_POLICIES = 16, MAX_RESOURCES = 64 };

struct question {
    char *paths[MAX_POLICIES];
    struct policy *policies[MAX_POLICIES];
    size_t policy_count;
    struct slice resources[MAX_RESOURCES];
    char *context_path;
    struct policy_context *context;
    struct request_facts facts;
};

static void add(json_t *answer, const char *key, json_t *value)
{
    json_object_set_new(answer, key, value);
}

static json_t *statement_of(const struct policy_reason *why)
{
    if (!why->matched)
        return json_null();
    return why->sid.len ? json_stringn(why->sid.ptr, why->sid.len) : json_integer((json_int_t)why->statement);
}

static void print_answer(const struct question *question, enum policy_decision decision,
                         const struct policy_reason *why)
{
    static const char *const names[] = {
        [POLICY_ALLOWED] = "allowed",
        [POLICY_EXPLICIT_DENY] = "explicit_deny",
        [POLICY_IMPLICIT_DENY] = "implicit_deny",
    };
    json_t *answer = json_object();

    add(answer, "decision", json_string(names[decision]));
    add(answer, "statement", statement_of(why));
    add(answer, "policy", json_string(question->paths[why->document]));
    if (why->matched) {
        add(answer, "line", json_integer((json_int_t)why->line));
        add(answer, "column", json_integer((json_int_t)why->column));
    }
    add(answer, "resource", json_stringn(why->resource.ptr, why->resource.len));
    if (why->unknown.len)
        add(answer, "unknown", json_stringn(why->unknown.ptr, why->unknown.len));
    json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(answer);
}

static bool load_context(struct question *question)
{
    const char *path = question->context_path;
    struct buffer text = {0};
    json_t *object = NULL;
    json_error_t where;
    struct sg_error err;
    bool good = false;

    if (!policy_read_file(path, &text))
        goto out;
    object = json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &where);
    if (!object)
        fprintf(stderr, "%s:%d:%d: error: this is not JSON: %s\n", path, where.line, where.column,
                where.text);
    else if (!json_is_object(object))
        fprintf(stderr, "%s: error: this must be a JSON object of condition keys\n", path);
    else if (policy_context_new(object, &question->context, &err) != SG_OK)
        fprintf(stderr, "%s: error: %s\n", path, err.text);
    else
        good = true;
out:
    json_decref(object);
    buffer_free(&text);
    return good;
}

/* All files, so that all their errors are told. */
static bool load(struct question *question)
{
    bool good = true;

    for (size_t i = 0; i < question->policy_count; i++)
        good &= (question->policies[i] = policy_load(question->paths[i])) != NULL;
    if (question->context_path)
        good &= load_context(question);
    if (question->context) {
        question->facts.context = policy_context_find;
        question->facts.context_user = question->context;
    }
    return good;
}

static int evaluate(struct question *question)
{
    int status = EXIT_USAGE;

    if (load(question)) {
        struct policy_reason why;
        enum policy_decision decision = policy_evaluate_all((const struct policy *const *)question->policies,
                                                            question->policy_count, &question->facts, &why);

        print_answer(question, decision, &why);
        status = decision == POLICY_ALLOWED ? EXIT_OK : EXIT_FAILED;
    }
    for (size_t i = 0; i < question->policy_count; i++)
        policy_free(question->policies[i]);
    policy_context_free(question->context);
    return status;
}

static int usage_error(const char *text)
{
    fprintf(stderr, "sagegate policy eval: %s. Try `sagegate policy --help`.\n", text);
    return EXIT_USAGE;
}

/* NULL when the option is good. */
static const char *take_option(struct question *question, int option)
{
    struct request_facts *facts = &question->facts;
    struct principal principal;

    if (option == 'p' && question->policy_count < MAX_POLICIES) {
        question->paths[question->policy_count++] = optarg;
    } else if (option == 'a') {
        facts->action = slice_cstr(optarg);
    } else if (option == 'r' && facts->resource_count < MAX_RESOURCES) {
        question->resources[facts->resource_count++] = slice_cstr(optarg);
    } else if (option == 'c') {
        question->context_path = optarg;
    } else if (option == 'u') {
        facts->principal_arn = slice_cstr(optarg);
        if (!principal_read(facts->principal_arn, &principal) || principal.kind == PRINCIPAL_EVERYONE)
            return "--principal is no ARN of a user, role, assumed-role session or root";
    } else {
        return option == '?' ? "there is no such option" : "too many of one option";
    }
    return NULL;
}

int cli_policy_eval(int argc, char **argv)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'},   {"action", required_argument, NULL, 'a'},
        {"resource", required_argument, NULL, 'r'}, {"principal", required_argument, NULL, 'u'},
        {"context", required_argument, NULL, 'c'},  {NULL, 0, NULL, 0},
    };
    struct question question = {.policy_count = 0};
    int option;

    question.facts.resources = question.resources;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *wrong = take_option(&question, option);

        if (wrong)
            return usage_error(wrong);
    }
    for (; optind < argc; optind++) {
        /* --policy FILE FILE… */
        if (question.policy_count == 0 || question.policy_count == MAX_POLICIES)
            return usage_error("what are the extra arguments?");
        question.paths[question.policy_count++] = argv[optind];
    }
    if (question.policy_count == 0 || question.facts.action.len == 0)
        return usage_error("--policy and --action are needed");
    return evaluate(&question);
}
