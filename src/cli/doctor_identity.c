#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/doctor.h"
#include "credentials/https.h"
#include "credentials/sts.h"

enum { STS_TIMEOUT_MS = 5000 };

struct search {
    struct doctor *doctor;
    bool told;
    char why[512];
};

static void on_credentials(void *user, struct credentials *current, const char *why)
{
    struct search *search = user;

    search->told = true;
    search->doctor->credentials = current ? credentials_ref(current) : NULL;
    snprintf(search->why, sizeof(search->why), "%s", why ? why : "");
}

static void tell_credentials(struct doctor *doctor, const char *why)
{
    const struct credentials *found = doctor->credentials;
    long long left = found ? (long long)(found->expiration - clock_wall_seconds()) : 0;

    if (!found)
        doctor_say(
            doctor, FINDING_BAD, NULL, "credentials",
            "give this host a role, or credentials by one of the ways in sagegate.yaml(5), credentials",
            "there are none: %s", why);
    else if (found->expiration && left <= 0)
        doctor_say(doctor, FINDING_BAD, NULL, "credentials", "see why their source has no newer ones",
                   "those from %s have expired, %lld s ago", found->source, -left);
    else if (found->expiration)
        doctor_say(doctor, FINDING_GOOD, NULL, "credentials", NULL, "from %s, for another %lld s",
                   found->source, left);
    else
        doctor_say(doctor, FINDING_GOOD, NULL, "credentials", NULL, "from %s, without an end", found->source);
}

/* That of the first listener. */
static const struct config_identity *first_identity(const struct config *config)
{
    return config_identity(config, config->listeners[0].identity);
}

static void find_credentials(struct doctor *doctor, struct https *https)
{
    struct search search = {.doctor = doctor};
    struct sg_error err = {0};
    struct credentials_source *source = credentials_start(
        https, doctor->config, first_identity(doctor->config), on_credentials, &search, &err);

    while (source && !search.told)
        event_base_loop(doctor->base, EVLOOP_ONCE);
    credentials_stop(source);
    tell_credentials(doctor, source ? search.why : err.text);
}

struct question {
    struct doctor *doctor;
    bool told;
};

static void on_caller(void *user, const struct sts_result *result)
{
    struct question *question = user;
    struct doctor *doctor = question->doctor;

    question->told = true;
    if (result->why_not)
        doctor_say(doctor, FINDING_BAD, NULL, "identity",
                   "check the credentials, and the way to endpoints.sts: its security group, and private DNS",
                   "STS does not tell whose the credentials are: %s", result->why_not);
    else if (doctor->config->account_id && !slice_eq(result->account, slice_cstr(doctor->config->account_id)))
        doctor_say(
            doctor, FINDING_BAD, NULL, "identity",
            "set account_id to the account whose resources are called, or use that account's credentials",
            "the credentials are of %.*s, in account %.*s, but account_id is %s", SLICE_FMT(result->arn),
            SLICE_FMT(result->account), doctor->config->account_id);
    else
        doctor_say(doctor, FINDING_GOOD, NULL, "identity", NULL, "%.*s", SLICE_FMT(result->arn));
}

static void ask_sts(struct doctor *doctor, struct https *https)
{
    struct question question = {.doctor = doctor};
    struct sts *sts = sts_new(https, doctor->config);

    if (!sts || !sts_get_caller_identity(sts, doctor->credentials, STS_TIMEOUT_MS, on_caller, &question))
        doctor_say(doctor, FINDING_BAD, NULL, "identity", "free some memory",
                   "STS cannot be asked: out of memory");
    else
        while (!question.told)
            event_base_loop(doctor->base, EVLOOP_ONCE);
    sts_free(sts);
}

void doctor_identity(struct doctor *doctor)
{
    struct sg_error err;
    struct https *https = https_new(doctor->base, doctor->config, &err);

    if (!https) {
        doctor_say(doctor, FINDING_BAD, NULL, "credentials", "see the findings above",
                   "they cannot be looked for: %s", err.text);
        return;
    }
    find_credentials(doctor, https);
    if (doctor->credentials && doctor->config->endpoints[AWS_STS].configured)
        ask_sts(doctor, https);
    else if (doctor->credentials)
        doctor_say(doctor, FINDING_SKIPPED, NULL, "identity", NULL,
                   "not asked for: endpoints.sts is not configured, and STS's public endpoint is not called");
    /* Likewise, EC2's. */
    if (doctor->credentials && doctor->config->endpoints[AWS_EC2].configured)
        doctor_vpc_endpoints(doctor, https);
    https_free(https);
}
