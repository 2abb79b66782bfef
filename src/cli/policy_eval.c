/* sagegate policy eval: one decision, and the statement that made it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "aws/operation.h"
#include "base/quote.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "cli/policy_context.h"
#include "cli/policy_lint.h"
#include "policy/pattern.h"
#include "policy/principal.h"

static const char help[] =
    "usage: sagegate policy eval --policy FILE... --action A [--resource ARN...] [--principal ARN]\n"
    "                            [--context FILE.json]\n"
    "\n"
    "Prints, as JSON, whether the policies allow the action on the resources, and which statement decided.\n"
    "Of several policies each must allow it, and a deny in any denies.\n"
    "\n"
    "  --policy FILE     a policy document; may be repeated\n"
    "  --action A        such as sagemaker:InvokeEndpoint\n"
    "  --resource ARN    may be repeated; without it, the action has no resource (\"*\"); one that ends "
    "with\n"
    "                    '*' is allowed when all that begin so are, and denied when any is\n"
    "  --principal ARN   who calls: a user, a role, an assumed-role session; without it, nobody knows\n"
    "  --context FILE    a JSON object of condition keys, each with a string or a list of strings; other\n"
    "                    keys are absent\n"
    "  -h, --help        this text\n"
    "\n"
    "Example:\n"
    "  sagegate policy eval --policy /etc/sagegate/policy.json --action sagemaker:InvokeEndpoint \\\n"
    "    --resource arn:aws:sagemaker:us-west-2:123456789012:endpoint/myEndpoint\n"
    "\n"
    "Exit status: 0 allowed; 1 denied; 2 it could not be asked.\n";

enum { MAX_POLICIES = 16, MAX_RESOURCES = 64 };

struct question {
    char *paths[MAX_POLICIES];
    struct policy *policies[MAX_POLICIES];
    size_t policy_count;
    struct slice resources[MAX_RESOURCES], beginnings[MAX_RESOURCES];
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

/* A slip of the pen would be denied like anything that no statement allows. */
static void warn_of_action(struct slice action)
{
    const char *nearest = lint_nearest_action(action);
    char quoted[QUOTE_SIZE];

    if (operation_by_action(action))
        return;
    fprintf(stderr, "warning: no operation has the action '%s'%s%s%s\n", quote_text(action, quoted),
            nearest ? "; is '" : "", nearest ? nearest : "", nearest ? "' meant?" : "");
}

static int evaluate(struct question *question)
{
    int status = EXIT_USAGE;

    warn_of_action(question->facts.action);
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

static bool is_arn(struct slice text)
{
    int colons = 0;

    for (size_t i = 0; i < text.len; i++)
        colons += text.ptr[i] == ':';
    return slice_starts(text, SLICE("arn:")) && colons >= ARN_COLONS;
}

/* "*" stands for none. One that ends with '*' is told up to there. */
static bool take_resource(struct question *question, struct slice text)
{
    struct request_facts *facts = &question->facts;

    if (slice_eq(text, SLICE("*")))
        return true;
    if (!is_arn(text))
        return false;
    if (text.ptr[text.len - 1] == '*')
        question->beginnings[facts->beginning_count++] = text;
    else
        question->resources[facts->resource_count++] = text;
    return true;
}

static bool is_caller(const char *arn)
{
    struct principal principal;

    return principal_read(slice_cstr(arn), &principal) && principal.kind != PRINCIPAL_EVERYONE;
}

/* What the options gave, as far as the policies do not say; OPTIONS_GOOD, else the exit status. */
static int take(struct question *question, const struct cli_command *command, char *const *resources,
                size_t resource_count)
{
    const char *action = question->facts.action.ptr, *principal = question->facts.principal_arn.ptr;

    if (!action || question->policy_count == 0)
        return options_wrong(command, "--policy and --action are needed.");
    if (!strchr(action, ':'))
        return options_wrong(
            command, "--action '%s' is no SERVICE:OPERATION, as sagemaker:InvokeEndpoint is.", action);
    if (principal && !is_caller(principal))
        return options_wrong(
            command, "--principal '%s' is no ARN of a user, role, assumed-role session or root.", principal);
    for (size_t i = 0; i < resource_count; i++) {
        if (!take_resource(question, slice_cstr(resources[i])))
            return options_wrong(
                command,
                "--resource '%s' is no ARN, as arn:PARTITION:SERVICE:REGION:ACCOUNT:TYPE/NAME "
                "is; \"*\" stands for none.",
                resources[i]);
    }
    return OPTIONS_GOOD;
}

int cli_policy_eval(int argc, char **argv)
{
    static const struct cli_command command = {"policy eval", help, MAX_POLICIES};
    struct question question = {.policy_count = 0};
    char *action = NULL, *principal = NULL, *resources[MAX_RESOURCES];
    size_t resource_count = 0;
    const struct cli_option options[] = {
        {.name = "policy", .value = question.paths, .count = &question.policy_count, .max = MAX_POLICIES},
        {.name = "action", .value = &action},
        {.name = "resource", .value = resources, .count = &resource_count, .max = MAX_RESOURCES},
        {.name = "principal", .value = &principal},
        {.name = "context", .value = &question.context_path},
        {0},
    };
    int status = options_read(&command, options, argc, argv);

    if (status != OPTIONS_GOOD)
        return status;
    question.facts = (struct request_facts){.action = slice_cstr(action),
                                            .principal_arn = slice_cstr(principal),
                                            .resources = question.resources,
                                            .beginnings = question.beginnings};
    status = take(&question, &command, resources, resource_count);
    if (status != OPTIONS_GOOD)
        return status;
    for (; optind < argc; optind++) { /* --policy FILE FILE… */
        if (question.policy_count == MAX_POLICIES)
            return options_wrong(&command, "there can be up to %d policies.", MAX_POLICIES);
        question.paths[question.policy_count++] = argv[optind];
    }
    return evaluate(&question);
}
