#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "net/dial.h"

enum { LIST_TEXT = RESOLVER_MAX_ADDRESSES * SOCKET_ADDRESS_TEXT };

struct examination {
    struct doctor *doctor;
    enum aws_service service;
    const struct config_endpoint *endpoint;
    const char *key; /* of the service */
    bool told;       /* by the lookup, or the dial, at hand */
    struct resolver_answer answer;
    struct dial_result result;
    struct dial_counters counters;
    SSL_SESSION *session; /* of the last connection, for as long as it stands */
    char why[DIAL_WHY];
};

static void on_looked_up(void *user)
{
    struct examination *of = user;

    of->told = true;
}

/* What DNS says of a name. */
static void ask(struct examination *of, const char *host, struct resolver_answer *answer)
{
    struct resolver_name *name =
        resolver_name_new(of->doctor->resolver, host, of->endpoint->port, on_looked_up, of);

    *answer = (struct resolver_answer){.error = "out of memory"};
    of->told = false;
    while (name && !of->told && resolver_name_answer(name)->count == 0)
        event_base_loop(of->doctor->base, EVLOOP_ONCE);
    if (name)
        *answer = *resolver_name_answer(name);
    resolver_name_free(name);
}

/* "10.0.0.1:443, 10.0.1.1:443"; returns text. */
static const char *list(const struct resolver_answer *answer, char *text, size_t size)
{
    char one[SOCKET_ADDRESS_TEXT];
    size_t len = 0;

    for (size_t i = 0; i < answer->count && len < size; i++)
        len += (size_t)snprintf(text + len, size - len, "%s%s", i ? ", " : "",
                                socket_address_format(&answer->addresses[i], one));
    return text;
}

/* The zone that a name is for, if EC2 says that the endpoint is not in it; else NULL. */
static const char *missing_zone(const struct examination *of, const char *host, char text[64])
{
    const struct doctor_vpc_endpoint *facts = &of->doctor->vpc_endpoints[of->service];
    struct slice zone = aws_zone_of_name(slice_cstr(host));

    if (!facts->known || !zone.len || doctor_has_zone(facts, zone))
        return NULL;
    snprintf(text, 64, "%.*s", SLICE_FMT(zone));
    return text;
}

/* EC2 has told why there is no such name. */
static void tell_missing_zone(const struct examination *of, enum finding finding, const char *step,
                              const char *zone)
{
    const char *zones = of->doctor->vpc_endpoints[of->service].zones;

    doctor_say(
        of->doctor, finding, of->key, step,
        "enable the endpoint in a subnet of this zone; or name it without a zone, and set zone_affinity: off "
        "if requests are to go to any",
        "%s is not enabled in %s: EC2 says that it is in %s", of->endpoint->vpc_endpoint_id, zone,
        zones[0] ? zones : "no zone");
}

static const char *remedy_of_lookup(const struct examination *of)
{
    if (!of->answer.no_such_name)
        return "see that the DNS servers (dns.servers, else those of /etc/resolv.conf) can be "
               "reached from this host and know the VPC's names, as 169.254.169.253 does where "
               "the VPC has enableDnsSupport";
    if (of->endpoint->private_dns)
        return "create the interface endpoint of this service in the VPC, with private DNS names "
               "enabled, and in this availability zone; the VPC needs enableDnsSupport and "
               "enableDnsHostnames";
    return "check the name with the endpoint's DNS names in the VPC console, and that the "
           "endpoint is enabled in this availability zone; DNS servers outside of the VPC may not "
           "know it";
}

/* False when there is no answer, which has been told. */
static bool look_up(struct examination *of)
{
    char text[LIST_TEXT], zone[64];

    ask(of, of->endpoint->host, &of->answer);
    if (of->answer.count)
        doctor_say(of->doctor, FINDING_GOOD, of->key, "DNS", NULL, "%s is at %s", of->endpoint->host,
                   list(&of->answer, text, sizeof(text)));
    else if (missing_zone(of, of->endpoint->host, zone))
        tell_missing_zone(of, FINDING_BAD, "DNS", zone);
    else
        doctor_say(of->doctor, FINDING_BAD, of->key, "DNS", remedy_of_lookup(of), "%s: %s",
                   of->endpoint->host, of->answer.error);
    return of->answer.count > 0;
}

/* Whether the endpoint is in our zone too; where it is not, requests cross to another, which works. */
static void check_zone(struct examination *of)
{
    struct resolver_answer answer;
    char text[LIST_TEXT], zone[64];

    if (!of->endpoint->zonal_host)
        return;
    ask(of, of->endpoint->zonal_host, &answer);
    if (answer.count)
        doctor_say(of->doctor, FINDING_GOOD, of->key, "zone", NULL, "this zone's addresses, used first: %s",
                   list(&answer, text, sizeof(text)));
    else if (missing_zone(of, of->endpoint->zonal_host, zone))
        tell_missing_zone(of, FINDING_SKIPPED, "zone", zone);
    else if (!answer.no_such_name)
        doctor_say(of->doctor, FINDING_SKIPPED, of->key, "zone", NULL, "not told: %s: %s",
                   of->endpoint->zonal_host, answer.error);
    else
        doctor_say(
            of->doctor, FINDING_SKIPPED, of->key, "zone",
            "enable the endpoint in a subnet of this zone, or set zone_affinity: off",
            "the endpoint is not enabled in this availability zone, and requests go to others (%s: %s)",
            of->endpoint->zonal_host, answer.error);
}

/* False when none of the addresses may be connected to, which has been told. */
static bool check_private(struct examination *of, struct addresses *addresses)
{
    char text[SOCKET_ADDRESS_TEXT];
    size_t total = of->answer.count;

    addresses_update(addresses, NULL, &of->answer, of->doctor->config->require_private);
    if (!of->doctor->config->require_private)
        doctor_say(of->doctor, FINDING_SKIPPED, of->key, "private", NULL,
                   "not looked at: require_private is false");
    else if (addresses->count == 0)
        doctor_say(
            of->doctor, FINDING_BAD, of->key, "private",
            "enable private DNS names for the interface endpoint, or name it by vpc_endpoint; requests would "
            "leave the VPC, and are refused (require_private)",
            "%s is public: private DNS is off in this VPC, or this is not the endpoint",
            socket_address_format(&addresses->public, text));
    else if (addresses->refused)
        doctor_say(of->doctor, FINDING_GOOD, of->key, "private", NULL,
                   "%zu of %zu addresses; the others are not used", addresses->count, total);
    else
        doctor_say(of->doctor, FINDING_GOOD, of->key, "private", NULL, "%s",
                   total == 1 ? "the address is private" : "all addresses are private");
    return addresses->count > 0;
}

static void on_dialed(void *user, const struct dial_result *result)
{
    struct examination *of = user;

    of->told = true;
    of->result = *result;
    snprintf(of->why, sizeof(of->why), "%s", result->why ? result->why : "");
}

static void on_too_long(evutil_socket_t fd, short what, void *user)
{
    bool *too_long = user;

    (void)fd;
    (void)what;
    *too_long = true;
}

/* One address; of->result and of->why hold what came of it. */
static void dial_one(struct examination *of, struct addresses *health, const union socket_address *at)
{
    unsigned ms = of->doctor->config->connect_timeout_ms;
    struct timeval limit = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    const struct dial_target target = {
        of->doctor->base, of->doctor->tls, of->endpoint->host, of->endpoint->default_host,
        &of->session,     health,          &of->counters};
    bool too_long = false;
    struct event *timer = evtimer_new(of->doctor->base, on_too_long, &too_long);
    struct dial *dial = timer ? dial_start(&target, at, 1, on_dialed, of) : NULL;

    of->told = false;
    of->result = (struct dial_result){.fd = -1};
    snprintf(of->why, sizeof(of->why), "out of memory");
    if (dial && evtimer_add(timer, &limit) == 0) {
        while (!of->told && !too_long)
            event_base_loop(of->doctor->base, EVLOOP_ONCE);
    }
    if (dial && !of->told) {
        snprintf(of->why, sizeof(of->why), "%s", dial_why(dial));
        of->result.connected = strncmp(of->why, "TLS", 3) == 0;
        dial_cancel(dial, false);
    }
    if (timer)
        event_free(timer);
}

static const char *remedy_of_connect(const char *why)
{
    if (strstr(why, strerror(ECONNREFUSED)))
        return "correct the address or the port: nothing listens there, while a security group "
               "would be silent";
    return "allow TCP to the endpoint's port (443) from this host: in the endpoint's security "
           "group inbound, in this host's outbound, and in the network ACLs of both subnets";
}

static const char *remedy_of_handshake(const char *why)
{
    if (strstr(why, "certificate"))
        return "call the endpoint by a name that its certificate has, and trust its authority "
               "(tls.ca_file); a certificate of somebody else's means that TLS is intercepted on "
               "the way";
    return "see what stands on the way, such as a firewall that lets no TLS through, or in the "
           "endpoint's place; and tls.min_version, if it speaks only an older one";
}

static void tell_dialed(struct examination *of, const union socket_address *at)
{
    char peer[SOCKET_ADDRESS_TEXT];

    socket_address_format(at, peer);
    if (!of->result.connected) {
        doctor_say(of->doctor, FINDING_BAD, of->key, "TCP", remedy_of_connect(of->why), "%s", of->why);
        return;
    }
    doctor_say(of->doctor, FINDING_GOOD, of->key, "TCP", NULL, "connected to %s", peer);
    if (of->result.ssl)
        doctor_say(of->doctor, FINDING_GOOD, of->key, "TLS", NULL, "%s, and %s has a certificate for %s",
                   SSL_get_version(of->result.ssl), peer, of->endpoint->host);
    else
        doctor_say(of->doctor, FINDING_BAD, of->key, "TLS", remedy_of_handshake(of->why), "%s", of->why);
}

/* From here on one thing at a time: what is asked blocks, but not for ever. */
static bool make_blocking(int fd, unsigned timeout_ms)
{
    const struct timeval limit = {timeout_ms / 1000, (suseconds_t)(timeout_ms % 1000) * 1000};
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0;
}

static void hang_up(struct examination *of)
{
    SSL_free(of->result.ssl);
    close(of->result.fd);
    of->result.ssl = NULL;
}

/* A call for each identity; the first over the connection that stands, the others over one of their own. */
static void call(struct examination *of, struct addresses *health, const union socket_address *at)
{
    enum { ANSWER_MS = 10000 };
    struct doctor *doctor = of->doctor;
    bool clock_told = false;

    for (size_t i = 0; i < doctor->identity_count; i++) {
        doctor->identity = doctor->identities[i].of->name;
        if (!of->result.ssl)
            dial_one(of, health, at);
        if (!of->result.ssl)
            tell_dialed(of, at);
        else if (make_blocking(of->result.fd, ANSWER_MS))
            doctor_call(doctor, &doctor->identities[i], of->service, of->result.ssl, &clock_told);
        if (of->result.ssl)
            hang_up(of);
    }
    doctor->identity = NULL;
}

void doctor_endpoint(struct doctor *doctor, enum aws_service service)
{
    struct examination of = {.doctor = doctor,
                             .service = service,
                             .endpoint = &doctor->config->endpoints[service],
                             .key = aws_services[service].key};
    struct addresses addresses = {0};
    bool called = false;

    if (!look_up(&of) || !check_private(&of, &addresses))
        return;
    check_zone(&of);
    for (size_t i = 0; i < addresses.count; i++) {
        dial_one(&of, &addresses, &addresses.list[i].at);
        tell_dialed(&of, &addresses.list[i].at);
        if (!of.result.ssl)
            continue;
        if (called)
            hang_up(&of);
        else
            call(&of, &addresses, &addresses.list[i].at);
        called = true;
    }
    SSL_SESSION_free(of.session);
}
