/* What a person is told: whole when it fits, and cut where one sees it when not. */
#include <stdio.h>

#include "base/error.h"
#include "base/slice.h"

#include "unit/unit.h"

static void test_cut(void **state)
{
    static const struct {
        size_t size;
        const char *text, *told;
    } rows[] = {
        {8, "", ""},
        {8, "1234567", "1234567"},
        {8, "12345678", "1234..."},
        {8, "123456789", "1234..."},
        {4, "1234", "..."},
        {3, "123", "12"},
        {1, "1", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[16];

        memset(text, '#', sizeof(text));
        sg_word(text, rows[i].size, "%s", rows[i].text);
        assert_string_equal(text, rows[i].told);
        assert_int_equal(text[rows[i].size], '#');
    }
}

/* It is told in JSON, which takes UTF-8 (RFC 3629), and to the service manager, by lines. */
static void test_one_line_of_utf8(void **state)
{
    static const struct {
        size_t size;
        const char *text, *told;
    } rows[] = {
        {32, "a\nb\tc\x7f", "a b c "},
        {32, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {32, "\xff \x80 \xc3", "? ? ?"},
        {32, "\xc0\x80 \xe0\x9f\xbf \xf0\x8f\xbf\xbf", "?? ??? ????"}, /* longer than need be */
        {32, "\xed\xa0\x80 \xf4\x90\x80\x80 \xf5\x80", "??? ???? ??"}, /* surrogates, none at all */
        {8, "abc\xc3\xa9zzzz", "abc?..."},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[32];
        struct sg_error err;

        sg_word(text, rows[i].size, "%s", rows[i].text);
        assert_string_equal(text, rows[i].told);
        if (rows[i].size < sizeof(text))
            continue;
        sg_fail(&err, SG_IO, "%s", rows[i].text);
        assert_string_equal(err.text, rows[i].told);
    }
}

static void test_error(void **state)
{
    char path[2 * SG_TEXT];
    struct sg_error err = {0};

    (void)state;
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(sg_fail(&err, SG_IO, "%.*s: it is no file", SG_TEXT / 2, path), SG_IO);
    assert_int_equal(err.status, SG_IO);
    assert_string_equal(err.text + SG_TEXT / 2, ": it is no file");
    assert_int_equal(sg_fail(&err, SG_INVALID, "%s", path), SG_INVALID);
    assert_int_equal(strlen(err.text), SG_TEXT - 1);
    assert_string_equal(err.text + SG_TEXT - 5, "p...");
    assert_int_equal(sg_fail(NULL, SG_TIMEOUT, "%s", path), SG_TIMEOUT);
}

static void test_arguments_in_the_error_itself(void **state)
{
    struct sg_error err = {0};

    (void)state;
    sg_fail(&err, SG_IO, "why");
    sg_fail(&err, SG_IO, "%s, and %s", err.text, err.text);
    assert_string_equal(err.text, "why, and why");
}

static void test_brief(void **state)
{
    char long_text[SLICE_BRIEF_MAX + 1], text[SLICE_BRIEF_MAX + 16];
    struct slice whole = slice_of(long_text, SLICE_BRIEF_MAX),
                 more = slice_of(long_text, SLICE_BRIEF_MAX + 1), none = {NULL, 0};

    (void)state;
    memset(long_text, 'a', sizeof(long_text));
    snprintf(text, sizeof(text), "%.*s%s|", SLICE_BRIEF(whole));
    assert_string_equal(text + SLICE_BRIEF_MAX - 1, "a|");
    snprintf(text, sizeof(text), "%.*s%s|", SLICE_BRIEF(more));
    assert_string_equal(text + SLICE_BRIEF_MAX - 1, "a...|");
    snprintf(text, sizeof(text), "%.*s%s|", SLICE_BRIEF(none));
    assert_string_equal(text, "|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut),   cmocka_unit_test(test_one_line_of_utf8),
        cmocka_unit_test(test_error), cmocka_unit_test(test_arguments_in_the_error_itself),
        cmocka_unit_test(test_brief),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
