#include "credentials/sts.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/util.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/secret.h"
#include "credentials/answer.h"
#include "credentials/provider.h"
#include "credentials/sts_answer.h"
#include "credentials/sts_request.h"

enum {
    TRIES = 3,
    PAUSE_MS = 250, /* before the second try; doubled before the third; up to twice as long at random */
    CHAINED_S = 3600,
    PARAMETERS_MAX = 16 * 1024, /* bytes of a body, beside the web identity token */
};

struct sts {
    struct https *https;
    struct config_endpoint endpoint; /* what https.h needs of it */
    struct sigv4_signer *signer;
    char *region;
    char *name; /* for messages */
};

struct sts_call {
    struct sts *sts;
    const char *action;
    const char *source;
    struct credentials *keys; /* NULL: not signed */
    struct buffer body;       /* may hold a token: never moved, and wiped */
    unsigned timeout_ms;
    unsigned tries; /* that were begun */
    struct event pause;
    struct https_call *https;
    sts_done *done;
    void *user;
};

struct sts *sts_new(struct https *https, const struct config *config)
{
    const struct config_endpoint *endpoint = &config->endpoints[AWS_STS];
    struct sts *sts = calloc(1, sizeof(*sts));

    if (!sts)
        return NULL;
    sts->https = https;
    sts->endpoint = (struct config_endpoint){.configured = endpoint->configured,
                                             .private_dns = endpoint->private_dns,
                                             .host = strdup(endpoint->host),
                                             .port = endpoint->port,
                                             .authority = strdup(endpoint->authority)};
    sts->signer = sigv4_signer_new();
    sts->region = strdup(config->region);
    if (asprintf(&sts->name, "STS (%s)", endpoint->authority) < 0)
        sts->name = NULL;
    if (!sts->endpoint.host || !sts->endpoint.authority || !sts->signer || !sts->region || !sts->name) {
        sts_free(sts);
        return NULL;
    }
    return sts;
}

void sts_free(struct sts *sts)
{
    if (!sts)
        return;
    free(sts->endpoint.host);
    free(sts->endpoint.authority);
    sigv4_signer_free(sts->signer);
    free(sts->region);
    free(sts->name);
    free(sts);
}

void sts_cancel(struct sts_call *call)
{
    if (!call)
        return;
    https_cancel(call->https);
    event_del(&call->pause);
    credentials_unref(call->keys);
    secret_free_buffer(&call->body);
    free(call);
}

static void finish(struct sts_call *call, const struct sts_result *result)
{
    call->done(call->user, result);
    sts_cancel(call);
}

static void finish_failed(struct sts_call *call, const char *why_not)
{
    const struct sts_result result = {.why_not = why_not};

    finish(call, &result);
}

/* What may be otherwise at the next try. The last two are of web identities: the provider's keys could not be
 * fetched, or are so new that they are not known everywhere. */
static bool may_pass(int status, struct slice code)
{
    static const struct slice codes[] = {
        SLICE_INIT("Throttling"),
        SLICE_INIT("ThrottlingException"),
        SLICE_INIT("RequestLimitExceeded"),
        SLICE_INIT("RequestThrottled"),
        SLICE_INIT("IDPCommunicationError"),
        SLICE_INIT("InvalidIdentityToken"),
    };

    if (status == 0 || status == 429 || status >= 500)
        return true;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (slice_eq(code, codes[i]))
            return true;
    }
    return false;
}

/* True when another try is under way. */
static bool try_later(struct sts_call *call)
{
    unsigned pause = PAUSE_MS << (call->tries - 1);
    uint32_t random;
    struct timeval delay;

    if (call->tries == TRIES)
        return false;
    evutil_secure_rng_get_bytes(&random, sizeof(random));
    pause += random % pause;
    delay = (struct timeval){pause / 1000, (suseconds_t)(pause % 1000) * 1000};
    return evtimer_add(&call->pause, &delay) == 0;
}

static const char *part_names[STS_PART_COUNT] = {
    [STS_ACCESS_KEY_ID] = "AccessKeyId",
    [STS_SECRET_ACCESS_KEY] = "SecretAccessKey",
    [STS_SESSION_TOKEN] = "SessionToken",
    [STS_EXPIRATION] = "Expiration",
    [STS_ACCOUNT] = "Account",
    [STS_ARN] = "Arn",
    [STS_USER_ID] = "UserId",
};

static bool has_parts(const struct sts_answer *answer, enum sts_part first, enum sts_part last,
                      struct sg_error *err)
{
    for (unsigned part = first; part <= last; part++) {
        if (answer->parts[part].len == 0) {
            (void)sg_fail(err, SG_INVALID, "its answer has no %s", part_names[part]);
            return false;
        }
    }
    return true;
}

/* Takes over credentials; returns them with the identity of the session, as far as the answer tells it. NULL
 * when memory is short. */
static struct credentials *with_session(struct credentials *credentials, const struct sts_answer *answer)
{
    struct credentials *identified = NULL;
    struct buffer memory = {0};
    struct caller_identity who;

    if (!credentials || caller_identity_read(answer->parts[STS_ASSUMED_ARN], &memory, &who) == SG_INVALID)
        return credentials;
    who.user_id = answer->parts[STS_USER_ID];
    if (!memory.failed)
        identified = credentials_identified(credentials, &who);
    buffer_free(&memory);
    credentials_unref(credentials);
    return identified;
}

/* The credentials of the role; NULL with err. */
static struct credentials *role_credentials(const struct sts_call *call, const struct sts_answer *answer,
                                            struct sg_error *err)
{
    const struct slice *parts = answer->parts;
    struct credentials *credentials;
    struct sg_error part;
    int64_t end;

    if (!has_parts(answer, STS_ACCESS_KEY_ID, STS_EXPIRATION, err))
        return NULL;
    if (credentials_time_parse(parts[STS_EXPIRATION], &end) || end <= 0) {
        (void)sg_fail(err, SG_INVALID, "its answer's Expiration is not a time like 2026-01-31T23:59:59Z");
        return NULL;
    }
    if (credentials_check(parts[STS_ACCESS_KEY_ID], parts[STS_SECRET_ACCESS_KEY], parts[STS_SESSION_TOKEN],
                          &part)) {
        (void)sg_fail(err, SG_INVALID, "its answer is no good: %s", part.text);
        return NULL;
    }
    credentials = credentials_new(parts[STS_ACCESS_KEY_ID], parts[STS_SECRET_ACCESS_KEY],
                                  parts[STS_SESSION_TOKEN], end, call->source);
    credentials = with_session(credentials, answer);
    if (!credentials)
        (void)sg_fail(err, SG_NO_MEMORY, "out of memory");
    return credentials;
}

/* A good answer, if it holds what it should. */
static void finish_good(struct sts_call *call, const struct sts_answer *answer)
{
    struct sts_result result = {.account = answer->parts[STS_ACCOUNT],
                                .user_id = answer->parts[STS_USER_ID],
                                .arn = answer->parts[STS_ARN]};
    struct sg_error err;
    char why_not[600];
    bool good;

    if (call->source) {
        result.arn = answer->parts[STS_ASSUMED_ARN];
        result.credentials = role_credentials(call, answer, &err);
        good = result.credentials != NULL;
    } else {
        good = has_parts(answer, STS_ACCOUNT, STS_USER_ID, &err);
    }
    if (good) {
        finish(call, &result);
    } else {
        snprintf(why_not, sizeof(why_not), "%s, %s: %s", call->sts->name, call->action, err.text);
        finish_failed(call, why_not);
    }
    credentials_unref(result.credentials);
}

static void finish_bad(struct sts_call *call, const struct fetch_answer *answer, const struct sts_answer *xml)
{
    struct slice code = xml->parts[STS_ERROR_CODE], message = xml->parts[STS_ERROR_MESSAGE];
    char why_not[600];

    if (may_pass(answer->status, code) && try_later(call))
        return;
    if (answer->status == 0)
        snprintf(why_not, sizeof(why_not),
                 "%s cannot be asked: %s (a VPC without another way to STS needs an interface endpoint for "
                 "it: endpoints.sts)",
                 call->sts->name, answer->problem);
    else if (code.len)
        snprintf(why_not, sizeof(why_not), "%s refused %s: %.*s: %.*s", call->sts->name, call->action,
                 (int)(code.len < 80 ? code.len : 80), code.ptr, (int)(message.len < 300 ? message.len : 300),
                 message.ptr ? message.ptr : "");
    else
        snprintf(why_not, sizeof(why_not), "%s answered %s with status %d", call->sts->name, call->action,
                 answer->status);
    finish_failed(call, why_not);
}

static void on_https(void *user, const struct fetch_answer *answer)
{
    struct sts_call *call = user;
    struct sts_answer xml = {0};
    struct sg_error err = {0};
    char why_not[600];

    call->https = NULL;
    if (answer->status)
        (void)sts_answer_parse(answer->body, &xml, &err);
    if (answer->status != 200) {
        finish_bad(call, answer, &xml);
    } else if (err.status) {
        snprintf(why_not, sizeof(why_not), "%s, %s: %s", call->sts->name, call->action, err.text);
        finish_failed(call, why_not);
    } else {
        finish_good(call, &xml);
    }
    sts_answer_free(&xml);
}

static void on_try(evutil_socket_t fd, short what, void *user)
{
    struct sts_call *call = user;
    const struct sts_message message = {
        .signer = call->sts->signer,
        .authority = slice_cstr(call->sts->endpoint.authority),
        .region = slice_cstr(call->sts->region),
        .keys = call->keys,
        .body = buffer_slice(&call->body),
        .now = clock_wall_seconds(),
    };
    struct https_request request = {.endpoint = &call->sts->endpoint, .timeout_ms = call->timeout_ms};
    struct buffer text = {0};
    struct sg_error err;

    (void)fd;
    (void)what;
    call->tries++;
    (void)buffer_reserve(&text, STS_HEAD_MAX + call->body.len);
    if (sts_message_write(&message, &text, &err) == SG_OK) {
        request.text = buffer_slice(&text);
        call->https = https_start(call->sts->https, &request, on_https, call);
        if (!call->https)
            (void)sg_fail(&err, SG_NO_MEMORY, "out of memory");
    }
    secret_free_buffer(&text);
    if (!call->https)
        finish_failed(call, err.text);
}

static struct sts_call *call_new(struct sts *sts, const char *action, size_t token_len, unsigned timeout_ms,
                                 sts_done *done, void *user)
{
    struct sts_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->sts = sts;
    call->action = action;
    call->timeout_ms = timeout_ms;
    call->done = done;
    call->user = user;
    evtimer_assign(&call->pause, https_base(sts->https), on_try, call);
    (void)buffer_reserve(&call->body, PARAMETERS_MAX + 3 * token_len);
    sts_body_begin(&call->body, action);
    return call;
}

/* The first try is begun by the loop, so that `done` is never called from within a start. */
static struct sts_call *start(struct sts_call *call)
{
    if (call->body.failed) {
        sts_cancel(call);
        return NULL;
    }
    event_active(&call->pause, EV_TIMEOUT, 0);
    return call;
}

struct sts_call *sts_get_caller_identity(struct sts *sts, struct credentials *keys, unsigned timeout_ms,
                                         sts_done *done, void *user)
{
    struct sts_call *call = call_new(sts, "GetCallerIdentity", 0, timeout_ms, done, user);

    if (!call)
        return NULL;
    call->keys = credentials_ref(keys);
    return start(call);
}

struct sts_call *sts_assume_role(struct sts *sts, struct credentials *keys, const struct sts_role *role,
                                 const char *source, unsigned timeout_ms, sts_done *done, void *user)
{
    struct sts_call *call = call_new(sts, "AssumeRole", 0, timeout_ms, done, user);

    if (!call)
        return NULL;
    call->keys = credentials_ref(keys);
    call->source = source;
    sts_body_add_role(&call->body, role, keys->session_token.len ? CHAINED_S : UINT_MAX);
    return start(call);
}

struct sts_call *sts_assume_role_with_web_identity(struct sts *sts, struct slice token,
                                                   const struct sts_role *role, const char *source,
                                                   unsigned timeout_ms, sts_done *done, void *user)
{
    struct sts_call *call = call_new(sts, "AssumeRoleWithWebIdentity", token.len, timeout_ms, done, user);

    if (!call)
        return NULL;
    call->source = source;
    sts_body_add_role(&call->body, role, UINT_MAX);
    sts_body_add(&call->body, "WebIdentityToken", token);
    return start(call);
}
