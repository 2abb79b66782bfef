/* The container provider against a double of the ECS agent: whom it asks, what it sends, and what it makes of
 * each answer. */
#include "unit/imds.h"

#include "base/log.h"
#include "credentials/https.h"

#include "unit/tls_server.h"

#define URI "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define CONTAINER_KEYS                                                                                       \
    "{\"RoleArn\":\"arn:r\",\"AccessKeyId\":\"ASIAC\",\"SecretAccessKey\":\"hush\",\"Token\":\"t\","         \
    "\"Expiration\":\"2027-01-15T08:00:00Z\"}"

/* What the double answers, and what it was asked last. */
struct agent {
    int status;
    const char *body;
    char path[100], authorization[100];
    unsigned requests;
};

struct pod {
    struct world world;
    struct agent agent;
    struct https *https;
    uint16_t port;
    char token_file[200];
};

static void on_agent_request(struct evhttp_request *request, void *user)
{
    struct agent *agent = user;
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    const char *authorization = evhttp_find_header(headers, "Authorization");

    agent->requests++;
    assert_int_equal(evhttp_request_get_command(request), EVHTTP_REQ_GET);
    snprintf(agent->path, sizeof(agent->path), "%s", evhttp_request_get_uri(request));
    snprintf(agent->authorization, sizeof(agent->authorization), "%s",
             authorization ? authorization : "none");
    reply(request, agent->status, agent->body);
}

static void unset_all(void)
{
    static const char *const names[] = {
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
}

static struct https *make_https(struct event_base *base, char *ca_file)
{
    const struct config config = {.tls_ca_file = ca_file, .connect_timeout_ms = PATIENCE_MS};
    struct sg_error err;
    struct https *https = https_new(base, &config, &err);

    assert_non_null(https);
    return https;
}

static int pod_setup(void **state)
{
    struct pod *pod = calloc(1, sizeof(*pod));
    struct world *world = &pod->world;
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    const char *place = getenv("TMPDIR");
    int fd;

    assert_non_null(pod);
    world->base = event_base_new();
    world->server = evhttp_new(world->base);
    pod->agent = (struct agent){.status = 200, .body = CONTAINER_KEYS};
    evhttp_set_gencb(world->server, on_agent_request, &pod->agent);
    fd = evhttp_bound_socket_get_fd(evhttp_bind_socket_with_handle(world->server, "127.0.0.1", 0));
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    pod->port = ntohs(address.sin_port);
    pod->https = make_https(world->base, NULL);
    world->setup =
        (struct provider_setup){.base = world->base, .https = pod->https, .answer = on_answer, .user = world};
    snprintf(pod->token_file, sizeof(pod->token_file), "%s/sagegate-test-XXXXXX", place ? place : P_tmpdir);
    close(mkstemp(pod->token_file));
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    unset_all();
    *state = pod;
    return 0;
}

static int pod_teardown(void **state)
{
    struct pod *pod = *state;
    struct world *world = &pod->world;

    if (world->provider)
        container_provider.close(world->provider);
    credentials_unref(world->found);
    https_free(pod->https);
    evhttp_free(world->server);
    event_base_free(world->base);
    unlink(pod->token_file);
    free(pod);
    return 0;
}

static void set_uri(const struct pod *pod, const char *scheme_and_host, const char *path)
{
    char uri[200];

    snprintf(uri, sizeof(uri), "%s:%u%s", scheme_and_host, pod->port, path);
    setenv(URI, uri, 1);
}

static void ask(struct pod *pod, unsigned timeout_ms)
{
    struct world *world = &pod->world;
    unsigned before = world->answers;

    if (!world->provider)
        world->provider = container_provider.open(&world->setup);
    assert_non_null(world->provider);
    container_provider.look(world->provider, timeout_ms);
    if (world->answers == before)
        event_base_dispatch(world->base);
    assert_int_equal(world->answers, before + 1);
}

static void ask_anew(struct pod *pod, unsigned timeout_ms)
{
    if (pod->world.provider)
        container_provider.close(pod->world.provider);
    pod->world.provider = NULL;
    ask(pod, timeout_ms);
}

static void assert_why(const struct pod *pod, size_t row, const char *why)
{
    if (pod->world.outcome != PROVIDER_FAILED || !strstr(pod->world.why, why))
        fail_msg("row %zu: outcome %d, \"%s\"", row, pod->world.outcome, pod->world.why);
    assert_null(strstr(pod->world.why, "hush"));
}

static void write_token(const struct pod *pod, const char *token)
{
    FILE *file = fopen(pod->token_file, "w");

    assert_non_null(file);
    fputs(token, file);
    fclose(file);
}

static void test_success(void **state)
{
    struct pod *pod = *state;

    set_uri(pod, "http://localhost", "/v2/x?y=z%20");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc=", 1);
    ask(pod, PATIENCE_MS);
    assert_int_equal(pod->world.outcome, PROVIDER_FOUND);
    assert_true(slice_eq(pod->world.found->access_key_id, SLICE("ASIAC")));
    assert_true(slice_eq(pod->world.found->session_token, SLICE("t")));
    assert_int_equal(pod->world.found->expiration, EXPIRATION);
    assert_string_equal(pod->world.found->source, "container");
    assert_string_equal(pod->agent.path, "/v2/x?y=z%20");
    assert_string_equal(pod->agent.authorization, "Basic abc=");
}

/* The file wins, is read each time, and may end with one line end. */
static void test_token_file(void **state)
{
    static const struct {
        const char *token, *sent, *why;
    } rows[] = {
        {"one", "one", NULL},
        {"two\n", "two", NULL},
        {"three\r\n", "three", NULL},
        {"a b", "a b", NULL},
        {"four\n\n", NULL, "is no authorization token: byte 5 is not printable"},
        {"fi\r\nve", NULL, "is no authorization token: byte 3 is not printable"},
        {"s\xc3\xa4x", NULL, "is no authorization token: byte 2 is not printable"},
        {"", NULL, "has 0 bytes; an authorization token has 1 to"},
        {"\n", NULL, "has 0 bytes; an authorization token has 1 to"},
    };
    struct pod *pod = *state;

    set_uri(pod, "http://127.0.0.1", "/");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", pod->token_file, 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this", 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        write_token(pod, rows[i].token);
        pod->agent.requests = 0;
        ask(pod, PATIENCE_MS);
        assert_int_equal(pod->agent.requests, rows[i].sent != NULL);
        if (rows[i].sent)
            assert_string_equal(pod->agent.authorization, rows[i].sent);
        else
            assert_why(pod, i, rows[i].why);
    }
    /* Never without, where one was asked for. */
    unlink(pod->token_file);
    ask(pod, PATIENCE_MS);
    assert_why(pod, 0, ": No such file or directory");
    unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nHost: b", 1);
    ask(pod, PATIENCE_MS);
    assert_why(pod, 1,
               "AWS_CONTAINER_AUTHORIZATION_TOKEN is no authorization token: byte 2 is not printable");
    assert_int_equal(pod->agent.requests, 0);
}

static void test_answers(void **state)
{
    static const struct {
        int status;
        const char *body, *why;
    } rows[] = {
        {401, "", "it answered with status 401: is AWS_CONTAINER_AUTHORIZATION_TOKEN[_FILE] the right one?"},
        {403, CONTAINER_KEYS, "it answered with status 403: is "},
        {404, CONTAINER_KEYS, "it answered with status 404"},
        {429, CONTAINER_KEYS, "it answered with status 429"},
        {500, CONTAINER_KEYS, "it answered with status 500"},
        {302, CONTAINER_KEYS, "it answered with status 302"},
        {200, "", "its answer is empty"},
        {200, "<hush>", "its answer is not JSON"},
        {200, "{\"AccessKeyId\":\"ASIAC\",\"Secr", "its answer is not JSON"},
        {200, "{\"code\":\"NoCredentials\",\"message\":\"hush\"}", "its answer has no AccessKeyId"},
        {200, "{\"AccessKeyId\":\"ASIAC\",\"SecretAccessKey\":\"hush\",\"Token\":\"t\"}",
         "its answer has no Expiration"},
    };
    struct pod *pod = *state;

    set_uri(pod, "http://127.0.0.1", "/");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        pod->agent.status = rows[i].status;
        pod->agent.body = rows[i].body;
        ask(pod, PATIENCE_MS);
        assert_why(pod, i, rows[i].why);
    }
    pod->agent.status = SILENT;
    ask(pod, HASTE_MS);
    assert_why(pod, 0, "no answer from 127.0.0.1:");
    setenv(URI, "http://127.0.0.1:1/", 1);
    ask_anew(pod, PATIENCE_MS);
    assert_why(pod, 1, "AWS_CONTAINER_CREDENTIALS_FULL_URI: cannot connect to 127.0.0.1:1");
}

/* Who may be asked without TLS: nothing is sent anywhere else. */
static void test_addresses(void **state)
{
    static const char only[] = ": without TLS only loopback, 169.254.170.2, 169.254.170.23 and fd00:ec2::23 ";
    static const struct {
        const char *uri, *why;
    } rows[] = {
        {"http://127.255.0.1:1/", "cannot connect to 127.255.0.1:1"},
        {"http://[::1]:1/", "cannot connect to [::1]:1"},
        {"HTTP://LOCALHOST:1/", "cannot connect to LOCALHOST:1"},
        {"http://10.0.0.1/", only},
        {"http://169.254.170.3/", only},
        {"http://169.254.169.254/latest", only},
        {"http://128.0.0.1/", only},
        {"http://0.0.0.0/", only},
        {"http://[::]/", only},
        {"http://[fd00:ec2::24]/", only},
        {"http://[::ffff:127.0.0.1]:1/", only},
        {"http://[fe80::1]/", only},
        {"http://127.0.0.1.example.invalid/", "AWS_CONTAINER_CREDENTIALS_FULL_URI: "},
        {"ftp://127.0.0.1/", "it must be http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH"},
        {"127.0.0.1/x", "it must be http://HOST[:PORT]/PATH"},
        {"/v2/x", "it must be http://HOST[:PORT]/PATH"},
        {"http:///x", "it must be http://HOST[:PORT]/PATH"},
        {"http://a@127.0.0.1/", "it must be http://HOST[:PORT]/PATH"},
        {"http://127.0.0.1/#x", "it must be http://HOST[:PORT]/PATH"},
        {"http://127.0.0.1:0/", "it must be http://HOST[:PORT]/PATH"},
        {"http://127.0.0.1:70000/", "it must be http://HOST[:PORT]/PATH"},
        {"http://127.0.0.1/a b", "it must be http://HOST[:PORT]/PATH"},
        {"http://127.0.0.1/a\r\nb", "it must be http://HOST[:PORT]/PATH"},
    };
    struct pod *pod = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        setenv(URI, rows[i].uri, 1);
        ask_anew(pod, PATIENCE_MS);
        assert_why(pod, i, rows[i].why);
    }
    /* The relative one wins. */
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "v2/x", 1);
    ask_anew(pod, PATIENCE_MS);
    assert_why(pod, 0, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: it must be a path that begins with '/'");
    unset_all();
    ask_anew(pod, PATIENCE_MS);
    assert_int_equal(pod->world.outcome, PROVIDER_EMPTY);
}

/* With TLS any host may be asked, but only the right one. */
static void test_https(void **state)
{
    struct pod *pod = *state;
    struct tls_server server;
    struct https *trusting;

    tls_server_start(&server);
    for (size_t i = 0; i < TLS_SERVER_REQUESTS; i++)
        server.answers[i] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" CONTAINER_KEYS;
    pod->port = server.port;
    set_uri(pod, "https://127.0.0.1", "/x?y");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "abc", 1);
    ask(pod, PATIENCE_MS);
    assert_why(pod, 0, "certificate");
    container_provider.close(pod->world.provider);
    pod->world.provider = NULL;
    trusting = make_https(pod->world.base, server.ca_file);
    pod->world.setup.https = trusting;
    ask(pod, PATIENCE_MS);
    assert_int_equal(pod->world.outcome, PROVIDER_FOUND);
    assert_non_null(strstr(server.requests[1], "GET /x?y HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert_non_null(strstr(server.requests[1], "\r\nAuthorization: abc\r\n"));
    container_provider.close(pod->world.provider);
    pod->world.provider = NULL;
    https_free(trusting);
    tls_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_success, pod_setup, pod_teardown),
        cmocka_unit_test_setup_teardown(test_token_file, pod_setup, pod_teardown),
        cmocka_unit_test_setup_teardown(test_answers, pod_setup, pod_teardown),
        cmocka_unit_test_setup_teardown(test_addresses, pod_setup, pod_teardown),
        cmocka_unit_test_setup_teardown(test_https, pod_setup, pod_teardown),
    };

    signal(SIGPIPE, SIG_IGN);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
