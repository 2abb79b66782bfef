/* sagegate policy: what a policy document says, before it is in force. */
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "config/file.h"

static const char help[] =
    "usage: sagegate policy check-mirror [-c FILE] [--endpoint-policy FILE]\n"
    "       sagegate policy diff [--json] A B\n"
    "       sagegate policy eval --policy FILE... --action A [--resource ARN...] [--principal ARN]\n"
    "                            [--context FILE.json]\n"
    "       sagegate policy pull [-c FILE] [--vpc-endpoint ID] [-o PATH]\n"
    "       sagegate policy suggest [--listener NAME] [--wildcards] LOG...\n"
    "       sagegate policy validate FILE...\n"
    "\n"
    "check-mirror tells how the policies of the listeners and of the VPC endpoints differ: see `sagegate "
    "policy\n"
    "check-mirror --help`.\n"
    "diff tells what each of two documents allows that the other does not, with an example request for "
    "each.\n"
    "eval prints, as JSON, whether the policies allow the action on the resources, and which statement\n"
    "decided. Of several policies each must allow it, and a deny in any denies.\n"
    "pull asks Amazon EC2 for the policies that the VPC endpoints themselves have: see `sagegate policy pull "
    "--help`.\n"
    "suggest writes the policy that recorded traffic needs: see `sagegate policy suggest --help`.\n"
    "validate prints every error and warning with file, line and column.\n"
    "\n"
    "  --policy FILE     a policy document; may be repeated\n"
    "  --action A        such as sagemaker:InvokeEndpoint\n"
    "  --resource ARN    may be repeated; without it, the action has no resource (\"*\")\n"
    "  --principal ARN   who calls: a user, a role, an assumed-role session; without it, nobody knows\n"
    "  --context FILE    a JSON object of condition keys, each with a string or a list of strings; other\n"
    "                    keys are absent\n"
    "\n"
    "Example:\n"
    "  sagegate policy eval --policy /etc/sagegate/policy.json --action sagemaker:InvokeEndpoint \\\n"
    "    --resource arn:aws:sagemaker:us-west-2:123456789012:endpoint/myEndpoint\n"
    "\n"
    "Exit status: 0 allowed, valid, or the same; 1 denied, errors found, or different; 2 it could not be "
    "done;\n"
    "3 no difference was found, but diff could not compare in full.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"check-mirror", cli_policy_check_mirror},
    {"diff", cli_policy_diff},
    {"eval", cli_policy_eval},
    {"pull", cli_policy_pull},
    {"suggest", cli_policy_suggest},
    {"validate", cli_policy_validate},
};

bool policy_read_file(const char *path, struct buffer *text)
{
    struct sg_error err;
    bool world_writable;

    if (file_read(path, text, &world_writable, &err) == SG_OK)
        return true;
    fprintf(stderr, "%s: error: %s\n", path, err.text);
    return false;
}

void policy_print_problem(void *user, const struct policy_problem *problem)
{
    fprintf(stderr, "%s:%u:%u: %s: %s\n", (const char *)user, problem->line, problem->column,
            problem->is_error ? "error" : "warning", problem->text);
}

struct policy *policy_load(char *path)
{
    struct buffer text = {0};
    struct policy *policy =
        policy_read_file(path, &text) ? policy_parse(buffer_slice(&text), policy_print_problem, path) : NULL;

    buffer_free(&text);
    return policy;
}

int cli_policy(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        fputs(help, stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "sagegate policy: say check-mirror, diff, eval, pull, suggest or validate. Try `sagegate "
                    "policy --help`.\n");
    return EXIT_USAGE;
}
