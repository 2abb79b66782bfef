/* What documents decide: actions, resources, principals, several statements. */
#include "unit/policy.h"

enum { A = POLICY_ALLOWED, D = POLICY_EXPLICIT_DENY, N = POLICY_IMPLICIT_DENY };

#define X ENDPOINT "x"

struct row {
    const char *document;
    struct test_request request;
    int expected;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int decision = test_decide(rows[i].document, &rows[i].request, NULL);

        if (decision != rows[i].expected)
            fail_msg("row %zu: %d, not %d: %s", i, decision, rows[i].expected, rows[i].document);
    }
}

#define ACTION(element) ONE_STATEMENT("'Effect':'Allow','Resource':'*'," element)

static void test_actions(void **state)
{
    static const struct row rows[] = {
        {ACTION("'Action':'sagemaker:InvokeEndpoint'"), {"sagemaker:InvokeEndpoint", X}, A},
        {ACTION("'Action':'sagemaker:InvokeEndpoint'"), {"sagemaker:InvokeEndpointAsync", X}, N},
        {ACTION("'Action':'SageMaker:INVOKEendpoint'"), {"sagemaker:InvokeEndpoint", X}, A},
        {ACTION("'Action':'sagemaker:Invoke*'"), {"sagemaker:InvokeEndpointAsync", X}, A},
        {ACTION("'Action':'sagemaker:*Endpoint'"), {"sagemaker:InvokeEndpoint", X}, A},
        {ACTION("'Action':'sagemaker:Invoke?ndpoint'"), {"sagemaker:InvokeEndpoint", X}, A},
        {ACTION("'Action':'sagemaker:Invoke??ndpoint'"), {"sagemaker:InvokeEndpoint", X}, N},
        {ACTION("'Action':'*'"), {"sagemaker:InvokeEndpoint", X}, A},
        {ACTION("'Action':['s3:*','sagemaker:D*']"), {"sagemaker:DeleteModel", X}, A},
        {ACTION("'Action':['s3:*','sagemaker:D*']"), {"sagemaker:CreateModel", X}, N},
        {ACTION("'NotAction':'sagemaker:Delete*'"), {"sagemaker:InvokeEndpoint", X}, A},
        {ACTION("'NotAction':'sagemaker:Delete*'"), {"sagemaker:DeleteModel", X}, N},
        {ACTION("'NotAction':['s3:*','sagemaker:delete*']"), {"sagemaker:DeleteModel", X}, N},
        {ACTION("'NotAction':'*'"), {"sagemaker:DeleteModel", X}, N},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

#define RESOURCE(element) ONE_STATEMENT(ALLOW element)
#define INVOKE            "sagemaker:InvokeEndpoint"

static void test_resources(void **state)
{
    static const struct row rows[] = {
        {RESOURCE("'Resource':'" X "'"), {INVOKE, X}, A},
        {RESOURCE("'Resource':'" X "'"), {INVOKE, ENDPOINT "X"}, N},
        {RESOURCE("'Resource':'" X "'"), {INVOKE, ENDPOINT "xy"}, N},
        {RESOURCE("'Resource':'" ENDPOINT "*'"), {INVOKE, X}, A},
        {RESOURCE("'Resource':'" ENDPOINT "team-?'"), {INVOKE, ENDPOINT "team-\xc3\xa9"}, A},
        {RESOURCE("'Resource':'" ENDPOINT "team-?'"), {INVOKE, ENDPOINT "team-12"}, N},
        {RESOURCE("'Resource':'" ENDPOINT "*a*b*'"), {INVOKE, ENDPOINT "xaxxbx"}, A},
        {RESOURCE("'Resource':'" ENDPOINT "*a*b*'"), {INVOKE, ENDPOINT "xbxxax"}, N},
        {RESOURCE("'Resource':'arn:aws:sagemaker:*:*:endpoint/x'"), {INVOKE, X}, A},
        {RESOURCE("'Resource':'arn:*:sagemaker:us-*-1:1234567890??:*'"), {INVOKE, X}, A},
        {RESOURCE("'Resource':'arn:aws:sagemaker:*:endpoint/x:*'"), {INVOKE, X}, N},
        {RESOURCE("'Resource':'arn:aws:*:*:*:*'"), {INVOKE, X}, A},
        {RESOURCE("'Resource':'arn:aws:sagemaker:*'"), {INVOKE, X}, A},
        {RESOURCE("'Resource':'arn:aws:s3:*'"), {INVOKE, X}, N},
        {RESOURCE("'Resource':'arn:aws:sagemaker:u*'"), {INVOKE, X}, A},
        {RESOURCE("'Resource':'arn:aws:sagemaker:*:*:a:b*'"), {INVOKE, "arn:aws:sagemaker:r:1:a:b:c"}, A},
        /* a wildcard before the fifth colon matches no colon */
        {RESOURCE("'Resource':'arn:aws:sagemaker:us*:endpoint/x:*'"), {INVOKE, X}, N},
        {RESOURCE("'Resource':'arn:aws:sagemaker:us-east-1?123456789012:endpoint/x:y'"), {INVOKE, X ":y"}, N},
        {RESOURCE("'NotResource':'" X "'"), {INVOKE, X}, N},
        {RESOURCE("'NotResource':'" X "'"), {INVOKE, ENDPOINT "y"}, A},
        {RESOURCE("'NotResource':['" X "','" ENDPOINT "y*']"), {INVOKE, ENDPOINT "yz"}, N},
        {RESOURCE("'NotResource':'*'"), {INVOKE, X}, N},
        /* no resource is "*" */
        {RESOURCE("'Resource':'*'"), {INVOKE}, A},
        {RESOURCE("'Resource':'arn:aws:sagemaker:*:*:*'"), {INVOKE}, N},
        {RESOURCE("'NotResource':'" X "'"), {INVOKE}, A},
        /* each of several */
        {RESOURCE("'Resource':['" X "','" ENDPOINT "y']"), {INVOKE, X " " ENDPOINT "y"}, A},
        {RESOURCE("'Resource':'" X "'"), {INVOKE, X " " ENDPOINT "y"}, N},
        /* what is no ARN matches "*" alone */
        {RESOURCE("'Resource':'arn:aws:sagemaker:*:*:*'"), {INVOKE, "endpoint/x"}, N},
        {RESOURCE("'Resource':'*'"), {INVOKE, "endpoint/x"}, A},
        /* one that the request does not tell */
        {RESOURCE("'Resource':'arn:aws:sagemaker:*:*:*'"), {INVOKE, X " *"}, N},
        {RESOURCE("'Resource':'*'"), {INVOKE, X " *"}, A},
        {RESOURCE("'NotResource':'" ENDPOINT "y'"), {INVOKE, "*"}, N},
        {ONE_STATEMENT(DENY "'Resource':'" ENDPOINT "y'"), {INVOKE, X}, N},
        {ONE_STATEMENT(DENY "'Resource':'" ENDPOINT "y'"), {INVOKE, X " *"}, D},
        {ONE_STATEMENT(DENY "'NotResource':'" ENDPOINT "y'"), {INVOKE, "*"}, D},
        {ONE_STATEMENT(DENY "'NotResource':'*'"), {INVOKE, "*"}, N},
        /* one that is told in part: an Allow needs all that it may be … */
        {RESOURCE("'Resource':'arn:aws:sagemaker:*'"), {INVOKE, ENDPOINT "*"}, A},
        {RESOURCE("'Resource':'" ENDPOINT "*'"), {INVOKE, ENDPOINT "*"}, A},
        {RESOURCE("'Resource':'" ENDPOINT "*'"), {INVOKE, ENDPOINT "team-*"}, A},
        {RESOURCE("'Resource':'" ENDPOINT "*a-*'"), {INVOKE, ENDPOINT "team-a-*"}, A},
        {RESOURCE("'Resource':'" ENDPOINT "*'"), {INVOKE, X " " ENDPOINT "*"}, A},
        {RESOURCE("'Resource':'arn:aws:sagemaker:*:*:model/*'"), {INVOKE, ENDPOINT "*"}, N},
        {RESOURCE("'Resource':'" ENDPOINT "x*'"), {INVOKE, ENDPOINT "*"}, N},
        {RESOURCE("'Resource':'" ENDPOINT "*x'"), {INVOKE, ENDPOINT "*"}, N},
        {RESOURCE("'Resource':'" X "'"), {INVOKE, X "*"}, N},
        {RESOURCE("'Resource':'" ENDPOINT "${*}'"), {INVOKE, ENDPOINT "*"}, N},
        {RESOURCE("'NotResource':'arn:aws:sagemaker:*:*:model/*'"), {INVOKE, ENDPOINT "*"}, A},
        {RESOURCE("'NotResource':'" ENDPOINT "x'"), {INVOKE, ENDPOINT "*"}, N},
        {RESOURCE("'NotResource':'" ENDPOINT "y*'"), {INVOKE, ENDPOINT "x*"}, A},
        /* … and a Deny any of it */
        {ONE_STATEMENT(DENY "'Resource':'" ENDPOINT "x'"), {INVOKE, ENDPOINT "*"}, D},
        {ONE_STATEMENT(DENY "'Resource':'" ENDPOINT "*x'"), {INVOKE, ENDPOINT "y*"}, D},
        {ONE_STATEMENT(DENY "'Resource':'" ENDPOINT "*xy*z'"), {INVOKE, ENDPOINT "ax*"}, D},
        {ONE_STATEMENT(DENY "'Resource':'" ENDPOINT "?_?-x'"), {INVOKE, ENDPOINT "a_b*"}, D},
        {ONE_STATEMENT(DENY "'Resource':'" ENDPOINT "?_?-x'"), {INVOKE, ENDPOINT "abb*"}, N},
        {ONE_STATEMENT(DENY "'Resource':'" ENDPOINT "x'"), {INVOKE, ENDPOINT "y*"}, N},
        {ONE_STATEMENT(DENY "'Resource':'" ENDPOINT "x'"), {INVOKE, ENDPOINT "xy*"}, N},
        {ONE_STATEMENT(DENY "'Resource':'arn:aws:sagemaker:*:*:model/*'"), {INVOKE, ENDPOINT "*"}, N},
        {ONE_STATEMENT(DENY "'NotResource':'" ENDPOINT "x'"), {INVOKE, ENDPOINT "x*"}, D},
        {ONE_STATEMENT(DENY "'NotResource':'" ENDPOINT "*'"), {INVOKE, ENDPOINT "x*"}, N},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

#define TEAM    ENDPOINT "${aws:PrincipalTag/team}-x"
#define TEAM_OR ENDPOINT "${AWS:principaltag/TEAM, `none`}-x"

static void test_variables(void **state)
{
    static const struct row rows[] = {
        {RESOURCE("'Resource':'" TEAM "'"), {INVOKE, ENDPOINT "a-x", NULL, "aws:PrincipalTag/team=a"}, A},
        {RESOURCE("'Resource':'" TEAM "'"), {INVOKE, ENDPOINT "b-x", NULL, "aws:PrincipalTag/team=a"}, N},
        /* a value is text: its wildcards are none */
        {RESOURCE("'Resource':'" TEAM "'"), {INVOKE, ENDPOINT "b-x", NULL, "aws:PrincipalTag/team=*"}, N},
        {RESOURCE("'Resource':'" TEAM "'"), {INVOKE, ENDPOINT "*-x", NULL, "aws:PrincipalTag/team=*"}, A},
        /* without value nothing matches, unless there is a default */
        {RESOURCE("'Resource':'" TEAM "'"), {INVOKE, ENDPOINT "-x", NULL, ""}, N},
        {RESOURCE("'Resource':'" TEAM "'"), {INVOKE, ENDPOINT "-x", NULL, "aws:PrincipalTag/team="}, N},
        {RESOURCE("'Resource':'" TEAM "'"), {INVOKE, ENDPOINT "a-x", NULL, "aws:PrincipalTag/team=[a]"}, N},
        {RESOURCE("'NotResource':'" TEAM "'"), {INVOKE, ENDPOINT "a-x", NULL, ""}, A},
        {RESOURCE("'Resource':'" TEAM_OR "'"), {INVOKE, ENDPOINT "none-x", NULL, ""}, A},
        {RESOURCE("'Resource':'" TEAM_OR "'"), {INVOKE, ENDPOINT "a-x", NULL, "aws:PrincipalTag/team=a"}, A},
        {RESOURCE("'Resource':'" TEAM_OR "'"),
         {INVOKE, ENDPOINT "none-x", NULL, "aws:PrincipalTag/team=a"},
         N},
        {RESOURCE("'Resource':'" ENDPOINT "*-${a:b}${a:b}*'"), {INVOKE, ENDPOINT "-q-qqr", NULL, "a:b=q"}, A},
        {RESOURCE("'Resource':'" ENDPOINT "*-${a:b}${a:b}*'"), {INVOKE, ENDPOINT "-q-qr", NULL, "a:b=q"}, N},
        {RESOURCE("'Resource':'" ENDPOINT "${*}${?}${$}{'"), {INVOKE, ENDPOINT "*?${"}, A},
        {RESOURCE("'Resource':'" ENDPOINT "${*}'"), {INVOKE, ENDPOINT "a"}, N},
        /* text before 2012-10-17 */
        {"{'Version':'2008-10-17','Statement':{" ALLOW "'Resource':'" TEAM "'}}",
         {INVOKE, ENDPOINT "a-x", NULL, "aws:PrincipalTag/team=a"},
         N},
        {"{'Statement':{" ALLOW "'Resource':'" TEAM "'}}", {INVOKE, TEAM}, A},
        {"{'Statement':{" ALLOW "'Resource':'" ENDPOINT "${*}'}}", {INVOKE, ENDPOINT "${abc}"}, A},
        /* the Version counts wherever it stands */
        {"{'Statement':{" ALLOW "'Resource':'" TEAM "'},'Version':'2012-10-17'}",
         {INVOKE, ENDPOINT "a-x", NULL, "aws:PrincipalTag/team=a"},
         A},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

#define WHO(element)  ONE_STATEMENT(ALLOW "'Resource':'*'," element)
#define NOT_WHO(list) ONE_STATEMENT(DENY "'Resource':'*','NotPrincipal':{'AWS':" list "}")
#define USER          "arn:aws:iam::123456789012:user/team/ann"
#define ROLE          "arn:aws:iam::123456789012:role/service-role/App"
#define SESSION       "arn:aws:sts::123456789012:assumed-role/App/i-1"
#define ROOT          "arn:aws:iam::123456789012:root"

static void test_principals(void **state)
{
    static const struct row rows[] = {
        {WHO("'Principal':'*'"), {INVOKE, X}, A},
        {WHO("'Principal':{'AWS':'*'}"), {INVOKE, X}, A},
        {WHO("'Principal':{'AWS':['" USER "','*']}"), {INVOKE, X}, A},
        {WHO("'Principal':{'AWS':'123456789012'}"), {INVOKE, X, USER}, A},
        {WHO("'Principal':{'AWS':'123456789012'}"), {INVOKE, X, SESSION}, A},
        {WHO("'Principal':{'AWS':'" ROOT "'}"), {INVOKE, X, SESSION}, A},
        {WHO("'Principal':{'AWS':'" ROOT "'}"), {INVOKE, X, ROOT}, A},
        {WHO("'Principal':{'AWS':'arn:aws-cn:iam::123456789012:root'}"), {INVOKE, X, SESSION}, N},
        {WHO("'Principal':{'AWS':'210987654321'}"), {INVOKE, X, SESSION}, N},
        {WHO("'Principal':{'AWS':'" USER "'}"), {INVOKE, X, USER}, A},
        {WHO("'Principal':{'AWS':'" USER "'}"), {INVOKE, X, "arn:aws:iam::123456789012:user/ann"}, N},
        {WHO("'Principal':{'AWS':'" USER "'}"), {INVOKE, X, ROOT}, N},
        {WHO("'Principal':{'AWS':'" ROLE "'}"), {INVOKE, X, ROLE}, A},
        {WHO("'Principal':{'AWS':'" ROLE "'}"), {INVOKE, X, SESSION}, A},
        {WHO("'Principal':{'AWS':'" ROLE "'}"),
         {INVOKE, X, "arn:aws:sts::123456789012:assumed-role/app/i"},
         A},
        {WHO("'Principal':{'AWS':'" ROLE "'}"),
         {INVOKE, X, "arn:aws:sts::123456789012:assumed-role/App2/i"},
         N},
        {WHO("'Principal':{'AWS':'" ROLE "'}"),
         {INVOKE, X, "arn:aws:sts::210987654321:assumed-role/App/i"},
         N},
        {WHO("'Principal':{'AWS':'" ROLE "'}"), {INVOKE, X, USER}, N},
        {WHO("'Principal':{'AWS':'" SESSION "'}"), {INVOKE, X, SESSION}, A},
        {WHO("'Principal':{'AWS':'" SESSION "'}"),
         {INVOKE, X, "arn:aws:sts::123456789012:assumed-role/App/i-2"},
         N},
        {WHO("'Principal':{'Service':'sagemaker.amazonaws.com'}"), {INVOKE, X, SESSION}, N},
        {WHO("'Principal':{'Service':['a','b'],'AWS':'" ROLE "'}"), {INVOKE, X, SESSION}, A},
        {WHO("'Principal':{'AWS':'AROAABCDEFGHIJKLMNOPQ'}"), {INVOKE, X, SESSION}, N},
        /* only AWS knows the session of a role, or a caller that was never told */
        {WHO("'Principal':{'AWS':'" SESSION "'}"), {INVOKE, X, ROLE}, N},
        {WHO("'Principal':{'AWS':'" SESSION "'}"), {INVOKE, X, ROLE, .unknown = UNKNOWN_DEFERS}, A},
        {WHO("'Principal':{'AWS':'" ROLE "'}"), {INVOKE, X}, N},
        {WHO("'Principal':{'AWS':'" ROLE "'}"), {INVOKE, X, .unknown = UNKNOWN_DEFERS}, A},
        {WHO("'Principal':{'Service':'s3.amazonaws.com'}"), {INVOKE, X, .unknown = UNKNOWN_DEFERS}, N},
        {ONE_STATEMENT(DENY "'Resource':'*','Principal':{'AWS':'" ROLE "'}"), {INVOKE, X}, D},
        /* spared are those that stand there with their account */
        {NOT_WHO("['" ROLE "','" ROOT "']"), {INVOKE, X, SESSION}, N},
        {NOT_WHO("['" ROLE "','123456789012']"), {INVOKE, X, ROLE}, N},
        {NOT_WHO("['" USER "','" ROOT "']"), {INVOKE, X, USER}, N},
        {NOT_WHO("['" USER "','" ROOT "']"), {INVOKE, X, ROOT}, N},
        {NOT_WHO("['" USER "','" ROOT "']"), {INVOKE, X, SESSION}, D},
        {NOT_WHO("['" USER "','" ROOT "']"), {INVOKE, X, "arn:aws:iam::210987654321:user/u"}, D},
        {NOT_WHO("'" ROLE "'"), {INVOKE, X, SESSION}, D},
        {NOT_WHO("'210987654321'"), {INVOKE, X, SESSION, .unknown = UNKNOWN_DEFERS}, D},
        {NOT_WHO("'" ROLE "'"), {INVOKE, X, SESSION, .unknown = UNKNOWN_DEFERS}, N},
        {NOT_WHO("'*'"), {INVOKE, X}, N},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

static void test_statements(void **state)
{
    static const char both[] =
        "{'Statement':[{'Sid':'yes'," ALLOW "'Resource':'*'},{'Sid':'no'," DENY "'Resource':'" X "'}]}";
    static const struct row rows[] = {
        {both, {INVOKE, X}, D},
        {both, {INVOKE, ENDPOINT "y"}, A},
        {both, {INVOKE, ENDPOINT "y " X}, D},
        {both, {"sagemaker:DeleteEndpoint", ENDPOINT "y"}, N},
        {"{'Statement':[]}", {INVOKE, X}, N},
        {"{'Id':'x','Version':'2008-10-17','Statement':{" ALLOW "'Resource':'*'}}", {INVOKE, X}, A},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

static void test_reason(void **state)
{
    struct policy *policies[] = {
        test_policy("{'Statement':[\n  {'Effect':'Allow','Action':'s3:*','Resource':'*'},\n"
                    "  {'Sid':'Invoke'," ALLOW "'Resource':['" X "','" ENDPOINT "y']}]}"),
        test_policy("{'Statement':[\n\n {" ALLOW "'Resource':'" X "'}, {" DENY "'Resource':'" ENDPOINT
                    "z'}]}"),
    };
    const struct policy *const *both = (const struct policy *const *)policies;
    struct policy_reason why;

    (void)state;
    assert_int_equal(test_decide_all(both, 2, &(struct test_request){INVOKE, X}, &why), A);
    assert_true(why.matched && slice_eq(why.sid, SLICE("Invoke")) && slice_eq(why.resource, SLICE(X)));
    assert_int_equal(why.document, 0);
    assert_int_equal(why.statement, 1);
    assert_int_equal(why.line, 3);
    assert_int_equal(why.column, 3);

    assert_int_equal(test_decide_all(both, 2, &(struct test_request){INVOKE, X " " ENDPOINT "y"}, &why), N);
    assert_false(why.matched);
    assert_int_equal(why.document, 1);
    assert_true(slice_eq(why.resource, SLICE(ENDPOINT "y")));

    /* a deny of the second outweighs that the first does not allow */
    assert_int_equal(test_decide_all(both, 2, &(struct test_request){INVOKE, ENDPOINT "z"}, &why), D);
    assert_true(why.matched);
    assert_int_equal(why.document, 1);
    assert_int_equal(why.statement, 1);
    assert_int_equal(why.sid.len, 0);

    assert_int_equal(test_decide_all(both, 2, &(struct test_request){"s3:GetObject", X}, &why), N);
    assert_int_equal(why.document, 1);
    for (size_t i = 0; i < COUNT_OF(policies); i++)
        policy_free(policies[i]);
}

/* The first of several statements that match is told, whichever index finds it. */
static void test_first_statement(void **state)
{
    static const char document[] =
        "{'Statement':[{" ALLOW "'Resource':'" ENDPOINT "other'},{'Sid':'a'," ALLOW "'Resource':'" ENDPOINT
        "*'},{'Sid':'b','Effect':'Allow','Action':'*','Resource':'*'},{'Sid':'c'," ALLOW "'Resource':'" X
        "'},{'Sid':'d','Effect':'Allow','NotAction':'s3:*','NotResource':'" ENDPOINT "q'}]}";
    struct policy *policy = test_policy(document);
    const struct policy *one = policy;
    struct policy_reason why;

    (void)state;
    assert_int_equal(test_decide_all(&one, 1, &(struct test_request){INVOKE, X}, &why), A);
    assert_int_equal(why.statement, 1);
    assert_int_equal(test_decide_all(&one, 1, &(struct test_request){"sagemaker:X", X}, &why), A);
    assert_int_equal(why.statement, 2);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actions),         cmocka_unit_test(test_resources),
        cmocka_unit_test(test_variables),       cmocka_unit_test(test_principals),
        cmocka_unit_test(test_statements),      cmocka_unit_test(test_reason),
        cmocka_unit_test(test_first_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
