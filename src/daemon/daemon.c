#include "daemon/daemon.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "config/hits.h"
#include "credentials/region.h"
#include "daemon/control.h"
#include "daemon/inherited.h"
#include "daemon/notify.h"
#include "proxy/quota.h"

static void give_up(struct daemon *daemon)
{
    event_base_loopbreak(daemon->base);
}

static void stop_workers(struct daemon *daemon)
{
    for (unsigned i = 0; i < daemon->worker_count; i++) {
        if (daemon->workers[i])
            worker_stop(daemon->workers[i]);
    }
}

static void on_drain_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;

    (void)fd;
    (void)what;
    log_warn("requests still run after %u ms (timeouts.drain): they are cut off",
             daemon->current->config->drain_timeout_ms);
    stop_workers(daemon);
}

static void on_end(evutil_socket_t number, short what, void *arg)
{
    struct daemon *daemon = arg;
    struct timeval limit;
    unsigned ms;

    (void)what;
    if (!daemon->running) {
        give_up(daemon);
        return;
    }
    ms = daemon->current->config->drain_timeout_ms;
    limit = (struct timeval){ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    if (daemon->draining) {
        log_warn("%s again: running requests are cut off", strsignal(number));
        stop_workers(daemon);
        return;
    }
    daemon->draining = true;
    regime_free(daemon->next, daemon->current->sockets);
    daemon->next = NULL;
    sockets_close(daemon->current->sockets, NULL); /* who comes from now on can go elsewhere */
    daemon->current->sockets = NULL;
    log_info("%s: finishing running requests", strsignal(number));
    notify_stopping();
    evtimer_add(&daemon->drain_timer, &limit);
    for (unsigned i = 0; i < daemon->worker_count; i++)
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

static void on_renew(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof(count)) != sizeof(count))
        return;
    for (unsigned i = 0; i < daemon->worker_count; i++) {
        uint64_t rejected = worker_take_renewals(daemon->workers[i]);

        for (size_t k = 0; rejected && k < config_identity_count(daemon->current->config); k++) {
            if (rejected >> k % 64 & 1)
                keyring_renew(daemon->current->keyring, k);
        }
    }
}

static enum sg_status start_workers(struct daemon *daemon)
{
    const struct config *config = daemon->current->config;
    struct worker_shared shared = {spread_new(config->workers), quota_new(), daemon->said};

    daemon->spread = shared.spread;
    daemon->quota = shared.quota;
    daemon->workers = calloc(config->workers, sizeof(struct worker *));
    if (!shared.spread || !shared.quota || !daemon->workers)
        return sg_fail(&daemon->error, SG_NO_MEMORY, "out of memory");
    daemon->worker_count = config->workers;
    for (unsigned i = 0; i < config->workers; i++) {
        int *fds = sockets_for_worker(daemon->current->sockets, i);
        struct mirror *mirror;

        if (!fds)
            return sg_fail(&daemon->error, SG_NO_MEMORY, "memory or descriptors are short");
        if (regime_mirror(daemon->current, &mirror, &daemon->error) != SG_OK) {
            sockets_forget(fds, config->listener_count);
            return SG_NO_MEMORY;
        }
        daemon->workers[i] = worker_new(config, &shared, i, fds, mirror, &daemon->error);
        if (!daemon->workers[i])
            return daemon->error.status;
    }
    for (; daemon->running < config->workers; daemon->running++) {
        if (worker_start(daemon->workers[daemon->running], &daemon->error) != SG_OK)
            return daemon->error.status;
    }
    return SG_OK;
}

/* Region and zone are known: everything else can start. */
static void serve(struct daemon *daemon)
{
    const struct config *config = config_share(daemon->first);
    char text[CONTROL_STATUS];

    daemon->current = regime_new(daemon, config, NULL, &daemon->error);
    if (!daemon->current || hits_new(daemon->first, &daemon->error) != SG_OK ||
        start_workers(daemon) != SG_OK)
        goto fail;
    if (config->admin.address) {
        daemon->admin = admin_start(daemon->base, config, control_gather, daemon, &daemon->error);
        if (!daemon->admin)
            goto fail;
    }
    if (regime_find_credentials(daemon->current, &daemon->error) != SG_OK)
        goto fail;
    control_log_listeners(config);
    daemon->watchdog = watchdog_start(daemon->base, daemon->workers, daemon->worker_count);
    daemon->footprint = footprint_start(daemon->base, daemon->workers, daemon->worker_count);
    footprint_settle();
    notify_ready(control_status(daemon, "serving, looking for credentials", text));
    return;
fail:
    give_up(daemon);
}

static void on_zone(void *user, struct slice zone, const char *why_not)
{
    struct daemon *daemon = user;

    if (!zone.len)
        log_info("zone_affinity: the own zone is not known, all are alike (%s)", why_not);
    else if (config_set_zone(daemon->first, zone, &daemon->error) != SG_OK)
        log_warn("zone_affinity: %s", daemon->error.text);
    else
        log_info("zone_affinity: addresses in %.*s first", SLICE_FMT(zone));
    daemon->error.status = SG_OK;
    serve(daemon);
}

static void find_zone(struct daemon *daemon)
{
    if (config_wants_zone(daemon->first))
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
    } else if (config_set_region(daemon->first, region, &daemon->error) != SG_OK) {
        give_up(daemon);
    } else {
        if (config_region_warning(daemon->first))
            log_warn("%s", config_region_warning(daemon->first));
        find_zone(daemon);
    }
}

static enum sg_status set_up(struct daemon *daemon)
{
    static const struct {
        int number;
        event_callback_fn handle;
    } signals[SIGNALS] = {{SIGTERM, on_end}, {SIGINT, on_end}, {SIGHUP, reload_on_signal}};

    daemon->base = event_base_new();
    daemon->said.renew = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    daemon->said.reloaded = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    daemon->said.done = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!daemon->base || daemon->said.renew < 0 || daemon->said.reloaded < 0 || daemon->said.done < 0)
        return sg_fail(&daemon->error, SG_IO, "an event loop could not be set up: %s", strerror(errno));
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < SIGNALS; i++) {
        evsignal_assign(&daemon->signals[i], daemon->base, signals[i].number, signals[i].handle, daemon);
        if (event_add(&daemon->signals[i], NULL) != 0)
            return sg_fail(&daemon->error, SG_IO, "a signal could not be watched");
    }
    evtimer_assign(&daemon->drain_timer, daemon->base, on_drain_timeout, daemon);
    evtimer_assign(&daemon->answer_event, daemon->base, reload_on_answer, daemon);
    event_assign(&daemon->done_event, daemon->base, daemon->said.done, EV_READ | EV_PERSIST, on_worker_done,
                 daemon);
    event_assign(&daemon->renew_event, daemon->base, daemon->said.renew, EV_READ | EV_PERSIST, on_renew,
                 daemon);
    event_assign(&daemon->reloaded_event, daemon->base, daemon->said.reloaded, EV_READ | EV_PERSIST,
                 reload_on_reloaded, daemon);
    if (event_add(&daemon->done_event, NULL) != 0 || event_add(&daemon->renew_event, NULL) != 0 ||
        event_add(&daemon->reloaded_event, NULL) != 0)
        return sg_fail(&daemon->error, SG_NO_MEMORY, "out of memory");
    return SG_OK;
}

/* The workers first: they write to the keyring's descriptors. */
static void tear_down(struct daemon *daemon)
{
    sigset_t all;

    sigfillset(&all); /* it is ending: another SIGTERM must not change how */
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    watchdog_stop(daemon->watchdog);
    footprint_stop(daemon->footprint);
    regime_free(daemon->next, daemon->current ? daemon->current->sockets : NULL);
    admin_stop(daemon->admin);
    if (daemon->workers) {
        stop_workers(daemon);
        for (unsigned i = 0; i < daemon->worker_count; i++)
            worker_free(daemon->workers[i]);
        free(daemon->workers);
    }
    spread_free(daemon->spread);
    quota_free(daemon->quota);
    regime_free(daemon->current, NULL);
    if (daemon->base) {
        for (int i = 0; i < SIGNALS; i++)
            event_del(&daemon->signals[i]);
        event_base_free(daemon->base);
    }
    if (daemon->said.renew >= 0)
        close(daemon->said.renew);
    if (daemon->said.reloaded >= 0)
        close(daemon->said.reloaded);
    if (daemon->said.done >= 0)
        close(daemon->said.done);
}

static enum sg_status enter_sandbox(struct daemon *daemon)
{
    struct buffer told = {0};
    const char *text;
    int log;

    daemon->sandbox = sandbox_plan(daemon->first);
    if (sandbox_enter(&daemon->sandbox, daemon->first, daemon->path, &daemon->error) != SG_OK)
        return daemon->error.status;
    log = control_open_log(daemon->first, &daemon->error);
    if (log < 0)
        return daemon->error.status;
    log_use(log, daemon->first->log_file);
    sandbox_tell(&daemon->sandbox, &told);
    text = buffer_cstr(&told);
    log_info("sandbox: %s", text ? text : "out of memory");
    buffer_free(&told);
    return SG_OK;
}

/* A client takes a descriptor, and a connection to an endpoint another. The soft limit is low for programs
 * that use select(2), and we do not. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            log_warn("the limit of open files stays as it is: %s", strerror(errno));
    }
}

enum sg_status daemon_run(struct config *config, const char *path, struct sg_error *err)
{
    struct daemon daemon = {
        .path = path, .first = config, .said = {-1, -1, -1}, .start_seconds = clock_wall_seconds()};

    raise_descriptors();
    json_object_seed(0); /* before threads, and before a sandbox that may take /dev/urandom away */
    if (!secret_init())
        log_warn("the memory for keys could not be locked (RLIMIT_MEMLOCK): it may be swapped to disk");
    if (enter_sandbox(&daemon) != SG_OK) {
        *err = daemon.error;
        return err->status;
    }
    credentials_guard();
    inherited_take(config);
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
