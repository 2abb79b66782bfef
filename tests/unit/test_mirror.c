/* When EC2 is asked for policies, and what their documents are worth. */
#include <stdio.h>

#include "mirror/document.h"
#include "mirror/pace.h"

#include "unit/unit.h"

enum { REFRESH_MS = 5 * 60 * 1000, MINUTE_US = 60 * 1000 * 1000 };

/* A stream of numbers without a pattern that matters here. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state;
}

/* EC2 is away for an hour of a clock that only this test moves: at most one line a minute, and never more
 * than a minute between two tries. */
static void test_an_hour_without_ec2(void **state)
{
    struct pace pace = {.refresh_ms = REFRESH_MS};
    const uint64_t begin = 1000, end = begin + UINT64_C(60) * MINUTE_US;
    unsigned tries = 0, lines = 0, pause = 0;
    uint64_t told = 0;
    uint32_t random = 1;
    bool tell;

    (void)state;
    for (uint64_t now = begin; now < end; now += (uint64_t)pause * 1000) {
        pause = pace_failed(&pace, now, next_random(&random), &tell);
        assert_true(pause >= 500 && pause <= 60 * 1000);
        assert_true(!tell || tries == 0 || now - told >= MINUTE_US);
        assert_true(tell || now - told < MINUTE_US);
        if (tell)
            told = now;
        lines += tell;
        tries++;
    }
    assert_true(lines >= 30 && lines <= 61);
    assert_true(tries >= 60 && tries <= 140);
    assert_int_equal(pace.failures, tries);
    pause = pace_succeeded(&pace, next_random(&random));
    assert_true(pause >= REFRESH_MS - REFRESH_MS / 10 && pause <= REFRESH_MS + REFRESH_MS / 10);
    assert_int_equal(pace.failures, 0);
    /* From the start again: the first tries after the next failure come soon. */
    assert_true(pace_failed(&pace, end + MINUTE_US, UINT32_MAX, &tell) <= 1000);
    assert_true(tell);
}

static void test_bounds(void **state)
{
    struct pace pace = {.refresh_ms = 1000};
    bool tell;

    (void)state;
    assert_int_equal(pace_succeeded(&pace, 0), 900);
    assert_int_equal(pace_succeeded(&pace, UINT32_MAX), 1100);
    for (unsigned i = 0; i < 10; i++)
        assert_true(pace_failed(&pace, 0, UINT32_MAX, &tell) <= 1000);
}

/* EC2 that comes and goes is not told more often. */
static void test_flapping(void **state)
{
    struct pace pace = {.refresh_ms = REFRESH_MS};
    unsigned lines = 0;
    bool tell;

    (void)state;
    for (unsigned second = 1; second <= 600; second++) {
        (void)pace_failed(&pace, second * UINT64_C(1000000), 0, &tell);
        (void)pace_succeeded(&pace, 0);
        lines += tell;
    }
    assert_int_equal(lines, 10);
}

static void ignore(void *user, const struct policy_problem *problem)
{
    (void)user;
    (void)problem;
}

#define STATEMENT(effect, action, resource, more)                                                            \
    "{\"Effect\": \"" effect "\", \"Principal\": \"*\", \"Action\": " action                                 \
    ", \"Resource\": " resource more "}"
#define FULL "\"*\""

static void test_full_access(void **state)
{
    static const struct {
        const char *statements;
        bool full;
    } rows[] = {
        {STATEMENT("Allow", FULL, FULL, ""), true},
        {STATEMENT("Allow", "[\"*\"]", "[\"arn:aws:sagemaker:*:*:*\", \"*\"]", ""), true},
        {STATEMENT("Allow", "\"sagemaker:x\"", FULL, "") "," STATEMENT("Allow", FULL, FULL, ""), true},
        {STATEMENT("Allow", "\"sagemaker:*\"", FULL, ""), false},
        {STATEMENT("Allow", FULL, "\"arn:aws:sagemaker:*:*:*\"", ""), false},
        {STATEMENT("Allow", FULL, "\"arn:aws:a:::b\"", "") "," STATEMENT("Allow", "\"sagemaker:x\"", FULL,
                                                                         ""),
         false},
        {STATEMENT("Allow", FULL, FULL, ", \"Condition\": {\"Bool\": {\"aws:SecureTransport\": \"true\"}}"),
         false},
        {"{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"123456789012\"}, \"Action\": \"*\", "
         "\"Resource\": "
         "\"*\"}",
         false},
        {STATEMENT("Allow", FULL, FULL, "") "," STATEMENT("Deny", "\"sagemaker:Delete*\"", FULL, ""), false},
        {STATEMENT("Deny", FULL, FULL, ""), false},
        {"{\"Effect\": \"Allow\", \"Principal\": \"*\", \"NotAction\": \"*\", \"Resource\": \"*\"}", false},
    };
    char text[1024];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct policy *policy;

        snprintf(text, sizeof(text), "{\"Version\": \"2012-10-17\", \"Statement\": [%s]}",
                 rows[i].statements);
        policy = policy_parse(slice_cstr(text), ignore, NULL);
        assert_non_null(policy);
        if (document_is_full_access(policy) != rows[i].full)
            fail_msg("row %zu: %s", i, text);
        policy_free(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_hour_without_ec2),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_flapping),
        cmocka_unit_test(test_full_access),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
