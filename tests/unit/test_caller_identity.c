/* What a caller's ARN tells of the principal. */
#include "aws/caller_identity.h"

#include "unit/unit.h"

#define ACCOUNT "123456789012"
#define IAM     "arn:aws:iam::" ACCOUNT ":"
#define STS     "arn:aws:sts::" ACCOUNT ":"

static void test_good(void **state)
{
    static const struct {
        const char *arn, *principal_arn, *type, *username;
    } rows[] = {
        {IAM "user/ana", IAM "user/ana", "User", "ana"},
        {IAM "user/staff/eu/ana@x.org", IAM "user/staff/eu/ana@x.org", "User", "ana@x.org"},
        {IAM "root", IAM "root", "Account", ""},
        {IAM "role/service/inference", IAM "role/service/inference", "AssumedRole", ""},
        {STS "assumed-role/inference/i-0123", IAM "role/inference", "AssumedRole", ""},
        {"arn:aws-us-gov:sts::" ACCOUNT ":assumed-role/r/s", "arn:aws-us-gov:iam::" ACCOUNT ":role/r",
         "AssumedRole", ""},
        {STS "federated-user/bob", STS "federated-user/bob", "FederatedUser", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct slice arn = slice_cstr(rows[i].arn), rest = arn, part;
        struct buffer memory = {0};
        struct caller_identity who;

        assert_int_equal(caller_identity_read(arn, &memory, &who), SG_OK);
        assert_true(slice_eq(who.arn, arn));
        assert_true(slice_eq(who.account, SLICE(ACCOUNT)));
        slice_split(&rest, ':', &part);
        slice_split(&rest, ':', &part);
        assert_true(slice_eq(who.partition, part));
        assert_true(slice_eq(who.principal_arn, slice_cstr(rows[i].principal_arn)));
        assert_true(slice_eq(who.principal_type, slice_cstr(rows[i].type)));
        assert_true(slice_eq(who.username, slice_cstr(rows[i].username)));
        assert_int_equal(who.user_id.len, 0);
        buffer_free(&memory);
    }
}

static void test_bad(void **state)
{
    static const char *const rows[] = {
        "",
        "arn",
        "arn:aws:iam::" ACCOUNT,
        IAM,
        IAM "user/",
        IAM "user/path/",
        IAM "user",
        IAM "role/",
        IAM "rootless",
        IAM "group/g",
        IAM "role/*",
        IAM "role/a?",
        IAM "role/a b",
        IAM "role/a\n",
        IAM "assumed-role/r/s",
        STS "assumed-role/r",
        STS "assumed-role/r/",
        STS "assumed-role//s",
        "arn:aws:iam:us-west-2:" ACCOUNT ":role/r",
        "arn:aws:iam::12345678901:role/r",
        "arn:aws:iam::1234567890123:role/r",
        "arn:aws:iam::aws:role/r",
        "arn:gcp:iam::" ACCOUNT ":role/r",
        "ARN:aws:iam::" ACCOUNT ":role/r",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer memory = {0};
        struct caller_identity who;

        if (caller_identity_read(slice_cstr(rows[i]), &memory, &who) != SG_INVALID)
            fail_msg("accepted: %s", rows[i]);
        assert_int_equal(who.arn.len, 0);
        buffer_free(&memory);
    }
}

static void test_same(void **state)
{
    static const struct {
        const char *role, *session;
        bool same;
    } rows[] = {
        {IAM "role/path/r", STS "assumed-role/r/s", true},
        {IAM "role/r", STS "assumed-role/r/s", true},
        {IAM "role/r", STS "assumed-role/other/s", false},
        {IAM "role/r", "arn:aws:sts::210987654321:assumed-role/r/s", false},
        {IAM "user/r", STS "assumed-role/r/s", false},
        {IAM "user/r", IAM "user/r", true},
        {IAM "user/a/r", IAM "user/r", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer memory = {0}, more = {0};
        struct caller_identity role, session;

        assert_int_equal(caller_identity_read(slice_cstr(rows[i].role), &memory, &role), SG_OK);
        assert_int_equal(caller_identity_read(slice_cstr(rows[i].session), &more, &session), SG_OK);
        assert_int_equal(caller_identity_is_same(&role, &session), rows[i].same);
        buffer_free(&memory);
        buffer_free(&more);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
