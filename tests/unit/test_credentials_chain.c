/* The chain over scripted providers and a clock of the test's own: hours pass in no time. */
#include <stdio.h>

#include "credentials/chain.h"
#include "credentials/schedule.h"

#include "unit/unit.h"

enum { START = 1800000000, HOUR = 3600 };

/* What a provider will answer, and what it was asked. */
struct script {
    const struct provider_setup *setup;
    enum provider_outcome outcome;
    int64_t expiration; /* for FOUND; 0: never */
    const char *id;
    bool silent; /* does not answer within look */
    bool stale;
    unsigned looks;
    unsigned timeout_ms; /* of the last look */
};

static struct script first, second;

static void *open_first(const struct provider_setup *setup)
{
    first = (struct script){.setup = setup, .outcome = PROVIDER_EMPTY, .id = "AKIDFIRST"};
    return &first;
}

static void *open_second(const struct provider_setup *setup)
{
    second = (struct script){.setup = setup, .outcome = PROVIDER_EMPTY, .id = "AKIDSECOND"};
    return &second;
}

static void give_answer(struct script *script)
{
    struct credentials *set = NULL;

    if (script->outcome == PROVIDER_FOUND)
        set = credentials_new(slice_cstr(script->id), SLICE("secret"), SLICE("token"), script->expiration,
                              "script");
    script->setup->answer(script->setup->user, script->outcome, set, set ? NULL : "it says no");
    credentials_unref(set);
}

static void look(void *state, unsigned timeout_ms)
{
    struct script *script = state;

    script->looks++;
    script->timeout_ms = timeout_ms;
    if (!script->silent)
        give_answer(script);
}

static bool stale(void *state)
{
    return ((struct script *)state)->stale;
}

static void close_nothing(void *state)
{
    (void)state;
}

static const struct provider static_provider = {
    .name = "first", .open = open_first, .look = look, .stale = stale, .close = close_nothing};
static const struct provider expiring_provider = {
    .name = "second", .guessed = true, .open = open_second, .look = look, .close = close_nothing};
static const struct provider enduring_provider = {
    .name = "second", .usable_after_end = true, .open = open_second, .look = look, .close = close_nothing};

struct world {
    struct chain *chain;
    struct chain_now now;
    struct credentials *current; /* as last told */
    char why[256];
    unsigned changes;
    unsigned wakes;
    int next_ms;
};

static void changed(void *user, struct credentials *current, const char *why)
{
    struct world *world = user;

    credentials_unref(world->current);
    world->current = current ? credentials_ref(current) : NULL;
    snprintf(world->why, sizeof(world->why), "%s", why ? why : "");
    world->changes++;
}

static void wake(void *user)
{
    ((struct world *)user)->wakes++;
}

static void begin(struct world *world, const struct provider *const *providers)
{
    struct chain_setup setup = {.providers = providers,
                                .count = 2,
                                .changed = changed,
                                .changed_user = world,
                                .wake = wake,
                                .wake_user = world};

    *world = (struct world){.now = {START, 5000000, 0x80000000}};
    world->chain = chain_new(&setup);
    assert_non_null(world->chain);
}

static void tick(struct world *world)
{
    world->next_ms = chain_tick(world->chain, &world->now);
    assert_true(world->next_ms == -1 || (world->next_ms > 0 && world->next_ms <= SCHEDULE_TICK_MS));
}

/* Both clocks go on. */
static void pass(struct world *world, int64_t ms)
{
    static int64_t part;

    part += ms;
    world->now.wall += part / 1000;
    part %= 1000;
    world->now.monotonic_us += (uint64_t)ms * 1000;
}

static void play_seconds(struct world *world, int64_t seconds)
{
    int64_t end = world->now.wall + seconds;

    tick(world);
    while (world->now.wall < end) {
        int64_t left = (end - world->now.wall) * 1000;

        pass(world, world->next_ms > 0 && world->next_ms < left ? world->next_ms : left);
        tick(world);
    }
}

static void end(struct world *world)
{
    chain_free(world->chain);
    credentials_unref(world->current);
}

static const struct provider *const to_expiring[] = {&static_provider, &expiring_provider};
static const struct provider *const to_enduring[] = {&static_provider, &enduring_provider};

static void test_order(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_expiring);
    first.outcome = second.outcome = PROVIDER_FOUND;
    tick(&world);
    assert_int_equal(first.looks, 1);
    assert_int_equal(second.looks, 0);
    assert_true(slice_eq(world.current->access_key_id, SLICE("AKIDFIRST")));
    assert_string_equal(world.why, "");
    end(&world);

    begin(&world, to_expiring);
    second.outcome = PROVIDER_FOUND;
    second.expiration = START + HOUR;
    tick(&world);
    assert_true(slice_eq(world.current->access_key_id, SLICE("AKIDSECOND")));
    assert_string_equal(world.why, "first: it says no");
    /* Why it is this one is told with each newer set of it. */
    second.expiration += HOUR;
    play_seconds(&world, HOUR);
    assert_true(world.changes > 1);
    assert_string_equal(world.why, "first: it says no");
    end(&world);
}

static void test_failure_ends_the_search(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_expiring);
    first.outcome = PROVIDER_FAILED;
    second.outcome = PROVIDER_FOUND;
    tick(&world);
    assert_int_equal(second.looks, 0);
    assert_null(world.current);
    assert_string_equal(world.why, "first: it says no");
    end(&world);
}

static void test_none(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_expiring);
    tick(&world);
    assert_string_equal(world.why, "first: it says no; second: it says no");
    assert_int_equal(world.changes, 1);
    assert_int_equal(first.timeout_ms, 5000);
    assert_int_equal(second.timeout_ms, 1000);
    /* At most 1 s to the second try, 60 s to the later ones; the same reason is told once. */
    assert_in_range(world.next_ms, 500, 1000);
    play_seconds(&world, HOUR);
    assert_in_range(first.looks, 60, 135);
    assert_int_equal(first.looks, second.looks);
    assert_int_equal(world.changes, 1);
    assert_int_equal(second.timeout_ms, 5000);
    /* They appear: found within a step. */
    first.outcome = PROVIDER_FOUND;
    play_seconds(&world, 61);
    assert_non_null(world.current);
    assert_int_equal(world.changes, 2);
    end(&world);
}

static void test_static_keys_need_no_refresh(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_expiring);
    first.outcome = PROVIDER_FOUND;
    play_seconds(&world, 24 * HOUR);
    assert_int_equal(first.looks, 1);
    /* The file is another: read once, told when the keys are others. */
    first.stale = true;
    first.id = "AKIDCHANGED";
    tick(&world);
    first.stale = false;
    assert_int_equal(first.looks, 2);
    assert_int_equal(world.changes, 2);
    assert_true(slice_eq(world.current->access_key_id, SLICE("AKIDCHANGED")));
    /* It breaks: the old keys stay, and it is not asked until it changes again. */
    play_seconds(&world, 60);
    first.stale = true;
    first.outcome = PROVIDER_FAILED;
    tick(&world);
    first.stale = false;
    play_seconds(&world, HOUR);
    assert_int_equal(first.looks, 3);
    assert_int_equal(second.looks, 0);
    assert_int_equal(world.changes, 2);
    assert_non_null(world.current);
    end(&world);
}

/* The double of IMDS: a set of six hours, a new one five minutes before its end. */
static void test_rotation(void **state)
{
    struct world world;
    int64_t given;

    (void)state;
    begin(&world, to_enduring);
    second.outcome = PROVIDER_FOUND;
    given = second.expiration = START + 6 * HOUR;
    play_seconds(&world, 6 * HOUR - 15 * 60 - 1);
    assert_int_equal(second.looks, 1);
    /* Advisory window, set unmoved: about once a minute. */
    play_seconds(&world, 10 * 60);
    assert_in_range(second.looks, 5, 11);
    assert_int_equal(world.changes, 1);
    assert_int_equal(world.current->expiration, given);
    second.expiration = given + 6 * HOUR;
    play_seconds(&world, 120);
    assert_int_equal(world.changes, 2);
    assert_int_equal(world.current->expiration, given + 6 * HOUR);
    assert_int_equal(first.looks, 1);
    end(&world);
}

static void test_outage_is_survived(void **state)
{
    struct world world;
    unsigned looks;

    (void)state;
    begin(&world, to_enduring);
    second.outcome = PROVIDER_FOUND;
    second.expiration = START + HOUR;
    tick(&world);
    second.outcome = PROVIDER_EMPTY;
    play_seconds(&world, HOUR + 1);
    looks = second.looks;
    assert_int_equal(world.changes, 1);
    assert_non_null(world.current);
    /* Expired and still used; asked every 5 to 10 minutes, and nobody else is asked. */
    play_seconds(&world, 10 * HOUR);
    assert_in_range(second.looks - looks, 10 * 6, 10 * 12 + 1);
    assert_int_equal(first.looks, 1);
    assert_int_equal(world.changes, 1);
    /* Another expired set does not replace it, a good one does. */
    second.outcome = PROVIDER_FOUND;
    second.expiration = START + 2 * HOUR;
    play_seconds(&world, 601);
    assert_int_equal(world.changes, 1);
    second.expiration = world.now.wall + HOUR;
    play_seconds(&world, 601);
    assert_int_equal(world.changes, 2);
    assert_int_equal(world.current->expiration, second.expiration);
    end(&world);
}

static void test_expired_at_cold_start(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_enduring);
    second.outcome = PROVIDER_FOUND;
    second.expiration = START - 60;
    play_seconds(&world, 299);
    assert_non_null(world.current);
    assert_int_equal(second.looks, 1);
    end(&world);

    begin(&world, to_expiring);
    second.outcome = PROVIDER_FOUND;
    second.expiration = START - 60;
    tick(&world);
    assert_null(world.current);
    assert_string_equal(
        world.why, "first: it says no; second: it gave credentials that expired at 2027-01-15T07:59:00Z");
    end(&world);
}

static void test_end_of_use(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_expiring);
    second.outcome = PROVIDER_FOUND;
    second.expiration = START + 100;
    tick(&world);
    second.outcome = PROVIDER_FAILED;
    play_seconds(&world, 99);
    assert_non_null(world.current);
    play_seconds(&world, 2);
    assert_null(world.current);
    assert_non_null(strstr(world.why, "second: it gave credentials that expired at"));
    /* Nobody else's are taken for it, and it is asked until it has some again. */
    first.outcome = PROVIDER_FOUND;
    second.outcome = PROVIDER_EMPTY;
    play_seconds(&world, HOUR);
    assert_int_equal(first.looks, 1);
    assert_null(world.current);
    assert_string_equal(world.why, "second: it says no");
    second.outcome = PROVIDER_FOUND;
    second.expiration = world.now.wall + HOUR;
    play_seconds(&world, 61);
    assert_true(slice_eq(world.current->access_key_id, SLICE("AKIDSECOND")));
    assert_string_equal(world.why, "first: it says no");
    end(&world);
}

static void test_single_flight(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_enduring);
    second.silent = true;
    second.outcome = PROVIDER_FOUND;
    second.expiration = START + HOUR;
    tick(&world);
    assert_int_equal(world.next_ms, -1);
    for (int i = 0; i < 10; i++)
        tick(&world);
    assert_int_equal(second.looks, 1);
    assert_int_equal(world.wakes, 0);
    give_answer(&second);
    assert_int_equal(world.wakes, 1);
    assert_null(world.current);
    tick(&world);
    assert_non_null(world.current);
    /* A refresh that gets no answer: the old set serves, and time goes on. */
    play_seconds(&world, 2 * HOUR);
    assert_int_equal(second.looks, 2);
    assert_int_equal(world.changes, 1);
    end(&world);
}

static void test_clock_steps(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_enduring);
    second.outcome = PROVIDER_FOUND;
    second.expiration = START + 6 * HOUR;
    tick(&world);
    pass(&world, 2000);
    /* Suspended for six hours, of which the monotonic clock knows nothing. */
    world.now.wall += 6 * HOUR;
    second.expiration = world.now.wall + 6 * HOUR;
    tick(&world);
    assert_int_equal(second.looks, 2);
    assert_int_equal(world.changes, 2);
    /* Back by a day: what is held is good for longer, and stays. */
    pass(&world, 2000);
    world.now.wall -= 24 * HOUR;
    play_seconds(&world, HOUR);
    assert_int_equal(second.looks, 2);
    end(&world);
}

/* Keys of five seconds: replaced in time, each time. */
static void test_short_lives(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_expiring);
    second.outcome = PROVIDER_FOUND;
    for (int i = 0; i < 200; i++) {
        second.expiration = world.now.wall + 5;
        tick(&world);
        assert_non_null(world.current);
        assert_true(world.current->expiration > world.now.wall);
        pass(&world, world.next_ms);
    }
    assert_in_range(second.looks, 30, 200);
    end(&world);
}

/* The service rejects the keys: one look for all who say so, and an answer for each time that it is said. */
static void test_renewal(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_enduring);
    second.outcome = PROVIDER_FOUND;
    second.expiration = START + 6 * HOUR;
    tick(&world);
    pass(&world, 100);
    second.silent = true;
    for (int i = 0; i < 10; i++) {
        chain_renew(world.chain);
        tick(&world);
    }
    assert_int_equal(second.looks, 2);
    assert_int_equal(world.changes, 1);
    second.expiration = START + 7 * HOUR;
    give_answer(&second);
    tick(&world);
    assert_int_equal(world.changes, 2);
    assert_int_equal(world.current->expiration, START + 7 * HOUR);
    /* Too soon to look again: told at once how it stands. */
    second.silent = false;
    second.expiration = START + 8 * HOUR;
    pass(&world, 9000);
    chain_renew(world.chain);
    tick(&world);
    assert_int_equal(second.looks, 2);
    assert_int_equal(world.changes, 3);
    assert_int_equal(world.current->expiration, START + 7 * HOUR);
    pass(&world, 6000);
    chain_renew(world.chain);
    tick(&world);
    assert_int_equal(second.looks, 3);
    assert_int_equal(world.changes, 4);
    assert_int_equal(world.current->expiration, START + 8 * HOUR);
    /* The same set again, or a failure: told too. */
    pass(&world, 15000);
    chain_renew(world.chain);
    tick(&world);
    assert_int_equal(second.looks, 4);
    assert_int_equal(world.changes, 5);
    second.outcome = PROVIDER_FAILED;
    pass(&world, 15000);
    chain_renew(world.chain);
    tick(&world);
    assert_int_equal(second.looks, 5);
    assert_int_equal(world.changes, 6);
    assert_int_equal(world.current->expiration, START + 8 * HOUR);
    assert_int_equal(first.looks, 1);
    end(&world);
}

/* The source was away for longer than the keys' life, and is asked only every 5 to 10 minutes then; a
 * rejection by the service makes it be asked at once. */
static void test_renewal_after_an_outage(void **state)
{
    struct world world;
    unsigned looks;

    (void)state;
    begin(&world, to_enduring);
    second.outcome = PROVIDER_FOUND;
    second.expiration = START + 60;
    tick(&world);
    second.outcome = PROVIDER_EMPTY;
    play_seconds(&world, HOUR);
    looks = second.looks;
    second.outcome = PROVIDER_FOUND;
    second.expiration = world.now.wall + HOUR;
    chain_renew(world.chain);
    tick(&world);
    assert_int_equal(second.looks, looks + 1);
    assert_int_equal(world.current->expiration, second.expiration);
    end(&world);
}

static void test_renewal_without_any(void **state)
{
    struct world world;

    (void)state;
    begin(&world, to_expiring);
    tick(&world);
    assert_int_equal(world.changes, 1);
    chain_renew(world.chain);
    tick(&world);
    /* The search keeps to its pauses, but who asks is told. */
    assert_int_equal(first.looks, 1);
    assert_int_equal(world.changes, 2);
    assert_null(world.current);
    assert_string_equal(world.why, "first: it says no; second: it says no");
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_failure_ends_the_search),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_static_keys_need_no_refresh),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_outage_is_survived),
        cmocka_unit_test(test_expired_at_cold_start),
        cmocka_unit_test(test_end_of_use),
        cmocka_unit_test(test_single_flight),
        cmocka_unit_test(test_clock_steps),
        cmocka_unit_test(test_short_lives),
        cmocka_unit_test(test_renewal),
        cmocka_unit_test(test_renewal_after_an_outage),
        cmocka_unit_test(test_renewal_without_any),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
