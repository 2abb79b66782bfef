#include "credentials/metadata.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "credentials/provider.h"

#define TOKEN_TTL "21600"

enum {
    TOKEN_LIFE_S = 21600 - 5, /* of the TTL, less the time that a request is under way */
    TOKEN_MAX = 1024,
    PATH_MAX_BYTES = 256,
};

struct metadata {
    struct event_base *base;
    struct fetch_target target;
    char refusal[320]; /* why nothing can be asked; empty when it can */
    char token[TOKEN_MAX];
    uint64_t token_end_us; /* monotonic; 0: there is no token */
    struct fetch *fetch;   /* under way */
    char path[PATH_MAX_BYTES];
    unsigned timeout_ms;
    bool renewed; /* this get has had its one fresh token */
    bool allow_v1;
    bool v1; /* it knows no tokens, and gets none until it asks for one (401) */
    fetch_done *done;
    void *user;
};

static void locate(struct metadata *metadata)
{
    const char *disabled = provider_variable("AWS_EC2_METADATA_DISABLED");
    const char *endpoint = provider_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = provider_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    struct sg_error err;

    if (disabled && strcasecmp(disabled, "true") == 0)
        snprintf(metadata->refusal, sizeof(metadata->refusal), "AWS_EC2_METADATA_DISABLED is true");
    else if (!endpoint && mode && strcasecmp(mode, "ipv4") != 0 && strcasecmp(mode, "ipv6") != 0)
        snprintf(metadata->refusal, sizeof(metadata->refusal),
                 "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6");
    else if (endpoint && fetch_target_parse(endpoint, &metadata->target, &err))
        snprintf(metadata->refusal, sizeof(metadata->refusal), "AWS_EC2_METADATA_SERVICE_ENDPOINT: %.270s",
                 err.text);
    else if (!endpoint)
        (void)fetch_target_parse(mode && strcasecmp(mode, "ipv6") == 0 ? "http://[fd00:ec2::254]"
                                                                       : "http://169.254.169.254",
                                 &metadata->target, NULL);
}

struct metadata *metadata_open(struct event_base *base, bool allow_v1)
{
    struct metadata *metadata = calloc(1, sizeof(*metadata));

    if (metadata) {
        metadata->base = base;
        metadata->allow_v1 = allow_v1;
        locate(metadata);
    }
    return metadata;
}

void metadata_close(struct metadata *metadata)
{
    if (!metadata)
        return;
    fetch_cancel(metadata->fetch);
    secret_wipe(metadata->token, sizeof(metadata->token));
    free(metadata);
}

/* The last thing that a get does: `done` may have closed the session when it returns. */
static void finish(struct metadata *metadata, const char *problem)
{
    struct fetch_answer answer = {.problem = problem};

    metadata->done(metadata->user, &answer);
}

static void send_get(struct metadata *metadata);

static void start(struct metadata *metadata, const struct fetch_request *request, fetch_done *done)
{
    metadata->fetch = fetch_start(metadata->base, request, done, metadata);
    if (!metadata->fetch)
        finish(metadata, "out of memory");
}

/* False when it cannot be a token. Blanks and line ends around it are not part of it. */
static bool keep_token(struct metadata *metadata, struct slice body)
{
    while (body.len && (unsigned char)body.ptr[body.len - 1] <= ' ')
        body.len--;
    while (body.len && (unsigned char)body.ptr[0] <= ' ')
        body = slice_from(body, 1);
    if (body.len == 0 || body.len >= sizeof(metadata->token))
        return false;
    for (size_t i = 0; i < body.len; i++) {
        if (body.ptr[i] <= ' ' || body.ptr[i] > '~')
            return false;
    }
    memcpy(metadata->token, body.ptr, body.len);
    metadata->token[body.len] = '\0';
    metadata->token_end_us = clock_monotonic_us() + (uint64_t)TOKEN_LIFE_S * 1000000;
    return true;
}

static void on_token(void *user, const struct fetch_answer *answer)
{
    struct metadata *metadata = user;
    char problem[512];

    metadata->fetch = NULL;
    if (answer->status == 200 && keep_token(metadata, answer->body)) {
        send_get(metadata);
        return;
    }
    if (metadata->allow_v1 &&
        (answer->timed_out || answer->status == 403 || answer->status == 404 || answer->status == 405)) {
        log_debug("%s gives no session token: it is asked without, by IMDSv1", metadata->target.authority);
        metadata->v1 = true;
        send_get(metadata);
        return;
    }
    /* The answer to the PUT has the hop limit as its TTL, so one hop too many looks like silence. */
    if (answer->timed_out)
        sg_word(problem, sizeof(problem),
                "%s (in a container on EC2, the instance's metadata hop limit must be at least 2)",
                answer->problem);
    else if (answer->status == 0)
        sg_word(problem, sizeof(problem), "%s", answer->problem);
    else if (answer->status == 200)
        sg_word(problem, sizeof(problem), "%s answered a token request with no token",
                metadata->target.authority);
    else if (answer->status == 403)
        sg_word(problem, sizeof(problem), "%s refuses token requests (403): instance metadata is turned off",
                metadata->target.authority);
    else
        sg_word(problem, sizeof(problem),
                "%s answered a token request with status %d; sagegate speaks only IMDSv2",
                metadata->target.authority, answer->status);
    finish(metadata, problem);
}

static void send_put(struct metadata *metadata)
{
    const struct fetch_request request = {
        .target = &metadata->target,
        .put = true,
        .path = "/latest/api/token",
        .header_name = "X-aws-ec2-metadata-token-ttl-seconds",
        .header_value = TOKEN_TTL,
        .timeout_ms = metadata->timeout_ms,
    };

    start(metadata, &request, on_token);
}

static void on_get(void *user, const struct fetch_answer *answer)
{
    struct metadata *metadata = user;

    metadata->fetch = NULL;
    /* 401: the token is no longer good, say after the instance was suspended. A fresh one, once. */
    if (answer->status == 401) {
        metadata->token_end_us = 0;
        metadata->v1 = false;
        if (!metadata->renewed) {
            metadata->renewed = true;
            send_put(metadata);
            return;
        }
    }
    metadata->done(metadata->user, answer);
}

static void send_get(struct metadata *metadata)
{
    const struct fetch_request request = {
        .target = &metadata->target,
        .path = metadata->path,
        .header_name = metadata->v1 ? NULL : "X-aws-ec2-metadata-token",
        .header_value = metadata->token,
        .timeout_ms = metadata->timeout_ms,
    };

    start(metadata, &request, on_get);
}

void metadata_get(struct metadata *metadata, const char *path, unsigned timeout_ms, fetch_done *done,
                  void *user)
{
    metadata->timeout_ms = timeout_ms;
    metadata->done = done;
    metadata->user = user;
    metadata->renewed = false;
    snprintf(metadata->path, sizeof(metadata->path), "%s", path);
    if (metadata->refusal[0])
        finish(metadata, metadata->refusal);
    else if (metadata->v1 || clock_monotonic_us() < metadata->token_end_us)
        send_get(metadata);
    else
        send_put(metadata);
}
