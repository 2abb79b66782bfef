#include "aws/resource.h"

#include <stdio.h>

#include "unit/unit.h"

#define OURS "arn:aws:sagemaker:us-west-2:123456789012:"
#define GEO  "arn:aws:sagemaker-geospatial:us-west-2:123456789012:"

static const struct resource_owner owner = {SLICE_INIT("aws"), SLICE_INIT("us-west-2"),
                                            SLICE_INIT("123456789012")};

static void add_field(struct http_head *head, const char *name, const char *value)
{
    if (name && value)
        head->fields[head->count++] = (struct http_field){slice_cstr(name), slice_cstr(value)};
}

/* A request for an operation of the API (path NULL, target given) or of the REST services. */
static struct http_head head_of(const char *method, const char *path, const char *query, const char *target)
{
    struct http_head head = {.method = slice_cstr(method),
                             .target = slice_cstr(path),
                             .path = slice_cstr(path),
                             .query = slice_cstr(query)};

    add_field(&head, "X-Amz-Target", target);
    add_field(&head, "Content-Type", "application/x-amz-json-1.1");
    return head;
}

/* The list as one text: ARNs with a space between them, and "*" for one that is not told. */
static const char *list_text(const struct resource_list *list, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        struct slice arn = resource_list_at(list, i);

        len += (size_t)snprintf(text + len, size - len, "%s%.*s", len ? " " : "", SLICE_FMT(arn));
    }
    if (list->any)
        snprintf(text + len, size - len, "%s*", len ? " " : "");
    return text;
}

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
        if (resource_list_build(&match, &head, slice_cstr(requests[i].body), &owner, &list, &err) != SG_OK)
            fail_msg("%s", err.text);
        assert_string_equal(list_text(&list, text, sizeof(text)), requests[i].arns);
    }
    resource_list_free(&list);
}

struct api_row {
    const char *operation, *body;
    const char *arns; /* NULL: refused */
    const char *said; /* in the error */
};

static void check_api(const struct api_row *rows, size_t count)
{
    struct resource_list list = {.count = 0};

    for (size_t i = 0; i < count; i++) {
        struct http_head head;
        struct operation_match match;
        struct sg_error err = {.text = ""};
        char target[128], text[4096];
        enum sg_status status;

        snprintf(target, sizeof(target), "SageMaker.%s", rows[i].operation);
        head = head_of("POST", "/", NULL, target);
        assert_int_equal(operation_find(&head, &match, &err), SG_OK);
        status = resource_list_build(&match, &head, slice_cstr(rows[i].body), &owner, &list, &err);
        print_message("%s %s: %s\n", target, rows[i].body, err.text);
        assert_int_equal(status, rows[i].arns ? SG_OK : SG_INVALID);
        if (rows[i].arns) {
            assert_string_equal(list_text(&list, text, sizeof(text)), rows[i].arns);
        } else {
            assert_int_equal(list.count, 0);
            assert_non_null(strstr(err.text, rows[i].said));
        }
    }
    resource_list_free(&list);
}

static void test_names(void **state)
{
    static const struct api_row rows[] = {
        {"CreateEndpoint", "{\"EndpointName\":\"e\",\"EndpointConfigName\":\"c\"}",
         OURS "endpoint/e " OURS "endpoint-config/c", NULL},
        {"DescribeEndpoint", "{\"EndpointName\":\"A.b_c-9\"}", OURS "endpoint/A.b_c-9", NULL},
        {"DescribeEndpoint", "{\"EndpointName\":\"\\u0065\"}", OURS "endpoint/e", NULL},
        {"DescribeEndpoint", " {\"Other\":[{}],\"EndpointName\":\"e\"}\r\n", OURS "endpoint/e", NULL},
        /* nothing that names other resources, or many */
        {"DescribeEndpoint", "{\"EndpointName\":\"*\"}", NULL, "EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\"e?\"}", NULL, "EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a/b\"}", NULL, "EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a:b\"}", NULL, "EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\"${aws:userid}\"}", NULL, "EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\" e\"}", NULL, "EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\"e\\n\"}", NULL, "EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\"\\u00e9\"}", NULL, "EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\"e%2a\"}", NULL, "EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\"\"}", NULL, "EndpointName"},
        /* missing, or of a wrong type */
        {"DescribeEndpoint", "{}", NULL, "needs EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":null}", NULL, "needs EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":1}", NULL, "EndpointName is not a string"},
        {"DescribeEndpoint", "{\"EndpointName\":[\"e\"]}", NULL, "EndpointName is not a string"},
        {"DescribeEndpoint", "{\"EndpointName\":{\"S\":\"e\"}}", NULL, "EndpointName is not a string"},
        {"DescribeEndpoint", "{\"EndpointName\":true}", NULL, "EndpointName is not a string"},
        {"CreateEndpoint", "{\"EndpointName\":\"e\"}", NULL, "needs EndpointConfigName"},
        /* what another parser could read otherwise */
        {"DescribeEndpoint", "{\"EndpointName\":\"a\",\"EndpointName\":\"b\"}", NULL, "given twice"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a\",\"Endpoint\\u004eame\":\"b\"}", NULL, "given twice"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a\",\"X\":{\"Y\":1,\"Y\":1}}", NULL, "given twice"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a\",\"endpointName\":\"b\"}", NULL, "written EndpointName"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a\"}{}", NULL, "line 1"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a\"} x", NULL, "line 1"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a\\u0000b\"}", NULL, "line 1"},
        {"DescribeEndpoint", "{\"EndpointName\":'a'}", NULL, "line 1"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a\",}", NULL, "line 1"},
        {"DescribeEndpoint", "/**/{\"EndpointName\":\"a\"}", NULL, "line 1"},
        {"DescribeEndpoint", "\xef\xbb\xbf{\"EndpointName\":\"a\"}", NULL, "line 1"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a\xff\"}", NULL, "line 1"},
        {"DescribeEndpoint", "[{\"EndpointName\":\"a\"}]", NULL, "not an object"},
        {"DescribeEndpoint", "\"EndpointName\"", NULL, "line 1"},
        {"DescribeEndpoint", "", NULL, "line 1"},
        /* the body is not looked at */
        {"ListEndpoints", "[", "", NULL},
    };

    (void)state;
    check_api(rows, COUNT_OF(rows));
}

static void test_arns(void **state)
{
    static const struct api_row rows[] = {
        /* instead of a name */
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"" OURS "feature-group/g\"}", OURS "feature-group/g",
         NULL},
        {"DescribeFeatureGroup",
         "{\"FeatureGroupName\":\"arn:aws-cn:sagemaker:cn-north-1:999999999999:feature-group/g\"}",
         "arn:aws-cn:sagemaker:cn-north-1:999999999999:feature-group/g", NULL},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"" OURS "feature-group/\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"" OURS "feature-group\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"" OURS "feature-group/*\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"" OURS "feature-group/g/h\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"" OURS "feature-groups/g\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"" OURS "endpoint/g\"}", NULL, "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"" OURS "feature-group:g\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"" GEO "feature-group/g\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup",
         "{\"FeatureGroupName\":\"ARN:aws:sagemaker:us-west-2:123456789012:feature-group/g\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup",
         "{\"FeatureGroupName\":\"arn:*:sagemaker:us-west-2:123456789012:feature-group/g\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup",
         "{\"FeatureGroupName\":\"arn:aws:sagemaker:*:123456789012:feature-group/g\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"arn:aws:sagemaker::123456789012:feature-group/g\"}",
         NULL, "FeatureGroupName"},
        {"DescribeFeatureGroup",
         "{\"FeatureGroupName\":\"arn:aws:sagemaker:us-west-2:12345678901:feature-group/g\"}", NULL,
         "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"arn:aws:sagemaker:us-west-2::feature-group/g\"}",
         NULL, "FeatureGroupName"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"arn:aws:sagemaker:us-west-2:123456789012\"}", NULL,
         "FeatureGroupName"},
        /* always */
        {"DeletePartnerApp", "{\"Arn\":\"" OURS "partner-app/app-1\"}", OURS "partner-app/app-1", NULL},
        {"DeletePartnerApp", "{\"Arn\":\"app-1\"}", NULL, "Arn is not an ARN"},
        {"DeletePartnerApp", "{\"Arn\":\"" OURS "mlflow-app/app-1\"}", NULL, ":partner-app/NAME"},
        /* any type */
        {"AddTags", "{\"ResourceArn\":\"" OURS "model/m\"}", OURS "model/m", NULL},
        {"AddTags", "{\"ResourceArn\":\"" OURS "device-fleet/f/device/d\"}", OURS "device-fleet/f/device/d",
         NULL},
        {"AddTags", "{\"ResourceArn\":\"arn:aws:s3:us-west-2:123456789012:bucket/b\"}", NULL, "ResourceArn"},
        {"AddTags", "{\"ResourceArn\":\"" OURS "model\"}", NULL, "ResourceArn"},
        {"AddTags", "{\"ResourceArn\":\"" OURS "model//m\"}", NULL, "ResourceArn"},
        {"AddTags", "{\"ResourceArn\":\"m\"}", NULL, "ResourceArn"},
        {"AddAssociation", "{\"SourceArn\":\"" OURS "action/a\",\"DestinationArn\":\"" OURS "context/c\"}",
         OURS "action/a " OURS "context/c", NULL},
        {"AddAssociation", "{\"SourceArn\":\"" OURS "action/a\",\"DestinationArn\":\"" OURS "action/a\"}",
         OURS "action/a", NULL},
        {"AddAssociation", "{\"SourceArn\":\"" OURS "action/a\"}", NULL, "needs DestinationArn"},
        /* of several segments */
        {"DescribePipelineExecution", "{\"PipelineExecutionArn\":\"" OURS "pipeline/p/execution/x\"}",
         OURS "pipeline/p/execution/x", NULL},
        {"DescribePipelineExecution", "{\"PipelineExecutionArn\":\"" OURS "pipeline/p\"}", NULL,
         "not an ARN"},
        {"DescribePipelineExecution", "{\"PipelineExecutionArn\":\"" OURS "pipeline/p/executions/x\"}", NULL,
         "not an ARN"},
        {"DescribePipelineExecution", "{\"PipelineExecutionArn\":\"" OURS "pipeline/p/execution/x/y\"}", NULL,
         "not an ARN"},
        {"DescribeModelPackage", "{\"ModelPackageName\":\"" OURS "model-package/g/3\"}",
         OURS "model-package/g/3", NULL},
        {"DescribeModelPackage", "{\"ModelPackageName\":\"g/3\"}", OURS "model-package/g/3", NULL},
        {"DescribeModelPackage", "{\"ModelPackageName\":\"m\"}", OURS "model-package/m", NULL},
        {"DescribeModelPackage", "{\"ModelPackageName\":\"g//3\"}", NULL, "ModelPackageName"},
        {"DescribeModelPackage", "{\"ModelPackageName\":\"" OURS "model-package-group/g\"}", NULL,
         "not an ARN"},
        {"DescribeSubscribedWorkteam",
         "{\"WorkteamArn\":\"arn:aws:sagemaker:us-east-1:394669845002:workteam/"
         "vendor-crowd/v\"}",
         "arn:aws:sagemaker:us-east-1:394669845002:workteam/vendor-crowd/v", NULL},
    };

    (void)state;
    check_api(rows, COUNT_OF(rows));
}

static void test_several_members(void **state)
{
    static const struct api_row rows[] = {
        {"CreateApp", "{\"DomainId\":\"d\",\"UserProfileName\":\"u\",\"AppType\":\"t\",\"AppName\":\"a\"}",
         OURS "app/d/u/t/a", NULL},
        {"CreateApp", "{\"DomainId\":\"d\",\"SpaceName\":\"s\",\"AppType\":\"t\",\"AppName\":\"a\"}",
         OURS "app/d/s/t/a", NULL},
        {"CreateApp",
         "{\"DomainId\":\"d\",\"SpaceName\":\"s\",\"UserProfileName\":\"u\",\"AppType\":\"t\",\"AppName\":"
         "\"a\"}",
         NULL, "only one"},
        {"CreateApp", "{\"DomainId\":\"d\",\"AppType\":\"t\",\"AppName\":\"a\"}", NULL,
         "UserProfileName|SpaceName"},
        {"CreateApp", "{\"DomainId\":\"d/u\",\"SpaceName\":\"s\",\"AppType\":\"t\",\"AppName\":\"a\"}", NULL,
         "DomainId"},
        {"CreateApp",
         "{\"DomainId\":\"" OURS "domain/d\",\"SpaceName\":\"s\",\"AppType\":\"t\",\"AppName\":\"a\"}", NULL,
         "DomainId"},
        /* hubs of others, and AWS's own */
        {"DescribeHubContent", "{\"HubName\":\"h\",\"HubContentType\":\"Model\",\"HubContentName\":\"c\"}",
         OURS "hub/h " OURS "hub-content/h/Model/c", NULL},
        {"DescribeHubContent",
         "{\"HubName\":\"arn:aws:sagemaker:us-west-2:999999999999:hub/h\",\"HubContentType\":\"Model\","
         "\"HubContentName\":\"c\"}",
         "arn:aws:sagemaker:us-west-2:999999999999:hub/h "
         "arn:aws:sagemaker:us-west-2:999999999999:hub-content/h/Model/c",
         NULL},
        {"DescribeHubContent",
         "{\"HubName\":\"SageMakerPublicHub\",\"HubContentType\":\"Model\",\"HubContentName\":\"c\"}",
         "arn:aws:sagemaker:us-west-2:aws:hub/SageMakerPublicHub "
         "arn:aws:sagemaker:us-west-2:aws:hub-content/SageMakerPublicHub/Model/c",
         NULL},
        {"DescribeHubContent",
         "{\"HubName\":\"" OURS "model/h\",\"HubContentType\":\"Model\",\"HubContentName\":\"c\"}", NULL,
         "HubName"},
        /* numbers */
        {"DeleteImageVersion", "{\"ImageName\":\"i\",\"Version\":3}", OURS "image-version/i/3", NULL},
        {"DeleteImageVersion", "{\"ImageName\":\"i\",\"Alias\":\"latest\"}", "*", NULL},
        {"DeleteImageVersion", "{\"ImageName\":\"i\",\"Version\":\"3\"}", NULL, "whole number"},
        {"DeleteImageVersion", "{\"ImageName\":\"i\",\"Version\":3.0}", NULL, "whole number"},
        {"DeleteImageVersion", "{\"ImageName\":\"i\",\"Version\":-3}", NULL, "whole number"},
        {"DeleteImageVersion", "{\"ImageName\":\"i\",\"Version\":99999999999999999999}", NULL, "line 1"},
    };

    (void)state;
    check_api(rows, COUNT_OF(rows));
}

static void test_lists(void **state)
{
    static const struct api_row rows[] = {
        {"DeregisterDevices", "{\"DeviceFleetName\":\"f\",\"DeviceNames\":[\"a\",\"b\",\"a\"]}",
         OURS "device-fleet/f/device/a " OURS "device-fleet/f/device/b", NULL},
        {"DeregisterDevices", "{\"DeviceFleetName\":\"f\",\"DeviceNames\":[]}", NULL, "needs DeviceNames[]"},
        {"DeregisterDevices", "{\"DeviceFleetName\":\"f\",\"DeviceNames\":\"a\"}", NULL,
         "DeviceNames is not a list"},
        {"DeregisterDevices", "{\"DeviceFleetName\":\"f\",\"DeviceNames\":[\"a\",1]}", NULL, "not a string"},
        {"DeregisterDevices", "{\"DeviceFleetName\":\"f\",\"DeviceNames\":[\"a\",null]}", NULL,
         "not a string"},
        {"DeregisterDevices", "{\"DeviceFleetName\":\"f\",\"DeviceNames\":[\"a\",\"*\"]}", NULL,
         "DeviceNames[]"},
        {"RegisterDevices", "{\"DeviceFleetName\":\"f\",\"Devices\":[{\"DeviceName\":\"a\"},{}]}", NULL,
         "needs Devices[].DeviceName"},
        {"RegisterDevices", "{\"DeviceFleetName\":\"f\",\"Devices\":[\"a\"]}", NULL, "no JSON object"},
        {"RegisterDevices",
         "{\"DeviceFleetName\":\"f\",\"Devices\":[{\"DeviceName\":\"a\",\"devicename\":\"b\"}]}", NULL,
         "written DeviceName"},
    };

    (void)state;
    check_api(rows, COUNT_OF(rows));
}

static void test_untold(void **state)
{
    static const struct api_row rows[] = {
        {"DescribeCluster", "{\"ClusterName\":\"c\"}", "*", NULL},
        {"DescribeCluster", "{\"ClusterName\":\"" OURS "cluster/abc123\"}", OURS "cluster/abc123", NULL},
        {"DescribeCluster", "{\"ClusterName\":\"" OURS "model/abc123\"}", NULL, "ClusterName"},
        {"CreateDomain", "{\"DomainName\":\"d\"}", "*", NULL},
        {"CreateComputeQuota", "{\"ClusterArn\":\"" OURS "cluster/c\"}", OURS "cluster/c *", NULL},
        {"DeleteArtifact", "{\"Source\":{}}", "*", NULL},
        {"DeleteArtifact", "{\"ArtifactArn\":\"" OURS "artifact/0123\"}", OURS "artifact/0123", NULL},
        {"CreateModelPackage", "{}", "", NULL},
        {"CreateModelPackage", "{\"ModelPackageGroupName\":\"g\"}", "*", NULL},
        {"CreateModelPackage", "{\"ModelPackageName\":\"m\"}", OURS "model-package/m", NULL},
        {"CreateTrainingJob", "{\"TrainingJobName\":\"t\",\"ResourceConfig\":{\"InstanceCount\":1}}",
         OURS "training-job/t", NULL},
        {"CreateTrainingJob", "{\"TrainingJobName\":\"t\",\"ResourceConfig\":[]}", NULL, "ResourceConfig"},
        {"CreateTrainingJob",
         "{\"TrainingJobName\":\"t\",\"ResourceConfig\":{\"TrainingPlanArn\":\"" OURS "training-plan/p\"}}",
         OURS "training-job/t " OURS "training-plan/p", NULL},
        {"CreateCluster",
         "{\"ClusterName\":\"c\",\"InstanceGroups\":[{},{\"TrainingPlanArn\":\"" OURS "training-plan/p\"}]}",
         OURS "training-plan/p *", NULL},
    };

    (void)state;
    check_api(rows, COUNT_OF(rows));
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
        {"POST", "/endpoints/my%45ndpoint/invocations", NULL, NULL, NULL, NULL, NULL,
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
        status = resource_list_build(&match, &head, slice_cstr(rows[i].body), &owner, &list, &err);
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
    status = resource_list_build(&match, &head, buffer_slice(&body), &owner, list, err);
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
    assert_int_equal(build_devices(1, 1900, &list, &err), SG_OK);
    assert_int_equal(build_devices(1, 2048, &list, &err), SG_INVALID);
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
    assert_int_equal(resource_list_build(&match, &head, SLICE(""), &china, &list, NULL), SG_OK);
    assert_true(slice_eq(resource_list_at(&list, 0),
                         SLICE("arn:aws-cn:sagemaker:cn-north-1:999999999999:endpoint/e")));
    resource_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_arns),
        cmocka_unit_test(test_several_members),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_untold),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_owner),
    };

    return cmocka_run_group_tests_name("resource", tests, NULL, NULL);
}
