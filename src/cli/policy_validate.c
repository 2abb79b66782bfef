/* sagegate policy validate: what is wrong or doubtful in policy documents. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/policy.h"
#include "cli/policy_lint.h"

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
    int worst = EXIT_OK;

    if (argc < 2) {
        fputs("sagegate policy validate: name at least one file\n", stderr);
        return EXIT_USAGE;
    }
    for (int i = 1; i < argc; i++) {
        int status = validate_file(argv[i]);

        worst = status > worst ? status : worst;
    }
    return worst;
}
