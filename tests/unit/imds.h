/* A double of the EC2 instance metadata service that speaks the protocol over real sockets. */
#ifndef SAGEGATE_TESTS_UNIT_IMDS_H
#define SAGEGATE_TESTS_UNIT_IMDS_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "credentials/provider.h"

#include "unit/unit.h"

#define KEYS                                                                                                 \
    "{\"Code\":\"Success\",\"LastUpdated\":\"2026-11-24T02:00:00Z\",\"Type\":\"AWS-HMAC\","                  \
    "\"AccessKeyId\":\"ASIADOUBLE\",\"SecretAccessKey\":\"s3cret/+\",\"Token\":\"t0ken==\","                 \
    "\"Expiration\":\"2027-01-15T08:00:00Z\"}"
#define ROLES_PATH    "/latest/meta-data/iam/security-credentials/"
#define EXTENDED_PATH "/latest/meta-data/iam/security-credentials-extended/"

enum {
    PATIENCE_MS = 20000, /* for answers that come; never waited for */
    HASTE_MS = 100,      /* for answers that do not come */
    EXPIRATION = 1800000000,
    SILENT = -1, /* as a status: no answer at all */
};

/* What the double answers, and what it was asked. */
struct imds_double {
    int token_status;
    const char *token; /* the body; blanks around it are not part of it */
    int list_status;
    const char *list;
    int keys_status;
    const char *keys;
    int expired_tokens;         /* so many GETs are answered with 401 */
    const char *short_lived_id; /* in place of keys; NULL: none */
    unsigned puts, gets;
    bool knows_extended;
    bool knows_no_tokens; /* version 1: GETs carry none */
    unsigned extended_gets;
};

struct world {
    struct event_base *base;
    struct evhttp *server;
    struct imds_double plays;
    struct provider_setup setup;
    void *provider;
    enum provider_outcome outcome;
    struct credentials *found;
    char why[600];
    unsigned answers;
};

static inline void reply(struct evhttp_request *request, int status, const char *body)
{
    struct evbuffer *buffer;

    if (status == SILENT)
        return;
    buffer = evbuffer_new();
    assert_non_null(buffer);
    evbuffer_add(buffer, body, strlen(body));
    evhttp_send_reply(request, status, NULL, buffer);
    evbuffer_free(buffer);
}

/* Keys that have four seconds to live from now. */
static inline void reply_short_lived(struct evhttp_request *request, const char *id)
{
    time_t end = time(NULL) + 4;
    char date[32], keys[256];

    assert_true(strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime(&end)) > 0);
    snprintf(keys, sizeof(keys),
             "{\"Code\":\"Success\",\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
             "\"Expiration\":\"%s\"}",
             id, date);
    reply(request, 200, keys);
}

static inline void on_put(struct evhttp_request *request, struct imds_double *plays)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);

    plays->puts++;
    assert_int_equal(evhttp_request_get_command(request), EVHTTP_REQ_PUT);
    assert_string_equal(evhttp_find_header(headers, "X-aws-ec2-metadata-token-ttl-seconds"), "21600");
    assert_string_equal(evhttp_find_header(headers, "Content-Length"), "0");
    assert_null(evhttp_find_header(headers, "X-aws-ec2-metadata-token"));
    reply(request, plays->token_status, plays->token);
}

static inline void on_request(struct evhttp_request *request, void *user)
{
    struct imds_double *plays = user;
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    const char *path = evhttp_request_get_uri(request);
    const char *token = evhttp_find_header(headers, "X-aws-ec2-metadata-token");

    assert_non_null(evhttp_find_header(headers, "Host"));
    if (strcmp(path, "/latest/api/token") == 0) {
        on_put(request, plays);
        return;
    }
    assert_int_equal(evhttp_request_get_command(request), EVHTTP_REQ_GET);
    if (plays->knows_no_tokens)
        assert_null(token);
    else
        assert_string_equal(token, "TOKEN==");
    if (strncmp(path, EXTENDED_PATH, strlen(EXTENDED_PATH)) == 0) {
        plays->extended_gets++;
        if (!plays->knows_extended) {
            reply(request, 404, "");
            return;
        }
    }
    plays->gets++;
    if (plays->expired_tokens > 0) {
        plays->expired_tokens--;
        reply(request, 401, "");
    } else if (strcmp(path, plays->knows_extended ? EXTENDED_PATH : ROLES_PATH) == 0) {
        reply(request, plays->list_status, plays->list);
    } else if (strcmp(path, ROLES_PATH "my-role") == 0 && plays->short_lived_id) {
        reply_short_lived(request, plays->short_lived_id);
    } else if (strcmp(path, ROLES_PATH "my-role") == 0 || strcmp(path, EXTENDED_PATH "my-role") == 0) {
        reply(request, plays->keys_status, plays->keys);
    } else {
        if (strcmp(path, "/latest/meta-data/placement/availability-zone") != 0)
            assert_string_equal(path, "/latest/meta-data/placement/region");
        reply(request, plays->list_status, plays->list);
    }
}

static inline void on_answer(void *user, enum provider_outcome outcome, struct credentials *found,
                             const char *why_not)
{
    struct world *world = user;

    world->answers++;
    world->outcome = outcome;
    credentials_unref(world->found);
    world->found = found ? credentials_ref(found) : NULL;
    snprintf(world->why, sizeof(world->why), "%s", why_not ? why_not : "");
    event_base_loopbreak(world->base);
}

static const struct imds_double healthy = {
    200, " TOKEN==\n", 200, "my-role\nother-role", 200, KEYS, 0, NULL, 0, 0, false, false, 0};

static inline int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    char url[64];

    assert_non_null(world);
    world->base = event_base_new();
    world->server = evhttp_new(world->base);
    assert_non_null(world->server);
    world->plays = healthy;
    evhttp_set_gencb(world->server, on_request, &world->plays);
    evutil_socket_t fd =
        evhttp_bound_socket_get_fd(evhttp_bind_socket_with_handle(world->server, "127.0.0.1", 0));
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
    unsetenv("AWS_EC2_METADATA_DISABLED");
    unsetenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
    /* Nothing of this may come between a metadata service and us. */
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1/", 1);
    world->setup = (struct provider_setup){.base = world->base, .answer = on_answer, .user = world};
    *state = world;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *world = *state;

    if (world->provider)
        imds_provider.close(world->provider);
    credentials_unref(world->found);
    evhttp_free(world->server);
    event_base_free(world->base);
    free(world);
    return 0;
}

/* One look, to its answer. */
static inline void look(struct world *world, unsigned timeout_ms)
{
    unsigned before = world->answers;

    if (!world->provider)
        world->provider = imds_provider.open(&world->setup);
    assert_non_null(world->provider);
    imds_provider.look(world->provider, timeout_ms);
    if (world->answers == before)
        event_base_dispatch(world->base);
    assert_int_equal(world->answers, before + 1);
}

#endif
