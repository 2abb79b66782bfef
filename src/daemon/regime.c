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
    https_free(regime->https);
    sockets_close(regime->sockets, after);
    config_free(regime->config);
    free(regime);
}

struct regime *regime_new(struct daemon *daemon, const struct config *config, const struct sockets *before,
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
    regime->sockets = sockets_open(config, before, err);
    if (regime->sockets)
        return regime;
    regime_free(regime, before);
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
    snprintf(text, CONTROL_STATUS, "%s", status.failed ? what : buffer_cstr(&status));
    buffer_free(&status);
    return text;
}

/* To those who sign, and those who tell of it. */
static void hand_out(struct daemon *daemon, size_t identity, struct credentials *current, const char *why)
{
    const struct regime *regime = daemon->current;
    const char *name = config_identity(regime->config, identity)->name;
    char status[700], text[CONTROL_STATUS];

    for (unsigned i = 0; i < daemon->worker_count; i++)
        worker_set_credentials(daemon->workers[i], identity, current, why);
    if (current)
        snprintf(status, sizeof(status), "serving, credentials%s%s from %s%s%.*s", name ? " of " : "",
                 name ? name : "", current->source, current->identity.arn.len ? ", " : "",
                 SLICE_FMT(current->identity.arn));
    else
        snprintf(status, sizeof(status), "no credentials%s%s: %s", name ? " of " : "", name ? name : "", why);
    if (!daemon->draining)
        notify_status(control_status(daemon, status, text));
}

static void on_credentials(void *user, size_t identity, struct credentials *current, const char *why)
{
    struct regime *regime = user;
    struct daemon *daemon = regime->daemon;

    if (regime == daemon->current)
        hand_out(daemon, identity, current, why);
    else /* in a turn of its own: a source can't be stopped from inside its call */
        event_active(&daemon->answer_event, EV_TIMEOUT, 0);
}

enum sg_status regime_find_credentials(struct regime *regime, struct sg_error *err)
{
    regime->https = https_new(regime->daemon->base, regime->config, err);
    if (!regime->https)
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

    log_info("listener %s: %s, policy %s%s", listener->name, listener->address, files->at[0],
             files->count > 1 ? ", and others, of which each must allow" : "");
    if (listener->audit)
        log_warn("listener %s has mode: audit: what its policy denies is signed and sent all the same",
                 listener->name);
}

void control_log_listeners(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++)
        tell_of_listener(&config->listeners[i]);
}
