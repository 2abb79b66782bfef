#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

#include "unit/unit.h"

static int log_end; /* of the pipe that stderr is during a test */

static int set_up(void **state)
{
    static int saved;
    int ends[2];

    saved = dup(STDERR_FILENO);
    *state = &saved;
    if (pipe2(ends, O_NONBLOCK) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
        return -1;
    close(ends[1]);
    log_end = ends[0];
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    return 0;
}

static int tear_down(void **state)
{
    int *saved = *state;

    log_batch(false);
    close(log_end);
    dup2(*saved, STDERR_FILENO);
    return close(*saved);
}

/* What has been logged since the last call; "" when nothing. */
static const char *logged(void)
{
    static char text[128 * 1024];
    ssize_t n = read(log_end, text, sizeof(text) - 1);

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
    const struct log_field fields[] = {
        {"plain", SLICE_INIT("a/b:c")},
        {"empty", SLICE_INIT("")},
        {"blank", SLICE_INIT("a b")},
        {"quote", SLICE_INIT("\"\\")},
        {"control", SLICE_INIT("a\n\x7f\xc3z")},
    };

    (void)state;
    log_event(LOG_LEVEL_INFO, "said", fields, 5);
    assert_logged(
        "info: said plain=a/b:c blank=\"a b\" quote=\"\\\"\\\\\" control=\"a\\u000a\\u007f\\u00c3z\"\n");
    log_debug("below the level");
    assert_string_equal(logged(), "");
}

static void test_a_long_line_is_cut(void **state)
{
    char text[6000];
    const struct log_field fields[] = {{"long", {text, sizeof(text)}}};
    const char *line;

    (void)state;
    memset(text, 'x', sizeof(text));
    log_event(LOG_LEVEL_WARN, "said", fields, 1);
    line = logged();
    assert_in_range(strlen(line), 4000, 4096);
    assert_string_equal(line + strlen(line) - 2, "x\n");
    memset(text, '\n', sizeof(text));
    log_event(LOG_LEVEL_WARN, "said", fields, 1);
    line = logged();
    assert_in_range(strlen(line), 4000, 4096);
    assert_string_equal(line + strlen(line) - 8, "\\u000a\"\n");
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
        cmocka_unit_test_setup_teardown(test_a_long_line_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_batch_is_written_when_flushed_or_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_pipe_drops_and_counts, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
