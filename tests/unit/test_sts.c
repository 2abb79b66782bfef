/* The STS client against a double over TLS: what it says, and what it makes of each answer. */
#include <event2/event.h>

#include "base/log.h"
#include "credentials/sts.h"

#include "unit/tls_server.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n"
#define IDENTITY                                                                                             \
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/u</Arn>"        \
    "<UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult></"                          \
    "GetCallerIdentityResponse>"
#define KEYS_OF(operation, expiration)                                                                       \
    "<" operation "Response><" operation "Result><AssumedRoleUser><Arn>arn:session</Arn></AssumedRoleUser>"  \
    "<Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>S/</SecretAccessKey>"                     \
    "<SessionToken>T=</SessionToken><Expiration>" expiration "</Expiration></Credentials></" operation       \
    "Result></" operation "Response>"
#define SESSION_OF(operation, arn)                                                                           \
    "<" operation "Response><" operation "Result><AssumedRoleUser><Arn>" arn                                 \
    "</Arn></AssumedRoleUser><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"  \
    "<SessionToken>T</SessionToken><Expiration>" END "</Expiration></Credentials></" operation               \
    "Result></" operation "Response>"
#define ERROR(code)                                                                                          \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>because</Message></Error>"       \
    "</ErrorResponse>"
#define END "2027-01-15T08:00:00Z"

enum { PATIENCE_MS = 20000, HASTE_MS = 100, NEAR_S = 1800 };

struct world {
    struct event_base *base;
    struct tls_server server;
    struct https *https;
    struct sts *sts;
    struct credentials *keys;
    char text[700]; /* what `done` was told */
    char role[200]; /* whose credentials they are */
    unsigned answers;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    char authority[40];
    struct config config = {.region = (char[]){"us-west-2"}, .connect_timeout_ms = PATIENCE_MS};
    struct sg_error err;

    assert_non_null(world);
    tls_server_start(&world->server);
    snprintf(authority, sizeof(authority), "127.0.0.1:%u", world->server.port);
    config.tls_ca_file = world->server.ca_file;
    config.endpoints[AWS_STS] = (struct config_endpoint){
        .host = (char[]){"127.0.0.1"}, .port = world->server.port, .authority = authority};
    world->base = event_base_new();
    world->https = https_new(world->base, &config, &err);
    assert_non_null(world->https);
    world->sts = sts_new(world->https, &config);
    assert_non_null(world->sts);
    world->keys = credentials_new(SLICE("AKIDX"), SLICE("secret"), SLICE(""), 0, "test");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    credentials_unref(world->keys);
    sts_free(world->sts);
    https_free(world->https);
    event_base_free(world->base);
    tls_server_stop(&world->server);
    free(world);
    return 0;
}

static void on_done(void *user, const struct sts_result *result)
{
    struct world *world = user;
    const struct credentials *keys = result->credentials;

    world->answers++;
    snprintf(world->role, sizeof(world->role), "%.*s", keys ? (int)keys->identity.principal_arn.len : 0,
             keys ? keys->identity.principal_arn.ptr : "");
    if (result->why_not)
        snprintf(world->text, sizeof(world->text), "%s", result->why_not);
    else if (keys)
        snprintf(world->text, sizeof(world->text), "%.*s %.*s %.*s %lld %s %.*s",
                 SLICE_FMT(keys->access_key_id), SLICE_FMT(keys->secret_access_key),
                 SLICE_FMT(keys->session_token), (long long)keys->expiration, keys->source,
                 SLICE_FMT(result->arn));
    else
        snprintf(world->text, sizeof(world->text), "%.*s %.*s %.*s", SLICE_FMT(result->account),
                 SLICE_FMT(result->arn), SLICE_FMT(result->user_id));
    event_base_loopbreak(world->base);
}

static void wait_for(struct world *world, const struct sts_call *call)
{
    unsigned before = world->answers;

    assert_non_null(call);
    event_base_dispatch(world->base);
    assert_int_equal(world->answers, before + 1);
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static const char *body_of(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

static void test_identity(void **state)
{
    struct world *world = *state;
    const char *request = world->server.requests[0];

    world->server.answers[0] = HEAD("200 OK") IDENTITY;
    wait_for(world, sts_get_caller_identity(world->sts, world->keys, PATIENCE_MS, on_done, world));
    assert_string_equal(world->text, "123456789012 arn:aws:iam::123456789012:user/u U");
    assert_string_equal(body_of(request), "Action=GetCallerIdentity&Version=2011-06-15");
    assert_says(request, "POST / HTTP/1.1\r\nHost: 127.0.0.1:");
    assert_says(request, "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n");
    assert_says(request, "/us-west-2/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date, ");
    assert_null(strstr(request, "X-Amz-Security-Token"));
}

static void test_assume_role(void **state)
{
    static const struct sts_tag tags[] = {{"team", "a b"}, {"app", "x=1"}};
    const struct sts_role role = {.arn = SLICE("arn:aws:iam::1:role/r"),
                                  .session_name = SLICE("me@here"),
                                  .external_id = SLICE("x:/1"),
                                  .duration_s = 43200,
                                  .tags = tags,
                                  .tag_count = 2};
    struct world *world = *state;
    struct credentials *of_role = credentials_new(SLICE("ASIAY"), SLICE("secret"), SLICE("token"), 0, "test");

    world->server.answers[0] = HEAD("200 OK") KEYS_OF("AssumeRole", END);
    world->server.answers[1] = HEAD("200 OK") KEYS_OF("AssumeRole", END);
    wait_for(world, sts_assume_role(world->sts, world->keys, &role, "profile", PATIENCE_MS, on_done, world));
    assert_string_equal(world->text, "ASIAX S/ T= 1800000000 profile arn:session");
    assert_string_equal(body_of(world->server.requests[0]),
                        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"
                        "&RoleSessionName=me%40here&ExternalId=x%3A%2F1&DurationSeconds=43200"
                        "&Tags.member.1.Key=team&Tags.member.1.Value=a%20b"
                        "&Tags.member.2.Key=app&Tags.member.2.Value=x%3D1");
    /* With a role's own keys the service gives an hour at most. */
    wait_for(world, sts_assume_role(world->sts, of_role, &role, "profile", PATIENCE_MS, on_done, world));
    assert_says(body_of(world->server.requests[1]), "&DurationSeconds=3600&");
    assert_says(world->server.requests[1], "X-Amz-Security-Token: token\r\n");
    assert_says(world->server.requests[1], "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token");
    credentials_unref(of_role);
}

/* A session's ARN does not have the role's path: the role's own does, where it is the same role. */
static void test_path_of_a_role(void **state)
{
    static const struct {
        const char *role, *answer, *known;
    } rows[] = {
        {"arn:aws:iam::123456789012:role/a/b/r",
         HEAD("200 OK") SESSION_OF("AssumeRole", "arn:aws:sts::123456789012:assumed-role/r/s"),
         "arn:aws:iam::123456789012:role/a/b/r"},
        {"arn:aws:iam::123456789012:role/a/other",
         HEAD("200 OK") SESSION_OF("AssumeRole", "arn:aws:sts::123456789012:assumed-role/r/s"),
         "arn:aws:iam::123456789012:role/r"},
        {"arn:aws:iam::123456789012:role/a/r",
         HEAD("200 OK") SESSION_OF("AssumeRoleWithWebIdentity", "arn:aws:sts::123456789012:assumed-role/r/s"),
         "arn:aws:iam::123456789012:role/a/r"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct sts_role role = {.arn = slice_cstr(rows[i].role)};

        world->server.answers[i] = rows[i].answer;
        wait_for(world,
                 i < 2 ? sts_assume_role(world->sts, world->keys, &role, "x", PATIENCE_MS, on_done, world)
                       : sts_assume_role_with_web_identity(world->sts, SLICE("t"), &role, "x", PATIENCE_MS,
                                                           on_done, world));
        assert_string_equal(world->role, rows[i].known);
    }
}

static void test_web_identity(void **state)
{
    const struct sts_role role = {.arn = SLICE("arn:r")};
    struct world *world = *state;
    const char *request = world->server.requests[0];

    world->server.answers[0] = HEAD("200 OK") KEYS_OF("AssumeRoleWithWebIdentity", END);
    wait_for(world, sts_assume_role_with_web_identity(world->sts, SLICE("a.b-c+"), &role, "web identity",
                                                      PATIENCE_MS, on_done, world));
    assert_string_equal(world->text, "ASIAX S/ T= 1800000000 web identity arn:session");
    assert_says(body_of(request), "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Ar"
                                  "&RoleSessionName=sagegate-");
    assert_says(body_of(request), "&WebIdentityToken=a.b-c%2B");
    assert_null(strstr(request, "Authorization"));
    assert_null(strstr(request, "X-Amz-Date"));
}

/* What comes back, how often it is asked for, and what is said then. */
static void test_answers(void **state)
{
    static const struct {
        const char *answer;
        unsigned tries;
        const char *why;
    } rows[] = {
        {HEAD("403 Forbidden") ERROR("AccessDenied"), 1, " refused AssumeRole: AccessDenied: because"},
        {HEAD("403 Forbidden") ERROR("ExpiredToken"), 1, " refused AssumeRole: ExpiredToken: because"},
        {HEAD("400 Bad Request") ERROR("InvalidIdentityToken"), 3, ": InvalidIdentityToken: because"},
        {HEAD("400 Bad Request") ERROR("IDPCommunicationError"), 3, ": IDPCommunicationError: because"},
        {HEAD("400 Bad Request") ERROR("Throttling"), 3, ": Throttling: because"},
        {HEAD("400 Bad Request") "<html>", 1, " answered AssumeRole with status 400"},
        {HEAD("404 Not Found") "", 1, " answered AssumeRole with status 404"},
        {HEAD("302 Found") "", 1, " answered AssumeRole with status 302"},
        {HEAD("500 Oops") "", 3, " answered AssumeRole with status 500"},
        {HEAD("503 Slow") ERROR("ServiceUnavailable"), 3, ": ServiceUnavailable: because"},
        {HEAD("200 OK") "", 1, "AssumeRole: its answer is empty"},
        {HEAD("200 OK") "{\"a\":1}", 1, "AssumeRole: its answer is not XML"},
        {HEAD("200 OK") "<AssumeRoleResponse><AssumeRoleResult>", 1, "AssumeRole: its answer is not XML"},
        {HEAD("200 OK") IDENTITY, 1, "AssumeRole: its answer has no AccessKeyId"},
        {HEAD("200 OK") KEYS_OF("AssumeRole", "soon"), 1, "its answer's Expiration is not a time"},
        {HEAD("200 OK") KEYS_OF("AssumeRole", ""), 1, "its answer has no Expiration"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<Assume", 3, "ended before it was complete"},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", 3, "is not HTTP/1.1"},
        {"", 3, "ended before it was complete"},
    };
    const struct sts_role role = {.arn = SLICE("arn:r")};
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t n = 0; n < TLS_SERVER_REQUESTS; n++)
            world->server.answers[n] = rows[i].answer;
        world->server.count = 0;
        wait_for(world, sts_assume_role(world->sts, world->keys, &role, "x", PATIENCE_MS, on_done, world));
        if (!strstr(world->text, rows[i].why) || world->server.count != rows[i].tries)
            fail_msg("row %zu: %u tries, \"%s\"", i, world->server.count, world->text);
    }
}

static void test_passes_by_itself(void **state)
{
    const struct sts_role role = {.arn = SLICE("arn:r")};
    struct world *world = *state;

    world->server.answers[0] = HEAD("400 Bad Request") ERROR("IDPCommunicationError");
    world->server.answers[1] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                               "chunked\r\n\r\n5\r\n<Assu\r\n" /* and no more */;
    world->server.answers[2] = HEAD("200 OK") KEYS_OF("AssumeRoleWithWebIdentity", END);
    wait_for(world, sts_assume_role_with_web_identity(world->sts, SLICE("t"), &role, "web identity",
                                                      PATIENCE_MS, on_done, world));
    assert_says(world->text, "ASIAX");
    assert_int_equal(world->server.count, 3);
}

/* An answer that rejects the signature, of a service whose clock is so far ahead. */
static void reject(char *answer, size_t size, const char *code, int ahead_s)
{
    time_t then = time(NULL) + ahead_s;
    struct tm tm;
    char date[40];

    assert_non_null(gmtime_r(&then, &tm));
    assert_true(strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
    snprintf(
        answer, size,
        "HTTP/1.1 403 Forbidden\r\nDate: %s\r\nConnection: close\r\n\r\n<ErrorResponse><Error><Code>%s</Code>"
        "<Message>because</Message></Error></ErrorResponse>",
        date, code);
}

/* By how many seconds the date of a request is ahead. */
static int ahead_of(const char *request)
{
    const char *date = strstr(request, "X-Amz-Date: ");
    struct tm tm = {0};

    assert_non_null(date);
    assert_non_null(strptime(date + strlen("X-Amz-Date: "), "%Y%m%dT%H%M%SZ", &tm));
    return (int)(timegm(&tm) - time(NULL));
}

/* The date is corrected, and stays so for what is asked after it. */
static void test_clock(void **state)
{
    struct world *world = *state;
    char answer[400];

    reject(answer, sizeof(answer), "SignatureDoesNotMatch", 7200);
    world->server.answers[0] = answer;
    world->server.answers[1] = world->server.answers[2] = HEAD("200 OK") IDENTITY;
    wait_for(world, sts_get_caller_identity(world->sts, world->keys, PATIENCE_MS, on_done, world));
    assert_says(world->text, "123456789012 ");
    assert_int_equal(world->server.count, 2);
    assert_true(abs(ahead_of(world->server.requests[0])) < NEAR_S);
    assert_true(abs(ahead_of(world->server.requests[1]) - 7200) < NEAR_S);
    wait_for(world, sts_get_caller_identity(world->sts, world->keys, PATIENCE_MS, on_done, world));
    assert_true(abs(ahead_of(world->server.requests[2]) - 7200) < NEAR_S);
}

/* Rejected for another reason, or by a clock that is too far away. */
static void test_clock_that_is_not_corrected(void **state)
{
    static const struct {
        const char *code;
        int ahead_s;
    } rows[] = {{"SignatureDoesNotMatch", 10}, {"AccessDenied", 7200}, {"SignatureDoesNotMatch", 2 * 86400}};
    struct world *world = *state;
    char answer[400];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        reject(answer, sizeof(answer), rows[i].code, rows[i].ahead_s);
        world->server.answers[0] = answer;
        world->server.count = 0;
        wait_for(world, sts_get_caller_identity(world->sts, world->keys, PATIENCE_MS, on_done, world));
        assert_says(world->text, " refused GetCallerIdentity: ");
        assert_int_equal(world->server.count, 1);
    }
}

/* The try for a corrected clock is one more, not the first of many. */
static void test_clock_at_the_last_try(void **state)
{
    struct world *world = *state;
    char answer[400];

    reject(answer, sizeof(answer), "SignatureDoesNotMatch", 7200);
    for (size_t n = 0; n < 4; n++)
        world->server.answers[n] = n == 2 ? answer : HEAD("503 Slow") ERROR("ServiceUnavailable");
    world->server.answers[4] = HEAD("200 OK") IDENTITY;
    wait_for(world, sts_get_caller_identity(world->sts, world->keys, PATIENCE_MS, on_done, world));
    assert_says(world->text, ": ServiceUnavailable: because");
    assert_int_equal(world->server.count, 4);
}

static void test_nobody_answers(void **state)
{
    struct world *world = *state;

    /* Silence. */
    wait_for(world, sts_get_caller_identity(world->sts, world->keys, HASTE_MS, on_done, world));
    assert_says(world->text, "no answer from 127.0.0.1:");
    assert_says(world->text, "in 0.1 s (a VPC without another way to STS needs an interface endpoint");
    /* Nobody listens. */
    shutdown(world->server.listener, SHUT_RDWR);
    wait_for(world, sts_get_caller_identity(world->sts, world->keys, PATIENCE_MS, on_done, world));
    assert_says(world->text, "Connection refused");
}

static void test_cancel(void **state)
{
    struct world *world = *state;
    struct sts_call *call = sts_get_caller_identity(world->sts, world->keys, PATIENCE_MS, on_done, world);

    assert_non_null(call);
    for (int turns = 0; turns < 3; turns++)
        event_base_loop(world->base, EVLOOP_ONCE);
    sts_cancel(call);
    event_base_loop(world->base, EVLOOP_NONBLOCK);
    assert_int_equal(world->answers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_assume_role, setup, teardown),
        cmocka_unit_test_setup_teardown(test_path_of_a_role, setup, teardown),
        cmocka_unit_test_setup_teardown(test_web_identity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_passes_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clock_that_is_not_corrected, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clock_at_the_last_try, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
    };

    signal(SIGPIPE, SIG_IGN);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
