/* credential_process with real programs: what they print, how they end, and what they are given. */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "credentials/process.h"

#include "unit/unit.h"

enum { PATIENCE_MS = 20000, HASTE_MS = 200 };

#define KEYS        "\"AccessKeyId\":\"AKIDP\",\"SecretAccessKey\":\"hush\""
#define SH(script)  "sh -c '" script "'"
#define PRINT(json) SH("printf %s \"$0\"") " '" json "'"

struct world {
    struct event_base *base;
    char text[700];
    unsigned answers;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->base = event_base_new();
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    event_base_free(world->base);
    free(world);
    return 0;
}

static void on_done(void *user, struct credentials *found, const char *why_not)
{
    struct world *world = user;

    world->answers++;
    if (found)
        snprintf(world->text, sizeof(world->text), "%.*s/%.*s/%.*s %lld %s", SLICE_FMT(found->access_key_id),
                 SLICE_FMT(found->secret_access_key), SLICE_FMT(found->session_token),
                 (long long)found->expiration, found->source);
    else
        sg_word(world->text, sizeof(world->text), "%s", why_not);
    event_base_loopbreak(world->base);
}

static void run(struct world *world, const char *command, unsigned limit_ms)
{
    struct sg_error err;

    world->answers = 0;
    if (process_start(world->base, slice_cstr(command), limit_ms, on_done, world, &err))
        event_base_dispatch(world->base);
    else
        on_done(world, NULL, err.text);
    assert_int_equal(world->answers, 1);
}

static void test_answers(void **state)
{
    static const struct {
        const char *command, *text;
    } rows[] = {
        {PRINT("{\"Version\":1," KEYS "}"), "AKIDP/hush/ 0 process"},
        {PRINT("{\"Version\":1," KEYS ",\"SessionToken\":null,\"Expiration\":null}"),
         "AKIDP/hush/ 0 process"},
        {PRINT("{\"Version\":1," KEYS ",\"SessionToken\":\"t\",\"Expiration\":\"2027-01-15T08:00:00Z\"}"),
         "AKIDP/hush/t 1800000000 process"},
        {PRINT("{\"Version\":1," KEYS ",\"AccountId\":\"1\"}"), "AKIDP/hush/ 0 process"},
        {PRINT("{\"Version\":2," KEYS "}"), "its answer has not \"Version\": 1, the only one there is"},
        {PRINT("{\"Version\":\"1\"," KEYS "}"), "its answer has not \"Version\": 1, the only one there is"},
        {PRINT("{" KEYS "}"), "its answer has not \"Version\": 1, the only one there is"},
        {PRINT("{\"Version\":1,\"AccessKeyId\":\"x\"}"), "its answer has no SecretAccessKey"},
        {PRINT("{\"Version\":1," KEYS ",\"Expiration\":\"soon\"}"),
         "its answer's Expiration is not a time like 2026-01-31T23:59:59Z"},
        {PRINT("{\"Version\":1,"), "its answer is not JSON (line 1, column 13)"},
        {PRINT("hush"), "its answer is not JSON (line 1, column 4)"},
        {"true", "its answer is empty"},
        {"false", "the process ended with status 1"},
        {SH("echo hush; echo no luck >&2; exit 3"), "the process ended with status 3: no luck"},
        {SH("kill -9 $$"), "the process was ended by signal 9"},
        {"/nothing/there x", "/nothing/there cannot be started: No such file or directory"},
        {"/etc/passwd", "/etc/passwd cannot be started: Permission denied"},
        {"'", "a quote or a backslash in the command has no end"},
        {SH("yes hush 2>&1"), "the process prints more than 64 KiB"},
        /* No input, a group of its own, and the signals of a newborn. */
        {SH("read x && exit 4; exit 0"), "its answer is empty"},
        {SH("[ $(cut -d\" \" -f5 /proc/$$/stat) = $$ ] || exit 4"), "its answer is empty"},
        {SH("grep -q SigIgn:.*0000000$ /proc/self/status && grep -q SigBlk:.*0000000000000000$ "
            "/proc/self/status || exit 4"),
         "its answer is empty"},
        /* What systemd says to us is not for it. */
        {SH("[ -z \"$NOTIFY_SOCKET$WATCHDOG_USEC$LISTEN_FDS$AWS_SECRET_ACCESS_KEY\" ] && [ \"$KEPT\" = 1 ] "
            "|| exit 4"),
         "its answer is empty"},
    };
    struct world *world = *state;

    setenv("NOTIFY_SOCKET", "/x", 1);
    setenv("WATCHDOG_USEC", "1", 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    setenv("KEPT", "1", 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        run(world, rows[i].command, PATIENCE_MS);
        if (strcmp(world->text, rows[i].text) != 0)
            fail_msg("row %zu: \"%s\"", i, world->text);
    }
}

/* A descriptor that somebody forgot to mark close-on-exec stays with us. */
static void test_descriptors(void **state)
{
    struct world *world = *state;
    int leak = open("/dev/null", O_RDONLY);

    run(world, SH("for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || exit 4; done"), PATIENCE_MS);
    assert_string_equal(world->text, "its answer is empty");
    close(leak);
}

/* What stderr says is cut, and never blocks the program. */
static void test_long_errors(void **state)
{
    struct world *world = *state;

    run(world, SH("head -c 300000 /dev/zero | tr \"\\0\" x >&2; exit 5"), PATIENCE_MS);
    assert_int_equal(strlen(world->text), strlen("the process ended with status 5: ") + 300);
}

/* Too slow: it is killed, with all that it has started. */
static void test_limit(void **state)
{
    struct world *world = *state;
    const char *place = getenv("TMPDIR");
    char fifo[200], command[300], byte;
    int reader;

    run(world, SH("exec sleep 600"), HASTE_MS);
    assert_string_equal(world->text, "the process was not done in 0.2 s, and was killed");
    /* Its own end does not end it while a grandchild holds an end of our pipes. */
    snprintf(fifo, sizeof(fifo), "%s/sagegate-test-%d", place ? place : P_tmpdir, (int)getpid());
    assert_int_equal(mkfifo(fifo, 0600), 0);
    reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    snprintf(command, sizeof(command), "sh -c 'exec 3>%s; sleep 600 & exit 0'", fifo);
    run(world, command, HASTE_MS);
    assert_string_equal(world->text, "the process was not done in 0.2 s, and was killed");
    assert_int_equal(fcntl(reader, F_SETFL, 0), 0);
    assert_int_equal(read(reader, &byte, 1), 0); /* there is no writer left */
    close(reader);
    unlink(fifo);
}

static void test_cancel(void **state)
{
    struct world *world = *state;
    struct process *process =
        process_start(world->base, SLICE("sleep 600"), PATIENCE_MS, on_done, world, NULL);

    assert_non_null(process);
    event_base_loop(world->base, EVLOOP_NONBLOCK);
    process_cancel(process);
    event_base_loop(world->base, EVLOOP_NONBLOCK);
    assert_int_equal(world->answers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_descriptors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
    };

    signal(SIGPIPE, SIG_IGN);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
