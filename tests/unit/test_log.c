#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log_record.h"

#include "unit/unit.h"

static int reading_end; /* of the pipe that stderr is during a test */

static int set_up(void **state)
{
    static int saved;
    int ends[2];

    saved = dup(STDERR_FILENO);
    *state = &saved;
    if (pipe2(ends, O_NONBLOCK) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
        return -1;
    close(ends[1]);
    reading_end = ends[0];
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    return 0;
}

static int tear_down(void **state)
{
    int *saved = *state;

    log_batch(false);
    close(reading_end);
    dup2(*saved, STDERR_FILENO);
    return close(*saved);
}

/* What has been logged since the last call; "" when nothing. */
static const char *logged(void)
{
    static char text[128 * 1024];
    ssize_t n = read(reading_end, text, sizeof(text) - 1);

    text[n < 0 ? 0 : n] = '\0';
    return text;
}

/* The line without its time. */
static void assert_logged(const char *expected)
{
    const char *text = logged();

    assert_true(strlen(text) > strlen("2026-01-31T12:00:00.000Z "));
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[23], 'Z');
    assert_string_equal(text + strlen("2026-01-31T12:00:00.000Z "), expected);
}

static void test_values_are_escaped(void **state)
{
    struct log_record record;

    (void)state;
    log_begin(&record, LOG_LEVEL_INFO, SLICE("said"));
    log_text(&record, "plain", SLICE("a/b:c"));
    log_text(&record, "empty", SLICE(""));
    log_text(&record, "blank", SLICE("a b"));
    log_text(&record, "quote", SLICE("\"\\"));
    log_text(&record, "control", SLICE("a\n\x7f\xc3z"));
    log_text(&record, "late", SLICE("0123456789abcdef0123456789abcde\t"));
    log_number(&record, "number", 0);
    log_ms(&record, "ms", 1020);
    log_json(&record, "json", SLICE("{\"a\":1}"));
    log_end(&record);
    assert_logged(
        "info: said plain=a/b:c blank=\"a b\" quote=\"\\\"\\\\\" control=\"a\\u000a\\u007f\\u00c3z\" "
        "late=\"0123456789abcdef0123456789abcde\\u0009\" number=0 ms=1.020 json=\"{\\\"a\\\":1}\"\n");
    log_debug("below the level");
    assert_string_equal(logged(), "");
}

/* Every byte at every place of what is looked at at once, and after it. */
static void test_each_byte_is_as_in_its_place(void **state)
{
    (void)state;
    log_change(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    for (size_t len = 1; len <= 40; len++) {
        for (unsigned c = 1; c < 256; c++) {
            char text[40], expected[64];
            struct log_record record;

            memset(text, 'a', sizeof(text));
            text[c % len] = (char)c;
            log_begin(&record, LOG_LEVEL_INFO, SLICE("said"));
            log_text(&record, "t", slice_of(text, len));
            log_end(&record);
            if (c == '"' || c == '\\')
                snprintf(expected, sizeof(expected), "%.*s\\%c", (int)(c % len), text, c);
            else if (c < ' ' || c > '~')
                snprintf(expected, sizeof(expected), "%.*s\\u%04x", (int)(c % len), text, c);
            else
                snprintf(expected, sizeof(expected), "%.*s", (int)(c % len + 1), text);
            snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "%.*s\"}\n",
                     (int)(len - c % len - 1), text + c % len + 1);
            assert_string_equal(strstr(logged(), "\"t\":\"") + strlen("\"t\":\""), expected);
        }
    }
}

static const char *said(struct slice value)
{
    struct log_record record;

    log_begin(&record, LOG_LEVEL_WARN, SLICE("said"));
    log_text(&record, "long", value);
    log_number(&record, "after", 7);
    log_end(&record);
    return logged();
}

static void test_a_long_line_is_cut(void **state)
{
    char text[6000];
    const char *line;

    (void)state;
    memset(text, 'x', sizeof(text));
    line = said(slice_of(text, sizeof(text)));
    assert_in_range(strlen(line), 4000, 4096);
    assert_string_equal(line + strlen(line) - 2, "x\n");
    memset(text, '\n', sizeof(text));
    line = said(slice_of(text, sizeof(text)));
    assert_in_range(strlen(line), 4000, 4096);
    assert_string_equal(line + strlen(line) - 8, "\\u000a\"\n");
}

static void test_a_long_value_is_not_in_json(void **state)
{
    char text[6000];
    const char *line;

    (void)state;
    log_change(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    memset(text, '\n', sizeof(text));
    line = said(slice_of(text, sizeof(text)));
    assert_string_equal(strchr(line, ','),
                        ",\"level\":\"warn\",\"message\":\"said\",\"after\":7,\"cut\":true}\n");
    line = said(slice_of(text, 600));
    assert_null(strstr(line, "cut"));
    assert_non_null(strstr(line, "\\u000a\",\"after\":7}\n"));
}

static void test_a_batch_is_written_when_flushed_or_full(void **state)
{
    const char *text;
    unsigned lines = 0;

    (void)state;
    log_batch(true);
    log_info("one");
    log_info("two");
    assert_string_equal(logged(), "");
    log_flush();
    text = logged();
    assert_non_null(strstr(text, "info: one\n"));
    assert_true(strstr(text, "info: one\n") < strstr(text, "info: two\n"));
    log_flush();
    assert_string_equal(logged(), "");
    while (*logged() == '\0' && lines < 1000)
        log_info("line %u", lines++);
    assert_in_range(lines, 50, 4096 / 30);
    log_batch(false); /* the last line is still there */
    text = logged();
    assert_non_null(strstr(text, "info: line "));
}

static void test_a_full_pipe_drops_and_counts(void **state)
{
    uint64_t before = log_dropped();
    unsigned lines = 0;

    (void)state;
    while (log_dropped() == before && lines < 100000)
        log_info("line %u", lines++);
    assert_int_equal(log_dropped(), before + 1);
    log_batch(true);
    log_info("lost");
    log_info("lost");
    log_flush();
    assert_int_equal(log_dropped(), before + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values_are_escaped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_byte_is_as_in_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_line_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_value_is_not_in_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_batch_is_written_when_flushed_or_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_pipe_drops_and_counts, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
