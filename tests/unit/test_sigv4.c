#include "aws/sigv4.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/unit.h"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct sigv4_keys suite_keys = {
    .access_key_id = SLICE_INIT("AKIDEXAMPLE"),
    .secret_access_key = SLICE_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    .generation = 1,
};
static const struct sigv4_scope suite_scope = {SLICE_INIT("us-east-1"), SLICE_INIT("service")};
static const char suite_date[] = "20150830T123600Z";
static const struct http_field suite_headers[] = {
    {SLICE_INIT("Host"), SLICE_INIT("example.amazonaws.com")},
    {SLICE_INIT("X-Amz-Date"), SLICE_INIT("20150830T123600Z")},
};

/* The get-vanilla request of AWS's test suite, for rows to change one thing in. */
static struct sigv4_request vanilla(void)
{
    return (struct sigv4_request){
        .method = SLICE("GET"),
        .path = SLICE("/"),
        .headers = suite_headers,
        .header_count = COUNT_OF(suite_headers),
        .payload_hash = SLICE(EMPTY_HASH),
    };
}

static struct sigv4_signer *new_signer(void)
{
    struct sigv4_signer *signer = sigv4_signer_new();

    assert_non_null(signer);
    return signer;
}

static void sign(struct sigv4_signer *signer, const struct sigv4_request *request,
                 struct sigv4_signature *signature)
{
    struct sg_error err = {0};

    if (sigv4_sign(signer, &suite_keys, &suite_scope, suite_date, request, signature, &err) != SG_OK)
        fail_msg("%s", err.text);
}

static void assert_slice(struct slice actual, const char *expected)
{
    if (!slice_eq(actual, slice_cstr(expected)))
        fail_msg("got \"%.*s\", expected \"%s\"", SLICE_FMT(actual), expected);
}

/* Line `number` (from 0) of what was signed. */
static struct slice line_of(struct slice text, int number)
{
    struct slice line = {NULL, 0};

    for (int i = 0; i <= number; i++)
        assert_true(slice_split(&text, '\n', &line));
    return line;
}

static void test_parts(void **state)
{
    struct sigv4_signer *signer = new_signer();
    struct sigv4_request request = vanilla();
    struct sigv4_signature signature;

    (void)state;
    sign(signer, &request, &signature);
    assert_slice(signature.canonical_request,
                 "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n"
                 "\nhost;x-amz-date\n" EMPTY_HASH);
    assert_slice(signature.signed_headers, "host;x-amz-date");
    assert_slice(signature.string_to_sign,
                 "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
                 "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
    assert_string_equal(signature.signature,
                        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    assert_slice(signature.authorization,
                 "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                 "SignedHeaders=host;x-amz-date, "
                 "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    sigv4_signer_free(signer);
}

/* The worked example of the IAM User Guide, and two of the Amazon S3 API Reference. */
static void test_documented_examples(void **state)
{
    static const struct sigv4_keys s3_keys = {
        .access_key_id = SLICE_INIT("AKIAIOSFODNN7EXAMPLE"),
        .secret_access_key = SLICE_INIT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        .generation = 2,
    };
    static const struct sigv4_scope s3_scope = {SLICE_INIT("us-east-1"), SLICE_INIT("s3")};
    static const struct sigv4_scope iam_scope = {SLICE_INIT("us-east-1"), SLICE_INIT("iam")};
    static const struct http_field iam_headers[] = {
        {SLICE_INIT("host"), SLICE_INIT("iam.amazonaws.com")},
        {SLICE_INIT("content-type"), SLICE_INIT("application/x-www-form-urlencoded; charset=utf-8")},
        {SLICE_INIT("x-amz-date"), SLICE_INIT("20150830T123600Z")},
    };
    static const struct http_field s3_headers[] = {
        {SLICE_INIT("Host"), SLICE_INIT("examplebucket.s3.amazonaws.com")},
        {SLICE_INIT("x-amz-date"), SLICE_INIT("20130524T000000Z")},
        {SLICE_INIT("x-amz-content-sha256"), SLICE_INIT(EMPTY_HASH)},
    };
    static const struct {
        const struct sigv4_keys *keys;
        const struct sigv4_scope *scope;
        const char *date;
        struct slice query;
        const struct http_field *headers;
        const char *signature;
    } rows[] = {
        {&suite_keys, &iam_scope, "20150830T123600Z", SLICE_INIT("Action=ListUsers&Version=2010-05-08"),
         iam_headers, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
        {&s3_keys, &s3_scope, "20130524T000000Z", SLICE_INIT("lifecycle"), s3_headers,
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {&s3_keys, &s3_scope, "20130524T000000Z", SLICE_INIT("max-keys=2&prefix=J"), s3_headers,
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
    struct sigv4_signer *signer = new_signer();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sigv4_request request = vanilla();
        struct sigv4_signature signature;

        request.query = rows[i].query;
        request.headers = rows[i].headers;
        request.header_count = 3;
        assert_int_equal(
            sigv4_sign(signer, rows[i].keys, rows[i].scope, rows[i].date, &request, &signature, NULL), SG_OK);
        assert_string_equal(signature.signature, rows[i].signature);
    }
    sigv4_signer_free(signer);
}

static void test_path(void **state)
{
    enum { KEEP = 1, ONCE = 2 };
    static const struct {
        const char *path;
        int flags;
        const char *canonical;
    } rows[] = {
        {"/", 0, "/"},
        {"//", 0, "/"},
        {"/./", 0, "/"},
        {"/.", 0, "/"},
        {"/..", 0, "/"},
        {"/../..", 0, "/"},
        {"/a/..", 0, "/"},
        {"/a/../", 0, "/"},
        {"/a/b/..", 0, "/a"},
        {"/a/b/../", 0, "/a/"},
        {"/../../a", 0, "/a"},
        {"/a//b///", 0, "/a/b/"},
        {"/a/./b", 0, "/a/b"},
        {"/a.b/..c/...", 0, "/a.b/..c/..."},
        {"/%2e%2E/a", 0, "/%252e%252E/a"},
        {"/a%2Fb", 0, "/a%252Fb"},
        {"/a%20b~", 0, "/a%2520b~"},
        {"/%", 0, "/%25"},
        {"/a b", 0, "/a%20b"},
        {"/\xe1\x88\xb4", 0, "/%E1%88%B4"},
        {"/!$&'()*+,;=:@", 0, "/%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40"},
        {"/endpoints/my-endpoint/invocations", 0, "/endpoints/my-endpoint/invocations"},
        {"//", KEEP, "//"},
        {"/a/../b", KEEP, "/a/../b"},
        {"/./a%2F", KEEP, "/./a%252F"},
        {"/a//b%2F$", ONCE, "/a/b%2F$"},
        {"/a/../%2F \xc3\xa9", KEEP | ONCE, "/a/../%2F%20%C3%A9"},
    };
    struct sigv4_signer *signer = new_signer();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sigv4_request request = vanilla();
        struct sigv4_signature signature;

        request.path = slice_cstr(rows[i].path);
        request.keep_path = (rows[i].flags & KEEP) != 0;
        request.encode_once = (rows[i].flags & ONCE) != 0;
        sign(signer, &request, &signature);
        assert_slice(line_of(signature.canonical_request, 1), rows[i].canonical);
    }
    sigv4_signer_free(signer);
}

static void test_query(void **state)
{
    static const struct {
        const char *query;
        const char *canonical;
    } rows[] = {
        {"", ""},
        {"a", "a="},
        {"a=", "a="},
        {"=b", "=b"},
        {"&", "=&="},
        {"a=b=c", "a=b=c"},
        {"b=1&a=2", "a=2&b=1"},
        {"a=2&a=10&a", "a=&a=10&a=2"},
        {"b&B&a&A", "A=&B=&a=&b="},
        {"a-b=1&a=2&a%2F=3", "a=2&a%2F=3&a-b=1"},
        {"a=%2f%2F%", "a=%2f%2F%"},
        {"Param-3=Value3&Param=Value2&\xe1\x88\xb4=Value1", "%E1%88%B4=Value1&Param=Value2&Param-3=Value3"},
        {"a=b c\n", "a=b%20c%0A"},
        {"a=[\"<>\\^`{|}#]", "a=%5B%22%3C%3E%5C%5E%60%7B%7C%7D%23%5D"},
        {"a=!$'()*+,;:@/?%25", "a=!$'()*+,;:@/?%25"},
    };
    struct sigv4_signer *signer = new_signer();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sigv4_request request = vanilla();
        struct sigv4_signature signature;

        request.query = slice_cstr(rows[i].query);
        sign(signer, &request, &signature);
        assert_slice(line_of(signature.canonical_request, 2), rows[i].canonical);
    }
    sigv4_signer_free(signer);
}

static void test_headers(void **state)
{
    static const struct http_field fields[] = {
        {SLICE_INIT("X-Amz-Date"), SLICE_INIT("20150830T123600Z")},
        {SLICE_INIT("my-header1"), SLICE_INIT("  z  ")},
        {SLICE_INIT("My-Header10"), SLICE_INIT("VALUE \t \" a   b\t\tc \"")},
        {SLICE_INIT("HOST"), SLICE_INIT("example.amazonaws.com")},
        {SLICE_INIT("MY-header1"), SLICE_INIT("")},
        {SLICE_INIT("My-Header1"), SLICE_INIT("a,b")},
        {SLICE_INIT("my_header"), SLICE_INIT(" \t ")},
        {SLICE_INIT("my.header"), SLICE_INIT("\xc3\xa9")},
    };
    struct sigv4_signer *signer = new_signer();
    struct sigv4_request request = vanilla();
    struct sigv4_signature signature;

    (void)state;
    request.method = SLICE("post");
    request.headers = fields;
    request.header_count = COUNT_OF(fields);
    request.payload_hash = SLICE("UNSIGNED-PAYLOAD");
    sign(signer, &request, &signature);
    assert_slice(signature.canonical_request, "POST\n/\n\n"
                                              "host:example.amazonaws.com\n"
                                              "my-header1:z,,a,b\n"
                                              "my-header10:VALUE \" a b c \"\n"
                                              "my.header:\xc3\xa9\n"
                                              "my_header:\n"
                                              "x-amz-date:20150830T123600Z\n"
                                              "\n"
                                              "host;my-header1;my-header10;my.header;my_header;x-amz-date\n"
                                              "UNSIGNED-PAYLOAD");
    assert_slice(signature.signed_headers, "host;my-header1;my-header10;my.header;my_header;x-amz-date");
    sigv4_signer_free(signer);
}

static void test_most_headers(void **state)
{
    struct sigv4_signer *signer = new_signer();
    struct sigv4_request request = vanilla();
    struct http_field fields[HTTP_MAX_FIELDS + 1];
    char names[HTTP_MAX_FIELDS + 1][8];
    struct sigv4_signature signature;
    struct slice rest, name;
    int count = 0;

    (void)state;
    for (int i = 0; i <= HTTP_MAX_FIELDS; i++) {
        snprintf(names[i], sizeof(names[i]), "x-%03d", (i * 37) % (HTTP_MAX_FIELDS + 1));
        fields[i] = (struct http_field){slice_cstr(names[i]), SLICE("v")};
    }
    request.headers = fields;
    request.header_count = HTTP_MAX_FIELDS;
    sign(signer, &request, &signature);
    rest = signature.signed_headers;
    for (struct slice before = SLICE(""); slice_split(&rest, ';', &name); before = name, count++)
        assert_true(slice_cmp(before, name) < 0);
    assert_int_equal(count, HTTP_MAX_FIELDS);

    request.header_count = HTTP_MAX_FIELDS + 1;
    assert_int_equal(sigv4_sign(signer, &suite_keys, &suite_scope, suite_date, &request, &signature, NULL),
                     SG_INVALID);
    sigv4_signer_free(signer);
}

static void test_refused(void **state)
{
    static const char long_name[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
    static const struct {
        const char *method, *path, *name, *value, *hash;
        const char *access_key_id, *region, *service;
        const char *says; /* part of the sentence */
    } rows[] = {
        {.method = "", .says = "method"},
        {.method = "GE T", .says = "method"},
        {.method = "GET\n/", .says = "method"},
        {.path = "", .says = "path"},
        {.path = "a", .says = "path"},
        {.name = "", .says = "header name"},
        {.name = "a b", .says = "header name"},
        {.name = "a:", .says = "header name"},
        {.name = "a\xc3\xa9", .says = "header name"},
        {.name = "evil", .value = "a\nx-amz-date:1", .says = "header evil: byte 2"},
        {.value = "a\r", .says = "0x0d"},
        {.value = "\x7f", .says = "0x7f"},
        {.hash = "", .says = "payload hash"},
        {.hash = "UNSIGNED\nPAYLOAD", .says = "payload hash"},
        {.access_key_id = "", .says = "access key id"},
        {.access_key_id = "AKID/EXAMPLE", .says = "access key id: byte 5"},
        {.access_key_id = "A\r\nX: y", .says = "access key id"},
        {.region = "", .says = "region"},
        {.region = "us east", .says = "region"},
        {.region = long_name, .says = "region has 70 bytes"},
        {.service = "a,b", .says = "service"},
        {.service = long_name, .says = "service"},
    };
    struct sigv4_signer *signer = new_signer();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
#define OR(field, usual) (rows[i].field ? slice_cstr(rows[i].field) : SLICE(usual))
        struct http_field header = {OR(name, "host"), OR(value, "example.com")};
        struct sigv4_request request = vanilla();
        struct sigv4_keys keys = suite_keys;
        struct sigv4_scope scope = {OR(region, "us-east-1"), OR(service, "service")};
        struct sigv4_signature signature;
        struct sg_error err = {0};

        request.method = OR(method, "GET");
        request.path = OR(path, "/");
        request.payload_hash = OR(hash, EMPTY_HASH);
        request.headers = &header;
        request.header_count = 1;
        keys.access_key_id = OR(access_key_id, "AKIDEXAMPLE");
        keys.generation = i;
#undef OR
        assert_int_equal(sigv4_sign(signer, &keys, &scope, suite_date, &request, &signature, &err),
                         SG_INVALID);
        if (!strstr(err.text, rows[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
    }
    sigv4_signer_free(signer);
}

static void test_refused_secret(void **state)
{
    static char long_secret[257];
    struct sigv4_signer *signer = new_signer();
    struct sigv4_request request = vanilla();
    struct sigv4_keys keys = suite_keys;
    struct sigv4_signature signature;

    (void)state;
    memset(long_secret, 'k', sizeof(long_secret));
    keys.generation = 9;
    keys.secret_access_key = slice_of(long_secret, 0);
    assert_int_equal(sigv4_sign(signer, &keys, &suite_scope, suite_date, &request, &signature, NULL),
                     SG_INVALID);
    keys.secret_access_key = slice_of(long_secret, sizeof(long_secret));
    assert_int_equal(sigv4_sign(signer, &keys, &suite_scope, suite_date, &request, &signature, NULL),
                     SG_INVALID);
    keys.secret_access_key.len--;
    assert_int_equal(sigv4_sign(signer, &keys, &suite_scope, suite_date, &request, &signature, NULL), SG_OK);
    request.header_count = 0;
    assert_int_equal(sigv4_sign(signer, &keys, &suite_scope, suite_date, &request, &signature, NULL),
                     SG_INVALID);
    sigv4_signer_free(signer);
}

static void test_canonical_query(void **state)
{
    static const struct {
        const char *query;
        const char *canonical; /* NULL: refused */
    } rows[] = {
        {"", ""},
        {"&&", ""},
        {"a", "a="},
        {"=", "="},
        {"b=2&&a=1&", "b=2&a=1"},
        {"a=b=c", "a=b%3Dc"},
        {"%61=%7E%2f&%26=%3d", "a=~%2F&%26=%3D"},
        {"a=%2B%20%25", "a=%2B%20%25"},
        {"a=!*'() /", "a=%21%2A%27%28%29%20%2F"},
        {"\xe1\x88\xb4=%e1%88%b4", "%E1%88%B4=%E1%88%B4"},
        {"a=%", NULL},
        {"a=%4", NULL},
        {"a=%4&b", NULL},
        {"a=%4g", NULL},
        {"%zz", NULL},
        {"ok=1&a=%00", NULL},
        {"a=%0a", NULL},
        {"a=\n", NULL},
        {"a=\x7f", NULL},
        {"a=b+c", NULL},
        {"a+b", NULL},
    };
    struct buffer out = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sg_error err = {0};
        enum sg_status status;

        buffer_reset(&out);
        buffer_append(&out, SLICE("?")); /* what is there stays */
        status = sigv4_canonical_query(slice_cstr(rows[i].query), &out, &err);
        assert_int_equal(status, rows[i].canonical ? SG_OK : SG_INVALID);
        assert_true(slice_starts(buffer_slice(&out), SLICE("?")));
        assert_slice(slice_from(buffer_slice(&out), 1), rows[i].canonical ? rows[i].canonical : "");
        assert_true((err.text[0] != '\0') == (rows[i].canonical == NULL));
    }
    buffer_free(&out);
}

/* A path and query of three times the usual size, as the longest that can be signed are not small. */
static void test_long(void **state)
{
    enum { LEN = 3 * HTTP_MAX_HEAD };
    struct sigv4_signer *signer = new_signer();
    struct sigv4_request request = vanilla();
    struct sigv4_signature signature;
    char *text = malloc(LEN);

    (void)state;
    assert_non_null(text);
    memset(text, '&', LEN);
    text[0] = '/';
    request.path = slice_of(text, LEN);
    request.query = slice_of(text, LEN);
    sign(signer, &request, &signature);
    assert_int_equal(line_of(signature.canonical_request, 1).len, 1 + 3 * (LEN - 1));
    assert_int_equal(line_of(signature.canonical_request, 2).len, 1 + 2 * LEN - 1); /* "/=" and LEN - 1 "=" */
    free(text);
    sigv4_signer_free(signer);
}

/* More scopes, days and keys than there are slots, again and again: each as a new signer signs it. */
static void test_key_cache(void **state)
{
    static const struct sigv4_keys keys[] = {
        {SLICE_INIT("AKIDFIRST"), SLICE_INIT("first"), 1},
        {SLICE_INIT("AKIDSECOND"), SLICE_INIT("second"), 2},
    };
    static const struct sigv4_scope scopes[] = {
        {SLICE_INIT("us-east-1"), SLICE_INIT("sagemaker")},
        {SLICE_INIT("us-east-1"), SLICE_INIT("sts")},
        {SLICE_INIT("us-west-2"), SLICE_INIT("sagemaker")},
    };
    static const char *const dates[] = {"20261123T235959Z", "20261124T000000Z"};
    enum { KINDS = COUNT_OF(keys) * COUNT_OF(scopes) * COUNT_OF(dates) };
    struct sigv4_signer *signer = new_signer();
    struct sigv4_request request = vanilla();
    char seen[KINDS][SIGV4_SIGNATURE_LEN + 1] = {{0}};

    (void)state;
    for (size_t i = 0; i < 500; i++) {
        size_t kind = i * i % 29 % KINDS;
        const struct sigv4_keys *key = &keys[kind % 2];
        const struct sigv4_scope *scope = &scopes[kind / 2 % 3];
        const char *date = dates[kind / 6];
        struct sigv4_signature signature;

        assert_int_equal(sigv4_sign(signer, key, scope, date, &request, &signature, NULL), SG_OK);
        if (!seen[kind][0]) {
            struct sigv4_signer *fresh = new_signer();
            struct sigv4_signature expected;

            assert_int_equal(sigv4_sign(fresh, key, scope, date, &request, &expected, NULL), SG_OK);
            memcpy(seen[kind], expected.signature, sizeof(seen[kind]));
            for (size_t other = 0; other < KINDS; other++)
                assert_true(other == kind || strcmp(seen[other], seen[kind]) != 0);
            sigv4_signer_free(fresh);
        }
        assert_string_equal(signature.signature, seen[kind]);
    }
    sigv4_signer_free(signer);
}

/* Another secret under the same generation changes nothing: the key was derived once and is not again. */
static void test_warm(void **state)
{
    struct sigv4_signer *signer = new_signer();
    struct sigv4_request request = vanilla();
    struct sigv4_keys keys = suite_keys;
    struct sigv4_signature first, again;

    (void)state;
    request.query = SLICE("b=1&a=2");
    sign(signer, &request, &first);
    keys.secret_access_key = SLICE("another");
    assert_int_equal(sigv4_sign(signer, &keys, &suite_scope, suite_date, &request, &again, NULL), SG_OK);
    assert_string_equal(first.signature, again.signature);
    assert_ptr_equal(first.canonical_request.ptr, again.canonical_request.ptr);
    assert_ptr_equal(first.authorization.ptr, again.authorization.ptr);

    keys.generation++;
    assert_int_equal(sigv4_sign(signer, &keys, &suite_scope, suite_date, &request, &again, NULL), SG_OK);
    assert_string_not_equal(first.signature, again.signature);
    sigv4_signer_free(signer);
}

/* With all slots taken, the key that goes is the one unused for longest; told as in test_warm(). */
static void test_oldest_key_goes(void **state)
{
    enum { SLOTS = 8 };
    struct sigv4_signer *signer = new_signer();
    struct sigv4_request request = vanilla();
    struct sigv4_keys keys = suite_keys;
    struct sigv4_signature signature;
    char first[SIGV4_SIGNATURE_LEN + 1];

    (void)state;
    for (uint64_t turn = 1; turn <= SLOTS + 2; turn++) {
        keys.generation = turn <= SLOTS ? turn : turn == SLOTS + 1 ? 1 : SLOTS + 1; /* 1 to 8, 1 again, 9 */
        assert_int_equal(sigv4_sign(signer, &keys, &suite_scope, suite_date, &request, &signature, NULL),
                         SG_OK);
    }
    memcpy(first, signature.signature, sizeof(first));
    keys.secret_access_key = SLICE("another");
    keys.generation = 1;
    assert_int_equal(sigv4_sign(signer, &keys, &suite_scope, suite_date, &request, &signature, NULL), SG_OK);
    assert_string_equal(signature.signature, first);
    keys.generation = 2;
    assert_int_equal(sigv4_sign(signer, &keys, &suite_scope, suite_date, &request, &signature, NULL), SG_OK);
    assert_string_not_equal(signature.signature, first);
    sigv4_signer_free(signer);
}

static void test_date(void **state)
{
    static const struct {
        int64_t seconds;
        const char *date;
    } rows[] = {
        {0, "19700101T000000Z"},
        {1440938160, "20150830T123600Z"},
        {951782399, "20000228T235959Z"},
        {951782400, "20000229T000000Z"},
        {253402300799, "99991231T235959Z"},
        {253402300800, "99991231T235959Z"},
        {INT64_MAX, "99991231T235959Z"},
        {-1, "19700101T000000Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char date[SIGV4_DATE_LEN + 1];

        sigv4_format_date(rows[i].seconds, date);
        assert_string_equal(date, rows[i].date);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_documented_examples),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_most_headers),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_secret),
        cmocka_unit_test(test_canonical_query),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_key_cache),
        cmocka_unit_test(test_warm),
        cmocka_unit_test(test_oldest_key_goes),
        cmocka_unit_test(test_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
