/* sagegate policy diff: what each of two documents allows that the other does not. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "cli/policy_difference.h"
#include "mirror/world.h"

static const char help[] =
    "usage: sagegate policy diff [--json] A B\n"
    "\n"
    "Tells what each of two policy documents allows that the other does not, with an example request for\n"
    "each.\n"
    "\n"
    "      --json  for programs\n"
    "  -h, --help  this text\n"
    "\n"
    "Example:\n"
    "  sagegate policy diff /etc/sagegate/policy.json policy.json\n"
    "\n"
    "Exit status: 0 they allow the same; 1 they differ; 2 it could not be done; 3 no difference was found,\n"
    "but they could not be compared in full.\n";

static int print_json(const struct difference_side sides[2])
{
    json_t *answer;
    int status = difference_json(sides, &answer);

    json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(answer);
    return status;
}

int cli_policy_diff(int argc, char **argv)
{
    static const struct cli_command command = {"policy diff", help, 2};
    struct difference_side sides[2];
    struct policy *policies[2] = {NULL, NULL};
    bool json = false;
    const struct cli_option options[] = {{.name = "json", .given = &json}, {0}};
    int status = options_read(&command, options, argc, argv);

    if (status != OPTIONS_GOOD)
        return status;
    if (argc - optind != 2)
        return options_wrong(&command, "name two files.");
    status = EXIT_USAGE;
    for (size_t i = 0; i < 2; i++) {
        policies[i] = policy_load(argv[optind + (int)i]);
        sides[i] = (struct difference_side){.paths = &argv[optind + (int)i],
                                            .policies = (const struct policy *const *)&policies[i],
                                            .count = 1};
    }
    if (policies[0] && policies[1])
        status = json ? print_json(sides) : difference_print(sides, ALL_SERVICES);
    policy_free(policies[0]);
    policy_free(policies[1]);
    return status;
}
