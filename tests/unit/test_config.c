/* What a configuration means once it is right. What is wrong with others: test_config_errors.c. */
#include "config/config.h"

#include <openssl/ssl.h>

#include "config/keys.h"

#include "unit/config_folder.h"
#include "unit/unit.h"

#define REQUIRED                                                                                             \
    "account_id: \"123456789012\"\n"                                                                         \
    "endpoints: { runtime: { url: \"https://localhost:9443\" } }\n"
#define LISTENERS "listeners: [{ name: main, address: \"127.0.0.1:0\", policy: p.json }]\n"
#define MINIMAL   REQUIRED LISTENERS

static struct config *load(struct folder *folder, const char *text)
{
    struct config *config = folder_load(folder, slice_cstr(text));

    if (!config)
        fail_msg("%s\n%s", text, folder_found(folder));
    return config;
}

static void test_defaults(void **state)
{
    struct config *config = load(*state, MINIMAL);

    assert_null(config->region);
    assert_null(config->tls_ca_file);
    assert_int_equal(config->tls_min_version, TLS1_2_VERSION);
    assert_int_equal(config->credentials.own.provider, CONFIG_CREDENTIALS_DEFAULT);
    assert_null(config->credentials.own.profile);
    assert_null(config->credentials.own.principal_arn);
    assert_int_equal(config->credentials.wait_ms, 2000);
    assert_int_equal(config->max_head, 64 * 1024);
    assert_int_equal(config->max_head_fields, 100);
    assert_int_equal(config->max_body, 32 * 1024 * 1024);
    assert_int_equal(config->max_connections, 4096);
    assert_int_equal(config->max_connections_per_user, 1024);
    assert_int_equal(config->listeners[0].max_connections, 0);
    assert_int_equal(config->connect_timeout_ms, 5000);
    assert_int_equal(config->response_timeout_ms, 75000);
    assert_int_equal(config->head_timeout_ms, 60000);
    assert_int_equal(config->client_timeout_ms, 60000);
    assert_int_equal(config->idle_timeout_ms, 300000);
    assert_int_equal(config->pool_idle_ms, 40000);
    assert_int_equal(config->pool_age_ms, 600000);
    assert_int_equal(config->drain_timeout_ms, 90000);
    assert_true(config->require_private);
    assert_true(config->zone_affinity);
    assert_null(config->zone);
    assert_null(config->dns_servers);
    assert_int_equal(config->dns_max_stale_ms, 3600000);
    assert_in_range(config->workers, 1, 4);
    assert_true(config->sandbox);
    assert_null(config->user.name);
    assert_int_equal(config->log_level, LOG_LEVEL_INFO);
    assert_int_equal(config->log_format, LOG_FORMAT_TEXT);
    assert_int_equal(config->listener_count, 1);
    assert_int_equal(config->listeners[0].permissions, 0660);
    assert_false(config->listeners[0].allow_remote);
    assert_non_null(config->listeners[0].policies[0]);
    config_free(config);
}

static void test_every_key(void **state)
{
    struct folder *folder = *state;
    char path[128];

    snprintf(path, sizeof(path), "%s/ca.pem", folder->path);
    write_file(path, SLICE(CERTIFICATE));
    struct config *config = load(
        *state, "region: eu-central-1\n" REQUIRED "tls: { ca_file: ca.pem, min_version: \"1.3\" }\n"
                "credentials: { provider: profile, profile: inference, wait: 3s,\n"
                "  principal_arn: \"arn:aws:iam::123456789012:role/path/r\",\n"
                "  identities: [{ name: first, principal_arn: \"arn:aws:iam::210987654321:user/u\" },\n"
                "               { name: second, provider: imds }] }\n"
                "listeners:\n"
                "  - { name: a, address: \"0.0.0.0:80\", allow_remote: true, policy: p.json }\n"
                "  - { name: b_B-2, address: \"unix:/run/x.sock\", permissions: 0600, policy: p.json,\n"
                "      mode: audit, unknown_conditions: defer, presigned_urls: allow, identity: second }\n"
                "context: { source_vpce: vpce-0a, source_vpc: vpc-0b, vpc_source_ip: 10.0.1.23 }\n"
                "log: { level: debug, format: json }\n"
                "limits: { max_body: 64KiB, max_connections: 7 }\n"
                "timeouts: { connect: 1ms, response: 2s, client: 3m, idle: 4h, pool_idle: 5s, pool_age: "
                "7s, drain: 6s }\n"
                "require_private: false\nzone_affinity: off\nzone: eu-central-1a\n"
                "dns: { servers: \"10.0.0.2, 127.0.0.1:5353,[0:0::1]:54\", max_stale: 0s }\n"
                "workers: 64\n"
                "user: \"65533\"\n"
                "sandbox: off\n");

    unlink(path);
    assert_string_equal(config->region, "eu-central-1");
    assert_string_equal(config->account_id, "123456789012");
    assert_string_equal(config->tls_ca_file, path);
    assert_int_equal(config->tls_min_version, TLS1_3_VERSION);
    assert_int_equal(config->credentials.own.provider, CONFIG_CREDENTIALS_PROFILE);
    assert_string_equal(config->credentials.own.profile, "inference");
    assert_string_equal(config->credentials.own.principal_arn, "arn:aws:iam::123456789012:role/path/r");
    assert_int_equal(config_identity_count(config), 3);
    assert_null(config_identity(config, 0)->name);
    assert_string_equal(config_identity(config, 1)->name, "first");
    assert_int_equal(config_identity(config, 1)->provider, CONFIG_CREDENTIALS_DEFAULT);
    assert_string_equal(config_identity(config, 2)->name, "second");
    assert_int_equal(config_identity(config, 2)->provider, CONFIG_CREDENTIALS_IMDS);
    assert_int_equal(config->listeners[0].identity, 0);
    assert_int_equal(config->listeners[1].identity, 2);
    assert_true(config_identity_is_used(config, 0) && !config_identity_is_used(config, 1) &&
                config_identity_is_used(config, 2));
    assert_true(slice_eq(config_identity_account(config, config_identity(config, 1)), SLICE("210987654321")));
    assert_true(slice_eq(config_identity_account(config, config_identity(config, 2)), SLICE("123456789012")));
    assert_int_equal(config->credentials.wait_ms, 3000);
    assert_int_equal(config->listener_count, 2);
    assert_true(config->listeners[0].allow_remote);
    assert_string_equal(config->listeners[0].policy_files.at[0], folder->policy);
    assert_string_equal(config->listeners[1].name, "b_B-2");
    assert_string_equal(config->listeners[1].address, "unix:/run/x.sock");
    assert_string_equal(config->listeners[1].unix_path, "/run/x.sock");
    assert_int_equal(config->listeners[1].permissions, 0600);
    assert_ptr_equal(config->listeners[0].policies[0], config->listeners[1].policies[0]);
    assert_int_equal(config->listeners[0].unknown_conditions, UNKNOWN_DENIES);
    assert_false(config->listeners[0].presigned_urls || config->listeners[0].audit);
    assert_int_equal(config->listeners[1].unknown_conditions, UNKNOWN_DEFERS);
    assert_true(config->listeners[1].presigned_urls && config->listeners[1].audit);
    assert_string_equal(config->source_vpce, "vpce-0a");
    assert_string_equal(config->source_vpc, "vpc-0b");
    assert_string_equal(config->vpc_source_ip, "10.0.1.23");
    assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(config->log_format, LOG_FORMAT_JSON);
    assert_int_equal(config->max_body, 65536);
    assert_int_equal(config->max_connections, 7);
    assert_int_equal(config->connect_timeout_ms, 1);
    assert_int_equal(config->response_timeout_ms, 2000);
    assert_int_equal(config->client_timeout_ms, 180000);
    assert_int_equal(config->idle_timeout_ms, 14400000);
    assert_int_equal(config->pool_idle_ms, 5000);
    assert_int_equal(config->pool_age_ms, 7000);
    assert_int_equal(config->drain_timeout_ms, 6000);
    assert_false(config->require_private);
    assert_false(config->zone_affinity);
    assert_string_equal(config->zone, "eu-central-1a");
    assert_string_equal(config->dns_servers, "10.0.0.2:53,127.0.0.1:5353,[::1]:54");
    assert_int_equal(config->dns_max_stale_ms, 0);
    assert_int_equal(config->workers, 64);
    assert_int_equal(config->user.uid, 65533);
    assert_false(config->sandbox);
    config_free(config);
}

static void test_several_policies(void **state)
{
    struct folder *folder = *state;
    struct config *config =
        load(*state, REQUIRED
             "listeners:\n"
             "  - { name: a, address: \"unix:/a\", policy: [p.json, ./p.json] }\n"
             "  - { name: b, address: \"unix:/b\", mode: \"0600\", policy: [./p.json, p.json, p.json] }\n");
    const struct config_listener *a = &config->listeners[0], *b = &config->listeners[1];

    assert_int_equal(a->policy_files.count, 2);
    assert_int_equal(b->policy_files.count, 3);
    assert_string_equal(a->policy_files.at[0], folder->policy);
    assert_ptr_not_equal(a->policies[0], a->policies[1]);
    assert_ptr_equal(b->policies[0], a->policies[1]);
    assert_ptr_equal(b->policies[1], a->policies[0]);
    assert_ptr_equal(b->policies[2], a->policies[0]);
    assert_int_equal(b->permissions, 0600);
    config_free(config);
}

#define STATEMENT(effect, key, value)                                                                        \
    "{\"Effect\": \"" effect "\", \"Principal\": \"*\", \"Action\": \"*\", \"Resource\": \"*\",\n"           \
    "\"Condition\": {\"StringEquals\": {\"" key "\": \"" value "\"}}}"

/* A condition that decides the same way for every request is told of when it is loaded. */
static void test_unknown_keys_are_warned_of(void **state)
{
    struct folder *folder = *state;
    char text[1024];

    snprintf(text, sizeof(text), "{\"Version\": \"2012-10-17\", \"Statement\": [%s,\n%s,\n%s,\n%s,\n%s]}",
             STATEMENT("Allow", "aws:ResourceTag/team", "red"), STATEMENT("Deny", "aws:PrincipalOrgID", "o"),
             STATEMENT("Allow", "aws:RequestTag/team", "red"), STATEMENT("Allow", "aws:SourceVpc", "vpc-0a"),
             STATEMENT("Allow", "sagemaker:CallerUser", "x"));
    write_file(folder->policy, slice_cstr(text));
    config_free(load(folder, MINIMAL));
    assert_string_equal(
        folder_found(folder),
        "p.json:2:32: warning: statement 1 hangs on aws:ResourceTag/team, which only AWS knows; under "
        "unknown_conditions: deny it allows nothing, under defer the endpoint decides\n"
        "p.json:4:32: warning: statement 2 hangs on aws:PrincipalOrgID, which only AWS knows; under "
        "unknown_conditions: deny it denies all that it may concern, under defer the endpoint "
        "decides\n"
        "p.json:8:32: warning: statement 4 hangs on aws:SourceVpc, which is not known without "
        "context.source_vpc; under unknown_conditions: deny it allows nothing, under defer the endpoint "
        "decides\n"
        "p.json:10:32: warning: statement 5 hangs on sagemaker:CallerUser, which only AWS knows; under "
        "unknown_conditions: deny it allows nothing, under defer the endpoint decides\n");
}

/* An example as it came: it would allow nothing, and be found good. */
static void test_a_policy_for_elsewhere_is_warned_of(void **state)
{
    static const struct {
        const char *statements;
        bool warned;
    } rows[] = {
        {"'Resource':'arn:aws:sagemaker:us-east-1:123456789012:endpoint/x'", true},
        {"'Resource':'arn:aws-cn:sagemaker:us-west-2:123456789012:endpoint/x'", true},
        {"'Resource':'arn:aws:sagemaker:us-west-2:210987654321:endpoint/x'", true},
        {"'Resource':['arn:aws:sagemaker:us-east-1:*:endpoint/x','arn:aws:s3:::b/*']", true},
        {"'Resource':['arn:aws:sagemaker:us-east-1:*:endpoint/x','arn:aws:sagemaker:us-*:*:endpoint/x']",
         false},
        {"'Resource':'arn:aws:sagemaker:us-west-2:aws:hub/SageMakerPublicHub'", false},
        {"'Resource':'arn:aws:sagemaker:*'", false},
        {"'NotResource':'arn:aws:sagemaker:us-east-1:123456789012:endpoint/x'", false},
        {"'Resource':'*'", false},
        {"'Resource':'arn:aws:sagemaker:us-east-1:123456789012:model/"
         "x'},{'Effect':'Allow','Action':'*','Resource':'*'",
         false},
        {"'Resource':'arn:aws:sagemaker:us-east-1:123456789012:model/"
         "x'},{'Effect':'Deny','Action':'*','Resource':'*'",
         true},
    };
    struct folder *folder = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[512];

        snprintf(text, sizeof(text), "{'Statement':[{'Effect':'Allow','Action':'*',%s}]}",
                 rows[i].statements);
        for (char *c = text; *c; c++)
            *c = *c == '\'' ? '"' : *c;
        write_file(folder->policy, slice_cstr(text));
        config_free(load(folder, "region: us-west-2\n" MINIMAL));
        if ((strstr(folder_found(folder), "which are for us-west-2 and 123456789012") != NULL) !=
            rows[i].warned)
            fail_msg("%s: %s", rows[i].statements, folder_found(folder));
    }
}

static void test_endpoints(void **state)
{
    static const struct {
        const char *endpoint, *host, *authority;
        uint16_t port;
        const char *id; /* of the endpoint */
    } rows[] = {
        {"vpc_endpoint: vpce-0123456789abcdef0-abcdefgh",
         "vpce-0123456789abcdef0-abcdefgh.runtime.sagemaker.us-west-2.vpce.amazonaws.com",
         "vpce-0123456789abcdef0-abcdefgh.runtime.sagemaker.us-west-2.vpce.amazonaws.com", 443,
         "vpce-0123456789abcdef0"},
        {"vpc_endpoint: vpce-0123456789abcdef0-abcdefgh-us-west-2a",
         "vpce-0123456789abcdef0-abcdefgh-us-west-2a.runtime.sagemaker.us-west-2.vpce.amazonaws.com",
         "vpce-0123456789abcdef0-abcdefgh-us-west-2a.runtime.sagemaker.us-west-2.vpce.amazonaws.com", 443,
         "vpce-0123456789abcdef0"},
        {"vpc_endpoint: vpce-0a-b.runtime.sagemaker.us-west-2.vpce.amazonaws.com",
         "vpce-0a-b.runtime.sagemaker.us-west-2.vpce.amazonaws.com",
         "vpce-0a-b.runtime.sagemaker.us-west-2.vpce.amazonaws.com", 443, "vpce-0a"},
        {"vpc_endpoint: vpce-0a-b, fips: true",
         "vpce-0a-b.runtime-fips.sagemaker.us-west-2.vpce.amazonaws.com",
         "vpce-0a-b.runtime-fips.sagemaker.us-west-2.vpce.amazonaws.com", 443, "vpce-0a"},
        {"private_dns: true, vpc_endpoint: vpce-0a", "runtime.sagemaker.us-west-2.amazonaws.com",
         "runtime.sagemaker.us-west-2.amazonaws.com", 443, "vpce-0a"},
        {"url: https://e:1, vpc_endpoint: vpce-0a", "e", "e:1", 1, "vpce-0a"},
        {"url: https://vpce-0a-b.e:1", "vpce-0a-b.e", "vpce-0a-b.e:1", 1, "vpce-0a"},
        {"private_dns: true, fips: true", "runtime-fips.sagemaker.us-west-2.amazonaws.com",
         "runtime-fips.sagemaker.us-west-2.amazonaws.com", 443, NULL},
        {"private_dns: true, dual_stack: true", "runtime.sagemaker.us-west-2.api.aws",
         "runtime.sagemaker.us-west-2.api.aws", 443, NULL},
        {"private_dns: true", "runtime.sagemaker.us-west-2.amazonaws.com",
         "runtime.sagemaker.us-west-2.amazonaws.com", 443, NULL},
        {"url: https://e", "e", "e", 443, NULL},
        {"url: https://E.Example/", "e.example", "e.example", 443, NULL},
        {"url: HTTPS://e:443", "e", "e", 443, NULL},
        {"url: https://localhost:9443", "localhost", "localhost:9443", 9443, NULL},
        {"url: https://10.0.0.1:1", "10.0.0.1", "10.0.0.1:1", 1, NULL},
        {"url: \"https://[0:0::1]:65535/\"", "::1", "[::1]:65535", 65535, NULL},
        {"url: \"https://[FD00:ec2::1]\"", "fd00:ec2::1", "[fd00:ec2::1]", 443, NULL},
    };
    char text[512];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config;

        snprintf(text, sizeof(text),
                 "region: us-west-2\naccount_id: 012345678901\n"
                 "endpoints: { runtime: { %s } }\n" LISTENERS,
                 rows[i].endpoint);
        config = load(*state, text);
        assert_true(config->endpoints[AWS_RUNTIME].configured);
        assert_false(config->endpoints[AWS_API].configured);
        assert_string_equal(config->endpoints[AWS_RUNTIME].host, rows[i].host);
        assert_string_equal(config->endpoints[AWS_RUNTIME].authority, rows[i].authority);
        assert_int_equal(config->endpoints[AWS_RUNTIME].port, rows[i].port);
        assert_string_equal(config->account_id, "012345678901");
        assert_true(
            slice_eq(slice_cstr(config->endpoints[AWS_RUNTIME].vpc_endpoint_id), slice_cstr(rows[i].id)));
        config_free(config);
    }
}

/* The zonal name of an endpoint that is given by its own, usual name. */
static void test_zones(void **state)
{
    static const struct {
        const char *keys, *zonal;
        bool wants;
    } rows[] = {
        {"vpc_endpoint: vpce-0a-b } }\nzone: us-west-2a\n",
         "vpce-0a-b-us-west-2a.runtime.sagemaker.us-west-2.vpce.amazonaws.com", false},
        {"vpc_endpoint: vpce-0a-b.runtime.sagemaker.us-west-2.vpce.amazonaws.com } }\nzone: usw2-az1\n",
         "vpce-0a-b-usw2-az1.runtime.sagemaker.us-west-2.vpce.amazonaws.com", false},
        {"vpc_endpoint: vpce-0a-b } }\n", NULL, true},
        {"vpc_endpoint: vpce-0a-b } }\nzone_affinity: off\nzone: us-west-2a\n", NULL, false},
        {"vpc_endpoint: vpce-0a-b } }\nzone_affinity: off\n", NULL, false},
        {"vpc_endpoint: vpce-0a-b-us-west-2c } }\n", NULL, false},
        {"private_dns: true } }\nzone: us-west-2a\n", NULL, false},
        {"url: \"https://e\" } }\n", NULL, false},
    };
    char text[512];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config;
        struct sg_error err;

        snprintf(text, sizeof(text),
                 "region: us-west-2\naccount_id: 012345678901\nendpoints: { runtime: { %s" LISTENERS,
                 rows[i].keys);
        config = load(*state, text);
        if (rows[i].zonal)
            assert_string_equal(config->endpoints[AWS_RUNTIME].zonal_host, rows[i].zonal);
        else
            assert_null(config->endpoints[AWS_RUNTIME].zonal_host);
        assert_string_equal(config->endpoints[AWS_RUNTIME].default_host,
                            "runtime.sagemaker.us-west-2.amazonaws.com");
        assert_int_equal(config_wants_zone(config), rows[i].wants);
        assert_int_equal(config_set_zone(config, SLICE("us-west-2b.evil"), &err), SG_INVALID);
        assert_int_equal(config_set_zone(config, SLICE("us-west-2b"), &err), SG_OK);
        if (rows[i].wants)
            assert_string_equal(config->endpoints[AWS_RUNTIME].zonal_host,
                                "vpce-0a-b-us-west-2b.runtime.sagemaker.us-west-2.vpce.amazonaws.com");
        config_free(config);
    }
}

static void test_addresses(void **state)
{
    static const struct {
        const char *address, *host;
        uint16_t port;
    } rows[] = {
        {"127.0.0.1:0", "127.0.0.1", 0},       {"127.8.8.8:65535", "127.8.8.8", 65535},
        {"localhost:8080", "127.0.0.1", 8080}, {"[::1]:8080", "::1", 8080},
        {"[0:0:0:0:0:0:0:1]:1", "::1", 1},
    };
    char text[512];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config;

        snprintf(text, sizeof(text), REQUIRED "listeners: [{ name: a, address: \"%s\", policy: p.json }]\n",
                 rows[i].address);
        config = load(*state, text);
        assert_string_equal(config->listeners[0].address, rows[i].address);
        assert_string_equal(config->listeners[0].host, rows[i].host);
        assert_int_equal(config->listeners[0].port, rows[i].port);
        assert_null(config->listeners[0].unix_path);
        config_free(config);
    }
}

static void test_region(void **state)
{
    static const struct {
        const char *file, *aws_region, *aws_default_region, *expected;
    } rows[] = {
        {"region: us-gov-west-1\n", "us-east-1", "us-east-2", "us-gov-west-1"},
        {"", "us-east-1", "us-east-2", "us-east-1"},
        {"", "", "us-east-2", "us-east-2"},
        {"", NULL, "us-east-2", "us-east-2"},
        {"", "", NULL, NULL},
    };
    char text[512];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config;

        unsetenv("AWS_REGION");
        unsetenv("AWS_DEFAULT_REGION");
        if (rows[i].aws_region)
            setenv("AWS_REGION", rows[i].aws_region, 1);
        if (rows[i].aws_default_region)
            setenv("AWS_DEFAULT_REGION", rows[i].aws_default_region, 1);
        snprintf(text, sizeof(text), "%s" MINIMAL, rows[i].file);
        config = load(*state, text);
        if (rows[i].expected)
            assert_string_equal(config->region, rows[i].expected);
        else
            assert_null(config->region);
        config_free(config);
    }
}

static void test_region_comes_later(void **state)
{
    struct config *config =
        load(*state, "account_id: \"123456789012\"\n"
                     "endpoints: { api: { private_dns: true }, edge: { url: https://e } }\n" LISTENERS);
    struct sg_error err;

    assert_null(config->endpoints[AWS_API].host);
    assert_string_equal(config->endpoints[AWS_EDGE].host, "e");
    assert_int_equal(config_set_region(config, SLICE("us-west-2a"), &err), SG_INVALID);
    assert_null(config->region);
    assert_int_equal(config_set_region(config, SLICE("cn-north-1"), &err), SG_OK);
    assert_string_equal(config->region, "cn-north-1");
    assert_string_equal(config->endpoints[AWS_API].host, "api.sagemaker.cn-north-1.amazonaws.com.cn");
    assert_string_equal(config->endpoints[AWS_API].authority, "api.sagemaker.cn-north-1.amazonaws.com.cn");
    assert_string_equal(config->endpoints[AWS_EDGE].host, "e");
    config_free(config);
}

/* There, the Runtime's usual name is that of its FIPS endpoint. */
static void test_govcloud(void **state)
{
    static const struct {
        const char *region, *runtime;
        bool warned;
    } rows[] = {
        {"us-gov-west-1", "private_dns: true", true},
        {"us-gov-west-1", "vpc_endpoint: vpce-0a-b", true},
        {"us-gov-west-1", "url: \"https://runtime.sagemaker.us-gov-west-1.amazonaws.com\"", true},
        {"us-gov-west-1", "url: \"https://e\"", false},
        {"us-gov-west-1", "vpc_endpoint: vpce-0a-b.runtime-fips.sagemaker.us-gov-west-1.vpce.amazonaws.com",
         false},
        {"us-west-2", "private_dns: true", false},
        {"us-west-2", "url: \"https://runtime.sagemaker.us-west-2.amazonaws.com\"", false},
        {"cn-north-1", "private_dns: true", false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[512];

        snprintf(text, sizeof(text),
                 "region: %s\naccount_id: \"123456789012\"\n" LISTENERS "endpoints: { runtime: { %s } }\n",
                 rows[i].region, rows[i].runtime);
        config_free(load(*state, text));
        if ((strstr(folder_found(*state), ": warning: in this region the usual name") != NULL) !=
            rows[i].warned)
            fail_msg("%s, %s: %s", rows[i].region, rows[i].runtime, folder_found(*state));
    }
}

static void test_warnings_do_not_fail(void **state)
{
    static const char *const fips[] = {
        "vpc_endpoint: vpce-0a-b.runtime-fips.sagemaker.us-west-2.vpce.amazonaws.com",
        "vpc_endpoint: vpce-0a-b, fips: true",
        "private_dns: true, fips: true",
    };
    struct folder *folder = *state;
    struct config *config;

    chmod(folder->policy, 0666);
    config = load(folder, "account_id: \"123456789012\"\n"
                          "endpoints:\n"
                          "  runtime: { url: \"https://runtime-fips.sagemaker.us-west-2.amazonaws.com\" }\n"
                          "  api: { url: \"https://notruntime-fips.example\" }\n" LISTENERS);
    config_free(config);
    assert_int_equal(folder->problems, 2);
    assert_non_null(strstr(folder_found(folder),
                           "c.yaml:3:14: warning: VPC endpoint policies are not applied by "
                           "FIPS Runtime endpoints"));
    assert_non_null(
        strstr(folder_found(folder), "p.json:0:0: warning: every user of this machine may change"));
    for (size_t i = 0; i < COUNT_OF(fips); i++) {
        char text[512];

        snprintf(text, sizeof(text),
                 "region: us-west-2\naccount_id: \"123456789012\"\n" LISTENERS
                 "endpoints: { runtime: { %s } }\n",
                 fips[i]);
        config_free(load(folder, text));
        assert_non_null(strstr(folder_found(folder), "warning: VPC endpoint policies are not applied"));
    }
    chmod(folder->config, 0666);
    config_free(load(folder, MINIMAL));
    assert_non_null(strstr(folder_found(folder), "c.yaml:0:0: warning: every user"));
}

static void test_keys_are_those_of_the_services(void **state)
{
    const struct schema *endpoints = NULL;

    (void)state;
    for (size_t i = 0; i < config_schema.count; i++) {
        if (strcmp(config_schema.keys[i].name, "endpoints") == 0)
            endpoints = config_schema.keys[i].mapping;
    }
    assert_true(endpoints && endpoints->count == AWS_ENDPOINT_COUNT);
    for (size_t i = 0; i < AWS_ENDPOINT_COUNT; i++)
        assert_string_equal(endpoints->keys[i].name, aws_services[i].key);
}

/* A file of the source tree; automake says where that is. */
static void source_path(const char *name, char path[256])
{
    const char *srcdir = getenv("srcdir");

    snprintf(path, 256, "%s/%s", srcdir ? srcdir : ".", name);
}

static void read_source(const char *name, struct buffer *text)
{
    char path[256];
    FILE *file;

    source_path(name, path);
    file = fopen(path, "r");
    if (!file)
        fail_msg("cannot open %s (set srcdir)", path);
    assert_true(buffer_reserve(text, 65536));
    text->len = fread(text->data, 1, 65535, file);
    fclose(file);
}

static void assert_names_every_key(const char *text, const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (!strstr(text, schema->keys[i].name))
            fail_msg("the key '%s' %s is not described", schema->keys[i].name, schema->where);
        if (schema->keys[i].mapping)
            assert_names_every_key(text, schema->keys[i].mapping);
        if (schema->keys[i].items)
            assert_names_every_key(text, schema->keys[i].items);
    }
}

static void test_example_and_manual_name_every_key(void **state)
{
    static const char *const files[] = {"etc/sagegate.yaml", "doc/sagegate.yaml.5"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct buffer text = {0};

        read_source(files[i], &text);
        assert_names_every_key(buffer_cstr(&text), &config_schema);
        buffer_free(&text);
    }
}

static void test_example_shows_the_defaults(void **state)
{
    struct folder *folder = *state;
    struct config *expected = load(folder, MINIMAL), *example;
    char path[256];

    source_path("etc/sagegate.yaml", path);
    example = config_load(path, note_problem, folder);
    if (!example)
        fail_msg("%s", folder_found(folder));
    assert_int_equal(example->tls_min_version, expected->tls_min_version);
    assert_int_equal(example->credentials.own.provider, expected->credentials.own.provider);
    assert_int_equal(example->credentials.wait_ms, expected->credentials.wait_ms);
    assert_int_equal(example->listeners[0].allow_remote, expected->listeners[0].allow_remote);
    assert_int_equal(example->listeners[0].audit, expected->listeners[0].audit);
    assert_int_equal(example->listeners[0].unknown_conditions, expected->listeners[0].unknown_conditions);
    assert_int_equal(example->listeners[0].presigned_urls, expected->listeners[0].presigned_urls);
    assert_int_equal(example->log_level, expected->log_level);
    assert_int_equal(example->log_format, expected->log_format);
    assert_int_equal(example->max_head, expected->max_head);
    assert_int_equal(example->max_head_fields, expected->max_head_fields);
    assert_int_equal(example->max_body, expected->max_body);
    assert_int_equal(example->max_connections, expected->max_connections);
    assert_int_equal(example->connect_timeout_ms, expected->connect_timeout_ms);
    assert_int_equal(example->response_timeout_ms, expected->response_timeout_ms);
    assert_int_equal(example->head_timeout_ms, expected->head_timeout_ms);
    assert_int_equal(example->client_timeout_ms, expected->client_timeout_ms);
    assert_int_equal(example->idle_timeout_ms, expected->idle_timeout_ms);
    assert_int_equal(example->pool_idle_ms, expected->pool_idle_ms);
    assert_int_equal(example->drain_timeout_ms, expected->drain_timeout_ms);
    assert_int_equal(example->workers, expected->workers);
    assert_int_equal(example->sandbox, expected->sandbox);
    config_free(example);
    config_free(expected);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_defaults),
        IN_FOLDER(test_every_key),
        IN_FOLDER(test_several_policies),
        IN_FOLDER(test_unknown_keys_are_warned_of),
        IN_FOLDER(test_a_policy_for_elsewhere_is_warned_of),
        IN_FOLDER(test_endpoints),
        IN_FOLDER(test_zones),
        IN_FOLDER(test_addresses),
        IN_FOLDER(test_region),
        IN_FOLDER(test_region_comes_later),
        IN_FOLDER(test_govcloud),
        IN_FOLDER(test_warnings_do_not_fail),
        IN_FOLDER(test_example_shows_the_defaults),
        cmocka_unit_test(test_keys_are_those_of_the_services),
        cmocka_unit_test(test_example_and_manual_name_every_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
