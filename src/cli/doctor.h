/*
 * What the files of sagegate doctor share: the patient, and how findings are told. doctor.c has the order of
 * the steps; each doctor_….c walks one part of the way.
 */
#ifndef SAGEGATE_CLI_DOCTOR_H
#define SAGEGATE_CLI_DOCTOR_H

#include <jansson.h>
#include <openssl/ssl.h>

#include "config/config.h"
#include "credentials/credentials.h"

struct https;
struct resolver;

enum finding { FINDING_GOOD, FINDING_BAD, FINDING_SKIPPED };

/* What EC2 says of a service's VPC endpoint. */
struct doctor_vpc_endpoint {
    bool known;
    char zones[256]; /* "us-west-2a, us-west-2b" */
};

/* One that a listener uses. */
struct doctor_identity {
    const struct config_identity *of;
    struct credentials *credentials; /* NULL: there are none */
};

struct doctor {
    bool json, colour;
    bool zone_told; /* by the instance, or that it is not known */
    size_t bad;
    json_t *steps; /* with json: told at the end */
    char *path;
    struct config *config;
    struct event_base *base;
    SSL_CTX *tls;
    struct resolver *resolver;
    struct doctor_identity *identities;
    size_t identity_count;
    const char *identity; /* the name of that which a step is about; NULL: the default one, or all */
    struct doctor_vpc_endpoint vpc_endpoints[AWS_SERVICE_COUNT];
};

/* doctor_report.c */
/* One step. service is NULL when it concerns all; remedy is what to do, NULL when nothing is wrong. */
void doctor_say(struct doctor *doctor, enum finding finding, const char *service, const char *step,
                const char *remedy, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The verdict. False when standard output does not take it. */
bool doctor_conclude(struct doctor *doctor);

/* doctor_identity.c: the credentials of each identity in use, and whose they are. */
void doctor_identities(struct doctor *doctor);

/* doctor_vpc_endpoint.c: what EC2 says of the VPC endpoints, with these credentials. */
void doctor_vpc_endpoints(struct doctor *doctor, struct https *https, struct credentials *credentials);
bool doctor_has_zone(const struct doctor_vpc_endpoint *facts, struct slice zone);

/* doctor_policy.c: do the policies allow anything, of this account and region? */
struct doctor_document {
    struct policy *policy;
    const char *name;  /* a file's */
    const char *whose; /* "listener main" */
};
void doctor_policy(struct doctor *doctor, const char *service, const struct doctor_document *document);
void doctor_policies(struct doctor *doctor); /* those that stand in files */

/* doctor_endpoint.c: name, addresses, TCP, TLS, and a call for each identity over what stands. */
void doctor_endpoint(struct doctor *doctor, enum aws_service service);

/* doctor_call.c: over a connection that stands, and blocks: the clock, once, and a signed call. */
void doctor_call(struct doctor *doctor, const struct doctor_identity *identity, enum aws_service service,
                 SSL *ssl, bool *clock_told);

#endif
