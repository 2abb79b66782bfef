#include "cli/session.h"

#include <event2/event.h>
#include <jansson.h>
#include <signal.h>

#include "base/log.h"
#include "base/secret.h"
#include "cli/report.h"
#include "credentials/region.h"

struct lookup {
    struct session *session;
    bool told;
    struct sg_error *err;
};

static void on_region(void *user, struct slice region, const char *why_not)
{
    struct lookup *lookup = user;

    lookup->told = true;
    if (region.len)
        (void)config_set_region(lookup->session->config, region, lookup->err);
    else
        (void)sg_fail(lookup->err, SG_NOT_FOUND,
                      "the region is not known: set region in the configuration, or AWS_REGION (the instance "
                      "did not tell: %s)",
                      why_not);
}

static void find_region(struct session *session, struct sg_error *err)
{
    struct lookup lookup = {session, false, err};

    instance_region_lookup(session->base, on_region, &lookup);
    while (!lookup.told)
        event_base_loop(session->base, EVLOOP_ONCE);
}

enum sg_status session_open(struct session *session, const char *path, struct sg_error *err)
{
    *session = (struct session){.config = config_load(path, report_config_problem, NULL)};
    *err = (struct sg_error){0};
    if (!session->config)
        return sg_fail(err, SG_INVALID, "the configuration is not good: %s", path);
    signal(SIGPIPE, SIG_IGN);
    json_object_seed(0);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    secret_init();
    secret_close_process();
    credentials_guard();
    session->base = event_base_new();
    if (!session->base)
        return sg_fail(err, SG_NO_MEMORY, "out of memory");
    if (!session->config->region)
        find_region(session, err);
    if (err->status == SG_OK)
        session->https = https_new(session->base, session->config, err);
    return err->status;
}

static void on_credentials(void *user, struct credentials *current, const char *why)
{
    struct lookup *lookup = user;

    lookup->told = true;
    credentials_unref(lookup->session->credentials);
    lookup->session->credentials = current ? credentials_ref(current) : NULL;
    if (!current)
        (void)sg_fail(lookup->err, SG_NOT_FOUND, "there are no credentials: %s", why);
}

enum sg_status session_find_credentials(struct session *session, const struct config_identity *identity,
                                        struct sg_error *err)
{
    struct lookup lookup = {session, false, err};
    struct credentials_source *source;

    *err = (struct sg_error){0};
    source = credentials_start(session->https, session->config, identity, on_credentials, &lookup, err);
    while (source && !lookup.told)
        event_base_loop(session->base, EVLOOP_ONCE);
    credentials_stop(source);
    return err->status;
}

void session_close(struct session *session)
{
    credentials_unref(session->credentials);
    https_free(session->https);
    if (session->base)
        event_base_free(session->base);
    config_free(session->config);
}
