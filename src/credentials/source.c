/* The configured chain, on the control thread's event loop and the real clocks. */
#include <stdlib.h>

#include <event2/event.h>

#include "aws/service.h"
#include "base/clock.h"
#include "credentials/chain.h"
#include "credentials/sts.h"

struct credentials_source {
    struct event *timer;
    struct chain *chain;
    struct sts *sts;
    char *profile;
    struct buffer memory; /* what `configured` points to */
    struct caller_identity configured;
    credentials_changed *changed;
    void *user;
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
static const struct provider *const profile_only[] = {&profile_provider};
static const struct provider *const imds_only[] = {&imds_provider};

#define LIST(array) array, sizeof(array) / sizeof((array)[0])

static const struct list {
    const struct provider *const *providers;
    size_t count;
} lists[] = {
    [CONFIG_CREDENTIALS_DEFAULT] = {LIST(all)},
    [CONFIG_CREDENTIALS_ENVIRONMENT] = {LIST(environment_only)},
    [CONFIG_CREDENTIALS_PROFILE] = {LIST(profile_only)},
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

/* Who the configuration says that it is. A reload may free it while its credentials live on. */
static bool read_identity(struct credentials_source *source, const struct config *config)
{
    struct buffer *memory = &source->memory;
    struct slice arn = slice_cstr(config->principal_arn), account = slice_cstr(config->account_id);

    if (!buffer_reserve(memory, arn.len + account.len + 1))
        return false;
    buffer_append(memory, arn.len ? arn : account);
    if (arn.len)
        return caller_identity_read(buffer_slice(memory), memory, &source->configured) != SG_NO_MEMORY;
    source->configured.account = buffer_slice(memory);
    if (config->region)
        source->configured.partition = aws_partition(slice_cstr(config->region));
    return true;
}

/* What the chain has told, with whose they are. */
static void on_changed(void *user, struct credentials *current, const char *why)
{
    struct credentials_source *source = user;
    struct credentials *identified = current ? credentials_identified(current, &source->configured) : NULL;

    if (current && !identified)
        why = "out of memory";
    source->changed(source->user, identified, why);
    credentials_unref(identified);
}

static void wake(void *user)
{
    struct credentials_source *source = user;

    arm(source, 0);
}

struct credentials_source *credentials_start(struct https *https, const struct config *config,
                                             credentials_changed *changed, void *user, struct sg_error *err)
{
    const char *profile = config->credentials_profile;
    bool named = config->credentials_provider == CONFIG_CREDENTIALS_DEFAULT && profile;
    const struct list *list = named ? &list_profile_named : &lists[config->credentials_provider];
    struct credentials_source *source = calloc(1, sizeof(*source));
    struct chain_setup setup = {
        .providers = list->providers,
        .count = list->count,
        .changed = on_changed,
        .changed_user = source,
        .wake = wake,
        .wake_user = source,
    };

    if (!source)
        goto fail;
    /* A reload may free the configuration while its credentials live on. */
    source->profile = profile ? strdup(profile) : NULL;
    if ((profile && !source->profile) || !read_identity(source, config))
        goto fail;
    source->changed = changed;
    source->user = user;
    source->sts = sts_new(https, config);
    if (!source->sts)
        goto fail;
    setup.of_providers = (struct provider_setup){.base = https_base(https),
                                                 .https = https,
                                                 .sts = source->sts,
                                                 .profile = source->profile,
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

void credentials_stop(struct credentials_source *source)
{
    if (!source)
        return;
    chain_free(source->chain);
    if (source->timer)
        event_free(source->timer);
    sts_free(source->sts);
    free(source->profile);
    buffer_free(&source->memory);
    free(source);
}
