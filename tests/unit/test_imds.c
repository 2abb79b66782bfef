/* The imds provider and the region lookup: what they ask, and what they make of each answer. */
#include <unistd.h>

#include "base/log.h"
#include "credentials/https.h"
#include "credentials/region.h"

#include "unit/imds.h"

static void test_success(void **state)
{
    struct world *world = *state;

    look(world, PATIENCE_MS);
    assert_int_equal(world->outcome, PROVIDER_FOUND);
    assert_true(slice_eq(world->found->access_key_id, SLICE("ASIADOUBLE")));
    assert_true(slice_eq(world->found->secret_access_key, SLICE("s3cret/+")));
    assert_true(slice_eq(world->found->session_token, SLICE("t0ken==")));
    assert_int_equal(world->found->expiration, EXPIRATION);
    assert_string_equal(world->found->source, "imds");
    /* The session token is kept: one PUT for both looks. */
    look(world, PATIENCE_MS);
    assert_int_equal(world->outcome, PROVIDER_FOUND);
    assert_int_equal(world->plays.puts, 1);
    assert_int_equal(world->plays.gets, 4);
}

/* The extended form is asked once and for all, when it is not known. */
static void test_extended(void **state)
{
    struct world *world = *state;

    look(world, PATIENCE_MS);
    look(world, PATIENCE_MS);
    assert_int_equal(world->plays.extended_gets, 1);
    imds_provider.close(world->provider);
    world->provider = NULL;
    world->plays = healthy;
    world->plays.knows_extended = true;
    look(world, PATIENCE_MS);
    assert_int_equal(world->outcome, PROVIDER_FOUND);
    assert_int_equal(world->plays.extended_gets, 2);
    assert_int_equal(world->plays.gets, 2);
}

/* Version 1 only where it is allowed, and only until the service wants tokens. */
static void test_v1(void **state)
{
    static const int statuses[] = {403, 404, 405, SILENT};
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        world->setup.imds_v1 = true;
        world->plays = healthy;
        world->plays.token_status = statuses[i];
        world->plays.knows_no_tokens = true;
        look(world, statuses[i] == SILENT ? HASTE_MS : PATIENCE_MS);
        assert_int_equal(world->outcome, PROVIDER_FOUND);
        assert_int_equal(world->plays.puts, 1);
        look(world, PATIENCE_MS);
        assert_int_equal(world->outcome, PROVIDER_FOUND);
        assert_int_equal(world->plays.puts, 1);
        imds_provider.close(world->provider);
        world->provider = NULL;
    }
    world->plays = healthy;
    world->plays.token_status = 400;
    look(world, PATIENCE_MS);
    assert_int_equal(world->outcome, PROVIDER_EMPTY);
    assert_int_equal(world->plays.gets, 0);
}

static void test_fresh_token_once(void **state)
{
    struct world *world = *state;

    world->plays.expired_tokens = 1;
    look(world, PATIENCE_MS);
    assert_int_equal(world->outcome, PROVIDER_FOUND);
    assert_int_equal(world->plays.puts, 2);
    assert_int_equal(world->plays.gets, 3);
    world->plays.expired_tokens = 2;
    look(world, PATIENCE_MS);
    assert_int_equal(world->outcome, PROVIDER_EMPTY);
    assert_string_equal(world->why, "it answered with status 401");
    assert_int_equal(world->plays.puts, 3);
}

static void test_answers_that_are_no_keys(void **state)
{
    static const struct {
        int token_status;
        const char *token;
        int list_status;
        const char *list;
        int keys_status;
        const char *keys;
        const char *why;
    } rows[] = {
        {403, "", 200, "my-role", 200, KEYS, "refuses token requests (403)"},
        {400, "", 200, "my-role", 200, KEYS, "status 400; sagegate speaks only IMDSv2"},
        {404, "", 200, "my-role", 200, KEYS, "status 404; sagegate speaks only IMDSv2"},
        {503, "", 200, "my-role", 200, KEYS, "status 503"},
        {200, " \n", 200, "my-role", 200, KEYS, "with no token"},
        {200, "a b", 200, "my-role", 200, KEYS, "with no token"},
        {SILENT, "", 200, "my-role", 200, KEYS, "in 0.1 s (in a container on EC2, "},
        {200, "TOKEN==", 404, "", 200, KEYS, "no role is attached to this instance"},
        {200, "TOKEN==", 500, "", 200, KEYS, "it answered with status 500"},
        {200, "TOKEN==", 302, "", 200, KEYS, "it answered with status 302"},
        {200, "TOKEN==", 200, "", 200, KEYS, "its list of roles is empty"},
        {200, "TOKEN==", 200, "<html>", 200, KEYS, "its answer is not a role's name"},
        {200, "TOKEN==", 200, "../../user-data", 200, KEYS, "its answer is not a role's name"},
        {200, "TOKEN==", SILENT, "", 200, KEYS, "no answer from 127.0.0.1:"},
        {200, "TOKEN==", 200, "my-role", 404, "", "the instance's role has no keys (404)"},
        {200, "TOKEN==", 200, "my-role", 200, "", "its answer is empty"},
        {200, "TOKEN==", 200, "my-role", 200, "{\"Code\":", "its answer is not JSON"},
        {200, "TOKEN==", 200, "my-role", 200, "{\"Code\":\"Success\"}", "its answer has no AccessKeyId"},
        {200, "TOKEN==", 200, "my-role", 200, "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}",
         "the role's trust policy must allow"},
        {200, "TOKEN==", 200, "my-role", SILENT, "", "no answer from 127.0.0.1:"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool silent =
            rows[i].token_status == SILENT || rows[i].list_status == SILENT || rows[i].keys_status == SILENT;

        world->plays = healthy;
        world->plays.token_status = rows[i].token_status;
        world->plays.token = rows[i].token;
        world->plays.list_status = rows[i].list_status;
        world->plays.list = rows[i].list;
        world->plays.keys_status = rows[i].keys_status;
        world->plays.keys = rows[i].keys;
        look(world, silent ? HASTE_MS : PATIENCE_MS);
        assert_int_equal(world->outcome, PROVIDER_EMPTY);
        if (!strstr(world->why, rows[i].why))
            fail_msg("row %zu: \"%s\" is not in \"%s\"", i, rows[i].why, world->why);
        imds_provider.close(world->provider);
        world->provider = NULL;
    }
}

/* Garbage from below HTTP: whoever connects and asks is sent these bytes and no more. */
static void send_and_close(evutil_socket_t fd, short what, void *user)
{
    const char *bytes = user;
    char request[1024];

    (void)what;
    assert_true(read(fd, request, sizeof(request)) > 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
    close(fd);
}

struct garbage {
    struct event_base *base;
    char *bytes;
};

static void accept_one(evutil_socket_t fd, short what, void *user)
{
    struct garbage *garbage = user;
    int connection = accept(fd, NULL, NULL);

    (void)what;
    assert_true(connection >= 0);
    assert_int_equal(
        event_base_once(garbage->base, connection, EV_READ, send_and_close, garbage->bytes, NULL), 0);
}

static void test_broken_http(void **state)
{
    static struct {
        char bytes[120];
        const char *why;
    } rows[] = {
        {"", "closed the connection before its answer was complete"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "is not HTTP"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 56\r\n\r\nTOK", "closed the connection before its answer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nTOK", "is broken or larger than 65536 bytes"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
         "is broken or larger than 65536 bytes"},
    };
    struct world *world = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char url[64];

    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    snprintf(url, sizeof(url), "http://localhost:%u", ntohs(address.sin_port));
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct garbage garbage = {world->base, rows[i].bytes};

        event_base_once(world->base, listener, EV_READ, accept_one, &garbage, NULL);
        look(world, PATIENCE_MS);
        if (!strstr(world->why, rows[i].why))
            fail_msg("row %zu: \"%s\" is not in \"%s\"", i, rows[i].why, world->why);
    }
    close(listener);
    /* Now nobody listens there. */
    look(world, PATIENCE_MS);
    assert_non_null(strstr(world->why, "cannot connect to 127.0.0.1:"));
}

static void test_switches(void **state)
{
    static const struct {
        const char *disabled, *endpoint, *mode;
        const char *why;
    } rows[] = {
        {"true", NULL, NULL, "AWS_EC2_METADATA_DISABLED is true"},
        {"TRUE", "http://127.0.0.1:1", NULL, "AWS_EC2_METADATA_DISABLED is true"},
        {"false", "http://127.0.0.1:1", NULL, "cannot connect to 127.0.0.1:1"},
        {NULL, "http://127.0.0.1:1", "ipv6", "cannot connect to 127.0.0.1:1"},
        {NULL, "http://[::1]:1", NULL, "cannot connect to [::1]:1"},
        {NULL, NULL, "ipv5", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6"},
        {NULL, "https://127.0.0.1", NULL,
         "AWS_EC2_METADATA_SERVICE_ENDPOINT: \"https://127.0.0.1\" is not http:"},
        {NULL, "http://example.com", NULL, "\"http://example.com\" is not"},
        {NULL, "http://127.0.0.1/x", NULL, "is not http://ADDRESS"},
        {NULL, "http://127.0.0.1:0", NULL, "is not http://ADDRESS"},
        {NULL, "http://127.0.0.1:65536", NULL, "is not http://ADDRESS"},
        {NULL, "http://user@127.0.0.1", NULL, "is not http://ADDRESS"},
        {NULL, "http://[127.0.0.1]", NULL, "is not http://ADDRESS"},
        {NULL, "http://[]", NULL, "is not http://ADDRESS"},
        {NULL, "http://", NULL, "is not http://ADDRESS"},
        {NULL, "127.0.0.1", NULL, "is not http://ADDRESS"},
        {NULL, "\r\n", NULL, "is not http://ADDRESS"},
    };
    static const char *const names[] = {"AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"};
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const values[] = {rows[i].disabled, rows[i].endpoint, rows[i].mode};

        for (size_t j = 0; j < COUNT_OF(names); j++) {
            if (values[j])
                setenv(names[j], values[j], 1);
            else
                unsetenv(names[j]);
        }
        look(world, PATIENCE_MS);
        assert_int_equal(world->outcome, PROVIDER_EMPTY);
        if (!strstr(world->why, rows[i].why))
            fail_msg("row %zu: \"%s\" is not in \"%s\"", i, rows[i].why, world->why);
        imds_provider.close(world->provider);
        world->provider = NULL;
    }
}

static void test_close_while_asking(void **state)
{
    struct world *world = *state;

    world->plays.list_status = SILENT;
    world->provider = imds_provider.open(&world->setup);
    imds_provider.look(world->provider, PATIENCE_MS);
    while (world->plays.gets == 0)
        event_base_loop(world->base, EVLOOP_ONCE);
    imds_provider.close(world->provider);
    world->provider = NULL;
    event_base_loop(world->base, EVLOOP_NONBLOCK);
    assert_int_equal(world->answers, 0);
}

static void on_change(void *user, struct credentials *current, const char *why)
{
    on_answer(user, PROVIDER_FOUND, current, why);
}

/* The whole of it on the real clocks: found, refreshed before the end, and kept in an outage. */
static void test_short_lived_keys(void **state)
{
    struct world *world = *state;
    struct config *config = calloc(1, sizeof(*config));
    struct credentials_source *source;
    struct https *https;
    struct sg_error err;

    world->plays.short_lived_id = "ASIAONE";
    assert_non_null(config);
    config->credentials.own.provider = CONFIG_CREDENTIALS_IMDS;
    assert_int_equal(config_set_region(config, SLICE("us-west-2"), &err), SG_OK);
    https = https_new(world->base, config, &err);
    assert_non_null(https);
    source = credentials_start(https, config, config_identity(config, 0), on_change, world, &err);
    config_free(config);
    assert_non_null(source);
    event_base_dispatch(world->base);
    assert_true(slice_eq(world->found->access_key_id, SLICE("ASIAONE")));
    world->plays.short_lived_id = "ASIATWO";
    event_base_dispatch(world->base);
    assert_true(slice_eq(world->found->access_key_id, SLICE("ASIATWO")));
    assert_int_equal(world->answers, 2);
    /* The next refresh fails, and nobody is told: the set stays. */
    world->plays.gets = 0;
    world->plays.list_status = 500;
    while (world->plays.gets < 2)
        event_base_loop(world->base, EVLOOP_ONCE);
    assert_int_equal(world->answers, 2);
    credentials_stop(source);
    https_free(https);
}

static void on_place(void *user, struct slice place, const char *why_not)
{
    struct world *world = user;

    world->answers++;
    snprintf(world->why, sizeof(world->why), "%.*s|%s", SLICE_FMT(place), why_not ? why_not : "");
    event_base_loopbreak(world->base);
}

static void test_region_and_zone(void **state)
{
    static const struct {
        int status;
        const char *body, *answer;
    } rows[] = {
        {200, "us-west-2\n", "us-west-2|"},
        {200, "", "|instance metadata answered with status 200 and no region"},
        {200, "evil.example.com", "|instance metadata answered with status 200 and no region"},
        {404, "us-west-2", "|instance metadata answered with status 404 and no region"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        world->plays.list_status = rows[i].status;
        world->plays.list = rows[i].body;
        instance_region_lookup(world->base, on_place, world);
        event_base_dispatch(world->base);
        assert_string_equal(world->why, rows[i].answer);
    }
    world->plays.list_status = 200;
    world->plays.list = "us-west-2a";
    instance_zone_lookup(world->base, on_place, world);
    event_base_dispatch(world->base);
    assert_string_equal(world->why, "us-west-2a|");
    world->plays.list = "";
    instance_zone_lookup(world->base, on_place, world);
    event_base_dispatch(world->base);
    assert_string_equal(world->why, "|instance metadata answered with status 200 and no zone");
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    instance_region_lookup(world->base, on_place, world);
    assert_string_equal(world->why, "|AWS_EC2_METADATA_DISABLED is true");
    assert_int_equal(world->answers, COUNT_OF(rows) + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_success, setup, teardown),
        cmocka_unit_test_setup_teardown(test_extended, setup, teardown),
        cmocka_unit_test_setup_teardown(test_v1, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fresh_token_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers_that_are_no_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_http, setup, teardown),
        cmocka_unit_test_setup_teardown(test_switches, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_while_asking, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_lived_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_region_and_zone, setup, teardown),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
