#include "credentials/whoami.h"

#include <stdlib.h>

#include <event2/event.h>
#include <event2/util.h>

#include "aws/service.h"
#include "base/clock.h"
#include "base/log.h"
#include "credentials/schedule.h"

enum {
    TIMEOUT_MS = 5000,
    ASK_PAUSE_MS = 60 * 1000, /* between answers that tell who it is */
};

/* An identity with the memory that it points to. */
struct owned_identity {
    struct caller_identity who;
    struct buffer text;
};

struct whoami {
    struct sts *sts;
    credentials_changed *changed;
    void *user;
    char *name; /* of the configuration's identity; NULL: the default one */
    struct owned_identity configured;
    struct owned_identity told;  /* by STS, of the current keys or of earlier ones */
    char *noted;                 /* the ARN in the log */
    struct credentials *current; /* as it came */
    struct sts_call *call;
    struct event *timer;
    uint64_t asked_generation; /* of the keys that STS is asked of, or has told of */
    uint64_t not_before_us;    /* STS is not asked earlier */
    unsigned failures;         /* in a row */
};

static void forget(struct owned_identity *identity)
{
    identity->who = (struct caller_identity){0};
    buffer_reset(&identity->text);
}

/* False when memory is short. */
static bool remember(struct owned_identity *identity, struct slice arn, struct slice user_id)
{
    struct buffer *text = &identity->text;
    size_t arn_len = arn.len;

    forget(identity);
    /* Room for all of it, so that nothing moves: the role's ARN is shorter than its session's and "role". */
    if (!buffer_reserve(text, 4096 + arn.len + user_id.len))
        return false;
    buffer_append(text, arn);
    buffer_append(text, user_id);
    if (caller_identity_read(slice_of(text->data, arn_len), text, &identity->who) == SG_OK)
        identity->who.user_id = slice_of(text->data + arn_len, user_id.len);
    return !text->failed;
}

static bool read_configured(struct whoami *whoami, const struct whoami_setup *setup)
{
    struct owned_identity *configured = &whoami->configured;
    struct slice account = config_identity_account(setup->config, setup->of);

    if (setup->of->principal_arn)
        return remember(configured, slice_cstr(setup->of->principal_arn), slice_of(NULL, 0));
    buffer_append(&configured->text, account);
    configured->who.account = buffer_slice(&configured->text);
    configured->who.partition = aws_partition(slice_cstr(setup->config->region));
    return !configured->text.failed;
}

/* What STS told holds for the keys it was asked of, and, while it is asked anew, for what follows them from
 * the same source. Keys without an end do not follow each other: others may be somebody else's. */
static struct caller_identity best(const struct whoami *whoami)
{
    const struct caller_identity *configured = &whoami->configured.who;
    struct caller_identity who = whoami->current->identity;

    if (!who.arn.len)
        who = whoami->told.who;
    if (!who.arn.len)
        return *configured;
    /* The configuration knows the role's path, which no session tells. */
    if (configured->arn.len && caller_identity_is_same(configured, &who))
        who.principal_arn = configured->principal_arn;
    return who;
}

/* In the log once, and loudly where the configuration says otherwise: by that policies were decided until
 * now. */
static void note(struct whoami *whoami, const struct caller_identity *who)
{
    const struct caller_identity *configured = &whoami->configured.who;
    const char *of = whoami->name ? " of " : "", *name = whoami->name ? whoami->name : "";

    if (slice_eq(slice_cstr(whoami->noted), who->arn))
        return;
    free(whoami->noted);
    whoami->noted = strndup(who->arn.ptr, who->arn.len);
    log_info("the credentials%s%s are those of %.*s", of, name, SLICE_FMT(who->arn));
    if (configured->arn.len && !caller_identity_is_same(configured, who))
        log_warn("the configured principal_arn%s%s is %.*s: STS's word counts", of, name,
                 SLICE_FMT(configured->arn));
    else if (configured->account.len && !slice_eq(configured->account, who->account))
        log_warn("the configured account_id is %.*s: STS's word counts", SLICE_FMT(configured->account));
}

static void pass_on(struct whoami *whoami, const struct caller_identity *who, const char *why)
{
    struct credentials *identified = credentials_identified(whoami->current, who);
    bool told = whoami->current->identity.arn.len || whoami->told.who.arn.len;

    if (identified) {
        identified->identity_asked = whoami->sts && whoami->failures == 0 && !told;
        identified->identity_pending = identified->identity_asked && !who->principal_arn.len;
    }
    whoami->changed(whoami->user, identified, identified ? why : "out of memory");
    credentials_unref(identified);
}

static void tell(struct whoami *whoami, const char *why)
{
    struct caller_identity who = best(whoami);

    if (who.arn.len)
        note(whoami, &who);
    pass_on(whoami, &who, why);
}
static void ask_later(struct whoami *whoami)
{
    uint64_t now = clock_monotonic_us();
    uint64_t pause = whoami->not_before_us > now ? whoami->not_before_us - now : 0;
    struct timeval delay = {(time_t)(pause / 1000000), (suseconds_t)(pause % 1000000)};

    /* What came with the keys is as good as what STS would say. */
    if (whoami->sts && !whoami->call && !whoami->current->identity.arn.len)
        (void)evtimer_add(whoami->timer, &delay);
}

static void pause_for(struct whoami *whoami, unsigned ms)
{
    whoami->not_before_us = clock_monotonic_us() + (uint64_t)ms * 1000;
}

static void failed(struct whoami *whoami, const char *why_not)
{
    bool known = whoami->configured.who.account.len || whoami->told.who.arn.len ||
                 (whoami->current && whoami->current->identity.account.len);
    uint32_t random;

    evutil_secure_rng_get_bytes(&random, sizeof(random));
    log_line(whoami->failures++ ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN,
             "it is not known from STS whose the credentials%s%s are, %s: %s", whoami->name ? " of " : "",
             whoami->name ? whoami->name : "",
             known ? "so what the configuration and their source say is used" : "and requests wait for it",
             why_not);
    whoami->asked_generation = 0;
    pause_for(whoami, schedule_retry_ms(whoami->failures, random));
    if (!whoami->current)
        return;
    if (whoami->failures == 1)
        tell(whoami, NULL); /* who waited for STS goes by what there is */
    ask_later(whoami);
}

static void on_answer(void *user, const struct sts_result *result)
{
    struct whoami *whoami = user;

    whoami->call = NULL;
    if (result->why_not) {
        failed(whoami, result->why_not);
        return;
    }
    if (!remember(&whoami->told, result->arn, result->user_id) || !whoami->told.who.arn.len) {
        failed(whoami, "its answer's Arn is not that of a role's session, a user or an account");
        return;
    }
    whoami->failures = 0;
    pause_for(whoami, ASK_PAUSE_MS);
    if (!whoami->current)
        return;
    tell(whoami, NULL);
    if (whoami->current->generation != whoami->asked_generation)
        ask_later(whoami);
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
    struct whoami *whoami = user;

    (void)fd;
    (void)what;
    if (!whoami->current || whoami->call || whoami->current->generation == whoami->asked_generation)
        return;
    whoami->asked_generation = whoami->current->generation;
    whoami->call = sts_get_caller_identity(whoami->sts, whoami->current, TIMEOUT_MS, on_answer, whoami);
    if (!whoami->call)
        failed(whoami, "out of memory");
}

void whoami_changed(void *user, struct credentials *current, const char *why)
{
    struct whoami *whoami = user;
    bool is_new = !current || !whoami->current || current->generation != whoami->current->generation;

    credentials_unref(whoami->current);
    whoami->current = current ? credentials_ref(current) : NULL;
    if (!current) {
        whoami->changed(whoami->user, NULL, why);
        return;
    }
    if (is_new && current->expiration == 0) {
        forget(&whoami->told);
        if (whoami->failures == 0)
            whoami->not_before_us = 0; /* requests may wait for what STS says of these */
    }
    tell(whoami, why);
    if (is_new)
        ask_later(whoami);
}

struct whoami *whoami_new(const struct whoami_setup *setup)
{
    struct whoami *whoami = calloc(1, sizeof(*whoami));

    if (!whoami)
        return NULL;
    whoami->sts = setup->sts;
    whoami->changed = setup->changed;
    whoami->user = setup->user;
    whoami->name = setup->of->name ? strdup(setup->of->name) : NULL;
    whoami->timer = evtimer_new(setup->base, on_timer, whoami);
    if (!whoami->timer || (setup->of->name && !whoami->name) || !read_configured(whoami, setup)) {
        whoami_free(whoami);
        return NULL;
    }
    return whoami;
}

void whoami_free(struct whoami *whoami)
{
    if (!whoami)
        return;
    sts_cancel(whoami->call);
    if (whoami->timer)
        event_free(whoami->timer);
    credentials_unref(whoami->current);
    buffer_free(&whoami->configured.text);
    buffer_free(&whoami->told.text);
    free(whoami->name);
    free(whoami->noted);
    free(whoami);
}
