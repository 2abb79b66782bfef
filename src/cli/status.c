/* sagegate status: how a running sagegate is, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/admin_client.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/report.h"
#include "cli/status_tell.h"

enum { WATCH_SECONDS = 2 };

static const char help[] =
    "usage: sagegate status [-c FILE | --address ADDRESS] [--watch | --json]\n"
    "\n"
    "Shows how the running sagegate is: whether it would serve requests and why not, its listeners, whose\n"
    "credentials it has and for how long, the endpoints' addresses, what it has done, and what it denied\n"
    "last. It asks the admin listener, which must be configured: admin: { address: \"127.0.0.1:9090\" }.\n"
    "\n"
    "  -c, --config FILE      the configuration (default " OPTIONS_CONFIG_DEFAULT "),\n"
    "                         of which only admin.address has to be right\n"
    "  -a, --address ADDRESS  the admin listener itself: 127.0.0.1:9090, unix:/run/sagegate/admin.sock\n"
    "  -w, --watch            again every 2 seconds, with rates, until interrupted\n"
    "  -j, --json             as the daemon tells it: /status.json\n"
    "  -h, --help             this text\n"
    "\n"
    "Examples:\n"
    "  sagegate status --watch\n"
    "  sagegate status --json | jq .endpoints\n"
    "\n"
    "Exit status: 0 it is ready; 1 it is not, or nobody answers; 2 it could not be asked.\n";

/* NULL with err, whose status says why. */
static json_t *get_status(const struct config *config, struct sg_error *err)
{
    struct buffer body = {0};
    json_t *json = NULL;
    int status = 0;

    err->status = admin_get(config, "/status.json", &status, &body, err);
    if (err->status == SG_OK && status == 200)
        json = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    if (err->status == SG_OK && !json)
        sg_fail(err, SG_INVALID, "the admin listener %s answers, but not with a status (HTTP %d)",
                config->admin.address, status);
    buffer_free(&body);
    return json;
}

static int result_of(const json_t *status)
{
    return json_is_true(json_object_get(status, "ready")) ? EXIT_OK : EXIT_FAILED;
}

static int failed(const struct sg_error *err)
{
    fprintf(stderr, "sagegate status: %s\n", err->text);
    return err->status == SG_NOT_FOUND ? EXIT_USAGE : EXIT_FAILED;
}

static bool print(struct buffer *text)
{
    bool printed =
        !text->failed && fwrite(text->data, 1, text->len, stdout) == text->len && fflush(stdout) == 0;

    buffer_free(text);
    return printed;
}

static int show(const struct config *config, bool colour, bool as_json)
{
    struct buffer text = {0};
    struct sg_error err;
    json_t *status = get_status(config, &err);
    int result = result_of(status);

    if (!status)
        return failed(&err);
    if (as_json) {
        if (json_dumpf(status, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF || fflush(stdout) != 0)
            result = EXIT_USAGE;
    } else {
        status_make_safe(status);
        status_tell(&text, status, NULL, colour);
        if (!print(&text))
            result = EXIT_USAGE;
    }
    json_decref(status);
    return result;
}

/* Until a signal ends it, or nobody looks any more; a daemon that restarts is waited for. */
static int watch(const struct config *config, bool terminal, bool colour)
{
    json_t *before = NULL;

    for (;; sleep(WATCH_SECONDS)) {
        struct buffer text = {0};
        struct sg_error err;
        json_t *status = get_status(config, &err);

        if (!status && err.status == SG_NOT_FOUND)
            return failed(&err);
        buffer_printf(&text, "%s", terminal ? "\033[H\033[2J" : before ? "\n" : "");
        if (status) {
            status_make_safe(status);
            status_tell(&text, status, before, colour);
        } else {
            buffer_printf(&text, "%s\n", err.text);
        }
        json_decref(before);
        before = status;
        if (!print(&text))
            break;
    }
    json_decref(before);
    return EXIT_FAILED;
}

int cli_status(int argc, char **argv)
{
    static const struct cli_command command = {"status", help, 0};
    char *path = options_config_default, *address = NULL;
    bool watching = false, as_json = false;
    const struct cli_option options[] = {
        OPTIONS_CONFIG(path),
        {.name = "address", .letter = 'a', .value = &address},
        {.name = "watch", .letter = 'w', .given = &watching},
        {.name = "json", .letter = 'j', .given = &as_json},
        {0},
    };
    bool terminal = isatty(STDOUT_FILENO), colour = terminal && !getenv("NO_COLOR");
    int result = options_read(&command, options, argc, argv);
    struct config *config;

    if (result != OPTIONS_GOOD)
        return result;
    if (watching && as_json)
        return options_wrong(&command, "either --watch or --json.");
    config = config_find_admin(path, address, report_config_problem, NULL);
    if (!config)
        return EXIT_USAGE;
    result = watching ? watch(config, terminal, colour) : show(config, colour, as_json);
    config_free(config);
    return result;
}
