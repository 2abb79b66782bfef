/*
 * What the pages of the admin listener tell of, as the control thread has it at the moment: borrowed, for as
 * long as one page is written.
 */
#ifndef SAGEGATE_DAEMON_OVERVIEW_H
#define SAGEGATE_DAEMON_OVERVIEW_H

#include "base/buffer.h"
#include "daemon/keyring.h"
#include "mirror/follow.h"
#include "mirror/sync.h"
#include "proxy/metrics.h"

struct overview {
    const char *path;            /* of the configuration file */
    const struct config *config; /* in force */
    const struct keyring *keyring;
    const struct follow *follow;     /* NULL: no listener wants the policies of VPC endpoints */
    const enum mirror_sync *in_sync; /* with it, of all rules */
    const struct proxy_metrics *workers[CONFIG_WORKERS_MAX];
    size_t worker_count;
    int64_t start_seconds; /* wall */
    bool draining;
    const char *problem; /* of a newer configuration, which is not in force; else empty */
};

/* The addresses of a service's endpoint, as all workers see them together. */
struct overview_addresses {
    struct overview_address {
        union socket_address at;
        bool own_zone;
        size_t ejected_by; /* so many workers */
    } list[ADDRESSES_MAX];
    size_t count;
    size_t stranded; /* workers that have no address which is not ejected */
    size_t refused;  /* addresses that are not private, and so not in the list */
    char error[128]; /* of the last lookup of one worker that failed; empty: none */
};

void overview_addresses(const struct overview *overview, size_t service, struct overview_addresses *out);

/* Of a counter of each worker, at `offset` in its metrics: their sum. */
uint64_t overview_sum(const struct overview *overview, size_t offset);

/* Requests of all workers that have ended alike. */
struct overview_requests {
    const char *listener;
    const char *service, *operation; /* empty: none was found */
    const char *decision;            /* as in the access log */
    const char *status;              /* "2xx", …, or "none": the client was told nothing */
    uint64_t count;                  /* not 0 */
};

/* overview_requests.c: tells all of them, listener by listener. */
void overview_each_requests(const struct overview *overview,
                            void (*tell)(void *user, const struct overview_requests *row), void *user);

#endif
