/* Profiles that lead to roles, run against a double of STS: who is asked, with whose keys, in which order. */
#include <event2/event.h>

#include "base/log.h"
#include "credentials/provider.h"
#include "credentials/sts.h"

#include "unit/tls_server.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n"
#define ROLE(operation, id)                                                                                  \
    HEAD("200 OK")                                                                                           \
    "<" operation "Response><" operation "Result><Credentials><AccessKeyId>" id                              \
    "</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T" id                                   \
    "</SessionToken><Expiration>2027-01-15T08:00:00Z</Expiration></Credentials></" operation                 \
    "Result></" operation "Response>"
#define DENIED                                                                                               \
    HEAD("403 Forbidden")                                                                                    \
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error>"                           \
    "</ErrorResponse>"

enum { PATIENCE_MS = 20000 };

struct world {
    struct event_base *base;
    struct tls_server server;
    struct https *https;
    struct sts *sts;
    char folder[200], config[240], token[240];
    char text[900];
    enum provider_outcome outcome;
    unsigned answers;
    bool stale; /* after the look */
};

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int setup(void **state)
{
    static const char *const unset[] = {
        "AWS_PROFILE",       "AWS_DEFAULT_PROFILE",         "AWS_ROLE_ARN",
        "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SESSION_TOKEN"};
    struct world *world = calloc(1, sizeof(*world));
    struct config config = {.region = (char[]){"eu-west-1"}, .connect_timeout_ms = PATIENCE_MS};
    const char *place = getenv("TMPDIR");
    char authority[40];
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
    snprintf(world->folder, sizeof(world->folder), "%s/sagegate-test-XXXXXX", place ? place : P_tmpdir);
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->config, sizeof(world->config), "%s/config", world->folder);
    snprintf(world->token, sizeof(world->token), "%s/token", world->folder);
    for (size_t i = 0; i < COUNT_OF(unset); i++)
        unsetenv(unset[i]);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nothing/there", 1);
    setenv("AWS_CONFIG_FILE", world->config, 1);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    sts_free(world->sts);
    https_free(world->https);
    event_base_free(world->base);
    tls_server_stop(&world->server);
    unlink(world->config);
    unlink(world->token);
    rmdir(world->folder);
    free(world);
    return 0;
}

static void on_answer(void *user, enum provider_outcome outcome, struct credentials *found,
                      const char *why_not)
{
    struct world *world = user;

    world->answers++;
    world->outcome = outcome;
    if (found)
        snprintf(world->text, sizeof(world->text), "%.*s %.*s %lld %s", SLICE_FMT(found->access_key_id),
                 SLICE_FMT(found->session_token), (long long)found->expiration, found->source);
    else
        snprintf(world->text, sizeof(world->text), "%s", why_not);
    event_base_loopbreak(world->base);
}

/* One look at each of the answers in turn. */
static void look(struct world *world, const struct provider *provider, const char *profile,
                 const char *const *answers, size_t count)
{
    const struct provider_setup of_provider = {.base = world->base,
                                               .https = world->https,
                                               .sts = world->sts,
                                               .profile = profile,
                                               .pinned = true,
                                               .answer = on_answer,
                                               .user = world};
    void *state = provider->open(&of_provider);

    assert_non_null(state);
    for (size_t i = 0; i < count; i++)
        world->server.answers[i] = answers[i];
    world->server.count = 0;
    world->answers = 0;
    provider->look(state, PATIENCE_MS);
    if (world->answers == 0)
        event_base_dispatch(world->base);
    assert_int_equal(world->answers, 1);
    assert_int_equal(world->server.count, count);
    world->stale = provider->stale && provider->stale(state);
    provider->close(state);
}

#define LOOK(world, provider, profile, ...)                                                                  \
    look(world, provider, profile, (const char *const[]){__VA_ARGS__},                                       \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void assert_sent(const struct world *world, unsigned request, const char *part)
{
    if (!strstr(world->server.requests[request], part))
        fail_msg("\"%s\" is not in request %u: %s", part, request, world->server.requests[request]);
}

static void test_chain(void **state)
{
    struct world *world = *state;

    put(world->config, "[profile a]\nrole_arn = R1\nsource_profile = b\nrole_session_name = outer\n"
                       "[profile b]\nrole_arn = R2\nsource_profile = c\nduration_seconds = 7200\n"
                       "[profile c]\naws_access_key_id = AKIDC\naws_secret_access_key = s\n");
    LOOK(world, &profile_provider, "a", ROLE("AssumeRole", "ASIAINNER"), ROLE("AssumeRole", "ASIAOUTER"));
    assert_string_equal(world->text, "ASIAOUTER TASIAOUTER 1800000000 assume role");
    assert_sent(world, 0, "Credential=AKIDC/");
    assert_sent(world, 0, "/eu-west-1/sts/aws4_request");
    assert_sent(world, 0, "RoleArn=R2&RoleSessionName=sagegate-");
    assert_sent(world, 0, "&DurationSeconds=7200");
    assert_sent(world, 1, "Credential=ASIAINNER/");
    assert_sent(world, 1, "X-Amz-Security-Token: TASIAINNER\r\n");
    assert_sent(world, 1, "RoleArn=R1&RoleSessionName=outer");
    assert_false(world->stale);
    /* The inner role fails: nobody asks for the outer one. Another time it may not, with the same files. */
    LOOK(world, &profile_provider, "a", DENIED);
    assert_int_equal(world->outcome, PROVIDER_FAILED);
    assert_true(world->stale);
    assert_non_null(strstr(world->text, "refused AssumeRole: AccessDenied: no"));
}

static void test_sources(void **state)
{
    struct world *world = *state;

    put(world->config,
        "[profile e]\nrole_arn = R\ncredential_source = Environment\n"
        "[profile p]\nrole_arn = R\nsource_profile = q\n[profile q]\ncredential_process = sh -c 'printf "
        "\"{%s:1,%s:%s,%s:%s}\" \\\"Version\\\" \\\"AccessKeyId\\\" \\\"AKIDQ\\\" \\\"SecretAccessKey\\\" "
        "\\\"s\\\"'\n"
        "[profile f]\ncredential_process = false\n");
    look(world, &profile_provider, "e", NULL, 0);
    assert_string_equal(world->text, "credential_source, environment: AWS_ACCESS_KEY_ID is not set");
    assert_int_equal(world->outcome, PROVIDER_FAILED);
    setenv("AWS_ACCESS_KEY_ID", "AKIDE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    LOOK(world, &profile_provider, "e", ROLE("AssumeRole", "ASIAE"));
    assert_string_equal(world->text, "ASIAE TASIAE 1800000000 assume role");
    assert_sent(world, 0, "Credential=AKIDE/");
    LOOK(world, &profile_provider, "p", ROLE("AssumeRole", "ASIAP"));
    assert_string_equal(world->text, "ASIAP TASIAP 1800000000 assume role");
    assert_sent(world, 0, "Credential=AKIDQ/");
    look(world, &profile_provider, "f", NULL, 0);
    assert_string_equal(world->text, "credential_process: the process ended with status 1");
    assert_true(world->stale);
    look(world, &profile_provider, "none", NULL, 0);
    assert_int_equal(world->outcome, PROVIDER_FAILED);
    assert_false(world->stale);
}

/* The token is read at each look; what is no token is not sent. */
static void test_web_identity(void **state)
{
    static const char *const no_tokens[][2] = {
        {"", "token is empty"}, {"\n", "token is empty"}, {"a b", "holds no token: byte 2"}};
    struct world *world = *state;
    char text[400];

    snprintf(text, sizeof(text), "[profile w]\nweb_identity_token_file = %s\nrole_arn = R\n", world->token);
    put(world->config, text);
    put(world->token, "one.1\n");
    LOOK(world, &profile_provider, "w", ROLE("AssumeRoleWithWebIdentity", "ASIAW"));
    assert_string_equal(world->text, "ASIAW TASIAW 1800000000 web identity");
    assert_sent(world, 0, "&WebIdentityToken=one.1");
    put(world->token, "two.2");
    LOOK(world, &profile_provider, "w", ROLE("AssumeRoleWithWebIdentity", "ASIAW"));
    assert_sent(world, 0, "&WebIdentityToken=two.2");
    for (size_t i = 0; i < COUNT_OF(no_tokens); i++) {
        put(world->token, no_tokens[i][0]);
        look(world, &profile_provider, "w", NULL, 0);
        assert_int_equal(world->outcome, PROVIDER_FAILED);
        assert_non_null(strstr(world->text, no_tokens[i][1]));
    }
}

/* The environment alone, where the configuration says so. */
static void test_pinned_web_identity(void **state)
{
    struct world *world = *state;

    look(world, &web_identity_provider, NULL, NULL, 0);
    assert_int_equal(world->outcome, PROVIDER_EMPTY);
    assert_string_equal(world->text, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", world->token, 1);
    look(world, &web_identity_provider, NULL, NULL, 0);
    assert_int_equal(world->outcome, PROVIDER_FAILED);
    assert_string_equal(world->text, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    setenv("AWS_ROLE_ARN", "arn:r", 1);
    put(world->token, "tok");
    LOOK(world, &web_identity_provider, NULL, ROLE("AssumeRoleWithWebIdentity", "ASIAW"));
    assert_string_equal(world->text, "ASIAW TASIAW 1800000000 web identity");
    assert_sent(world, 0, "RoleArn=arn%3Ar&");
    LOOK(world, &web_identity_provider, NULL, DENIED);
    assert_int_equal(world->outcome, PROVIDER_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sources, setup, teardown),
        cmocka_unit_test_setup_teardown(test_web_identity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pinned_web_identity, setup, teardown),
    };

    signal(SIGPIPE, SIG_IGN);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
