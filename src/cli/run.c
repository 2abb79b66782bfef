/* sagegate run: serve. */
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/report.h"
#include "daemon/daemon.h"

static const char help[] =
    "usage: sagegate run [-c FILE]\n"
    "\n"
    "Serves in the foreground until SIGTERM or SIGINT, which let running requests finish. Logs to stderr;\n"
    "tells systemd when it is ready. SIGHUP puts the changed configuration in force, if it is good.\n"
    "\n"
    "  -c, --config FILE   the configuration (default " SYSCONFDIR "/sagegate/sagegate.yaml)\n"
    "  -h, --help          this text\n"
    "\n"
    "Example:\n"
    "  sagegate run -c sagegate.yaml\n"
    "  curl -d '{\"instances\": [1, 2]}' http://localhost:8080/endpoints/myEndpoint/invocations\n"
    "\n"
    "Exit status: 0 after an orderly end; 1 when it could not start; 2 for wrong arguments.\n";

int cli_run(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *path = SYSCONFDIR "/sagegate/sagegate.yaml";
    struct sg_error err = {0};
    struct config *config;
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_OK;
        default:
            fputs("Try `sagegate run --help`.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "sagegate run: what is '%s'? Try `sagegate run --help`.\n", argv[optind]);
        return EXIT_USAGE;
    }
    (void)secret_init(); /* the configuration's files hold secrets; the daemon says when it did not go well */
    config = config_load(path, report_config_problem, NULL);
    if (!config)
        return EXIT_FAILED;
    log_setup(config->log_level, config->log_format);
    if (daemon_run(config, path, &err) != SG_OK) {
        log_use(log_open(NULL), NULL); /* where whoever has started it looks */
        log_error("%s", err.text);
    }
    config_free(config);
    return err.status == SG_OK ? EXIT_OK : EXIT_FAILED;
}
