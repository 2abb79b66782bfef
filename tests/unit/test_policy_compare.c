/* Comparing policies: which of two allows what the other does not, and the examples of languages it rests on.
 */
#include <stdlib.h>

#include "compare/compare.h"
#include "compare/language.h"

#include "unit/policy.h"

static enum compare_kind kind_of(struct slice key)
{
    return slice_eq(key, SLICE("aws:TagKeys")) ? COMPARE_LIST : COMPARE_SINGLE;
}

static const struct slice actions[] = {SLICE_INIT("sagemaker:InvokeEndpoint"),
                                       SLICE_INIT("sagemaker:DeleteEndpoint")};
static const struct slice any_arn = SLICE_INIT("arn:?*:?*:?*:?*:?*");

enum { SAME = 0, FIRST = 1, SECOND = 2, CUT = 4 };

/* Which side allows more; every example is checked. */
static unsigned compare(const struct compare_side sides[2], uint64_t effort)
{
    const struct compare_world world = {.actions = actions,
                                        .action_count = COUNT_OF(actions),
                                        .resources = &any_arn,
                                        .resource_count = 1,
                                        .kind = kind_of,
                                        .effort = effort};
    struct comparison comparison = {.count = 0};
    unsigned found;

    assert_int_equal(policy_compare(sides, &world, &comparison), SG_OK);
    found = comparison.cut[0] ? CUT : SAME;
    for (size_t i = 0; i < comparison.count; i++) {
        struct compare_difference *difference = &comparison.differences[i];
        struct request_facts facts = {.action = difference->action,
                                      .principal_arn = difference->principal,
                                      .resources = &difference->resource,
                                      .resource_count = difference->resource.len > 0,
                                      .context = compare_context,
                                      .context_user = difference};
        struct policy_reason why;

        for (size_t side = 0; side < 2; side++)
            assert_int_equal(policy_evaluate_all(sides[side].policies, sides[side].count, &facts, &why) ==
                                 POLICY_ALLOWED,
                             side == difference->allowed_by);
        found |= difference->allowed_by == 0 ? FIRST : SECOND;
    }
    comparison_free(&comparison);
    return found;
}

#define RESOURCE(name)  "'Resource':'" ENDPOINT name "'"
#define ON(name)        ONE_STATEMENT(ALLOW RESOURCE(name))
#define WHEN(condition) ONE_STATEMENT(ALLOW "'Resource':'*','Condition':{" condition "}")
#define FOR(principal)  ONE_STATEMENT(ALLOW "'Resource':'*','Principal':{'AWS':" principal "}")
#define AND_DENY(rest)  "{'Version':'2012-10-17','Statement':[{" ALLOW "'Resource':'*'},{" DENY rest "}]}"

static void test_pairs(void **state)
{
    static const struct {
        const char *first, *second;
        unsigned found;
    } rows[] = {
        {ON("a"), ON("a"), SAME},
        {ON("a*"), ON("ab"), FIRST},
        {ON("a*c"), ON("*c"), SECOND},
        {ON("a*"), ON("*b"), FIRST | SECOND},
        {ON("a?"), ON("a??"), FIRST | SECOND},
        {ON("*a*"), ON("*a"), FIRST},
        {ON("${*}"), ON("*"), SECOND},
        /* A wildcard in an early part of an ARN matches no colon. */
        {ONE_STATEMENT(ALLOW "'Resource':'arn:aws:*:us-east-1:1:x'"), ONE_STATEMENT(ALLOW "'Resource':'*'"),
         SECOND},
        /* Nothing but what has an action, or is a resource. */
        {ONE_STATEMENT("'Effect':'Allow','Action':'*','Resource':'arn:*:*:*:*:*'"),
         ONE_STATEMENT("'Effect':'Allow','Action':['sagemaker:Inv*','*:del*'],'NotResource':'" ENDPOINT
                       "${*}'"),
         FIRST | SECOND},
        {ONE_STATEMENT("'Effect':'Allow','NotAction':'sagemaker:Delete*','Resource':'*'"),
         ONE_STATEMENT(ALLOW "'Resource':'*'"), SAME},
        {AND_DENY(RESOURCE("a")), ONE_STATEMENT(ALLOW "'NotResource':'" ENDPOINT "a'"), SAME},
        {AND_DENY(RESOURCE("a*")), AND_DENY(RESOURCE("a")), SECOND},
        /* What stands in the way of a Deny is another one. */
        {"{'Version':'2012-10-17','Statement':[{" ALLOW
         "'Resource':'*'},{" DENY RESOURCE("a*") "},{" DENY RESOURCE("ab*") "}]}",
         AND_DENY(RESOURCE("a*")), SAME},

        {WHEN("'StringEquals':{'k:a':'x'}"), WHEN("'StringLike':{'k:A':'?'}"), SECOND},
        {WHEN("'StringEquals':{'k:a':'x'}"), WHEN("'StringEqualsIfExists':{'k:a':'x'}"), SECOND},
        {WHEN("'StringEqualsIgnoreCase':{'k:a':'x'}"), WHEN("'StringEquals':{'k:a':['x','X']}"), SAME},
        {WHEN("'Null':{'k:a':'true'}"), WHEN("'Null':{'k:a':'false'}"), FIRST | SECOND},
        {WHEN("'NumericLessThan':{'k:n':'2.5'}"), WHEN("'NumericLessThanEquals':{'k:n':2.5}"), SECOND},
        {WHEN("'NumericLessThan':{'k:n':-0.5}"), WHEN("'NumericLessThan':{'k:n':-0.51}"), FIRST},
        {WHEN("'NumericLessThanEquals':{'k:n':0}"), WHEN("'NumericLessThan':{'k:n':'0.000000001'}"), SECOND},
        {WHEN("'DateLessThan':{'k:d':'2026-01-01T00:00:00.5Z'}"), WHEN("'DateLessThanEquals':{'k:d':'2026'}"),
         FIRST},
        {WHEN("'IpAddress':{'k:i':'10.0.0.0/8'}"), WHEN("'IpAddress':{'k:i':['10.0.0.0/9','10.128.0.0/9']}"),
         SAME},
        {WHEN("'NotIpAddress':{'k:i':'10.0.0.7'}"), WHEN("'NotIpAddress':{'k:i':'10.0.0.6/31'}"), FIRST},
        {WHEN("'IpAddress':{'k:i':'::/0'}"), WHEN("'IpAddress':{'k:i':['::/1','8000::/1']}"), SAME},
        {WHEN("'Bool':{'k:b':'true'}"), WHEN("'Bool':{'k:b':['true','false']}"), SECOND},
        {WHEN("'ArnLike':{'k:r':'arn:aws:iam::1:role/*'}"), WHEN("'ArnLike':{'k:r':'arn:*:*:*:*:role/*'}"),
         SECOND},
        {WHEN("'ForAllValues:StringEquals':{'aws:TagKeys':['a','b']}"),
         WHEN("'ForAllValues:StringEquals':{'aws:TagKeys':['a','b']},'ForAnyValue:StringEquals':{'aws:"
              "TagKeys':['a','b']}"),
         FIRST},
        /* Only a list of two meets both. */
        {WHEN("'ForAnyValue:StringEquals':{'aws:TagKeys':'a'},'ForAnyValue:StringLike':{'aws:TagKeys':'b*'}"),
         WHEN("'ForAllValues:StringEquals':{'aws:TagKeys':['a','b']}"), FIRST | SECOND},
        {WHEN("'StringEquals':{'aws:TagKeys':'a'}"), WHEN("'StringEquals':{'aws:TagKeys':'b'}"), SAME},

        {ON("${k:v}"), ON("*"), SECOND},
        {ON("${k:v, `none`}"), ON("none"), FIRST | SECOND},
        {ONE_STATEMENT(ALLOW RESOURCE("${k:v}-x") ",'Condition':{'StringLike':{'k:v':'*-b'}}"), ON("team*-x"),
         FIRST | SECOND},
        {ONE_STATEMENT(ALLOW RESOURCE("${k:v}") ",'Condition':{'StringEquals':{'k:v':['a','b']}}"),
         ONE_STATEMENT(ALLOW "'Resource':['" ENDPOINT "a','" ENDPOINT "b']"), SECOND},
        {WHEN("'StringEquals':{'k:a':'${k:v}'}"), WHEN("'StringEquals':{'k:v':'${k:a}'}"), SAME},
        {WHEN("'StringEquals':{'k:w':'${k:v}a'},'StringLike':{'k:w':'${k:w}'}"),
         WHEN("'StringLike':{'k:v':'?'}"), FIRST | SECOND},
        {ON("${k:v}-${k:v}"), ON("a*a"), FIRST | SECOND | CUT},

        {FOR("'123456789012'"), FOR("'arn:aws:iam::123456789012:root'"), SAME},
        {FOR("'arn:aws:iam::123456789012:role/App'"), FOR("'arn:aws:iam::123456789012:role/path/app'"), SAME},
        {FOR("'arn:aws:iam::123456789012:role/App'"), FOR("'arn:aws:sts::123456789012:assumed-role/App/i-1'"),
         FIRST},
        {FOR("'*'"), FOR("'123456789012'"), FIRST},

        {WHEN("'StringLike':{'k:n':'1*'},'NumericGreaterThan':{'k:n':15}"), WHEN("'Null':{'k:n':'false'}"),
         SECOND | CUT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct policy *first = test_policy(rows[i].first), *second = test_policy(rows[i].second);
        const struct policy *policies[] = {first, second};
        const struct compare_side sides[] = {{&policies[0], 1}, {&policies[1], 1}};
        unsigned found = compare(sides, COMPARE_EFFORT);

        if (found != rows[i].found)
            fail_msg("%s\n%s\n%u in place of %u", rows[i].first, rows[i].second, found, rows[i].found);
        policy_free(first);
        policy_free(second);
    }
}

static void test_documents_that_decide_together(void **state)
{
    struct policy *broad = test_policy(ON("a*")), *other = test_policy(ON("*b")),
                  *both = test_policy(ON("a*b")), *narrow = test_policy(ON("ab"));
    const struct policy *set[] = {broad, other}, *alone[] = {both, narrow};
    const struct compare_side one = {set, 2};

    (void)state;
    assert_int_equal(compare((const struct compare_side[]){one, {&alone[0], 1}}, COMPARE_EFFORT), SAME);
    assert_int_equal(compare((const struct compare_side[]){one, {&alone[1], 1}}, COMPARE_EFFORT), FIRST);
    assert_int_equal(compare((const struct compare_side[]){{&alone[1], 1}, one}, COMPARE_EFFORT), SECOND);
    policy_free(broad);
    policy_free(other);
    policy_free(both);
    policy_free(narrow);
}

/* Never "the same" when it just ended too soon. */
static void test_too_little_effort_is_said(void **state)
{
    struct policy *first = test_policy(ON("a*b*c")), *second = test_policy(ON("a*c"));
    const struct policy *policies[] = {first, second};
    const struct compare_side sides[] = {{&policies[0], 1}, {&policies[1], 1}};

    (void)state;
    for (uint64_t effort = 1; effort < 100000; effort *= 2)
        assert_true(compare(sides, effort) & (CUT | SECOND));
    assert_int_equal(compare(sides, COMPARE_EFFORT), SECOND);
    policy_free(first);
    policy_free(second);
}

struct told {
    char text[256];
};

static void tell(void *user, struct slice example)
{
    struct told *told = user;

    strncat(told->text, example.ptr ? example.ptr : "", example.len);
    strcat(told->text, "|");
}

/* "a*" and the like, each a language; the first is the universe when it begins with '='. */
static void add(struct languages *languages, const char *text)
{
    bool universe = *text == '=';

    for (text += universe; *text; text++) {
        if (*text == '*')
            languages_wildcard(languages, TOKEN_ANY, false);
        else if (*text == '?')
            languages_wildcard(languages, TOKEN_ONE, false);
        else
            languages_text(languages, slice_of(text, 1), false);
    }
    languages_end(languages, universe);
}

static void test_examples(void **state)
{
    static const struct {
        const char *languages[3], *examples;
    } rows[] = {
        {{"a"}, "0|a|"},
        {{"*"}, "0|"},
        {{"?"}, "0|00|"},
        {{"a*", "*b"}, "0|a|b|ab|"},
        {{"=a*", "*b"}, "a|ab|"},
        {{"a*", "ab", "abc"}, "0|a|ab|abc|"},
        {{""}, "0||"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct languages languages = {.tokens = NULL};
        struct arena arena = {.blocks = NULL};
        struct told told = {.text = ""};
        uint64_t effort = 1000000;

        for (size_t k = 0; k < 3 && rows[i].languages[k]; k++)
            add(&languages, rows[i].languages[k]);
        assert_int_equal(languages_examples(&languages, &effort, &arena, tell, &told), SG_OK);
        assert_string_equal(told.text, rows[i].examples);
        languages_free(&languages);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_documents_that_decide_together),
        cmocka_unit_test(test_too_little_effort_is_said),
        cmocka_unit_test(test_examples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
