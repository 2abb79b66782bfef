/* sagegate policy validate: what is wrong or doubtful in policy documents. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "cli/policy_lint.h"

static const char help[] =
    "usage: sagegate policy validate FILE...\n"
    "\n"
    "Prints every error and warning in policy documents, with file, line and column.\n"
    "\n"
    "  -h, --help  this text\n"
    "\n"
    "Example:\n"
    "  $ sagegate policy validate policy.json\n"
    "  policy.json:4:17: error: Effect is 'allow'; it must be \"Allow\" or \"Deny\"\n"
    "\n"
    "Exit status: 0 they are valid, with or without warnings; 1 there were errors; 2 wrong arguments, or a\n"
    "file cannot be read.\n";

static int validate_file(char *path)
{
    struct buffer text = {0};
    struct policy *policy = NULL;
    int status = EXIT_USAGE;

    if (policy_read_file(path, &text)) {
        policy = policy_parse(buffer_slice(&text), policy_print_problem, path);
        status = policy ? EXIT_OK : EXIT_FAILED;
        if (policy && !policy_lint(policy, policy_print_problem, path)) {
            fprintf(stderr, "%s: error: memory is short\n", path);
            status = EXIT_USAGE;
        }
    }
    policy_free(policy);
    buffer_free(&text);
    return status;
}

int cli_policy_validate(int argc, char **argv)
{
    static const struct cli_command command = {"policy validate", help, INT_MAX};
    static const struct cli_option options[] = {{0}};
    int worst = options_read(&command, options, argc, argv);

    if (worst != OPTIONS_GOOD)
        return worst;
    if (optind == argc)
        return options_wrong(&command, "name at least one file.");
    for (; optind < argc; optind++) {
        int status = validate_file(argv[optind]);

        worst = status > worst ? status : worst;
    }
    return worst;
}
