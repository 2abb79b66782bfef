#include "aws/condition_keys.h"

#include "unit/resources.h"
#include "unit/unit.h"

static const struct caller_identity role = {
    .account = SLICE_INIT("123456789012"),
    .principal_arn = SLICE_INIT("arn:aws:iam::123456789012:role/inference"),
    .principal_type = SLICE_INIT("AssumedRole"),
    .user_id = SLICE_INIT("AROAEXAMPLE:i-0123"),
};
static const struct caller_identity user = {
    .account = SLICE_INIT("123456789012"),
    .principal_arn = SLICE_INIT("arn:aws:iam::123456789012:user/team/ana"),
    .principal_type = SLICE_INIT("User"),
    .username = SLICE_INIT("ana"),
};
static const struct key_host host = {
    .region = SLICE_INIT("us-west-2"),
    .vpc_endpoint = true,
    .client_uid = SLICE_INIT("1000"),
    .source_vpce = SLICE_INIT("vpce-0123456789abcdef0"),
    .identity = &role,
    .now = 1440938160, /* 2015-08-30T12:36:00Z */
};

/* What a key is, as one text: its values with a space between them, "absent", "unknown", or "bad: " and why.
 */
static void find(const struct http_head *head, const char *body, const struct key_host *at, const char *name,
                 char *text, size_t size)
{
    static struct condition_keys keys;
    static struct sg_error err;
    struct operation_match match;
    struct key_values values;
    json_t *json = NULL;
    size_t len = 0;
    enum key_status status;

    err.text[0] = '\0';
    if (operation_find(head, &match, &err) != SG_OK)
        fail_msg("%s", err.text);
    if (body && json_body_parse(slice_cstr(body), &json, &err) != SG_OK)
        fail_msg("%s", err.text);
    condition_keys_init(&keys, &match, head, json, &owner, at, &err);
    status = condition_keys_find(&keys, slice_cstr(name), &values);
    assert_true(status == KEY_FOUND || (values.count == 0 && !values.multivalued));
    text[0] = '\0';
    if (keys.status != SG_OK)
        snprintf(text, size, "bad: %s", err.text);
    else if (keys.body_wanted)
        snprintf(text, size, "body wanted");
    else if (status != KEY_FOUND)
        snprintf(text, size, "%s", status == KEY_ABSENT ? "absent" : "unknown");
    for (size_t i = 0; status == KEY_FOUND && i < values.count; i++)
        len +=
            (size_t)snprintf(text + len, size - len, "%s%.*s", len ? " " : "", SLICE_FMT(values.values[i]));
    json_decref(json);
}

struct row {
    const char *operation; /* of the API */
    const char *body;
    const char *key;
    const char *value;
};

static void check_rows(const struct row *rows, size_t count)
{
    char text[1024], target[128];

    for (size_t i = 0; i < count; i++) {
        struct http_head head;

        snprintf(target, sizeof(target), "SageMaker.%s", rows[i].operation);
        head = head_of("POST", "/", NULL, target);
        find(&head, rows[i].body, &host, rows[i].key, text, sizeof(text));
        print_message("%s %s %s\n", rows[i].operation, rows[i].body ? rows[i].body : "-", rows[i].key);
        assert_string_equal(text, rows[i].value);
    }
}

#define KEY    "arn:aws:kms:us-west-2:123456789012:key/k"
#define CONFIG "{\"EndpointConfigName\":\"c\",\"ProductionVariants\":"

static void test_body(void **state)
{
    static const struct row rows[] = {
        /* strings, lists, and lists of structures */
        {"CreateModel", "{\"VpcConfig\":{\"Subnets\":[\"subnet-a\",\"subnet-b\"]}}", "sagemaker:VpcSubnets",
         "subnet-a subnet-b"},
        {"CreateModel", "{\"VpcConfig\":{\"Subnets\":[\"subnet-a\"]}}", "SageMaker:vpcsubnets", "subnet-a"},
        {"CreateModel", "{\"VpcConfig\":{\"Subnets\":[]}}", "sagemaker:VpcSubnets", "absent"},
        {"CreateModel", "{\"VpcConfig\":null}", "sagemaker:VpcSubnets", "absent"},
        {"CreateModel", "{}", "sagemaker:VpcSubnets", "absent"},
        {"CreateModel", "{\"VpcConfig\":{\"SecurityGroupIds\":[\"sg-a\"]}}", "sagemaker:VpcSecurityGroupIds",
         "sg-a"},
        {"CreateNotebookInstance", "{\"SubnetId\":\"subnet-a\"}", "sagemaker:VpcSubnets", "subnet-a"},
        {"CreateDomain", "{\"SubnetIds\":[\"subnet-a\"]}", "sagemaker:VpcSubnets", "subnet-a"},
        {"CreateDomain",
         "{\"DefaultUserSettings\":{\"SecurityGroups\":[\"sg-a\"]},\"DomainSettings\":"
         "{\"SecurityGroupIds\":[\"sg-b\"]}}",
         "sagemaker:VpcSecurityGroupIds", "sg-a sg-b"},
        {"CreateProcessingJob", "{\"NetworkConfig\":{\"VpcConfig\":{\"Subnets\":[\"subnet-a\"]}}}",
         "sagemaker:VpcSubnets", "subnet-a"},
        {"CreateMonitoringSchedule",
         "{\"MonitoringScheduleConfig\":{\"MonitoringJobDefinition\":{\"NetworkConfig\":{\"VpcConfig\":"
         "{\"Subnets\":[\"subnet-a\"]}}}}}",
         "sagemaker:VpcSubnets", "subnet-a"},
        {"CreateEndpointConfig",
         CONFIG "[{\"InstanceType\":\"ml.m5.large\"},{\"InstanceType\":\"ml.p5.48xlarge\"}]}",
         "sagemaker:InstanceTypes", "ml.m5.large ml.p5.48xlarge"},
        {"CreateEndpointConfig",
         CONFIG "[{\"InstanceType\":\"ml.m5.large\"}],\"ShadowProductionVariants\":[{\"InstanceType\":"
                "\"ml.m4.large\"}]}",
         "sagemaker:InstanceTypes", "ml.m5.large ml.m4.large"},
        {"CreateEndpointConfig",
         CONFIG "[{\"InstanceType\":\"ml.m5.large\"},{\"ServerlessConfig\":{\"MemorySizeInMB\":1024}}]}",
         "sagemaker:InstanceTypes", "ml.m5.large"},
        {"CreateTrainingJob",
         "{\"ResourceConfig\":{\"InstanceGroups\":[{\"InstanceType\":\"ml.m5.large\"}]}}",
         "sagemaker:InstanceTypes", "ml.m5.large"},
        /* one of several has none: nobody knows what the key has then */
        {"CreateHyperParameterTuningJob",
         "{\"TrainingJobDefinitions\":[{\"VpcConfig\":{\"Subnets\":[\"subnet-a\"]}},{}]}",
         "sagemaker:VpcSubnets", "unknown"},
        {"CreateHyperParameterTuningJob",
         "{\"TrainingJobDefinitions\":[{\"VpcConfig\":{\"Subnets\":[\"subnet-a\"]}},{\"VpcConfig\":"
         "{\"Subnets\":[\"subnet-b\"]}}]}",
         "sagemaker:VpcSubnets", "subnet-a subnet-b"},
        {"CreateHyperParameterTuningJob", "{\"TrainingJobDefinition\":{\"EnableNetworkIsolation\":true}}",
         "sagemaker:NetworkIsolation", "true"},
        {"CreateHyperParameterTuningJob",
         "{\"TrainingJobDefinitions\":[{\"EnableNetworkIsolation\":true},{\"EnableNetworkIsolation\":true}]}",
         "sagemaker:NetworkIsolation", "true"},
        {"CreateHyperParameterTuningJob",
         "{\"TrainingJobDefinitions\":[{\"EnableNetworkIsolation\":true},{\"EnableNetworkIsolation\":false}]"
         "}",
         "sagemaker:NetworkIsolation", "unknown"},
        {"CreateHyperParameterTuningJob",
         "{\"TrainingJobDefinitions\":[{\"EnableNetworkIsolation\":true},{}]}", "sagemaker:NetworkIsolation",
         "unknown"},
        /* booleans, and the service's defaults */
        {"CreateTrainingJob", "{\"EnableNetworkIsolation\":true}", "sagemaker:NetworkIsolation", "true"},
        {"CreateTrainingJob", "{\"EnableNetworkIsolation\":false}", "sagemaker:NetworkIsolation", "false"},
        {"CreateTrainingJob", "{}", "sagemaker:NetworkIsolation", "unknown"},
        {"CreateTrainingJob", "{\"EnableInterContainerTrafficEncryption\":true}",
         "sagemaker:InterContainerTrafficEncryption", "true"},
        {"CreateAutoMLJobV2", "{\"SecurityConfig\":{\"EnableInterContainerTrafficEncryption\":true}}",
         "sagemaker:InterContainerTrafficEncryption", "true"},
        {"CreateNotebookInstance", "{\"RootAccess\":\"Disabled\"}", "sagemaker:RootAccess", "Disabled"},
        {"CreateNotebookInstance", "{}", "sagemaker:RootAccess", "unknown"},
        {"CreateNotebookInstance", "{}", "sagemaker:DirectInternetAccess", "unknown"},
        {"CreateNotebookInstance", "{\"DirectInternetAccess\":\"Disabled\"}",
         "sagemaker:DirectInternetAccess", "Disabled"},
        {"CreateFeatureGroup", "{\"OfflineStoreConfig\":{}}", "sagemaker:FeatureGroupOfflineStoreConfig",
         "true"},
        {"CreateFeatureGroup", "{}", "sagemaker:FeatureGroupOfflineStoreConfig", "false"},
        /* numbers */
        {"CreateTrainingJob", "{\"StoppingCondition\":{\"MaxRuntimeInSeconds\":3600}}",
         "sagemaker:MaxRuntimeInSeconds", "3600"},
        {"CreateTrainingJob", "{\"ResourceConfig\":{\"KeepAlivePeriodInSeconds\":60}}",
         "sagemaker:KeepAlivePeriod", "60"},
        {"CreateEndpointConfig", CONFIG "[{\"ServerlessConfig\":{\"MemorySizeInMB\":1024}}]}",
         "sagemaker:ServerlessMemorySize", "1024"},
        {"CreateEndpointConfig",
         CONFIG "[{\"ServerlessConfig\":{\"MemorySizeInMB\":1024}},{\"ServerlessConfig\":"
                "{\"MemorySizeInMB\":2048}}]}",
         "sagemaker:ServerlessMemorySize", "unknown"},
        /* ARNs */
        {"CreateTrainingJob",
         "{\"ResourceConfig\":{\"VolumeKmsKeyId\":\"arn:aws:kms:us-west-2:123456789012:key/k\"}}",
         "sagemaker:VolumeKmsKey", "arn:aws:kms:us-west-2:123456789012:key/k"},
        {"CreateTrainingJob",
         "{\"OutputDataConfig\":{\"KmsKeyId\":\"arn:aws:kms:us-west-2:123456789012:key/k\"}}",
         "sagemaker:OutputKmsKeyArn", "arn:aws:kms:us-west-2:123456789012:key/k"},
        {"CreateTrainingJob", "{\"ResourceConfig\":{\"VolumeKmsKeyId\":\"1234abcd\"}}",
         "sagemaker:VolumeKmsKey", "unknown"},
        {"CreateTrainingJob", "{}", "sagemaker:VolumeKmsKey", "absent"},
        {"CreateEndpointConfig", CONFIG "[{\"ModelName\":\"m\"}]}", "sagemaker:ModelArn", OURS "model/m"},
        {"CreateEndpointConfig", CONFIG "[{\"ModelName\":\"m\"},{\"ModelName\":\"n\"}]}",
         "sagemaker:ModelArn", "unknown"},
        {"CreateEndpointConfig", CONFIG "[{\"ModelName\":\"m*\"}]}", "sagemaker:ModelArn", "unknown"},
        {"CreateEndpointConfig",
         CONFIG "[{\"ModelName\":\"m\",\"InstancePools\":[{\"ModelNameOverride\":\"m\"}]}]}",
         "sagemaker:ModelArn", OURS "model/m"},
        {"CreateEndpointConfig",
         CONFIG "[{\"ModelName\":\"m\",\"InstancePools\":[{},{\"ModelNameOverride\":\"n\"}]}]}",
         "sagemaker:ModelArn", "unknown"},
        /* a structure and a list of such: the API takes one of them */
        {"CreateHyperParameterTuningJob",
         "{\"TrainingJobDefinition\":{\"EnableNetworkIsolation\":true},\"TrainingJobDefinitions\":[{}]}",
         "sagemaker:NetworkIsolation", "unknown"},
        {"CreateHyperParameterTuningJob",
         "{\"TrainingJobDefinition\":{\"VpcConfig\":{\"Subnets\":[\"subnet-a\"]}},\"TrainingJobDefinitions\":"
         "[]}",
         "sagemaker:VpcSubnets", "subnet-a"},
        {"CreateHyperParameterTuningJob",
         "{\"TrainingJobDefinition\":{\"VpcConfig\":{\"Subnets\":[\"subnet-a\"]}},\"TrainingJobDefinitions\":"
         "[{}]}",
         "sagemaker:VpcSubnets", "unknown"},
        {"CreateInferenceComponent", "{\"Specification\":{\"ModelName\":\"m\"},\"Specifications\":[{}]}",
         "sagemaker:ModelArn", "unknown"},
        {"CreateHyperParameterTuningJob", "{\"trainingJobDefinition\":{}}", "sagemaker:VpcSubnets",
         "bad: the body has trainingJobDefinition, which is written TrainingJobDefinition"},
        /* members that say the same in another way */
        {"CreateCluster",
         "{\"InstanceGroups\":[{\"InstanceType\":\"ml.m5.large\"},"
         "{\"InstanceRequirements\":{\"InstanceTypes\":[\"ml.p5.48xlarge\",\"ml.p4d.24xlarge\"]}}]}",
         "sagemaker:InstanceTypes", "ml.m5.large ml.p5.48xlarge ml.p4d.24xlarge"},
        {"CreateDomain", "{\"HomeEfsFileSystemKmsKeyId\":\"" KEY "\"}", "sagemaker:VolumeKmsKey", KEY},
        {"CreateDomain", "{\"KmsKeyId\":\"" KEY "\",\"HomeEfsFileSystemKmsKeyId\":\"" KEY "2\"}",
         "sagemaker:VolumeKmsKey", "unknown"},
        {"CreateUserProfile",
         "{\"UserSettings\":{\"JupyterLabAppSettings\":{\"BuiltInLifecycleConfigArn\":\"" OURS
         "studio-lifecycle-config/b\",\"LifecycleConfigArns\":[\"" OURS "studio-lifecycle-config/a\"]}}}",
         "sagemaker:StudioLifecycleConfigArns",
         OURS "studio-lifecycle-config/a " OURS "studio-lifecycle-config/b"},
        /* … and those that name what the list has as ARNs */
        {"CreateUserProfile",
         "{\"UserSettings\":{\"KernelGatewayAppSettings\":{\"DefaultResourceSpec\":{\"SageMakerImageArn\":"
         "\"" OURS "image/a\"}}}}",
         "sagemaker:ImageArns", OURS "image/a"},
        {"CreateUserProfile",
         "{\"UserSettings\":{\"KernelGatewayAppSettings\":{\"CustomImages\":[{\"ImageName\":\"b\"}],"
         "\"DefaultResourceSpec\":{\"SageMakerImageArn\":\"" OURS "image/a\"}}}}",
         "sagemaker:ImageArns", "unknown"},
        {"CreateApp", "{\"ResourceSpec\":{\"SageMakerImageVersionAlias\":\"latest\"}}",
         "sagemaker:ImageVersionArns", "unknown"},
        {"CreateTransformJob", "{\"ModelName\":\"m\"}", "sagemaker:ModelArn", OURS "model/m"},
        {"CreateSpace", "{\"DomainId\":\"d-1\",\"OwnershipSettings\":{\"OwnerUserProfileName\":\"ana\"}}",
         "sagemaker:OwnerUserProfileArn", OURS "user-profile/d-1/ana"},
        {"DeleteSpace", "{\"DomainId\":\"d-1\",\"SpaceName\":\"s\"}", "sagemaker:OwnerUserProfileArn",
         "unknown"},
        {"CreateLabelingJob", "{\"HumanTaskConfig\":{\"WorkteamArn\":\"" OURS "workteam/private-crowd/t\"}}",
         "sagemaker:WorkteamType", "private-crowd"},
        {"CreateLabelingJob", "{\"HumanTaskConfig\":{\"WorkteamArn\":\"" OURS "workteam/t\"}}",
         "sagemaker:WorkteamType", "unknown"},
        {"CreateLabelingJob", "{\"HumanTaskConfig\":{\"WorkteamArn\":\"" OURS "workteam/private-crowd/t\"}}",
         "sagemaker:WorkteamArn", OURS "workteam/private-crowd/t"},
        /* what an action does not carry is absent; what only AWS can know is not */
        {"CreateModel", "{}", "sagemaker:InstanceTypes", "absent"},
        {"ListModels", NULL, "sagemaker:VpcSubnets", "absent"},
        {"ListModels", NULL, "aws:RequestTag/team", "absent"},
        {"ListModels", NULL, "aws:ResourceTag/team", "unknown"},
        {"ListModels", NULL, "sagemaker:ResourceTag/team", "unknown"},
        {"ListModels", NULL, "aws:PrincipalOrgID", "unknown"},
        {"ListModels", NULL, "aws:PrincipalTag/team", "unknown"},
        {"ListModels", NULL, "aws:ResourceOrgID", "unknown"},
        {"ListModels", NULL, "sagemaker:NotYetInvented", "unknown"},
        {"ListModels", NULL, "aws:RequestTag", "unknown"},
        {"ListModels", NULL, "aws:RequestTag/", "unknown"},
        {"ListModels", NULL, "", "unknown"},
        {"DescribeModelPackage", "{}", "sagemaker:CurrentModelLifeCycleStage", "unknown"},
        /* the body must be here first */
        {"CreateModel", NULL, "sagemaker:VpcSubnets", "body wanted"},
        {"CreateModel", NULL, "aws:TagKeys", "body wanted"},
        {"CreateModel", NULL, "aws:RequestTag/team", "body wanted"},
        {"CreateModel", NULL, "aws:RequestedRegion", "us-west-2"},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

#define TAGS(pairs)     "{\"Tags\":[" pairs "]}"
#define TAG(key, value) "{\"Key\":\"" key "\",\"Value\":\"" value "\"}"

static void test_tags(void **state)
{
    static const struct row rows[] = {
        {"CreateModel", TAGS(TAG("team", "red") "," TAG("env", "prod")), "aws:RequestTag/team", "red"},
        {"CreateModel", TAGS(TAG("Team", "red")), "AWS:requesttag/TEAM", "red"},
        {"CreateModel", TAGS(TAG("team", "")), "aws:RequestTag/team", ""},
        {"CreateModel", TAGS(TAG("team", "red")), "aws:RequestTag/tea", "absent"},
        {"CreateModel", TAGS(TAG("a/b:c", "red")), "aws:RequestTag/a/b:c", "red"},
        {"CreateModel", TAGS(TAG("team", "red") "," TAG("Team", "blue")), "aws:RequestTag/team", "unknown"},
        {"CreateModel", TAGS(TAG("team", "red") "," TAG("team", "red")), "aws:RequestTag/team", "unknown"},
        {"CreateModel", TAGS(TAG("team", "red") "," TAG("env", "prod")), "aws:TagKeys", "team env"},
        {"CreateModel", TAGS(""), "aws:TagKeys", "absent"},
        {"CreateModel", "{}", "aws:TagKeys", "absent"},
        {"CreateModel", "{}", "aws:RequestTag/team", "absent"},
        {"AddTags", TAGS(TAG("team", "red")), "aws:RequestTag/team", "red"},
        {"AddTags", TAGS(TAG("team", "red")), "sagemaker:TaggingAction", "unknown"},
        {"DeleteTags", "{\"TagKeys\":[\"team\",\"env\"]}", "aws:TagKeys", "team env"},
        {"DeleteTags", "{\"TagKeys\":[\"team\"]}", "aws:RequestTag/team", "absent"},
        {"Search", "{\"VisibilityConditions\":[" TAG("Tags.team/EqualsIfExists", "red") "]}",
         "sagemaker:SearchVisibilityCondition/Tags.team/EqualsIfExists", "red"},
        {"CreateModelPackage", "{\"CustomerMetadataProperties\":{\"stage\":\"gold\"}}",
         "sagemaker:CustomerMetadataProperties/stage", "gold"},
        {"UpdateModelPackage", "{\"CustomerMetadataPropertiesToRemove\":[\"stage\"]}",
         "sagemaker:CustomerMetadataPropertiesToRemove", "stage"},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* Where the service could read another value than we do, the request is refused. */
static void test_wrong_types(void **state)
{
    static const struct row rows[] = {
        {"CreateModel", "{\"EnableNetworkIsolation\":\"true\"}", "sagemaker:NetworkIsolation",
         "bad: EnableNetworkIsolation is not true or false"},
        {"CreateModel", "{\"enableNetworkIsolation\":true}", "sagemaker:NetworkIsolation",
         "bad: the body has enableNetworkIsolation, which is written EnableNetworkIsolation"},
        {"CreateModel", "{\"VpcConfig\":{\"Subnets\":\"subnet-a\"}}", "sagemaker:VpcSubnets",
         "bad: Subnets is not a list"},
        {"CreateModel", "{\"VpcConfig\":{\"Subnets\":[1]}}", "sagemaker:VpcSubnets",
         "bad: VpcConfig.Subnets[] is not a string"},
        {"CreateTrainingJob", "{\"StoppingCondition\":{\"MaxRuntimeInSeconds\":1.5}}",
         "sagemaker:MaxRuntimeInSeconds", "bad: StoppingCondition.MaxRuntimeInSeconds is not a whole number"},
        {"CreateModel", "{\"Tags\":{}}", "aws:RequestTag/team", "bad: Tags is not a list"},
        {"CreateModel", "{\"Tags\":[{\"Key\":\"team\",\"value\":\"red\"}]}", "aws:RequestTag/team",
         "bad: the body has value, which is written Value"},
        {"CreateModel", "{\"Tags\":[{\"Key\":\"team\"}]}", "aws:RequestTag/team",
         "bad: Tags is not a list of Key and Value, both strings"},
        {"CreateModelPackage", "{\"CustomerMetadataProperties\":{\"stage\":1}}",
         "sagemaker:CustomerMetadataProperties/stage",
         "bad: CustomerMetadataProperties is not a JSON object of strings"},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

static void test_host(void **state)
{
    static const struct key_host nothing = {.now = 0};
    static const struct key_host as_user = {.identity = &user};
    static const struct {
        const struct key_host *host;
        const char *key, *value;
    } rows[] = {
        {&host, "aws:RequestedRegion", "us-west-2"},
        {&host, "aws:SecureTransport", "true"},
        {&host, "aws:CurrentTime", "2015-08-30T12:36:00Z"},
        {&host, "aws:EpochTime", "1440938160"},
        {&host, "aws:UserAgent", "curl/8"},
        {&host, "aws:Referer", "absent"},
        {&host, "aws:PrincipalArn", "arn:aws:iam::123456789012:role/inference"},
        {&host, "aws:PrincipalAccount", "123456789012"},
        {&host, "aws:PrincipalType", "AssumedRole"},
        {&host, "aws:userid", "AROAEXAMPLE:i-0123"},
        {&host, "aws:username", "absent"},
        {&host, "aws:SourceVpce", "vpce-0123456789abcdef0"},
        {&host, "aws:SourceVpc", "unknown"},
        {&host, "aws:VpcSourceIp", "unknown"},
        {&host, "aws:SourceIp", "absent"},
        {&host, "sagegate:CallerUid", "1000"},
        {&host, "sagegate:CallerUser", "unknown"},
        {&host, "aws:ViaAWSService", "false"},
        {&host, "aws:PrincipalIsAWSService", "false"},
        {&host, "aws:CalledVia", "absent"},
        {&host, "aws:SourceArn", "absent"},
        {&host, "sagemaker:TargetModel", "m.tar.gz"},
        {&as_user, "aws:username", "ana"},
        {&as_user, "aws:userid", "unknown"},
        {&nothing, "aws:RequestedRegion", "unknown"},
        {&nothing, "aws:PrincipalArn", "unknown"},
        {&nothing, "aws:PrincipalAccount", "unknown"},
        {&nothing, "aws:username", "unknown"},
        {&nothing, "aws:SourceVpce", "unknown"},
        {&nothing, "aws:SourceIp", "unknown"},
        {&nothing, "aws:EpochTime", "0"},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_head head = head_of("POST", "/endpoints/e/invocations", NULL, NULL);

        add_field(&head, "user-agent", "curl/8");
        add_field(&head, "X-Amzn-SageMaker-Target-Model", "m.tar.gz");
        find(&head, NULL, rows[i].host, rows[i].key, text, sizeof(text));
        print_message("%s\n", rows[i].key);
        assert_string_equal(text, rows[i].value);
    }
}

/* Geospatial's tags: a map in the body, and names in the query. */
static void test_geospatial(void **state)
{
    static const struct {
        const char *method, *query, *body, *key, *value;
    } rows[] = {
        {"PUT", NULL, "{\"Tags\":{\"team\":\"red\",\"env\":\"prod\"}}", "aws:RequestTag/TEAM", "red"},
        {"PUT", NULL, "{\"Tags\":{\"team\":\"red\",\"env\":\"prod\"}}", "aws:TagKeys", "team env"},
        {"PUT", NULL, "{\"Tags\":{\"team\":\"red\",\"Team\":\"red\"}}", "aws:RequestTag/team", "unknown"},
        {"PUT", NULL, "{\"Tags\":[]}", "aws:TagKeys", "bad: Tags is not a JSON object"},
        {"PUT", NULL, "{}", "aws:TagKeys", "absent"},
        {"DELETE", "tagKeys=team&tagKeys=a%20b&other=x", NULL, "aws:TagKeys", "team a b"},
        {"DELETE", "t%61gKeys=team", NULL, "aws:TagKeys", "team"},
        {"DELETE", "TagKeys=team", NULL, "aws:TagKeys", "absent"},
        {"DELETE", NULL, NULL, "aws:TagKeys", "absent"},
        {"DELETE", "tagKeys=team", NULL, "aws:RequestTag/team", "absent"},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_head head = head_of(
            rows[i].method,
            "/tags/arn%3Aaws%3Asagemaker-geospatial%3Aus-west-2%3A123456789012%3Aearth-observation-job%2Fj",
            rows[i].query, NULL);

        print_message("%s %s\n", rows[i].method, rows[i].query ? rows[i].query : rows[i].body);
        find(&head, rows[i].body, &host, rows[i].key, text, sizeof(text));
        assert_string_equal(text, rows[i].value);
    }
}

static void test_repeated_header(void **state)
{
    struct http_head head = head_of("POST", "/endpoints/e/invocations", NULL, NULL);
    char text[256];

    (void)state;
    add_field(&head, "User-Agent", "a");
    add_field(&head, "User-Agent", "b");
    find(&head, NULL, &host, "aws:UserAgent", text, sizeof(text));
    assert_string_equal(text, "unknown");
}

/* Values asked for first stay where they are, and are found again; when there is no more room, nothing is
 * known. */
static void test_many(void **state)
{
    static struct condition_keys keys;
    struct http_head head = head_of("POST", "/", NULL, "SageMaker.CreateModel");
    char name[2 * KEY_MAX_VALUES][32];
    struct key_values first, again, values;
    struct operation_match match;
    struct sg_error err;
    json_t *json;

    (void)state;
    assert_int_equal(json_body_parse(SLICE(TAGS(TAG("a", "red"))), &json, &err), SG_OK);
    assert_int_equal(operation_find(&head, &match, &err), SG_OK);
    condition_keys_init(&keys, &match, &head, json, &owner, &host, &err);
    assert_int_equal(condition_keys_find(&keys, SLICE("aws:RequestTag/a"), &first), KEY_FOUND);
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        enum key_status status;

        snprintf(name[i], sizeof(name[i]), "aws:%s", i < 70 ? "RequestTag/A" : "EpochTime");
        if (i < 70)
            name[i][15] = (char)(i % 2 ? 'A' : 'a');
        status = condition_keys_find(&keys, slice_cstr(name[i]), &values);
        assert_true(status == KEY_FOUND || status == KEY_UNKNOWN);
    }
    assert_int_equal(condition_keys_find(&keys, SLICE("aws:RequestTag/a"), &again), KEY_FOUND);
    assert_ptr_equal(first.values, again.values);
    assert_true(slice_eq(first.values[0], SLICE("red")));
    assert_int_equal(keys.status, SG_OK);
    json_decref(json);
}

static void test_names(void **state)
{
    size_t count = 0;

    (void)state;
    while (condition_keys_name(count))
        count++;
    assert_int_equal(count, 26 + 61);
    assert_string_equal(condition_keys_name(26), "aws:RequestTag/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_wrong_types), cmocka_unit_test(test_host),
        cmocka_unit_test(test_many),        cmocka_unit_test(test_repeated_header),
        cmocka_unit_test(test_names),       cmocka_unit_test(test_geospatial),
    };

    return cmocka_run_group_tests_name("condition_keys", tests, NULL, NULL);
}
