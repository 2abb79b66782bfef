/* What is wrong with documents, said at its place; and what they name. */
#include "unit/policy.h"

/* The problems of a document, as lines "line:column: error: text". */
struct told {
    char text[4096];
    size_t len;
};

static void keep(void *user, const struct policy_problem *problem)
{
    struct told *told = user;

    told->len += (size_t)snprintf(told->text + told->len, sizeof(told->text) - told->len, "%u:%u: %s: %s\n",
                                  problem->line, problem->column, problem->is_error ? "error" : "warning",
                                  problem->text);
    assert_true(told->len < sizeof(told->text));
}

struct row {
    const char *document;
    const char *expected; /* the lines, each in full or as far as it ends with "…" */
};

/* Whether each expected line is the beginning of the told one, in their order. */
static bool is_told(struct slice told, struct slice expected)
{
    struct slice line, wanted;

    while (slice_split(&expected, '\n', &wanted)) {
        if (!slice_split(&told, '\n', &line) || !slice_starts(line, wanted) || (wanted.len == 0 && line.len))
            return false;
    }
    return true;
}

static void check(const struct row *rows, size_t count, bool loads)
{
    for (size_t i = 0; i < count; i++) {
        char document[TEST_TEXT];
        struct told told = {.len = 0};
        struct policy *policy = policy_parse(test_document(rows[i].document, document), keep, &told);

        if ((policy != NULL) != loads ||
            !is_told(slice_of(told.text, told.len), slice_cstr(rows[i].expected)))
            fail_msg("row %zu: %s\ntold:\n%sexpected:\n%s", i, document, told.text, rows[i].expected);
        policy_free(policy);
    }
}

#define S(rest) "{'Statement':{'Effect':'Allow','Action':'*','Resource':'*'," rest "}}"
#define V(rest) "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*'," rest "}}"
#define C(rest)                                                                                              \
    "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':'*',\n'Condition':" rest  \
    "}}"

static void test_documents(void **state)
{
    static const struct row rows[] = {
        {"", "1:1: error: this is not JSON: "},
        {"{'Statement':[}", "1:15: error: this is not JSON: "},
        {"{'Statement':[],\n'Statement':[]}", "2:11: error: this is not JSON: duplicate object key"},
        {"[]", "1:1: error: a policy must be a JSON object\n"},
        {"  {}", "1:3: error: the policy has no Statement\n"},
        {"{'Version':'2012','Statement':[]}",
         "1:2: error: Version must be \"2012-10-17\" or \"2008-10-17\"\n"},
        {"{'Id':1,'Statement':[]}", "1:2: error: Id must be a string\n"},
        {"{'Statement':[],\n 'statement':1}",
         "2:2: error: the policy has an element 'statement', which is none of the policy language\n"},
        {"{'Statement':[\n  1,\n  []]}",
         "2:3: error: a statement must be an object\n3:3: error: a statement must be an object\n"},
        {"{'Statement':\n {}}", "1:2: error: the statement has no Action (or NotAction)\n"
                                "1:2: error: the statement has no Resource (or NotResource)\n"
                                "1:2: error: the statement has no Effect\n"},
        {S("\n'NotAction':'*'"),
         "1:2: error: the statement has both Action and NotAction; it can have one\n"},
        {S("'NotResource':'*'"), "1:2: error: the statement has both Resource and NotResource"},
        {S("'Principal':'*','NotPrincipal':'*'"),
         "1:2: error: the statement has both Principal and NotPrincipal"},
        {S("\n'\\u0053id':1"), "2:1: error: Sid must be a string\n"},
        {S("\n'Sid':1"), "2:1: error: Sid must be a string\n"},
        {S("'\\u001b[1m\\u00e4':1"), "1:60: error: the statement has an element '\\x1b[1m\\xc3\\xa4', which"},
        {"{'Statement':{'Effect':'allow','Action':'*','Resource':'*'}}",
         "1:15: error: Effect is 'allow'; it must be \"Allow\" or \"Deny\"\n"},
        {"{'Statement':{'Effect':'Allow\\u001b','Action':'*','Resource':'*'}}",
         "1:15: error: Effect is 'Allow\\x1b'; it must be"},
        {"{'Statement':{'Effect':['Allow'],'Action':'*','Resource':'*'}}",
         "1:15: error: Effect must be \"Allow\" or \"Deny\"\n"},
    };

    (void)state;
    check(rows, COUNT_OF(rows), false);
}

static void test_actions_and_resources(void **state)
{
    static const struct row rows[] = {
        {"{'Statement':{'Effect':'Allow','Resource':'*',\n'Action':\n['*','x',\n1,'a:']}}",
         "3:6: error: 'x' is no action: write \"*\", or SERVICE:OPERATION such as sagemaker:InvokeEndpoint\n"
         "4:1: error: this must be a string, or a list of strings\n"
         "4:3: error: 'a:' is no action"},
        {"{'Statement':{'Effect':'Allow','Resource':'*','Action':'sage*:Invoke'}}",
         "1:47: error: 'sage*:Invoke' is no action"},
        {V("'Resource':[]"), "1:68: error: the list is empty: name at least one, or \"*\"\n"},
        {V("'Resource':'endpoint/x'"), "1:68: error: 'endpoint/x' is no ARN: write \"*\", or "
                                       "arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE\n"},
        {V("'Resource':'arn:aws:sagemaker:us-east-1'"),
         "1:68: error: 'arn:aws:sagemaker:us-east-1' is no ARN"},
        {V("'Resource':'arn:aws:sagemaker:*:endpoint/x'"),
         "1:68: error: 'arn:aws:sagemaker:*:endpoint/x' has fewer than six parts, and AWS documents two "
         "ways"},
        {V("'NotResource':['arn:aws:*:us-east-1']"), "1:83: error: 'arn:aws:*:us-east-1' has fewer than six"},
        {V("'Resource':'arn:aws:sagemaker:${aws:RequestedRegion}:1:x'"),
         "1:68: error: a policy variable can stand only in the last part of an ARN, after the fifth colon\n"},
        {V("'Resource':'" ENDPOINT "${aws:username'"),
         "1:68: error: '${' begins a policy variable, which ends with"},
        {V("'Resource':'" ENDPOINT "${username}'"), "1:68: error: a policy variable names a condition key"},
        {V("'Resource':'" ENDPOINT "${}'"), "1:68: error: a policy variable names a condition key"},
        {V("'Resource':'" ENDPOINT "${a:b,`x`}'"), "1:68: error: the default of a policy variable follows"},
        {V("'Resource':'" ENDPOINT "${a:b, x}'"), "1:68: error: the default of a policy variable follows"},
        {V("'Resource':'" ENDPOINT "${a:b, `x}'"), "1:68: error: the default of a policy variable follows"},
        {V("'Resource':'" ENDPOINT "${a:b}${a:b}${a:b}${a:b}${a:b}${a:b}${a:b}${a:b}${a:b}${a:b}${a:b}${a:b}"
           "${a:b}${a:b}${a:b}${a:b}${a:b}'"),
         "1:68: error: this has more than 16 policy variables\n"},
    };

    (void)state;
    check(rows, COUNT_OF(rows), false);
}

static void test_principals(void **state)
{
    static const struct row rows[] = {
        {S("\n'Principal':'me'"),
         "2:1: error: this must be \"*\" or an object such as {\"AWS\": \"123456789012\"}\n"},
        {S("\n'Principal':{}"), "2:1: error: this must be"},
        {S("\n'Principal':{'AWS':[]}"), "2:14: error: the list is empty"},
        {S("\n'Principal':{'AWS':['*',{}]}"), "2:25: error: this must be a string"},
        {S("\n'Principal':{'User':'x'}"),
         "2:14: error: 'User' is no type of principal: AWS, Service, Federated"},
        {S("'Principal':{'AWS':'arn:aws:iam::123456789012:role/*'}"),
         "1:73: error: 'arn:aws:iam::123456789012:role/*' "
         "is no principal: write \"*\", an account's"},
        {S("'Principal':{'AWS':'1234'}"), "1:73: error: '1234' is no principal"},
        {S("'Principal':{'AWS':'arn:aws:sts::123456789012:assumed-role/x'}"), "1:73: error: "},
        {S("'Principal':{'AWS':'arn:aws:iam::123456789012:role/'}"), "1:73: error: "},
        {S("'Principal':{'AWS':'arn:aws:iam:us-east-1:123456789012:role/x'}"), "1:73: error: "},
        {S("'Principal':{'AWS':'arn:aws:s3::123456789012:role/x'}"), "1:73: error: "},
        {S("'NotPrincipal':{'AWS':'123456789012'}"), "1:2: error: NotPrincipal works with Effect \"Deny\" "
                                                     "only; AWS does not support it with \"Allow\"\n"},
    };

    (void)state;
    check(rows, COUNT_OF(rows), false);
}

static void test_conditions(void **state)
{
    static const struct row rows[] = {
        {C("[]"), "2:1: error: Condition must be an object of condition operators\n"},
        {C("{\n'StringIs':{}}"), "3:1: error: 'StringIs' is no condition operator\n"},
        {C("{'NullIfExists':{}}"), "2:14: error: 'NullIfExists' is no condition operator\n"},
        {C("{'ForAllValues:Null':{}}"), "2:14: error: "},
        {C("{'ForSomeValues:StringLike':{}}"), "2:14: error: "},
        {C("{'StringEquals':1}"), "2:14: error: this must be an object of condition keys\n"},
        {C("{'StringEquals':{\n'key':'x'}}"), "3:1: error: 'key' is no condition key: aws:SourceVpce or"},
        {C("{'StringEquals':{\n'a:k':{}}}"),
         "3:1: error: this must be a string, a number, true or false, or a"},
        {C("{'StringEquals':{'a:k':['x',\nnull]}}"), "3:1: error: this must be a string, a number"},
        {C("{'StringEquals':{'a:k':'${a}'}}"), "2:30: error: a policy variable names a condition key"},
        {C("{'NumericEquals':{'a:k':['1',\n'${a:b}','1e3',1e3]}}"),
         "3:1: error: NumericEquals compares with a number such as 3600 or 0.5\n3:10: error: \n3:16: "
         "error: "},
        {C("{'DateLessThan':{'a:k':'tomorrow'}}"), "2:30: error: DateLessThan compares with a date such as"},
        {C("{'Bool':{'a:k':'yes'}}"), "2:22: error: Bool compares with true or false\n"},
        {C("{'Null':{'a:k':'maybe'}}"),
         "2:22: error: Null compares with true (the key is not there) or false"},
        {C("{'BinaryEquals':{'a:k':['','QQ','QR==','====','Q===','QQ==']}}"),
         "2:37: error: BinaryEquals compares with base64\n2:40: \n2:45: \n2:52: \n2:59: \n"},
        {C("{'IpAddress':{'a:k':['10.0.0','10.0.0.0/33','::/129','1.2.3.4/','fe80::1%eth0']}}"),
         "2:34: error: IpAddress compares with an IP address or network such as\n2:43: \n2:57: \n2:66: "
         "\n2:77: \n"},
    };

    (void)state;
    check(rows, COUNT_OF(rows), false);
}

static void test_warnings(void **state)
{
    static const struct row rows[] = {
        {S("'Sid':'fine'"), ""},
        {S("\n'Condition':{'StringLike':{'a:k':['x','${a:b}']}}"),
         "2:39: warning: ${...} is text here: policy variables need \"Version\": \"2012-10-17\"\n"},
        {"{'Statement':{'Effect':'Allow','Action':'*','Resource':\n['" ENDPOINT "${*}']}}",
         "2:2: warning: ${...} is text here"},
        {V("'Resource':'" ENDPOINT "${a:b}'"), ""},
        {V("'Resource':'arn:aws:sagemaker:*'"), "1:68: warning: 'arn:aws:sagemaker:*' has fewer than six "
                                                "parts; AWS takes the missing ones for \"*\"\n"},
        {S("'Principal':{'Service':['a','b']}"), "1:84: warning: 'a' is of a type that never calls through "
                                                 "sagegate: it matches nobody\n1:88: warning: 'b' is"},
        {S("'Principal':{'AWS':'AIDAABCDEFGHIJKLMNOP'}"),
         "1:73: warning: 'AIDAABCDEFGHIJKLMNOP' is the id of a"},
        {C("{'StringEquals':{'a:k':[]}}"), "2:30: warning: the list is empty: no value is in it\n"},
        {C("{'ArnLike':{'a:k':'*'}}"),
         "2:25: warning: '*' has fewer than six parts, and AWS does not say which "
         "ARNs are like it: unknown_conditions says what follows\n"},
        {"{'Statement':[{'Effect':'Deny','Action':'*','Resource':'*',\n'NotPrincipal':{'AWS':"
         "'arn:aws:iam::123456789012:user/u'}}]}",
         "2:1: warning: NotPrincipal must name the account beside its user or role"},
        {"{'Statement':[{'Effect':'Allow','Action':'*','Resource':'*','Principal':'*'},"
         "{'Effect':'Allow','Action':'*','Resource':'*'}]}",
         "1:1: warning: some statements have a Principal and others none"},
    };

    (void)state;
    check(rows, COUNT_OF(rows), true);
}

static void test_limits(void **state)
{
    static const char statement[] = "{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"},";
    size_t count = 10001, len = count * (sizeof(statement) - 1);
    char *text = malloc(len + 64);
    struct told told = {.len = 0};
    struct policy *policy;

    (void)state;
    assert_non_null(text);
    len = (size_t)sprintf(text, "{\"Statement\":[");
    for (size_t i = 0; i < count; i++, len += sizeof(statement) - 1)
        memcpy(text + len, statement, sizeof(statement) - 1);
    memcpy(text + len - 1, "]}", 2);
    assert_null(policy_parse(slice_of(text, len + 1), keep, &told));
    assert_string_equal(told.text, "1:2: error: a policy has at most 10000 statements\n");

    /* one fewer is good, and placed without walking the text for each anew */
    memcpy(text + len - sizeof(statement), "]}", 2);
    policy = policy_parse(slice_of(text, len - sizeof(statement) + 2), keep, &told);
    assert_non_null(policy);
    policy_free(policy);

    told = (struct told){.len = 0};
    memset(text, ' ', 64);
    assert_null(policy_parse(slice_of(text, 0), keep, &told));
    free(text);
    text = calloc(1, 1024 * 1024 + 1);
    assert_non_null(text);
    told = (struct told){.len = 0};
    assert_null(policy_parse(slice_of(text, 1024 * 1024 + 1), keep, &told));
    assert_string_equal(told.text, "1:1: error: a policy has at most 1 MiB\n");
    free(text);
}

static void keep_name(void *user, const struct policy_name *name)
{
    static const char *const kinds[] = {"action", "resource", "key"};
    struct told *told = user;

    told->len +=
        (size_t)snprintf(told->text + told->len, sizeof(told->text) - told->len, "%s%s %.*s %.*s %zu %u:%u\n",
                         name->deny ? "deny " : "", name->negated ? "not" : "", SLICE_FMT(name->sid),
                         SLICE_FMT(name->text), name->statement, name->line, name->column);
    assert_true(told->len < sizeof(told->text));
    assert_true(name->kind < COUNT_OF(kinds));
}

static void test_names(void **state)
{
    struct policy *policy = test_policy(
        "{'Version':'2012-10-17','Statement':[{'Sid':'a','Effect':'Allow','Action':['x:A','x:B*'],\n"
        "'NotResource':'" ENDPOINT
        "${a:v}-${*}${b:v, `d`}','Condition':{'StringLike':{'c:k':['1','${d:k}']},\n"
        "'Null':{'e:k':true}}},{'Effect':'Deny','NotAction':'*','Resource':'*'}]}");
    struct told told = {.len = 0};

    (void)state;
    policy_each_name(policy, keep_name, &told);
    assert_string_equal(told.text,
                        " a x:A 0 1:76\n a x:B* 0 1:82\n"
                        "not a " ENDPOINT "${a:v}-${*}${b:v, 'd'} 0 2:1\n a a:v 0 2:1\n a b:v 0 2:1\n"
                        " a c:k 0 2:117\n a d:k 0 2:117\n a e:k 0 3:9\n"
                        "deny not  * 1 3:40\ndeny   * 1 3:56\n");
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),  cmocka_unit_test(test_actions_and_resources),
        cmocka_unit_test(test_principals), cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_warnings),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
