/* sagegate check: is the configuration good, policies included? */
#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/report.h"
#include "daemon/sandbox.h"

static const char help[] =
    "usage: sagegate check [-c FILE]\n"
    "\n"
    "Reads the configuration and the policies it names, and says all that is wrong with them, each with "
    "file,\n"
    "line and column. Nothing is started, connected to or changed: run it before a start or a reload.\n"
    "Run it as the daemon's user to find also files that it may not read.\n"
    "\n"
    "  -c, --config FILE   the configuration (default " OPTIONS_CONFIG_DEFAULT ")\n"
    "  -h, --help          this text\n"
    "\n"
    "Example:\n"
    "  $ sagegate check -c sagegate.yaml\n"
    "  sagegate.yaml:3:3: error: unknown key 'runtme' in endpoints; did you mean 'runtime'?\n"
    "  $ $EDITOR +3 sagegate.yaml\n"
    "  $ sagegate check -c sagegate.yaml\n"
    "  sagegate.yaml: good: 1 listener, services: runtime\n"
    "  sagegate.yaml: sandbox: no new privileges, no capabilities, not dumpable, seccomp, landlock\n"
    "\n"
    "Exit status: 0 when it is good, with or without warnings; 1 when there were errors; 2 for wrong\n"
    "arguments, or when FILE cannot be read. Every key is described in sagegate.yaml(5).\n";

/* Whether it could be said: standard output may be a full disk. */
static bool print_good(const char *path, const struct config *config)
{
    const char *separator = "";

    printf("%s: good: %zu listener%s, services: ", path, config->listener_count,
           config->listener_count == 1 ? "" : "s");
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        if (config->endpoints[i].configured) {
            printf("%s%s", separator, aws_services[i].key);
            separator = ", ";
        }
    }
    return putchar('\n') != EOF;
}

/* Of a daemon that is started as check was. */
static bool print_sandbox(const char *path, const struct config *config)
{
    struct sandbox sandbox = sandbox_plan(config);
    struct buffer text = {0};
    bool told;

    sandbox_tell(&sandbox, &text);
    told = buffer_cstr(&text) && printf("%s: sandbox: %s\n", path, buffer_cstr(&text)) > 0;
    buffer_free(&text);
    return told && fflush(stdout) == 0;
}

static int check(const char *path)
{
    struct report report = {.file = path};
    struct config *config = config_load(path, report_config_problem, &report);
    int status = EXIT_OK;

    if (!config)
        return report.unreadable ? EXIT_USAGE : EXIT_FAILED;
    if (!print_good(path, config) || !print_sandbox(path, config)) {
        fprintf(stderr, "sagegate check: cannot write to standard output: %s\n", strerror(errno));
        status = EXIT_USAGE;
    }
    config_free(config);
    return status;
}

int cli_check(int argc, char **argv)
{
    static const struct cli_command command = {"check", help, 0};
    char *path = options_config_default;
    const struct cli_option options[] = {OPTIONS_CONFIG(path), {0}};
    int status = options_read(&command, options, argc, argv);

    return status == OPTIONS_GOOD ? check(path) : status;
}
