/* A value that is read while it is written is read whole, or not at all. */
#include <pthread.h>
#include <string.h>

#include "base/seqlock.h"

#include "unit/unit.h"

struct value {
    uint64_t numbers[9];
    char odd[3]; /* the size is no multiple of a word */
};

static struct seqlock lock;
static _Atomic uint64_t words[SEQLOCK_WORDS(struct value)];
static atomic_bool over;

static struct value value_of(uint64_t n)
{
    struct value value;

    memset(&value, 0, sizeof(value));
    for (size_t i = 0; i < 9; i++)
        value.numbers[i] = n;
    memset(value.odd, (int)(n % 256), sizeof(value.odd));
    return value;
}

static void test_nothing_yet(void **state)
{
    struct seqlock fresh = {0};
    struct value value;

    (void)state;
    assert_false(seqlock_read(&fresh, words, &value, sizeof(value)));
}

static void test_roundtrip(void **state)
{
    struct seqlock fresh = {0};
    struct value written = value_of(7), read = {{0}, {0}};

    (void)state;
    seqlock_write(&fresh, words, &written, sizeof(written));
    assert_true(seqlock_read(&fresh, words, &read, sizeof(read)));
    assert_memory_equal(&read, &written, sizeof(read));
}

static void *write_on(void *arg)
{
    (void)arg;
    for (uint64_t n = 1; !atomic_load(&over); n++) {
        struct value value = value_of(n);

        seqlock_write(&lock, words, &value, sizeof(value));
    }
    return NULL;
}

static void test_never_torn(void **state)
{
    pthread_t writer;
    int whole = 0;

    (void)state;
    assert_int_equal(pthread_create(&writer, NULL, write_on, NULL), 0);
    while (whole < 20000) {
        struct value value, expected;

        if (!seqlock_read(&lock, words, &value, sizeof(value)))
            continue;
        expected = value_of(value.numbers[0]);
        assert_memory_equal(value.numbers, expected.numbers, sizeof(value.numbers));
        assert_memory_equal(value.odd, expected.odd, sizeof(value.odd));
        whole++;
    }
    atomic_store(&over, true);
    pthread_join(writer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_yet),
        cmocka_unit_test(test_roundtrip),
        cmocka_unit_test(test_never_torn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
