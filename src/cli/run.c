/* sagegate run: serve. */
#include <stdio.h>

#include "base/log.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/report.h"
#include "daemon/daemon.h"

static const char help[] =
    "usage: sagegate run [-c FILE]\n"
    "\n"
    "Serves in the foreground until SIGTERM or SIGINT, which let running requests finish. Logs to stderr;\n"
    "tells systemd when it is ready. SIGHUP puts the changed configuration in force, if it is good.\n"
    "\n"
    "  -c, --config FILE   the configuration (default " OPTIONS_CONFIG_DEFAULT ")\n"
    "  -h, --help          this text\n"
    "\n"
    "Example:\n"
    "  sagegate run -c sagegate.yaml\n"
    "  curl -d '{\"instances\": [1, 2]}' http://localhost:8080/endpoints/myEndpoint/invocations\n"
    "\n"
    "Exit status: 0 after an orderly end; 1 when it could not start; 2 for wrong arguments.\n";

static int run(const char *path)
{
    struct sg_error err = {0};
    struct config *config;

    (void)secret_init(); /* the configuration's files hold secrets; the daemon says when it did not go well */
    config = config_load(path, report_config_problem, NULL);
    if (!config)
        return EXIT_FAILED;
    log_setup(config->log_level, config->log_format);
    (void)daemon_run(config, path, &err);
    log_close();
    if (err.status != SG_OK)
        log_error("%s", err.text);
    config_free(config);
    return err.status == SG_OK ? EXIT_OK : EXIT_FAILED;
}

int cli_run(int argc, char **argv)
{
    static const struct cli_command command = {"run", help, 0};
    char *path = options_config_default;
    const struct cli_option options[] = {OPTIONS_CONFIG(path), {0}};
    int status = options_read(&command, options, argc, argv);

    return status == OPTIONS_GOOD ? run(path) : status;
}
