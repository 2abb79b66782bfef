/* sagegate policy: what a policy document says, before it is in force. */
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "config/file.h"

static const char help[] =
    "usage: sagegate policy eval --policy FILE... --action A [--resource ARN...] [--principal ARN]\n"
    "                            [--context FILE.json]\n"
    "       sagegate policy pull [-c FILE] [--vpc-endpoint ID] [-o PATH]\n"
    "       sagegate policy validate FILE...\n"
    "\n"
    "eval prints, as JSON, whether the policies allow the action on the resources, and which statement\n"
    "decided. Of several policies each must allow it, and a deny in any denies.\n"
    "pull asks Amazon EC2 for the policies that the VPC endpoints themselves have: see `sagegate policy pull "
    "--help`.\n"
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
    "Exit status: 0 allowed, or valid; 1 denied, or errors found; 2 it could not be evaluated.\n";

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

int cli_policy(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        fputs(help, stdout);
        return EXIT_OK;
    }
    if (strcmp(name, "eval") == 0)
        return cli_policy_eval(argc - 1, argv + 1);
    if (strcmp(name, "validate") == 0)
        return cli_policy_validate(argc - 1, argv + 1);
    if (strcmp(name, "pull") == 0)
        return cli_policy_pull(argc - 1, argv + 1);
    fprintf(stderr, "sagegate policy: say eval, pull or validate. Try `sagegate policy --help`.\n");
    return EXIT_USAGE;
}
