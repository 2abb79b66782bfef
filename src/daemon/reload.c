/*
 * SIGHUP: a newer configuration is made ready beside the one in force, down to its credentials, and then
 * takes its place as a whole; or it is wrong in any way, and nothing changes.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "config/hits.h"
#include "daemon/control.h"
#include "daemon/footprint.h"
#include "daemon/notify.h"
#include "net/tls.h"

static void report(void *user, const struct config_problem *problem)
{
    enum log_level level = problem->is_error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN;

    (void)user;
    if (problem->line)
        log_line(level, "%s:%u:%u: %s", problem->file, problem->line, problem->column, problem->text);
    else
        log_line(level, "%s: %s", problem->file, problem->text);
}

static void keep_what_takes_a_restart(const struct daemon *daemon, struct config *config)
{
    bool sandbox = daemon->current->config->sandbox;

    if (config->workers != daemon->worker_count)
        log_warn("workers is %u now, which takes a restart: until then %u go on", config->workers,
                 daemon->worker_count);
    if (config->sandbox != sandbox)
        log_warn("sandbox is %s now, which takes a restart: until then it stays %s",
                 config->sandbox ? "on" : "off", sandbox ? "on" : "off");
    config->workers = daemon->worker_count;
    config->sandbox = sandbox;
}

/* A newer configuration, with all in it that can be wrong looked at. NULL with err. */
static const struct config *load_again(const struct daemon *daemon, struct sg_error *err)
{
    const struct config *before = daemon->current->config;
    struct config *config = config_load(daemon->path, report, NULL);
    SSL_CTX *tls;

    if (!config) {
        sg_fail(err, SG_INVALID, "see the lines above");
        return NULL;
    }
    keep_what_takes_a_restart(daemon, config);
    tls = tls_context_new(config, err);
    if (tls && sandbox_admits(&daemon->sandbox, config, err) == SG_OK &&
        (config->region || config_set_region(config, slice_cstr(before->region), err) == SG_OK) &&
        (!config_wants_zone(config) || !before->zone ||
         config_set_zone(config, slice_cstr(before->zone), err) == SG_OK) &&
        hits_new(config, err) == SG_OK) {
        SSL_CTX_free(tls);
        return config;
    }
    SSL_CTX_free(tls);
    config_free(config);
    return NULL;
}

static void stay(struct daemon *daemon, const char *why)
{
    char text[CONTROL_STATUS];

    log_error("%s is not in force: %s; the configuration before it stays", daemon->path, why);
    sg_word(daemon->problem, sizeof(daemon->problem), "%s", why);
    regime_free(daemon->next, daemon->current->sockets);
    daemon->next = NULL;
    notify_ready(control_status(daemon, "serving by the configuration before", text));
}

/* What a worker gets with a newer configuration. */
struct outfit {
    struct news *news;
    int *fds;
    struct mirror *mirror;
};

static void discard(const struct daemon *daemon, const struct outfit *outfit)
{
    free(outfit->news);
    if (outfit->fds)
        sockets_forget(outfit->fds, daemon->next->config->listener_count);
    mirror_leave(outfit->mirror);
}

static void discard_all(const struct daemon *daemon, const struct outfit *outfits, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        discard(daemon, &outfits[i]);
}

/* False, and nothing made, when memory or descriptors are short. */
static bool make_outfit(const struct daemon *daemon, unsigned worker, struct outfit *outfit)
{
    *outfit = (struct outfit){.news = worker_news_new(daemon->next->config),
                              .fds = sockets_for_worker(daemon->next->sockets, worker)};
    if (outfit->news && outfit->fds && regime_mirror(daemon->next, &outfit->mirror, NULL) == SG_OK)
        return true;
    discard(daemon, outfit);
    return false;
}

/* The last step that can fail, and the first that shows. */
static enum sg_status put_in_force(struct daemon *daemon, struct sg_error *err)
{
    const struct config *config = daemon->next->config;
    struct outfit outfits[CONFIG_WORKERS_MAX];
    int log;

    for (unsigned i = 0; i < daemon->worker_count; i++) {
        if (!make_outfit(daemon, i, &outfits[i])) {
            discard_all(daemon, outfits, i);
            return sg_fail(err, SG_NO_MEMORY, "memory or descriptors are short");
        }
    }
    log = control_open_log(config, err);
    if (log < 0 || sockets_permit(daemon->next->sockets, daemon->current->sockets, err) != SG_OK ||
        admin_reload(&daemon->admin, daemon->base, config, control_gather, daemon, err) != SG_OK) {
        (void)sockets_permit(daemon->current->sockets, daemon->next->sockets, NULL);
        discard_all(daemon, outfits, daemon->worker_count);
        if (log >= 0)
            close(log);
        return err->status;
    }
    log_use(log, config->log_file);
    for (unsigned i = 0; i < daemon->worker_count; i++) {
        worker_reload(daemon->workers[i], config, outfits[i].news, outfits[i].fds, outfits[i].mirror);
        daemon->reloading++;
    }
    return SG_OK;
}

/* Credentials are part of it: where there were some before, there must be now. */
static bool lacks_credentials(const struct daemon *daemon)
{
    return !keyring_is_complete(daemon->next->keyring) && keyring_is_complete(daemon->current->keyring);
}

/* Likewise: who had a policy to be decided by must have one. */
static bool lacks_policies(const struct daemon *daemon)
{
    const struct follow *before = daemon->current->follow, *next = daemon->next->follow;

    return next && !follow_is_complete(next) && (!before || follow_is_complete(before));
}

static bool has_answered(const struct regime *regime)
{
    return keyring_has_answered(regime->keyring) && (!regime->follow || follow_has_answered(regime->follow));
}

void reload_on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;
    struct regime *before = daemon->current, *next = daemon->next;
    struct sg_error err = {0};

    (void)fd;
    (void)what;
    if (!next || !has_answered(next))
        return;
    if (lacks_credentials(daemon)) {
        stay(daemon, "no credentials are to be had with it, as the lines above say");
        return;
    }
    if (lacks_policies(daemon)) {
        stay(daemon, "the policy of a VPC endpoint is not to be had with it, as the lines above say");
        return;
    }
    if (put_in_force(daemon, &err) != SG_OK) {
        stay(daemon, err.text);
        return;
    }
    daemon->current = next;
    daemon->next = NULL;
    log_change(next->config->log_level, next->config->log_format);
    keyring_tell(next->keyring);
    regime_free(before, next->sockets);
}

void reload_on_reloaded(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;
    char text[CONTROL_STATUS];
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof(count)) != sizeof(count))
        return;
    daemon->reloading -= count;
    if (daemon->reloading > 0 || daemon->draining)
        return;
    log_info("%s is in force", daemon->path);
    daemon->problem[0] = '\0';
    control_log_listeners(daemon->current->config);
    footprint_settle();
    if (!daemon->next)
        notify_ready(control_status(daemon, "serving", text));
}

/* Whatever comes of the configuration: the file may have been moved away, to begin a new one. */
static void reopen_log(const struct daemon *daemon)
{
    const struct config *config = daemon->current->config;
    struct sg_error err;
    int log;

    if (!config->log_file)
        return;
    log = control_open_log(config, &err);
    if (log >= 0)
        log_use(log, config->log_file);
    else
        log_error("%s: the log goes on where it was", err.text);
}

/* Prepares all that a newer configuration needs, beside what is in force; on_answer() does the rest. */
void reload_on_signal(evutil_socket_t number, short what, void *arg)
{
    struct daemon *daemon = arg;
    struct sg_error err = {0};
    const struct config *config;

    (void)number;
    (void)what;
    if (!daemon->running || daemon->draining)
        return;
    notify_reloading();
    reopen_log(daemon);
    log_info("SIGHUP: reading %s", daemon->path);
    regime_free(daemon->next, daemon->current->sockets);
    daemon->next = NULL;
    config = load_again(daemon, &err);
    if (config)
        daemon->next = regime_new(daemon, config, daemon->current, &err);
    if (!daemon->next || regime_find_credentials(daemon->next, &err) != SG_OK)
        stay(daemon, err.text);
}
