#include "daemon/overview.h"

#include <string.h>

#include "aws/operation.h"

static const char *const decisions[METRICS_DECISION_COUNT] = {
    [METRICS_ALLOWED] = "allowed",
    [METRICS_EXPLICIT_DENY] = "explicit_deny",
    [METRICS_IMPLICIT_DENY] = "implicit_deny",
    [METRICS_PRESIGNED_URL_DENIED] = "presigned_url_denied",
    [METRICS_REFUSED] = "refused",
    [METRICS_VENDED] = "vended",
};

static const char *const statuses[METRICS_STATUS_COUNT] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

struct telling {
    const struct overview *overview;
    void (*tell)(void *user, const struct overview_requests *row);
    void *user;
    const struct metrics_listener *listeners[CONFIG_WORKERS_MAX]; /* of one name, where a worker knows it */
    size_t count;
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
static bool is_told_before(const struct overview *overview, size_t worker, const char *name)
{
    for (size_t i = 0; i < worker; i++) {
        if (listener_named(overview->workers[i], name))
            return true;
    }
    return false;
}

static void tell_operation(const struct telling *telling, size_t row)
{
    bool known = row < operation_count;
    struct overview_requests told = {
        .listener = telling->listeners[0]->name,
        .service = known ? aws_services[operation_table[row].service].key : "",
        .operation = known ? operation_table[row].name : "",
    };

    for (int decision = 0; decision < METRICS_DECISION_COUNT; decision++) {
        for (int status = 0; status < METRICS_STATUS_COUNT; status++) {
            told.decision = decisions[decision];
            told.status = statuses[status];
            told.count = 0;
            for (size_t i = 0; i < telling->count; i++)
                told.count += counter_read(&telling->listeners[i]->requests[row][decision][status]);
            if (told.count)
                telling->tell(telling->user, &told);
        }
    }
}

static void tell_listener(struct telling *telling, const char *name)
{
    telling->count = 0;
    for (size_t i = 0; i < telling->overview->worker_count; i++) {
        const struct metrics_listener *listener = listener_named(telling->overview->workers[i], name);

        if (listener)
            telling->listeners[telling->count++] = listener;
    }
    for (size_t row = 0; row <= operation_count; row++)
        tell_operation(telling, row);
}

void overview_each_requests(const struct overview *overview,
                            void (*tell)(void *user, const struct overview_requests *row), void *user)
{
    struct telling telling = {.overview = overview, .tell = tell, .user = user};

    for (size_t worker = 0; worker < overview->worker_count; worker++) {
        const struct metrics_listener *listener;

        for (size_t i = 0; (listener = listener_at(overview->workers[worker], i)); i++) {
            if (!is_told_before(overview, worker, listener->name))
                tell_listener(&telling, listener->name);
        }
    }
}
