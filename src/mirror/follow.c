#include "mirror/follow.h"

#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "mirror/document.h"
#include "mirror/ec2.h"
#include "mirror/pace.h"
#include "mirror/store.h"

enum { TIMEOUT_MS = 10 * 1000 };

/* The endpoint of a service. */
struct followed {
    struct slice id;        /* empty: not configured */
    struct buffer document; /* in force; empty: none */
    bool rejected;          /* the newest is not good */
    bool seen;              /* in the answer that is being read */
    int64_t told_at;        /* wall seconds */
    char why[MIRROR_WHY];   /* see struct follow_state */
    char name[MIRROR_NAME];
};

struct follow {
    const struct config *config;
    follow_told *told;
    void *user;
    struct ec2 *ec2;
    struct ec2_call *call;
    struct event *timer;
    struct credentials *credentials;
    char no_credentials[MIRROR_WHY];
    struct pace pace;
    unsigned long long failures;
    bool answered;
    bool complained; /* of the failures */
    bool changed;    /* and those who use it are still to be told */
    struct followed of[AWS_SERVICE_COUNT];
};

/* False when memory is short: then it stays as it was. */
static bool put(struct buffer *into, struct slice text)
{
    struct buffer fresh = {0};

    buffer_append(&fresh, text);
    if (fresh.failed) {
        buffer_free(&fresh);
        return false;
    }
    buffer_free(into);
    *into = fresh;
    return true;
}

static void take_from_cache(struct follow *follow, size_t service)
{
    struct followed *of = &follow->of[service];
    struct buffer text = {0};
    struct sg_error err;
    enum sg_status status = store_read(follow->config, service, &text, &err);

    if (status == SG_OK)
        status = document_check(follow->config, of->name, buffer_slice(&text), &err);
    if (status == SG_OK && put(&of->document, buffer_slice(&text)))
        log_info("the policy of %s is the one in the cache until EC2 tells it", of->name);
    else if (status != SG_NOT_FOUND)
        log_warn("the policy of %s in the cache is not taken: %s", of->name, err.text);
    buffer_free(&text);
}

/* What was good by the configuration before may not be by this one. */
static bool take_from(const struct follow *follow, struct followed *of, const struct followed *before)
{
    struct slice document = buffer_slice(&before->document);
    struct sg_error err;

    if (!slice_eq(of->id, before->id) || !document.len)
        return false;
    if (document_check(follow->config, of->name, document, &err) != SG_OK) {
        log_warn("the policy of %s that was in force is not taken over: %s", of->name, err.text);
        return false;
    }
    if (!put(&of->document, document))
        return false;
    of->told_at = before->told_at;
    return true;
}

struct follow *follow_new(const struct config *config, const struct follow *before, follow_told *told,
                          void *user)
{
    struct follow *follow = calloc(1, sizeof(*follow));

    if (!follow)
        return NULL;
    follow->config = config;
    follow->told = told;
    follow->user = user;
    follow->pace.refresh_ms = config->mirror->refresh_ms;
    snprintf(follow->no_credentials, sizeof(follow->no_credentials), "no source has answered yet");
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        struct followed *of = &follow->of[i];

        if (!config->endpoints[i].configured)
            continue;
        of->id = slice_cstr(config->endpoints[i].vpc_endpoint_id);
        snprintf(of->name, sizeof(of->name), "%.*s (endpoints.%s)", SLICE_FMT(of->id), aws_services[i].key);
        if (!before || !take_from(follow, of, &before->of[i]))
            take_from_cache(follow, i);
        if (!of->document.len)
            snprintf(of->why, sizeof(of->why), "EC2 has not told it yet");
    }
    return follow;
}

size_t follow_identity(const struct config *config)
{
    size_t i = 0;

    while (&config->listeners[i].mirror != config->mirror)
        i++;
    return config->listeners[i].identity;
}

struct mirror *follow_mirror(const struct follow *follow)
{
    struct mirror_text texts[AWS_SERVICE_COUNT];

    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++)
        texts[i] = (struct mirror_text){buffer_slice(&follow->of[i].document), follow->of[i].why};
    return mirror_new(follow->config, texts);
}

bool follow_is_complete(const struct follow *follow)
{
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        if (follow->of[i].id.len && !follow->of[i].document.len)
            return false;
    }
    return true;
}

bool follow_has_answered(const struct follow *follow)
{
    return follow->answered || follow_is_complete(follow);
}

struct follow_state follow_state(const struct follow *follow, size_t service)
{
    const struct followed *of = &follow->of[service];

    return (struct follow_state){of->document.len > 0, of->told_at, of->why};
}

unsigned long long follow_failures(const struct follow *follow)
{
    return follow->failures;
}

static void arm(struct follow *follow, unsigned ms)
{
    struct timeval delay = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

    (void)evtimer_add(follow->timer, &delay);
}

static uint32_t random_bits(void)
{
    uint32_t random;

    evutil_secure_rng_get_bytes(&random, sizeof(random));
    return random;
}

/* Why there is no document is news to those who use it, too: clients are told. */
static void set_why(struct follow *follow, struct followed *of, const char *why)
{
    if (!of->document.len && strcmp(of->why, why) != 0)
        follow->changed = true;
    sg_word(of->why, sizeof(of->why), "%s", why);
}

/* The alarm: what EC2 tells is not what is in force. Once in the log for each reason. */
static void reject(struct follow *follow, struct followed *of, const struct sg_error *err)
{
    char why[MIRROR_WHY];

    sg_word(why, sizeof(why), "the policy that EC2 tells of %s is not in force: %s", of->name, err->text);
    if (strcmp(of->why, why) != 0)
        log_error("%s; %s", why,
                  of->document.len ? "the one before it stays"
                                   : "requests are refused until there is a good one");
    of->rejected = true;
    set_why(follow, of, why);
}

/* An id that is another service's was mistaken for this one's, and its policy says nothing of our requests.
 */
static enum sg_status check_service(const struct follow *follow, const struct followed *of,
                                    struct slice service_name, struct sg_error *err)
{
    enum aws_service service = aws_service_of_endpoint(service_name);

    if (service == AWS_ENDPOINT_COUNT || service == (enum aws_service)(of - follow->of))
        return SG_OK;
    return sg_fail(err, SG_INVALID, "it is that of an endpoint for %.*s: correct vpc_endpoint",
                   SLICE_FMT(service_name));
}

static void take(struct follow *follow, struct followed *of, const struct ec2_vpc_endpoint *endpoint)
{
    struct slice document = endpoint->parts[EC2_POLICY];
    struct sg_error err;

    if (check_service(follow, of, endpoint->parts[EC2_SERVICE], &err) != SG_OK ||
        document_check(follow->config, of->name, document, &err) != SG_OK) {
        reject(follow, of, &err);
        return;
    }
    if (!put(&of->document, document))
        return; /* memory is short: it is told again */
    follow->changed = true;
    log_info("the policy of %s is now the one that EC2 tells, of %zu bytes", of->name, document.len);
    if (store_keep(follow->config, (size_t)(of - follow->of), document, &err) != SG_OK)
        log_warn("the policy of %s is in force, but not kept: %s", of->name, err.text);
}

static void on_endpoint(void *user, const struct ec2_vpc_endpoint *endpoint)
{
    struct follow *follow = user;
    struct slice document = endpoint->parts[EC2_POLICY];

    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        struct followed *of = &follow->of[i];

        if (!of->id.len || !slice_eq(of->id, endpoint->parts[EC2_ID]))
            continue;
        of->seen = true;
        if (!slice_eq(document, buffer_slice(&of->document)) || !document.len)
            take(follow, of, endpoint);
        if (!document.len || !slice_eq(document, buffer_slice(&of->document)))
            continue;
        of->rejected = false;
        of->told_at = clock_wall_seconds();
        of->why[0] = '\0';
    }
}

static void fail(struct follow *follow, const char *why_not)
{
    bool tell;
    unsigned ms = pace_failed(&follow->pace, clock_monotonic_us(), random_bits(), &tell);
    char why[MIRROR_WHY];

    follow->failures++;
    follow->complained = follow->complained || tell;
    log_line(tell ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG,
             "the policies of the VPC endpoints cannot be asked for, so %s: %s",
             follow_is_complete(follow) ? "the last good ones stay"
                                        : "there is none, and requests are refused",
             why_not);
    sg_word(why, sizeof(why), "EC2 does not tell it: %s", why_not);
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        if (follow->of[i].id.len && !follow->of[i].document.len && !follow->of[i].rejected)
            set_why(follow, &follow->of[i], why);
    }
    arm(follow, ms);
}

static void tell(struct follow *follow)
{
    bool first = !follow->answered, changed = follow->changed;

    follow->answered = true;
    follow->changed = false;
    if ((first || changed) && !follow->told(follow->user, changed))
        follow->changed = true;
}

static void check_seen(struct follow *follow, struct followed *of)
{
    char why[MIRROR_WHY];

    if (!of->id.len || of->seen)
        return;
    snprintf(why, sizeof(why), "EC2 knows no VPC endpoint %.60s in this region and account", of->id.ptr);
    if (strcmp(of->why, why) != 0)
        log_error("endpoints.%s: %s", aws_services[of - follow->of].key, why);
    set_why(follow, of, why);
}

static void on_done(void *user, const char *why_not)
{
    struct follow *follow = user;

    follow->call = NULL;
    if (why_not) {
        fail(follow, why_not);
    } else {
        if (follow->complained)
            log_info("the policies of the VPC endpoints are told by EC2 again");
        follow->complained = false;
        for (size_t i = 0; i < AWS_SERVICE_COUNT; i++)
            check_seen(follow, &follow->of[i]);
        arm(follow, pace_succeeded(&follow->pace, random_bits()));
    }
    tell(follow);
}

static bool ask(struct follow *follow)
{
    const struct ec2_listener listener = {on_endpoint, on_done, follow};
    struct slice ids[AWS_SERVICE_COUNT];
    size_t count = 0;

    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        follow->of[i].seen = false;
        if (follow->of[i].id.len)
            ids[count++] = follow->of[i].id;
    }
    follow->call =
        ec2_describe_vpc_endpoints(follow->ec2, follow->credentials, ids, count, TIMEOUT_MS, &listener);
    return follow->call != NULL;
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
    struct follow *follow = user;

    (void)fd;
    (void)what;
    if (!follow->credentials)
        fail(follow, follow->no_credentials);
    else if (!ask(follow))
        fail(follow, "out of memory");
    else
        return;
    tell(follow);
}

enum sg_status follow_start(struct follow *follow, struct https *https, struct sg_error *err)
{
    follow->ec2 = ec2_new(https, follow->config);
    follow->timer = evtimer_new(https_base(https), on_timer, follow);
    if (!follow->ec2 || !follow->timer)
        return sg_fail(err, SG_NO_MEMORY, "out of memory");
    return SG_OK;
}

/* The first word on them begins the asking; after that, those that come after there were none are used at
 * once. */
void follow_set_credentials(struct follow *follow, struct credentials *current, const char *why)
{
    bool had = follow->credentials != NULL;

    credentials_unref(follow->credentials);
    follow->credentials = current ? credentials_ref(current) : NULL;
    sg_word(follow->no_credentials, sizeof(follow->no_credentials), "there are no credentials: %s",
            why ? why : "");
    if (!follow->call && (!had || !evtimer_pending(follow->timer, NULL)))
        arm(follow, 0);
}

void follow_free(struct follow *follow)
{
    if (!follow)
        return;
    ec2_cancel(follow->call);
    if (follow->timer)
        event_free(follow->timer);
    ec2_free(follow->ec2);
    credentials_unref(follow->credentials);
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++)
        buffer_free(&follow->of[i].document);
    free(follow);
}
