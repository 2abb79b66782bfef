/* Memory for keys and tokens. That nothing stays of them: tests/program/test_secrecy.py. */
#include "base/secret.h"

#include "unit/unit.h"

static void test_secrets(void **state)
{
    char *copy, *moved;

    (void)state;
    (void)secret_init(); /* pages may not be lockable here */
    copy = secret_copy(SLICE("a key"));
    assert_string_equal(copy, "a key");
    secret_free(copy);
    copy = secret_copy((struct slice){NULL, 0});
    assert_string_equal(copy, "");
    secret_free(copy);
    secret_free(NULL);
    moved = secret_wiping_realloc(NULL, 8);
    memcpy(moved, "a token", 8);
    moved = secret_wiping_realloc(moved, 4096);
    assert_string_equal(moved, "a token");
    secret_wipe(moved, 7);
    assert_memory_equal(moved, "\0\0\0\0\0\0\0", 8);
    secret_wiping_free(moved);
    secret_wiping_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_secrets)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
