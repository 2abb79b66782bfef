/*
 * The role of an ECS task, or of an EKS pod by Pod Identity: an HTTP endpoint that the platform names in the
 * environment. It is asked only on this host or at the platform's own addresses, or by HTTPS, and whatever
 * goes wrong ends the search: what comes after it would be the role of the whole instance.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/http.h>

#include "base/buffer.h"
#include "base/secret.h"
#include "credentials/answer.h"
#include "credentials/fetch.h"
#include "credentials/https.h"
#include "credentials/provider.h"
#include "credentials/shared_file.h"
#include "net/resolver.h"

#define RELATIVE_URI "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL_URI     "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN_FILE   "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
#define TOKEN        "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define ECS_HOST     "http://169.254.170.2"

enum { TOKEN_MAX = 16 * 1024 };

struct container {
    const struct provider_setup *setup;
    const char *variable; /* that names the endpoint; NULL: none does */
    char *path;           /* with the query */
    struct fetch_target target;
    struct resolver_name *name; /* for http */
    bool resolving;             /* the look waits for its address */
    bool tls;
    struct config_endpoint endpoint; /* for https: its host, and target's port and authority */
    char fault[400];                 /* why nothing can be asked; empty when it can */
    unsigned timeout_ms;
    struct fetch *fetch;
    struct https_call *call;
};

static void fail(struct container *container, const char *why_not)
{
    char text[SG_TEXT];

    sg_word(text, sizeof(text), "%s: %s", container->variable, why_not);
    container->setup->answer(container->setup->user, PROVIDER_FAILED, NULL, text);
}

/* Only what no other machine can pose as: this host, ECS's address and the two of the EKS agent. */
static bool is_allowed(const union socket_address *address)
{
    static const unsigned char eks_v6[16] = {0xfd, 0, 0x0e, 0xc2, [15] = 0x23};
    uint32_t v4;

    if (address->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr) ||
               memcmp(&address->v6.sin6_addr, eks_v6, sizeof(eks_v6)) == 0;
    v4 = ntohl(address->v4.sin_addr.s_addr);
    return v4 >> 24 == 127 || v4 == 0xa9feaa02 /* 169.254.170.2 */ || v4 == 0xa9feaa17 /* 169.254.170.23 */;
}

static void on_answer(void *user, const struct fetch_answer *answer)
{
    struct container *container = user;
    struct credentials *found = NULL;
    struct sg_error err;

    container->fetch = NULL;
    container->call = NULL;
    if (answer->status == 200 && credentials_answer_parse(answer->body, ANSWER_METADATA,
                                                          container_provider.name, &found, &err) == SG_OK) {
        container->setup->answer(container->setup->user, PROVIDER_FOUND, found, NULL);
        credentials_unref(found);
        return;
    }
    if (answer->status == 401 || answer->status == 403)
        (void)sg_fail(&err, SG_INVALID, "it answered with status %d: is " TOKEN "[_FILE] the right one?",
                      answer->status);
    else if (answer->status && answer->status != 200)
        (void)sg_fail(&err, SG_INVALID, "it answered with status %d", answer->status);
    fail(container, answer->status ? err.text : answer->problem);
}

/* A value that can stand in a header: the file may end with one line end. False with err. */
static bool take_token(struct slice text, const char *where, char token[TOKEN_MAX + 1], struct sg_error *err)
{
    if (text.len && text.ptr[text.len - 1] == '\n')
        text.len--;
    if (text.len && text.ptr[text.len - 1] == '\r')
        text.len--;
    if (text.len == 0 || text.len > TOKEN_MAX) {
        (void)sg_fail(err, SG_INVALID, "%s has %zu bytes; an authorization token has 1 to %d", where,
                      text.len, TOKEN_MAX);
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~') {
            (void)sg_fail(err, SG_INVALID, "%s is no authorization token: byte %zu is not printable", where,
                          i + 1);
            return false;
        }
    }
    memcpy(token, text.ptr, text.len);
    token[text.len] = '\0';
    return true;
}

/* The Authorization header, read anew each time; *token is empty when there is to be none. */
static bool read_token(char token[TOKEN_MAX + 1], struct sg_error *err)
{
    const char *path = provider_variable(TOKEN_FILE), *value = provider_variable(TOKEN);
    struct shared_file file = {0};
    bool good;

    *token = '\0';
    if (!path)
        return !value || take_token(slice_cstr(value), TOKEN, token, err);
    file.path = strdup(path);
    if (!file.path)
        (void)sg_fail(err, SG_NO_MEMORY, "out of memory");
    good = file.path && shared_file_read(&file, err) == SG_OK &&
           take_token(slice_of(file.text, file.len), path, token, err);
    shared_file_free(&file);
    return good;
}

static bool start_https(struct container *container, const char *token)
{
    struct buffer text = {0};
    struct https_request request = {.endpoint = &container->endpoint, .timeout_ms = container->timeout_ms};

    (void)buffer_reserve(&text, strlen(container->path) + strlen(token) + 512);
    buffer_printf(&text, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nConnection: close\r\n",
                  container->path, container->target.authority);
    if (*token)
        buffer_printf(&text, "Authorization: %s\r\n", token);
    buffer_append(&text, SLICE("\r\n"));
    request.text = buffer_slice(&text);
    if (!text.failed)
        container->call = https_start(container->setup->https, &request, on_answer, container);
    secret_free_buffer(&text);
    return container->call != NULL;
}

static bool start_http(struct container *container, const char *token)
{
    const struct fetch_request request = {
        .target = &container->target,
        .path = container->path,
        .header_name = *token ? "Authorization" : NULL,
        .header_value = token,
        .timeout_ms = container->timeout_ms,
    };

    container->fetch = fetch_start(container->setup->base, &request, on_answer, container);
    return container->fetch != NULL;
}

static void ask(struct container *container)
{
    char token[TOKEN_MAX + 1];
    struct sg_error err;

    if (!read_token(token, &err))
        fail(container, err.text);
    else if (!(container->tls ? start_https(container, token) : start_http(container, token)))
        fail(container, "out of memory");
    secret_wipe(token, sizeof(token));
}

static void take_address(struct fetch_target *target, const union socket_address *address)
{
    bool v4 = address->any.sa_family == AF_INET;
    const void *bytes = v4 ? (const void *)&address->v4.sin_addr : (const void *)&address->v6.sin6_addr;

    _Static_assert(sizeof(target->host) >= INET6_ADDRSTRLEN, "every address has room");
    (void)inet_ntop(address->any.sa_family, bytes, target->host, sizeof(target->host));
}

/* One address that is not allowed spoils the name: which of them is asked would be somebody else's choice. */
static void resolved(struct container *container)
{
    const struct resolver_answer *answer = resolver_name_answer(container->name);
    char text[SOCKET_ADDRESS_TEXT], problem[400];

    if (answer->count == 0) {
        sg_word(problem, sizeof(problem), "DNS lookup: %s", answer->error);
        fail(container, problem);
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        if (is_allowed(&answer->addresses[i]))
            continue;
        sg_word(problem, sizeof(problem),
                "%s is at %s: without TLS only loopback, 169.254.170.2, 169.254.170.23 and fd00:ec2::23 are "
                "asked for credentials",
                container->target.authority, socket_address_format(&answer->addresses[i], text));
        fail(container, problem);
        return;
    }
    /* The address that was checked is the one that is connected to. */
    take_address(&container->target, &answer->addresses[0]);
    ask(container);
}

static void on_resolved(void *user)
{
    struct container *container = user;

    if (!container->resolving)
        return;
    container->resolving = false;
    resolved(container);
}

static void container_look(void *state, unsigned timeout_ms)
{
    struct container *container = state;

    container->timeout_ms = timeout_ms;
    if (!container->variable) {
        container->setup->answer(container->setup->user, PROVIDER_EMPTY, NULL,
                                 RELATIVE_URI " and " FULL_URI " are not set");
    } else if (container->fault[0]) {
        fail(container, container->fault);
    } else if (container->tls) {
        ask(container);
    } else if (resolver_name_answer(container->name)->count == 0 && resolver_name_retry(container->name)) {
        container->resolving = true;
    } else {
        resolved(container);
    }
}

static enum sg_status take_path(struct container *container, const struct evhttp_uri *uri)
{
    const char *path = evhttp_uri_get_path(uri), *query = evhttp_uri_get_query(uri);

    if (asprintf(&container->path, "%s%s%s", path && *path ? path : "/", query ? "?" : "",
                 query ? query : "") >= 0)
        return SG_OK;
    container->path = NULL;
    return SG_NO_MEMORY;
}

/* Where to send to, by the scheme. */
static enum sg_status take_host(struct container *container, const char *host, bool tls)
{
    struct fetch_target *target = &container->target;
    const struct provider_setup *setup = container->setup;
    char bare[sizeof(target->authority)];
    size_t len = strlen(host);

    if (*host == '[' && host[len - 1] == ']')
        snprintf(bare, sizeof(bare), "%.*s", (int)len - 2, host + 1);
    else
        snprintf(bare, sizeof(bare), "%s", !tls && strcasecmp(host, "localhost") == 0 ? "127.0.0.1" : host);
    container->tls = tls;
    container->endpoint =
        (struct config_endpoint){.host = strdup(bare), .port = target->port, .authority = target->authority};
    if (!tls)
        container->name =
            resolver_name_new(https_resolver(setup->https), bare, target->port, on_resolved, container);
    return container->endpoint.host && (tls || container->name) ? SG_OK : SG_NO_MEMORY;
}

static enum sg_status take_uri(struct container *container, const struct evhttp_uri *uri)
{
    const char *scheme = evhttp_uri_get_scheme(uri), *host = evhttp_uri_get_host(uri);
    bool tls = scheme && strcasecmp(scheme, "https") == 0;
    int port = evhttp_uri_get_port(uri);
    struct fetch_target *target = &container->target;

    if ((!tls && (!scheme || strcasecmp(scheme, "http") != 0)) || !host || !*host || strlen(host) > 255 ||
        port == 0 || port > UINT16_MAX || evhttp_uri_get_userinfo(uri) || evhttp_uri_get_fragment(uri))
        return SG_INVALID;
    target->port = port > 0 ? (uint16_t)port : tls ? 443 : 80;
    snprintf(target->authority, sizeof(target->authority), port > 0 ? "%s:%d" : "%s", host, port);
    return take_path(container, uri) ? SG_NO_MEMORY : take_host(container, host, tls);
}

/* The relative one wins, as with the SDKs. */
static enum sg_status locate(struct container *container)
{
    const char *relative = provider_variable(RELATIVE_URI), *full = provider_variable(FULL_URI);
    char *text = NULL;
    struct evhttp_uri *uri;
    enum sg_status status = SG_INVALID;

    container->variable = relative ? RELATIVE_URI : full ? FULL_URI : NULL;
    if (!container->variable)
        return SG_OK;
    if (relative && *relative != '/')
        return SG_INVALID;
    if (asprintf(&text, "%s%s", relative ? ECS_HOST : "", relative ? relative : full) < 0)
        return SG_NO_MEMORY;
    uri = evhttp_uri_parse(text);
    if (uri) {
        status = take_uri(container, uri);
        evhttp_uri_free(uri);
    }
    free(text);
    return status;
}

static void container_close(void *state)
{
    struct container *container = state;

    fetch_cancel(container->fetch);
    https_cancel(container->call);
    resolver_name_free(container->name);
    free(container->endpoint.host);
    free(container->path);
    free(container);
}

static void *container_open(const struct provider_setup *setup)
{
    struct container *container = calloc(1, sizeof(*container));
    enum sg_status status;

    if (!container)
        return NULL;
    container->setup = setup;
    status = locate(container);
    if (status == SG_NO_MEMORY) {
        container_close(container);
        return NULL;
    }
    if (status)
        snprintf(container->fault, sizeof(container->fault), "it must be %s",
                 strcmp(container->variable, RELATIVE_URI) == 0
                     ? "a path that begins with '/'"
                     : "http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH");
    return container;
}

const struct provider container_provider = {
    .name = "container",
    .open = container_open,
    .look = container_look,
    .close = container_close,
};
