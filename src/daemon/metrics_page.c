#include "daemon/metrics_page.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "aws/operation.h"
#include "base/log.h"
#include "config.h"
#include "proxy/metrics.h"

struct page {
    struct buffer *out;
    const struct proxy_metrics *const *workers;
    size_t count;
    bool openmetrics;
};

/* OpenMetrics names the family of a counter without the _total that its samples have. */
static void family(struct page *page, const char *name, const char *type, const char *help)
{
    const char *suffix = strcmp(type, "counter") == 0 && !page->openmetrics ? "_total" : "";

    buffer_printf(page->out, "# HELP sagegate_%s%s %s\n# TYPE sagegate_%s%s %s\n", name, suffix, help, name,
                  suffix, type);
}

/* One number a worker, at `offset` in its metrics. */
static uint64_t sum(const struct page *page, size_t offset)
{
    uint64_t total = 0;

    for (size_t i = 0; i < page->count; i++)
        total += counter_read((const struct counter *)((const char *)page->workers[i] + offset));
    return total;
}

#define SUM(page, member) sum((page), offsetof(struct proxy_metrics, member))

static const char *const decisions[METRICS_DECISION_COUNT] = {
    [METRICS_ALLOWED] = "allowed",
    [METRICS_EXPLICIT_DENY] = "explicit_deny",
    [METRICS_IMPLICIT_DENY] = "implicit_deny",
    [METRICS_PRESIGNED_URL_DENIED] = "presigned_url_denied",
    [METRICS_REFUSED] = "refused",
};

static const struct metrics_listener *listener_at(const struct proxy_metrics *metrics, size_t i)
{
    return i < METRICS_LISTENERS ? atomic_load_explicit(&metrics->listeners[i], memory_order_acquire) : NULL;
}

static const struct metrics_listener *listener_named(const struct proxy_metrics *metrics, const char *name)
{
    const struct metrics_listener *listener;

    for (size_t i = 0; (listener = listener_at(metrics, i)); i++) {
        if (strcmp(listener->name, name) == 0)
            return listener;
    }
    return NULL;
}

/* Workers meet listeners in any order: each counts where the first worker that knows it stands. */
static bool is_told_before(const struct page *page, size_t worker, const char *name)
{
    for (size_t i = 0; i < worker; i++) {
        if (listener_named(page->workers[i], name))
            return true;
    }
    return false;
}

/* One operation's numbers of one listener, from every worker that has met it. */
static void write_operation(struct page *page, const struct metrics_listener *const *listeners, size_t count,
                            size_t row)
{
    const char *service = row < operation_count ? aws_services[operation_table[row].service].key : "";
    const char *operation = row < operation_count ? operation_table[row].name : "";

    for (int decision = 0; decision < METRICS_DECISION_COUNT; decision++) {
        for (int status = 0; status < METRICS_STATUS_COUNT; status++) {
            unsigned long long requests = 0;
            char class[] = "0xx";

            for (size_t i = 0; i < count; i++)
                requests += counter_read(&listeners[i]->requests[row][decision][status]);
            if (requests == 0)
                continue;
            class[0] = (char)('0' + status);
            buffer_printf(
                page->out,
                "sagegate_requests_total{listener=\"%s\",service=\"%s\",operation=\"%s\",decision=\"%s\","
                "status=\"%s\"} %llu\n",
                listeners[0]->name, service, operation, decisions[decision], status ? class : "none",
                requests);
        }
    }
}

static void write_listener(struct page *page, const char *name)
{
    const struct metrics_listener *listeners[METRICS_PAGE_WORKERS];
    size_t count = 0;

    for (size_t i = 0; i < page->count; i++) {
        listeners[count] = listener_named(page->workers[i], name);
        count += listeners[count] != NULL;
    }
    for (size_t row = 0; row <= operation_count; row++)
        write_operation(page, listeners, count, row);
}

static void write_requests(struct page *page)
{
    family(page, "requests", "counter",
           "Requests that have ended, by listener, operation (empty: none was found), decision and class of "
           "status.");
    for (size_t worker = 0; worker < page->count; worker++) {
        const struct metrics_listener *listener;

        for (size_t i = 0; (listener = listener_at(page->workers[worker], i)); i++) {
            if (!is_told_before(page, worker, listener->name))
                write_listener(page, listener->name);
        }
    }
}

static void write_histogram(struct page *page, const char *name, size_t offset, const char *help)
{
    uint64_t cumulative = 0;

    family(page, name, "histogram", help);
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        cumulative +=
            sum(page, offset + offsetof(struct metrics_histogram, buckets) + i * sizeof(struct counter));
        buffer_printf(page->out, "sagegate_%s_bucket{le=\"%g\"} %llu\n", name,
                      (double)metrics_bounds_us[i] / 1e6, (unsigned long long)cumulative);
    }
    buffer_printf(page->out,
                  "sagegate_%s_bucket{le=\"+Inf\"} %llu\nsagegate_%s_sum %.6f\nsagegate_%s_count %llu\n",
                  name, (unsigned long long)sum(page, offset + offsetof(struct metrics_histogram, count)),
                  name, (double)sum(page, offset + offsetof(struct metrics_histogram, sum_us)) / 1e6, name,
                  (unsigned long long)sum(page, offset + offsetof(struct metrics_histogram, count)));
}

static void write_times(struct page *page)
{
    write_histogram(page, "request_duration_seconds", offsetof(struct proxy_metrics, total),
                    "From the first byte of a request to the last of its answer.");
    write_histogram(page, "upstream_duration_seconds", offsetof(struct proxy_metrics, upstream),
                    "From the last byte of a request to the endpoint, to the head of its answer.");
    write_histogram(page, "overhead_duration_seconds", offsetof(struct proxy_metrics, overhead),
                    "From the last byte of a request from the client, to its last to the endpoint.");
}

static void write_number(struct page *page, const char *name, const char *type, const char *help,
                         double value)
{
    family(page, name, type, help);
    buffer_printf(page->out, "sagegate_%s%s %.15g\n", name, strcmp(type, "counter") == 0 ? "_total" : "",
                  value);
}

static void write_traffic(struct page *page)
{
    static const char *const reasons[METRICS_RETRY_COUNT] = {
        [METRICS_RETRY_CONNECTION] = "connection",
        [METRICS_RETRY_CREDENTIALS] = "credentials",
        [METRICS_RETRY_CLOCK] = "clock",
    };

    write_number(page, "request_body_bytes", "counter", "Bytes of request bodies from clients.",
                 (double)SUM(page, bytes_in));
    write_number(page, "response_body_bytes", "counter", "Bytes of response bodies to clients.",
                 (double)SUM(page, bytes_out));
    write_number(page, "requests_in_flight", "gauge", "Requests that have begun and not ended.",
                 (double)SUM(page, begun) - (double)SUM(page, ended));
    write_number(page, "client_connections", "gauge", "Connections of clients.",
                 (double)SUM(page, connected) - (double)SUM(page, disconnected));
    write_number(page, "connections_turned_away", "counter", "Connections that a limit turned away.",
                 (double)SUM(page, turned_away));
    write_number(page, "requests_turned_away", "counter", "Requests that limits.max_requests turned away.",
                 (double)SUM(page, busy));
    write_number(page, "presigned_urls", "counter",
                 "Requests let through for a URL that works from outside the network.",
                 (double)SUM(page, presigned_urls));
    write_number(page, "dropped_headers", "counter",
                 "Headers that no operation knows and that could mean something to a service.",
                 (double)SUM(page, dropped_headers));
    family(page, "retries", "counter", "Requests that were sent to the endpoint again, by reason.");
    for (size_t i = 0; i < METRICS_RETRY_COUNT; i++)
        buffer_printf(page->out, "sagegate_retries_total{reason=\"%s\"} %llu\n", reasons[i],
                      (unsigned long long)sum(page, offsetof(struct proxy_metrics, retries) +
                                                        i * sizeof(struct counter)));
    write_number(page, "log_lines_dropped", "counter", "Lines of the log that could not be written.",
                 (double)log_dropped());
}

static void write_credentials(struct page *page, const struct metrics_process *process)
{
    write_number(page, "credentials_available", "gauge", "1 when there are credentials to sign with.",
                 process->has_credentials);
    if (process->credentials_expiration)
        write_number(page, "credentials_expiry_timestamp_seconds", "gauge",
                     "When the credentials expire, in seconds since 1970.",
                     (double)process->credentials_expiration);
}

static long resident_pages(void)
{
    long size, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file && fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident;
}

static long open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long count = -3; /* "." and "..", and the folder itself */

    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* The names that all clients of Prometheus give to these. */
static void write_process(struct page *page, const struct metrics_process *process)
{
    struct rusage usage;
    struct rlimit descriptors;
    const char *total = page->openmetrics ? "" : "_total";

    getrusage(RUSAGE_SELF, &usage);
    getrlimit(RLIMIT_NOFILE, &descriptors);
    buffer_printf(page->out,
                  "# HELP process_cpu_seconds%s User and system time.\n# TYPE process_cpu_seconds%s counter\n"
                  "process_cpu_seconds_total %.6f\n",
                  total, total,
                  (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    buffer_printf(
        page->out,
        "# HELP process_resident_memory_bytes Resident memory.\n"
        "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %lld\n"
        "# HELP process_open_fds Open file descriptors.\n# TYPE process_open_fds gauge\nprocess_open_fds "
        "%ld\n"
        "# HELP process_max_fds Most file descriptors.\n# TYPE process_max_fds gauge\nprocess_max_fds %llu\n"
        "# HELP process_start_time_seconds Start, in seconds since 1970.\n"
        "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %lld\n",
        (long long)resident_pages() * sysconf(_SC_PAGESIZE), open_descriptors(),
        (unsigned long long)descriptors.rlim_cur, (long long)process->start_seconds);
}

void metrics_page_write(struct buffer *out, const struct proxy_metrics *const *workers, size_t count,
                        const struct metrics_process *process, bool openmetrics)
{
    struct page page = {out, workers, count, openmetrics};

    family(&page, "build_info", "gauge", "1; what is running.");
    buffer_printf(out, "sagegate_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
    write_requests(&page);
    write_times(&page);
    write_traffic(&page);
    write_credentials(&page, process);
    write_process(&page, process);
    if (openmetrics)
        buffer_append(out, SLICE("# EOF\n"));
}
