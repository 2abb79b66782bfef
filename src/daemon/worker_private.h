/*
 * What the two halves of a worker share: its life and its listeners (worker.c), and its mail (worker_mail.c).
 * For these two files only.
 */
#ifndef SAGEGATE_DAEMON_WORKER_PRIVATE_H
#define SAGEGATE_DAEMON_WORKER_PRIVATE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "daemon/worker.h"
#include "proxy/proxy.h"

/* What the control thread has said of an identity since the worker last looked, … */
struct news {
    bool changed;
    struct credentials *credentials;
    char why[SG_TEXT];
};

/* … of a configuration, … */
struct order {
    const struct config *config; /* NULL: nothing */
    int *fds;
    struct mirror *mirror;
    struct news *news; /* of its identities */
};

/* … and of everything else. */
struct mail {
    struct mirror *mirror; /* NULL: it is as it was */
    bool drain;
    bool stop;
};

/* A listening socket in use: the worker's own. */
struct accepting {
    struct worker *worker;
    struct proxy *proxy;
    const struct config_listener *config;
    struct listener *listener;
    int fd;
};

/* A proxy whose configuration is no more in force, until its last client has left. */
struct retired {
    struct proxy *proxy;
    LIST_ENTRY(retired) link;
};

struct worker {
    struct event_base *base;
    struct proxy *proxy;
    struct proxy_metrics *metrics;
    LIST_HEAD(, retired) retired;
    struct accepting *accepting;
    size_t accepting_count;
    bool draining;
    struct event mail_event, empty_event;
    struct worker_signals signals;
    struct spread *spread;
    struct quota *quota;
    unsigned number;
    int mail_fd;
    pthread_mutex_t mail_lock;
    struct mail mail;
    struct order next;
    struct news *news;           /* of the identities of the configuration in force, … */
    size_t news_count;           /* … so many; 0: they are of another than the proxy's */
    atomic_uint_least64_t renew; /* identities whose credentials the service rejects, as bits */
    atomic_bool silent;          /* a ping was sent, and not answered yet */
    pthread_t thread;
    bool started;
};

/* Puts a configuration in force. All that can fail comes before anything changes. */
enum sg_status worker_take_over(struct worker *worker, const struct config *config, int *fds,
                                struct mirror *mirror, struct sg_error *err);

/* Accepts no more, and ends the loop when the last client has left. */
void worker_end_politely(struct worker *worker);

/* Of an eventfd. */
void worker_signal(int fd);

/* An event callback: there is mail. */
void worker_on_mail(evutil_socket_t fd, short what, void *worker);

/* Mail that came after the end, and the mailbox. */
void worker_discard_mail(struct worker *worker);

#endif
