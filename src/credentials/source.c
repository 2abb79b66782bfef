/* The configured chain, on the control thread's event loop and the real clocks. */
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "base/clock.h"
#include "credentials/chain.h"
#include "credentials/role.h"
#include "credentials/whoami.h"

struct credentials_source {
    struct event *timer;
    struct chain *chain;
    struct sts *sts;
    struct sts_role *role; /* to assume; NULL: none */
    char *name;            /* of the identity; NULL: the default one */
    char *profile;
    char *file;
    struct whoami *whoami;
};

/* The order of the AWS SDKs (botocore 1.29, credentials.py). */
static const struct provider *const all[] = {
    &environment_provider,
    &profile_provider,
    &container_provider,
    &imds_provider,
};

/* A profile that the configuration names puts the environment's keys aside, as a profile named in code does
 * for botocore. One that AWS_PROFILE names does not: with botocore, keys beside it win. */
static const struct provider *const profile_named[] = {&profile_provider, &container_provider,
                                                       &imds_provider};
static const struct provider *const environment_only[] = {&environment_provider};
static const struct provider *const web_identity_only[] = {&web_identity_provider};
static const struct provider *const profile_only[] = {&profile_provider};
static const struct provider *const file_only[] = {&file_provider};
static const struct provider *const container_only[] = {&container_provider};
static const struct provider *const imds_only[] = {&imds_provider};

#define LIST(array) array, sizeof(array) / sizeof((array)[0])

static const struct list {
    const struct provider *const *providers;
    size_t count;
} lists[] = {
    [CONFIG_CREDENTIALS_DEFAULT] = {LIST(all)},
    [CONFIG_CREDENTIALS_ENVIRONMENT] = {LIST(environment_only)},
    [CONFIG_CREDENTIALS_WEB_IDENTITY] = {LIST(web_identity_only)},
    [CONFIG_CREDENTIALS_PROFILE] = {LIST(profile_only)},
    [CONFIG_CREDENTIALS_FILE] = {LIST(file_only)},
    [CONFIG_CREDENTIALS_CONTAINER] = {LIST(container_only)},
    [CONFIG_CREDENTIALS_IMDS] = {LIST(imds_only)},
};
static const struct list list_profile_named = {LIST(profile_named)};

static void arm(struct credentials_source *source, int ms)
{
    struct timeval delay = {ms / 1000, (ms % 1000) * 1000};

    if (ms >= 0)
        (void)evtimer_add(source->timer, &delay);
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
    struct credentials_source *source = user;
    struct chain_now now = {.wall = clock_wall_seconds(), .monotonic_us = clock_monotonic_us()};

    (void)fd;
    (void)what;
    evutil_secure_rng_get_bytes(&now.random, sizeof(now.random));
    arm(source, chain_tick(source->chain, &now));
}

static void wake(void *user)
{
    struct credentials_source *source = user;

    arm(source, 0);
}

/* STS's name on the internet is not asked who we are: that would be traffic which nobody wants but us. */
static struct whoami *make_whoami(const struct credentials_source *source, struct https *https,
                                  const struct config *config, const struct config_identity *identity,
                                  credentials_changed *changed, void *user)
{
    const struct whoami_setup setup = {
        .base = https_base(https),
        .sts = config->endpoints[AWS_STS].configured ? source->sts : NULL,
        .config = config,
        .of = identity,
        .changed = changed,
        .user = user,
    };

    return whoami_new(&setup);
}

enum sg_status credentials_file(const struct config_identity *identity, char **path, struct sg_error *err)
{
    const char *name = identity->systemd_credential, *folder = provider_variable("CREDENTIALS_DIRECTORY");

    if (name && !folder)
        return sg_fail(err, SG_NOT_FOUND,
                       "systemd_credential is %s, but CREDENTIALS_DIRECTORY is not set: the unit needs "
                       "LoadCredential=%s:PATH",
                       name, name);
    *path = NULL;
    if (name && asprintf(path, "%s/%s", folder, name) < 0)
        *path = NULL;
    else if (identity->file)
        *path = strdup(identity->file);
    return *path || (!name && !identity->file)
               ? SG_OK
               : sg_fail(err, SG_NO_MEMORY, "out of memory for the credential sources");
}

struct credentials_source *credentials_start(struct https *https, const struct config *config,
                                             const struct config_identity *identity,
                                             credentials_changed *changed, void *user, struct sg_error *err)
{
    const char *profile = identity->profile;
    bool named = identity->provider == CONFIG_CREDENTIALS_DEFAULT && profile;
    const struct list *list = named ? &list_profile_named : &lists[identity->provider];
    struct credentials_source *source = calloc(1, sizeof(*source));
    struct chain_setup setup = {
        .providers = list->providers,
        .count = list->count,
        .changed = whoami_changed,
        .wake = wake,
        .wake_user = source,
    };

    if (!source)
        goto fail;
    if (credentials_file(identity, &source->file, err)) {
        credentials_stop(source);
        return NULL;
    }
    /* A reload may free the configuration while its credentials live on. */
    source->name = identity->name ? strdup(identity->name) : NULL;
    source->profile = profile ? strdup(profile) : NULL;
    source->role = identity->role.arn ? role_copy(&identity->role) : NULL;
    if ((identity->name && !source->name) || (profile && !source->profile) ||
        (identity->role.arn && !source->role))
        goto fail;
    setup.identity = source->name;
    setup.role = source->role;
    source->sts = sts_new(https, config);
    source->whoami = source->sts ? make_whoami(source, https, config, identity, changed, user) : NULL;
    if (!source->whoami)
        goto fail;
    setup.changed_user = source->whoami;
    setup.of_providers = (struct provider_setup){.base = https_base(https),
                                                 .https = https,
                                                 .sts = source->sts,
                                                 .profile = source->profile,
                                                 .file = source->file,
                                                 .imds_v1 = identity->imds_v1,
                                                 .pinned = list->providers != all};
    source->timer = evtimer_new(https_base(https), on_timer, source);
    source->chain = source->timer ? chain_new(&setup) : NULL;
    if (!source->chain)
        goto fail;
    wake(source);
    return source;
fail:
    credentials_stop(source);
    (void)sg_fail(err, SG_NO_MEMORY, "out of memory for the credential sources");
    return NULL;
}

void credentials_renew(struct credentials_source *source)
{
    chain_renew(source->chain);
    wake(source);
}

const char *credentials_provider(const struct credentials_source *source)
{
    return chain_provider(source->chain);
}

uint64_t credentials_failures(const struct credentials_source *source)
{
    return chain_failures(source->chain);
}

void credentials_stop(struct credentials_source *source)
{
    if (!source)
        return;
    chain_free(source->chain);
    if (source->timer)
        event_free(source->timer);
    whoami_free(source->whoami);
    sts_free(source->sts);
    free(source->name);
    free(source->profile);
    free(source->file);
    free(source->role);
    free(source);
}
