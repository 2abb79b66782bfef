/* sagegate check as it is called: what it prints, where, and how it ends. */
#include "cli/cli.h"

#include <getopt.h>

#include "unit/config_folder.h"
#include "unit/unit.h"

#define GOOD                                                                                                 \
    "account_id: \"123456789012\"\n"                                                                         \
    "endpoints: { runtime: { url: https://e }, edge: { url: https://e } }\n"                                 \
    "listeners: [{ name: a, address: \"127.0.0.1:0\", policy: p.json }]\n"

/* Runs the command with one of the standard streams going to a file, and gives back what was written. */
static int run(int argc, char **argv, FILE *stream, char *written, size_t size)
{
    FILE *file = tmpfile();
    int saved = dup(fileno(stream)), status;
    size_t len;

    assert_non_null(file);
    assert_true(saved >= 0);
    fflush(stream);
    dup2(fileno(file), fileno(stream));
    optind = 0;
    status = cli_check(argc, argv);
    fflush(stream);
    dup2(saved, fileno(stream));
    close(saved);
    rewind(file);
    len = fread(written, 1, size - 1, file);
    written[len] = '\0';
    fclose(file);
    return status;
}

static int run_file(char *path, FILE *stream, char *written, size_t size)
{
    char name[] = "check", option[] = "-c";
    char *argv[] = {name, option, path, NULL};

    return run(3, argv, stream, written, size);
}

static void test_good(void **state)
{
    struct folder *folder = *state;
    char written[1024], expected[512];

    write_file(folder->config, SLICE(GOOD "sandbox: off\n"));
    snprintf(expected, sizeof(expected),
             "%s: good: 1 listener, services: runtime, edge\n%s: sandbox: ", folder->config, folder->config);
    assert_int_equal(run_file(folder->config, stdout, written, sizeof(written)), EXIT_OK);
    assert_memory_equal(written, expected, strlen(expected));
    assert_string_equal(written + strlen(written) - 4, "off\n");
    assert_int_equal(run_file(folder->config, stderr, written, sizeof(written)), EXIT_OK);
    assert_string_equal(written, "");
}

static void test_warning(void **state)
{
    struct folder *folder = *state;
    char written[1024];

    write_file(folder->config, SLICE(GOOD));
    chmod(folder->policy, 0666);
    assert_int_equal(run_file(folder->config, stderr, written, sizeof(written)), EXIT_OK);
    assert_ptr_equal(strstr(written, folder->policy), written);
    assert_ptr_equal(strstr(written, ": warning: every user"), written + strlen(folder->policy));
}

static void test_errors(void **state)
{
    struct folder *folder = *state;
    char written[1024], expected[512];

    write_file(folder->config, SLICE(GOOD "workers: 0\nworkers: 1\n"));
    snprintf(expected, sizeof(expected),
             "%s:4:10: error: workers is '0'; it must be a number from 1 to 64, or auto\n%s:5:1: error: ",
             folder->config, folder->config);
    assert_int_equal(run_file(folder->config, stderr, written, sizeof(written)), EXIT_FAILED);
    assert_ptr_equal(strstr(written, expected), written);
    assert_int_equal(run_file(folder->config, stdout, written, sizeof(written)), EXIT_FAILED);
    assert_string_equal(written, "");
}

static void test_unreadable(void **state)
{
    struct folder *folder = *state;
    char written[1024], missing[] = "/nonexistent/sagegate.yaml";

    assert_int_equal(run_file(missing, stderr, written, sizeof(written)), EXIT_USAGE);
    assert_string_equal(written,
                        "/nonexistent/sagegate.yaml: error: cannot be opened: No such file or directory\n");
    /* That a policy is missing is a finding in the configuration. */
    unlink(folder->policy);
    write_file(folder->config, SLICE(GOOD));
    assert_int_equal(run_file(folder->config, stderr, written, sizeof(written)), EXIT_FAILED);
}

static void test_usage(void **state)
{
    char name[] = "check", unknown[] = "--what", extra[] = "what", ask[] = "--help", written[4096];
    char *bad_option[] = {name, unknown, NULL}, *bad_argument[] = {name, extra, NULL},
         *help[] = {name, ask, NULL};

    (void)state;
    assert_int_equal(run(2, bad_option, stderr, written, sizeof(written)), EXIT_USAGE);
    assert_non_null(strstr(written, "sagegate check --help"));
    assert_int_equal(run(2, bad_argument, stderr, written, sizeof(written)), EXIT_USAGE);
    assert_non_null(strstr(written, "'what'"));
    assert_int_equal(run(2, help, stdout, written, sizeof(written)), EXIT_OK);
    assert_ptr_equal(strstr(written, "usage: sagegate check"), written);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_good),       IN_FOLDER(test_warning),      IN_FOLDER(test_errors),
        IN_FOLDER(test_unreadable), cmocka_unit_test(test_usage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
