#include "config/config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "config/address.h"

enum { HTTPS_PORT = 443 };

static bool set_host(struct config_endpoint *endpoint, enum aws_service service, struct slice region)
{
    struct buffer name = {0};
    const char *host;

    if (endpoint->vpc_endpoint)
        aws_vpc_endpoint_name(service, region, slice_cstr(endpoint->vpc_endpoint), &name);
    else
        aws_private_dns_name(service, region, &name);
    host = buffer_cstr(&name);
    if (host) {
        endpoint->host = strdup(host);
        endpoint->authority = strdup(host);
        endpoint->port = HTTPS_PORT;
    }
    buffer_free(&name);
    return endpoint->host && endpoint->authority;
}

/* The hosts that are made from the region. */
static bool set_hosts(struct config *config)
{
    for (unsigned i = 0; i < AWS_SERVICE_COUNT; i++) {
        struct config_endpoint *endpoint = &config->endpoints[i];

        if ((endpoint->private_dns || endpoint->vpc_endpoint) && !endpoint->host &&
            !set_host(endpoint, (enum aws_service)i, slice_cstr(config->region)))
            return false;
    }
    return true;
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
    return set_hosts(config) ? SG_OK : sg_fail(err, SG_NO_MEMORY, "memory is short");
}

/* Whether an earlier listener names the same file, and so has the same policy. */
static bool is_shared(const struct config *config, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (config->listeners[i].policy == config->listeners[index].policy)
            return true;
    }
    return false;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        free(config->endpoints[i].vpc_endpoint);
        free(config->endpoints[i].host);
        free(config->endpoints[i].authority);
    }
    for (size_t i = 0; i < config->listener_count; i++) {
        if (!is_shared(config, i))
            policy_free(config->listeners[i].policy);
    }
    for (size_t i = 0; i < config->listener_count; i++) {
        free(config->listeners[i].name);
        free(config->listeners[i].address);
        free(config->listeners[i].unix_path);
        free(config->listeners[i].host);
        free(config->listeners[i].policy_file);
    }
    free(config->listeners);
    free(config->region);
    free(config->account_id);
    free(config->tls_ca_file);
    free(config->credentials_profile);
    free(config);
}
