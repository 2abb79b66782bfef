#include "config/region.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "config/address.h"

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

/* What sagegate itself calls has its regional name unless something else is configured. */
enum sg_status region_name_host(struct config *config, enum aws_service service, struct sg_error *err)
{
    struct config_endpoint *endpoint = &config->endpoints[service];
    struct slice region = slice_cstr(config->region);
    bool wanted = endpoint->private_dns || endpoint->vpc_endpoint ||
                  ((size_t)service >= AWS_SERVICE_COUNT && !endpoint->configured);

    if (wanted && !endpoint->host) {
        enum sg_status status = set_host(endpoint, service, region, err);

        if (status != SG_OK)
            return status;
    }
    if (endpoint->configured)
        set_default_host(endpoint, service, region);
    return SG_OK;
}

/* GovCloud's usual name of the runtime is that of its FIPS endpoint, too; what says FIPS itself is warned of
 * where it stands. */
const char *config_region_warning(const struct config *config)
{
    const struct config_endpoint *runtime = &config->endpoints[AWS_RUNTIME];
    const struct aws_host_form fips = {.fips = true};
    struct buffer name = {0};
    bool usual;

    if (!runtime->configured || runtime->fips || !runtime->default_host)
        return NULL;
    usual = runtime->private_dns ||
            (runtime->vpc_endpoint && !strstr(runtime->vpc_endpoint, ".runtime-fips.")) ||
            strcmp(runtime->host, runtime->default_host) == 0;
    usual = usual && aws_host_name(AWS_RUNTIME, slice_cstr(config->region), &fips, &name) &&
            slice_eq(buffer_slice(&name), slice_cstr(runtime->default_host));
    buffer_free(&name);
    return usual ? "in this region the usual name of the Runtime is that of its FIPS endpoint, too, and VPC "
                   "endpoint "
                   "policies are not applied by FIPS Runtime endpoints: sagegate's policy may be the only "
                   "one in force"
                 : NULL;
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

enum sg_status region_take(struct config *config, struct slice region, struct sg_error *err)
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
    return SG_OK;
}

enum sg_status config_set_region(struct config *config, struct slice region, struct sg_error *err)
{
    enum sg_status status = region_take(config, region, err);

    for (unsigned i = 0; status == SG_OK && i < AWS_ENDPOINT_COUNT; i++)
        status = region_name_host(config, (enum aws_service)i, err);
    if (status == SG_OK && config->zone)
        status = config_set_zone(config, slice_cstr(config->zone), err);
    return status;
}
