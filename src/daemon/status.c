#include "daemon/status.h"

#include <unistd.h>

#include "base/clock.h"
#include "config.h"
#include "config/hits.h"
#include "daemon/readiness.h"

/* How often each statement of a document has decided, under these rules. */
static json_t *statements_of(const struct overview *overview, const struct config_listener *rules,
                             size_t document)
{
    const struct policy *policy = rules->policies[document];
    json_t *list = json_array();

    for (size_t i = 0; i < policy_statement_count(policy); i++) {
        struct policy_statement statement = policy_statement_at(policy, i);

        json_array_append_new(list, json_pack("{s:I,s:s%,s:s,s:i,s:I}", "statement", (json_int_t)i + 1, "sid",
                                              statement.sid.len ? statement.sid.ptr : "", statement.sid.len,
                                              "effect", statement.deny ? "Deny" : "Allow", "line",
                                              (int)statement.line, "hits",
                                              (json_int_t)hits_sum(overview->config, rules, document, i)));
    }
    return list;
}

static json_t *policies_of(const struct overview *overview, const struct config_listener *rules)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rules->policy_files.count; i++)
        json_array_append_new(list, json_pack("{s:s,s:o}", "file", rules->policy_files.at[i], "statements",
                                              statements_of(overview, rules, i)));
    if (rules->mirror.wanted) /* its statements may be others the next moment: they are not counted */
        json_array_append_new(list, json_pack("{s:s,s:[]}", "from", "vpc_endpoint", "statements"));
    return list;
}

/* Listeners, and the clients that have rules of their own. */
static json_t *rules_of(const struct overview *overview)
{
    json_t *list = json_array();

    for (size_t i = 0; i < overview->config->rule_count; i++) {
        const struct config_listener *rules = &overview->config->listeners[i];
        const char *identity = config_identity(overview->config, rules->identity)->name;

        json_array_append_new(list, json_pack("{s:s,s:s?,s:s,s:s?,s:b,s:o}", "name", rules->name, "address",
                                              rules->address, "mode", rules->audit ? "audit" : "enforce",
                                              "identity", identity, "presigned_urls", rules->presigned_urls,
                                              "policies", policies_of(overview, rules)));
    }
    return list;
}

/* What the readiness tells of an endpoint, and how connections to it fare. */
static void add_connections(const struct overview *overview, json_t *endpoints)
{
    for (size_t service = 0; service < AWS_SERVICE_COUNT; service++) {
        size_t at = offsetof(struct proxy_metrics, upstreams) + service * sizeof(struct upstream_metrics);
        json_t *endpoint = json_object_get(endpoints, aws_services[service].key); /* NULL: not configured */
        uint64_t open = overview_sum(overview, at + offsetof(struct upstream_metrics, opened));
        uint64_t resting = overview_sum(overview, at + offsetof(struct upstream_metrics, rested)) -
                           overview_sum(overview, at + offsetof(struct upstream_metrics, roused));

        for (size_t i = 0; i < UPSTREAM_END_COUNT; i++)
            open -= overview_sum(overview,
                                 at + offsetof(struct upstream_metrics, closed) + i * sizeof(struct counter));
        json_object_set_new(
            endpoint, "connections",
            json_pack("{s:I,s:I,s:I}", "open", (json_int_t)open, "resting", (json_int_t)resting, "reused",
                      (json_int_t)overview_sum(overview, at + offsetof(struct upstream_metrics, reused))));
    }
}

json_t *status_json(const struct overview *overview)
{
    bool ready;
    json_t *json = readiness(overview, &ready);
    double now = (double)clock_wall_ms() / 1e3;

    json_object_set_new(json, "version", json_string(PACKAGE_VERSION));
    json_object_set_new(json, "pid", json_integer(getpid()));
    json_object_set_new(json, "time", json_real(now));
    json_object_set_new(json, "uptime_seconds", json_integer((json_int_t)now - overview->start_seconds));
    json_object_set_new(json, "file", json_string(overview->path));
    if (overview->problem[0])
        json_object_set_new(json, "problem", json_string(overview->problem));
    add_connections(overview, json_object_get(json, "endpoints"));
    json_object_set_new(json, "listeners", rules_of(overview));
    json_object_set_new(json, "traffic", status_traffic(overview));
    status_add_denials(overview, json);
    json_object_set_new(json, "configuration", status_config(overview));
    return json;
}
