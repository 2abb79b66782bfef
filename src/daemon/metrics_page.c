#include "daemon/metrics_page.h"

#include "base/log.h"
#include "config.h"
#include "config/hits.h"
#include "daemon/metrics_write.h"

/* OpenMetrics names the family of a counter without the _total that its samples have. */
void metrics_family(struct metrics_page *page, const char *name, const char *type, const char *help)
{
    const char *suffix = strcmp(type, "counter") == 0 && !page->openmetrics ? "_total" : "";

    buffer_printf(page->out, "# HELP sagegate_%s%s %s\n# TYPE sagegate_%s%s %s\n", name, suffix, help, name,
                  suffix, type);
}

/* Prometheus's text format: \\, \" and \n are escaped. */
void metrics_label(struct metrics_page *page, struct slice text)
{
    buffer_append_char(page->out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            buffer_append(page->out, SLICE("\\n"));
            continue;
        }
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            buffer_append_char(page->out, '\\');
        buffer_append_char(page->out, text.ptr[i]);
    }
    buffer_append_char(page->out, '"');
}

#define SUM(page, member) overview_sum((page)->of, offsetof(struct proxy_metrics, member))

static void write_request_row(void *user, const struct overview_requests *row)
{
    struct metrics_page *page = user;

    buffer_printf(page->out,
                  "sagegate_requests_total{listener=\"%s\",service=\"%s\",operation=\"%s\",decision=\"%s\","
                  "status=\"%s\"} %llu\n",
                  row->listener, row->service, row->operation, row->decision, row->status,
                  (unsigned long long)row->count);
}

static void write_requests(struct metrics_page *page)
{
    metrics_family(
        page, "requests", "counter",
        "Requests that have ended, by listener, operation (empty: none was found), decision and class of "
        "status.");
    overview_each_requests(page->of, write_request_row, page);
}

static void write_histogram(struct metrics_page *page, const char *name, size_t offset, const char *help)
{
    uint64_t cumulative = 0;

    metrics_family(page, name, "histogram", help);
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        cumulative += overview_sum(page->of, offset + offsetof(struct metrics_histogram, buckets) +
                                                 i * sizeof(struct counter));
        buffer_printf(page->out, "sagegate_%s_bucket{le=\"%g\"} %llu\n", name,
                      (double)metrics_bounds_us[i] / 1e6, (unsigned long long)cumulative);
    }
    buffer_printf(
        page->out, "sagegate_%s_bucket{le=\"+Inf\"} %llu\nsagegate_%s_sum %.6f\nsagegate_%s_count %llu\n",
        name, (unsigned long long)overview_sum(page->of, offset + offsetof(struct metrics_histogram, count)),
        name, (double)overview_sum(page->of, offset + offsetof(struct metrics_histogram, sum_us)) / 1e6, name,
        (unsigned long long)overview_sum(page->of, offset + offsetof(struct metrics_histogram, count)));
}

static void write_times(struct metrics_page *page)
{
    write_histogram(page, "request_duration_seconds", offsetof(struct proxy_metrics, total),
                    "From the first byte of a request to the last of its answer.");
    write_histogram(page, "upstream_duration_seconds", offsetof(struct proxy_metrics, upstream),
                    "From the last byte of a request to the endpoint, to the head of its answer.");
    write_histogram(page, "overhead_duration_seconds", offsetof(struct proxy_metrics, overhead),
                    "From the last byte of a request from the client, to its last to the endpoint.");
}

void metrics_number(struct metrics_page *page, const char *name, const char *type, const char *help,
                    double value)
{
    metrics_family(page, name, type, help);
    buffer_printf(page->out, "sagegate_%s%s %.15g\n", name, strcmp(type, "counter") == 0 ? "_total" : "",
                  value);
}

/* An array of counters in struct proxy_metrics: those that have a name. */
static void write_named(struct metrics_page *page, const char *name, const char *help, const char *label,
                        const char *const *names, size_t count, size_t offset)
{
    metrics_family(page, name, "counter", help);
    for (size_t i = 0; i < count; i++) {
        if (names[i])
            buffer_printf(page->out, "sagegate_%s_total{%s=\"%s\"} %llu\n", name, label, names[i],
                          (unsigned long long)overview_sum(page->of, offset + i * sizeof(struct counter)));
    }
}

static void write_traffic(struct metrics_page *page)
{
    static const char *const reasons[METRICS_RETRY_COUNT] = {
        [METRICS_RETRY_CONNECTION] = "connection",
        [METRICS_RETRY_CREDENTIALS] = "credentials",
        [METRICS_RETRY_CLOCK] = "clock",
    };

    metrics_number(page, "request_body_bytes", "counter", "Bytes of request bodies from clients.",
                   (double)SUM(page, bytes_in));
    metrics_number(page, "response_body_bytes", "counter", "Bytes of response bodies to clients.",
                   (double)SUM(page, bytes_out));
    metrics_number(page, "requests_in_flight", "gauge", "Requests that have begun and not ended.",
                   (double)SUM(page, begun) - (double)SUM(page, ended));
    metrics_number(page, "client_connections", "gauge", "Connections of clients.",
                   (double)SUM(page, connected) - (double)SUM(page, disconnected));
    metrics_family(page, "worker_client_connections", "gauge",
                   "Connections of clients, by the worker that serves them.");
    for (size_t i = 0; i < page->of->worker_count; i++)
        buffer_printf(page->out, "sagegate_worker_client_connections{worker=\"%zu\"} %llu\n", i,
                      (unsigned long long)(counter_read(&page->of->workers[i]->connected) -
                                           counter_read(&page->of->workers[i]->disconnected)));
    metrics_number(page, "connections_turned_away", "counter", "Connections that a limit turned away.",
                   (double)SUM(page, turned_away));
    metrics_number(page, "requests_turned_away", "counter", "Requests that limits.max_requests turned away.",
                   (double)SUM(page, busy));
    metrics_number(page, "presigned_urls", "counter",
                   "Requests let through for a URL that works from outside the network.",
                   (double)SUM(page, presigned_urls));
    metrics_number(page, "dropped_headers", "counter",
                   "Headers that no operation knows and that could mean something to a service.",
                   (double)SUM(page, dropped_headers));
    write_named(
        page, "service_denials",
        "Requests that the policies here allow and the service denies, by the policy that its message names.",
        "policy", aws_denial_names, AWS_DENIAL_COUNT, offsetof(struct proxy_metrics, service_denials));
    write_named(page, "rejected_signatures",
                "Requests whose signature the service rejects, for its credentials or for itself.", "reason",
                aws_rejection_names, AWS_REJECTION_COUNT,
                offsetof(struct proxy_metrics, rejected_signatures));
    write_named(page, "retries", "Requests that were sent to the endpoint again, by reason.", "reason",
                reasons, METRICS_RETRY_COUNT, offsetof(struct proxy_metrics, retries));
    metrics_number(page, "log_lines_dropped", "counter", "Lines of the log that could not be written.",
                   (double)log_dropped());
}

/* What tells credentials apart; the default identity has no label. */
static void write_identity(struct metrics_page *page, size_t identity)
{
    const char *name = config_identity(page->of->config, identity)->name;

    if (!name)
        return;
    buffer_append(page->out, SLICE("{identity="));
    metrics_label(page, slice_cstr(name));
    buffer_append_char(page->out, '}');
}

/* One family, with a sample of each identity in use. */
static void write_identities(struct metrics_page *page, const char *name,
                             bool (*sample)(const struct keyring_state *state, unsigned long long *value))
{
    for (size_t i = 0; i < config_identity_count(page->of->config); i++) {
        struct keyring_state state = keyring_state(page->of->keyring, i);
        unsigned long long value;

        if (!config_identity_is_used(page->of->config, i) || !sample(&state, &value))
            continue;
        buffer_printf(page->out, "sagegate_credentials_%s", name);
        write_identity(page, i);
        buffer_printf(page->out, " %llu\n", value);
    }
}

static bool is_available(const struct keyring_state *state, unsigned long long *value)
{
    *value = state->current != NULL;
    return true;
}

static bool expires_at(const struct keyring_state *state, unsigned long long *value)
{
    *value = state->current ? (unsigned long long)state->current->expiration : 0;
    return *value > 0;
}

static bool failures_of(const struct keyring_state *state, unsigned long long *value)
{
    *value = state->failures;
    return true;
}

/* Which source has them: a label, as it is a word. */
static void write_sources(struct metrics_page *page)
{
    metrics_family(page, "credentials_info", "gauge", "1; which source the credentials come from.");
    for (size_t i = 0; i < config_identity_count(page->of->config); i++) {
        const struct credentials *current = keyring_state(page->of->keyring, i).current;
        const char *name = config_identity(page->of->config, i)->name;

        if (!current)
            continue;
        buffer_append(page->out, SLICE("sagegate_credentials_info{identity="));
        metrics_label(page, slice_cstr(name ? name : ""));
        buffer_append(page->out, SLICE(",source="));
        metrics_label(page, slice_cstr(current->source));
        buffer_append(page->out, SLICE("} 1\n"));
    }
}

static void write_credentials(struct metrics_page *page)
{
    write_sources(page);
    metrics_family(page, "credentials_available", "gauge", "1 when there are credentials to sign with.");
    write_identities(page, "available", is_available);
    metrics_family(page, "credentials_expiry_timestamp_seconds", "gauge",
                   "When the credentials expire, in seconds since 1970.");
    write_identities(page, "expiry_timestamp_seconds", expires_at);
    metrics_family(page, "credentials_refresh_failures", "counter",
                   "Times that credentials could not be found or refreshed, under this configuration.");
    write_identities(page, "refresh_failures_total", failures_of);
}

/* A file that a listener names twice decides where it stands first. */
static bool is_repeated(const struct config_words *files, size_t document)
{
    for (size_t i = 0; i < document; i++) {
        if (strcmp(files->at[i], files->at[document]) == 0)
            return true;
    }
    return false;
}

static void write_document(struct metrics_page *page, const struct config_listener *rules, size_t document)
{
    const struct policy *policy = rules->policies[document];

    for (size_t i = 0; i < policy_statement_count(policy); i++) {
        buffer_append(page->out, SLICE("sagegate_policy_statement_hits_total{listener="));
        metrics_label(page, slice_cstr(rules->name));
        buffer_append(page->out, SLICE(",policy="));
        metrics_label(page, slice_cstr(rules->policy_files.at[document]));
        buffer_printf(page->out, ",statement=\"%zu\",sid=", i + 1);
        metrics_label(page, policy_statement_at(policy, i).sid);
        buffer_printf(page->out, "} %llu\n",
                      (unsigned long long)hits_sum(page->of->config, rules, document, i));
    }
}

static void write_hits(struct metrics_page *page)
{
    const struct config *config = page->of->config;

    metrics_family(
        page, "policy_statement_hits", "counter",
        "Requests that a statement has decided, under this configuration; statements count from 1.");
    for (size_t i = 0; i < config->rule_count; i++) {
        for (size_t k = 0; k < config->listeners[i].policy_files.count; k++) {
            if (!is_repeated(&config->listeners[i].policy_files, k))
                write_document(page, &config->listeners[i], k);
        }
    }
}

void metrics_page_write(struct buffer *out, const struct overview *overview, bool openmetrics)
{
    struct metrics_page page = {out, overview, openmetrics};

    metrics_family(&page, "build_info", "gauge", "1; what is running.");
    buffer_printf(out, "sagegate_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
    write_requests(&page);
    write_times(&page);
    write_traffic(&page);
    write_hits(&page);
    write_credentials(&page);
    metrics_write_mirror(&page);
    metrics_write_upstreams(&page);
    metrics_write_process(&page);
    if (openmetrics)
        buffer_append(out, SLICE("# EOF\n"));
}
