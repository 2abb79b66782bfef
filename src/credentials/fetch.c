#include "credentials/fetch.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "base/secret.h"

enum {
    HEADERS_MAX = 16 * 1024,
    NO_ERROR = -1, /* beside enum evhttp_request_error */
};

struct fetch {
    struct event *wake; /* the deadline; made active early when the exchange is over */
    struct evhttp_connection *connection;
    struct evhttp_request *request; /* owned here, so that it is ours however the exchange ends */
    int error;                      /* enum evhttp_request_error */
    bool over;
    unsigned timeout_ms;
    char authority[sizeof(((struct fetch_target *)0)->authority)];
    fetch_done *done;
    void *user;
};

static enum sg_status take_address(const struct evhttp_uri *uri, struct fetch_target *target)
{
    const char *host = evhttp_uri_get_host(uri);
    int port = evhttp_uri_get_port(uri);
    struct slice literal = slice_cstr(host);
    unsigned char binary[sizeof(struct in6_addr)];
    bool v6 = literal.len > 2 && host[0] == '[';

    if (v6)
        literal = slice_of(host + 1, literal.len - 2);
    else if (slice_eq_nocase(literal, SLICE("localhost")))
        literal = SLICE("127.0.0.1");
    if (literal.len >= sizeof(target->host) || port == 0 || port > 65535)
        return SG_INVALID;
    *target = (struct fetch_target){.port = port < 0 ? 80 : (uint16_t)port};
    if (literal.len)
        memcpy(target->host, literal.ptr, literal.len);
    if (inet_pton(v6 ? AF_INET6 : AF_INET, target->host, binary) != 1)
        return SG_INVALID;
    snprintf(target->authority, sizeof(target->authority), v6 ? "[%s]" : "%s", target->host);
    if (target->port != 80) {
        size_t len = strlen(target->authority);

        snprintf(target->authority + len, sizeof(target->authority) - len, ":%u", target->port);
    }
    return SG_OK;
}

enum sg_status fetch_target_parse(const char *url, struct fetch_target *target, struct sg_error *err)
{
    struct evhttp_uri *uri = evhttp_uri_parse(url);
    const char *scheme = uri ? evhttp_uri_get_scheme(uri) : NULL;
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    enum sg_status status = SG_INVALID;

    if (scheme && strcasecmp(scheme, "http") == 0 && (!path || !*path || strcmp(path, "/") == 0) &&
        !evhttp_uri_get_userinfo(uri) && !evhttp_uri_get_query(uri) && !evhttp_uri_get_fragment(uri))
        status = take_address(uri, target);
    if (uri)
        evhttp_uri_free(uri);
    if (status)
        return sg_fail(err, status,
                       "\"%.200s\" is not http://ADDRESS or http://ADDRESS:PORT with an IP address", url);
    return SG_OK;
}

/* Freeing the connection closes it, and takes the request out of its list. */
static void fetch_free(struct fetch *fetch)
{
    if (fetch->connection)
        evhttp_connection_free(fetch->connection);
    if (fetch->request)
        evhttp_request_free(fetch->request);
    if (fetch->wake)
        event_free(fetch->wake);
    free(fetch);
}

static void on_error(enum evhttp_request_error error, void *user)
{
    struct fetch *fetch = user;

    fetch->error = (int)error;
}

/* evhttp still works on the connection below this call: it can be freed only later, from wake. */
static void on_over(struct evhttp_request *request, void *user)
{
    struct fetch *fetch = user;

    (void)request;
    fetch->over = true;
    event_active(fetch->wake, EV_TIMEOUT, 0);
}

/* Moves the body to *body, wiping where it was. False when memory is short. */
static bool take_body(struct evbuffer *buffer, char **body, size_t *len)
{
    struct evbuffer_iovec parts[64];
    int count;

    *len = evbuffer_get_length(buffer);
    *body = malloc(*len + 1);
    if (!*body)
        return false;
    evbuffer_copyout(buffer, *body, *len);
    count = evbuffer_peek(buffer, -1, NULL, parts, sizeof(parts) / sizeof(parts[0]));
    for (int i = 0; i < count && i < (int)(sizeof(parts) / sizeof(parts[0])); i++)
        secret_wipe(parts[i].iov_base, parts[i].iov_len);
    return true;
}

static const char *describe_failure(const struct fetch *fetch, char *text, size_t size)
{
    if (!fetch->over || fetch->error == EVREQ_HTTP_TIMEOUT)
        snprintf(text, size, "no answer from %s in %g s", fetch->authority, fetch->timeout_ms / 1000.0);
    else if (fetch->error == EVREQ_HTTP_EOF)
        snprintf(text, size, "%s closed the connection before its answer was complete", fetch->authority);
    else if (fetch->error == EVREQ_HTTP_DATA_TOO_LONG)
        snprintf(text, size, "the answer from %s is broken or larger than %d bytes", fetch->authority,
                 FETCH_ANSWER_MAX);
    else if (fetch->error == EVREQ_HTTP_INVALID_HEADER)
        snprintf(text, size, "the answer from %s is not HTTP", fetch->authority);
    else if (fetch->error == NO_ERROR)
        snprintf(text, size, "cannot connect to %s", fetch->authority);
    else
        snprintf(text, size, "the connection to %s broke", fetch->authority);
    return text;
}

static void on_wake(evutil_socket_t fd, short what, void *user)
{
    struct fetch *fetch = user;
    struct fetch_answer answer = {0};
    char *body = NULL;
    size_t len = 0;
    char problem[400];

    (void)fd;
    (void)what;
    if (fetch->over && fetch->error == NO_ERROR)
        answer.status = evhttp_request_get_response_code(fetch->request);
    if (answer.status && !take_body(evhttp_request_get_input_buffer(fetch->request), &body, &len)) {
        answer.status = 0;
        answer.problem = "out of memory";
    } else if (answer.status) {
        answer.body = slice_of(body, len);
    } else {
        answer.problem = describe_failure(fetch, problem, sizeof(problem));
        answer.timed_out = !fetch->over || fetch->error == EVREQ_HTTP_TIMEOUT;
    }
    fetch->done(fetch->user, &answer);
    if (body)
        secret_wipe(body, len);
    free(body);
    fetch_free(fetch);
}

static bool send_request(struct fetch *fetch, const struct fetch_request *request)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(fetch->request);
    struct timeval deadline = {request->timeout_ms / 1000, (request->timeout_ms % 1000) * 1000};

    evhttp_request_own(fetch->request);
    evhttp_request_set_error_cb(fetch->request, on_error);
    evhttp_connection_set_max_body_size(fetch->connection, FETCH_ANSWER_MAX);
    evhttp_connection_set_max_headers_size(fetch->connection, HEADERS_MAX);
    if (evhttp_add_header(headers, "Host", fetch->authority) < 0 ||
        evhttp_add_header(headers, "Connection", "close") < 0 ||
        (request->put && evhttp_add_header(headers, "Content-Length", "0") < 0) ||
        (request->header_name &&
         evhttp_add_header(headers, request->header_name, request->header_value) < 0) ||
        evtimer_add(fetch->wake, &deadline) < 0)
        return false;
    if (evhttp_make_request(fetch->connection, fetch->request, request->put ? EVHTTP_REQ_PUT : EVHTTP_REQ_GET,
                            request->path) != 0)
        return false;
    fetch->error = NO_ERROR; /* what failed by now is told as a connection that ended: there was none */
    return true;
}

struct fetch *fetch_start(struct event_base *base, const struct fetch_request *request, fetch_done *done,
                          void *user)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));

    if (!fetch)
        return NULL;
    *fetch = (struct fetch){.error = NO_ERROR, .timeout_ms = request->timeout_ms, .done = done, .user = user};
    memcpy(fetch->authority, request->target->authority, sizeof(fetch->authority));
    fetch->wake = evtimer_new(base, on_wake, fetch);
    /* With an address literal nothing is resolved, so nothing blocks. */
    fetch->connection = evhttp_connection_base_new(base, NULL, request->target->host, request->target->port);
    fetch->request = evhttp_request_new(on_over, fetch);
    if (!fetch->wake || !fetch->connection || !fetch->request || !send_request(fetch, request)) {
        fetch_free(fetch);
        return NULL;
    }
    return fetch;
}

void fetch_cancel(struct fetch *fetch)
{
    if (fetch)
        fetch_free(fetch);
}
