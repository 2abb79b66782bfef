/*
 * What the files of the control thread share: the daemon, and the regimes, of which one is in force. daemon.c
 * has its beginning and end, reload.c what SIGHUP does.
 */
#ifndef SAGEGATE_DAEMON_CONTROL_H
#define SAGEGATE_DAEMON_CONTROL_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "credentials/credentials.h"
#include "credentials/https.h"
#include "daemon/admin.h"
#include "daemon/footprint.h"
#include "daemon/keyring.h"
#include "daemon/sandbox.h"
#include "daemon/sockets.h"
#include "daemon/spread.h"
#include "daemon/watchdog.h"
#include "daemon/worker.h"
#include "mirror/follow.h"
#include "mirror/sync.h"

enum { SIGNALS = 3 };

struct daemon;

/* A configuration, and what the control thread has of it. */
struct regime {
    struct daemon *daemon;
    const struct config *config;
    struct sockets *sockets;
    struct https *https; /* for what is asked in search of credentials */
    struct keyring *keyring;
    struct follow *follow;     /* the policies of the VPC endpoints; NULL: no listener wants them */
    enum mirror_sync *in_sync; /* with it, of all rules: whether their files say the same */
};

struct daemon {
    const char *path;
    struct config *first; /* the configuration at start, which is still to be completed */
    struct event_base *base;
    struct event signals[SIGNALS];
    struct event drain_timer;
    struct event done_event;
    struct event renew_event;
    struct event reloaded_event;
    struct event answer_event;  /* a source of `next` has answered */
    struct worker_signals said; /* by workers: renew, reloaded, done */
    uint64_t reloading;         /* workers by which the newest configuration is not in force yet */
    struct regime *current;     /* in force */
    struct regime *next;        /* prepared by SIGHUP, in force once its credentials are there */
    struct worker **workers;
    unsigned worker_count;
    size_t running;
    struct admin *admin; /* NULL: not configured */
    struct spread *spread;
    struct quota *quota;
    struct watchdog *watchdog;
    int64_t start_seconds; /* wall */
    struct footprint *footprint;
    bool draining;
    char problem[SG_TEXT]; /* of the newest configuration, which is not in force; else empty */
    struct sandbox sandbox;
    struct sg_error error; /* why it could not start */
};

/* regime.c */
/* Takes over config. Its sockets are open, but for those that `before` has; its source is still to be
 * started. NULL with err. */
struct regime *regime_new(struct daemon *daemon, const struct config *config, const struct regime *before,
                          struct sg_error *err);
/* The policies of the VPC endpoints, for one worker to take over: NULL when no listener wants them.
 * SG_NO_MEMORY. */
enum sg_status regime_mirror(const struct regime *regime, struct mirror **mirror, struct sg_error *err);
/* Starts the search, whose results are handed out, or are looked at by reload_on_answer(). */
enum sg_status regime_find_credentials(struct regime *regime, struct sg_error *err);
/* With its sockets, but for the files that `after` has still. NULL is fine. */
void regime_free(struct regime *regime, const struct sockets *after);
/* An admin_gather, of a daemon. */
void control_gather(void *daemon, struct overview *overview);
void control_log_listeners(const struct config *config);

enum { CONTROL_STATUS = 1024 };

/* What the service manager shows: what is done, by which listeners, and the last problem. Returns text. */
const char *control_status(const struct daemon *daemon, const char *what, char text[CONTROL_STATUS]);

/* For log_use(). -1 with err. */
int control_open_log(const struct config *config, struct sg_error *err);

/* reload.c: callbacks of libevent, for a struct daemon. */
void reload_on_signal(evutil_socket_t number, short what, void *daemon);
void reload_on_reloaded(evutil_socket_t fd, short what, void *daemon);
void reload_on_answer(evutil_socket_t fd, short what, void *daemon);

#endif
