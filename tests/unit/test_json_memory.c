/* JSON that memory was short for is never taken for another text: jansson drops characters then. */
#include <jansson.h>

#include "aws/json_body.h"
#include "base/json_memory.h"
#include "credentials/answer.h"

#include "fuzz/memory.h"
#include "unit/policy.h"

enum { MOST = 400 };

static void test_bodies(void **state)
{
    static const char name[] = "a-name-that-is-longer-than-the-first-buffer-and-than-the-second-one-of-them";
    char text[256];
    size_t failures = 0;

    (void)state;
    snprintf(text, sizeof(text), "{\"EndpointName\": \"%s\", \"Number\": 12345678901, \"Other\": [\"%s\"]}",
             name, name);
    for (size_t i = 1; i < MOST; i++) {
        struct sg_error err;
        enum sg_status status;
        json_t *body;

        memory_lasts(i);
        status = json_body_parse(slice_cstr(text), &body, &err);
        memory_lasts(0);
        failures += status != SG_OK;
        if (status == SG_OK)
            assert_string_equal(json_string_value(json_object_get(body, "EndpointName")), name);
        else
            assert_int_equal(status, SG_NO_MEMORY);
        json_decref(body);
    }
    assert_in_range(failures, 10, MOST / 2);
}

static void ignore(void *user, const struct policy_problem *problem)
{
    (void)user;
    (void)problem;
}

static void test_policies(void **state)
{
    char document[TEST_TEXT];
    struct slice text = test_document(
        "{'Version':'2012-10-17','Statement':[{'Effect':'Allow','Action':'sagemaker:*','Resource':'*'},"
        "{" DENY "'Resource':'" ENDPOINT "a'}]}",
        document);
    size_t failures = 0;

    (void)state;
    for (size_t i = 1; i < MOST; i++) {
        struct slice resource = SLICE(ENDPOINT "a");
        struct request_facts facts = {
            .action = SLICE("sagemaker:InvokeEndpoint"), .resources = &resource, .resource_count = 1};
        struct policy_reason why;
        struct policy *policy;

        memory_lasts(i);
        policy = policy_parse(text, ignore, NULL);
        memory_lasts(0);
        failures += !policy;
        if (policy)
            assert_int_equal(policy_evaluate(policy, &facts, &why), POLICY_EXPLICIT_DENY);
        policy_free(policy);
    }
    assert_in_range(failures, 10, MOST / 2);
}

/* Keys without one of their characters would sign wrongly until the next refresh. */
static void test_credentials(void **state)
{
    static const char secret[] = "a/secret+that/is+as/long+as/those/of+AWS",
                      token[] =
                          "a+token/that/is+longer/than+the/first/buffer+and/than+the/second/one/of+them";
    char text[512];
    size_t failures = 0;

    (void)state;
    snprintf(text, sizeof(text),
             "{\"AccessKeyId\": \"ASIAXXXXXXXXXXXXXXXX\", \"SecretAccessKey\": \"%s\", \"Token\": \"%s\", "
             "\"Expiration\": \"2027-01-15T08:00:00Z\"}",
             secret, token);
    for (size_t i = 1; i < MOST; i++) {
        struct credentials *set = NULL;
        struct sg_error err;
        enum sg_status status;

        memory_lasts(i);
        status = credentials_answer_parse(slice_cstr(text), ANSWER_METADATA, "test", &set, &err);
        memory_lasts(0);
        failures += status != SG_OK;
        if (status == SG_OK) {
            assert_true(slice_eq(set->access_key_id, SLICE("ASIAXXXXXXXXXXXXXXXX")));
            assert_true(slice_eq(set->secret_access_key, SLICE(secret)));
            assert_true(slice_eq(set->session_token, SLICE(token)));
        } else {
            assert_int_equal(status, SG_NO_MEMORY);
        }
        credentials_unref(set);
    }
    assert_in_range(failures, 10, MOST / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bodies), cmocka_unit_test(test_policies),
                                       cmocka_unit_test(test_credentials)};

    json_set_alloc_funcs(json_memory_alloc, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
