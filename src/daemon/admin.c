#include "daemon/admin.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/metrics_page.h"
#include "daemon/readiness.h"
#include "daemon/status.h"
#include "net/listener.h"

enum { TIMEOUT_SECONDS = 10, HEAD_MAX = 8 * 1024 };

struct admin {
    const struct config *config;
    admin_gather *gather;
    void *user;
    struct evhttp *http;
    int fd;
};

/* A web page whose name leads here must not read it (DNS rebinding): only names of this machine are answered.
 */
static bool is_own_name(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", "[::1]"};

    for (size_t i = 0; host && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(host, names[i]) == 0)
            return true;
    }
    return false;
}

/* No text: memory is short. */
static void answer(struct evhttp_request *request, int status, const char *reason, const char *type,
                   struct slice text)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    if (!text.ptr || evbuffer_add(evhttp_request_get_output_buffer(request), text.ptr, text.len) != 0) {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
        return;
    }
    evhttp_add_header(headers, "Content-Type", type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_send_reply(request, status, reason, NULL);
}

/* Takes over json, which may be NULL: memory was short. */
static void answer_json(struct evhttp_request *request, int status, const char *reason, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    answer(request, status, reason, "application/json", slice_cstr(text));
    free(text);
    json_decref(json);
}

static void on_healthz(struct evhttp_request *request, const struct overview *overview)
{
    (void)overview;
    answer_json(request, HTTP_OK, "OK", json_pack("{s:s}", "status", "ok"));
}

static void on_readyz(struct evhttp_request *request, const struct overview *overview)
{
    bool ready;
    json_t *json = readiness(overview, &ready);

    answer_json(request, ready ? HTTP_OK : HTTP_SERVUNAVAIL, ready ? "OK" : "Service Unavailable", json);
}

static void on_status(struct evhttp_request *request, const struct overview *overview)
{
    answer_json(request, HTTP_OK, "OK", status_json(overview));
}

static void on_metrics(struct evhttp_request *request, const struct overview *overview)
{
    const char *accept = evhttp_find_header(evhttp_request_get_input_headers(request), "Accept");
    bool openmetrics = accept && strstr(accept, "application/openmetrics-text");
    struct buffer page = {0};

    metrics_page_write(&page, overview, openmetrics);
    answer(request, HTTP_OK, "OK",
           openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                       : "text/plain; version=0.0.4; charset=utf-8",
           page.failed ? (struct slice){NULL, 0} : buffer_slice(&page));
    buffer_free(&page);
}

/* Every request comes here first. */
static void on_request(struct evhttp_request *request, void *arg)
{
    static const struct {
        const char *path;
        void (*answer)(struct evhttp_request *request, const struct overview *overview);
    } pages[] = {{"/healthz", on_healthz},
                 {"/metrics", on_metrics},
                 {"/readyz", on_readyz},
                 {"/status.json", on_status}};
    const struct admin *admin = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

    if (!is_own_name(evhttp_request_get_host(request))) {
        evhttp_send_error(request, 421, "Misdirected Request: ask localhost");
        return;
    }
    for (size_t i = 0; path && i < sizeof(pages) / sizeof(pages[0]); i++) {
        struct overview overview;

        if (strcmp(path, pages[i].path) != 0)
            continue;
        admin->gather(admin->user, &overview);
        pages[i].answer(request, &overview);
        return;
    }
    evhttp_send_error(request, HTTP_NOTFOUND,
                      "Not Found: there are /healthz, /metrics, /readyz and /status.json");
}

struct admin *admin_start(struct event_base *base, const struct config *config, admin_gather *gather,
                          void *user, struct sg_error *err)
{
    struct admin *admin = calloc(1, sizeof(*admin));

    if (!admin) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    admin->config = config_share(config);
    admin->gather = gather;
    admin->user = user;
    if (listener_open(&config->admin, false, &admin->fd, err) != SG_OK) {
        config_free(admin->config);
        free(admin);
        return NULL;
    }
    admin->http = evhttp_new(base);
    if (!admin->http || evhttp_accept_socket(admin->http, admin->fd) != 0) {
        sg_fail(err, SG_NO_MEMORY, "the admin listener: out of memory");
        admin_stop(admin);
        return NULL;
    }
    evhttp_set_allowed_methods(admin->http, EVHTTP_REQ_GET);
    evhttp_set_timeout(admin->http, TIMEOUT_SECONDS);
    evhttp_set_max_headers_size(admin->http, HEAD_MAX);
    evhttp_set_max_body_size(admin->http, 0);
    evhttp_set_gencb(admin->http, on_request, admin);
    return admin;
}

enum sg_status admin_reload(struct admin **admin, struct event_base *base, const struct config *config,
                            admin_gather *gather, void *user, struct sg_error *err)
{
    struct admin *before = *admin;

    if (before && config->admin.address &&
        strcmp(before->config->admin.address, config->admin.address) == 0) {
        config_free(before->config);
        before->config = config_share(config);
        return SG_OK;
    }
    if (config->admin.address) {
        struct admin *after = admin_start(base, config, gather, user, err);

        if (!after)
            return err->status;
        *admin = after;
    } else {
        *admin = NULL;
    }
    admin_stop(before);
    return SG_OK;
}

void admin_stop(struct admin *admin)
{
    if (!admin)
        return;
    if (admin->http)
        evhttp_free(admin->http); /* closes fd */
    else
        close(admin->fd);
    listener_unlink(&admin->config->admin);
    config_free(admin->config);
    free(admin);
}
