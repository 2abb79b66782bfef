/* Buffers that grow, remember a failure, and wipe what they give back when secrets passed. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/quote.h"

#include "unit/unit.h"

static void assert_holds(const struct buffer *b, const char *expected)
{
    assert_false(b->failed);
    assert_int_equal(b->len, strlen(expected));
    assert_memory_equal(b->data ? b->data : "", expected, b->len);
}

static void test_append(void **state)
{
    struct buffer b = {0};

    (void)state;
    buffer_append(&b, (struct slice){NULL, 0});
    assert_holds(&b, "");
    buffer_append(&b, SLICE("one"));
    buffer_append_char(&b, ' ');
    buffer_printf(&b, "%d-%s", 2, "three");
    buffer_append_char(&b, ' ');
    buffer_append_u64(&b, UINT64_MAX);
    buffer_append_u64(&b, 0);
    assert_holds(&b, "one 2-three 184467440737095516150");
    assert_string_equal(buffer_cstr(&b), "one 2-three 184467440737095516150");
    buffer_consume(&b, 4);
    assert_holds(&b, "2-three 184467440737095516150");
    buffer_consume(&b, b.len);
    assert_holds(&b, "");
    buffer_free(&b);
    assert_null(b.data);
}

static void test_growth_keeps_content(void **state)
{
    struct buffer b = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        buffer_append_char(&b, (char)('a' + i % 26));
    assert_int_equal(b.len, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
    assert_true(b.cap < 4 * b.len);
    buffer_free(&b);
}

/* What can't be allocated fails once, and stays failed until the reset; what was there stays. */
static void test_failure(void **state)
{
    struct buffer b = {0};

    (void)state;
    buffer_append(&b, SLICE("kept"));
    assert_false(buffer_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    buffer_append(&b, SLICE("lost"));
    buffer_printf(&b, "%s", "lost");
    assert_false(buffer_reserve(&b, 1));
    assert_null(buffer_cstr(&b));
    assert_int_equal(b.len, 4);
    buffer_reset(&b);
    buffer_append(&b, SLICE("again"));
    assert_holds(&b, "again");
    buffer_free(&b);
}

static void test_wipe(void **state)
{
    struct buffer b = {.secret = true};
    size_t len;

    (void)state;
    buffer_append(&b, SLICE("a secret"));
    len = b.len;
    buffer_wipe(&b);
    assert_int_equal(b.len, 0);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(b.data[i], 0);
    buffer_free(&b);
}

static void test_arena(void **state)
{
    struct arena arena = {0};
    struct slice copy;
    char *first = arena_alloc(&arena, 3, 1);
    long *aligned = arena_alloc(&arena, 1000, sizeof(long));

    (void)state;
    assert_non_null(first);
    assert_non_null(aligned);
    assert_int_equal((uintptr_t)aligned % sizeof(long), 0);
    assert_int_equal(aligned[999], 0);
    assert_non_null(arena_alloc(&arena, 0, 8));
    copy = arena_copy(&arena, SLICE("copied"));
    assert_true(slice_eq(copy, SLICE("copied")));
    assert_false(arena.failed);
    assert_null(arena_alloc(&arena, SIZE_MAX / 2, 16));
    assert_true(arena.failed);
    arena_free(&arena);
}

static void test_quote(void **state)
{
    char out[QUOTE_SIZE];
    char wide[200];

    (void)state;
    assert_string_equal(quote_text(SLICE("plain text"), out), "plain text");
    assert_string_equal(quote_text(SLICE("a\nb\x1b[0m\xc3"), out), "a\\x0ab\\x1b[0m\\xc3");
    memset(wide, '\n', sizeof(wide));
    assert_true(strlen(quote_text(slice_of(wide, sizeof(wide)), out)) < QUOTE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),  cmocka_unit_test(test_growth_keeps_content),
        cmocka_unit_test(test_failure), cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_arena),   cmocka_unit_test(test_quote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
