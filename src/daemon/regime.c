/* What a configuration brings to life on the control thread, and handing out its credentials. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/control.h"
#include "daemon/notify.h"

void regime_free(struct regime *regime, const struct sockets *after)
{
    if (!regime)
        return;
    keyring_free(regime->keyring);
    follow_free(regime->follow);
    free(regime->in_sync);
    https_free(regime->https);
    sockets_close(regime->sockets, after);
    config_free(regime->config);
    free(regime);
}

enum sg_status regime_mirror(const struct regime *regime, struct mirror **mirror, struct sg_error *err)
{
    *mirror = regime->follow ? follow_mirror(regime->follow) : NULL;
    return *mirror || !regime->follow ? SG_OK : sg_fail(err, SG_NO_MEMORY, "out of memory");
}

/* False when a worker goes on with what it has. */
static bool hand_out_policies(const struct regime *regime)
{
    const struct daemon *daemon = regime->daemon;
    struct mirror *mirror;
    bool all = true;

    for (unsigned i = 0; i < daemon->worker_count; i++) {
        if (regime_mirror(regime, &mirror, NULL) == SG_OK) {
            worker_set_mirror(daemon->workers[i], mirror);
            continue;
        }
        log_error("a worker goes on with the policy of the VPC endpoint that it has: out of memory");
        all = false;
    }
    return all;
}

/* Looks whether the listeners' files still say what the VPC endpoints' policies do. */
static void compare_policies(struct regime *regime)
{
    const struct config *config = regime->config;
    struct mirror *mirror;

    if (regime_mirror(regime, &mirror, NULL) != SG_OK)
        return;
    for (size_t i = 0; i < config->rule_count; i++) {
        enum mirror_sync now = mirror_sync(config, &config->listeners[i], mirror);

        if (now == MIRROR_SYNC_NO && regime->in_sync[i] != now)
            log_warn(
                "listener %s: its policy files and the policies of the VPC endpoints do not allow the same: "
                "`sagegate policy check-mirror` tells the difference",
                config->listeners[i].name);
        regime->in_sync[i] = now;
    }
    mirror_leave(mirror);
}

static bool on_policies(void *user, bool changed)
{
    struct regime *regime = user;

    if (changed)
        compare_policies(regime);
    if (regime == regime->daemon->current)
        return !changed || hand_out_policies(regime);
    event_active(&regime->daemon->answer_event, EV_TIMEOUT, 0);
    return true;
}

struct regime *regime_new(struct daemon *daemon, const struct config *config, const struct regime *before,
                          struct sg_error *err)
{
    struct regime *regime = calloc(1, sizeof(*regime));

    if (!regime) {
        config_free(config);
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    regime->daemon = daemon;
    regime->config = config;
    if (config->mirror) {
        regime->follow = follow_new(config, before ? before->follow : NULL, on_policies, regime);
        regime->in_sync = calloc(config->rule_count, sizeof(*regime->in_sync));
        if (regime->follow && regime->in_sync)
            compare_policies(regime);
        else
            (void)sg_fail(err, SG_NO_MEMORY, "out of memory");
    }
    if ((regime->follow && regime->in_sync) || !config->mirror)
        regime->sockets = sockets_open(config, before ? before->sockets : NULL, err);
    if (regime->sockets)
        return regime;
    regime_free(regime, before ? before->sockets : NULL);
    return NULL;
}

const char *control_status(const struct daemon *daemon, const char *what, char text[CONTROL_STATUS])
{
    const struct config *config = daemon->current->config;
    struct buffer status = {0};

    buffer_printf(&status, "%s; listeners:", what);
    for (size_t i = 0; i < config->listener_count; i++)
        buffer_printf(&status, "%s %s", i ? "," : "", config->listeners[i].name);
    if (daemon->problem[0])
        buffer_printf(&status, "; %s is not in force: %s", daemon->path, daemon->problem);
    sg_word(text, CONTROL_STATUS, "%s", status.failed ? what : buffer_cstr(&status));
    buffer_free(&status);
    return text;
}

/* To those who sign, and those who tell of it. */
static void hand_out(struct daemon *daemon, size_t identity, struct credentials *current, const char *why)
{
    const struct regime *regime = daemon->current;
    const char *name = config_identity(regime->config, identity)->name;
    char status[CONTROL_STATUS], text[CONTROL_STATUS];

    for (unsigned i = 0; i < daemon->worker_count; i++)
        worker_set_credentials(daemon->workers[i], identity, current, why);
    if (current)
        snprintf(status, sizeof(status), "serving, credentials%s%s from %s%s%.*s", name ? " of " : "",
                 name ? name : "", current->source, current->identity.arn.len ? ", " : "",
                 SLICE_FMT(current->identity.arn));
    else
        sg_word(status, sizeof(status), "no credentials%s%s: %s", name ? " of " : "", name ? name : "", why);
    if (!daemon->draining)
        notify_status(control_status(daemon, status, text));
}

static void on_credentials(void *user, size_t identity, struct credentials *current, const char *why)
{
    struct regime *regime = user;
    struct daemon *daemon = regime->daemon;

    if (regime->follow && identity == follow_identity(regime->config))
        follow_set_credentials(regime->follow, current, why);
    if (regime == daemon->current)
        hand_out(daemon, identity, current, why);
    else /* in a turn of its own: a source can't be stopped from inside its call */
        event_active(&daemon->answer_event, EV_TIMEOUT, 0);
}

enum sg_status regime_find_credentials(struct regime *regime, struct sg_error *err)
{
    regime->https = https_new(regime->daemon->base, regime->config, err);
    if (!regime->https || (regime->follow && follow_start(regime->follow, regime->https, err) != SG_OK))
        return err->status;
    regime->keyring = keyring_new(regime->config, on_credentials, regime, err);
    return regime->keyring ? keyring_start(regime->keyring, regime->https, err) : err->status;
}

void control_gather(void *user, struct overview *overview)
{
    const struct daemon *daemon = user;

    *overview = (struct overview){
        .path = daemon->path,
        .config = daemon->current->config,
        .keyring = daemon->current->keyring,
        .follow = daemon->current->follow,
        .in_sync = daemon->current->in_sync,
        .worker_count = daemon->worker_count,
        .start_seconds = daemon->start_seconds,
        .draining = daemon->draining,
        .problem = daemon->problem,
    };
    for (size_t i = 0; i < daemon->worker_count; i++)
        overview->workers[i] = worker_metrics(daemon->workers[i]);
}

int control_open_log(const struct config *config, struct sg_error *err)
{
    int fd = log_open(config->log_file);

    if (fd < 0)
        sg_fail(err, SG_IO, "log.file: %s: %s", config->log_file ? config->log_file : "standard error",
                strerror(errno));
    return fd;
}

static void tell_of_listener(const struct config_listener *listener)
{
    const struct config_words *files = &listener->policy_files;

    log_info("listener %s: %s, policy %s%s", listener->name, listener->address,
             files->count ? files->at[0] : "that of the VPC endpoint",
             files->count + listener->mirror.wanted > 1 ? ", and others, of which each must allow" : "");
    if (listener->audit)
        log_warn("listener %s has mode: audit: what its policy denies is signed and sent all the same",
                 listener->name);
}

void control_log_listeners(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++)
        tell_of_listener(&config->listeners[i]);
}
