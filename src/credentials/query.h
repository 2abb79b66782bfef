/*
 * Calls of services that speak AWS's query protocol: form-encoded parameters by POST, signed with SigV4, and
 * XML back. What STS and EC2 have in common; not for what either of them says: see sts.h and mirror/ec2.h.
 */
#ifndef SAGEGATE_CREDENTIALS_QUERY_H
#define SAGEGATE_CREDENTIALS_QUERY_H

#include "credentials/credentials.h"
#include "credentials/https.h"

/* A service that is asked: at its endpoint of the configuration, whose region must be known. */
struct query_service;

struct query_service_setup {
    enum aws_service service;
    const char *name;    /* for messages: "STS" */
    const char *version; /* of its API */
    size_t answer_max;   /* bytes of an answer's body; 0: FETCH_ANSWER_MAX */
};

/* What is needed of the configuration is copied; the texts are literals. NULL when memory is short. */
struct query_service *query_service_new(struct https *https, const struct config *config,
                                        const struct query_service_setup *setup);
void query_service_free(struct query_service *service); /* after all its calls; NULL is fine */

/* What an answer of the service says went wrong; empty where it is no error. */
struct query_error {
    struct slice code, message;
};

struct query_handler {
    /* Reads the XML of an answer, of whatever status; again after each further try. The error must stay valid
     * until the next read, or until `done` returns. */
    enum sg_status (*read)(void *user, struct slice xml, struct query_error *error, struct sg_error *err);
    /* Called once, from the event loop, after which the call is gone. why_not is NULL when what was read last
     * is a good answer; else a phrase that holds no secret. */
    void (*done)(void *user, const char *why_not);
    void *user;
};

struct query_call;

/* A call without parameters yet; they have room for so many bytes, percent-encoded. `action` is a literal.
 * NULL when memory is short. */
struct query_call *query_new(struct query_service *service, const char *action, size_t room,
                             const struct query_handler *handler);

/* "&name=value", percent-encoded; nothing for an empty value. */
void query_add(struct query_call *call, const char *name, struct slice value);

/*
 * Signed with keys, or not at all when they are NULL. What may pass by itself (no answer within timeout_ms,
 * throttling, status 5xx) is tried three times in all. False when memory is short: the call is gone, and
 * `done` is not called.
 */
bool query_start(struct query_call *call, struct credentials *keys, unsigned timeout_ms);

void query_cancel(struct query_call *call); /* `done` is not called; NULL is fine */

/* "STS (sts.us-west-2.amazonaws.com)" */
const char *query_service_name(const struct query_service *service);

#endif
