#include "config/keys.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/address.h"
#include "config/admin_keys.h"
#include "config/clients.h"
#include "config/context_keys.h"
#include "config/credentials_keys.h"
#include "config/document.h"
#include "config/environment.h"
#include "config/listener_keys.h"
#include "config/network_keys.h"
#include "config/users.h"
#include "config/values.h"
#include "http/head.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GIB          (UINT64_C(1) << 30)
#define HOURS        (UINT64_C(60) * 60 * 1000)

enum { LISTENERS_MAX = 64, WORKERS_AUTO_MAX = 4 };

static const struct schema_choice tls_versions[] = {{"1.2", TLS1_2_VERSION}, {"1.3", TLS1_3_VERSION}, {0}};

enum { TLS_CA_FILE };

static const struct schema_key tls_keys[] = {
    [TLS_CA_FILE] = {.name = "ca_file",
                     .target = offsetof(struct config, tls_ca_file),
                     .read = read_text,
                     .want = "it must be a file of certificates in PEM"},
    {.name = "min_version",
     .target = offsetof(struct config, tls_min_version),
     .read = read_choice,
     .choices = tls_versions,
     .want = "it must be \"1.2\" or \"1.3\"",
     .initial = "1.2"},
};

static void check_tls(struct problems *problems, const struct mark *given, struct mark at, void *target,
                      size_t index)
{
    struct config *config = target;

    (void)problems;
    (void)at;
    (void)index;
    config->tls_ca_file_line = given[TLS_CA_FILE].line;
    config->tls_ca_file_column = given[TLS_CA_FILE].column;
}

static const struct schema tls_schema = {
    .where = "in tls", .keys = tls_keys, .count = COUNT(tls_keys), .check = check_tls};

static const struct schema_choice log_levels[] = {{"error", LOG_LEVEL_ERROR},
                                                  {"warn", LOG_LEVEL_WARN},
                                                  {"info", LOG_LEVEL_INFO},
                                                  {"debug", LOG_LEVEL_DEBUG},
                                                  {0}};
static const struct schema_choice log_formats[] = {{"text", LOG_FORMAT_TEXT}, {"json", LOG_FORMAT_JSON}, {0}};

static const struct schema_key log_keys[] = {
    {.name = "level",
     .target = offsetof(struct config, log_level),
     .read = read_choice,
     .choices = log_levels,
     .want = "it must be error, warn, info or debug",
     .initial = "info"},
    {.name = "format",
     .target = offsetof(struct config, log_format),
     .read = read_choice,
     .choices = log_formats,
     .want = "it must be text or json",
     .initial = "text"},
    {.name = "file",
     .target = offsetof(struct config, log_file),
     .read = read_text,
     .want = "it must be the path of the file that takes the log, such as /var/log/sagegate/sagegate.log"},
    {.name = "sample",
     .target = offsetof(struct config, log_sample),
     .read = read_number,
     .min = 1,
     .max = 1000000,
     .want = "it must be a number from 1 to 1000000",
     .initial = "1"},
};

static const struct schema log_schema = {.where = "in log", .keys = log_keys, .count = COUNT(log_keys)};

static const struct schema_key limits_keys[] = {
    {.name = "max_head",
     .target = offsetof(struct config, max_head),
     .read = read_size,
     .min = 1024,
     .max = HTTP_MAX_HEAD,
     .want = "it must be a size from 1KiB to 64KiB: bytes, or a number with KiB, such as 16KiB",
     .initial = "64KiB"},
    {.name = "max_head_fields",
     .target = offsetof(struct config, max_head_fields),
     .read = read_number,
     .min = 1,
     .max = HTTP_MAX_FIELDS,
     .want = "it must be a number from 1 to 100",
     .initial = "100"},
    {.name = "max_body",
     .target = offsetof(struct config, max_body),
     .read = read_size,
     .min = 1,
     .max = GIB,
     .want = "it must be a size up to 1GiB: bytes, or a number with KiB, MiB or GiB, such as 32MiB",
     .initial = "32MiB"},
    {.name = "buffer_memory",
     .target = offsetof(struct config, buffer_memory),
     .read = read_size,
     .min = 1,
     .max = 1024 * GIB,
     .want = "it must be a size up to 1024GiB: bytes, or a number with KiB, MiB or GiB, such as 256MiB",
     .initial = "256MiB"},
    {.name = "max_connections",
     .target = offsetof(struct config, max_connections),
     .read = read_number,
     .min = 1,
     .max = 1000000,
     .want = "it must be a number from 1 to 1000000",
     .initial = "4096"},
    {.name = "max_connections_per_user",
     .target = offsetof(struct config, max_connections_per_user),
     .read = read_number,
     .min = 1,
     .max = 1000000,
     .want = "it must be a number from 1 to 1000000",
     .initial = "1024"},
    {.name = "max_requests",
     .target = offsetof(struct config, max_requests),
     .read = read_number,
     .min = 1,
     .max = 1000000,
     .want = "it must be a number from 1 to 1000000",
     .initial = "1024"},
};

static const struct schema limits_schema = {
    .where = "in limits", .keys = limits_keys, .count = COUNT(limits_keys)};

#define TIMEOUT(key, member, usual)                                                                          \
    {                                                                                                        \
        .name = (key), .target = offsetof(struct config, member), .read = read_duration, .min = 1,           \
        .max = 24 * HOURS, .initial = (usual),                                                               \
        .want = "it must be a duration up to 24h: a number with ms, s, m or h, such as " usual               \
    }

static const struct schema_key timeouts_keys[] = {
    {.name = "head",
     .target = offsetof(struct config, head_timeout_ms),
     .read = read_duration,
     .min = 1,
     .max = 24 * HOURS,
     .want = "it must be a duration up to 24h: a number with ms, s, m or h, such as 10s"},
    TIMEOUT("connect", connect_timeout_ms, "5s"),
    TIMEOUT("response", response_timeout_ms, "75s"),
    TIMEOUT("client", client_timeout_ms, "60s"),
    TIMEOUT("idle", idle_timeout_ms, "300s"),
    TIMEOUT("pool_idle", pool_idle_ms, "40s"),
    TIMEOUT("pool_age", pool_age_ms, "10m"),
    TIMEOUT("total", total_timeout_ms, "1h"),
    TIMEOUT("drain", drain_timeout_ms, "90s"),
};

static const struct schema timeouts_schema = {
    .where = "in timeouts", .keys = timeouts_keys, .count = COUNT(timeouts_keys)};

static const char *read_workers(const struct schema_key *key, struct slice text, void *target)
{
    long cores;

    if (!slice_eq(text, SLICE("auto")))
        return read_number(key, text, target);
    cores = sysconf(_SC_NPROCESSORS_ONLN);
    *(unsigned *)target = cores < 1 ? 1 : cores > WORKERS_AUTO_MAX ? WORKERS_AUTO_MAX : (unsigned)cores;
    return NULL;
}

/* bool: the default, which is a word of its own, or off. */
static const char *read_switch(const struct schema_key *key, struct slice text, void *target)
{
    bool on = slice_eq(text, slice_cstr(key->initial));

    if (!on && !slice_eq(text, SLICE("off")))
        return key->want;
    *(bool *)target = on;
    return NULL;
}

enum { CONFIG_REGION, CONFIG_ACCOUNT_ID };

static const struct schema_key config_keys[] = {
    [CONFIG_REGION] = {.name = "region",
                       .target = offsetof(struct config, region),
                       .read = read_region,
                       .want = "it must be the name of a region, such as us-west-2"},
    [CONFIG_ACCOUNT_ID] = {.name = "account_id",
                           .target = offsetof(struct config, account_id),
                           .read = read_account,
                           .want = "it must be the 12 digits of an AWS account, such as \"123456789012\""},
    {.name = "endpoints",
     .mapping = &endpoints_schema,
     .missing =
         "endpoints is missing: it says where each service is, such as runtime: { private_dns: true }"},
    {.name = "require_private",
     .target = offsetof(struct config, require_private),
     .read = read_bool,
     .want = "it must be true or false",
     .initial = "true"},
    {.name = "zone_affinity",
     .target = offsetof(struct config, zone_affinity),
     .read = read_switch,
     .want = "it must be prefer or off",
     .initial = "prefer"},
    {.name = "zone",
     .target = offsetof(struct config, zone),
     .read = read_zone,
     .want = "it must be the availability zone as the endpoint's zonal DNS name has it, such as us-west-2a"},
    {.name = "dns", .mapping = &dns_schema},
    {.name = "context", .mapping = &context_schema},
    {.name = "tls", .mapping = &tls_schema},
    {.name = "credentials", .target = offsetof(struct config, credentials), .mapping = &credentials_schema},
    {.name = "listeners",
     .target = offsetof(struct config, listeners),
     .items = &listener_schema,
     .count_target = offsetof(struct config, listener_count),
     .max_items = LISTENERS_MAX,
     .missing =
         "listeners is missing: it says where applications connect, and by which policy they are served"},
    {.name = "admin", .target = offsetof(struct config, admin), .mapping = &admin_schema},
    {.name = "log", .mapping = &log_schema},
    {.name = "limits", .mapping = &limits_schema},
    {.name = "timeouts", .mapping = &timeouts_schema},
    {.name = "workers",
     .target = offsetof(struct config, workers),
     .read = read_workers,
     .min = 1,
     .max = CONFIG_WORKERS_MAX,
     .want = "it must be a number from 1 to 64, or auto",
     .initial = "auto"},
    {.name = "user",
     .target = offsetof(struct config, user),
     .read = read_whole_user,
     .want = "it must be the name of a user of this machine, or a number"},
    {.name = "sandbox",
     .target = offsetof(struct config, sandbox),
     .read = read_switch,
     .want = "it must be on or off",
     .initial = "on"},
};

static void check_config(struct problems *problems, const struct mark *given, struct mark at, void *target,
                         size_t index)
{
    struct config *config = target;

    (void)index;
    if (!config->head_timeout_ms)
        config->head_timeout_ms = config->client_timeout_ms;
    if (!clients_expand(target))
        problem_error(problems, at, "memory is short");
    check_identities(problems, given[CONFIG_ACCOUNT_ID], at, target);
}

const struct schema config_schema = {
    .where = "at the top level", .keys = config_keys, .count = COUNT(config_keys), .check = check_config};

struct config *config_parse(struct slice text, char **variables, struct problems *problems)
{
    yaml_document_t document;
    struct config *config;

    if (!parse_yaml(text, problems, &document))
        return NULL;
    config = calloc(1, sizeof(*config));
    if (config) {
        environment_overlay(&config_schema, variables, &document, problems);
        schema_defaults(&config_schema, config);
        schema_walk(&config_schema, &document, problems, config);
    } else {
        problem_error(problems, (struct mark){1, 1}, "memory is short");
    }
    yaml_document_delete(&document);
    return config;
}
