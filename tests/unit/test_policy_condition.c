/* Every condition operator, what an absent key, a list and an unreadable value mean, and what only AWS knows.
 */
#include "unit/policy.h"

enum { A = POLICY_ALLOWED, D = POLICY_EXPLICIT_DENY, N = POLICY_IMPLICIT_DENY };

#define INVOKE "sagemaker:InvokeEndpoint"

/* Whether an Allow with this condition allows. */
static bool is_met(const char *condition, const char *context)
{
    char document[1024];
    struct test_request request = {INVOKE, ENDPOINT "x", NULL, context};

    snprintf(document, sizeof(document), ONE_STATEMENT(ALLOW "'Resource':'*','Condition':{%s}"), condition);
    return test_decide(document, &request, NULL) == POLICY_ALLOWED;
}

struct row {
    const char *condition, *context;
    bool met;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_met(rows[i].condition, rows[i].context) != rows[i].met)
            fail_msg("row %zu: %s with %s", i, rows[i].condition, rows[i].context);
    }
}

static void test_strings(void **state)
{
    static const struct row rows[] = {
        {"'StringEquals':{'a:k':'x'}", "a:k=x", true},
        {"'StringEquals':{'a:k':'x'}", "a:k=X", false},
        {"'StringEquals':{'A:K':'x'}", "a:k=x", true},
        {"'stringequals':{'a:k':'x'}", "a:k=x", true},
        {"'StringEquals':{'a:k':['y','x']}", "a:k=x", true},
        {"'StringEquals':{'a:k':'*'}", "a:k=x", false},
        {"'StringEquals':{'a:k':'*'}", "a:k=*", true},
        {"'StringEquals':{'a:k':'x'}", "a:k=xx", false},
        {"'StringEquals':{'a:k':''}", "a:k=", true},
        {"'StringEquals':{'a:k':5}", "a:k=5", true},
        {"'StringEquals':{'a:k':1.50}", "a:k=1.50", true},
        {"'StringEquals':{'a:k':true}", "a:k=true", true},
        {"'String\\u0045quals':{'\\u0061:k':1.50}", "a:k=1.50", true},
        {"'StringEquals':{'a:l':'{[,]}\\'','a:k':['q',1.50]}", "a:k=1.50;a:l={[,]}\"", true},
        {"'StringEquals':{'a:k':[]}", "a:k=x", false},
        {"'StringNotEquals':{'a:k':[]}", "a:k=x", true},
        {"'StringNotEquals':{'a:k':'x'}", "a:k=x", false},
        {"'StringNotEquals':{'a:k':['x','y']}", "a:k=y", false},
        {"'StringNotEquals':{'a:k':['x','y']}", "a:k=z", true},
        {"'StringEqualsIgnoreCase':{'a:k':'xY'}", "a:k=Xy", true},
        {"'StringEqualsIgnoreCase':{'a:k':'${a:v}'}", "a:k=Xy;a:v=xY", true},
        {"'StringNotEqualsIgnoreCase':{'a:k':'xY'}", "a:k=Xy", false},
        {"'StringLike':{'a:k':'x*z?'}", "a:k=xyz1", true},
        {"'StringLike':{'a:k':'x*z?'}", "a:k=xyz", false},
        {"'StringLike':{'a:k':'*'}", "a:k=a:b:c", true},
        {"'StringLike':{'a:k':'X*'}", "a:k=xyz", false},
        {"'StringNotLike':{'a:k':['x*','y*']}", "a:k=y", false},
        {"'StringNotLike':{'a:k':['x*','y*']}", "a:k=z", true},
        {"'StringLike':{'a:k':'${a:v}*'}", "a:k=ab;a:v=a", true},
        {"'StringLike':{'a:k':'${a:v}'}", "a:k=ab;a:v=*", false},
        {"'StringEquals':{'a:k':'${a:v}'}", "a:k=a", false},
        {"'StringNotEquals':{'a:k':'${a:v}'}", "a:k=a", true},
        {"'StringEquals':{'a:k':'${*}'}", "a:k=*", true},
        /* all operators and keys must be met */
        {"'StringEquals':{'a:k':'x','a:l':'y'}", "a:k=x;a:l=y", true},
        {"'StringEquals':{'a:k':'x','a:l':'y'}", "a:k=x;a:l=z", false},
        {"'StringEquals':{'a:k':'x'},'StringLike':{'a:l':'y'}", "a:k=x;a:l=z", false},
        {"'StringEquals':{}", "", true},
        {"", "", true},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

static void test_numbers(void **state)
{
    static const struct row rows[] = {
        {"'NumericEquals':{'a:k':'10'}", "a:k=10.0", true},
        {"'NumericEquals':{'a:k':10}", "a:k=+010", true},
        {"'NumericEquals':{'a:k':-0.0}", "a:k=0", true},
        {"'NumericEquals':{'a:k':'9007199254740993'}", "a:k=9007199254740992", false},
        {"'NumericEquals':{'a:k':'0.10'}", "a:k=.1", false},
        {"'NumericEquals':{'a:k':'0.10'}", "a:k=0.1", true},
        {"'NumericEquals':{'a:k':['1','2']}", "a:k=2", true},
        {"'NumericNotEquals':{'a:k':['1','2']}", "a:k=2", false},
        {"'NumericNotEquals':{'a:k':['1','2']}", "a:k=3", true},
        {"'NumericLessThan':{'a:k':'10'}", "a:k=9", true},
        {"'NumericLessThan':{'a:k':'10'}", "a:k=10", false},
        {"'NumericLessThan':{'a:k':'-1'}", "a:k=-1.5", true},
        {"'NumericLessThan':{'a:k':'1'}", "a:k=-100", true},
        {"'NumericLessThan':{'a:k':'-100'}", "a:k=-9", false},
        {"'NumericLessThanEquals':{'a:k':'10'}", "a:k=10.000", true},
        {"'NumericLessThanEquals':{'a:k':'10'}", "a:k=10.0001", false},
        {"'NumericGreaterThan':{'a:k':'10'}", "a:k=10.01", true},
        {"'NumericGreaterThan':{'a:k':'0.19'}", "a:k=0.2", true},
        {"'NumericGreaterThan':{'a:k':'10'}", "a:k=9.99", false},
        {"'NumericGreaterThanEquals':{'a:k':'10'}", "a:k=10", true},
        {"'NumericLessThan':{'a:k':'10'}", "a:k=x", false},
        {"'NumericLessThan':{'a:k':'10'}", "a:k=", false},
        {"'NumericLessThan':{'a:k':'10'}", "a:k=1e0", false},
        {"'NumericLessThan':{'a:k':'10'}", "a:k=1 ", false},
        {"'NumericLessThan':{'a:k':'10'}", "a:k=1.", false},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

static void test_dates(void **state)
{
    static const struct row rows[] = {
        {"'DateEquals':{'a:k':'2026-01-31T12:00:00Z'}", "a:k=2026-01-31T13:30:00+01:30", true},
        {"'DateEquals':{'a:k':'2026-01-31T12:00:00Z'}", "a:k=2026-01-31T12:00Z", true},
        {"'DateEquals':{'a:k':'2026-01-31T12:00:00Z'}", "a:k=1769860800", true},
        {"'DateEquals':{'a:k':1769860800}", "a:k=2026-01-31T12:00:00.000Z", true},
        {"'DateEquals':{'a:k':'2026'}", "a:k=2026-01-01T00:00:00Z", true},
        {"'DateEquals':{'a:k':'2026-02'}", "a:k=2026-02-01", true},
        {"'DateEquals':{'a:k':'1970'}", "a:k=0", true},
        {"'DateEquals':{'a:k':'0000-03-01'}", "a:k=-62162035200", true},
        {"'DateEquals':{'a:k':'2000-02-29T23:59:59.5Z'}", "a:k=951868799.5", true},
        {"'DateEquals':{'a:k':'1969-12-31T23:59:59.5Z'}", "a:k=-0.5", true},
        {"'DateNotEquals':{'a:k':'2026'}", "a:k=2026-01-01", false},
        {"'DateNotEquals':{'a:k':'2026'}", "a:k=2026-01-02", true},
        {"'DateLessThan':{'a:k':'2999-12-31T23:59:59Z'}", "a:k=2026-01-01T00:00:00Z", true},
        {"'DateLessThan':{'a:k':'2026-01-01'}", "a:k=2026-01-01", false},
        {"'DateLessThanEquals':{'a:k':'2026-01-01'}", "a:k=2026-01-01", true},
        {"'DateGreaterThan':{'a:k':'2026-01-01T00:00:00.1Z'}", "a:k=2026-01-01T00:00:00.10000001Z", true},
        {"'DateGreaterThan':{'a:k':'2024-02-29'}", "a:k=2024-03-01", true},
        {"'DateGreaterThanEquals':{'a:k':'2026-01-01T00:00:00-01:00'}", "a:k=2026-01-01T01:00:00Z", true},
        {"'DateLessThan':{'a:k':'2026-01-01'}", "a:k=2025-02-29", false},
        {"'DateLessThan':{'a:k':'2026-01-01'}", "a:k=2025-13-01", false},
        {"'DateLessThan':{'a:k':'2026-01-01'}", "a:k=2025-01-01T00:00:00", false},
        {"'DateLessThan':{'a:k':'2026-01-01'}", "a:k=2025-01-01T24:00:00Z", false},
        {"'DateLessThan':{'a:k':'2026-01-01'}", "a:k=2025-01-01 00:00:00Z", false},
        {"'DateLessThan':{'a:k':'2026-01-01'}", "a:k=2025-01-01T00:00:00Zx", false},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

static void test_other_types(void **state)
{
    static const struct row rows[] = {
        {"'Bool':{'a:k':'true'}", "a:k=TRUE", true},
        {"'Bool':{'a:k':false}", "a:k=false", true},
        {"'Bool':{'a:k':'true'}", "a:k=false", false},
        {"'Bool':{'a:k':['true','false']}", "a:k=false", true},
        {"'Bool':{'a:k':'true'}", "a:k=1", false},
        {"'BinaryEquals':{'a:k':'QUI='}", "a:k=QUI=", true},
        {"'BinaryEquals':{'a:k':'QUI='}", "a:k=QUJD", false},
        {"'IpAddress':{'a:k':'10.0.0.0/8'}", "a:k=10.255.0.1", true},
        {"'IpAddress':{'a:k':'10.0.0.0/8'}", "a:k=11.0.0.1", false},
        {"'IpAddress':{'a:k':'10.0.0.9/31'}", "a:k=10.0.0.8", true},
        {"'IpAddress':{'a:k':'10.0.0.9/31'}", "a:k=10.0.0.10", false},
        {"'IpAddress':{'a:k':'10.0.0.9'}", "a:k=10.0.0.9", true},
        {"'IpAddress':{'a:k':'0.0.0.0/0'}", "a:k=10.0.0.9", true},
        {"'IpAddress':{'a:k':'0.0.0.0/0'}", "a:k=::1", false},
        {"'IpAddress':{'a:k':'::/0'}", "a:k=10.0.0.9", false},
        {"'IpAddress':{'a:k':['1.2.3.4','2001:db8::/33']}", "a:k=2001:DB8:7fff::1", true},
        {"'IpAddress':{'a:k':'2001:db8::/33'}", "a:k=2001:db8:8000::1", false},
        {"'IpAddress':{'a:k':'2001:db8:0:0::5'}", "a:k=2001:db8::5", true},
        {"'IpAddress':{'a:k':'10.0.0.0/8'}", "a:k=10.0.0.1/33", false},
        {"'IpAddress':{'a:k':'10.0.0.0/8'}", "a:k=10.1", false},
        {"'IpAddress':{'a:k':'10.0.0.0/8'}", "a:k=10.128.0.0/9", true},
        {"'IpAddress':{'a:k':'10.0.0.0/8'}", "a:k=10.0.0.0/7", false},
        {"'NotIpAddress':{'a:k':['10.0.0.0/8','11.0.0.0/8']}", "a:k=11.0.0.1", false},
        {"'NotIpAddress':{'a:k':'10.0.0.0/8'}", "a:k=::1", true},
        {"'ArnEquals':{'a:k':'arn:aws:iam::1:role/*'}", "a:k=arn:aws:iam::1:role/a/b", true},
        {"'ArnLike':{'a:k':'arn:aws:iam::*:role/x'}", "a:k=arn:aws:iam::1:role/x", true},
        {"'ArnLike':{'a:k':'arn:aws:iam:*:role/x'}", "a:k=arn:aws:iam::1:role/x", false},
        {"'ArnLike':{'a:k':'*'}", "a:k=arn:aws:iam::1:role/x", false},
        {"'ArnLike':{'a:k':'arn:aws:iam::*:role/x'}", "a:k=role/x", false},
        {"'ArnLike':{'a:k':'arn:aws:iam::${a:n}:role/x'}", "a:k=arn:aws:iam::1:role/x;a:n=1", true},
        {"'ArnLike':{'a:k':'arn:aws:iam:${a:n}:role/x'}", "a:k=arn:aws:iam::1:role/x;a:n=:1", false},
        {"'ArnNotEquals':{'a:k':'arn:aws:iam::1:role/*'}", "a:k=arn:aws:iam::1:role/a", false},
        {"'ArnNotLike':{'a:k':'arn:aws:iam::1:role/*'}", "a:k=arn:aws:iam::1:user/a", true},
        {"'Null':{'a:k':'true'}", "", true},
        {"'Null':{'a:k':'true'}", "a:k=x", false},
        {"'Null':{'a:k':'true'}", "a:k=[]", true},
        {"'Null':{'a:k':false}", "a:k=[x,y]", true},
        {"'Null':{'a:k':'false'}", "", false},
        {"'Null':{'a:k':['true','false']}", "", true},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

static void test_absent_and_lists(void **state)
{
    static const struct row rows[] = {
        {"'StringEquals':{'a:k':'x'}", "", false},
        {"'StringEqualsIfExists':{'a:k':'x'}", "", true},
        {"'StringEqualsIfExists':{'a:k':'x'}", "a:k=y", false},
        {"'StringNotEquals':{'a:k':'x'}", "", true},
        {"'StringNotEqualsIfExists':{'a:k':'x'}", "", true},
        {"'NumericLessThan':{'a:k':'1'}", "", false},
        {"'NumericLessThanIFEXISTS':{'a:k':'1'}", "", true},
        {"'BoolIfExists':{'a:k':'true'}", "", true},
        {"'ArnNotLike':{'a:k':'arn:aws:iam::1:role/*'}", "", true},
        {"'NotIpAddress':{'a:k':'10.0.0.0/8'}", "", true},
        {"'ForAllValues:StringEquals':{'a:k':['x','y']}", "", true},
        {"'ForAllValues:StringEquals':{'a:k':['x','y']}", "a:k=[]", true},
        {"'ForAllValues:StringEquals':{'a:k':['x','y']}", "a:k=[y,x]", true},
        {"'ForAllValues:StringEquals':{'a:k':['x','y']}", "a:k=[y,z]", false},
        {"'ForAllValues:StringEquals':{'a:k':['x','y']}", "a:k=x", true},
        {"'ForAllValues:StringEquals':{'a:k':['x','y']}", "a:k=", true},
        {"'ForAllValues:StringEquals':{'a:k':['x','y']}", "a:k=[,]", true},
        {"'ForAllValues:StringEquals':{'a:k':['x','y']}", "a:k=[,x]", false},
        {"'ForAnyValue:StringEquals':{'a:k':['x','y']}", "a:k=", false},
        {"'ForAllValues:StringNotLike':{'a:k':['x*','y*']}", "a:k=[a,b]", true},
        {"'ForAllValues:StringNotLike':{'a:k':['x*','y*']}", "a:k=[a,yb]", false},
        {"'ForAnyValue:StringEquals':{'a:k':['x','y']}", "", false},
        {"'ForAnyValue:StringEqualsIfExists':{'a:k':['x','y']}", "", false},
        {"'ForAnyValue:StringNotEquals':{'a:k':['x','y']}", "", false},
        {"'ForAnyValue:StringEquals':{'a:k':['x','y']}", "a:k=[z,y]", true},
        {"'ForAnyValue:StringEquals':{'a:k':['x','y']}", "a:k=[z,q]", false},
        {"'ForAnyValue:StringNotEquals':{'a:k':['x','y']}", "a:k=[x,z]", true},
        {"'ForAnyValue:StringNotEquals':{'a:k':['x','y']}", "a:k=[x,y]", false},
        {"'foranyvalue:NumericLessThan':{'a:k':'5'}", "a:k=[9,x,4]", true},
        /* a list is for set operators alone */
        {"'StringEquals':{'a:k':'x'}", "a:k=[x]", false},
        {"'StringNotEquals':{'a:k':'y'}", "a:k=[x]", false},
        {"'StringLikeIfExists':{'a:k':'*'}", "a:k=[x,y]", false},
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

/* What an Allow and a Deny decide when `unknown` denies; then when it defers. */
struct unknown_row {
    const char *condition, *context;
    int allow_denying, deny_denying, allow_deferring, deny_deferring;
    const char *key; /* which is to be told; NULL when the decision hangs on none */
};

static int decide(const char *effect, const struct unknown_row *row, enum policy_unknown unknown,
                  struct policy_reason *why)
{
    char document[1024];
    struct test_request request = {INVOKE, ENDPOINT "x", NULL, row->context, unknown};
    bool deny = effect[0] == 'D';

    snprintf(document, sizeof(document),
             "{'Version':'2012-10-17','Statement':[{'Sid':'one','Effect':'%s','Action':'*','Resource':'*','"
             "Condition':"
             "{%s}}%s]}",
             effect, row->condition, deny ? ",{'Effect':'Allow','Action':'*','Resource':'*'}" : "");
    return (int)test_decide(document, &request, why);
}

static void check_told(const struct unknown_row *row, const struct policy_reason *why, bool deferred)
{
    if (row->key ? why->unknown.len == 0 : why->unknown.len != 0)
        fail_msg("%s with %s: the key is not told", row->condition, row->context);
    if (why->deferred != (deferred && row->key))
        fail_msg("%s with %s: deferred is wrong", row->condition, row->context);
}

static void test_unknown(void **state)
{
    static const struct unknown_row rows[] = {
        {"'StringEquals':{'a:k':'x'}", "a:k=?", N, D, A, A, "a:k"},
        {"'StringNotEquals':{'a:k':'x'}", "a:k=?", N, D, A, A, "a:k"},
        {"'StringEqualsIfExists':{'a:k':'x'}", "a:k=?", N, D, A, A, "a:k"},
        {"'Null':{'a:k':'true'}", "a:k=?", N, D, A, A, "a:k"},
        {"'Null':{'a:k':'false'}", "a:k=?", N, D, A, A, "a:k"},
        {"'ForAllValues:StringEquals':{'a:k':'x'}", "a:k=?", N, D, A, A, "a:k"},
        {"'ForAnyValue:StringEquals':{'a:k':'x'}", "a:k=?", N, D, A, A, "a:k"},
        /* another condition settles it */
        {"'StringEquals':{'a:k':'x','a:l':'y'}", "a:k=?;a:l=z", N, A, N, A, NULL},
        {"'StringEquals':{'a:k':'x','a:l':'y'}", "a:k=?;a:l=y", N, D, A, A, "a:k"},
        /* variables: what could match, might */
        {"'StringEquals':{'a:k':'${a:v}'}", "a:k=x;a:v=?", N, D, A, A, "a:v"},
        {"'StringLike':{'a:k':'p-${a:v}'}", "a:k=q-x;a:v=?", N, A, N, A, NULL},
        {"'StringNotLike':{'a:k':'p-${a:v}'}", "a:k=q-x;a:v=?", A, D, A, D, NULL},
        {"'StringNotLike':{'a:k':'p-${a:v}'}", "a:k=p-x;a:v=?", N, D, A, A, "a:v"},
        {"'StringLike':{'a:k':['p-${a:v}','p*']}", "a:k=p-x;a:v=?", A, D, A, D, NULL},
        {"'ForAllValues:StringEquals':{'a:k':'${a:v}'}", "a:k=[x,y];a:v=?", N, D, A, A, "a:v"},
        {"'ForAllValues:StringEquals':{'a:k':'z${a:v}'}", "a:k=[zx,y];a:v=?", N, A, N, A, NULL},
        {"'ForAnyValue:StringEquals':{'a:k':['${a:v}','y']}", "a:k=[x,y];a:v=?", A, D, A, D, NULL},
        {"'StringEquals':{'a:k':'${a:v, `d`}'}", "a:k=x;a:v=?", N, D, A, A, "a:v"},
        /* what a negated operator cannot read */
        {"'NumericNotEquals':{'a:k':'1'}", "a:k=x", N, D, A, A, "a:k"},
        {"'NotIpAddress':{'a:k':'10.0.0.0/8'}", "a:k=x", N, D, A, A, "a:k"},
        {"'ArnNotLike':{'a:k':'arn:aws:kms:*:*:key/*'}", "a:k=alias/x", N, D, A, A, "a:k"},
        {"'ArnNotLike':{'a:k':'arn:aws:kms:*:*:key/*'}", "a:k=arn:aws:kms:x", N, D, A, A, "a:k"},
        {"'NumericEquals':{'a:k':'1'}", "a:k=x", N, A, N, A, NULL},
        /* what an ARN is like that lacks parts */
        {"'ArnLike':{'a:k':'arn:aws:iam::*'}", "a:k=arn:aws:iam::1:role/x", N, D, A, A, "a:k"},
        {"'ArnNotLike':{'a:k':'*'}", "a:k=arn:aws:iam::1:role/x", N, D, A, A, "a:k"},
        {"'ArnNotEquals':{'a:k':'${a:v}'}", "a:k=arn:aws:iam::1:role/x;a:v=arn:aws:iam::1:role/x", N, D, A, A,
         "a:k"},
        {"'ArnLike':{'a:k':['*','arn:aws:iam::1:*']}", "a:k=arn:aws:iam::1:role/x", A, D, A, D, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct unknown_row *row = &rows[i];
        struct policy_reason why;

        if (decide("Allow", row, UNKNOWN_DENIES, &why) != row->allow_denying)
            fail_msg("allow, denying: %s with %s", row->condition, row->context);
        check_told(row, &why, false);
        if (decide("Deny", row, UNKNOWN_DENIES, &why) != row->deny_denying)
            fail_msg("deny, denying: %s with %s", row->condition, row->context);
        check_told(row, &why, false);
        if (decide("Allow", row, UNKNOWN_DEFERS, &why) != row->allow_deferring)
            fail_msg("allow, deferring: %s with %s", row->condition, row->context);
        check_told(row, &why, true);
        if (decide("Deny", row, UNKNOWN_DEFERS, &why) != row->deny_deferring)
            fail_msg("deny, deferring: %s with %s", row->condition, row->context);
        check_told(row, &why, true);
    }
}

#define HANGS "'Condition':{'StringEquals':{'aws:ResourceTag/team':'a'}}"

/* What is certain goes before what is not; what is told names the statement. */
static void test_unknown_reason(void **state)
{
    static const char document[] =
        "{'Statement':[{'Sid':'maybe'," ALLOW "'Resource':'*'," HANGS "},{'Sid':'sure'," ALLOW
        "'Resource':'" ENDPOINT "x'},{'Sid':'never'," DENY "'Resource':'" ENDPOINT "z'," HANGS "}]}";
    struct test_request request = {INVOKE, ENDPOINT "x", NULL, "aws:ResourceTag/team=?", UNKNOWN_DEFERS};
    struct policy_reason why;

    (void)state;
    assert_int_equal(test_decide(document, &request, &why), A);
    assert_int_equal(why.statement, 1);
    assert_false(why.deferred);

    request.resources = ENDPOINT "x " ENDPOINT "y";
    assert_int_equal(test_decide(document, &request, &why), A);
    assert_true(why.deferred);

    request.unknown = UNKNOWN_DENIES;
    assert_int_equal(test_decide(document, &request, &why), N);
    assert_int_equal(why.statement, 0);
    assert_false(why.matched || why.deferred);
    assert_int_not_equal(why.unknown.len, 0);

    request.resources = ENDPOINT "z";
    assert_int_equal(test_decide(document, &request, &why), D);
    assert_true(why.matched);
    assert_int_equal(why.statement, 2);

    /* deferred by the Deny, not by the Allow; and of two documents the one that is deferred is told */
    request.unknown = UNKNOWN_DEFERS;
    assert_int_equal(test_decide(document, &request, &why), A);
    assert_true(why.deferred);
}

static void test_two_documents(void **state)
{
    struct policy *policies[] = {
        test_policy("{'Statement':{" ALLOW "'Resource':'*'}}"),
        test_policy("{'Statement':{" ALLOW "'Resource':'*'," HANGS "}}"),
    };
    struct test_request request = {INVOKE, ENDPOINT "x", NULL, "aws:ResourceTag/team=?", UNKNOWN_DEFERS};
    struct policy_reason why;

    (void)state;
    assert_int_equal(test_decide_all((const struct policy *const *)policies, 2, &request, &why), A);
    assert_int_equal(why.document, 1);
    assert_true(why.deferred && slice_eq(why.unknown, SLICE("aws:ResourceTag/team")));
    policy_free(policies[0]);
    policy_free(policies[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_other_types),
        cmocka_unit_test(test_absent_and_lists),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_unknown_reason),
        cmocka_unit_test(test_two_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
