#include "aws/operation.h"

#include <stdio.h>

#include "unit/unit.h"

/* A head as the parser makes it, of literals. */
static struct http_head head_of(const char *method, const char *path, const char *query)
{
    return (struct http_head){.method = slice_cstr(method),
                              .target = slice_cstr(path),
                              .path = slice_cstr(path),
                              .query = slice_cstr(query)};
}

static void add_field(struct http_head *head, const char *name, const char *value)
{
    if (value)
        http_head_add(head, (struct http_field){slice_cstr(name), slice_cstr(value)});
}

static struct http_head api_head(const char *target)
{
    struct http_head head = head_of("POST", "/", NULL);

    add_field(&head, "x-amz-target", target);
    add_field(&head, "content-type", "application/x-amz-json-1.1");
    return head;
}

static void test_table(void **state)
{
    size_t http2 = 0, presigned = 0, stream = 0;

    (void)state;
    assert_int_equal(operation_count, 444);
    assert_int_equal(operation_api_count, 404);
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation *row = &operation_table[i];

        assert_int_equal(row->target != NULL, i < operation_api_count);
        assert_int_equal(row->target != NULL, row->service == AWS_API);
        if (i > 0 && i < operation_api_count)
            assert_true(strcmp(operation_table[i - 1].target, row->target) < 0);
        assert_ptr_equal(operation_by_action(slice_cstr(row->action)), row);
        http2 += (row->flags & OPERATION_HTTP2) != 0;
        presigned += (row->flags & OPERATION_PRESIGNED_URL) != 0;
        stream += (row->flags & OPERATION_RESPONSE_STREAM) != 0;
    }
    assert_int_equal(http2, 1);
    assert_int_equal(presigned, 7);
    assert_int_equal(stream, 2);
}

static void test_by_action(void **state)
{
    (void)state;
    assert_string_equal(operation_by_action(SLICE("SAGEMAKER:invokeendpoint"))->name, "InvokeEndpoint");
    assert_string_equal(operation_by_action(SLICE("sagemaker-geospatial:GetTile"))->name, "GetTile");
    assert_null(operation_by_action(SLICE("sagemaker:GetTile")));
    assert_null(operation_by_action(SLICE("sagemaker:InvokeEndpoint ")));
    assert_null(operation_by_action(SLICE("")));
}

static void test_headers(void **state)
{
    static const struct {
        const char *action, *header;
        bool known;
    } rows[] = {
        {"sagemaker:InvokeEndpoint", "X-Amzn-SageMaker-Target-Model", true},
        {"sagemaker:InvokeEndpoint", "x-amzn-sagemaker-inference-component", true},
        {"sagemaker:InvokeEndpoint", "X-Amzn-SageMaker-InputLocation", false},
        {"sagemaker:InvokeEndpoint", "Content-Type", false},
        {"sagemaker:InvokeEndpoint", "X-Amz-Target", false},
        {"sagemaker:InvokeEndpointAsync", "X-Amzn-SageMaker-InputLocation", true},
        {"sagemaker:CreateEndpoint", "X-Amz-Target", true},
        {"sagemaker:CreateEndpoint", "X-Amzn-SageMaker-Target-Model", false},
        {"sagemaker:GetRecord", "x-amz-anything", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct operation *operation = operation_by_action(slice_cstr(rows[i].action));

        print_message("%s %s\n", rows[i].action, rows[i].header);
        assert_int_equal(operation_knows_header(operation, slice_cstr(rows[i].header)), rows[i].known);
    }
}

static void test_rest(void **state)
{
    static const struct {
        const char *method, *path, *name; /* name NULL: 403; "": 400 */
        const char *said;                 /* in the error */
    } rows[] = {
        {"POST", "/endpoints/myEndpoint/invocations", "InvokeEndpoint", NULL},
        {"POST", "/endpoints/arn%3Aaws%3Asagemaker%3Aus-west-2%3A123456789012%3Aendpoint%2Fe/invocations",
         "InvokeEndpoint", NULL},
        {"POST", "/endpoints/invocations/invocations", "InvokeEndpoint", NULL},
        {"POST", "/human-loops/stop", "StopHumanLoop", NULL},
        {"DELETE", "/human-loops/stop", "DeleteHumanLoop", NULL},
        {"GET", "/FeatureGroup/Record", "GetRecord", NULL},
        {"POST", "/FeatureGroup/a/Record", "UpdateRecord", NULL},
        {"GET", "/earth-observation-jobs/arn:aws:x%2Fy", "GetEarthObservationJob", NULL},
        {"GET", "/tile/1/2/3", "GetTile", NULL},
        /* no operation */
        {"POST", "/", NULL, "X-Amz-Target"},
        {"GET", "/endpoints/a/invocations", NULL,
         "POST /endpoints/{EndpointName}/invocations is InvokeEndpoint"},
        {"post", "/endpoints/a/invocations", NULL, "post /endpoints/a/invocations"},
        {"POST", "/Endpoints/a/invocations", NULL, "no operation"},
        {"POST", "/endpoints/a", NULL, "no operation"},
        {"POST", "/endpoints", NULL, "no operation"},
        {"POST", "/endpoints/a/invocations/b", NULL, "no operation"},
        {"POST", "/endpoints/arn:aws:sagemaker:us-west-2:123456789012:endpoint/e/invocations", NULL,
         "no operation"},
        {"GET", "/tile/1/2", NULL, "no operation"},
        /* not canonical */
        {"POST", "//endpoints/a/invocations", "", "the path"},
        {"POST", "/endpoints//invocations", "", "the path"},
        {"POST", "/endpoints/a/invocations/", "", "the path"},
        {"POST", "/endpoints/a/../b/invocations", "", "the path"},
        {"POST", "/endpoints/./invocations", "", "the path"},
        {"POST", "/endpoints/../invocations", "", "the path"},
        {"POST", "/endpoints/%2e/invocations", "", "the path"},
        {"POST", "/endpoints/.%2E/invocations", "", "the path"},
        {"POST", "/endpoints/a%2F..%2Fb/invocations", "", "the path"},
        {"POST", "/endpoints/%2Fa/invocations", "", "the path"},
        {"POST", "/endpoints/a%2F/invocations", "", "the path"},
        {"POST", "/endpoints/a%2F%2Fb/invocations", "", "the path"},
        {"POST", "/endpoints/a%/invocations", "", "the path"},
        {"POST", "/endpoints/a%4/invocations", "", "the path"},
        {"POST", "/endpoints/a%4g/invocations", "", "the path"},
        {"POST", "/endpoints/a%00/invocations", "", "the path"},
        {"POST", "/endpoints/a%1f/invocations", "", "the path"},
        {"POST", "/endpoints/a%0d%0a/invocations", "", "the path"},
        {"POST", "/endpoints/a%7F/invocations", "", "the path"},
        {"POST", "/%65ndpoints/a/invocations", "", "the path"},
        {"POST", "/endpoints/my%45ndpoint/invocations", "", "needless"},
        {"POST", "/endpoints/a%2Db/invocations", "", "needless"},
        {"POST", "/endpoints/a%7Eb/invocations", "", "needless"},
        {"POST", "/endpoints/a%3ab/invocations", "", "capitals"},
        {"POST", "/endpoints/a\x01/invocations", "", "the path"},
        /* neither a name nor an ARN */
        {"POST", "/endpoints/a%2A/invocations", "", "EndpointName"},
        {"POST", "/endpoints/a*/invocations", "", "EndpointName"},
        {"POST", "/endpoints/a%3F/invocations", "", "EndpointName"},
        {"POST", "/endpoints/a%252Fb/invocations", "", "EndpointName"},
        {"POST", "/endpoints/a;b/invocations", "", "EndpointName"},
        {"POST", "/endpoints/a+b/invocations", "", "EndpointName"},
        {"POST", "/endpoints/a%20b/invocations", "", "EndpointName"},
        {"POST", "/endpoints/%C3%A9/invocations", "", "EndpointName"},
        {"POST", "/endpoints/\xc3\xa9/invocations", "", "EndpointName"},
        {"POST", "/endpoints/a\\b/invocations", "", "EndpointName"},
        {"GET", "/tile/1/2/$", "", "y in the path"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_head head = head_of(rows[i].method, rows[i].path, NULL);
        struct operation_match match;
        struct sg_error err = {.text = ""};
        enum sg_status status = operation_find(&head, &match, &err);

        print_message("%s %s: %s\n", rows[i].method, rows[i].path, err.text);
        assert_int_equal(status, !rows[i].name ? SG_NOT_FOUND : rows[i].name[0] ? SG_OK : SG_INVALID);
        if (status == SG_OK)
            assert_string_equal(match.operation->name, rows[i].name);
        else
            assert_non_null(strstr(err.text, rows[i].said));
    }
}

static void test_labels(void **state)
{
    struct http_head head = head_of("GET", "/tile/1/2%3A/a:b", NULL);
    struct operation_match match;

    (void)state;
    assert_int_equal(operation_find(&head, &match, NULL), SG_OK);
    assert_int_equal(match.label_count, 3);
    assert_true(slice_eq(match.labels[0].name, SLICE("z")));
    assert_true(slice_eq(match.labels[0].value, SLICE("1")));
    assert_true(slice_eq(match.labels[1].value, SLICE("2%3A")));
    assert_true(slice_eq(match.labels[2].name, SLICE("y")));
    assert_true(slice_eq(match.labels[2].value, SLICE("a:b")));
}

static void test_api(void **state)
{
    static const struct {
        const char *method, *path, *query, *target, *again, *type;
        enum sg_status status;
        const char *said; /* the operation's name, or in the error */
    } rows[] = {
        {"POST", "/", NULL, "SageMaker.CreateEndpoint", NULL, "application/x-amz-json-1.1", SG_OK,
         "CreateEndpoint"},
        {"POST", "/", NULL, "SageMaker.AddAssociation", NULL, "Application/JSON ; charset=UTF-8", SG_OK,
         "AddAssociation"},
        {"POST", "/", NULL, "SageMaker.UpdateWorkteam", NULL, "application/json", SG_OK, "UpdateWorkteam"},
        {"POST", "/", NULL, "sagemaker.CreateEndpoint", NULL, "application/json", SG_NOT_FOUND,
         "sagemaker.Create"},
        {"POST", "/", NULL, "SageMaker.createEndpoint", NULL, "application/json", SG_NOT_FOUND,
         "createEndpoint"},
        {"POST", "/", NULL, "SageMaker.CreateEndpoint2", NULL, "application/json", SG_NOT_FOUND,
         "no operation"},
        {"POST", "/", NULL, "SageMaker.InvokeEndpoint", NULL, "application/json", SG_NOT_FOUND,
         "no operation"},
        {"POST", "/", NULL, "SageMaker.", NULL, "application/json", SG_NOT_FOUND, "no operation"},
        {"POST", "/", NULL, "", NULL, "application/json", SG_NOT_FOUND, "no operation"},
        {"POST", "/", NULL, "DynamoDB_20120810.GetItem", NULL, "application/json", SG_NOT_FOUND,
         "DynamoDB_20120810.GetItem is of another service"},
        {"POST", "/", "", "SageMaker.ListModels", NULL, "application/json", SG_INVALID, "no query"},
        {"POST", "/", "Action=X", "SageMaker.ListModels", NULL, "application/json", SG_INVALID, "no query"},
        {"GET", "/", NULL, "SageMaker.ListModels", NULL, "application/json", SG_INVALID, "POST /"},
        {"POST", "/x", NULL, "SageMaker.ListModels", NULL, "application/json", SG_INVALID, "POST /"},
        {"POST", "//", NULL, "SageMaker.ListModels", NULL, "application/json", SG_INVALID, "POST /"},
        {"POST", "/endpoints/a/invocations", NULL, "SageMaker.ListModels", NULL, "application/json",
         SG_INVALID, "POST /"},
        {"POST", "/", NULL, "SageMaker.ListModels", "SageMaker.CreateEndpoint", "application/json",
         SG_INVALID, "X-Amz-Target is given more than once"},
        {"POST", "/", NULL, "SageMaker.ListModels", NULL, NULL, SG_INVALID, "none"},
        {"POST", "/", NULL, "SageMaker.ListModels", NULL, "application/x-www-form-urlencoded", SG_INVALID,
         "application/x-www-form-urlencoded"},
        {"POST", "/", NULL, "SageMaker.ListModels", NULL, "application/json; charset=utf-16", SG_INVALID,
         "utf-16"},
        {"POST", "/", NULL, "SageMaker.ListModels", NULL, "application/jsonp", SG_INVALID, "jsonp"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_head head = head_of(rows[i].method, rows[i].path, rows[i].query);
        struct operation_match match;
        struct sg_error err = {.text = ""};

        add_field(&head, "X-Amz-Target", rows[i].target);
        add_field(&head, "x-AMZ-target", rows[i].again);
        add_field(&head, "Content-Type", rows[i].type);
        print_message("%s\n", rows[i].target);
        assert_int_equal(operation_find(&head, &match, &err), rows[i].status);
        if (rows[i].status == SG_OK)
            assert_string_equal(match.operation->name, rows[i].said);
        else
            assert_non_null(strstr(err.text, rows[i].said));
    }
}

static void test_content_type_twice(void **state)
{
    struct http_head head = api_head("SageMaker.ListModels");
    struct operation_match match;

    (void)state;
    add_field(&head, "Content-Type", "application/x-amz-json-1.1");
    assert_int_equal(operation_find(&head, &match, NULL), SG_INVALID);
}

/* Every row is found by the request it describes, and no other row is found in its place. */
static void test_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation *row = &operation_table[i];
        struct operation_match match;
        struct http_head head;
        char path[256];
        size_t len = 0;
        bool label = false;

        for (const char *c = row->uri; *c; c++) {
            if (*c == '{' || *c == '}')
                label = *c == '{';
            else
                path[len++] = label ? 'x' : *c;
        }
        path[len] = '\0';
        head = row->target ? api_head(row->target) : head_of(row->method, path, NULL);
        print_message("%s %s %s\n", row->method, path, row->target ? row->target : "");
        assert_int_equal(operation_find(&head, &match, NULL), SG_OK);
        assert_ptr_equal(match.operation, row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),      cmocka_unit_test(test_by_action),
        cmocka_unit_test(test_headers),    cmocka_unit_test(test_rest),
        cmocka_unit_test(test_labels),     cmocka_unit_test(test_api),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_content_type_twice),
    };

    return cmocka_run_group_tests_name("operation", tests, NULL, NULL);
}
