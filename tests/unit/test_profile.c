/* The shared files: how they are read, which profile is looked for, and what its sections lead to. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "credentials/ini.h"
#include "credentials/provider.h"

#include "unit/unit.h"

static void write_entry(void *user, const struct ini_entry *entry)
{
    if (entry->key.len)
        buffer_printf(user, "%.*s|%.*s|%.*s%s\n", SLICE_FMT(entry->section), SLICE_FMT(entry->key),
                      SLICE_FMT(entry->value), entry->continued ? "+" : "");
    else
        buffer_printf(user, "%.*s\n", SLICE_FMT(entry->section));
}

static void test_ini(void **state)
{
    static const struct {
        const char *text;
        const char *entries; /* NULL: an error, of which `why` is the text */
        const char *why;
    } rows[] = {
        {"", "", NULL},
        {"\n# c\n ; c\n\n", "", NULL},
        {"[a]\nk=v\n", "a\na|k|v\n", NULL},
        {"[a]\r\nk = v\r\n", "a\na|k|v\n", NULL},
        {"[a]\rk = v", "a\na|k|v\n", NULL},
        {"[a]\nk : v = w\nl = x : y\n", "a\na|k|v = w\na|l|x : y\n", NULL},
        {"[a]\nk = v=w==\n", "a\na|k|v=w==\n", NULL},
        {"[a]\nk =\n", "a\na|k|\n", NULL},
        {"[a]\nk = v # no comment\n", "a\na|k|v # no comment\n", NULL},
        {"[a]\n# k = v\n;k = v\n", "a\n", NULL},
        {"[a] ; comment\nk=v\n", "a\na|k|v\n", NULL},
        {"[ a b ]\n", " a b \n", NULL},
        {"[a]b]\n", "a]b\n", NULL},
        {"  [a]\n  k=v\n  l=w\n", "a\na|k|v\na|l|w\n", NULL},
        {"[a]\nk=v\n  w\n\n\tx\nl=y\n", "a\na|k|v+\na|l|y\n", NULL},
        {"[a]\ns3 =\n  k = v\n  l = w\nm=x\n", "a\na|s3|+\na|m|x\n", NULL},
        {"[a]\nk=v\n  [b]\n", "a\na|k|v+\n", NULL},
        {"[a]\nk=v\n  # comment\nl=w\n", "a\na|k|v\na|l|w\n", NULL},
        {"[a]\n[b]\nk=v\n[a]\nk=w\n", "a\nb\nb|k|v\na\na|k|w\n", NULL},
        {"[a]\n  k=v\n l=w\n  m=x\n", "a\na|k|v\na|l|w+\n", NULL},
        {"[a", NULL, "line 1: a [section] must come before this line"},
        {"k=v\n", NULL, "line 1: a [section] must come before this line"},
        {"\n\n[]\n", NULL, "line 3: a [section] must come before this line"},
        {"[a]\n[]\n", NULL, "line 2: this is neither [section] nor key = value"},
        {"[a]\nk\n", NULL, "line 2: this is neither [section] nor key = value"},
        {"[a]\n= v\n", NULL, "line 2: this is neither [section] nor key = value"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer entries = {0};
        struct sg_error err = {0};
        enum sg_status status = ini_parse(slice_cstr(rows[i].text), write_entry, &entries, &err);

        if (rows[i].entries) {
            assert_int_equal(status, SG_OK);
            assert_string_equal(buffer_cstr(&entries), rows[i].entries);
        } else {
            assert_int_equal(status, SG_INVALID);
            assert_string_equal(err.text, rows[i].why);
        }
        buffer_free(&entries);
    }
}

struct answer {
    enum provider_outcome outcome;
    char text[900]; /* id/secret/token, or why not */
};

static void on_answer(void *user, enum provider_outcome outcome, struct credentials *found,
                      const char *why_not)
{
    struct answer *answer = user;

    answer->outcome = outcome;
    if (found)
        snprintf(answer->text, sizeof(answer->text), "%.*s/%.*s/%.*s", SLICE_FMT(found->access_key_id),
                 SLICE_FMT(found->secret_access_key), SLICE_FMT(found->session_token));
    else
        snprintf(answer->text, sizeof(answer->text), "%s", why_not);
}

static char folder[160]; /* its .aws/ holds the files */

static void path_of(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/.aws/%s", folder, name);
}

/* NULL: there is no such file. */
static void put_file(const char *name, const char *text)
{
    char path[256];
    FILE *file;

    path_of(path, sizeof(path), name);
    unlink(path);
    if (!text)
        return;
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static int make_folder(void **state)
{
    static const char *const unset[] = {"AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_PROFILE",
                                        "AWS_DEFAULT_PROFILE"};
    const char *place = getenv("TMPDIR");
    char path[256];

    (void)state;
    snprintf(folder, sizeof(folder), "%s/sagegate-test-XXXXXX", place ? place : P_tmpdir);
    assert_non_null(mkdtemp(folder));
    path_of(path, sizeof(path), "");
    assert_int_equal(mkdir(path, 0700), 0);
    setenv("HOME", folder, 1);
    for (size_t i = 0; i < COUNT_OF(unset); i++)
        unsetenv(unset[i]);
    return 0;
}

static int remove_folder(void **state)
{
    char path[256];

    (void)state;
    put_file("credentials", NULL);
    put_file("config", NULL);
    put_file("other", NULL);
    path_of(path, sizeof(path), "");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static struct answer ask(const char *profile)
{
    struct answer answer = {PROVIDER_EMPTY, "no answer"};
    struct provider_setup setup = {.profile = profile, .pinned = true, .answer = on_answer, .user = &answer};
    void *state = profile_provider.open(&setup);

    assert_non_null(state);
    profile_provider.look(state, 0);
    profile_provider.close(state);
    return answer;
}

#define KEYS(id) "aws_access_key_id=" id "\naws_secret_access_key=s\n"

/* In texts, FOLDER stands for the test's own. */
static void assert_answer(size_t row, const struct answer *answer, enum provider_outcome outcome,
                          const char *text)
{
    struct buffer expected = {0};
    const char *at;

    while ((at = strstr(text, "FOLDER"))) {
        buffer_append(&expected, slice_of(text, (size_t)(at - text)));
        buffer_append(&expected, slice_cstr(folder));
        text = at + strlen("FOLDER");
    }
    buffer_append(&expected, slice_cstr(text));
    if (answer->outcome != outcome || strcmp(answer->text, buffer_cstr(&expected)) != 0)
        fail_msg("row %zu: outcome %d, \"%s\"", row, answer->outcome, answer->text);
    buffer_free(&expected);
}

static void test_files(void **state)
{
    static const struct {
        const char *credentials, *config, *profile;
        enum provider_outcome outcome;
        const char *text;
    } rows[] = {
        {"[default]\n" KEYS("A"), NULL, NULL, PROVIDER_FOUND, "A/s/"},
        {"[default]\nAWS_Access_Key_Id : A\naws_secret_access_key = s+/=\naws_session_token=t\n", NULL, NULL,
         PROVIDER_FOUND, "A/s+/=/t"},
        {"[default]\n" KEYS("A") "aws_session_token=t\naws_security_token=u\n", NULL, NULL, PROVIDER_FOUND,
         "A/s/u"},
        {"[x]\n" KEYS("X") "[default]\n" KEYS("A"), NULL, "x", PROVIDER_FOUND, "X/s/"},
        {"[default]\naws_access_key_id=A\n[default]\naws_secret_access_key=s\n", NULL, NULL, PROVIDER_FOUND,
         "A/s/"},
        /* The config file. */
        {NULL, "[default]\n" KEYS("C"), NULL, PROVIDER_FOUND, "C/s/"},
        {NULL, "[profile x]\n" KEYS("C"), "x", PROVIDER_FOUND, "C/s/"},
        {NULL, "[profile \"x y\"]\n" KEYS("C"), "x y", PROVIDER_FOUND, "C/s/"},
        {NULL, "[profile  'x']\n" KEYS("C"), "x", PROVIDER_FOUND, "C/s/"},
        {NULL, "[profile default]\n" KEYS("C"), NULL, PROVIDER_FOUND, "C/s/"},
        {NULL, "[profile x y]\n" KEYS("C"), "x y", PROVIDER_FAILED,
         "there is no profile \"x y\" (FOLDER/.aws/credentials: No such file or directory; not in "
         "FOLDER/.aws/config)"},
        {"", "[x]\n" KEYS("C"), "x", PROVIDER_FAILED,
         "there is no profile \"x\" (not in FOLDER/.aws/credentials; not in FOLDER/.aws/config)"},
        {"[profile x]\n" KEYS("A"), "", "x", PROVIDER_FAILED,
         "there is no profile \"x\" (not in FOLDER/.aws/credentials; not in FOLDER/.aws/config)"},
        /* The credentials file comes first, and never half of each. */
        {"[default]\n" KEYS("A"), "[default]\n" KEYS("C") "aws_session_token=t\n", NULL, PROVIDER_FOUND,
         "A/s/"},
        {"[default]\naws_access_key_id=A\n", "[default]\n" KEYS("C"), NULL, PROVIDER_FAILED,
         "FOLDER/.aws/credentials, line 2: there is no aws_secret_access_key beside this key id"},
        {"[default]\naws_secret_access_key=A\n", "[default]\n" KEYS("C"), NULL, PROVIDER_FOUND, "C/s/"},
        /* Nothing there. */
        {NULL, NULL, NULL, PROVIDER_EMPTY,
         "there is no profile \"default\" (FOLDER/.aws/credentials: No such file or directory; "
         "FOLDER/.aws/config: No such file or directory)"},
        {"[default]\nregion=x\n", "", NULL, PROVIDER_EMPTY, "profile \"default\" has no aws_access_key_id"},
        {"[x]\n", "", "x", PROVIDER_EMPTY, "profile \"x\" has no aws_access_key_id"},
        {NULL, "[profile x]\n", "x", PROVIDER_EMPTY,
         "profile \"x\" has no aws_access_key_id (FOLDER/.aws/credentials: No such file or directory)"},
        {"[x]\naws_secret_access_key=s\n", "", "x", PROVIDER_EMPTY,
         "profile \"x\" has no aws_access_key_id beside its aws_secret_access_key"},
        /* Something is there and does not work. */
        {"[default]\naws_access_key_id=\naws_secret_access_key=s\n", NULL, NULL, PROVIDER_FAILED,
         "FOLDER/.aws/credentials, profile \"default\": the access key id is empty"},
        {"[default]\naws_access_key_id=A\naws_secret_access_key=s s\n", NULL, NULL, PROVIDER_FAILED,
         "FOLDER/.aws/credentials, profile \"default\": the secret access key has a blank or a control "
         "character "
         "at byte 2"},
        {"[default]\naws_access_key_id=A\naws_secret_access_key=s\n  t\n", NULL, NULL, PROVIDER_FAILED,
         "FOLDER/.aws/credentials, line 3: the value of aws_secret_access_key goes on in the next, indented "
         "line"},
        {"[default]\n" KEYS("A") "oops\n", NULL, NULL, PROVIDER_FAILED,
         "FOLDER/.aws/credentials: line 4: this is neither [section] nor key = value"},
        {"[default]\n" KEYS("A"), "oops\n", NULL, PROVIDER_FAILED,
         "FOLDER/.aws/config: line 1: a [section] must come before this line"},
        /* What is not done yet, in botocore's order. */
        {"[default]\n" KEYS("A"), "[default]\nrole_arn=r\nsource_profile=y\n", NULL, PROVIDER_FAILED,
         "profile \"default\": its source_profile \"y\" does not exist"},
        {"", "[profile x]\nrole_arn=r\nweb_identity_token_file=/nothing/there\n", "x", PROVIDER_FAILED,
         "/nothing/there: No such file or directory"},
        {"", "[profile x]\nsso_account_id=1\n" KEYS("C"), "x", PROVIDER_FAILED,
         "profile \"x\" uses single sign-on (sso_…), which needs somebody who signs in"},
        {"[x]\n" KEYS("A"), "[profile x]\ncredential_process=p\n", "x", PROVIDER_FOUND, "A/s/"},
        {"", "[profile x]\ncredential_process='p\n" KEYS("C"), "x", PROVIDER_FAILED,
         "a quote or a backslash in the command has no end"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct answer answer;

        put_file("credentials", rows[i].credentials);
        put_file("config", rows[i].config);
        answer = ask(rows[i].profile);
        assert_answer(i, &answer, rows[i].outcome, rows[i].text);
    }
}

/* Which profile, and which files. */
static void test_variables(void **state)
{
    static const struct {
        const char *home, *credentials_file, *profile, *default_profile, *named;
        enum provider_outcome outcome;
        const char *text;
    } rows[] = {
        {"FOLDER", NULL, NULL, NULL, NULL, PROVIDER_FOUND, "A/s/"},
        {"FOLDER", NULL, "", "", NULL, PROVIDER_FOUND, "A/s/"},
        {"FOLDER", NULL, "x", NULL, NULL, PROVIDER_FOUND, "X/s/"},
        {"FOLDER", NULL, NULL, "x", NULL, PROVIDER_FOUND, "X/s/"},
        {"FOLDER", NULL, "y", "x", NULL, PROVIDER_FOUND, "X/s/"},
        {"FOLDER", NULL, "x", NULL, "y", PROVIDER_FOUND, "Y/s/"},
        {"FOLDER", NULL, "z", NULL, NULL, PROVIDER_FAILED,
         "there is no profile \"z\" (not in FOLDER/.aws/credentials; not in FOLDER/.aws/config)"},
        {"FOLDER", "~/.aws/other", NULL, NULL, NULL, PROVIDER_FOUND, "O/s/"},
        {"", "FOLDER/.aws/other", NULL, NULL, NULL, PROVIDER_FOUND, "O/s/"},
        {"", "~/.aws/other", NULL, NULL, NULL, PROVIDER_EMPTY,
         "there is no profile \"default\" (HOME is not set, and AWS_SHARED_CREDENTIALS_FILE names no "
         "absolute "
         "path; HOME is not set, and AWS_CONFIG_FILE names no absolute path)"},
        {"", NULL, NULL, NULL, NULL, PROVIDER_EMPTY,
         "there is no profile \"default\" (HOME is not set, and AWS_SHARED_CREDENTIALS_FILE names no "
         "absolute "
         "path; HOME is not set, and AWS_CONFIG_FILE names no absolute path)"},
        {"FOLDER", "FOLDER/.aws", NULL, NULL, NULL, PROVIDER_EMPTY,
         "there is no profile \"default\" (FOLDER/.aws: this is not a regular file; not in "
         "FOLDER/.aws/config)"},
    };
    static const char *const names[] = {"HOME", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE",
                                        "AWS_DEFAULT_PROFILE"};

    (void)state;
    put_file("credentials", "[default]\n" KEYS("A") "[x]\n" KEYS("X") "[y]\n" KEYS("Y"));
    put_file("other", "[default]\n" KEYS("O"));
    put_file("config", "");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const values[] = {rows[i].home, rows[i].credentials_file, rows[i].profile,
                                      rows[i].default_profile};
        struct answer answer;

        for (size_t j = 0; j < COUNT_OF(names); j++) {
            char value[256];

            if (values[j] && strncmp(values[j], "FOLDER", 6) == 0)
                snprintf(value, sizeof(value), "%s%s", folder, values[j] + 6);
            else
                snprintf(value, sizeof(value), "%s", values[j] ? values[j] : "");
            setenv(names[j], value, 1);
        }
        answer = ask(rows[i].named);
        assert_answer(i, &answer, rows[i].outcome, rows[i].text);
    }
}

static void test_changes_are_seen(void **state)
{
    struct answer answer;
    struct provider_setup setup = {.pinned = true, .answer = on_answer, .user = &answer};
    void *profile;
    char path[256], other[256];

    (void)state;
    put_file("credentials", NULL);
    put_file("config", NULL);
    profile = profile_provider.open(&setup);
    profile_provider.look(profile, 0);
    assert_int_equal(answer.outcome, PROVIDER_EMPTY);
    assert_false(profile_provider.stale(profile));
    put_file("credentials", "[default]\n" KEYS("A"));
    assert_true(profile_provider.stale(profile));
    profile_provider.look(profile, 0);
    assert_string_equal(answer.text, "A/s/");
    assert_false(profile_provider.stale(profile));
    /* Another file of the same size takes its place, as kubelet and careful editors do. */
    put_file("other", "[default]\n" KEYS("B"));
    path_of(path, sizeof(path), "credentials");
    path_of(other, sizeof(other), "other");
    assert_int_equal(rename(other, path), 0);
    assert_true(profile_provider.stale(profile));
    profile_provider.look(profile, 0);
    assert_string_equal(answer.text, "B/s/");
    /* Broken: told once, and quiet until it is changed again. */
    put_file("credentials", "broken");
    assert_true(profile_provider.stale(profile));
    profile_provider.look(profile, 0);
    assert_int_equal(answer.outcome, PROVIDER_FAILED);
    assert_false(profile_provider.stale(profile));
    put_file("credentials", NULL);
    assert_true(profile_provider.stale(profile));
    profile_provider.look(profile, 0);
    assert_int_equal(answer.outcome, PROVIDER_EMPTY);
    assert_false(profile_provider.stale(profile));
    profile_provider.close(profile);
}

static void test_file_limits(void **state)
{
    struct answer answer;
    char path[256];

    (void)state;
    put_file("config", "");
    put_file("credentials", "[default]\n" KEYS("A"));
    path_of(path, sizeof(path), "credentials");
    assert_int_equal(truncate(path, 1024 * 1024 + 1), 0);
    answer = ask(NULL);
    assert_answer(0, &answer, PROVIDER_FAILED, "FOLDER/.aws/credentials: the file is larger than 1 MiB");
    /* A pipe without a writer must not hold the daemon up. */
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    answer = ask(NULL);
    assert_answer(
        1, &answer, PROVIDER_EMPTY,
        "there is no profile \"default\" (FOLDER/.aws/credentials: this is not a regular file; not in "
        "FOLDER/.aws/config)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ini),
        cmocka_unit_test_setup_teardown(test_files, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_variables, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_changes_are_seen, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_file_limits, make_folder, remove_folder),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
