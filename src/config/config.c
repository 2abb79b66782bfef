#include "config/config.h"

#include <assert.h>
#include <stdlib.h>

#include "aws/caller_identity.h"
#include "base/buffer.h"
#include "config/address.h"
#include "config/clients.h"
#include "config/policies.h"
#include "config/required_header.h"
#include "config/users.h"

enum { HTTPS_PORT = 443 };

/* A name's copy, for the caller to own; NULL when memory is short. */
static char *copy_of(struct buffer *name)
{
    const char *text = buffer_cstr(name);
    char *copy = text ? strdup(text) : NULL;

    buffer_free(name);
    return copy;
}

/* vpc_endpoint is a whole name, not only its first part. */
static bool is_whole_name(const struct config_endpoint *endpoint)
{
    return endpoint->vpc_endpoint && strchr(endpoint->vpc_endpoint, '.');
}

static enum sg_status name_host(const struct config_endpoint *endpoint, enum aws_service service,
                                struct slice region, struct buffer *name, struct sg_error *err)
{
    const struct aws_host_form form = {.vpc_endpoint = slice_cstr(endpoint->vpc_endpoint),
                                       .fips = endpoint->fips,
                                       .dual_stack = endpoint->dual_stack};
    const char *key = aws_services[service].key;

    if (is_whole_name(endpoint)) {
        buffer_append(name, form.vpc_endpoint);
        if (!aws_is_vpc_endpoint_name(service, region, form.vpc_endpoint))
            return sg_fail(
                err, SG_INVALID,
                "endpoints.%s: vpc_endpoint %s is not the name of an endpoint of this service in %.*s; "
                "its DNS names are listed in the VPC console, or give only the first part of one",
                key, endpoint->vpc_endpoint, SLICE_FMT(region));
    } else if (!aws_host_name(service, region, &form, name)) {
        return sg_fail(err, SG_INVALID, "endpoints.%s: there is no FIPS endpoint in %.*s", key,
                       SLICE_FMT(region));
    }
    return SG_OK;
}

/* The host of one endpoint, from the region. */
static enum sg_status set_host(struct config_endpoint *endpoint, enum aws_service service,
                               struct slice region, struct sg_error *err)
{
    struct buffer name = {0};
    enum sg_status status = name_host(endpoint, service, region, &name, err);

    endpoint->host = copy_of(&name);
    endpoint->authority = endpoint->host ? strdup(endpoint->host) : NULL;
    endpoint->port = HTTPS_PORT;
    if (!endpoint->authority)
        return sg_fail(err, SG_NO_MEMORY, "memory is short");
    return status;
}

/* The name that the service has by private DNS: to recognise it in a certificate. */
static void set_default_host(struct config_endpoint *endpoint, enum aws_service service, struct slice region)
{
    const struct aws_host_form form = {.fips = endpoint->fips};
    struct buffer name = {0};

    free(endpoint->default_host);
    endpoint->default_host = NULL;
    if (aws_host_name(service, region, &form, &name))
        endpoint->default_host = copy_of(&name);
}

/* The hosts that are made from the region. What sagegate itself calls has its regional name unless something
 * else is configured. */
static enum sg_status set_hosts(struct config *config, struct sg_error *err)
{
    struct slice region = slice_cstr(config->region);

    for (unsigned i = 0; i < AWS_ENDPOINT_COUNT; i++) {
        struct config_endpoint *endpoint = &config->endpoints[i];
        bool wanted = endpoint->private_dns || endpoint->vpc_endpoint ||
                      (i >= AWS_SERVICE_COUNT && !endpoint->configured);
        enum sg_status status =
            wanted && !endpoint->host ? set_host(endpoint, (enum aws_service)i, region, err) : SG_OK;

        if (status != SG_OK)
            return status;
        if (endpoint->configured)
            set_default_host(endpoint, (enum aws_service)i, region);
    }
    return config->zone ? config_set_zone(config, slice_cstr(config->zone), err) : SG_OK;
}

/* Whether zonal names can be made of the endpoint's. */
static bool has_zones(const struct config_endpoint *endpoint)
{
    return endpoint->vpc_endpoint && endpoint->host && !aws_is_zonal_name(slice_cstr(endpoint->host));
}

bool config_wants_zone(const struct config *config)
{
    bool wants = false;

    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++)
        wants = wants || has_zones(&config->endpoints[i]);
    return wants && config->zone_affinity && !config->zone;
}

enum sg_status config_set_zone(struct config *config, struct slice zone, struct sg_error *err)
{
    if (!is_zone(zone))
        return sg_fail(err, SG_INVALID, "'%.*s' is not the name of an availability zone, such as us-west-2a",
                       SLICE_FMT(zone));
    for (size_t i = 0; config->zone_affinity && i < AWS_SERVICE_COUNT; i++) {
        struct config_endpoint *endpoint = &config->endpoints[i];
        struct buffer name = {0};

        if (!has_zones(endpoint) || endpoint->zonal_host)
            continue;
        aws_zonal_name(slice_cstr(endpoint->host), zone, &name);
        endpoint->zonal_host = copy_of(&name);
        if (!endpoint->zonal_host)
            return sg_fail(err, SG_NO_MEMORY, "memory is short");
    }
    return SG_OK;
}

enum sg_status config_set_region(struct config *config, struct slice region, struct sg_error *err)
{
    char *copy;

    if (!is_region(region))
        return sg_fail(err, SG_INVALID, "'%.*s' is not the name of a region, such as us-west-2",
                       SLICE_FMT(region));
    copy = strndup(region.ptr, region.len);
    if (!copy)
        return sg_fail(err, SG_NO_MEMORY, "memory is short");
    free(config->region);
    config->region = copy;
    return set_hosts(config, err);
}

static void free_words(struct config_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->at[i]);
    free(words->at);
}

/* But for its policies, which may be shared. */
static void free_listener(struct config_listener *listener)
{
    free(listener->name);
    free(listener->address);
    free(listener->unix_path);
    free(listener->host);
    free_words(&listener->policy_files);
    free(listener->mirror.cache);
    free(listener->identity_name);
    free_words(&listener->hosts);
    free(listener->allow_uids.at);
    free(listener->allow_gids.at);
    free(listener->group_uids.at);
    free_words(&listener->allow_executables);
    required_header_free(&listener->require_header);
    for (size_t i = 0; i < listener->client_count; i++)
        client_free(&listener->clients[i]);
    free(listener->clients);
}

/* Of a client: all else is its listener's. */
static void free_rules(struct config_listener *rules)
{
    free(rules->name);
    free_words(&rules->policy_files);
    free(rules->mirror.cache);
    free(rules->identity_name);
}

struct slice config_identity_account(const struct config *config, const struct config_identity *identity)
{
    struct slice arn = slice_cstr(identity->principal_arn);
    struct buffer memory = {0};
    struct caller_identity who;
    enum sg_status status = caller_identity_read(arn, &memory, &who);

    buffer_free(&memory); /* the account lies in the ARN */
    return status == SG_OK ? who.account : slice_cstr(config->account_id);
}

bool config_identity_is_used(const struct config *config, size_t index)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        if (config->listeners[i].identity == index)
            return true;
    }
    return false;
}

static void free_identity(struct config_identity *identity)
{
    free(identity->name);
    free(identity->profile);
    free(identity->file);
    free(identity->systemd_credential);
    free(identity->role.arn);
    free(identity->role.session_name);
    free(identity->role.external_id);
    for (size_t i = 0; i < identity->role.tag_count; i++) {
        free(identity->role.tags[i].key);
        free(identity->role.tags[i].value);
    }
    free(identity->role.tags);
    free(identity->principal_arn);
}

/* Nothing of a shared configuration changes but the count. */
static struct config *counted(const struct config *config)
{
    return (struct config *)(uintptr_t)config;
}

const struct config *config_share(const struct config *config)
{
    atomic_fetch_add_explicit(&counted(config)->shares, 1, memory_order_relaxed);
    return config;
}

void config_free(const struct config *shared)
{
    struct config *config = counted(shared);

    if (!config || atomic_fetch_sub_explicit(&config->shares, 1, memory_order_acq_rel) > 0)
        return;
    for (size_t i = 0; i < AWS_ENDPOINT_COUNT; i++) {
        free(config->endpoints[i].vpc_endpoint);
        free(config->endpoints[i].vpc_endpoint_id);
        free(config->endpoints[i].host);
        free(config->endpoints[i].default_host);
        free(config->endpoints[i].zonal_host);
        free(config->endpoints[i].authority);
    }
    free(config->hits);
    policies_free(config);
    for (size_t i = config->listener_count; i < config->rule_count; i++)
        free_rules(&config->listeners[i]);
    for (size_t i = 0; i < config->listener_count; i++)
        free_listener(&config->listeners[i]);
    free(config->listeners);
    free_listener(&config->admin);
    users_free(&config->users);
    free(config->user.name);
    free(config->region);
    free(config->account_id);
    free(config->zone);
    free(config->dns_servers);
    free(config->tls_ca_file);
    free(config->log_file);
    free(config->source_vpce);
    free(config->source_vpc);
    free(config->vpc_source_ip);
    free_identity(&config->credentials.own);
    for (size_t i = 0; i < config->credentials.named_count; i++)
        free_identity(&config->credentials.named[i]);
    free(config->credentials.named);
    free(config);
}
