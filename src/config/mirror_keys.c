#include "config/mirror_keys.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "config/file.h"
#include "config/values.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *read_from(const struct schema_key *key, struct slice text, void *target)
{
    bool *wanted = target;

    if (*wanted)
        return "it stands in this list already; remove one of the two";
    *wanted = slice_eq(text, SLICE("vpc_endpoint"));
    return *wanted ? NULL : key->want;
}

static const struct schema_key mirror_keys[] = {
    {.name = "from",
     .target = offsetof(struct config_mirror, wanted),
     .read = read_from,
     .want = "it must be vpc_endpoint",
     .missing = "from is missing: it says whose policy this is, vpc_endpoint"},
    {.name = "refresh",
     .target = offsetof(struct config_mirror, refresh_ms),
     .read = read_duration,
     .min = 1000,
     .max = UINT64_C(24) * 60 * 60 * 1000,
     .want = "it must be a duration from 1s to 24h: a number with ms, s, m or h, such as 5m",
     .initial = "5m"},
    {.name = "cache",
     .target = offsetof(struct config_mirror, cache),
     .read = read_text,
     .want = "it must be a folder that sagegate may write to, such as /var/lib/sagegate"},
    {.name = "accept_full_access",
     .target = offsetof(struct config_mirror, accept_full_access),
     .read = read_bool,
     .want = "it must be true or false",
     .initial = "false"},
};

const struct schema mirror_schema = {
    .where = "in a policy", .keys = mirror_keys, .count = COUNT(mirror_keys)};

/* It works by way of a NAT gateway, too, but nobody should find that out from a bill, or an audit. */
static void check_way(const struct config *config, struct mark at, struct problems *problems)
{
    if (!config->endpoints[AWS_EC2].configured)
        problem_warning(
            problems, at,
            "endpoints.ec2 is not configured: EC2 is asked for the policy from vpc_endpoint at its usual "
            "name, which without private DNS leads out of the VPC; say private_dns: true there if it has "
            "an interface endpoint");
}

static bool same(const struct config_mirror *a, const struct config_mirror *b)
{
    return a->refresh_ms == b->refresh_ms && slice_eq(slice_cstr(a->cache), slice_cstr(b->cache)) &&
           a->accept_full_access == b->accept_full_access;
}

static void check_endpoints(const struct config *config, struct mark at, struct problems *problems)
{
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        if (config->endpoints[i].configured && !config->endpoints[i].vpc_endpoint_id)
            problem_error(
                problems, at,
                "the policy from vpc_endpoint is asked for by the endpoint's id, but endpoints.%s does "
                "not tell it: say vpc_endpoint: vpce-... there, too",
                aws_services[i].key);
    }
}

static void resolve_cache(struct config_mirror *mirror, struct mark at, struct problems *problems)
{
    char *joined = mirror->cache ? file_beside(problems->file, mirror->cache) : NULL;

    if (mirror->cache && !joined)
        problem_error(problems, at, "memory is short");
    free(mirror->cache);
    mirror->cache = joined;
}

static void check_cache(const struct config_mirror *mirror, struct mark at, struct problems *problems)
{
    struct stat st;

    if (mirror->cache && (stat(mirror->cache, &st) != 0 || !S_ISDIR(st.st_mode)))
        problem_warning(problems, at, "cache %s is no folder here: documents will not be kept",
                        mirror->cache);
}

void mirror_complete(struct config *config, struct problems *problems)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        struct config_listener *rules = &config->listeners[i];
        struct mark at = {rules->policy_line, rules->policy_column};

        if (!rules->mirror.wanted)
            continue;
        resolve_cache(&rules->mirror, at, problems);
        if (config->mirror) {
            if (!same(config->mirror, &rules->mirror))
                problem_error(
                    problems, at,
                    "refresh, cache and accept_full_access differ from those of an earlier policy from "
                    "vpc_endpoint; they must be the same for all");
            continue;
        }
        config->mirror = &rules->mirror;
        check_endpoints(config, at, problems);
        check_way(config, at, problems);
        check_cache(config->mirror, at, problems);
    }
}
