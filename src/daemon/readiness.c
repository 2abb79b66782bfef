#include "daemon/readiness.h"

#include "base/clock.h"

/* One reason more why not. */
static void add_reason(json_t *reasons, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_reason(json_t *reasons, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    json_array_append_new(reasons, json_vsprintf(format, args));
    va_end(args);
}

static json_t *credentials_state(const struct keyring_state *state)
{
    const struct credentials *current = state->current;
    int64_t left = current ? current->expiration - clock_wall_seconds() : 0;
    json_t *json;

    if (!current)
        return json_pack("{s:b,s:s}", "ok", 0, "reason", state->why);
    json = json_pack("{s:b,s:s,s:b}", "ok", 1, "source", current->source, "expired",
                     current->expiration && left <= 0);
    if (current->identity.arn.len)
        json_object_set_new(json, "arn", json_stringn(current->identity.arn.ptr, current->identity.arn.len));
    if (current->access_key_id.len >= 8) /* never more of it than its last four characters */
        json_object_set_new(json, "access_key_id_end",
                            json_stringn(current->access_key_id.ptr + current->access_key_id.len - 4, 4));
    if (current->expiration)
        json_object_set_new(json, "expires_in_seconds", json_integer(left));
    return json;
}

/* The credentials of the default identity, and those of identities with a name. */
static void add_credentials(const struct overview *overview, json_t *answer, json_t *reasons)
{
    json_t *named = json_object();

    for (size_t i = 0; i < config_identity_count(overview->config); i++) {
        const char *name = config_identity(overview->config, i)->name;
        struct keyring_state state = keyring_state(overview->keyring, i);

        if (!config_identity_is_used(overview->config, i))
            continue;
        json_object_set_new(name ? named : answer, name ? name : "credentials", credentials_state(&state));
        if (!state.current)
            add_reason(reasons, "no credentials%s%s: %s", name ? " of " : "", name ? name : "", state.why);
    }
    if (json_object_size(named))
        json_object_set(answer, "identities", named);
    json_decref(named);
}

/* What is wrong with an endpoint of which a worker has no address to connect to. */
static void explain_stranded(const struct config_endpoint *endpoint, const char *key,
                             const struct overview_addresses *addresses, json_t *reasons)
{
    if (addresses->count == 1)
        add_reason(reasons, "endpoints.%s: the address of %s does not work", key, endpoint->host);
    else if (addresses->count)
        add_reason(reasons, "endpoints.%s: none of the %zu addresses of %s works", key, addresses->count,
                   endpoint->host);
    else if (addresses->refused)
        add_reason(reasons, "endpoints.%s: %s has only public addresses (require_private)", key,
                   endpoint->host);
    else if (addresses->error[0])
        add_reason(reasons, "endpoints.%s: DNS lookup of %s: %s", key, endpoint->host, addresses->error);
    else
        add_reason(reasons, "endpoints.%s: the first answer of DNS for %s is awaited", key, endpoint->host);
}

static json_t *addresses_state(const struct overview_addresses *addresses)
{
    json_t *list = json_array();

    for (size_t i = 0; i < addresses->count; i++) {
        char text[SOCKET_ADDRESS_TEXT];

        json_array_append_new(list, json_pack("{s:s,s:b,s:b}", "address",
                                              socket_address_format(&addresses->list[i].at, text), "own_zone",
                                              addresses->list[i].own_zone, "good",
                                              addresses->list[i].ejected_by == 0));
    }
    return list;
}

static void add_endpoints(const struct overview *overview, json_t *answer, json_t *reasons)
{
    json_t *endpoints = json_object();

    for (size_t service = 0; service < AWS_SERVICE_COUNT; service++) {
        const struct config_endpoint *endpoint = &overview->config->endpoints[service];
        const char *key = aws_services[service].key;
        struct overview_addresses addresses;

        if (!endpoint->configured)
            continue;
        overview_addresses(overview, service, &addresses);
        json_object_set_new(endpoints, key,
                            json_pack("{s:b,s:s,s:o}", "ok", addresses.stranded == 0, "host", endpoint->host,
                                      "addresses", addresses_state(&addresses)));
        if (addresses.stranded)
            explain_stranded(endpoint, key, &addresses, reasons);
    }
    json_object_set_new(answer, "endpoints", endpoints);
}

/* The policies of the VPC endpoints: without one, requests for it are refused. One that is in force while EC2
 * tells another, which is not good, has a reason, too. */
static void add_policies(const struct overview *overview, json_t *answer, json_t *reasons)
{
    json_t *policies = json_object();

    for (size_t service = 0; overview->follow && service < AWS_SERVICE_COUNT; service++) {
        const struct config_endpoint *endpoint = &overview->config->endpoints[service];
        struct follow_state state = follow_state(overview->follow, service);
        json_t *json;

        if (!endpoint->configured)
            continue;
        json = json_pack("{s:b,s:s}", "ok", state.in_force, "vpc_endpoint", endpoint->vpc_endpoint_id);
        if (state.told_at)
            json_object_set_new(json, "told_seconds_ago", json_integer(clock_wall_seconds() - state.told_at));
        if (state.why[0])
            json_object_set_new(json, "reason", json_string(state.why));
        json_object_set_new(policies, aws_services[service].key, json);
        if (!state.in_force)
            add_reason(reasons, "the policy of %s (endpoints.%s) is not known: %s", endpoint->vpc_endpoint_id,
                       aws_services[service].key, state.why);
    }
    if (json_object_size(policies))
        json_object_set(answer, "policies", policies);
    json_decref(policies);
}

static json_t *listeners_state(const struct overview *overview)
{
    json_t *list = json_array();

    for (size_t i = 0; i < overview->config->listener_count; i++) {
        const struct config_listener *listener = &overview->config->listeners[i];
        json_t *files = json_array();

        for (size_t k = 0; k < listener->policy_files.count; k++)
            json_array_append_new(files, json_string(listener->policy_files.at[k]));
        if (listener->mirror.wanted)
            json_array_append_new(files, json_string("vpc_endpoint"));
        json_array_append_new(list, json_pack("{s:s,s:s,s:o,s:s}", "name", listener->name, "address",
                                              listener->address, "policy", files, "mode",
                                              listener->audit ? "audit" : "enforce"));
    }
    return list;
}

json_t *readiness(const struct overview *overview, bool *ready)
{
    json_t *reasons = json_array();
    json_t *answer = json_pack("{s:b,s:o,s:O}", "draining", overview->draining, "listeners",
                               listeners_state(overview), "reasons", reasons);

    if (overview->draining)
        add_reason(reasons, "it is ending: running requests are finished, no new ones accepted");
    add_credentials(overview, answer, reasons);
    add_endpoints(overview, answer, reasons);
    add_policies(overview, answer, reasons);
    *ready = answer && json_array_size(reasons) == 0;
    json_object_set_new(answer, "ready", json_boolean(*ready));
    json_decref(reasons);
    return answer;
}
