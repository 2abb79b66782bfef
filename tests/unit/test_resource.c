#include "unit/resources.h"

#include "unit/unit.h"

/* Made by src/aws/generate/requests.mjs from the API models. */
static const struct {
    const char *method, *path, *query, *target;
    const char *header, *value;
    const char *body;
    const char *action, *arns;
} requests[] = {
#include "unit/operation_requests.inc"
};

static void test_every_operation(void **state)
{
    struct resource_list list = {.count = 0};

    (void)state;
    assert_int_equal(COUNT_OF(requests), operation_count);
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct http_head head =
            head_of(requests[i].method, requests[i].path, requests[i].query, requests[i].target);
        struct operation_match match;
        struct sg_error err = {.text = ""};
        char text[4096];

        add_field(&head, requests[i].header, requests[i].value);
        print_message("%s %s\n", requests[i].action, requests[i].body ? requests[i].body : requests[i].path);
        assert_int_equal(operation_find(&head, &match, &err), SG_OK);
        assert_string_equal(match.operation->action, requests[i].action);
        assert_int_equal(resource_needs_body(match.operation), requests[i].body != NULL);
        if (build_list(&match, &head, slice_cstr(requests[i].body), &owner, &list, &err) != SG_OK)
            fail_msg("%s", err.text);
        assert_string_equal(list_text(&list, text, sizeof(text)), requests[i].arns);
    }
    resource_list_free(&list);
}

static void test_rest(void **state)
{
    static const struct {
        const char *method, *path, *query;
        const char *header, *value, *again;
        const char *body;
        const char *arns; /* NULL: refused */
        const char *said;
    } rows[] = {
        {"POST", "/endpoints/myEndpoint/invocations", NULL, NULL, NULL, NULL, "not JSON",
         OURS "endpoint/myEndpoint", NULL},
        {"POST", "/endpoints/a~b/invocations", NULL, NULL, NULL, NULL, NULL, NULL, "EndpointName"},
        {"POST", "/endpoints/e/invocations", NULL, "x-amzn-sagemaker-inference-component", "i", NULL, NULL,
         OURS "endpoint/e " OURS "inference-component/i", NULL},
        {"POST", "/endpoints/e/invocations", NULL, "X-Amzn-SageMaker-Inference-Component", "i", "j", NULL,
         NULL, "more than once"},
        {"POST", "/endpoints/e/invocations", NULL, "X-Amzn-SageMaker-Inference-Component", "*", NULL, NULL,
         NULL, "X-Amzn-SageMaker-Inference-Component"},
        {"POST", "/endpoints/e/invocations", NULL, "X-Amzn-SageMaker-Inference-Component", "", NULL, NULL,
         NULL, "X-Amzn-SageMaker-Inference-Component"},
        {"POST", "/endpoints/e/async-invocations", NULL, "X-Amzn-SageMaker-Inference-Component", "i", NULL,
         NULL, OURS "endpoint/e", NULL},
        {"GET", "/FeatureGroup/arn%3Aaws%3Asagemaker%3Aus-west-2%3A999999999999%3Afeature-group%2Fg", NULL,
         NULL, NULL, NULL, NULL, "arn:aws:sagemaker:us-west-2:999999999999:feature-group/g", NULL},
        {"GET", "/FeatureGroup/arn%3Aaws%3Asagemaker%3Aus-west-2%3A999999999999%3Aendpoint%2Fg", NULL, NULL,
         NULL, NULL, NULL, NULL, "FeatureGroupName"},
        {"POST", "/BatchGetRecord", NULL, NULL, NULL, NULL,
         "{\"Identifiers\":[{\"FeatureGroupName\":\"a\"},{\"FeatureGroupName\":\"" OURS
         "feature-group/b\"}]}",
         OURS "feature-group/a " OURS "feature-group/b", NULL},
        {"POST", "/BatchGetRecord", NULL, NULL, NULL, NULL, "{\"Identifiers\":[]}", NULL, "Identifiers"},
        {"POST", "/BatchGetRecord", NULL, NULL, NULL, NULL, "", NULL, "JSON"},
        {"GET", "/tile/1/2/3", "Arn=" GEO "earth-observation-job/j&Target=INPUT", NULL, NULL, NULL, NULL,
         GEO "earth-observation-job/j", NULL},
        {"GET", "/tile/1/2/3",
         "%41rn=arn%3aaws:sagemaker-geospatial:us-west-2:123456789012:earth-observation-job%2Fj", NULL, NULL,
         NULL, NULL, GEO "earth-observation-job/j", NULL},
        {"GET", "/tile/1/2/3", "Arn=" GEO "earth-observation-job/j&A%72n=x", NULL, NULL, NULL, NULL, NULL,
         "more than once"},
        {"GET", "/tile/1/2/3", "Arn=" GEO "earth-observation-job/j&a=b;Arn=x", NULL, NULL, NULL, NULL, NULL,
         "';'"},
        {"GET", "/tile/1/2/3", "Arn=%4", NULL, NULL, NULL, NULL, NULL, "hex"},
        {"GET", "/tile/1/2/3", "Arn", NULL, NULL, NULL, NULL, NULL, "Arn"},
        {"GET", "/tile/1/2/3", "arn=" GEO "earth-observation-job/j", NULL, NULL, NULL, NULL, NULL,
         "needs Arn"},
        {"GET", "/tile/1/2/3", NULL, NULL, NULL, NULL, NULL, NULL, "needs Arn"},
        {"GET",
         "/earth-observation-jobs/"
         "arn:aws:sagemaker-geospatial:us-west-2:123456789012:earth-observation-job%2Fj",
         NULL, NULL, NULL, NULL, NULL, GEO "earth-observation-job/j", NULL},
        {"GET", "/earth-observation-jobs/arn:aws:sagemaker:us-west-2:123456789012:earth-observation-job%2Fj",
         NULL, NULL, NULL, NULL, NULL, NULL, "sagemaker-geospatial"},
        {"GET", "/human-loops", NULL, NULL, NULL, NULL, NULL, "", NULL},
    };
    struct resource_list list = {.count = 0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_head head = head_of(rows[i].method, rows[i].path, rows[i].query, NULL);
        struct operation_match match;
        struct sg_error err = {.text = ""};
        char text[4096];
        enum sg_status status;

        add_field(&head, rows[i].header, rows[i].value);
        add_field(&head, rows[i].header, rows[i].again);
        assert_int_equal(operation_find(&head, &match, &err), SG_OK);
        status = build_list(&match, &head, slice_cstr(rows[i].body), &owner, &list, &err);
        print_message("%s %s: %s\n", rows[i].method, rows[i].path, err.text);
        assert_int_equal(status, rows[i].arns ? SG_OK : SG_INVALID);
        if (rows[i].arns)
            assert_string_equal(list_text(&list, text, sizeof(text)), rows[i].arns);
        else
            assert_non_null(strstr(err.text, rows[i].said));
    }
    resource_list_free(&list);
}

/* {"DeviceFleetName":"f","DeviceNames":["n0","n1",…]}, or names of `name_len` bytes. */
static enum sg_status build_devices(size_t count, size_t name_len, struct resource_list *list,
                                    struct sg_error *err)
{
    struct http_head head = head_of("POST", "/", NULL, "SageMaker.DeregisterDevices");
    struct buffer body = {.data = NULL};
    struct operation_match match;
    enum sg_status status;

    buffer_append(&body, SLICE("{\"DeviceFleetName\":\"f\",\"DeviceNames\":["));
    for (size_t i = 0; i < count; i++)
        buffer_printf(&body, "%s\"%0*zu\"", i ? "," : "", (int)name_len, i);
    buffer_append(&body, SLICE("]}"));
    assert_int_equal(operation_find(&head, &match, err), SG_OK);
    status = build_list(&match, &head, buffer_slice(&body), &owner, list, err);
    buffer_free(&body);
    return status;
}

static void test_limits(void **state)
{
    struct resource_list list = {.count = 0};
    struct sg_error err;

    (void)state;
    assert_int_equal(build_devices(RESOURCE_MAX, 1, &list, &err), SG_OK);
    assert_int_equal(list.count, RESOURCE_MAX);
    assert_true(slice_eq(resource_list_at(&list, 255), SLICE(OURS "device-fleet/f/device/255")));
    assert_int_equal(build_devices(RESOURCE_MAX + 1, 1, &list, &err), SG_INVALID);
    assert_non_null(strstr(err.text, "256"));
    assert_int_equal(build_devices(1, 63, &list, &err), SG_OK);
    assert_int_equal(build_devices(1, 64, &list, &err), SG_INVALID);
    assert_non_null(strstr(err.text, "1 to 63"));
    assert_int_equal(build_devices(1, 9 * 1024 * 1024, &list, &err), SG_INVALID);
    assert_non_null(strstr(err.text, "bytes"));
    resource_list_free(&list);
}

static void test_owner(void **state)
{
    static const struct resource_owner china = {SLICE_INIT("aws-cn"), SLICE_INIT("cn-north-1"),
                                                SLICE_INIT("999999999999")};
    struct http_head head = head_of("POST", "/endpoints/e/invocations", NULL, NULL);
    struct resource_list list = {.count = 0};
    struct operation_match match;

    (void)state;
    assert_int_equal(operation_find(&head, &match, NULL), SG_OK);
    assert_int_equal(build_list(&match, &head, SLICE(""), &china, &list, NULL), SG_OK);
    assert_true(slice_eq(resource_list_at(&list, 0),
                         SLICE("arn:aws-cn:sagemaker:cn-north-1:999999999999:endpoint/e")));
    resource_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_owner),
    };

    return cmocka_run_group_tests_name("resource", tests, NULL, NULL);
}
