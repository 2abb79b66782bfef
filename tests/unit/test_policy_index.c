/* A policy of many statements decides as its statements do one by one, and deciding allocates nothing. */
#include "fuzz/memory.h"
#include "unit/policy.h"

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245U + 12345U;
    return *state >> 16;
}

static const char *pick(unsigned *state, const char *const *from, size_t count)
{
    return from[next_random(state) % count];
}

#define PICK(state, array) pick(state, array, COUNT_OF(array))

static const char *const actions[] = {"sagemaker:A", "sagemaker:AB", "sagemaker:ABC", "sagemaker:B", "s3:A"};
static const char *const action_patterns[] = {
    "*",    "sagemaker:*",  "sagemaker:A",  "sagemaker:A*", "SAGEMAKER:ab",
    "s3:*", "sagemaker:?B", "sagemaker:AB*"};
static const char *const resources[] = {ENDPOINT "a", ENDPOINT "ab", ENDPOINT "abc",
                                        ENDPOINT "b", NULL,          ENDPOINT "ab*"};
static const char *const resource_patterns[] = {"*",
                                                ENDPOINT "a",
                                                ENDPOINT "a*",
                                                ENDPOINT "ab*",
                                                ENDPOINT "*c",
                                                ENDPOINT "${a:k}*",
                                                "arn:aws:sagemaker:*:*:endpoint/ab?",
                                                "arn:aws:sagemaker:*"};
static const char *const conditions[] = {"", "", "", ",'Condition':{'StringEquals':{'a:k':'a'}}",
                                         ",'Principal':{'AWS':'123456789012'}"};
static const char *const contexts[] = {"a:k=a", "a:k=b", "a:k=?", ""};
static const char *const principals[] = {"arn:aws:iam::123456789012:user/u",
                                         "arn:aws:iam::210987654321:user/u", NULL};

enum { STATEMENTS = 12, STATEMENT_TEXT = 400 };

static void random_statement(unsigned *state, char out[STATEMENT_TEXT])
{
    snprintf(out, STATEMENT_TEXT, "{'Effect':'%s','%sAction':['%s','%s'],'%sResource':['%s','%s']%s}",
             next_random(state) % 4 ? "Allow" : "Deny", next_random(state) % 8 ? "" : "Not",
             PICK(state, action_patterns), PICK(state, action_patterns), next_random(state) % 8 ? "" : "Not",
             PICK(state, resource_patterns), PICK(state, resource_patterns), PICK(state, conditions));
}

/* All statements together, and each alone. */
struct policies {
    struct policy *all;
    struct policy *each[STATEMENTS];
};

static struct policies random_policies(unsigned *state)
{
    char document[TEST_TEXT] = "{'Version':'2012-10-17','Statement':[", one[TEST_TEXT];
    struct policies policies;

    for (size_t i = 0; i < STATEMENTS; i++) {
        char statement[STATEMENT_TEXT];
        size_t len = strlen(document);

        random_statement(state, statement);
        snprintf(document + len, sizeof(document) - len, "%s%s", i ? "," : "", statement);
        snprintf(one, sizeof(one), "{'Version':'2012-10-17','Statement':[%s]}", statement);
        policies.each[i] = test_policy(one);
    }
    strcat(document, "]}");
    policies.all = test_policy(document);
    return policies;
}

/* What the statements say one by one: a certain Deny, else a doubtful one, else so for Allow; the first of
 * each. */
static enum policy_decision decide_by_each(const struct policies *policies,
                                           const struct test_request *request, size_t *statement)
{
    enum policy_decision best = POLICY_IMPLICIT_DENY;
    bool best_certain = false;

    for (size_t i = 0; i < STATEMENTS; i++) {
        const struct policy *one = policies->each[i];
        struct policy_reason why;
        enum policy_decision answer = test_decide_all(&one, 1, request, &why);
        bool certain = why.unknown.len == 0;

        if (answer == POLICY_IMPLICIT_DENY)
            continue;
        if (best == POLICY_IMPLICIT_DENY || (answer == POLICY_EXPLICIT_DENY && best == POLICY_ALLOWED) ||
            (answer == best && certain && !best_certain)) {
            best = answer;
            best_certain = certain;
            *statement = i;
        }
    }
    return best;
}

static void test_many_are_as_one_by_one(void **state)
{
    size_t decided[3] = {0};
    unsigned random = 1;

    (void)state;
    for (int round = 0; round < 400; round++) {
        struct policies policies = random_policies(&random);
        const struct policy *all = policies.all;

        for (int i = 0; i < 20; i++) {
            struct test_request request = {PICK(&random, actions), PICK(&random, resources),
                                           PICK(&random, principals), PICK(&random, contexts)};
            struct policy_reason why;
            size_t statement = 0;
            enum policy_decision expected = decide_by_each(&policies, &request, &statement);

            assert_int_equal(test_decide_all(&all, 1, &request, &why), expected);
            if (expected != POLICY_IMPLICIT_DENY)
                assert_int_equal(why.statement, statement);
            decided[expected]++;
        }
        policy_free(policies.all);
        for (size_t i = 0; i < STATEMENTS; i++)
            policy_free(policies.each[i]);
    }
    /* else it would prove nothing */
    for (size_t i = 0; i < COUNT_OF(decided); i++)
        assert_in_range(decided[i], 300, SIZE_MAX);
}

/* What is told in part is allowed only if all that it may be is, and denied if any is. */
static void test_beginnings(void **state)
{
    static const char *const beginnings[] = {ENDPOINT "*", ENDPOINT "a*", ENDPOINT "ab*", "*"};
    size_t decided[3] = {0};
    unsigned random = 3;

    (void)state;
    for (int round = 0; round < 1500; round++) {
        struct policies policies = random_policies(&random);
        const struct policy *all = policies.all;
        const char *beginning = PICK(&random, beginnings);
        struct test_request request = {PICK(&random, actions), beginning, PICK(&random, principals),
                                       PICK(&random, contexts)};
        struct policy_reason why;
        enum policy_decision decision = test_decide_all(&all, 1, &request, &why);

        decided[decision]++;
        for (size_t i = 0; i < COUNT_OF(resources); i++) {
            enum policy_decision one;

            request.resources = resources[i];
            if (!resources[i] || strncmp(resources[i], beginning, strlen(beginning) - 1) != 0)
                continue;
            one = test_decide_all(&all, 1, &request, &why);
            assert_true(decision != POLICY_ALLOWED || one == POLICY_ALLOWED);
            assert_true(one != POLICY_EXPLICIT_DENY || decision == POLICY_EXPLICIT_DENY);
        }
        policy_free(policies.all);
        for (size_t i = 0; i < STATEMENTS; i++)
            policy_free(policies.each[i]);
    }
    for (size_t i = 0; i < COUNT_OF(decided); i++)
        assert_in_range(decided[i], 10, SIZE_MAX);
}

static void test_no_allocation(void **state)
{
    const size_t most = SIZE_MAX; /* none fails: they are counted */
    unsigned random = 7;

    (void)state;
    for (int round = 0; round < 100; round++) {
        memory_lasts(most);
        struct policies policies = random_policies(&random);
        const struct policy *all[] = {policies.all, policies.each[0]};
        struct test_request request = {PICK(&random, actions), round % 5 ? ENDPOINT "a" : ENDPOINT "a *",
                                       PICK(&random, principals), PICK(&random, contexts)};
        struct policy_reason why;

        assert_true(memory_lasts(most) < most);
        test_decide_all(all, 2, &request, &why);
        assert_int_equal(memory_lasts(0), most);
        policy_free(policies.all);
        for (size_t i = 0; i < STATEMENTS; i++)
            policy_free(policies.each[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_are_as_one_by_one),
        cmocka_unit_test(test_beginnings),
        cmocka_unit_test(test_no_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
