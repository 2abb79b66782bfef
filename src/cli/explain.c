/* sagegate explain: what would be done with a request, and why. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/options.h"
#include "cli/report.h"

static const char help[] =
    "usage: sagegate explain [-c FILE] [--listener NAME [--client NAME]] [--json] < request\n"
    "\n"
    "Reads an HTTP request on standard input and says what the daemon would do with it: the operation, its\n"
    "resources, the condition keys, the decision, and the statement that made it. Nothing is sent.\n"
    "Lines may end with LF alone; a body without Content-Length is all that follows the first empty line.\n"
    "Whose the credentials are is known from credentials.principal_arn only.\n"
    "\n"
    "  -c, --config FILE   the configuration (default " OPTIONS_CONFIG_DEFAULT ")\n"
    "  --listener NAME     where the request would come in (default: the first listener)\n"
    "  --client NAME       which of the listener's clients signs it, with its local key (default: none)\n"
    "  --json              for programs\n"
    "  -h, --help          this text\n"
    "\n"
    "Example:\n"
    "  printf 'POST /endpoints/myEndpoint/invocations HTTP/1.1\\nHost: localhost\\n\\n' | sagegate explain\n"
    "\n"
    "Exit status: 0 when it would be forwarded; 1 when it would be refused; 2 when it could not be asked.\n";

struct question {
    char *config, *listener, *client;
    bool json;
};

static const struct config_listener *find_listener(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        if (!name || strcmp(config->listeners[i].name, name) == 0)
            return &config->listeners[i];
    }
    fprintf(stderr, "sagegate explain: the configuration has no listener '%s'\n", name);
    return NULL;
}

/* Of who signs with a local key, whose signature is taken for good. */
static const struct config_listener *find_rules(const struct config *config,
                                                const struct config_listener *listener, const char *client)
{
    for (size_t i = 0; i < listener->client_count; i++) {
        if (strcmp(listener->clients[i].name, client) == 0)
            return &config->listeners[listener->clients[i].rules];
    }
    fprintf(stderr, "sagegate explain: listener %s has no client '%s'\n", listener->name, client);
    return NULL;
}

/* As the proxy does it, step by step. */
static void decide(struct explanation *e)
{
    e->verdict = admission_by_head(&e->admission, &e->signer);
    if (e->verdict == ADMISSION_NEEDS_BODY)
        e->verdict = admission_by_body(&e->admission, e->request.body, &e->signer);
}

static int tell(struct explanation *e, bool as_json)
{
    json_t *json = explain_json(e);
    bool written = json != NULL;

    if (json && as_json)
        written = json_dumpf(json, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    else if (json)
        explain_print(json);
    json_decref(json);
    if (!written || fflush(stdout) != 0) {
        fprintf(stderr, "sagegate explain: cannot write to standard output: %s\n", strerror(errno));
        return EXIT_USAGE;
    }
    return e->verdict == ADMISSION_GRANTED ? EXIT_OK : EXIT_FAILED;
}

/* Region and account are only looked up by the daemon. */
static int answer(const struct config *config, const struct config_listener *listener, bool as_json)
{
    struct explanation e = {.verdict = ADMISSION_REFUSED};
    struct buffer memory = {0};
    const struct config_identity *configured = config_identity(config, listener->identity);
    struct caller_identity identity;
    struct mirror *mirror;
    struct resource_owner owner = {aws_partition(slice_cstr(config->region)), slice_cstr(config->region),
                                   config_identity_account(config, configured)};
    int status = EXIT_USAGE;

    e.signer.now = clock_wall_seconds();
    if (caller_identity_read(slice_cstr(configured->principal_arn), &memory, &identity) == SG_OK)
        e.signer.identity = &identity;
    mirror = config->mirror ? mirror_from_cache(config) : NULL;
    e.admission = (struct admission){.config = config,
                                     .listener = listener,
                                     .owner = &owner,
                                     .head = &e.request.head,
                                     .memory = &e.memory,
                                     .mirror = mirror,
                                     .err = &e.err};
    if (explain_read(&e.request)) {
        decide(&e);
        status = tell(&e, as_json);
    }
    mirror_leave(mirror);
    admission_memory_free(&e.memory);
    buffer_free(&e.request.text);
    buffer_free(&memory);
    return status;
}

static int explain(const struct question *question)
{
    struct config *config = config_load(question->config, report_config_problem, NULL);
    const struct config_listener *listener = config ? find_listener(config, question->listener) : NULL;
    int status = EXIT_USAGE;

    if (listener && question->client)
        listener = find_rules(config, listener, question->client);
    if (listener && !config->region)
        fputs("sagegate explain: the region is not known: set region in the configuration, or AWS_REGION\n",
              stderr);
    else if (listener && !config_identity_account(config, config_identity(config, listener->identity)).len)
        fputs("sagegate explain: the account is not known: set account_id in the configuration\n", stderr);
    else if (listener)
        status = answer(config, listener, question->json);
    config_free(config);
    return status;
}

int cli_explain(int argc, char **argv)
{
    static const struct cli_command command = {"explain", help, 0};
    struct question question = {.config = options_config_default};
    const struct cli_option options[] = {
        OPTIONS_CONFIG(question.config),
        {.name = "listener", .value = &question.listener},
        {.name = "client", .value = &question.client},
        {.name = "json", .given = &question.json},
        {0},
    };
    int status = options_read(&command, options, argc, argv);

    return status == OPTIONS_GOOD ? explain(&question) : status;
}
