/* sagegate policy diff: what each of two documents allows that the other does not. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/policy.h"
#include "cli/policy_difference.h"
#include "mirror/world.h"

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
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    struct difference_side sides[2];
    struct policy *policies[2] = {NULL, NULL};
    int option, status = EXIT_USAGE;
    bool json = false;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return EXIT_USAGE;
        json = true;
    }
    if (argc - optind != 2) {
        fputs("sagegate policy diff: name two files. Try `sagegate policy --help`.\n", stderr);
        return EXIT_USAGE;
    }
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
