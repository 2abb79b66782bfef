/* sagegate policy: what a policy document says, before it is in force. */
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "config/file.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"check-mirror", cli_policy_check_mirror, "compare the listeners' policies and the VPC endpoints'"},
    {"diff", cli_policy_diff, "say what each of two documents allows that the other does not"},
    {"eval", cli_policy_eval, "decide one request, and say by which statement"},
    {"pull", cli_policy_pull, "ask Amazon EC2 for the VPC endpoints' own policies"},
    {"suggest", cli_policy_suggest, "write the policy that recorded traffic needs"},
    {"validate", cli_policy_validate, "say what is wrong or doubtful in documents"},
};

static void usage(FILE *out)
{
    fputs(
        "usage: sagegate policy COMMAND [OPTION...]\n"
        "\n"
        "What policy documents say, before they are in force. sagegate-policy(7) describes their language.\n"
        "\n"
        "Commands:\n",
        out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "  %-13s%s\n", commands[i].name, commands[i].help);
    fputs("\n"
          "`sagegate policy COMMAND --help` tells more, with examples.\n",
          out);
}

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
        usage(stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    if (*name)
        fprintf(stderr, "sagegate policy: there is no command '%s'. Try `sagegate policy --help`.\n", name);
    else
        usage(stderr);
    return EXIT_USAGE;
}
