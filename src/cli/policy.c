/* sagegate policy: what a policy document says, before it is in force. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/cli.h"
#include "policy/policy.h"

enum { MAX_POLICIES = 16, MAX_RESOURCES = 64 };

static const char help[] =
    "usage: sagegate policy eval --policy FILE... --action A --resource ARN...\n"
    "       sagegate policy validate FILE...\n"
    "\n"
    "eval prints, as JSON, whether the policies allow the action on the resources, and which statement\n"
    "decided. Of several policies each must allow it, and a deny in any denies.\n"
    "validate prints every error with file, line and column.\n"
    "\n"
    "  --policy FILE     a policy document; may be repeated\n"
    "  --action A        such as sagemaker:InvokeEndpoint\n"
    "  --resource ARN    may be repeated; without it, the action has no resource (\"*\")\n"
    "\n"
    "Example:\n"
    "  sagegate policy eval --policy /etc/sagegate/policy.json --action sagemaker:InvokeEndpoint \\\n"
    "    --resource arn:aws:sagemaker:us-west-2:123456789012:endpoint/myEndpoint\n"
    "\n"
    "Exit status: 0 allowed, or valid; 1 denied, or errors found; 2 it could not be evaluated.\n";

static void print_problem(void *user, const struct policy_problem *problem)
{
    fprintf(stderr, "%s:%u:%u: %s: %s\n", (const char *)user, problem->line, problem->column,
            problem->is_error ? "error" : "warning", problem->text);
}

static bool read_file(const char *path, struct buffer *out)
{
    FILE *file = fopen(path, "re");
    size_t n = 0;

    if (!file) {
        perror(path);
        return false;
    }
    do {
        out->len += n;
        if (!buffer_reserve(out, 64 * 1024))
            break;
        n = fread(out->data + out->len, 1, 64 * 1024, file);
    } while (n > 0);
    if (ferror(file) || out->failed) {
        fprintf(stderr, "%s: cannot be read\n", path);
        out->failed = true;
    }
    fclose(file);
    return !out->failed;
}

static struct policy *load(char *path, int *status)
{
    struct buffer text = {0};
    struct policy *policy = NULL;

    if (read_file(path, &text)) {
        policy = policy_parse(buffer_slice(&text), print_problem, path);
        if (!policy)
            *status = EXIT_FAILED;
    } else {
        *status = EXIT_USAGE;
    }
    buffer_free(&text);
    return policy;
}

static int validate(int count, char **paths)
{
    int status = EXIT_OK;

    if (count == 0) {
        fputs("sagegate policy validate: name at least one file\n", stderr);
        return EXIT_USAGE;
    }
    for (int i = 0; i < count; i++)
        policy_free(load(paths[i], &status));
    return status;
}

struct question {
    char *policies[MAX_POLICIES];
    size_t policy_count;
    struct slice resources[MAX_RESOURCES];
    struct request_facts facts;
};

static void print_answer(enum policy_decision decision, const struct policy_reason *why, const char *path)
{
    static const char *const names[] = {"allowed", "explicit_deny", "implicit_deny"};
    json_t *statement = json_null();
    json_t *answer;

    if (why->matched)
        statement = why->sid.len ? json_stringn(why->sid.ptr, why->sid.len)
                                 : json_integer((json_int_t)why->statement);
    answer =
        json_pack("{s:s, s:o, s:s}", "decision", names[decision], "statement", statement, "policy", path);
    if (answer && why->matched)
        json_object_set_new(answer, "line", json_integer((json_int_t)why->line));
    if (answer)
        json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(answer);
}

/* A deny of any is the answer; else the first policy that does not allow; else the last, which does. */
static int evaluate(const struct question *question)
{
    enum policy_decision decision = POLICY_ALLOWED;
    struct policy *policies[MAX_POLICIES] = {NULL};
    struct policy_reason reason = {0};
    size_t decisive = 0;
    int status = EXIT_OK;

    for (size_t i = 0; i < question->policy_count; i++) {
        struct policy_reason why;
        enum policy_decision one;

        policies[i] = load(question->policies[i], &status);
        if (!policies[i])
            continue;
        one = policy_evaluate(policies[i], &question->facts, &why);
        if (decision == POLICY_ALLOWED || one == POLICY_EXPLICIT_DENY) {
            decision = one;
            decisive = i;
            reason = why;
        }
    }
    if (status == EXIT_OK)
        print_answer(decision, &reason, question->policies[decisive]);
    else
        status = EXIT_USAGE;
    for (size_t i = 0; i < question->policy_count; i++)
        policy_free(policies[i]);
    return status == EXIT_OK && decision != POLICY_ALLOWED ? EXIT_FAILED : status;
}

static int usage_error(const char *text)
{
    fprintf(stderr, "sagegate policy eval: %s. Try `sagegate policy --help`.\n", text);
    return EXIT_USAGE;
}

static int eval(int argc, char **argv)
{
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'},
        {"action", required_argument, NULL, 'a'},
        {"resource", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    struct question question = {.policy_count = 0};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p' && question.policy_count < MAX_POLICIES)
            question.policies[question.policy_count++] = optarg;
        else if (option == 'a')
            question.facts.action = slice_cstr(optarg);
        else if (option == 'r' && question.facts.resource_count < MAX_RESOURCES)
            question.resources[question.facts.resource_count++] = slice_cstr(optarg);
        else
            return usage_error(option == '?' ? "there is no such option" : "too many of one option");
    }
    for (; optind < argc; optind++) {
        /* --policy FILE FILE… */
        if (question.policy_count == 0 || question.policy_count == MAX_POLICIES)
            return usage_error("what are the extra arguments?");
        question.policies[question.policy_count++] = argv[optind];
    }
    if (question.policy_count == 0 || question.facts.action.len == 0)
        return usage_error("--policy and --action are needed");
    question.facts.resources = question.resources;
    return evaluate(&question);
}

int cli_policy(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        fputs(help, stdout);
        return EXIT_OK;
    }
    if (strcmp(name, "eval") == 0)
        return eval(argc - 1, argv + 1);
    if (strcmp(name, "validate") == 0)
        return validate(argc - 2, argv + 2);
    fprintf(stderr, "sagegate policy: say eval or validate. Try `sagegate policy --help`.\n");
    return EXIT_USAGE;
}
