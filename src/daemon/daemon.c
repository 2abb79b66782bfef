#include "daemon/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "credentials/https.h"
#include "credentials/region.h"
#include "daemon/admin.h"
#include "daemon/keyring.h"
#include "daemon/metrics_page.h"
#include "daemon/notify.h"
#include "daemon/worker.h"
#include "net/listener.h"

enum { SIGNALS = 2 };

struct daemon {
    struct config *config;
    struct event_base *base;
    struct event signals[SIGNALS];
    struct event drain_timer;
    struct event done_event;
    int done_fd; /* workers that have ended */
    int *fds;    /* one row of listeners a worker; -1 when the worker has closed it */
    size_t fd_count;
    struct worker **workers;
    size_t running;
    struct https *https; /* for what is asked in search of credentials */
    struct keyring *keyring;
    struct admin *admin; /* NULL: not configured */
    struct metrics_process process;
    bool draining;
    struct sg_error error; /* why it could not start */
};

static void give_up(struct daemon *daemon)
{
    event_base_loopbreak(daemon->base);
}

static void stop_workers(struct daemon *daemon)
{
    for (unsigned i = 0; i < daemon->config->workers; i++) {
        if (daemon->workers[i])
            worker_stop(daemon->workers[i]);
    }
}

/* Before the sockets close, so that nobody else's in the same place is removed. */
static void unlink_listeners(struct daemon *daemon)
{
    size_t count = daemon->config->listener_count;

    for (size_t i = 0; i < count && i < daemon->fd_count; i++)
        listener_unlink(&daemon->config->listeners[i]);
}

static void on_drain_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;

    (void)fd;
    (void)what;
    log_warn("requests still run after %u ms (timeouts.drain): they are cut off",
             daemon->config->drain_timeout_ms);
    stop_workers(daemon);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct daemon *daemon = arg;
    unsigned ms = daemon->config->drain_timeout_ms;
    struct timeval limit = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

    (void)what;
    if (!daemon->running) {
        give_up(daemon);
        return;
    }
    if (daemon->draining) {
        log_warn("%s again: running requests are cut off", strsignal(number));
        stop_workers(daemon);
        return;
    }
    daemon->draining = true;
    admin_set_draining(daemon->admin);
    unlink_listeners(daemon);
    log_info("%s: finishing running requests", strsignal(number));
    notify_stopping();
    evtimer_add(&daemon->drain_timer, &limit);
    for (unsigned i = 0; i < daemon->config->workers; i++)
        worker_drain(daemon->workers[i]);
}

static void on_worker_done(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;
    uint64_t ended;

    (void)what;
    if (read(fd, &ended, sizeof(ended)) != sizeof(ended))
        return;
    daemon->running -= (size_t)ended;
    if (daemon->running == 0)
        give_up(daemon);
}

static void on_credentials(void *user, size_t identity, struct credentials *current, const char *why)
{
    struct daemon *daemon = user;
    const char *name = config_identity(daemon->config, identity)->name;
    char status[700];

    for (unsigned i = 0; i < daemon->config->workers; i++)
        worker_set_credentials(daemon->workers[i], identity, current, why);
    admin_set_credentials(daemon->admin, identity, current, why);
    daemon->process.has_credentials =
        keyring_is_complete(daemon->keyring, &daemon->process.credentials_expiration);
    if (current)
        snprintf(status, sizeof(status), "serving, credentials%s%s from %s", name ? " of " : "",
                 name ? name : "", current->source);
    else
        snprintf(status, sizeof(status), "no credentials%s%s: %s", name ? " of " : "", name ? name : "", why);
    if (!daemon->draining)
        notify_status(status);
}

/*
 * SO_REUSEPORT would also let a second sagegate of the same user take half of the connections. So the port is
 * first opened alone, which fails when anybody has it.
 */
static enum sg_status probe(struct daemon *daemon, const struct config_listener *listener)
{
    int fd;
    enum sg_status status = listener_open(listener, false, &fd, &daemon->error);

    if (status == SG_OK)
        close(fd);
    return status;
}

/* One socket a worker for TCP; for a Unix path one, and a descriptor a worker. */
static enum sg_status open_listener(struct daemon *daemon, size_t i)
{
    size_t count = daemon->config->listener_count;
    const struct config_listener *listener = &daemon->config->listeners[i % count];
    bool first = i < count;

    if (listener->unix_path && !first) {
        daemon->fds[i] = fcntl(daemon->fds[i % count], F_DUPFD_CLOEXEC, 0);
        if (daemon->fds[i] < 0)
            return sg_fail(&daemon->error, SG_IO, "listener %s: %s", listener->name, strerror(errno));
        return SG_OK;
    }
    if (first && !listener->unix_path && probe(daemon, listener) != SG_OK)
        return daemon->error.status;
    return listener_open(listener, true, &daemon->fds[i], &daemon->error);
}

static enum sg_status open_listeners(struct daemon *daemon)
{
    size_t total = daemon->config->workers * daemon->config->listener_count;

    daemon->fds = malloc(total * sizeof(int));
    if (!daemon->fds)
        return sg_fail(&daemon->error, SG_NO_MEMORY, "out of memory");
    for (; daemon->fd_count < total; daemon->fd_count++) {
        if (open_listener(daemon, daemon->fd_count) != SG_OK)
            return daemon->error.status;
    }
    return SG_OK;
}

static void close_listeners(struct daemon *daemon)
{
    if (!daemon->draining)
        unlink_listeners(daemon);
    for (size_t i = 0; i < daemon->fd_count; i++) {
        if (daemon->fds[i] >= 0)
            close(daemon->fds[i]);
    }
    free(daemon->fds);
}

static enum sg_status start_workers(struct daemon *daemon)
{
    const struct config *config = daemon->config;

    daemon->workers = calloc(config->workers, sizeof(struct worker *));
    if (!daemon->workers)
        return sg_fail(&daemon->error, SG_NO_MEMORY, "out of memory");
    for (unsigned i = 0; i < config->workers; i++) {
        daemon->workers[i] = worker_new(config, daemon->fds + i * config->listener_count,
                                        keyring_renew_fds(daemon->keyring), daemon->done_fd, &daemon->error);
        if (!daemon->workers[i])
            return daemon->error.status;
    }
    for (; daemon->running < config->workers; daemon->running++) {
        if (worker_start(daemon->workers[daemon->running], &daemon->error) != SG_OK)
            return daemon->error.status;
    }
    return SG_OK;
}

static void tell_of_listener(const struct config_listener *listener)
{
    const struct config_words *files = &listener->policy_files;

    log_info("listener %s: %s, policy %s%s", listener->name, listener->address, files->at[0],
             files->count > 1 ? ", and others, of which each must allow" : "");
    if (listener->audit)
        log_warn("listener %s has mode: audit: what its policy denies is signed and sent all the same",
                 listener->name);
}

static void write_metrics(void *user, bool openmetrics, struct buffer *out)
{
    const struct daemon *daemon = user;
    const struct proxy_metrics *workers[METRICS_PAGE_WORKERS];
    size_t count = 0;

    for (; count < daemon->config->workers; count++)
        workers[count] = worker_metrics(daemon->workers[count]);
    metrics_page_write(out, workers, count, &daemon->process, openmetrics);
}

/* Region and zone are known: everything else can start. */
static void serve(struct daemon *daemon)
{
    const struct config *config = daemon->config;

    daemon->keyring = keyring_new(daemon->base, config, on_credentials, daemon, &daemon->error);
    if (!daemon->keyring || open_listeners(daemon) != SG_OK || start_workers(daemon) != SG_OK)
        goto fail;
    if (config->admin.address) {
        daemon->admin = admin_start(daemon->base, config, write_metrics, daemon, &daemon->error);
        if (!daemon->admin)
            goto fail;
    }
    daemon->https = https_new(daemon->base, config, &daemon->error);
    if (!daemon->https || keyring_start(daemon->keyring, daemon->https, &daemon->error) != SG_OK)
        goto fail;
    for (size_t i = 0; i < config->listener_count; i++)
        tell_of_listener(&config->listeners[i]);
    notify_ready("serving, looking for credentials");
    return;
fail:
    give_up(daemon);
}

static void on_zone(void *user, struct slice zone, const char *why_not)
{
    struct daemon *daemon = user;

    if (!zone.len)
        log_info("zone_affinity: the own zone is not known, all are alike (%s)", why_not);
    else if (config_set_zone(daemon->config, zone, &daemon->error) != SG_OK)
        log_warn("zone_affinity: %s", daemon->error.text);
    else
        log_info("zone_affinity: addresses in %.*s first", SLICE_FMT(zone));
    daemon->error.status = SG_OK;
    serve(daemon);
}

static void find_zone(struct daemon *daemon)
{
    if (config_wants_zone(daemon->config))
        instance_zone_lookup(daemon->base, on_zone, daemon);
    else
        serve(daemon);
}

static void on_region(void *user, struct slice region, const char *why_not)
{
    struct daemon *daemon = user;

    if (!region.len) {
        sg_fail(
            &daemon->error, SG_NOT_FOUND,
            "the region is not known: set region in the configuration, or AWS_REGION (the instance did not "
            "tell: %s)",
            why_not);
        give_up(daemon);
    } else if (config_set_region(daemon->config, region, &daemon->error) != SG_OK) {
        give_up(daemon);
    } else {
        find_zone(daemon);
    }
}

static enum sg_status set_up(struct daemon *daemon)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT};

    daemon->base = event_base_new();
    daemon->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!daemon->base || daemon->done_fd < 0)
        return sg_fail(&daemon->error, SG_IO, "an event loop could not be set up: %s", strerror(errno));
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    for (int i = 0; i < SIGNALS; i++) {
        evsignal_assign(&daemon->signals[i], daemon->base, numbers[i], on_signal, daemon);
        if (event_add(&daemon->signals[i], NULL) != 0)
            return sg_fail(&daemon->error, SG_IO, "a signal could not be watched");
    }
    evtimer_assign(&daemon->drain_timer, daemon->base, on_drain_timeout, daemon);
    event_assign(&daemon->done_event, daemon->base, daemon->done_fd, EV_READ | EV_PERSIST, on_worker_done,
                 daemon);
    if (event_add(&daemon->done_event, NULL) != 0)
        return sg_fail(&daemon->error, SG_NO_MEMORY, "out of memory");
    return SG_OK;
}

/* The workers first: they write to the keyring's descriptors. */
static void tear_down(struct daemon *daemon)
{
    if (daemon->workers) {
        stop_workers(daemon);
        for (unsigned i = 0; i < daemon->config->workers; i++)
            worker_free(daemon->workers[i]);
        free(daemon->workers);
    }
    keyring_free(daemon->keyring);
    admin_stop(daemon->admin);
    https_free(daemon->https);
    close_listeners(daemon);
    if (daemon->base) {
        for (int i = 0; i < SIGNALS; i++)
            event_del(&daemon->signals[i]);
        event_base_free(daemon->base);
    }
    if (daemon->done_fd >= 0)
        close(daemon->done_fd);
}

enum sg_status daemon_run(struct config *config, struct sg_error *err)
{
    struct daemon daemon = {.config = config, .done_fd = -1, .process.start_seconds = clock_wall_seconds()};

    json_object_seed(0); /* before threads, and before a sandbox that may take /dev/urandom away */
    if (!secret_init())
        log_warn("the memory for keys could not be locked (RLIMIT_MEMLOCK): it may be swapped to disk");
    if (!secret_close_process())
        log_warn("this process could not be kept from leaving core dumps, which may hold keys");
    credentials_guard();
    if (set_up(&daemon) == SG_OK) {
        if (config->region)
            find_zone(&daemon);
        else
            instance_region_lookup(daemon.base, on_region, &daemon);
        if (daemon.error.status == SG_OK)
            event_base_dispatch(daemon.base);
    }
    tear_down(&daemon);
    *err = daemon.error;
    return daemon.error.status;
}
