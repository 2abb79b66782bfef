/* What the exchanges of a fuzzer are made with: configuration and policies, keys, and a clock that it sets.
 */
#ifndef SAGEGATE_FUZZ_EXCHANGE_SETUP_H
#define SAGEGATE_FUZZ_EXCHANGE_SETUP_H

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "config/hits.h"
#include "credentials/credentials.h"

enum { START = 1798761600 }; /* 2027-01-01T00:00:00Z: the seeds' signatures are of that time */

static uint64_t passed_us; /* since START */

#define LOCAL_KEY "SGAKFUZZ"
static const struct slice secret = SLICE_INIT("fuzz/secret+key");
static const char policy[] =
    "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"sagemaker:*\","
    "\"Resource\": \"arn:aws:sagemaker:us-west-2:123456789012:endpoint*/ok*\"},"
    "{\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"*\", \"Resource\": "
    "\"arn:aws:sagemaker:*:*:endpoint/okay\","
    "\"Condition\": {\"StringLike\": {\"aws:PrincipalArn\": \"*:role/other\"}}}]}";
static const char theirs[] =
    "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"sagemaker:InvokeEndpoint\","
    "\"Resource\": \"arn:aws:sagemaker:us-west-2:123456789012:endpoint/theirs\"}]}";

/* Of whom the keys are, who may not be known; all with one secret. */
enum { KEYS = 4 };
#define SESSION_OF "arn:aws:sts::123456789012:assumed-role/"
struct key_pair {
    struct slice id, token, session;
};
static const struct key_pair key_pairs[KEYS] = {
    {SLICE_INIT("1AKIDFUZZ"), SLICE_INIT("token"), SLICE_INIT(SESSION_OF "app/session")},
    {SLICE_INIT("2AKIDFUZZ"), SLICE_INIT(""), SLICE_INIT(SESSION_OF "app/session")},
    {SLICE_INIT("3AKIDFUZZ"), SLICE_INIT("other"), SLICE_INIT(SESSION_OF "other/session")},
    {SLICE_INIT("4AKIDFUZZ"), SLICE_INIT("unknown"), SLICE_INIT("")},
};

/* Time passes when the input says so, for libevent too; but not for logs, nor for libFuzzer. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    uint64_t origin = id == CLOCK_REALTIME_COARSE ? START : 1000;

    if (id == CLOCK_REALTIME)
        return (int)syscall(SYS_clock_gettime, id, now);
    *now = (struct timespec){(time_t)(origin + passed_us / 1000000), (long)(passed_us % 1000000) * 1000};
    return 0;
}

/* A file in memory; its path stands in `path`. */
static void make_file(const char *text, char path[32])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    assert(fd >= 0 && fchmod(fd, 0600) == 0);
    assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    snprintf(path, 32, "/proc/self/fd/%d", fd);
}

static void tell_problem(void *user, const struct config_problem *problem)
{
    (void)user;
    fprintf(stderr, "%s\n", problem->text);
}

static const struct config *make_config(void)
{
    char policy_path[32], theirs_path[32], secret_path[32], path[32], *text;
    struct config *config;
    struct sg_error err;

    make_file(policy, policy_path);
    make_file(theirs, theirs_path);
    make_file("local-secret-0123456789", secret_path);
    assert(asprintf(&text,
                    "region: us-west-2\naccount_id: '123456789012'\nworkers: 1\n"
                    "endpoints: {runtime: {url: 'https://10.0.0.1'}, api: {url: 'https://10.0.0.2'}}\n"
                    "limits: {max_body: 256KiB, buffer_memory: 256KiB, max_requests: 2}\n"
                    "timeouts: {client: 5s, response: 5s, idle: 10s, total: 60s}\n"
                    "listeners: [{name: main, address: 'unix:/fuzz', policy: %s, clients: [{name: app, "
                    "access_key_id: " LOCAL_KEY ", secret_file: %s, policy: %s, vend_to: '%u'}]}]\n",
                    policy_path, secret_path, theirs_path, (unsigned)geteuid()) > 0);
    make_file(text, path);
    free(text);
    config = config_load(path, tell_problem, NULL);
    assert(config && hits_new(config, &err) == SG_OK);
    return config;
}

static struct credentials *make_keys(const struct key_pair *pair)
{
    struct credentials *made = credentials_new(pair->id, secret, pair->token, 0, "fuzz"), *identified;
    struct caller_identity who;
    struct buffer memory = {0};

    assert(made);
    if (!pair->session.len) {
        made->identity_asked = made->identity_pending = true;
        return made;
    }
    assert(caller_identity_read(pair->session, &memory, &who) == SG_OK);
    identified = credentials_identified(made, &who);
    credentials_unref(made);
    buffer_free(&memory);
    assert(identified);
    return identified;
}

static struct event_base *make_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *made;

    assert(event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE) == 0);
    made = event_base_new_with_config(config);
    event_config_free(config);
    return made;
}

#endif
