/*
 * Who speaks on a client's connection, and whether the listener lets them: asked once, when the connection is
 * accepted, and only as far as the listener's rules, its policy or the log need it.
 */
#ifndef SAGEGATE_PROXY_CALLER_H
#define SAGEGATE_PROXY_CALLER_H

#include "config/config.h"
#include "net/peer.h"

struct caller {
    struct peer peer;
    bool refused;  /* by the listener's rules */
    char uid[12];  /* in digits; "" when not known */
    char user[33]; /* name; "" when the user database has none */
};

/* fd is an accepted connection; diag_fd for peer_of_tcp(), or -1. */
void caller_identify(struct caller *caller, const struct config *config,
                     const struct config_listener *listener, int diag_fd, int fd);

#endif
