#include "credentials/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buffer.h"
#include "base/log_record.h"
#include "credentials/schedule.h"
#include "credentials/sts.h"

enum {
    LOOK_MS = 5000,  /* slow answers are answers */
    GUESS_MS = 1000, /* at start, when maybe nobody is there, and somebody waits to hear how it stands */
    LEAST_PAUSE_MS = 1000,
    RENEWAL_PAUSE_MS = 10 * 1000, /* up to half of it is added at random */
    REPEAT_LOG_US = 60 * 1000 * 1000,
};

enum state { RESTING, ASKING, ANSWERED };

struct chain {
    struct chain_setup setup;
    struct provider_setup of_providers;
    void **opened; /* the providers' states, in their order */
    enum state state;
    bool ticking;
    size_t at;    /* the provider that is asked, or that gave `current` */
    bool settled; /* it has given a set: from now on only it is asked, as others would act as somebody else */
    enum provider_outcome outcome;
    struct credentials *candidate; /* of the answer that is not yet looked at */
    struct sts_call *call;         /* for the role that is assumed with a provider's keys */
    struct credentials *current;
    int64_t refresh_at;     /* wall seconds; for current */
    uint64_t not_before_us; /* monotonic; no provider is asked earlier */
    unsigned failures;      /* in a row; … */
    uint64_t all_failures;  /* … and altogether */
    uint64_t failure_logged_us;
    bool renewal_asked;
    uint64_t no_renewal_before_us; /* monotonic */
    bool end_logged;               /* that current is used after its end */
    struct buffer why;             /* of the search under way: "environment: …; profile: …" */
    struct buffer told;            /* what `changed` was last given with NULL */
    struct buffer passed;          /* why the search went on to the provider that gave current */
};

/* Another reason for the list: "profile: there is no file …". It may quote what others have said: it stays
 * one line. */
static void add_why(struct chain *chain, const char *why_not)
{
    size_t from = chain->why.len;

    buffer_printf(&chain->why, "%s%s: %s", chain->why.len ? "; " : "",
                  chain->setup.providers[chain->at]->name, why_not);
    for (size_t i = from; i < chain->why.len; i++) {
        if ((unsigned char)chain->why.data[i] < ' ' || chain->why.data[i] == 0x7f)
            chain->why.data[i] = ' ';
    }
}

static void answered(struct chain *chain, enum provider_outcome outcome, struct credentials *found,
                     const char *why_not)
{
    chain->state = ANSWERED;
    chain->outcome = outcome;
    if (found)
        chain->candidate = credentials_ref(found);
    else
        add_why(chain, why_not);
    if (!chain->ticking)
        chain->setup.wake(chain->setup.wake_user);
}

static void on_role(void *user, const struct sts_result *result)
{
    struct chain *chain = user;

    chain->call = NULL;
    answered(chain, result->why_not ? PROVIDER_FAILED : PROVIDER_FOUND, result->credentials, result->why_not);
}

static void on_answer(void *user, enum provider_outcome outcome, struct credentials *found,
                      const char *why_not)
{
    struct chain *chain = user;
    const struct chain_setup *setup = &chain->setup;

    if (outcome != PROVIDER_FOUND || !setup->role) {
        answered(chain, outcome, found, why_not);
        return;
    }
    chain->call =
        sts_assume_role(setup->of_providers.sts, found, setup->role, "assume role", LOOK_MS, on_role, chain);
    if (!chain->call)
        answered(chain, PROVIDER_FAILED, NULL, "out of memory");
}

/* A role's session ends when it ends, whoever assumed it. */
static bool is_usable_after_end(const struct chain *chain)
{
    return !chain->setup.role && chain->setup.providers[chain->at]->usable_after_end;
}

static bool open_providers(struct chain *chain)
{
    const struct chain_setup *setup = &chain->setup;

    chain->of_providers = setup->of_providers;
    chain->of_providers.answer = on_answer;
    chain->of_providers.user = chain;
    chain->opened = calloc(setup->count, sizeof(*chain->opened));
    for (size_t i = 0; chain->opened && i < setup->count; i++) {
        const struct provider *provider = setup->providers[i];

        chain->opened[i] = provider->open ? provider->open(&chain->of_providers) : &chain->of_providers;
        if (!chain->opened[i])
            return false;
    }
    return chain->opened != NULL;
}

struct chain *chain_new(const struct chain_setup *setup)
{
    struct chain *chain = calloc(1, sizeof(*chain));

    if (!chain)
        return NULL;
    chain->setup = *setup;
    if (!open_providers(chain)) {
        chain_free(chain);
        return NULL;
    }
    return chain;
}

const char *chain_provider(const struct chain *chain)
{
    return chain->setup.providers[chain->at]->name;
}

uint64_t chain_failures(const struct chain *chain)
{
    return chain->all_failures;
}

void chain_free(struct chain *chain)
{
    if (!chain)
        return;
    for (size_t i = 0; chain->opened && i < chain->setup.count; i++) {
        if (chain->opened[i] && chain->setup.providers[i]->close)
            chain->setup.providers[i]->close(chain->opened[i]);
    }
    free(chain->opened);
    sts_cancel(chain->call);
    credentials_unref(chain->candidate);
    credentials_unref(chain->current);
    buffer_free(&chain->why);
    buffer_free(&chain->told);
    buffer_free(&chain->passed);
    free(chain);
}

static const char *why_text(struct chain *chain)
{
    const char *text = buffer_cstr(&chain->why);

    return text ? text : "out of memory";
}

static void tell_current(struct chain *chain)
{
    const char *passed = chain->passed.len ? buffer_cstr(&chain->passed) : NULL;

    chain->setup.changed(chain->setup.changed_user, chain->current, passed);
}

static bool is_over(const struct credentials *credentials, const struct chain_now *now)
{
    return credentials->expiration != 0 && credentials->expiration <= now->wall;
}

/* "2026-11-24T02:04:00Z", or empty for never. */
static const char *time_text(int64_t wall, char *text, size_t size)
{
    time_t seconds = (time_t)wall;
    struct tm tm;

    if (wall == 0 || !gmtime_r(&seconds, &tm) || strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        *text = '\0';
    return text;
}

static void pause_for(struct chain *chain, const struct chain_now *now, unsigned ms)
{
    chain->not_before_us = now->monotonic_us + (uint64_t)ms * 1000;
}

/* " of NAME", for a sentence about the credentials. */
static const char *of_identity(const struct chain *chain, char text[80])
{
    snprintf(text, 80, "%s%s", chain->setup.identity ? " of " : "",
             chain->setup.identity ? chain->setup.identity : "");
    return text;
}

/* Never more of an access key id than its last four characters. */
static void log_set(const struct chain *chain, enum log_level level, const char *message,
                    const struct credentials *set)
{
    char end[32];
    struct slice id = set->access_key_id;
    struct log_record record;

    if (!log_enabled(level))
        return;
    log_begin(&record, level, slice_cstr(message));
    if (chain->setup.identity)
        log_text(&record, "identity", slice_cstr(chain->setup.identity));
    log_text(&record, "source", slice_cstr(set->source));
    log_text(&record, "access_key_id_end", id.len >= 8 ? slice_from(id, id.len - 4) : slice_of(NULL, 0));
    log_text(&record, "expires", slice_cstr(time_text(set->expiration, end, sizeof(end))));
    log_end(&record);
}

static void add_why_expired(struct chain *chain, const struct credentials *set)
{
    char text[80] = "it gave credentials that expired at ";
    size_t len = strlen(text);

    time_text(set->expiration, text + len, sizeof(text) - len);
    add_why(chain, text);
}

/* There is nothing to sign with: told once for each different reason, not once for each try. */
static void tell_none(struct chain *chain)
{
    const char *why = why_text(chain);
    char of[80];

    if (chain->told.len && slice_eq(buffer_slice(&chain->told), slice_cstr(why))) {
        log_debug("still no credentials%s: %s", of_identity(chain, of), why);
        return;
    }
    log_warn("no credentials%s: %s", of_identity(chain, of), why);
    buffer_reset(&chain->told);
    buffer_append(&chain->told, slice_cstr(why));
    chain->setup.changed(chain->setup.changed_user, NULL, why);
}

/* Once a minute, however often it is tried. */
static void log_failure(struct chain *chain, const struct chain_now *now)
{
    char of[80];
    bool repeated = chain->failures > 1 && now->monotonic_us - chain->failure_logged_us < REPEAT_LOG_US;

    log_line(repeated ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN,
             "credentials%s could not be refreshed, the old ones stay in use: %s", of_identity(chain, of),
             why_text(chain));
    if (!repeated)
        chain->failure_logged_us = now->monotonic_us;
}

static void failed(struct chain *chain, const struct chain_now *now)
{
    chain->failures++;
    chain->all_failures++;
    if (chain->current && is_over(chain->current, now))
        pause_for(chain, now, schedule_expired_ms(now->random));
    else
        pause_for(chain, now, schedule_retry_ms(chain->failures, now->random));
    if (chain->current)
        log_failure(chain, now);
    else
        tell_none(chain);
}

static void replace(struct chain *chain, struct credentials *set, const struct chain_now *now)
{
    bool news = !chain->current || chain->failures != 0;

    log_set(chain, news ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
            news ? "credentials found" : "credentials refreshed", set);
    if (!chain->settled)
        buffer_append(&chain->passed, buffer_slice(&chain->why));
    chain->settled = true;
    credentials_unref(chain->current);
    chain->current = set;
    chain->refresh_at = schedule_refresh_at(now->wall, set->expiration, now->random);
    chain->failures = 0;
    chain->end_logged = false;
    chain->renewal_asked = false;
    buffer_reset(&chain->told);
    pause_for(chain, now, is_over(set, now) ? schedule_expired_ms(now->random) : LEAST_PAUSE_MS);
    tell_current(chain);
}

static void found(struct chain *chain, const struct chain_now *now)
{
    struct credentials *set = chain->candidate;

    chain->candidate = NULL;
    /* One expired set is as good as the other; at a cold start it is all there is, and the service judges. */
    if (is_over(set, now) && (chain->current || !is_usable_after_end(chain))) {
        add_why_expired(chain, set);
        credentials_unref(set);
        failed(chain, now);
    } else if (chain->current && credentials_same(chain->current, set)) {
        credentials_unref(set);
        chain->failures = 0;
        pause_for(chain, now, schedule_unmoved_ms(chain->current->expiration - now->wall, now->random));
    } else {
        replace(chain, set, now);
    }
}

static void ask(struct chain *chain, size_t at)
{
    const struct provider *provider = chain->setup.providers[at];
    bool guess = provider->guessed && chain->setup.count > 1 && !chain->settled && chain->failures == 0;

    chain->at = at;
    chain->state = ASKING;
    provider->look(chain->opened[at], guess ? GUESS_MS : LOOK_MS);
}

static void settle(struct chain *chain, const struct chain_now *now)
{
    chain->state = RESTING;
    if (chain->outcome == PROVIDER_FOUND)
        found(chain, now);
    else if (chain->outcome == PROVIDER_EMPTY && !chain->settled && chain->at + 1 < chain->setup.count)
        ask(chain, chain->at + 1);
    else
        failed(chain, now);
}

/* Current's end: the end of its use, or a line in the log, as its provider says. */
static void mind_the_end(struct chain *chain, const struct chain_now *now)
{
    if (!chain->current || !is_over(chain->current, now) || chain->end_logged)
        return;
    if (is_usable_after_end(chain)) {
        log_set(chain, LOG_LEVEL_WARN, "credentials have expired and stay in use until there are newer ones",
                chain->current);
        chain->end_logged = true;
        return;
    }
    buffer_reset(&chain->why);
    add_why_expired(chain, chain->current);
    credentials_unref(chain->current);
    chain->current = NULL;
    tell_none(chain);
}

static bool is_due(const struct chain *chain, const struct chain_now *now)
{
    const struct provider *provider = chain->setup.providers[chain->at];

    if (now->monotonic_us < chain->not_before_us)
        return false;
    return !chain->current || chain->refresh_at <= now->wall ||
           (provider->stale && provider->stale(chain->opened[chain->at]));
}

/* Without current the search has its own pauses. */
static bool renewal_is_due(struct chain *chain, const struct chain_now *now)
{
    uint64_t pause_us = RENEWAL_PAUSE_MS * 1000;

    if (!chain->renewal_asked || !chain->current || now->monotonic_us < chain->no_renewal_before_us)
        return false;
    chain->no_renewal_before_us = now->monotonic_us + pause_us + (now->random * (pause_us / 2) >> 32);
    return true;
}

/* Who asked is told how it stands: there is nothing newer, now at least. */
static void end_renewal(struct chain *chain)
{
    chain->renewal_asked = false;
    if (chain->current)
        tell_current(chain);
    else
        chain->setup.changed(chain->setup.changed_user, NULL, why_text(chain));
}

/* Sooner of *ms and the given pause. */
static void no_later(int64_t *ms, int64_t pause)
{
    if (pause < *ms)
        *ms = pause > 0 ? pause : 1;
}

static int next_tick_ms(const struct chain *chain, const struct chain_now *now)
{
    int64_t held_back = chain->not_before_us > now->monotonic_us
                            ? (int64_t)((chain->not_before_us - now->monotonic_us + 999) / 1000)
                            : 0;
    int64_t ms = SCHEDULE_TICK_MS;
    int64_t refresh;

    if (!chain->current) {
        if (chain->state == ASKING)
            return -1;
        no_later(&ms, held_back);
        return (int)ms;
    }
    if (chain->current->expiration == 0)
        return chain->setup.providers[chain->at]->stale ? (int)ms : -1;
    if (!is_over(chain->current, now) && chain->current->expiration - now->wall < SCHEDULE_TICK_MS / 1000)
        no_later(&ms, (chain->current->expiration - now->wall) * 1000);
    if (chain->state == RESTING && chain->refresh_at - now->wall < SCHEDULE_TICK_MS / 1000) {
        refresh = (chain->refresh_at - now->wall) * 1000;
        no_later(&ms, refresh > held_back ? refresh : held_back);
    }
    return (int)ms;
}

int chain_tick(struct chain *chain, const struct chain_now *now)
{
    chain->ticking = true;
    mind_the_end(chain, now);
    if (chain->state == RESTING && (is_due(chain, now) || renewal_is_due(chain, now))) {
        buffer_reset(&chain->why);
        ask(chain, chain->settled ? chain->at : 0);
    }
    while (chain->state == ANSWERED)
        settle(chain, now);
    if (chain->renewal_asked && chain->state == RESTING)
        end_renewal(chain);
    chain->ticking = false;
    return next_tick_ms(chain, now);
}

void chain_renew(struct chain *chain)
{
    chain->renewal_asked = true;
}
