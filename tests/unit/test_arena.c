#include "base/arena.h"

#include <stdalign.h>

#include "base/quote.h"
#include "unit/unit.h"

static bool is_zero(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

static void test_pieces(void **state)
{
    struct arena arena = {0};
    char *last = NULL;

    (void)state;
    for (size_t size = 0; size < 3000; size += 7) {
        char *bytes = arena_alloc(&arena, size, 1);

        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % alignof(max_align_t), 0);
        assert_true(is_zero(bytes, size));
        memset(bytes, 0xa5, size);
        /* what was written before is still there */
        assert_true(!last || *last == (char)0xa5);
        last = size ? bytes : last;
    }
    assert_true(is_zero(arena_alloc(&arena, 100000, 3), 300000));
    assert_false(arena.failed);
    arena_free(&arena);
    assert_null(arena.blocks);
}

static void test_too_much(void **state)
{
    struct arena arena = {0};

    (void)state;
    assert_null(arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_true(arena.failed);
    assert_null(arena_alloc(&arena, SIZE_MAX, 1));
    assert_non_null(arena_alloc(&arena, 1, 1));
    assert_true(arena.failed);
    arena_free(&arena);
}

static void test_copy(void **state)
{
    struct arena arena = {0};
    char text[] = "abc";
    struct slice copy = arena_copy(&arena, slice_of(text, 3));

    (void)state;
    text[0] = 'x';
    assert_true(slice_eq(copy, SLICE("abc")));
    assert_int_equal(arena_copy(&arena, SLICE("")).len, 0);
    arena_free(&arena);
}

static void test_quote(void **state)
{
    char quoted[QUOTE_SIZE], text[200];

    (void)state;
    assert_string_equal(quote_text(SLICE("plain ~"), quoted), "plain ~");
    assert_string_equal(quote_text(SLICE("\x1b[1m\n\xff\x7f"), quoted), "\\x1b[1m\\x0a\\xff\\x7f");
    memset(text, '\n', sizeof(text));
    quote_text(slice_of(text, sizeof(text)), quoted);
    assert_in_range(strlen(quoted), 50, QUOTE_SIZE - 1);
    assert_string_equal(quoted + strlen(quoted) - 3, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_quote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
