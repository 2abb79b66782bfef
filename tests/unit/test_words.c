/* Command lines, as Python's shlex.split() takes them apart. */
#include <stdlib.h>

#include "base/buffer.h"
#include "credentials/words.h"

#include "unit/unit.h"

static void test_words(void **state)
{
    static const struct {
        const char *command, *words; /* each word with '|' after it; NULL: an error */
    } rows[] = {
        {"a", "a|"},
        {" a  b\tc\r\nd ", "a|b|c|d|"},
        {"/opt/x --y=z", "/opt/x|--y=z|"},
        {"a 'b c' \"d e\"", "a|b c|d e|"},
        {"a'b'\"c\"d", "abcd|"},
        {"'' \"\"", "||"},
        {"a\\ b \\\"c", "a b|\"c|"},
        {"\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d|"},
        {"'a\\b'", "a\\b|"},
        {"a # b", "a|#|b|"},
        {"a $HOME `b` ; c | d > e", "a|$HOME|`b`|;|c|||d|>|e|"},
        {"a b c d e f g h i j", "a|b|c|d|e|f|g|h|i|j|"},
        {"\xc3\xa4 \xff", "\xc3\xa4|\xff|"},
        {"", NULL},
        {" \t", NULL},
        {"a 'b", NULL},
        {"a \"b", NULL},
        {"a \"b\\", NULL},
        {"a\\", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer joined = {0};
        struct sg_error err = {0};
        char **words = words_split(slice_cstr(rows[i].command), &err);

        for (size_t n = 0; words && words[n]; n++)
            buffer_printf(&joined, "%s|", words[n]);
        if (rows[i].words) {
            assert_non_null(words);
            assert_string_equal(buffer_cstr(&joined), rows[i].words);
        } else {
            assert_null(words);
            assert_int_equal(err.status, SG_INVALID);
        }
        free(words);
        buffer_free(&joined);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
