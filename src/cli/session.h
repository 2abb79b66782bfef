/*
 * What a command needs to call AWS: a configuration with its region, an event loop, and credentials. One
 * thing at a time, waited for.
 */
#ifndef SAGEGATE_CLI_SESSION_H
#define SAGEGATE_CLI_SESSION_H

#include "config/config.h"
#include "credentials/credentials.h"
#include "credentials/https.h"

struct session {
    struct event_base *base;
    struct config *config;
    struct https *https;
    struct credentials *credentials; /* NULL until session_find_credentials() */
};

/*
 * Reads the configuration, whose problems are told on standard error, and asks the instance for the region
 * where nothing else tells it. Closes the process to others, as secrets may pass. session_close() is due in
 * each case.
 */
enum sg_status session_open(struct session *session, const char *path, struct sg_error *err);

/* Looks for the credentials of an identity of the configuration, as the daemon would. SG_NOT_FOUND: why. */
enum sg_status session_find_credentials(struct session *session, const struct config_identity *identity,
                                        struct sg_error *err);

void session_close(struct session *session);

#endif
