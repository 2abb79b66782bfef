/* What needs no source at all: snapshots, what may be credentials, and when to ask again. */
#include <stdlib.h>

#include "base/secret.h"
#include "credentials/provider.h"
#include "credentials/schedule.h"

#include "unit/unit.h"

enum { START = 1800000000, HOUR = 3600 };

static void test_refresh_at(void **state)
{
    static const struct {
        int64_t obtained, expiration, least, most;
    } rows[] = {
        {START, 0, INT64_MAX, INT64_MAX},
        {START, START + 6 * HOUR, START + 6 * HOUR - 900, START + 6 * HOUR - 720},
        {START, START + 1800, START + 900, START + 1080},
        {START, START + 100, START + 50, START + 60},
        {START, START + 5, START + 3, START + 3},
        {START, START + 1, START + 1, START + 1},
        {START, START - 10, START - 910, START - 730},
        {0, START, START - 900, START - 720},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(schedule_refresh_at(rows[i].obtained, rows[i].expiration, 0) == rows[i].least);
        assert_true(schedule_refresh_at(rows[i].obtained, rows[i].expiration, UINT32_MAX) == rows[i].most);
    }
}

static void test_pauses(void **state)
{
    static const struct {
        unsigned failures, least, most;
    } retries[] = {
        {1, 500, 1000}, {2, 1000, 2000}, {6, 16000, 32000}, {7, 30000, 60000}, {1000000, 30000, 60000},
    };
    static const struct {
        int64_t remaining;
        unsigned least, most;
    } unmoved[] = {{900, 60000, 75000}, {150, 60000, 75000}, {100, 50000, 50000},       {3, 1500, 1500},
                   {1, 1000, 1000},     {-5, 1000, 1000},    {INT64_MAX, 60000, 75000}, {-START, 1000, 1000}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(retries); i++) {
        assert_int_equal(schedule_retry_ms(retries[i].failures, 0), retries[i].least);
        assert_int_equal(schedule_retry_ms(retries[i].failures, UINT32_MAX), retries[i].most);
    }
    for (size_t i = 0; i < COUNT_OF(unmoved); i++) {
        assert_int_equal(schedule_unmoved_ms(unmoved[i].remaining, 0), unmoved[i].least);
        assert_int_equal(schedule_unmoved_ms(unmoved[i].remaining, UINT32_MAX), unmoved[i].most);
    }
    assert_int_equal(schedule_expired_ms(0), 5 * 60 * 1000);
    assert_int_equal(schedule_expired_ms(UINT32_MAX), 10 * 60 * 1000);
}

static void test_snapshot(void **state)
{
    char secret[] = "secret";
    struct credentials *a = credentials_new(SLICE("AKID"), slice_cstr(secret), slice_of(NULL, 0), 7, "test");
    struct credentials *b = credentials_new(SLICE("AKID"), SLICE("secret"), SLICE(""), 7, "test");

    (void)state;
    memset(secret, 'x', sizeof(secret) - 1);
    assert_true(slice_eq(a->secret_access_key, SLICE("secret")));
    assert_int_equal(a->session_token.len, 0);
    assert_int_equal(a->expiration, 7);
    assert_true(a->generation != 0 && a->generation != b->generation);
    assert_true(credentials_same(a, b));
    credentials_unref(b);
    b = credentials_new(SLICE("AKID"), SLICE("secret"), SLICE("token"), 7, "test");
    assert_false(credentials_same(a, b));
    credentials_unref(b);
    assert_ptr_equal(credentials_ref(a), a);
    credentials_unref(a);
    assert_true(slice_eq(a->access_key_id, SLICE("AKID")));
    credentials_unref(a);
    credentials_unref(NULL);
}

static void test_identified(void **state)
{
    char arn[] = "arn:aws:sts::123456789012:assumed-role/r/s";
    struct credentials *plain = credentials_new(SLICE("AKID"), SLICE("secret"), SLICE("token"), 7, "test");
    struct buffer memory = {0};
    struct caller_identity who;
    struct credentials *known;

    (void)state;
    assert_int_equal(plain->identity.account.len, 0);
    assert_int_equal(caller_identity_read(slice_cstr(arn), &memory, &who), SG_OK);
    who.user_id = SLICE("AROA:s");
    known = credentials_identified(plain, &who);
    /* What it was made of may go. */
    buffer_free(&memory);
    memset(arn, 'x', sizeof(arn) - 1);
    assert_true(credentials_same(plain, known));
    assert_int_equal(plain->generation, known->generation);
    credentials_unref(plain);
    assert_true(slice_eq(known->secret_access_key, SLICE("secret")));
    assert_true(slice_eq(known->identity.account, SLICE("123456789012")));
    assert_true(slice_eq(known->identity.principal_arn, SLICE("arn:aws:iam::123456789012:role/r")));
    assert_true(slice_eq(known->identity.user_id, SLICE("AROA:s")));
    assert_int_equal(known->identity.username.len, 0);
    credentials_unref(known);
}

static void test_hidden_environment(void **state)
{
    const char *where;

    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s3cret", 1);
    unsetenv("AWS_SESSION_TOKEN");
    where = getenv("AWS_SECRET_ACCESS_KEY");
    environment_hide();
    for (size_t i = 0; i < sizeof("s3cret"); i++)
        assert_int_equal(where[i], 0);
    assert_string_equal(provider_variable("AWS_SECRET_ACCESS_KEY"), "s3cret");
    assert_string_equal(provider_variable("AWS_ACCESS_KEY_ID"), "AKID");
    assert_null(provider_variable("AWS_SESSION_TOKEN"));
    environment_hide();
    assert_string_equal(provider_variable("AWS_SECRET_ACCESS_KEY"), "s3cret");
    setenv("AWS_SECRET_ACCESS_KEY", "another", 1);
    assert_string_equal(provider_variable("AWS_SECRET_ACCESS_KEY"), "another");
}

static void test_wiping(void **state)
{
    struct buffer buffer = {.secret = true};
    char *text = malloc(4000);

    (void)state;
    for (int i = 0; i < 1000; i++)
        buffer_append(&buffer, SLICE("s3cret"));
    assert_int_equal(buffer.len, 6000);
    for (size_t i = 0; i < buffer.len; i++)
        assert_int_equal(buffer.data[i], "s3cret"[i % 6]);
    buffer_wipe(&buffer);
    assert_int_equal(buffer.len, 0);
    for (size_t i = 0; i < 6000; i++)
        assert_int_equal(buffer.data[i], 0);
    buffer_free(&buffer);
    assert_true(buffer.secret);

    memset(text, 's', 4000);
    text = secret_wiping_realloc(text, 5000);
    for (size_t i = 0; i < 4000; i++)
        assert_int_equal(text[i], 's');
    text = secret_wiping_realloc(text, 10);
    assert_int_equal(text[9], 's');
    secret_wiping_free(text);
    secret_wiping_free(NULL);
    secret_wiping_free(secret_wiping_realloc(NULL, 1));
}

static void test_check(void **state)
{
    static const struct {
        const char *id, *secret, *token;
        enum sg_status status;
    } rows[] = {
        {"AKID", "wJalr/+=", "", SG_OK},
        {"AKID", "s", "t", SG_OK},
        {"", "s", "", SG_INVALID},
        {"AKID", "", "", SG_INVALID},
        {"AK ID", "s", "", SG_INVALID},
        {"AKID", "s\r", "", SG_INVALID},
        {"AKID", "s", "t\nX-Evil: 1", SG_INVALID},
        {"AKID", "s", "t\xc3\xa9", SG_INVALID},
        {"AKID\x7f", "s", "", SG_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sg_error err = {0};

        assert_int_equal(credentials_check(slice_cstr(rows[i].id), slice_cstr(rows[i].secret),
                                           slice_cstr(rows[i].token), &err),
                         rows[i].status);
        assert_true((rows[i].status == SG_OK) == (err.text[0] == '\0'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refresh_at), cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_snapshot),   cmocka_unit_test(test_identified),
        cmocka_unit_test(test_check),      cmocka_unit_test(test_hidden_environment),
        cmocka_unit_test(test_wiping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
