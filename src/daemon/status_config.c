/*
 * The configuration in force, by its keys as they stand in the file, defaults included. Files that hold
 * secrets are named, never read; what is itself sensitive is told to be set, and no more.
 */
#include <openssl/ssl.h>

#include "daemon/status.h"

enum kind { TEXT, FLAG, PREFER, SWITCH, NUMBER, BYTES, MILLISECONDS };

#define AT(member) offsetof(struct config, member)

static const struct setting {
    const char *key;
    enum kind kind;
    size_t at;
} settings[] = {
    {"region", TEXT, AT(region)},
    {"account_id", TEXT, AT(account_id)},
    {"require_private", FLAG, AT(require_private)},
    {"zone_affinity", PREFER, AT(zone_affinity)},
    {"zone", TEXT, AT(zone)},
    {"dns.servers", TEXT, AT(dns_servers)},
    {"dns.max_stale", MILLISECONDS, AT(dns_max_stale_ms)},
    {"context.source_vpce", TEXT, AT(source_vpce)},
    {"context.source_vpc", TEXT, AT(source_vpc)},
    {"context.vpc_source_ip", TEXT, AT(vpc_source_ip)},
    {"tls.ca_file", TEXT, AT(tls_ca_file)},
    {"credentials.wait", MILLISECONDS, AT(credentials.wait_ms)},
    {"limits.max_head", BYTES, AT(max_head)},
    {"limits.max_head_fields", NUMBER, AT(max_head_fields)},
    {"limits.max_body", BYTES, AT(max_body)},
    {"limits.buffer_memory", BYTES, AT(buffer_memory)},
    {"limits.max_connections", NUMBER, AT(max_connections)},
    {"limits.max_connections_per_user", NUMBER, AT(max_connections_per_user)},
    {"limits.max_requests", NUMBER, AT(max_requests)},
    {"timeouts.connect", MILLISECONDS, AT(connect_timeout_ms)},
    {"timeouts.response", MILLISECONDS, AT(response_timeout_ms)},
    {"timeouts.head", MILLISECONDS, AT(head_timeout_ms)},
    {"timeouts.head", MILLISECONDS, AT(head_timeout_ms)},
    {"timeouts.client", MILLISECONDS, AT(client_timeout_ms)},
    {"timeouts.idle", MILLISECONDS, AT(idle_timeout_ms)},
    {"timeouts.pool_idle", MILLISECONDS, AT(pool_idle_ms)},
    {"timeouts.pool_age", MILLISECONDS, AT(pool_age_ms)},
    {"timeouts.total", MILLISECONDS, AT(total_timeout_ms)},
    {"timeouts.drain", MILLISECONDS, AT(drain_timeout_ms)},
    {"log.file", TEXT, AT(log_file)},
    {"log.sample", NUMBER, AT(log_sample)},
    {"workers", NUMBER, AT(workers)},
    {"user", TEXT, AT(user.name)},
    {"sandbox", SWITCH, AT(sandbox)},
};

/* With the unit in which it divides, as the file may have it. */
static json_t *with_unit(uint64_t value, const char *const *units, const uint64_t *sizes)
{
    size_t i = 0;

    while (value % sizes[i] != 0)
        i++;
    return json_sprintf("%llu%s", (unsigned long long)(value / sizes[i]), units[i]);
}

static json_t *bytes(uint64_t value)
{
    static const char *const units[] = {"GiB", "MiB", "KiB", ""};
    static const uint64_t sizes[] = {1 << 30, 1 << 20, 1 << 10, 1};

    return with_unit(value, units, sizes);
}

static json_t *milliseconds(uint64_t value)
{
    static const char *const units[] = {"h", "m", "s", "ms"};
    static const uint64_t sizes[] = {3600000, 60000, 1000, 1};

    return with_unit(value, units, sizes);
}

static json_t *value_of(const struct config *config, const struct setting *setting)
{
    const void *at = (const char *)config + setting->at;

    switch (setting->kind) {
    case TEXT:
        return *(char *const *)at ? json_string(*(char *const *)at) : json_null();
    case FLAG:
        return json_boolean(*(const bool *)at);
    case PREFER:
        return json_string(*(const bool *)at ? "prefer" : "off");
    case SWITCH:
        return json_string(*(const bool *)at ? "on" : "off");
    case NUMBER:
        return json_integer(*(const unsigned *)at);
    case BYTES:
        return bytes(*(const uint64_t *)at);
    default:
        return milliseconds(*(const unsigned *)at);
    }
}

/* Words for what is a number in it. */
static void add_choices(const struct config *config, json_t *json)
{
    static const char *const levels[] = {[LOG_LEVEL_ERROR] = "error",
                                         [LOG_LEVEL_WARN] = "warn",
                                         [LOG_LEVEL_INFO] = "info",
                                         [LOG_LEVEL_DEBUG] = "debug"};

    json_object_set_new(json, "tls.min_version",
                        json_string(config->tls_min_version == TLS1_3_VERSION ? "1.3" : "1.2"));
    json_object_set_new(json, "log.level", json_string(levels[config->log_level]));
    json_object_set_new(json, "log.format",
                        json_string(config->log_format == LOG_FORMAT_JSON ? "json" : "text"));
}

json_t *status_config(const struct overview *overview)
{
    const struct config *config = overview->config;
    json_t *json = json_object();

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        json_object_set_new(json, settings[i].key, value_of(config, &settings[i]));
    add_choices(config, json);
    return json;
}
