/* The policies of the VPC endpoints: whether they are there, how old the news is, and whether EC2 tells
 * others. */
#include "daemon/metrics_write.h"

/* One sample an endpoint, by `value`, of those where that is not -1. */
static void write_each(struct metrics_page *page, const char *name, const char *help,
                       long long (*value)(const struct follow_state *state))
{
    metrics_family(page, name, "gauge", help);
    for (size_t service = 0; service < AWS_SERVICE_COUNT; service++) {
        struct follow_state state = follow_state(page->of->follow, service);

        if (page->of->config->endpoints[service].configured && value(&state) >= 0)
            buffer_printf(page->out, "sagegate_%s{service=\"%s\"} %lld\n", name, aws_services[service].key,
                          value(&state));
    }
}

static long long in_force(const struct follow_state *state)
{
    return state->in_force;
}

static long long differs(const struct follow_state *state)
{
    return state->in_force && state->why[0];
}

static long long told_at(const struct follow_state *state)
{
    return state->told_at ? (long long)state->told_at : -1;
}

/* Of listeners that have files beside it; where it is known. */
static void write_in_sync(struct metrics_page *page)
{
    const struct config *config = page->of->config;

    metrics_family(
        page, "policy_mirror_in_sync", "gauge",
        "1 when the listener's policy files and the policies of the VPC endpoints allow the same.");
    for (size_t i = 0; i < config->rule_count; i++) {
        if (page->of->in_sync[i] == MIRROR_SYNC_UNKNOWN)
            continue;
        buffer_append(page->out, SLICE("sagegate_policy_mirror_in_sync{listener="));
        metrics_label(page, slice_cstr(config->listeners[i].name));
        buffer_printf(page->out, "} %d\n", page->of->in_sync[i] == MIRROR_SYNC_YES);
    }
}

void metrics_write_mirror(struct metrics_page *page)
{
    if (!page->of->follow)
        return;
    write_each(page, "policy_mirror_available", "1 when there is a policy of the VPC endpoint to decide by.",
               in_force);
    write_each(page, "policy_mirror_rejected",
               "1 when the policy that EC2 tells of the VPC endpoint is not good, and the one before stays.",
               differs);
    write_each(page, "policy_mirror_told_timestamp_seconds",
               "When EC2 last told the policy that is in force, in seconds since 1970.", told_at);
    metrics_number(page, "policy_mirror_refresh_seconds", "gauge",
                   "How long after an answer EC2 is asked again.",
                   page->of->config->mirror->refresh_ms / 1e3);
    write_in_sync(page);
    metrics_number(page, "policy_mirror_failures", "counter",
                   "Times that EC2 could not be asked for the policies, under this configuration.",
                   (double)follow_failures(page->of->follow));
}
