/* The way to the endpoints, by service: connections, TLS, addresses, DNS. */
#include "daemon/metrics_write.h"

/* A counter, or the difference of two, at these offsets in struct upstream_metrics. */
struct sample {
    const char *labels; /* besides the service */
    size_t plus, minus; /* minus is 0 when there is none: nothing of interest stands there */
};

#define AT(member) offsetof(struct upstream_metrics, member)

static const struct family {
    const char *name, *type, *help;
    struct sample samples[UPSTREAM_END_COUNT + 1]; /* up to the first without labels */
} families[] = {
    {"upstream_connections_opened",
     "counter",
     "Connections to the endpoint that came about.",
     {{"", AT(opened), 0}}},
    {"upstream_connections_reused",
     "counter",
     "Times that a request got a connection from the pool.",
     {{"", AT(reused), 0}}},
    {"upstream_connections_closed",
     "counter",
     "Connections to the endpoint that were closed, by reason.",
     {{",reason=\"unfinished\"", AT(closed[UPSTREAM_END_UNFINISHED]), 0},
      {",reason=\"peer\"", AT(closed[UPSTREAM_END_PEER]), 0},
      {",reason=\"broken\"", AT(closed[UPSTREAM_END_BROKEN]), 0},
      {",reason=\"idle\"", AT(closed[UPSTREAM_END_IDLE]), 0},
      {",reason=\"age\"", AT(closed[UPSTREAM_END_AGE]), 0},
      {",reason=\"address\"", AT(closed[UPSTREAM_END_ADDRESS]), 0},
      {",reason=\"retired\"", AT(closed[UPSTREAM_END_RETIRED]), 0}}},
    {"upstream_connections_resting", "gauge", "Connections in the pool.", {{"", AT(rested), AT(roused)}}},
    {"upstream_connect_failures",
     "counter",
     "Connections of TCP that did not come about.",
     {{"", AT(dials.connects_failed), 0}}},
    {"upstream_tls_handshakes",
     "counter",
     "TLS handshakes that succeeded, by kind.",
     {{",kind=\"full\"", AT(dials.handshakes_full), 0},
      {",kind=\"resumed\"", AT(dials.handshakes_resumed), 0}}},
    {"upstream_tls_handshake_failures",
     "counter",
     "TLS handshakes that failed.",
     {{"", AT(dials.handshakes_failed), 0}}},
    {"upstream_ejections",
     "counter",
     "Times that an address was set aside, by a worker.",
     {{"", AT(dials.ejected), 0}}},
    {"dns_lookups", "counter", "Lookups of the endpoint's names.", {{"", AT(lookups.lookups), 0}}},
    {"dns_lookup_failures",
     "counter",
     "Lookups of the endpoint's names that failed.",
     {{"", AT(lookups.failures), 0}}},
};

static void write_sample(struct metrics_page *page, const struct family *family, size_t service,
                         const struct sample *sample)
{
    size_t at = offsetof(struct proxy_metrics, upstreams) + service * sizeof(struct upstream_metrics);
    uint64_t value = overview_sum(page->of, at + sample->plus);

    if (sample->minus)
        value -= overview_sum(page->of, at + sample->minus);
    buffer_printf(page->out, "sagegate_%s%s{service=\"%s\"%s} %llu\n", family->name,
                  strcmp(family->type, "counter") == 0 ? "_total" : "", aws_services[service].key,
                  sample->labels, (unsigned long long)value);
}

static void write_family(struct metrics_page *page, const struct family *family)
{
    metrics_family(page, family->name, family->type, family->help);
    for (size_t service = 0; service < AWS_SERVICE_COUNT; service++) {
        if (!page->of->config->endpoints[service].configured)
            continue;
        for (const struct sample *sample = family->samples; sample->labels; sample++)
            write_sample(page, family, service, sample);
    }
}

/* One series for each answer that is used: the oldest of the workers'. */
static void write_answers(struct metrics_page *page)
{
    metrics_family(page, "dns_answer_timestamp_seconds", "gauge",
                   "When DNS last answered for the endpoint, in seconds since 1970.");
    for (size_t service = 0; service < AWS_SERVICE_COUNT; service++) {
        uint64_t oldest = 0;

        for (size_t i = 0; i < page->of->worker_count; i++) {
            uint64_t at = counter_read(&page->of->workers[i]->upstreams[service].lookups.answered_s);

            if (at && (!oldest || at < oldest))
                oldest = at;
        }
        if (oldest)
            buffer_printf(page->out, "sagegate_dns_answer_timestamp_seconds{service=\"%s\"} %llu\n",
                          aws_services[service].key, (unsigned long long)oldest);
    }
}

static void write_addresses(struct metrics_page *page)
{
    metrics_family(page, "upstream_addresses", "gauge",
                   "Addresses of the endpoint; ejected: those that a worker has set aside.");
    for (size_t service = 0; service < AWS_SERVICE_COUNT; service++) {
        struct overview_addresses addresses;
        size_t ejected = 0;

        if (!page->of->config->endpoints[service].configured)
            continue;
        overview_addresses(page->of, service, &addresses);
        for (size_t i = 0; i < addresses.count; i++)
            ejected += addresses.list[i].ejected_by > 0;
        buffer_printf(page->out,
                      "sagegate_upstream_addresses{service=\"%s\",state=\"good\"} %zu\n"
                      "sagegate_upstream_addresses{service=\"%s\",state=\"ejected\"} %zu\n",
                      aws_services[service].key, addresses.count - ejected, aws_services[service].key,
                      ejected);
    }
}

void metrics_write_upstreams(struct metrics_page *page)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        write_family(page, &families[i]);
    write_answers(page);
    write_addresses(page);
}
