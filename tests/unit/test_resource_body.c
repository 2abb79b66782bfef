/* Resources that the JSON body names. */
#include "unit/resources.h"

#include "unit/unit.h"

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
        status = build_list(&match, &head, slice_cstr(rows[i].body), &owner, &list, &err);
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
        {"DescribeEndpoint", "{\"EndpointName\":\"A--b-9\"}", OURS "endpoint/A--b-9", NULL},
        {"DescribeImage", "{\"ImageName\":\"A.b-9\"}", OURS "image/A.b-9", NULL},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"A_b\"}", OURS "feature-group/A_b", NULL},
        /* of another form than the API model gives */
        {"DescribeEndpoint", "{\"EndpointName\":\"a.b\"}", NULL, "EndpointName is not 1 to 63"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a_b\"}", NULL, "EndpointName is not 1 to 63"},
        {"DescribeEndpoint", "{\"EndpointName\":\"-a\"}", NULL, "EndpointName is not 1 to 63"},
        {"DescribeEndpoint", "{\"EndpointName\":\"a-\"}", NULL, "EndpointName is not 1 to 63"},
        {"DescribeEndpoint", "{\"EndpointName\":\"-\"}", NULL, "EndpointName is not 1 to 63"},
        {"DescribeEndpoint", "{\"EndpointName\":\"" OURS "endpoint/a\"}", NULL,
         "EndpointName is not 1 to 63"},
        {"DescribeProject", "{\"ProjectName\":\"a23456789012345678901234567890123\"}", NULL, "1 to 32"},
        {"DescribeFeatureGroup", "{\"FeatureGroupName\":\"a_\"}", NULL, "an ARN or 1 to 64"},
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
        {"DeleteImageVersion", "{\"ImageName\":\"i\",\"Alias\":\"latest\"}", OURS "image-version/i/*", NULL},
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
        {"DescribeCluster", "{\"ClusterName\":\"c\"}", OURS "cluster/*", NULL},
        {"DescribeCluster", "{\"ClusterName\":\"" OURS "cluster/abc123\"}", OURS "cluster/abc123", NULL},
        {"DescribeCluster", "{\"ClusterName\":\"" OURS "model/abc123\"}", NULL, "ClusterName"},
        {"CreateDomain", "{\"DomainName\":\"d\"}", OURS "domain/*", NULL},
        {"CreateComputeQuota", "{\"ClusterArn\":\"" OURS "cluster/c\"}",
         OURS "cluster/c " OURS "compute-quota/*", NULL},
        {"DeleteArtifact", "{\"Source\":{}}", OURS "artifact/*", NULL},
        {"DeleteArtifact", "{\"ArtifactArn\":\"" OURS "artifact/0123\"}", OURS "artifact/0123", NULL},
        {"CreateModelPackage", "{}", "", NULL},
        {"CreateModelPackage", "{\"ModelPackageGroupName\":\"g\"}", OURS "model-package/g/*", NULL},
        {"CreateModelPackage",
         "{\"ModelPackageGroupName\":\"arn:aws:sagemaker:us-west-2:999999999999:model-package-group/g\"}",
         "arn:aws:sagemaker:us-west-2:999999999999:model-package/g/*", NULL},
        {"CreateModelPackage", "{\"ModelPackageGroupName\":\"" OURS "model/g\"}", NULL,
         "ModelPackageGroupName"},
        {"CreateModelPackage", "{\"ModelPackageGroupName\":\"*\"}", NULL, "ModelPackageGroupName"},
        {"CreateHubContentReference", "{\"HubName\":\"h\"}", OURS "hub/h " OURS "hub-content/h/*", NULL},
        {"SendPipelineExecutionStepSuccess", "{\"CallbackToken\":\"x\"}", "*", NULL},
        {"CreateModelPackage", "{\"ModelPackageName\":\"m\"}", OURS "model-package/m", NULL},
        {"CreateTrainingJob", "{\"TrainingJobName\":\"t\",\"ResourceConfig\":{\"InstanceCount\":1}}",
         OURS "training-job/t", NULL},
        {"CreateTrainingJob", "{\"TrainingJobName\":\"t\",\"ResourceConfig\":[]}", NULL, "ResourceConfig"},
        {"CreateTrainingJob",
         "{\"TrainingJobName\":\"t\",\"ResourceConfig\":{\"TrainingPlanArn\":\"" OURS "training-plan/p\"}}",
         OURS "training-job/t " OURS "training-plan/p", NULL},
        {"CreateCluster",
         "{\"ClusterName\":\"c\",\"InstanceGroups\":[{},{\"TrainingPlanArn\":\"" OURS "training-plan/p\"}]}",
         OURS "cluster/* " OURS "training-plan/p", NULL},
    };

    (void)state;
    check_api(rows, COUNT_OF(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_arns),   cmocka_unit_test(test_several_members),
        cmocka_unit_test(test_lists), cmocka_unit_test(test_untold),
    };

    return cmocka_run_group_tests_name("resource_body", tests, NULL, NULL);
}
