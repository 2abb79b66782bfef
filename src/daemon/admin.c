#include "daemon/admin.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/listener.h"

enum { TIMEOUT_SECONDS = 10, HEAD_MAX = 8 * 1024 };

/* The credentials of an identity. */
struct holding {
    bool ok;
    char source[32];
    char arn[256];      /* empty: not known */
    int64_t expiration; /* wall seconds; 0: never */
    char why[512];      /* there are none */
};

struct admin {
    const struct config *config;
    admin_metrics *metrics;
    void *user;
    struct evhttp *http;
    int fd;
    bool draining;
    struct holding *holdings; /* of each identity */
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

static void on_healthz(struct evhttp_request *request, void *arg)
{
    (void)arg;
    answer_json(request, HTTP_OK, "OK", json_pack("{s:s}", "status", "ok"));
}

static json_t *holding_state(const struct holding *holding)
{
    bool expired = holding->expiration && holding->expiration <= clock_wall_seconds();
    json_t *state;

    if (!holding->ok)
        return json_pack("{s:b,s:s}", "ok", 0, "reason", holding->why);
    state = json_pack("{s:b,s:s,s:b}", "ok", 1, "source", holding->source, "expired", expired);
    if (holding->arn[0])
        json_object_set_new(state, "arn", json_string(holding->arn));
    if (holding->expiration)
        json_object_set_new(state, "expires_in_seconds",
                            json_integer(holding->expiration - clock_wall_seconds()));
    return state;
}

/* Adds the credentials of the default identity, and those of identities with a name. True when all are there.
 */
static bool add_credentials(const struct admin *admin, json_t *answer)
{
    json_t *named = json_object();
    bool all = true;

    for (size_t i = 0; i < config_identity_count(admin->config); i++) {
        const char *name = config_identity(admin->config, i)->name;

        if (!config_identity_is_used(admin->config, i))
            continue;
        json_object_set_new(name ? named : answer, name ? name : "credentials",
                            holding_state(&admin->holdings[i]));
        all = all && admin->holdings[i].ok;
    }
    if (json_object_size(named))
        json_object_set(answer, "identities", named);
    json_decref(named);
    return all;
}

static json_t *listeners_state(const struct admin *admin)
{
    json_t *list = json_array();

    for (size_t i = 0; i < admin->config->listener_count; i++) {
        const struct config_listener *listener = &admin->config->listeners[i];

        json_t *files = json_array();

        for (size_t k = 0; k < listener->policy_files.count; k++)
            json_array_append_new(files, json_string(listener->policy_files.at[k]));
        json_array_append_new(list, json_pack("{s:s,s:s,s:o,s:s}", "name", listener->name, "address",
                                              listener->address, "policy", files, "mode",
                                              listener->audit ? "audit" : "enforce"));
    }
    return list;
}

static void on_readyz(struct evhttp_request *request, void *arg)
{
    const struct admin *admin = arg;
    json_t *answer = json_pack("{s:b,s:o}", "draining", admin->draining, "listeners", listeners_state(admin));
    bool ready = add_credentials(admin, answer) && !admin->draining;

    json_object_set_new(answer, "ready", json_boolean(ready));
    answer_json(request, ready ? HTTP_OK : HTTP_SERVUNAVAIL, ready ? "OK" : "Service Unavailable", answer);
}

static void on_metrics(struct evhttp_request *request, void *arg)
{
    const struct admin *admin = arg;
    const char *accept = evhttp_find_header(evhttp_request_get_input_headers(request), "Accept");
    bool openmetrics = accept && strstr(accept, "application/openmetrics-text");
    struct buffer page = {0};

    admin->metrics(admin->user, openmetrics, &page);
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
        void (*answer)(struct evhttp_request *request, void *arg);
    } pages[] = {{"/healthz", on_healthz}, {"/metrics", on_metrics}, {"/readyz", on_readyz}};
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

    if (!is_own_name(evhttp_request_get_host(request))) {
        evhttp_send_error(request, 421, "Misdirected Request: ask localhost");
        return;
    }
    for (size_t i = 0; path && i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(path, pages[i].path) == 0) {
            pages[i].answer(request, arg);
            return;
        }
    }
    evhttp_send_error(request, HTTP_NOTFOUND, "Not Found: there are /healthz, /metrics and /readyz");
}

/* Of each identity; NULL when memory is short. */
static struct holding *holdings_new(const struct config *config)
{
    size_t count = config_identity_count(config);
    struct holding *holdings = calloc(count, sizeof(*holdings));

    for (size_t i = 0; holdings && i < count; i++)
        snprintf(holdings[i].why, sizeof(holdings[i].why), "the first answer of their source is awaited");
    return holdings;
}

struct admin *admin_start(struct event_base *base, const struct config *config, admin_metrics *metrics,
                          void *user, struct sg_error *err)
{
    struct admin *admin = calloc(1, sizeof(*admin));

    if (!admin) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    admin->config = config_share(config);
    admin->metrics = metrics;
    admin->user = user;
    admin->holdings = holdings_new(config);
    if (!admin->holdings) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        config_free(admin->config);
        free(admin);
        return NULL;
    }
    if (listener_open(&config->admin, false, &admin->fd, err) != SG_OK) {
        free(admin->holdings);
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
                            admin_metrics *metrics, void *user, struct sg_error *err)
{
    struct admin *before = *admin;

    if (before && config->admin.address &&
        strcmp(before->config->admin.address, config->admin.address) == 0) {
        struct holding *holdings = holdings_new(config);

        if (!holdings)
            return sg_fail(err, SG_NO_MEMORY, "out of memory");
        free(before->holdings);
        before->holdings = holdings;
        config_free(before->config);
        before->config = config_share(config);
        return SG_OK;
    }
    if (config->admin.address) {
        struct admin *after = admin_start(base, config, metrics, user, err);

        if (!after)
            return err->status;
        *admin = after;
    } else {
        *admin = NULL;
    }
    admin_stop(before);
    return SG_OK;
}

void admin_set_credentials(struct admin *admin, size_t identity, const struct credentials *current,
                           const char *why)
{
    struct holding *holding = admin ? &admin->holdings[identity] : NULL;

    if (!holding)
        return;
    holding->ok = current != NULL;
    holding->expiration = current ? current->expiration : 0;
    snprintf(holding->source, sizeof(holding->source), "%s", current ? current->source : "");
    snprintf(holding->arn, sizeof(holding->arn), "%.*s",
             SLICE_FMT(current ? current->identity.arn : slice_of(NULL, 0)));
    snprintf(holding->why, sizeof(holding->why), "%s", why ? why : "");
}

void admin_set_draining(struct admin *admin)
{
    if (admin)
        admin->draining = true;
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
    free(admin->holdings);
    config_free(admin->config);
    free(admin);
}
