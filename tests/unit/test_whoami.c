/* Whose the credentials are: what STS tells, what comes with them, and what is configured, which of it counts
 * when. */
#include <event2/event.h>

#include "base/log.h"
#include "credentials/whoami.h"

#include "unit/tls_server.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n"
#define ANSWER(account, arn)                                                                                 \
    HEAD("200 OK")                                                                                           \
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>" arn                                          \
    "</Arn><UserId>ID</UserId><Account>" account "</Account></GetCallerIdentityResult>"                      \
    "</GetCallerIdentityResponse>"
#define DENIED                                                                                               \
    HEAD("403 Forbidden")                                                                                    \
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
#define ACCOUNT "123456789012"
#define SESSION "arn:aws:sts::" ACCOUNT ":assumed-role/r/s"
#define ROLE    "arn:aws:iam::" ACCOUNT ":role/r"
#define IN_PATH "arn:aws:iam::" ACCOUNT ":role/path/r"

enum { PATIENCE_MS = 20000 };

struct world {
    struct event_base *base;
    struct tls_server server;
    struct config config;
    char authority[40];
    struct https *https;
    struct sts *sts;
    struct whoami *whoami;
    unsigned told;
    uint64_t generation;
    bool asked, pending;
    char text[400]; /* account, ARN, principal's ARN and user id, as last told */
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct sg_error err;

    assert_non_null(world);
    tls_server_start(&world->server);
    snprintf(world->authority, sizeof(world->authority), "127.0.0.1:%u", world->server.port);
    world->config.connect_timeout_ms = PATIENCE_MS;
    world->config.region = strdup("us-west-2");
    world->config.tls_ca_file = world->server.ca_file;
    world->config.endpoints[AWS_STS] = (struct config_endpoint){
        .host = strdup("127.0.0.1"), .port = world->server.port, .authority = world->authority};
    world->base = event_base_new();
    world->https = https_new(world->base, &world->config, &err);
    assert_non_null(world->https);
    world->sts = sts_new(world->https, &world->config);
    assert_non_null(world->sts);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    whoami_free(world->whoami);
    sts_free(world->sts);
    https_free(world->https);
    event_base_free(world->base);
    tls_server_stop(&world->server);
    free(world->config.region);
    free(world->config.endpoints[AWS_STS].host);
    free(world);
    return 0;
}

static void on_told(void *user, struct credentials *current, const char *why)
{
    struct world *world = user;
    const struct caller_identity *who = current ? &current->identity : NULL;

    world->told++;
    if (current) {
        world->generation = current->generation;
        world->asked = current->identity_asked;
        world->pending = current->identity_pending;
        snprintf(world->text, sizeof(world->text), "%.*s %.*s %.*s %.*s", SLICE_FMT(who->account),
                 SLICE_FMT(who->arn), SLICE_FMT(who->principal_arn), SLICE_FMT(who->user_id));
    } else {
        snprintf(world->text, sizeof(world->text), "%s", why);
    }
    event_base_loopbreak(world->base);
}

static void begin(struct world *world, const char *account, const char *principal_arn, bool ask)
{
    const struct config_identity identity = {.principal_arn = (char *)(uintptr_t)principal_arn};
    const struct whoami_setup setup = {.base = world->base,
                                       .sts = ask ? world->sts : NULL,
                                       .config = &world->config,
                                       .of = &identity,
                                       .changed = on_told,
                                       .user = world};

    world->config.account_id = (char *)(uintptr_t)account;
    world->whoami = whoami_new(&setup);
    assert_non_null(world->whoami);
}

/* The chain has these: told at once, whatever STS does. */
static void give(struct world *world, const char *id, int64_t expiration)
{
    struct credentials *keys =
        credentials_new(slice_cstr(id), SLICE("secret"), SLICE("t"), expiration, "test");
    unsigned before = world->told;

    whoami_changed(world->whoami, keys, NULL);
    assert_int_equal(world->told, before + 1);
    assert_true(world->generation == keys->generation);
    credentials_unref(keys);
}

static void await_word(struct world *world)
{
    uint64_t generation = world->generation;
    unsigned before = world->told;

    while (world->told == before)
        assert_int_equal(event_base_loop(world->base, EVLOOP_ONCE), 0);
    assert_true(world->generation == generation);
}

static void test_sts_tells(void **state)
{
    struct world *world = *state;

    begin(world, NULL, NULL, true);
    world->server.answers[0] = ANSWER(ACCOUNT, SESSION);
    give(world, "ASIAFIRST", 7);
    assert_string_equal(world->text, "   ");
    assert_true(world->pending);
    await_word(world);
    assert_string_equal(world->text, ACCOUNT " " SESSION " " ROLE " ID");
    assert_false(world->pending);
    /* Their successors are taken for the same caller's, and STS is not asked again at once. */
    give(world, "ASIASECOND", 8);
    assert_string_equal(world->text, ACCOUNT " " SESSION " " ROLE " ID");
    event_base_loop(world->base, EVLOOP_NONBLOCK);
    assert_int_equal(world->server.count, 1);
    /* Keys without an end may be anybody's. */
    give(world, "AKIATHIRD", 0);
    assert_string_equal(world->text, "   ");
    whoami_changed(world->whoami, NULL, "none");
    assert_string_equal(world->text, "none");
}

static void test_the_configuration_adds_the_path(void **state)
{
    struct world *world = *state;

    begin(world, ACCOUNT, IN_PATH, true);
    world->server.answers[0] = ANSWER(ACCOUNT, SESSION);
    give(world, "ASIAFIRST", 7);
    assert_string_equal(world->text, ACCOUNT " " IN_PATH " " IN_PATH " ");
    assert_true(world->asked && !world->pending);
    await_word(world);
    assert_string_equal(world->text, ACCOUNT " " SESSION " " IN_PATH " ID");
    assert_false(world->asked);
}

static void test_sts_is_believed(void **state)
{
    struct world *world = *state;

    begin(world, "210987654321", NULL, true);
    world->server.answers[0] = ANSWER(ACCOUNT, "arn:aws:iam::" ACCOUNT ":user/u");
    give(world, "AKIAFIRST", 0);
    assert_string_equal(world->text, "210987654321   ");
    await_word(world);
    assert_string_equal(world->text,
                        ACCOUNT " arn:aws:iam::" ACCOUNT ":user/u arn:aws:iam::" ACCOUNT ":user/u ID");
}

/* What is configured is used until STS answers, and it is asked again. */
static void test_sts_denies_then_tells(void **state)
{
    struct world *world = *state;

    begin(world, ACCOUNT, NULL, true);
    world->server.answers[0] = DENIED;
    world->server.answers[1] = ANSWER(ACCOUNT, SESSION);
    give(world, "ASIAFIRST", 7);
    assert_string_equal(world->text, ACCOUNT "   ");
    assert_true(world->pending);
    await_word(world);
    assert_string_equal(world->text, ACCOUNT "   ");
    assert_false(world->pending);
    await_word(world);
    assert_string_equal(world->text, ACCOUNT " " SESSION " " ROLE " ID");
    assert_int_equal(world->server.count, 2);
}

static void test_nobody_asks(void **state)
{
    struct credentials *plain = credentials_new(SLICE("ASIA"), SLICE("s"), SLICE("t"), 7, "test"), *known;
    struct world *world = *state;
    struct buffer memory = {0};
    struct caller_identity who;

    begin(world, ACCOUNT, NULL, false);
    give(world, "ASIAFIRST", 7);
    assert_string_equal(world->text, ACCOUNT "   ");
    assert_false(world->pending);
    event_base_loop(world->base, EVLOOP_NONBLOCK);
    whoami_free(world->whoami);
    /* Of a role's session all is known already. */
    begin(world, "210987654321", NULL, true);
    assert_int_equal(caller_identity_read(SLICE(SESSION), &memory, &who), SG_OK);
    known = credentials_identified(plain, &who);
    whoami_changed(world->whoami, known, NULL);
    assert_string_equal(world->text, ACCOUNT " " SESSION " " ROLE " ");
    event_base_loop(world->base, EVLOOP_NONBLOCK);
    assert_int_equal(world->server.count, 0);
    buffer_free(&memory);
    credentials_unref(known);
    credentials_unref(plain);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_sts_tells),       IN_WORLD(test_the_configuration_adds_the_path),
        IN_WORLD(test_sts_is_believed), IN_WORLD(test_sts_denies_then_tells),
        IN_WORLD(test_nobody_asks),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
