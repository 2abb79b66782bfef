#include "proxy/quota.h"

#include "unit/unit.h"

static const struct config limits = {.max_connections = 4, .max_connections_per_user = 2};
static char first_address[] = "127.0.0.1:1", second_address[] = "unix:/run/a.sock";
static const struct config_listener first = {.address = first_address, .max_connections = 2};
static const struct config_listener second = {.address = second_address};
static const struct peer alice = {.known = true, .uid = 1001}, bob = {.known = true, .uid = 1001 + 64},
                         nobody_known = {.known = false};

static int set_up(void **state)
{
    *state = quota_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    quota_free(*state);
    return 0;
}

static void test_all_and_of_a_listener(void **state)
{
    struct quota *quota = *state;
    struct quota_seat seats[5];

    assert_int_equal(quota_take(quota, &limits, &first, &seats[0]), QUOTA_FREE);
    assert_int_equal(quota_take(quota, &limits, &first, &seats[1]), QUOTA_FREE);
    assert_int_equal(quota_take(quota, &limits, &first, &seats[2]), QUOTA_LISTENER);
    quota_leave(quota, &seats[2]); /* it has nothing to leave */
    assert_int_equal(quota_take(quota, &limits, &second, &seats[2]), QUOTA_FREE);
    assert_int_equal(quota_take(quota, &limits, &second, &seats[3]), QUOTA_FREE);
    assert_int_equal(quota_take(quota, &limits, &second, &seats[4]), QUOTA_ALL);
    quota_leave(quota, &seats[0]);
    assert_int_equal(quota_take(quota, &limits, &second, &seats[4]), QUOTA_FREE);
    assert_int_equal(quota_take(quota, &limits, &first, &seats[0]), QUOTA_ALL);
    for (int i = 0; i < 5; i++)
        quota_leave(quota, &seats[i]);
}

/* A listener of a newer configuration is the same one, by its address. */
static void test_a_listener_after_a_reload(void **state)
{
    struct config_listener newer = first;
    struct quota_seat seats[3];
    char address[] = "127.0.0.1:1";

    newer.address = address;
    assert_int_equal(quota_take(*state, &limits, &first, &seats[0]), QUOTA_FREE);
    assert_int_equal(quota_take(*state, &limits, &newer, &seats[1]), QUOTA_FREE);
    assert_int_equal(quota_take(*state, &limits, &newer, &seats[2]), QUOTA_LISTENER);
    newer.max_connections = 3;
    assert_int_equal(quota_take(*state, &limits, &newer, &seats[2]), QUOTA_FREE);
    for (int i = 0; i < 3; i++)
        quota_leave(*state, &seats[i]);
}

static void test_of_a_user(void **state)
{
    struct quota *quota = *state;
    struct quota_seat seats[3];

    for (int i = 0; i < 3; i++)
        assert_int_equal(quota_take(quota, &limits, &second, &seats[i]), QUOTA_FREE);
    assert_int_equal(quota_take_user(quota, &seats[0], &alice, 2), QUOTA_FREE);
    assert_int_equal(quota_take_user(quota, &seats[1], &alice, 2), QUOTA_FREE);
    assert_int_equal(quota_take_user(quota, &seats[1], &alice, 2), QUOTA_FREE); /* it counts once */
    assert_int_equal(quota_take_user(quota, &seats[2], &alice, 2), QUOTA_USER);
    assert_int_equal(quota_take_user(quota, &seats[2], &nobody_known, 2), QUOTA_FREE);
    assert_int_equal(quota_take_user(quota, &seats[2], &bob, 2), QUOTA_FREE); /* of the same bucket */
    assert_int_equal(quota_take_user(quota, &seats[1], &bob, 1), QUOTA_USER);
    assert_int_equal(quota_take_user(quota, &seats[2], &alice, 2), QUOTA_USER); /* and stays Bob's */
    assert_int_equal(quota_take_user(quota, &seats[0], &nobody_known, 2), QUOTA_FREE);
    assert_int_equal(quota_take_user(quota, &seats[2], &alice, 2), QUOTA_FREE);
    assert_int_equal(quota_take_user(quota, &seats[0], &bob, 1), QUOTA_FREE);
    for (int i = 0; i < 3; i++)
        quota_leave(quota, &seats[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_and_of_a_listener, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_listener_after_a_reload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_a_user, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
