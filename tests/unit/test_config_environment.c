/* SAGEGATE_* variables over the configuration's file. */
#include "config/keys.h"

#include "unit/unit.h"

#define FILE_TEXT                                                                                            \
    "account_id: \"123456789012\"\n"                                                                         \
    "endpoints: { runtime: { private_dns: true } }\n"                                                        \
    "listeners:\n"                                                                                           \
    "  - { name: main, address: \"127.0.0.1:8080\", policy: p.json }\n"

enum { VARIABLES_MAX = 8 };

struct found {
    char text[8192];
    size_t len;
};

static void note(void *user, const struct config_problem *problem)
{
    struct found *found = user;

    found->len += (size_t)snprintf(found->text + found->len, sizeof(found->text) - found->len,
                                   "%s:%u:%u: %s: %s\n", problem->file, problem->line, problem->column,
                                   problem->is_error ? "error" : "warning", problem->text);
}

/* The configuration that file and variables give; what is wrong with it is in found. */
static struct config *parse(const char *file, const char *const *variables, struct found *found)
{
    char copies[VARIABLES_MAX][128], *list[VARIABLES_MAX + 1] = {NULL};
    struct problems problems = {.file = "c.yaml", .report = note, .user = found};

    *found = (struct found){.len = 0};
    for (size_t i = 0; variables[i]; i++) {
        assert_true(i < VARIABLES_MAX);
        snprintf(copies[i], sizeof(copies[i]), "%s", variables[i]);
        list[i] = copies[i];
    }
    return config_parse(slice_cstr(file), list, &problems);
}

#define PARSE(file, found, ...) parse(file, (const char *const[]){__VA_ARGS__, NULL}, found)

static void test_scalars(void **state)
{
    struct found found;
    struct config *config =
        PARSE(FILE_TEXT, &found, "HOME=/root", "SAGEGATE_REGION=eu-west-1", "SAGEGATE_LOG_LEVEL=debug",
              "SAGEGATE_LIMITS_MAX_BODY=1MiB", "SAGEGATE_TIMEOUTS_POOL_IDLE=7s", "SAGEGATE_WORKERS=3",
              "SAGEGATE_ACCOUNT_ID=");

    (void)state;
    assert_string_equal(found.text, "");
    assert_string_equal(config->region, "eu-west-1");
    assert_string_equal(config->account_id, "123456789012"); /* an empty variable is none */
    assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(config->max_body, 1024 * 1024);
    assert_int_equal(config->pool_idle_ms, 7000);
    assert_int_equal(config->workers, 3);
    config_free(config);
}

static void test_it_wins_over_the_file(void **state)
{
    struct found found;
    struct config *config = PARSE("log: { level: warn, format: json }\nworkers: 1\n" FILE_TEXT, &found,
                                  "SAGEGATE_LOG_LEVEL=error", "SAGEGATE_WORKERS=2");

    (void)state;
    assert_string_equal(found.text, "");
    assert_int_equal(config->log_level, LOG_LEVEL_ERROR);
    assert_int_equal(config->log_format, LOG_FORMAT_JSON);
    assert_int_equal(config->workers, 2);
    config_free(config);
}

/* A name with hyphens; a mapping and a list that the file has, or has not. */
static void test_mappings_and_lists(void **state)
{
    struct found found;
    struct config *config =
        PARSE(FILE_TEXT, &found, "SAGEGATE_ENDPOINTS_FEATURESTORE_RUNTIME_URL=https://localhost:9443",
              "SAGEGATE_LISTENERS_0_ADDRESS=127.0.0.1:9090", "SAGEGATE_LISTENERS_1_NAME=local",
              "SAGEGATE_LISTENERS_1_ADDRESS=unix:/run/x.sock", "SAGEGATE_LISTENERS_1_POLICY=q.json");

    (void)state;
    assert_string_equal(found.text, "");
    assert_string_equal(config->endpoints[AWS_FEATURESTORE_RUNTIME].host, "localhost");
    assert_true(config->endpoints[AWS_RUNTIME].private_dns);
    assert_int_equal(config->listener_count, 2);
    assert_int_equal(config->listeners[0].port, 9090);
    assert_string_equal(config->listeners[0].name, "main");
    assert_string_equal(config->listeners[1].unix_path, "/run/x.sock");
    config_free(config);
}

static void test_all_of_it(void **state)
{
    struct found found;
    struct config *config =
        PARSE("{}", &found, "SAGEGATE_ACCOUNT_ID=123456789012", "SAGEGATE_ENDPOINTS_API_PRIVATE_DNS=true",
              "SAGEGATE_LISTENERS_0_NAME=main", "SAGEGATE_LISTENERS_0_ADDRESS=127.0.0.1:8080",
              "SAGEGATE_LISTENERS_0_POLICY=p.json");

    (void)state;
    assert_string_equal(found.text, "");
    assert_true(config->endpoints[AWS_API].configured);
    assert_int_equal(config->listener_count, 1);
    config_free(config);
}

/* What a platform makes of the order is its own affair. */
static void test_any_order(void **state)
{
    struct found found;
    struct config *config =
        PARSE(FILE_TEXT, &found, "SAGEGATE_LISTENERS_2_POLICY=r.json", "SAGEGATE_LISTENERS_2_NAME=third",
              "SAGEGATE_LISTENERS_1_POLICY=q.json", "SAGEGATE_LISTENERS_2_ADDRESS=unix:/run/third.sock",
              "SAGEGATE_LISTENERS_1_ADDRESS=unix:/run/second.sock", "SAGEGATE_LISTENERS_1_NAME=second");

    (void)state;
    assert_string_equal(found.text, "");
    assert_int_equal(config->listener_count, 3);
    assert_string_equal(config->listeners[1].name, "second");
    assert_string_equal(config->listeners[2].name, "third");
    config_free(config);
}

/* A mapping takes the place of the words that could stand there, too. */
static void test_a_mapping_among_words(void **state)
{
    struct found found;
    struct config *config =
        PARSE(FILE_TEXT, &found, "SAGEGATE_LISTENERS_0_POLICY_FROM=vpc_endpoint",
              "SAGEGATE_LISTENERS_0_POLICY_REFRESH=1m", "SAGEGATE_LISTENERS_0_POLICY_CACHE=/cache");

    (void)state;
    assert_string_equal(found.text, "");
    assert_int_equal(config->listeners[0].policy_files.count, 0);
    assert_true(config->listeners[0].mirror.wanted);
    assert_int_equal(config->listeners[0].mirror.refresh_ms, 60000);
    assert_string_equal(config->listeners[0].mirror.cache, "/cache");
    config_free(config);
}

/* Lays each scalar's variable, named `prefix` and then by its key, over an empty document: none is unknown.
 */
static unsigned try_all(const struct schema *schema, const char *prefix)
{
    unsigned count = 0;

    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_key *key = &schema->keys[i];
        struct found found;
        char name[128];
        int len = snprintf(name, sizeof(name), "%s_%s", prefix, key->name);

        for (char *c = name; *c; c++)
            *c = *c == '-' ? '_' : (*c >= 'a' && *c <= 'z') ? (char)(*c - 'a' + 'A') : *c;
        if (key->mapping)
            count += try_all(key->mapping, name);
        if (key->items) {
            snprintf(name + len, sizeof(name) - (size_t)len, "_0");
            count += try_all(key->items, name);
        }
        if (!key->read)
            continue;
        snprintf(name + len, sizeof(name) - (size_t)len, "=x");
        config_free(PARSE("{}", &found, name));
        if (strstr(found.text, "no key of the configuration"))
            fail_msg("%s: %s", name, found.text);
        count++;
    }
    return count;
}

static void test_every_scalar_has_one(void **state)
{
    (void)state;
    assert_true(try_all(&config_schema, "SAGEGATE") > 100);
}

/* What is wrong is said of the variable, as it would be of the file; what is not ours is only warned of. */
static void test_wrong(void **state)
{
    static const struct {
        const char *variable, *found;
    } rows[] = {
        {"SAGEGATE_LOG_LEVEL=loud", "environment:0:0: error: SAGEGATE_LOG_LEVEL: level is 'loud'; it must be "
                                    "error, warn, info or debug\n"},
        {"SAGEGATE_LISTENERS_2_NAME=x", "environment:0:0: error: SAGEGATE_LISTENERS_2_NAME: there are fewer "
                                        "items in that list (they count from "
                                        "0), or memory is short\n"},
        {"SAGEGATE_SERVICE_HOST=10.0.0.1",
         "environment:0:0: warning: SAGEGATE_SERVICE_HOST: no key of the configuration has this name; it is "
         "ignored\n"},
        {"SAGEGATE_LOG=info", "environment:0:0: warning: SAGEGATE_LOG: no key of the configuration has this "
                              "name; it is ignored\n"},
        {"SAGEGATE_log_level=info", "environment:0:0: warning: SAGEGATE_log_level: no key of the "
                                    "configuration has this name; it is ignored\n"},
        {"SAGEGATE_LISTENERS_0_ADDRESS=10.0.0.1:80", "environment:0:0: error: SAGEGATE_LISTENERS_0_ADDRESS: "
                                                     "address 10.0.0.1:80 can be reached from other "
                                                     "machines, and whoever reaches it is signed for; listen "
                                                     "on 127.0.0.1 or [::1], or say allow_remote: true "
                                                     "beside it\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct found found;

        config_free(PARSE(FILE_TEXT, &found, rows[i].variable));
        assert_string_equal(found.text, rows[i].found);
    }
}

/* Where the file has something else on the way, its reader says so. */
static void test_wrong_file(void **state)
{
    struct found found;

    (void)state;
    config_free(PARSE("log: loud\n" FILE_TEXT, &found, "SAGEGATE_LOG_LEVEL=info"));
    assert_non_null(strstr(found.text, "c.yaml:1:6: error: log must be a mapping"));
    config_free(PARSE("- 1\n", &found, "SAGEGATE_LOG_LEVEL=info"));
    assert_non_null(strstr(found.text, "c.yaml:1:1: error: the configuration must be a mapping"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_it_wins_over_the_file),
        cmocka_unit_test(test_mappings_and_lists),
        cmocka_unit_test(test_all_of_it),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_a_mapping_among_words),
        cmocka_unit_test(test_every_scalar_has_one),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_wrong_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
