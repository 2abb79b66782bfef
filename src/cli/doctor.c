/* sagegate doctor: does the whole way to the endpoints work, and if not, what mends it? */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/doctor.h"
#include "cli/options.h"
#include "credentials/region.h"
#include "net/resolver.h"
#include "net/tls.h"

static const char help[] =
    "usage: sagegate doctor [-c FILE] [--json]\n"
    "\n"
    "Walks the whole way of a request, for each service of the configuration: configuration, policies,\n"
    "the credentials of each identity that a listener uses and whose they are, DNS, private addresses,\n"
    "TCP and TLS to each address, clock, and for each identity a signed call that changes nothing. Prints\n"
    "one line a step, with what mends it when it fails. Nothing is changed, and a running sagegate is not\n"
    "asked: run it as the same user, with the same environment.\n"
    "\n"
    "  -c, --config FILE   the configuration (default " OPTIONS_CONFIG_DEFAULT ")\n"
    "      --json          one JSON object: good, and steps with service, identity, step, good, text,\n"
    "                      remedy\n"
    "  -h, --help          this text\n"
    "\n"
    "Example:\n"
    "  sagegate doctor -c sagegate.yaml\n"
    "\n"
    "Exit status: 0 only if all is well; 1 when a step failed; 2 for wrong arguments.\n";

static void on_problem(void *user, const struct config_problem *problem)
{
    struct doctor *doctor = user;
    const char *remedy = problem->is_error ? "correct it there; sagegate.yaml(5) describes every key" : NULL;
    enum finding finding = problem->is_error ? FINDING_BAD : FINDING_SKIPPED;

    if (problem->line)
        doctor_say(doctor, finding, NULL, "configuration", remedy, "%s:%u:%u: %s", problem->file,
                   problem->line, problem->column, problem->text);
    else
        doctor_say(doctor, finding, NULL, "configuration", remedy, "%s: %s", problem->file, problem->text);
}

static void on_region(void *user, struct slice region, const char *why_not)
{
    struct doctor *doctor = user;
    struct sg_error err;

    if (!region.len)
        doctor_say(doctor, FINDING_BAD, NULL, "region", "set region in the configuration, or AWS_REGION",
                   "it is not known: %s", why_not);
    else if (config_set_region(doctor->config, region, &err) != SG_OK)
        doctor_say(doctor, FINDING_BAD, NULL, "region", "set region in the configuration", "%s", err.text);
    event_base_loopbreak(doctor->base);
}

static void on_zone(void *user, struct slice zone, const char *why_not)
{
    struct doctor *doctor = user;
    struct sg_error err;

    doctor->zone_told = true;
    if (!zone.len)
        doctor_say(doctor, FINDING_SKIPPED, NULL, "zone", "set zone, or zone_affinity: off",
                   "not known, so that all availability zones are alike: %s", why_not);
    else if (config_set_zone(doctor->config, zone, &err) != SG_OK)
        doctor_say(doctor, FINDING_SKIPPED, NULL, "zone", "set zone", "%s", err.text);
}

/* The configuration, complete. False when there is none to go on with, which has been told. */
static bool load(struct doctor *doctor)
{
    doctor->config = config_load(doctor->path, on_problem, doctor);
    if (!doctor->config)
        return false;
    doctor_say(doctor, FINDING_GOOD, NULL, "configuration", NULL, "%s", doctor->path);
    if (!doctor->config->region) {
        instance_region_lookup(doctor->base, on_region, doctor);
        if (!doctor->config->region && !doctor->bad)
            event_base_dispatch(doctor->base);
    }
    if (doctor->bad)
        return false;
    if (config_wants_zone(doctor->config)) {
        instance_zone_lookup(doctor->base, on_zone, doctor);
        while (!doctor->zone_told)
            event_base_loop(doctor->base, EVLOOP_ONCE);
    }
    return true;
}

static void examine(struct doctor *doctor)
{
    struct sg_error err = {0};

    doctor->resolver = resolver_new(doctor->base, doctor->config, &err);
    doctor->tls = doctor->resolver ? tls_context_new(doctor->config, &err) : NULL;
    if (!doctor->tls) {
        doctor_say(doctor, FINDING_BAD, NULL, "set-up", "correct what it names", "%s", err.text);
        return;
    }
    doctor_policies(doctor);
    doctor_identities(doctor);
    for (int i = 0; i < AWS_SERVICE_COUNT; i++) {
        if (doctor->config->endpoints[i].configured)
            doctor_endpoint(doctor, (enum aws_service)i);
    }
}

static int run(struct doctor *doctor)
{
    bool written;

    signal(SIGPIPE, SIG_IGN);
    json_object_seed(0);
    secret_init();
    secret_close_process();
    credentials_guard();
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    doctor->base = event_base_new();
    doctor->steps = json_array();
    if (!doctor->base || !doctor->steps) {
        fputs("sagegate doctor: out of memory\n", stderr);
        return EXIT_USAGE;
    }
    if (load(doctor))
        examine(doctor);
    written = doctor_conclude(doctor);
    for (size_t i = 0; i < doctor->identity_count; i++)
        credentials_unref(doctor->identities[i].credentials);
    free(doctor->identities);
    SSL_CTX_free(doctor->tls);
    resolver_free(doctor->resolver);
    config_free(doctor->config);
    json_decref(doctor->steps);
    event_base_free(doctor->base);
    if (!written)
        return EXIT_USAGE;
    return doctor->bad ? EXIT_FAILED : EXIT_OK;
}

int cli_doctor(int argc, char **argv)
{
    static const struct cli_command command = {"doctor", help, 0};
    struct doctor doctor = {.path = options_config_default,
                            .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    const struct cli_option options[] = {
        OPTIONS_CONFIG(doctor.path), {.name = "json", .given = &doctor.json}, {0}};
    int status = options_read(&command, options, argc, argv);

    return status == OPTIONS_GOOD ? run(&doctor) : status;
}
