/* What EC2 says of the VPC endpoints, where it may be asked: their state, zones, private DNS, and whether
 * their policies are of any use. */
#include <stdio.h>

#include "cli/ask_ec2.h"
#include "cli/doctor.h"
#include "mirror/document.h"

static void ignore(void *user, const struct policy_problem *problem)
{
    (void)user;
    (void)problem;
}

/* By the endpoint's zonal names. */
static void note_zones(struct doctor_vpc_endpoint *facts, const struct ec2_vpc_endpoint *endpoint)
{
    size_t len = 0;

    for (size_t i = 0; i < endpoint->lists[EC2_DNS_NAMES].count && len < sizeof(facts->zones); i++) {
        struct slice zone = aws_zone_of_name(endpoint->lists[EC2_DNS_NAMES].at[i]);

        if (zone.len)
            len += (size_t)snprintf(facts->zones + len, sizeof(facts->zones) - len, "%s%.*s", len ? ", " : "",
                                    SLICE_FMT(zone));
    }
}

bool doctor_has_zone(const struct doctor_vpc_endpoint *facts, struct slice zone)
{
    struct slice rest = slice_cstr(facts->zones), one;

    while (slice_split(&rest, ',', &one)) {
        if (slice_eq(slice_trim(one), zone))
            return true;
    }
    return false;
}

/* Where the daemon follows the endpoint's policy: as it would take it. */
static void tell_followed(struct doctor *doctor, const char *key, const char *id, struct slice document)
{
    struct doctor_document followed = {policy_parse(document, ignore, NULL), "the VPC endpoint's own", id};
    struct sg_error err = {.text = "memory is short"};

    if (document_check(doctor->config, id, document, &err) != SG_OK || !followed.policy)
        doctor_say(doctor, FINDING_BAD, key, "policy",
                   "correct the endpoint's policy: until then the last good one stays in force, where there "
                   "is one, and else nothing is let through",
                   "the VPC endpoint's own, of %s, cannot be followed: %s", id, err.text);
    else
        doctor_policy(doctor, key, &followed);
    policy_free(followed.policy);
}

static void tell_policy(struct doctor *doctor, const char *key, const char *id, struct slice document)
{
    struct policy *policy = policy_parse(document, ignore, NULL);

    if (policy && document_is_full_access(policy))
        doctor_say(doctor, FINDING_SKIPPED, key, "VPC endpoint",
                   "give the endpoint a policy of its own: the one that sagegate decides by",
                   "%s has AWS's full-access policy: it lets everyone in the VPC do everything", id);
    policy_free(policy);
}

static void tell(struct doctor *doctor, enum aws_service service, const struct ec2_vpc_endpoint *endpoint)
{
    const struct config_endpoint *configured = &doctor->config->endpoints[service];
    const char *key = aws_services[service].key;
    const struct slice *parts = endpoint->parts;
    bool private_dns = slice_eq(parts[EC2_PRIVATE_DNS], SLICE("true"));
    const char *id = configured->vpc_endpoint_id;
    enum aws_service of = aws_service_of_endpoint(parts[EC2_SERVICE]);

    if (of != AWS_ENDPOINT_COUNT && of != service)
        doctor_say(doctor, FINDING_BAD, key, "VPC endpoint",
                   "correct vpc_endpoint: it must be the id of this service's endpoint",
                   "%s is an endpoint for %.*s", id, SLICE_FMT(parts[EC2_SERVICE]));
    else if (!slice_eq_nocase(parts[EC2_STATE], SLICE("available")))
        doctor_say(doctor, FINDING_BAD, key, "VPC endpoint",
                   "wait until it is available, or see the VPC console for what it waits for",
                   "%s is in state %.*s", id, SLICE_FMT(parts[EC2_STATE]));
    else if (configured->private_dns && !private_dns)
        doctor_say(doctor, FINDING_BAD, key, "VPC endpoint",
                   "enable private DNS names for it, or name it by vpc_endpoint alone",
                   "private DNS is off for %s, but requests go by the service's usual name", id);
    else
        doctor_say(doctor, FINDING_GOOD, key, "VPC endpoint", NULL,
                   "%s is available in %s; private DNS is %s", id, doctor->vpc_endpoints[service].zones,
                   private_dns ? "on" : "off");
    if (doctor->config->mirror)
        tell_followed(doctor, key, id, parts[EC2_POLICY]);
    else
        tell_policy(doctor, key, id, parts[EC2_POLICY]);
}

/* The services of the configuration that tell which endpoint is theirs. */
struct asked {
    struct doctor *doctor;
    enum aws_service services[EC2_ENDPOINTS_MAX];
};

static void on_endpoint(void *user, size_t i, const struct ec2_vpc_endpoint *endpoint)
{
    const struct asked *asked = user;
    struct doctor_vpc_endpoint *facts = &asked->doctor->vpc_endpoints[asked->services[i]];

    facts->known = true;
    note_zones(facts, endpoint);
    tell(asked->doctor, asked->services[i], endpoint);
}

static void tell_missing(struct doctor *doctor, enum aws_service service)
{
    doctor_say(doctor, FINDING_BAD, aws_services[service].key, "VPC endpoint",
               "correct vpc_endpoint: the VPC console lists the endpoints of the region",
               "EC2 knows no VPC endpoint %s in this region and account",
               doctor->config->endpoints[service].vpc_endpoint_id);
}

void doctor_vpc_endpoints(struct doctor *doctor, struct https *https, struct credentials *credentials)
{
    struct session session = {doctor->base, doctor->config, https, credentials}; /* lent: not closed */
    struct asked asked = {.doctor = doctor};
    struct ec2_question question = {.tell = on_endpoint, .user = &asked};
    struct sg_error err;

    for (unsigned i = 0; i < AWS_SERVICE_COUNT; i++) {
        const struct config_endpoint *configured = &doctor->config->endpoints[i];

        if (!configured->configured || !configured->vpc_endpoint_id)
            continue;
        asked.services[question.count] = (enum aws_service)i;
        question.ids[question.count++] = slice_cstr(configured->vpc_endpoint_id);
    }
    if (question.count == 0)
        return;
    if (ask_ec2(&session, &question, &err) != SG_OK) {
        doctor_say(doctor, doctor->config->mirror ? FINDING_BAD : FINDING_SKIPPED, NULL, "VPC endpoint",
                   "allow the credentials ec2:DescribeVpcEndpoints, and check the way to endpoints.ec2",
                   "not told: %s", err.text);
        return;
    }
    for (size_t i = 0; i < question.count; i++) {
        if (!question.found[i])
            tell_missing(doctor, asked.services[i]);
    }
}
