#include "credentials/query.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>

#include "aws/rejection.h"
#include "base/clock.h"
#include "base/clock_offset.h"
#include "base/log.h"
#include "base/secret.h"
#include "credentials/query_request.h"

enum {
    TRIES = 3,
    PAUSE_MS = 250, /* before the second try; doubled before the third; up to twice as long at random */
    PROBLEM_SIZE = 600,
};

struct query_service {
    struct https *https;
    struct query_service_setup setup;
    struct config_endpoint endpoint; /* what https.h needs of it */
    struct sigv4_signer *signer;
    char *region;
    char *name;
    int64_t clock_offset_s; /* added to the wall clock to sign */
    bool public_told;       /* that it is asked at a public address */
};

struct query_call {
    struct query_service *service;
    const char *action;
    struct query_handler handler;
    struct credentials *keys; /* NULL: not signed */
    struct buffer body;       /* may hold a token: never moved, and wiped */
    unsigned timeout_ms;
    unsigned tries;    /* that were begun */
    int64_t signed_at; /* the date of the last one, in wall seconds */
    bool reclocked;    /* one was for a corrected clock */
    struct event pause;
    struct https_call *https;
};

struct query_service *query_service_new(struct https *https, const struct config *config,
                                        const struct query_service_setup *setup)
{
    const struct config_endpoint *endpoint = &config->endpoints[setup->service];
    struct query_service *service = calloc(1, sizeof(*service));

    if (!service)
        return NULL;
    service->https = https;
    service->setup = *setup;
    service->endpoint = (struct config_endpoint){.configured = endpoint->configured,
                                                 .private_dns = endpoint->private_dns,
                                                 .host = strdup(endpoint->host),
                                                 .port = endpoint->port,
                                                 .authority = strdup(endpoint->authority)};
    service->signer = sigv4_signer_new();
    service->region = strdup(config->region);
    if (asprintf(&service->name, "%s (%s)", setup->name, endpoint->authority) < 0)
        service->name = NULL;
    if (!service->endpoint.host || !service->endpoint.authority || !service->signer || !service->region ||
        !service->name) {
        query_service_free(service);
        return NULL;
    }
    return service;
}

void query_service_free(struct query_service *service)
{
    if (!service)
        return;
    free(service->endpoint.host);
    free(service->endpoint.authority);
    sigv4_signer_free(service->signer);
    free(service->region);
    free(service->name);
    free(service);
}

const char *query_service_name(const struct query_service *service)
{
    return service->name;
}

void query_cancel(struct query_call *call)
{
    if (!call)
        return;
    https_cancel(call->https);
    event_del(&call->pause);
    credentials_unref(call->keys);
    secret_free_buffer(&call->body);
    free(call);
}

static void finish(struct query_call *call, const char *why_not)
{
    call->handler.done(call->handler.user, why_not);
    query_cancel(call);
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

/* True when another try is under way, for it was the date that was rejected. */
static bool try_by_their_clock(struct query_call *call, const struct fetch_answer *answer, struct slice code)
{
    if (call->reclocked || !call->keys || !answer->date ||
        aws_rejection_by_name(code) != AWS_REJECTION_CLOCK ||
        !clock_offset_correct(&call->service->clock_offset_s, call->signed_at, clock_wall_seconds(),
                              answer->date))
        return false;
    call->reclocked = true;
    event_active(&call->pause, EV_TIMEOUT, 0);
    return true;
}

/* True when another try is under way. */
static bool try_later(struct query_call *call)
{
    unsigned pause = PAUSE_MS << (call->tries - 1);
    uint32_t random;
    struct timeval delay;

    if (call->tries >= TRIES)
        return false;
    evutil_secure_rng_get_bytes(&random, sizeof(random));
    pause += random % pause;
    delay = (struct timeval){pause / 1000, (suseconds_t)(pause % 1000) * 1000};
    return evtimer_add(&call->pause, &delay) == 0;
}

static void finish_bad(struct query_call *call, const struct fetch_answer *answer,
                       const struct query_error *error)
{
    const struct query_service *service = call->service;
    struct slice code = error->code, message = error->message;
    char why_not[PROBLEM_SIZE];

    if (try_by_their_clock(call, answer, code) || (may_pass(answer->status, code) && try_later(call)))
        return;
    if (answer->status == 0)
        sg_word(why_not, sizeof(why_not),
                "%s cannot be asked: %s (a VPC without another way to %s needs an interface endpoint for "
                "it: endpoints.%s)",
                service->name, answer->problem, service->setup.name,
                aws_services[service->setup.service].key);
    else if (code.len)
        sg_word(why_not, sizeof(why_not), "%s refused %s: %.*s: %.*s", service->name, call->action,
                (int)(code.len < 80 ? code.len : 80), code.ptr, (int)(message.len < 300 ? message.len : 300),
                message.ptr ? message.ptr : "");
    else
        sg_word(why_not, sizeof(why_not), "%s answered %s with status %d", service->name, call->action,
                answer->status);
    finish(call, why_not);
}

/* It works, by way of a NAT gateway, but nobody should find that out from a bill, or an audit. */
static void tell_public(struct query_service *service, const char *peer)
{
    if (service->public_told)
        return;
    service->public_told = true;
    log_warn("%s is asked at the public address %s, outside of the VPC: endpoints.%s with private_dns or "
             "vpc_endpoint would keep it inside",
             service->name, peer, aws_services[service->setup.service].key);
}

static void on_https(void *user, const struct fetch_answer *answer)
{
    struct query_call *call = user;
    struct query_error error = {0};
    struct sg_error err = {0};
    char why_not[PROBLEM_SIZE];

    call->https = NULL;
    if (answer->public_peer)
        tell_public(call->service, answer->public_peer);
    if (answer->status)
        (void)call->handler.read(call->handler.user, answer->body, &error, &err);
    if (answer->status != 200) {
        finish_bad(call, answer, &error);
    } else if (err.status) {
        sg_word(why_not, sizeof(why_not), "%s, %s: %s", call->service->name, call->action, err.text);
        finish(call, why_not);
    } else {
        finish(call, NULL);
    }
}

static void on_try(evutil_socket_t fd, short what, void *user)
{
    struct query_call *call = user;
    const struct query_service *service = call->service;
    const int64_t now = clock_wall_seconds() + service->clock_offset_s;
    const struct query_message message = {
        .signer = service->signer,
        .authority = slice_cstr(service->endpoint.authority),
        .scope = {slice_cstr(service->region), slice_cstr(aws_services[service->setup.service].signing_name)},
        .keys = call->keys,
        .body = buffer_slice(&call->body),
        .now = now,
    };
    struct https_request request = {.endpoint = &service->endpoint,
                                    .answer_max = service->setup.answer_max,
                                    .timeout_ms = call->timeout_ms};
    struct buffer text = {0};
    struct sg_error err;

    (void)fd;
    (void)what;
    call->tries++;
    call->signed_at = now;
    (void)buffer_reserve(&text, QUERY_HEAD_MAX + call->body.len);
    if (query_message_write(&message, &text, &err) == SG_OK) {
        request.text = buffer_slice(&text);
        call->https = https_start(service->https, &request, on_https, call);
        if (!call->https)
            (void)sg_fail(&err, SG_NO_MEMORY, "out of memory");
    }
    secret_free_buffer(&text);
    if (!call->https)
        finish(call, err.text);
}

struct query_call *query_new(struct query_service *service, const char *action, size_t room,
                             const struct query_handler *handler)
{
    struct query_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->service = service;
    call->action = action;
    call->handler = *handler;
    evtimer_assign(&call->pause, https_base(service->https), on_try, call);
    (void)buffer_reserve(&call->body, room);
    query_body_begin(&call->body, action, service->setup.version);
    return call;
}

void query_add(struct query_call *call, const char *name, struct slice value)
{
    query_body_add(&call->body, name, value);
}

/* The first try is begun by the loop, so that `done` is never called from within a start. */
bool query_start(struct query_call *call, struct credentials *keys, unsigned timeout_ms)
{
    if (call->body.failed) {
        query_cancel(call);
        return false;
    }
    call->keys = keys ? credentials_ref(keys) : NULL;
    call->timeout_ms = timeout_ms;
    event_active(&call->pause, EV_TIMEOUT, 0);
    return true;
}
