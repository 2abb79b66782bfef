#include "net/addresses.h"

#include <stdio.h>

#include "base/buffer.h"

#include "unit/unit.h"

static union socket_address at(const char *literal)
{
    union socket_address address;

    assert_true(socket_address_parse(literal, 443, &address));
    return address;
}

/* "10.0.0.1 10.0.0.2" as an answer. */
static struct resolver_answer answer(const char *literals)
{
    struct resolver_answer answer = {0};
    struct slice rest = slice_cstr(literals), part;
    char text[64];

    while (*literals && slice_split(&rest, ' ', &part)) {
        snprintf(text, sizeof(text), "%.*s", SLICE_FMT(part));
        answer.addresses[answer.count++] = at(text);
    }
    return answer;
}

static void update(struct addresses *addresses, const char *zonal, const char *usual)
{
    struct resolver_answer zonal_answer = answer(zonal), usual_answer = answer(usual);

    addresses_update(addresses, &zonal_answer, &usual_answer, true);
}

static void assert_order(struct addresses *addresses, const char *expected)
{
    union socket_address order[ADDRESSES_MAX];
    size_t count = addresses_order(addresses, order);
    char text[SOCKET_ADDRESS_TEXT];
    struct buffer found = {0};

    for (size_t i = 0; i < count; i++)
        buffer_printf(&found, "%s%s", i ? " " : "", socket_address_format(&order[i], text));
    assert_string_equal(count ? buffer_cstr(&found) : "", expected);
    buffer_free(&found);
}

static void test_private(void **state)
{
    static const struct {
        const char *literal;
        bool private;
    } rows[] = {
        {"10.0.0.0", true},
        {"10.255.255.255", true},
        {"9.255.255.255", false},
        {"11.0.0.0", false},
        {"172.16.0.0", true},
        {"172.31.255.255", true},
        {"172.15.255.255", false},
        {"172.32.0.0", false},
        {"192.168.0.0", true},
        {"192.168.255.255", true},
        {"192.167.255.255", false},
        {"192.169.0.0", false},
        {"100.64.0.0", true},
        {"100.127.255.255", true},
        {"100.63.255.255", false},
        {"100.128.0.0", false},
        {"127.0.0.1", true},
        {"127.255.255.255", true},
        {"126.255.255.255", false},
        {"128.0.0.0", false},
        {"0.0.0.0", false},
        {"169.254.169.254", false},
        {"255.255.255.255", false},
        {"224.0.0.1", false},
        {"52.94.76.1", false},
        {"::1", true},
        {"::", false},
        {"::2", false},
        {"fc00::1", true},
        {"fdff:ffff::1", true},
        {"fb00::1", false},
        {"fe00::1", false},
        {"fe80::1", false},
        {"2600:1f14::1", false},
        {"::ffff:10.0.0.1", true},
        {"::ffff:52.94.76.1", false},
        {"::10.0.0.1", false},
        {"64:ff9b::a00:1", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        union socket_address address = at(rows[i].literal);

        if (socket_address_is_private(&address) != rows[i].private)
            fail_msg("%s", rows[i].literal);
    }
}

static void test_loopback(void **state)
{
    static const struct {
        const char *literal;
        bool loopback;
    } rows[] = {
        {"127.0.0.1", true},
        {"127.255.255.255", true},
        {"126.255.255.255", false},
        {"128.0.0.0", false},
        {"0.0.0.0", false},
        {"10.0.0.1", false},
        {"::1", true},
        {"::", false},
        {"::2", false},
        {"::ffff:127.0.0.1", true},
        {"::ffff:0.0.0.0", false},
        {"::127.0.0.1", false},
        {"fc00::1", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        union socket_address address = at(rows[i].literal);

        if (socket_address_is_loopback(&address) != rows[i].loopback)
            fail_msg("%s", rows[i].literal);
    }
}

static void test_turns_within_the_zone_first(void **state)
{
    struct addresses addresses = {0};

    (void)state;
    assert_order(&addresses, "");
    addresses.turn = 0;
    update(&addresses, "", "10.0.0.1 10.0.0.2 10.0.0.3");
    assert_order(&addresses, "10.0.0.1:443 10.0.0.2:443 10.0.0.3:443");
    assert_order(&addresses, "10.0.0.2:443 10.0.0.3:443 10.0.0.1:443");
    assert_order(&addresses, "10.0.0.3:443 10.0.0.1:443 10.0.0.2:443");
    update(&addresses, "10.0.0.3", "10.0.0.1 10.0.0.2 10.0.0.3");
    assert_int_equal(addresses.count, 3);
    addresses.turn = 0;
    assert_order(&addresses, "10.0.0.3:443 10.0.0.1:443 10.0.0.2:443");
    assert_order(&addresses, "10.0.0.3:443 10.0.0.1:443 10.0.0.2:443");
    assert_order(&addresses, "10.0.0.3:443 10.0.0.2:443 10.0.0.1:443");
}

static void test_public_ones_are_left_out(void **state)
{
    struct addresses addresses = {0};
    struct resolver_answer usual = answer("52.94.76.1 10.0.0.1 2600:1f14::1");

    (void)state;
    addresses_update(&addresses, NULL, &usual, true);
    assert_order(&addresses, "10.0.0.1:443");
    assert_int_equal(addresses.refused, 2);
    assert_int_equal(addresses.public.any.sa_family, AF_INET6);
    addresses_update(&addresses, NULL, &usual, false);
    assert_int_equal(addresses.count, 3);
    assert_int_equal(addresses.refused, 0);
}

static void test_ejection_grows(void **state)
{
    static const unsigned ms[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    struct addresses addresses = {0};
    union socket_address second = at("10.0.0.2"), unknown = at("10.0.0.9");

    (void)state;
    update(&addresses, "", "10.0.0.1 10.0.0.2");
    assert_null(addresses_next_probe(&addresses));
    for (size_t i = 0; i < COUNT_OF(ms); i++) {
        assert_int_equal(address_failed(&addresses, &second, 7), i == 0);
        assert_int_equal(addresses_next_probe(&addresses)->probe_at_us, 7 + ms[i] * 1000);
    }
    assert_order(&addresses, "10.0.0.1:443 10.0.0.2:443");
    assert_order(&addresses, "10.0.0.1:443 10.0.0.2:443");
    assert_true(address_works(&addresses, &second));
    assert_false(address_works(&addresses, &second));
    assert_null(addresses_next_probe(&addresses));
    assert_false(address_failed(&addresses, &unknown, 7));
    assert_false(address_works(&addresses, &unknown));
    assert_true(address_failed(&addresses, &second, 0));
    assert_int_equal(addresses_next_probe(&addresses)->probe_at_us, 500 * 1000);
}

static void test_what_could_not_be_tried_is_not_to_blame(void **state)
{
    struct addresses addresses = {0};
    const union socket_address first = at("10.0.0.1"), second = at("10.0.0.2");

    (void)state;
    update(&addresses, "", "10.0.0.1 10.0.0.2");
    address_failed(&addresses, &second, 0);
    address_untried(&addresses, &first, 7);
    assert_order(&addresses, "10.0.0.1:443 10.0.0.2:443");
    assert_int_equal(addresses_next_probe(&addresses)->probe_at_us, 500 * 1000);
    address_untried(&addresses, &second, 7);
    assert_int_equal(addresses_next_probe(&addresses)->probe_at_us, 7 + 1000 * 1000);
}

static void test_health_outlives_an_answer(void **state)
{
    struct addresses addresses = {0};
    union socket_address first = at("10.0.0.1"), second = at("10.0.0.2");

    (void)state;
    update(&addresses, "", "10.0.0.1 10.0.0.2");
    address_failed(&addresses, &first, 2000);
    address_failed(&addresses, &second, 1000);
    assert_order(&addresses, "10.0.0.2:443 10.0.0.1:443");
    update(&addresses, "", "10.0.0.3 10.0.0.1");
    assert_order(&addresses, "10.0.0.3:443 10.0.0.1:443");
    update(&addresses, "", "10.0.0.2");
    assert_null(addresses_next_probe(&addresses)); /* it was away: a new one */
}

static void test_which_connections_are_kept(void **state)
{
    struct addresses addresses = {0};
    union socket_address own = at("10.0.0.1"), other = at("10.0.0.2"), gone = at("10.0.0.3");

    (void)state;
    update(&addresses, "10.0.0.1", "10.0.0.1 10.0.0.2");
    assert_true(address_is_wanted(&addresses, &own));
    assert_false(address_is_wanted(&addresses, &other));
    assert_false(address_is_wanted(&addresses, &gone));
    address_failed(&addresses, &own, 0);
    assert_false(address_is_wanted(&addresses, &own));
    assert_true(address_is_wanted(&addresses, &other));
    address_failed(&addresses, &other, 0); /* none is better */
    assert_true(address_is_wanted(&addresses, &own));
    assert_true(address_is_wanted(&addresses, &other));
}

static void test_more_than_fit(void **state)
{
    struct addresses addresses = {0};
    struct resolver_answer zonal = {.count = RESOLVER_MAX_ADDRESSES}, usual = zonal;
    union socket_address order[ADDRESSES_MAX];

    (void)state;
    for (unsigned i = 0; i < RESOLVER_MAX_ADDRESSES; i++) {
        zonal.addresses[i] = at("10.0.0.1");
        usual.addresses[i] = at("10.1.0.1");
        zonal.addresses[i].v4.sin_port = usual.addresses[i].v4.sin_port = (uint16_t)(i + 1);
    }
    addresses_update(&addresses, &zonal, &usual, true);
    assert_int_equal(addresses_order(&addresses, order), ADDRESSES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_turns_within_the_zone_first),
        cmocka_unit_test(test_public_ones_are_left_out),
        cmocka_unit_test(test_ejection_grows),
        cmocka_unit_test(test_what_could_not_be_tried_is_not_to_blame),
        cmocka_unit_test(test_health_outlives_an_answer),
        cmocka_unit_test(test_which_connections_are_kept),
        cmocka_unit_test(test_more_than_fit),
    };

    return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
