#include "daemon/admin.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/metrics_page.h"
#include "daemon/page.h"
#include "daemon/readiness.h"
#include "daemon/status.h"
#include "net/listener.h"
#include "proxy/admission.h"

/* A body is nothing that is asked for: it is let in so that who took this for a listener is told of that. */
enum {
    TIMEOUT_SECONDS = 10,
    HEAD_MAX = 8 * 1024,
    BODY_MAX = 64 * 1024,
    PAUSE_MS = 100, /* after running out of descriptors or memory */
};

struct admin {
    const struct config *config;
    admin_gather *gather;
    void *user;
    struct page page;
    struct evhttp *http;
    struct evconnlistener *listener; /* of http */
    struct event resume;
    int fd;
};

/* The last that was started, since on_accept_failed() is not told whose it is. */
static struct admin *newest;

/* What a browser is told about every answer: it is no other page's, and is what it says it is. */
static const struct {
    const char *name, *value;
} common_headers[] = {
    {"Cache-Control", "no-store"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
};

static const char *header(struct evhttp_request *request, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(request), name);
}

/* A web page whose name leads here must not read it (DNS rebinding): only names of this machine are answered.
 */
static bool is_for_us(struct evhttp_request *request, const struct admin *admin)
{
    const char *host = header(request, "Host");

    return host && forgery_is_own_host(&admin->config->admin, slice_cstr(host));
}

/* A page of another origin, be it another port of this machine, may link to ours, and that is all (W3C Fetch
 * Metadata Request Headers). */
static bool is_foreign(struct evhttp_request *request)
{
    const char *site = header(request, "Sec-Fetch-Site"), *to = header(request, "Sec-Fetch-Dest");

    return site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0 &&
           !(to && strcmp(to, "document") == 0);
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
    for (size_t i = 0; i < sizeof(common_headers) / sizeof(common_headers[0]); i++)
        evhttp_add_header(headers, common_headers[i].name, common_headers[i].value);
    if (!evhttp_find_header(headers, "Content-Security-Policy"))
        evhttp_add_header(headers, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    evhttp_send_reply(request, status, reason, NULL);
}

static void refuse(struct evhttp_request *request, int status, const char *reason, const char *text)
{
    answer(request, status, reason, "text/plain; charset=utf-8", slice_cstr(text));
}

/* Takes over json, which may be NULL: memory was short. */
static void answer_json(struct evhttp_request *request, int status, const char *reason, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    answer(request, status, reason, "application/json", slice_cstr(text));
    free(text);
    json_decref(json);
}

static void on_page(struct evhttp_request *request, const struct admin *admin)
{
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Security-Policy",
                      admin->page.policy);
    answer(request, HTTP_OK, "OK", "text/html; charset=utf-8", buffer_slice(&admin->page.html));
}

static struct overview overview_of(const struct admin *admin)
{
    struct overview overview;

    admin->gather(admin->user, &overview);
    return overview;
}

static void on_healthz(struct evhttp_request *request, const struct admin *admin)
{
    (void)admin;
    answer_json(request, HTTP_OK, "OK", json_pack("{s:s}", "status", "ok"));
}

static void on_readyz(struct evhttp_request *request, const struct admin *admin)
{
    struct overview overview = overview_of(admin);
    bool ready;
    json_t *json = readiness(&overview, &ready);

    answer_json(request, ready ? HTTP_OK : HTTP_SERVUNAVAIL, ready ? "OK" : "Service Unavailable", json);
}

static void on_status(struct evhttp_request *request, const struct admin *admin)
{
    struct overview overview = overview_of(admin);

    answer_json(request, HTTP_OK, "OK", status_json(&overview));
}

static void on_metrics(struct evhttp_request *request, const struct admin *admin)
{
    struct overview overview = overview_of(admin);
    const char *accept = header(request, "Accept");
    bool openmetrics = accept && strstr(accept, "application/openmetrics-text");
    struct buffer page = {0};

    metrics_page_write(&page, &overview, openmetrics);
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
        void (*answer)(struct evhttp_request *request, const struct admin *admin);
    } pages[] = {{"/", on_page},
                 {"/healthz", on_healthz},
                 {"/metrics", on_metrics},
                 {"/readyz", on_readyz},
                 {"/status.json", on_status}};
    static const char what_there_is[] =
        "This is sagegate's admin listener: GET /, /healthz, /metrics, /readyz or /status.json. Applications "
        "ask one of its listeners, at another address.\n";
    const struct admin *admin = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

    if (!is_for_us(request, admin)) {
        refuse(request, 421, "Misdirected Request", "Ask localhost.\n");
        return;
    }
    if (is_foreign(request)) {
        refuse(request, 403, "Forbidden", "Not for pages of another origin.\n");
        return;
    }
    if (evhttp_request_get_command(request) != EVHTTP_REQ_GET) {
        evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET");
        refuse(request, HTTP_BADMETHOD, "Method Not Allowed", what_there_is);
        return;
    }
    for (size_t i = 0; path && i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(path, pages[i].path) == 0) {
            pages[i].answer(request, admin);
            return;
        }
    }
    refuse(request, HTTP_NOTFOUND, "Not Found", what_there_is);
}

/* Left to itself, libevent would try again at once, and complain each time. */
static void on_accept_failed(struct evconnlistener *listener, void *http)
{
    const struct timeval pause = {0, PAUSE_MS * 1000};

    (void)http;
    if (!newest || newest->listener != listener)
        return;
    log_warn("listener admin: accept: %s; trying again in %d ms", strerror(errno), PAUSE_MS);
    evconnlistener_disable(listener);
    evtimer_add(&newest->resume, &pause);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    evconnlistener_enable(((struct admin *)arg)->listener);
}

static bool accept_on(struct admin *admin, struct event_base *base)
{
    struct evhttp_bound_socket *bound;

    admin->http = evhttp_new(base);
    bound = admin->http ? evhttp_accept_socket_with_handle(admin->http, admin->fd) : NULL;
    if (!bound)
        return false;
    admin->listener = evhttp_bound_socket_get_listener(bound);
    evtimer_assign(&admin->resume, base, on_resume, admin);
    evconnlistener_set_error_cb(admin->listener, on_accept_failed);
    newest = admin;
    return true;
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
    if (page_make(&admin->page, err) != SG_OK ||
        listener_open(&config->admin, false, &admin->fd, err) != SG_OK) {
        page_free(&admin->page);
        config_free(admin->config);
        free(admin);
        return NULL;
    }
    if (!accept_on(admin, base)) {
        sg_fail(err, SG_NO_MEMORY, "the admin listener: out of memory");
        admin_stop(admin);
        return NULL;
    }
    evhttp_set_allowed_methods(admin->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                                EVHTTP_REQ_PATCH | EVHTTP_REQ_DELETE);
    evhttp_set_timeout(admin->http, TIMEOUT_SECONDS);
    evhttp_set_max_headers_size(admin->http, HEAD_MAX);
    evhttp_set_max_body_size(admin->http, BODY_MAX);
    evhttp_set_gencb(admin->http, on_request, admin);
    return admin;
}

enum sg_status admin_reload(struct admin **admin, struct event_base *base, const struct config *config,
                            admin_gather *gather, void *user, struct sg_error *err)
{
    struct admin *before = *admin;

    if (before && config->admin.address &&
        strcmp(before->config->admin.address, config->admin.address) == 0) {
        if (before->config->admin.permissions != config->admin.permissions &&
            listener_permit(&config->admin, err) != SG_OK)
            return err->status;
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
    if (newest == admin)
        newest = NULL;
    if (admin->listener)
        event_del(&admin->resume);
    if (admin->http)
        evhttp_free(admin->http); /* closes fd */
    else
        close(admin->fd);
    listener_unlink(&admin->config->admin);
    page_free(&admin->page);
    config_free(admin->config);
    free(admin);
}
