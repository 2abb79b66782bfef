#include "config/network_keys.h"

#include <stdlib.h>
#include <string.h>

#include "config/address.h"
#include "config/values.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ENDPOINT_VPC_ENDPOINT, ENDPOINT_PRIVATE_DNS, ENDPOINT_URL, ENDPOINT_FIPS, ENDPOINT_DUAL_STACK };

static const char *read_true(const struct schema_key *key, struct slice text, void *target)
{
    bool *is_true = target;

    *is_true = slice_eq(text, SLICE("true"));
    return *is_true ? NULL : key->want;
}

static const struct schema_key endpoint_keys[] = {
    [ENDPOINT_VPC_ENDPOINT] = {.name = "vpc_endpoint",
                               .target = offsetof(struct config_endpoint, vpc_endpoint),
                               .read = read_vpc_endpoint,
                               .want = "it must be the endpoint's DNS name, or its first part, such as "
                                       "vpce-0123456789abcdef0-abcdefgh; or its id, such as "
                                       "vpce-0123456789abcdef0, beside private_dns or url"},
    [ENDPOINT_PRIVATE_DNS] = {.name = "private_dns",
                              .target = offsetof(struct config_endpoint, private_dns),
                              .read = read_true,
                              .want = "it can only be true; without private DNS give vpc_endpoint or url in "
                                      "its place"},
    [ENDPOINT_FIPS] = {.name = "fips",
                       .target = offsetof(struct config_endpoint, fips),
                       .read = read_bool,
                       .want = "it must be true or false",
                       .initial = "false"},
    [ENDPOINT_DUAL_STACK] = {.name = "dual_stack",
                             .target = offsetof(struct config_endpoint, dual_stack),
                             .read = read_bool,
                             .want = "it must be true or false",
                             .initial = "false"},
    [ENDPOINT_URL] = {.name = "url",
                      .read = read_url,
                      .want = "it must be https:// with a DNS name, an IPv4 address or an IPv6 address in "
                              "brackets, and if need be a port"},
};

#define FIPS_WARNING                                                                                         \
    "VPC endpoint policies are not applied by FIPS Runtime endpoints: sagegate's policy is then the only "   \
    "one in force"

static bool is_fips(const char *host)
{
    static const char label[] = "runtime-fips.";
    const char *found = strstr(host, label);

    return found && (found == host || found[-1] == '.');
}

/* Where the endpoint is; beside another way, vpc_endpoint only says which one it is. */
static void check_way(struct problems *problems, const struct mark *given, struct mark at,
                      struct config_endpoint *endpoint)
{
    struct slice name = slice_cstr(endpoint->vpc_endpoint), id = aws_vpc_endpoint_id(name);
    size_t others = (given[ENDPOINT_PRIVATE_DNS].line != 0) + (given[ENDPOINT_URL].line != 0);
    bool named = given[ENDPOINT_VPC_ENDPOINT].line != 0, is_id = slice_eq(name, id);

    if (others > 1 || (!others && !named))
        problem_error(problems, at,
                      "an endpoint needs exactly one of vpc_endpoint, private_dns and url; here %s",
                      others ? "are both private_dns and url" : "is none");
    else if (others && named && !is_id)
        problem_error(problems, given[ENDPOINT_VPC_ENDPOINT],
                      "beside %s, vpc_endpoint is only the endpoint's id, %.*s",
                      given[ENDPOINT_URL].line ? "url" : "private_dns", SLICE_FMT(id));
    else if (!others && name.len && is_id)
        problem_error(problems, given[ENDPOINT_VPC_ENDPOINT],
                      "vpc_endpoint is '%s'; the id alone is no name in DNS; it must go on as the endpoint's "
                      "DNS names do, such as vpce-0123456789abcdef0-abcdefgh",
                      endpoint->vpc_endpoint);
    if (!id.len)
        id = aws_vpc_endpoint_id(slice_cstr(endpoint->host));
    if (id.len && value_copy(id, &endpoint->vpc_endpoint_id))
        problem_error(problems, at, "memory is short");
    if (others) {
        free(endpoint->vpc_endpoint);
        endpoint->vpc_endpoint = NULL;
    }
}

static void check_endpoint(struct problems *problems, const struct mark *given, struct mark at, void *target,
                           size_t index)
{
    struct mark named_at = given[ENDPOINT_VPC_ENDPOINT].line ? given[ENDPOINT_VPC_ENDPOINT] : at;
    struct config_endpoint *endpoint = target;

    (void)index;
    endpoint->line = named_at.line;
    endpoint->column = named_at.column;
    check_way(problems, given, at, endpoint);
    if (endpoint->fips && given[ENDPOINT_URL].line)
        problem_error(problems, given[ENDPOINT_FIPS],
                      "fips has no meaning with url; name the FIPS endpoint in the url itself");
    if (endpoint->dual_stack && !endpoint->private_dns)
        problem_error(problems, given[ENDPOINT_DUAL_STACK],
                      "dual_stack goes with private_dns only: an endpoint's own name has the IPv6 addresses "
                      "too where there are any");
    if (endpoint->host && is_fips(endpoint->host))
        problem_warning(problems, given[ENDPOINT_URL], FIPS_WARNING);
    if (endpoint->vpc_endpoint && is_fips(endpoint->vpc_endpoint))
        problem_warning(problems, given[ENDPOINT_VPC_ENDPOINT], FIPS_WARNING);
    endpoint->configured = true;
}

static const struct schema endpoint_schema = {
    .where = "in an endpoint", .keys = endpoint_keys, .count = COUNT(endpoint_keys), .check = check_endpoint};

#define SERVICE(service, key)                                                                                \
    [service] = {.name = (key),                                                                              \
                 .target = offsetof(struct config, endpoints) + (service) * sizeof(struct config_endpoint),  \
                 .mapping = &endpoint_schema}

static const struct schema_key endpoints_keys[] = {
    SERVICE(AWS_API, "api"),
    SERVICE(AWS_RUNTIME, "runtime"),
    SERVICE(AWS_FEATURESTORE_RUNTIME, "featurestore-runtime"),
    SERVICE(AWS_METRICS, "metrics"),
    SERVICE(AWS_A2I_RUNTIME, "a2i-runtime"),
    SERVICE(AWS_EDGE, "edge"),
    SERVICE(AWS_GEOSPATIAL, "geospatial"),
    SERVICE(AWS_STS, "sts"),
    SERVICE(AWS_EC2, "ec2"),
};

static void check_endpoints(struct problems *problems, const struct mark *given, struct mark at, void *target,
                            size_t index)
{
    const struct config *config = target;
    size_t count = 0;

    (void)index;
    for (size_t i = 0; i < COUNT(endpoints_keys); i++) {
        count += i < AWS_SERVICE_COUNT && given[i].line != 0;
        if (config->endpoints[i].fips && !aws_services[i].fips_prefix)
            problem_error(problems, given[i],
                          "AWS lists no FIPS endpoint of %s; if there is one, give its url",
                          aws_services[i].key);
        else if (config->endpoints[i].fips && i == AWS_RUNTIME)
            problem_warning(problems, given[i], FIPS_WARNING);
    }
    if (count)
        return;
    problem_error(problems, at,
                  "endpoints names no service of SageMaker; only those named are served, such as runtime");
}

const struct schema endpoints_schema = {.where = "in endpoints",
                                        .keys = endpoints_keys,
                                        .count = COUNT(endpoints_keys),
                                        .check = check_endpoints};

static const struct schema_key dns_keys[] = {
    {.name = "servers",
     .target = offsetof(struct config, dns_servers),
     .read = read_servers,
     .want =
         "it must be addresses of DNS servers, each with a port if need be, and commas between them, such "
         "as 10.0.0.2 or \"127.0.0.1:5353, [::1]:53\""},
    {.name = "max_stale",
     .target = offsetof(struct config, dns_max_stale_ms),
     .read = read_duration,
     .max = UINT64_C(7) * 24 * 60 * 60 * 1000,
     .want = "it must be a duration up to 168h: a number with ms, s, m or h, such as 1h",
     .initial = "1h"},
};

const struct schema dns_schema = {.where = "in dns", .keys = dns_keys, .count = COUNT(dns_keys)};
