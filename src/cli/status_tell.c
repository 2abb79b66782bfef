#include "cli/status_tell.h"

#include <stdlib.h>
#include <string.h>

/* A text under construction. */
struct tale {
    struct buffer *out;
    bool colour;
};

static const char good[] = "\033[32m", bad[] = "\033[31m", doubtful[] = "\033[33m", title[] = "\033[1m";

static void say(struct tale *tale, const char *colour, const char *text)
{
    if (tale->colour)
        buffer_printf(tale->out, "%s%s\033[0m", colour, text);
    else
        buffer_printf(tale->out, "%s", text);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static bool is_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

/* "3 d 4 h", "2 h 5 min", "12 s" */
static void say_duration(struct tale *tale, json_int_t seconds)
{
    static const struct {
        json_int_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;

    while (i < 3 && seconds < units[i].seconds)
        i++;
    buffer_printf(tale->out, "%lld %s", (long long)(seconds / units[i].seconds), units[i].name);
    if (i < 3 && seconds % units[i].seconds >= units[i + 1].seconds)
        buffer_printf(tale->out, " %lld %s", (long long)(seconds % units[i].seconds / units[i + 1].seconds),
                      units[i + 1].name);
}

static void tell_state(struct tale *tale, const json_t *status)
{
    const json_t *reasons = json_object_get(status, "reasons"), *reason;
    size_t i;

    say(tale, title, "sagegate");
    buffer_printf(tale->out, " %s  ", text_of(status, "version"));
    if (is_true(status, "ready"))
        say(tale, good, "ready");
    else
        say(tale, bad, is_true(status, "draining") ? "ending" : "not ready");
    buffer_printf(tale->out, "  pid %lld, up ", (long long)number_of(status, "pid"));
    say_duration(tale, number_of(status, "uptime_seconds"));
    buffer_printf(tale->out, "\n%s", text_of(status, "file"));
    if (*text_of(status, "problem")) {
        say(tale, bad, " is not in force: ");
        buffer_printf(tale->out, "%s", text_of(status, "problem"));
    }
    buffer_printf(tale->out, "\n");
    json_array_foreach(reasons, i, reason)
    {
        say(tale, bad, "  ! ");
        buffer_printf(tale->out, "%s\n", json_string_value(reason));
    }
}

static void tell_listeners(struct tale *tale, const json_t *status)
{
    const json_t *listener, *policy;
    size_t i, k;

    say(tale, title, "\nListeners\n");
    json_array_foreach(json_object_get(status, "listeners"), i, listener)
    {
        buffer_printf(tale->out, "  %-16s %-28s ", text_of(listener, "name"), text_of(listener, "address"));
        say(tale, strcmp(text_of(listener, "mode"), "audit") == 0 ? doubtful : "", text_of(listener, "mode"));
        json_array_foreach(json_object_get(listener, "policies"), k, policy)
            buffer_printf(tale->out, "%s%s%s", k ? ", " : "  ", text_of(policy, "file"),
                          text_of(policy, "from")); /* one of the two */
        if (*text_of(listener, "identity"))
            buffer_printf(tale->out, "  (credentials %s)", text_of(listener, "identity"));
        buffer_printf(tale->out, "\n");
    }
}

static void tell_identity(struct tale *tale, const char *name, const json_t *holding)
{
    const json_t *left = json_object_get(holding, "expires_in_seconds");

    buffer_printf(tale->out, "  %-16s ", name);
    if (!is_true(holding, "ok")) {
        say(tale, bad, "none");
        buffer_printf(tale->out, "  %s\n", text_of(holding, "reason"));
        return;
    }
    say(tale, is_true(holding, "expired") ? bad : good, is_true(holding, "expired") ? "expired" : "good");
    buffer_printf(tale->out, "  from %s", text_of(holding, "source"));
    if (*text_of(holding, "access_key_id_end"))
        buffer_printf(tale->out, ", key ...%s", text_of(holding, "access_key_id_end"));
    if (*text_of(holding, "arn"))
        buffer_printf(tale->out, ", %s", text_of(holding, "arn"));
    if (left && json_integer_value(left) > 0) {
        buffer_printf(tale->out, ", for another ");
        say_duration(tale, json_integer_value(left));
    }
    buffer_printf(tale->out, "\n");
}

static void tell_credentials(struct tale *tale, const json_t *status)
{
    const json_t *own = json_object_get(status, "credentials"), *named;
    const char *name;

    say(tale, title, "\nCredentials\n");
    if (own)
        tell_identity(tale, "(default)", own);
    json_object_foreach(json_object_get(status, "identities"), name, named) tell_identity(tale, name, named);
}

static void tell_addresses(struct tale *tale, const json_t *endpoint, const char *zone)
{
    const json_t *address;
    size_t i;

    json_array_foreach(json_object_get(endpoint, "addresses"), i, address)
    {
        bool is_good = is_true(address, "good");

        buffer_printf(tale->out, "  %-22s %-26s ", "", text_of(address, "address"));
        say(tale, is_good ? good : bad, is_good ? "good" : "ejected");
        if (is_true(address, "own_zone"))
            buffer_printf(tale->out, "  in %s, this zone", zone);
        buffer_printf(tale->out, "\n");
    }
}

static void tell_endpoints(struct tale *tale, const json_t *status)
{
    const char *zone = text_of(json_object_get(status, "configuration"), "zone"), *key;
    const json_t *endpoint;

    say(tale, title, "\nEndpoints\n");
    json_object_foreach(json_object_get(status, "endpoints"), key, endpoint)
    {
        const json_t *connections = json_object_get(endpoint, "connections");

        buffer_printf(tale->out, "  %-22s ", key);
        if (!is_true(endpoint, "ok"))
            say(tale, bad, "out of reach  ");
        buffer_printf(tale->out, "%s  %lld connections, %lld of them at rest\n", text_of(endpoint, "host"),
                      (long long)number_of(connections, "open"),
                      (long long)number_of(connections, "resting"));
        tell_addresses(tale, endpoint, zone);
    }
}

static void tell_policies(struct tale *tale, const json_t *status)
{
    json_t *policies = json_object_get(status, "policies");
    const json_t *policy;
    const char *key;

    if (policies)
        say(tale, title, "\nPolicies of VPC endpoints\n");
    json_object_foreach(policies, key, policy)
    {
        const json_t *age = json_object_get(policy, "told_seconds_ago");
        bool is_there = is_true(policy, "ok");

        buffer_printf(tale->out, "  %-22s %s  ", key, text_of(policy, "vpc_endpoint"));
        say(tale, is_there ? good : bad, is_there ? "in force" : "none");
        if (age) {
            buffer_printf(tale->out, ", told ");
            say_duration(tale, json_integer_value(age));
            buffer_printf(tale->out, " ago");
        }
        if (*text_of(policy, "reason")) {
            say(tale, bad, "  ! ");
            buffer_printf(tale->out, "%s", text_of(policy, "reason"));
        }
        buffer_printf(tale->out, "\n");
    }
}

enum { DENIALS_SHOWN = 5 };

/* What would allow it, as it would stand in the policy. */
static void tell_statement(struct tale *tale, const json_t *statement)
{
    char *text = statement ? json_dumps(statement, JSON_PRESERVE_ORDER) : NULL;

    if (text)
        buffer_printf(tale->out, "      would be allowed by  %s\n", text);
    free(text);
}

static void tell_denials(struct tale *tale, const json_t *status)
{
    const json_t *denials = json_object_get(status, "denials"), *denial;
    double now = json_real_value(json_object_get(status, "time"));
    size_t i;

    if (json_array_size(denials) == 0)
        return;
    say(tale, title, "\nLast denials\n");
    json_array_foreach(denials, i, denial)
    {
        double ago = now - json_real_value(json_object_get(denial, "time"));

        if (i == DENIALS_SHOWN)
            break;
        buffer_printf(tale->out, "  ");
        say_duration(tale, ago > 0 ? (json_int_t)ago : 0);
        buffer_printf(tale->out, " ago  %s  ", text_of(denial, "listener"));
        if (number_of(denial, "count") > 1)
            buffer_printf(tale->out, "%lld times  ", (long long)number_of(denial, "count"));
        if (is_true(denial, "audited"))
            say(tale, doubtful, "sent all the same  ");
        buffer_printf(tale->out, "%s\n", text_of(denial, "reason"));
        tell_statement(tale, json_object_get(denial, "statement"));
    }
    if (json_object_get(status, "suggestion"))
        buffer_printf(tale->out, "  A policy for what audit mode lets through: "
                                 "sagegate status --json | jq -r .suggestion.document\n");
}

/* The same row of requests, in what was told before; NULL when there was none. */
static const json_t *same_row(const json_t *rows, const json_t *row)
{
    static const char *const names[] = {"listener", "service", "operation", "decision", "status"};
    const json_t *other;
    size_t i;

    json_array_foreach(rows, i, other)
    {
        size_t k = 0;

        while (k < 5 && json_equal(json_object_get(row, names[k]), json_object_get(other, names[k])))
            k++;
        if (k == 5)
            return other;
    }
    return NULL;
}

static void tell_requests(struct tale *tale, const json_t *rows, const json_t *rows_before, double seconds)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        const char *operation = text_of(row, "operation"), *decision = text_of(row, "decision");
        json_int_t count = number_of(row, "count");

        buffer_printf(tale->out, "  %12lld", (long long)count);
        if (seconds > 0)
            buffer_printf(tale->out, " %9.1f/s",
                          (double)(count - number_of(same_row(rows_before, row), "count")) / seconds);
        buffer_printf(tale->out, "  %s  ", text_of(row, "status"));
        say(tale, strcmp(decision, "allowed") == 0 || strcmp(decision, "vended") == 0 ? good : doubtful,
            decision);
        buffer_printf(tale->out, "  %s on %s\n", *operation ? operation : "no known operation",
                      text_of(row, "listener"));
    }
}

/* The bound that `part` of what was counted (since before) did not exceed, in seconds; < 0: the last one was.
 */
static double quantile(const json_t *bounds, const json_t *histogram, const json_t *before, double part)
{
    const json_t *buckets = json_object_get(histogram, "buckets");
    const json_t *buckets_before = json_object_get(before, "buckets");
    double count = (double)(number_of(histogram, "count") - number_of(before, "count")), sum = 0;

    for (size_t i = 0; i < json_array_size(buckets); i++) {
        sum += (double)(json_integer_value(json_array_get(buckets, i)) -
                        json_integer_value(json_array_get(buckets_before, i)));
        if (sum >= part * count)
            return json_real_value(json_array_get(bounds, i));
    }
    return -1;
}

static void tell_latency(struct tale *tale, const json_t *latency, const json_t *before)
{
    static const struct {
        const char *name, *text;
    } kinds[] = {{"total", "whole requests"}, {"upstream", "the endpoint"}, {"overhead", "sagegate itself"}};
    static const double parts[] = {0.5, 0.99};
    const json_t *bounds = json_object_get(latency, "bounds_seconds");

    for (size_t i = 0; i < 3; i++) {
        const json_t *histogram = json_object_get(latency, kinds[i].name);
        const json_t *histogram_before = json_object_get(before, kinds[i].name);

        if (number_of(histogram, "count") == number_of(histogram_before, "count"))
            continue;
        buffer_printf(tale->out, "  %-16s", kinds[i].text);
        for (size_t k = 0; k < 2; k++) {
            double seconds = quantile(bounds, histogram, histogram_before, parts[k]);

            buffer_printf(tale->out, seconds < 0 ? "  %g %% longer than a minute" : "  %g %% within %g ms",
                          parts[k] * 100, seconds * 1e3);
        }
        buffer_printf(tale->out, "\n");
    }
}

static void tell_traffic(struct tale *tale, const json_t *status, const json_t *before)
{
    static const struct {
        const char *name, *text;
    } troubles[] = {{"connections_turned_away", "connections turned away by a limit"},
                    {"requests_turned_away", "requests turned away by limits.max_requests"},
                    {"log_lines_dropped", "lines of the log lost"}};
    const json_t *traffic = json_object_get(status, "traffic"),
                 *traffic_before = json_object_get(before, "traffic");
    double seconds = before ? json_real_value(json_object_get(status, "time")) -
                                  json_real_value(json_object_get(before, "time"))
                            : 0;

    say(tale, title, "\nRequests");
    buffer_printf(tale->out, "  %lld at work, of %lld clients\n", (long long)number_of(traffic, "in_flight"),
                  (long long)number_of(traffic, "clients"));
    tell_requests(tale, json_object_get(traffic, "requests"), json_object_get(traffic_before, "requests"),
                  seconds);
    tell_latency(tale, json_object_get(traffic, "latency"), json_object_get(traffic_before, "latency"));
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        json_int_t count = number_of(traffic, troubles[i].name);

        if (count == 0)
            continue;
        say(tale, bad, "  ! ");
        buffer_printf(tale->out, "%lld %s\n", (long long)count, troubles[i].text);
    }
}

void status_make_safe(json_t *json)
{
    const char *name;
    json_t *member;
    size_t i;

    json_object_foreach(json, name, member) status_make_safe(member);
    json_array_foreach(json, i, member) status_make_safe(member);
    if (json_is_string(json)) {
        char *text = strdup(json_string_value(json));

        for (char *c = text; c && *c; c++) {
            if (*c < ' ' || *c > '~')
                *c = '?';
        }
        json_string_set_nocheck(json, text ? text : "?");
        free(text);
    }
}

void status_tell(struct buffer *out, const json_t *status, const json_t *before, bool colour)
{
    struct tale tale = {out, colour};

    if (number_of(before, "pid") != number_of(status, "pid"))
        before = NULL;
    tell_state(&tale, status);
    tell_listeners(&tale, status);
    tell_credentials(&tale, status);
    tell_endpoints(&tale, status);
    tell_policies(&tale, status);
    tell_traffic(&tale, status, before);
    tell_denials(&tale, status);
}
