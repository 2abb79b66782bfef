/* From the configuration to the keys: which sources are asked, in which order, and where a search ends. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/log.h"
#include "credentials/credentials.h"
#include "credentials/https.h"

#include "unit/unit.h"

struct told {
    struct event_base *base;
    char text[1200]; /* "source: id", or why there are none */
    unsigned times;
};

static void changed(void *user, struct credentials *current, const char *why)
{
    struct told *told = user;

    if (current)
        snprintf(told->text, sizeof(told->text), "%s: %.*s", current->source,
                 SLICE_FMT(current->access_key_id));
    else
        snprintf(told->text, sizeof(told->text), "%s", why);
    told->times++;
    event_base_loopbreak(told->base);
}

static char file[200];

static int make_file(void **state)
{
    const char *place = getenv("TMPDIR");
    static const char text[] = "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = s\n"
                               "[other]\naws_access_key_id = OTHER\naws_secret_access_key = s\n"
                               "[empty]\nregion = us-west-2\n";
    int fd;

    (void)state;
    snprintf(file, sizeof(file), "%s/sagegate-test-XXXXXX", place ? place : P_tmpdir);
    fd = mkstemp(file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    return close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file);
}

/* Name and value in turn; FILE stands for the file above. What is not named is not set. */
static void set_environment(const char *const *variables)
{
    assert_int_equal(clearenv(), 0);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    for (size_t i = 0; variables[i]; i += 2)
        setenv(variables[i], strcmp(variables[i + 1], "FILE") == 0 ? file : variables[i + 1], 1);
}

struct search {
    struct https *https;
    struct credentials_source *source;
};

/* Takes the configuration over: it may go away as soon as the search has begun. */
static void begin(struct search *search, struct config *config, const char *region, credentials_changed *told,
                  struct told *user)
{
    struct sg_error err;

    assert_int_equal(config_set_region(config, slice_cstr(region), &err), SG_OK);
    search->https = https_new(user->base, config, &err);
    assert_non_null(search->https);
    search->source = credentials_start(search->https, config, config_identity(config, 0), told, user, &err);
    assert_non_null(search->source);
    config_free(config);
}

static void end(struct search *search, struct event_base *base)
{
    credentials_stop(search->source);
    https_free(search->https);
    event_base_free(base);
}

#define ID     "AWS_ACCESS_KEY_ID", "ENV"
#define SECRET "AWS_SECRET_ACCESS_KEY", "s"
#define END    "AWS_CREDENTIAL_EXPIRATION"
#define SHARED "AWS_SHARED_CREDENTIALS_FILE", "FILE"
#define NO_WEB "; AWS_WEB_IDENTITY_TOKEN_FILE is not set; "
#define NO_ECS                                                                                               \
    "container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set; "
#define NO_EC2 "imds: AWS_EC2_METADATA_DISABLED is true"
#define NO_PROFILE                                                                                           \
    "profile: there is no profile \"default\" (HOME is not set, and AWS_SHARED_CREDENTIALS_FILE names no "   \
    "absolute path; HOME is not set, and AWS_CONFIG_FILE names no absolute path)" NO_WEB

static void test_order(void **state)
{
    static const struct {
        enum config_credentials_provider provider;
        const char *profile;
        const char *variables[12];
        const char *text;
    } rows[] = {
        {CONFIG_CREDENTIALS_DEFAULT, NULL, {ID, SECRET, SHARED}, "environment: ENV"},
        {CONFIG_CREDENTIALS_DEFAULT, NULL, {SHARED}, "profile: DEFAULT"},
        {CONFIG_CREDENTIALS_DEFAULT, NULL, {SECRET, SHARED}, "profile: DEFAULT"},
        {CONFIG_CREDENTIALS_DEFAULT, NULL, {"AWS_PROFILE", "other", SHARED}, "profile: OTHER"},
        /* As botocore: keys beat AWS_PROFILE, and lose to a profile that is named to us. */
        {CONFIG_CREDENTIALS_DEFAULT, NULL, {ID, SECRET, "AWS_PROFILE", "other", SHARED}, "environment: ENV"},
        {CONFIG_CREDENTIALS_DEFAULT, "other", {ID, SECRET, SHARED}, "profile: OTHER"},
        {CONFIG_CREDENTIALS_DEFAULT,
         NULL,
         {ID, SHARED},
         "environment: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"},
        {CONFIG_CREDENTIALS_DEFAULT, NULL, {ID, SECRET, END, "2099-01-01T00:00:00Z"}, "environment: ENV"},
        {CONFIG_CREDENTIALS_DEFAULT,
         NULL,
         {ID, SECRET, END, "2020-01-01T00:00:00Z", SHARED},
         "environment: it gave credentials that expired at 2020-01-01T00:00:00Z"},
        {CONFIG_CREDENTIALS_DEFAULT,
         NULL,
         {ID, SECRET, END, "tomorrow", SHARED},
         "environment: AWS_CREDENTIAL_EXPIRATION is not a time like 2026-01-31T23:59:59Z"},
        {CONFIG_CREDENTIALS_DEFAULT,
         NULL,
         {"AWS_ACCESS_KEY_ID", "A B", SECRET},
         "environment: the access key id has a blank or a control character at byte 2"},
        {CONFIG_CREDENTIALS_DEFAULT,
         NULL,
         {NULL},
         "environment: AWS_ACCESS_KEY_ID is not set; " NO_PROFILE NO_ECS NO_EC2},
        {CONFIG_CREDENTIALS_DEFAULT,
         NULL,
         {SECRET},
         "environment: AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not; " NO_PROFILE NO_ECS
             NO_EC2},
        {CONFIG_CREDENTIALS_DEFAULT,
         "empty",
         {ID, SECRET, SHARED},
         "profile: profile \"empty\" has no aws_access_key_id (HOME is not set, and AWS_CONFIG_FILE names no "
         "absolute path); " NO_ECS NO_EC2},
        /* A pod's or a task's own role is not passed over for the instance's. */
        {CONFIG_CREDENTIALS_DEFAULT,
         NULL,
         {"AWS_WEB_IDENTITY_TOKEN_FILE", "/t", SHARED},
         "environment: AWS_ACCESS_KEY_ID is not set; profile: there is a web identity token file, /t, but no "
         "role for it: role_arn of the profile or AWS_ROLE_ARN"},
        {CONFIG_CREDENTIALS_DEFAULT,
         NULL,
         {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"},
         "environment: AWS_ACCESS_KEY_ID is not set; " NO_PROFILE
         "container: AWS_CONTAINER_CREDENTIALS_FULL_URI: cannot connect to 127.0.0.1:1"},
        {CONFIG_CREDENTIALS_ENVIRONMENT, NULL, {SHARED}, "environment: AWS_ACCESS_KEY_ID is not set"},
        {CONFIG_CREDENTIALS_ENVIRONMENT, "other", {ID, SECRET, SHARED}, "environment: ENV"},
        {CONFIG_CREDENTIALS_PROFILE, NULL, {ID, SECRET, SHARED}, "profile: DEFAULT"},
        {CONFIG_CREDENTIALS_PROFILE, "other", {ID, SECRET, SHARED}, "profile: OTHER"},
        {CONFIG_CREDENTIALS_IMDS, NULL, {ID, SECRET, SHARED}, NO_EC2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config = calloc(1, sizeof(*config));
        struct told told = {.base = event_base_new()};
        struct search search;

        assert_non_null(config);
        config->credentials.own.provider = rows[i].provider;
        config->credentials.own.profile = rows[i].profile ? strdup(rows[i].profile) : NULL;
        set_environment(rows[i].variables);
        begin(&search, config, "us-west-2", changed, &told);
        /* Nothing is told before the loop runs. */
        assert_int_equal(told.times, 0);
        event_base_dispatch(told.base);
        if (strcmp(told.text, rows[i].text) != 0)
            fail_msg("row %zu: \"%s\"", i, told.text);
        assert_int_equal(told.times, 1);
        end(&search, told.base);
    }
}

static void note_identity(void *user, struct credentials *current, const char *why)
{
    struct told *told = user;
    const struct caller_identity *who = &current->identity;

    assert_null(why);
    snprintf(told->text, sizeof(told->text), "%.*s %.*s %.*s %.*s", SLICE_FMT(who->account),
             SLICE_FMT(who->partition), SLICE_FMT(who->principal_arn), SLICE_FMT(who->principal_type));
    event_base_loopbreak(told->base);
}

#define USER "arn:aws-cn:iam::123456789012:user/path/ana"

static void test_configured_identity(void **state)
{
    static const char *const environment[] = {ID, SECRET, NULL};
    static const struct {
        const char *account, *arn, *text;
    } rows[] = {
        {"123456789012", NULL, "123456789012 aws-us-gov  "},
        {NULL, USER, "123456789012 aws-cn " USER " User"},
        {"123456789012", USER, "123456789012 aws-cn " USER " User"},
    };

    (void)state;
    set_environment(environment);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config = calloc(1, sizeof(*config));
        struct told told = {.base = event_base_new()};
        struct search search;

        assert_non_null(config);
        config->account_id = rows[i].account ? strdup(rows[i].account) : NULL;
        config->credentials.own.principal_arn = rows[i].arn ? strdup(rows[i].arn) : NULL;
        begin(&search, config, "us-gov-west-1", note_identity, &told);
        event_base_dispatch(told.base);
        assert_string_equal(told.text, rows[i].text);
        end(&search, told.base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, make_file, remove_file),
        cmocka_unit_test(test_configured_identity),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
