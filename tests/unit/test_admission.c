/* What is decided of a request, and when: by the head, by the body, or when it is known who will sign. */
#include "proxy/admission.h"

#include "unit/config_folder.h"

#define CONFIG                                                                                               \
    "region: us-west-2\naccount_id: \"123456789012\"\n"                                                      \
    "endpoints: { runtime: { vpc_endpoint: vpce-0a-b }, api: { url: \"https://e\" } }\n"                     \
    "limits: { max_body: 100 }\n"
#define ALLOW(action, condition)                                                                             \
    "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"" action                         \
    "\",\"Resource\":\"*\"" condition "}]}"
#define WHEN(operator, key, value) ",\"Condition\":{\"" operator"\":{\"" key "\":\"" value "\"}}"
#define SUBNET                     WHEN("StringEquals", "aws:RequestTag/team", "red")
#define SIGNER                     WHEN("StringEquals", "aws:PrincipalAccount", "123456789012")

#define INVOKE "POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
#define API(operation, length)                                                                               \
    "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: SageMaker." operation                               \
    "\r\nContent-Type: application/json\r\nContent-Length: " length "\r\n\r\n"
#define TAGGED "{\"ModelName\":\"m\",\"Tags\":[{\"Key\":\"team\",\"Value\":\"red\"}]}"

static const struct caller_identity ours = {.account = SLICE_INIT("123456789012")};
static const struct caller_identity theirs = {.account = SLICE_INIT("999999999999")};

struct desk {
    struct config *config;
    struct admission admission;
    struct admission_memory memory;
    struct http_head head;
    struct sg_error err;
};

/* keys: of the listener, beside its policy. */
static struct desk *sit_down(struct folder *folder, const char *policy, const char *keys, const char *request)
{
    static const struct resource_owner owner = {SLICE_INIT("aws"), SLICE_INIT("us-west-2"),
                                                SLICE_INIT("123456789012")};
    struct desk *desk = calloc(1, sizeof(*desk));
    char text[1024];

    assert_non_null(desk);
    write_file(folder->policy, slice_cstr(policy));
    snprintf(text, sizeof(text),
             CONFIG "listeners: [{ name: main, address: \"127.0.0.1:0\", policy: p.json%s }]\n", keys);
    desk->config = folder_load(folder, slice_cstr(text));
    if (!desk->config)
        fail_msg("%s", folder_found(folder));
    assert_int_equal(http_request_parse(slice_cstr(request), &desk->head, &desk->err), 0);
    desk->admission = (struct admission){.config = desk->config,
                                         .listener = &desk->config->listeners[0],
                                         .owner = &owner,
                                         .head = &desk->head,
                                         .memory = &desk->memory,
                                         .err = &desk->err};
    return desk;
}

static void stand_up(struct desk *desk)
{
    admission_memory_free(&desk->memory);
    config_free(desk->config);
    free(desk);
}

static void test_when(void **state)
{
    static const struct admission_signer known = {.identity = &ours}, pending = {.pending = true};
    static const struct {
        const char *policy, *request, *body;
        const struct admission_signer *signer;
        enum admission_verdict by_head, by_body;
    } rows[] = {
        /* the head is enough */
        {ALLOW("*", ""), INVOKE, "hi", &known, ADMISSION_GRANTED, ADMISSION_GRANTED},
        {ALLOW("*", ""), INVOKE, "hi", &pending, ADMISSION_GRANTED, ADMISSION_GRANTED},
        {ALLOW("*", ""), API("ListModels", "2"), "no", &known, ADMISSION_GRANTED, ADMISSION_GRANTED},
        {ALLOW("sagemaker:Create*", ""), INVOKE, NULL, &known, ADMISSION_REFUSED, 0},
        {ALLOW("*", SUBNET), INVOKE, NULL, &known, ADMISSION_REFUSED, 0},
        {ALLOW("*", SIGNER), INVOKE, "hi", &known, ADMISSION_GRANTED, ADMISSION_GRANTED},
        {ALLOW("*", ""), API("DeleteModel", "101"), NULL, &known, ADMISSION_REFUSED, 0},
        {ALLOW("*", ""), "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", NULL, &known, ADMISSION_REFUSED,
         0},
        /* the body has the names */
        {ALLOW("*", ""), API("DeleteModel", "17"), "{\"ModelName\":\"m\"}", &known, ADMISSION_NEEDS_BODY,
         ADMISSION_GRANTED},
        {ALLOW("*", ""), API("DeleteModel", "2"), "{}", &known, ADMISSION_NEEDS_BODY, ADMISSION_REFUSED},
        {ALLOW("*", ""), API("DeleteModel", "2"), "no", &known, ADMISSION_NEEDS_BODY, ADMISSION_REFUSED},
        {ALLOW("*", SUBNET), API("CreateModel", "60"), TAGGED, &known, ADMISSION_NEEDS_BODY,
         ADMISSION_GRANTED},
        {ALLOW("*", SUBNET), API("CreateModel", "17"), "{\"ModelName\":\"m\"}", &known, ADMISSION_NEEDS_BODY,
         ADMISSION_REFUSED},
        /* the body has no names of resources, but what the policy asks for */
        {ALLOW("*", SUBNET), API("CreateArtifact", "60"), TAGGED, &known, ADMISSION_NEEDS_BODY,
         ADMISSION_GRANTED},
        {ALLOW("*", SUBNET), API("CreateArtifact", "2"), "{}", &known, ADMISSION_NEEDS_BODY,
         ADMISSION_REFUSED},
        /* nobody knows yet who signs */
        {ALLOW("*", SIGNER), INVOKE, "hi", &pending, ADMISSION_NEEDS_SIGNER, ADMISSION_NEEDS_SIGNER},
        {ALLOW("sagemaker:Create*", SIGNER), INVOKE, NULL, &pending, ADMISSION_REFUSED, 0},
        {ALLOW("*", SIGNER), API("DeleteModel", "17"), "{\"ModelName\":\"m\"}", &pending,
         ADMISSION_NEEDS_BODY, ADMISSION_NEEDS_SIGNER},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk *desk = sit_down(*state, rows[i].policy, "", rows[i].request);
        enum admission_verdict verdict = admission_by_head(&desk->admission, rows[i].signer);

        print_message("%s\n%s%s\n", rows[i].policy, rows[i].request, rows[i].body ? rows[i].body : "");
        assert_int_equal(verdict, rows[i].by_head);
        if (verdict != ADMISSION_REFUSED)
            verdict = admission_by_body(&desk->admission, slice_cstr(rows[i].body), rows[i].signer);
        assert_int_equal(verdict, rows[i].body ? rows[i].by_body : ADMISSION_REFUSED);
        assert_int_equal(verdict == ADMISSION_REFUSED, desk->err.text[0] != '\0');
        stand_up(desk);
    }
}

/* What waited for the credentials is decided by whose they are. */
static void test_signer_comes_later(void **state)
{
    static const struct admission_signer pending = {.pending = true}, good = {.identity = &ours},
                                         bad = {.identity = &theirs}, nobody = {.pending = false};
    static const struct {
        const struct admission_signer *signer;
        enum admission_verdict verdict;
    } rows[] = {{&good, ADMISSION_GRANTED}, {&bad, ADMISSION_REFUSED}, {&nobody, ADMISSION_REFUSED}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk *desk = sit_down(*state, ALLOW("*", SIGNER), "", INVOKE);

        assert_int_equal(admission_by_head(&desk->admission, &pending), ADMISSION_NEEDS_SIGNER);
        assert_int_equal(admission_by_body(&desk->admission, SLICE("hi"), rows[i].signer), rows[i].verdict);
        assert_int_equal(admission_by_body(&desk->admission, SLICE("hi"), rows[i].signer),
                         rows[i].verdict); /* asked again, it stands */
        stand_up(desk);
    }
}

/* What was decided for one caller does not stand for another. */
static void test_signer_changes(void **state)
{
    static const struct admission_signer good = {.identity = &ours}, bad = {.identity = &theirs};
    struct slice not_here = {NULL, 0}, model = SLICE("{\"ModelName\":\"m\"}");
    struct desk *desk = sit_down(*state, ALLOW("*", SIGNER), "", API("DeleteModel", "17"));

    assert_int_equal(admission_by_head(&desk->admission, &good), ADMISSION_NEEDS_BODY);
    assert_int_equal(admission_by_body(&desk->admission, not_here, &good), ADMISSION_NEEDS_BODY);
    assert_int_equal(admission_by_body(&desk->admission, model, &good), ADMISSION_GRANTED);
    admission_forget(&desk->admission);
    assert_int_equal(admission_by_body(&desk->admission, model, &bad), ADMISSION_REFUSED);
    admission_forget(&desk->admission);
    assert_int_equal(admission_by_body(&desk->admission, model, &good), ADMISSION_GRANTED);
    assert_string_equal(desk->err.text, "");
    stand_up(desk);
}

static void test_modes(void **state)
{
    static const struct admission_signer signer = {.identity = &ours};
    static const struct {
        const char *policy, *keys, *request;
        enum admission_verdict verdict;
        bool audited, presigned_denied, deferred;
        const char *said;
    } rows[] = {
        {ALLOW("sagemaker:List*", ""), ", mode: audit", INVOKE, ADMISSION_GRANTED, true, false, false,
         "no statement"},
        {ALLOW("*", ""), ", mode: audit", INVOKE, ADMISSION_GRANTED, false, false, false, ""},
        {ALLOW("*", ""), ", mode: audit", "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n",
         ADMISSION_REFUSED, false, false, false, "no operation"},
        {ALLOW("*", ""), "", API("CreatePresignedDomainUrl", "2"), ADMISSION_NEEDS_BODY, false, false, false,
         ""},
        {ALLOW("*", WHEN("StringEquals", "aws:ResourceTag/a", "b")), "", INVOKE, ADMISSION_REFUSED, false,
         false, false, "aws:ResourceTag/a"},
        {ALLOW("*", WHEN("StringEquals", "aws:ResourceTag/a", "b")), ", unknown_conditions: defer", INVOKE,
         ADMISSION_GRANTED, false, false, true, ""},
        {ALLOW("*", WHEN("StringEquals", "aws:SourceVpce", "vpce-0a")), "", INVOKE, ADMISSION_GRANTED, false,
         false, false, ""},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk *desk = sit_down(*state, rows[i].policy, rows[i].keys, rows[i].request);

        assert_int_equal(admission_by_head(&desk->admission, &signer), rows[i].verdict);
        print_message("%s%s: %s\n", rows[i].policy, rows[i].keys, desk->err.text);
        assert_int_equal(desk->admission.audited, rows[i].audited);
        assert_int_equal(desk->admission.presigned_denied, rows[i].presigned_denied);
        assert_int_equal(desk->admission.reason.deferred, rows[i].deferred);
        assert_non_null(strstr(desk->err.text, rows[i].said));
        stand_up(desk);
    }
}

static void test_presigned_urls(void **state)
{
    static const struct slice body = SLICE_INIT("{\"NotebookInstanceName\":\"n\"}");
    static const struct admission_signer signer = {.identity = &ours};
    static const struct {
        const char *keys;
        enum admission_verdict verdict;
        bool denied, audited;
    } rows[] = {
        {"", ADMISSION_REFUSED, true, false},
        {", presigned_urls: deny", ADMISSION_REFUSED, true, false},
        {", presigned_urls: deny, mode: audit", ADMISSION_GRANTED, true, true},
        {", presigned_urls: allow", ADMISSION_GRANTED, false, false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk *desk =
            sit_down(*state, ALLOW("*", ""), rows[i].keys, API("CreatePresignedNotebookInstanceUrl", "28"));

        assert_int_equal(admission_by_head(&desk->admission, &signer), ADMISSION_NEEDS_BODY);
        assert_int_equal(admission_by_body(&desk->admission, body, &signer), rows[i].verdict);
        assert_true(desk->admission.presigned_url);
        assert_int_equal(desk->admission.presigned_denied, rows[i].denied);
        assert_int_equal(desk->admission.audited, rows[i].audited);
        stand_up(desk);
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_when),  IN_FOLDER(test_signer_comes_later), IN_FOLDER(test_signer_changes),
        IN_FOLDER(test_modes), IN_FOLDER(test_presigned_urls),
    };

    return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
