#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "cli/doctor.h"
#include "credentials/https.h"
#include "credentials/sts.h"
#include "mirror/follow.h"

enum { STS_TIMEOUT_MS = 5000 };

struct search {
    struct credentials *found;
    bool told;
    char why[SG_TEXT];
};

static void on_credentials(void *user, struct credentials *current, const char *why)
{
    struct search *search = user;

    search->told = true;
    credentials_unref(search->found);
    search->found = current ? credentials_ref(current) : NULL;
    sg_word(search->why, sizeof(search->why), "%s", why ? why : "");
}

static void tell_credentials(struct doctor *doctor, const struct credentials *found, const char *why)
{
    time_t end = found ? (time_t)found->expiration : 0;
    char text[32] = "";
    struct tm tm;

    if (end && gmtime_r(&end, &tm))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (!found)
        doctor_say(
            doctor, FINDING_BAD, NULL, "credentials",
            "give this host a role, or credentials by one of the ways in sagegate.yaml(5), credentials",
            "there are none: %s", why);
    else if (end && end <= clock_wall_seconds())
        doctor_say(doctor, FINDING_BAD, NULL, "credentials", "see why their source has no newer ones",
                   "those from %s have expired, at %s", found->source, text);
    else
        doctor_say(doctor, FINDING_GOOD, NULL, "credentials", NULL, "from %s, %s%s", found->source,
                   end ? "until " : "without an end", text);
}

static void find_credentials(struct doctor *doctor, struct doctor_identity *identity, struct https *https)
{
    struct search search = {0};
    struct sg_error err = {0};
    struct credentials_source *source =
        credentials_start(https, doctor->config, identity->of, on_credentials, &search, &err);

    while (source && !search.told)
        event_base_loop(doctor->base, EVLOOP_ONCE);
    credentials_stop(source);
    identity->credentials = search.found;
    tell_credentials(doctor, search.found, source ? search.why : err.text);
}

struct question {
    struct doctor *doctor;
    struct slice account; /* what the configuration says */
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
    else if (question->account.len && !slice_eq(result->account, question->account))
        doctor_say(
            doctor, FINDING_BAD, NULL, "identity",
            "set account_id to the account whose resources are called, or use that account's credentials",
            "the credentials are of %.*s, in account %.*s, but account_id is %.*s", SLICE_FMT(result->arn),
            SLICE_FMT(result->account), SLICE_FMT(question->account));
    else
        doctor_say(doctor, FINDING_GOOD, NULL, "identity", NULL, "%.*s", SLICE_FMT(result->arn));
}

static void ask_sts(struct doctor *doctor, const struct doctor_identity *identity, struct https *https)
{
    struct question question = {doctor, config_identity_account(doctor->config, identity->of), false};
    struct sts *sts = sts_new(https, doctor->config);

    if (!sts || !sts_get_caller_identity(sts, identity->credentials, STS_TIMEOUT_MS, on_caller, &question))
        doctor_say(doctor, FINDING_BAD, NULL, "identity", "free some memory",
                   "STS cannot be asked: out of memory");
    else
        while (!question.told)
            event_base_loop(doctor->base, EVLOOP_ONCE);
    sts_free(sts);
}

static void examine(struct doctor *doctor, struct doctor_identity *identity, struct https *https)
{
    doctor->identity = identity->of->name;
    find_credentials(doctor, identity, https);
    if (identity->credentials && doctor->config->endpoints[AWS_STS].configured)
        ask_sts(doctor, identity, https);
    else if (identity->credentials)
        doctor_say(doctor, FINDING_SKIPPED, NULL, "identity", NULL,
                   "not asked for: endpoints.sts is not configured, and STS's public endpoint is not called");
    doctor->identity = NULL;
}

/* As the daemon would, by the identity that follows the endpoints' policies, else that of the first listener.
 * EC2's public endpoint is not called, unless by the daemon, too. */
static void ask_ec2_once(struct doctor *doctor, struct https *https)
{
    const struct config *config = doctor->config;
    size_t index = config->mirror ? follow_identity(config) : config->listeners[0].identity;

    for (size_t i = 0; i < doctor->identity_count; i++) {
        const struct doctor_identity *identity = &doctor->identities[i];

        if (identity->of == config_identity(config, index) && identity->credentials &&
            (config->endpoints[AWS_EC2].configured || config->mirror))
            doctor_vpc_endpoints(doctor, https, identity->credentials);
    }
}

void doctor_identities(struct doctor *doctor)
{
    const struct config *config = doctor->config;
    struct sg_error err = {.text = "out of memory"};
    struct https *https = NULL;

    doctor->identities = calloc(config_identity_count(config), sizeof(*doctor->identities));
    if (doctor->identities)
        https = https_new(doctor->base, config, &err);
    if (!https) {
        doctor_say(doctor, FINDING_BAD, NULL, "credentials", "see the findings above",
                   "they cannot be looked for: %s", err.text);
        return;
    }
    for (size_t i = 0; i < config_identity_count(config); i++) {
        struct doctor_identity *identity = &doctor->identities[doctor->identity_count];

        if (!config_identity_is_used(config, i))
            continue;
        identity->of = config_identity(config, i);
        doctor->identity_count++;
        examine(doctor, identity, https);
    }
    ask_ec2_once(doctor, https);
    https_free(https);
}
