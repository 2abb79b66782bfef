/* sagegate health: for the probes of container platforms, whose images have no curl. */
#include <stdio.h>

#include "cli/admin_client.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/report.h"

static const char help[] =
    "usage: sagegate health [-c FILE | --address ADDRESS] [--ready]\n"
    "\n"
    "Asks the admin listener of the running sagegate whether it works, and says why not. It must be\n"
    "configured: admin: { address: \"127.0.0.1:9090\" }.\n"
    "\n"
    "  -c, --config FILE      the configuration (default " OPTIONS_CONFIG_DEFAULT "),\n"
    "                         of which only admin.address has to be right\n"
    "  -a, --address ADDRESS  the admin listener itself: 127.0.0.1:9090, unix:/run/sagegate/admin.sock\n"
    "  -r, --ready            whether it would serve requests now: it has credentials, and is not ending.\n"
    "                         For readiness and start-up. Without it: whether the process works, which does\n"
    "                         not depend on AWS. For liveness: a fault of AWS must not restart sidecars.\n"
    "  -h, --help             this text\n"
    "\n"
    "Examples:\n"
    "  HEALTHCHECK CMD [\"/usr/bin/sagegate\", \"health\"]\n"
    "  sagegate health --ready | jq .credentials\n"
    "\n"
    "Exit status: 0 it is; 1 it is not; 2 it could not be asked (no admin listener, wrong arguments).\n";

static int ask(const char *config_path, const char *address, const char *page)
{
    struct config *config = config_find_admin(config_path, address, report_config_problem, NULL);
    struct buffer body = {0};
    struct sg_error err;
    enum sg_status asked;
    int status = 0;

    if (!config)
        return EXIT_USAGE;
    asked = admin_get(config, page, &status, &body, &err);
    if (asked == SG_OK)
        fwrite(body.data, 1, body.len, stdout);
    else
        fprintf(stderr, "sagegate health: %s\n", err.text);
    buffer_free(&body);
    config_free(config);
    if (asked == SG_NOT_FOUND)
        return EXIT_USAGE;
    return asked == SG_OK && status == 200 ? EXIT_OK : EXIT_FAILED;
}

int cli_health(int argc, char **argv)
{
    static const struct cli_command command = {"health", help, 0};
    char *path = options_config_default, *address = NULL;
    bool ready = false;
    const struct cli_option options[] = {
        OPTIONS_CONFIG(path),
        {.name = "address", .letter = 'a', .value = &address},
        {.name = "ready", .letter = 'r', .given = &ready},
        {0},
    };
    int status = options_read(&command, options, argc, argv);

    return status == OPTIONS_GOOD ? ask(path, address, ready ? "/readyz" : "/healthz") : status;
}
