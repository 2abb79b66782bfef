#include <stdio.h>

#include "base/hex.h"
#include "base/slice.h"

#include "unit/unit.h"

static void test_split(void **state)
{
    struct slice rest = SLICE("a,,b");
    struct slice part;

    (void)state;
    assert_true(slice_split(&rest, ',', &part) && slice_eq(part, SLICE("a")));
    assert_true(slice_split(&rest, ',', &part) && part.len == 0);
    assert_true(slice_split(&rest, ',', &part) && slice_eq(part, SLICE("b")));
    assert_false(slice_split(&rest, ',', &part));
}

static void test_order(void **state)
{
    (void)state;
    assert_true(slice_cmp(SLICE("a"), SLICE("ab")) < 0);
    assert_true(slice_cmp(SLICE("b"), SLICE("ab")) > 0);
    assert_int_equal(slice_cmp(SLICE("ab"), SLICE("ab")), 0);
    assert_true(slice_eq_nocase(SLICE("HoSt"), SLICE("host")));
    assert_false(slice_eq_nocase(SLICE("host"), SLICE("hos")));
}

/* What looks at several bytes at once, against one at a time: each byte in each place. */
static void test_many_at_once(void **state)
{
    char x[35], y[35];

    (void)state;
    memset(x, 'z', sizeof(x));
    memcpy(y, x, sizeof(y));
    for (size_t at = 0; at < sizeof(x); at++) {
        for (int a = 0; a < 256; a++) {
            bool visible = a > ' ' && a != 0x7f;

            x[at] = (char)a;
            if (slice_is_visible(slice_of(x, sizeof(x))) != visible)
                fail_msg("byte 0x%02x at %zu", a, at);
            for (int b = 0; b < 256; b++) {
                y[at] = (char)b;
                if (slice_same_nocase(x, y, sizeof(x)) != (ascii_lower((char)a) == ascii_lower((char)b)))
                    fail_msg("bytes 0x%02x and 0x%02x at %zu", a, b, at);
            }
        }
        x[at] = y[at] = 'z';
    }
    assert_true(slice_is_visible(SLICE("")));
}

static void test_hex(void **state)
{
    unsigned char bytes[9];
    char text[2 * sizeof(bytes) + 1], expected[2 * sizeof(bytes) + 1];

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        for (size_t len = 0; len <= sizeof(bytes); len++) {
            expected[0] = '\0';
            for (size_t i = 0; i < len; i++) {
                bytes[i] = (unsigned char)(byte + (int)i * 37);
                snprintf(expected + 2 * i, 3, "%02x", bytes[i]);
            }
            hex_write(bytes, len, text);
            assert_string_equal(text, expected);
        }
    }
}

static void test_number(void **state)
{
    static const struct {
        const char *text;
        unsigned long long max;
        bool ok;
        unsigned long long value;
    } rows[] = {
        {"0", 10, true, 0},
        {"10", 10, true, 10},
        {"11", 10, false, 0},
        {"5", 3, false, 0},
        {"", 10, false, 0},
        {"+1", 10, false, 0},
        {" 1", 10, false, 0},
        {"1a", 100, false, 0},
        {"18446744073709551615", ~0ULL, true, ~0ULL},
        {"18446744073709551616", ~0ULL, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned long long value = 0;

        assert_int_equal(slice_to_u64(slice_cstr(rows[i].text), rows[i].max, &value), rows[i].ok);
        assert_true(value == rows[i].value);
    }
}

static void test_trim(void **state)
{
    (void)state;
    assert_true(slice_eq(slice_trim(SLICE(" \t a b\t ")), SLICE("a b")));
    assert_int_equal(slice_trim(SLICE(" \t")).len, 0);
}

static void test_from_u64(void **state)
{
    char text[SLICE_U64_MAX];

    (void)state;
    assert_true(slice_eq(slice_from_u64(0, text), SLICE("0")));
    assert_true(slice_eq(slice_from_u64(1234567890, text), SLICE("1234567890")));
    assert_true(slice_eq(slice_from_u64(UINT64_MAX, text), SLICE("18446744073709551615")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),    cmocka_unit_test(test_order),  cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_hex),      cmocka_unit_test(test_number), cmocka_unit_test(test_trim),
        cmocka_unit_test(test_from_u64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
