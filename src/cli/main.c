/* The command line: one row a subcommand, each in a file of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/json_memory.h"
#include "cli/cli.h"
#include "config.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"run", cli_run, "serve, as the configuration says"},
    {"check", cli_check, "check a configuration and the policies it names"},
    {"credentials", cli_credentials, "say where the keys come from, and whose they are"},
    {"doctor", cli_doctor, "walk the way to the endpoints, and say what mends it"},
    {"explain", cli_explain, "say what would be done with a request, and why"},
    {"health", cli_health, "ask a running sagegate how it is: for probes"},
    {"keys", cli_keys, "make a key by which sagegate knows an application"},
    {"policy", cli_policy, "evaluate, compare, learn or fetch policy documents"},
    {"sign", cli_sign, "print what SigV4 makes of a raw request"},
    {"status", cli_status, "show how a running sagegate is: for people"},
};

static void usage(FILE *out)
{
    fputs("usage: sagegate COMMAND [OPTION...]\n"
          "\n"
          "sagegate takes unsigned HTTP requests for the SageMaker APIs on localhost, refuses what its\n"
          "policy does not allow, signs the rest, and forwards them over TLS to a VPC interface endpoint.\n"
          "\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].help);
    fputs("\n"
          "`sagegate COMMAND --help` tells more, with examples. `sagegate --version` names the version.\n"
          "Exit status: 0 good; 1 the answer is no (errors found, denied); 2 it could not be asked.\n",
          out);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    json_set_alloc_funcs(json_memory_alloc, free);
    if (strcmp(name, "--version") == 0) {
        puts(PACKAGE_STRING);
        return EXIT_OK;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        usage(stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    if (*name)
        fprintf(stderr, "sagegate: there is no command '%s'. Try `sagegate --help`.\n", name);
    else
        usage(stderr);
    return EXIT_USAGE;
}
