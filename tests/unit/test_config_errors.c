/* Wrong configurations, and what is said of them. */
#include "config/config.h"

#include "config/file.h"
#include "config/problems.h"

#include "unit/config_folder.h"
#include "unit/unit.h"

#define ACCOUNT        "account_id: \"123456789012\"\n"
#define ENDPOINTS      "endpoints: { runtime: { url: https://e } }\n"
#define LISTENERS      "listeners: [{ name: a, address: \"127.0.0.1:80\", policy: p.json }]\n"
#define GOOD           ACCOUNT ENDPOINTS LISTENERS
#define ENDPOINT(keys) ACCOUNT LISTENERS "endpoints: { runtime: { " keys " } }\n"
#define LISTENER(keys) ACCOUNT ENDPOINTS "listeners: [{ name: a, policy: p.json, " keys " }]\n"

/* Each has one problem, and its place and text begin as said. */
static const struct {
    struct slice text;
    const char *expected;
} rows[] = {
#define ROW(text, expected)                                                                                  \
    {                                                                                                        \
        SLICE_INIT(text), expected                                                                           \
    }
    /* Not one YAML document in UTF-8 */
    ROW("", "1:1: error: the file is empty"),
    ROW("# only this\n", "1:1: error: the file is empty"),
    ROW("---\n", "2:1: error: the configuration must be a mapping; its keys are region, account_id"),
    ROW("- a\n", "1:1: error: the configuration must be a mapping"),
    ROW("a: [\n", "2:1: error: not YAML: while parsing a flow node at line 2, column 1: did not find "
                  "expected node content"),
    ROW("region: a: b\n", "1:10: error: not YAML: mapping values are not allowed in this context"),
    ROW("region:\n\t- a\n", "2:1: error: not YAML: while scanning for the next token at line 2, column 1: "
                            "found character that cannot start any token; indent with blanks, not tabs, and"),
    ROW("region: @a\n",
        "1:9: error: not YAML: while scanning for the next token at line 1, column 9: "
        "found character that cannot start any token; indent with blanks, not tabs, and quote"),
    ROW("region: *nobody\n", "1:9: error: not YAML: found undefined alias"),
    ROW("a: &x 1\nb: &x 2\n",
        "2:4: error: not YAML: found duplicate anchor; first occurrence at line 1, column 4: second"),
    ROW("ab\ncd\xc3\xa9\xff", "2:4: error: invalid leading UTF-8 octet; the file must be text in UTF-8"),
    ROW("\xff\xfe"
        "a",
        "1:1: error: invalid leading UTF-8 octet"),
    ROW("a: \0\n", "1:4: error: control characters are not allowed; the file must be text in UTF-8"),
    ROW(GOOD "---\nregion: us-west-2\n", "4:1: error: a second document begins here"),
    ROW(GOOD "...\n%\n", "5:2: error: not YAML: while scanning a directive at line 5, column 1: "),
    ROW(GOOD "workers: !!python/object:os.system 1\n",
        "4:10: error: the tag 'tag:yaml.org,2002:python/object:os.system' means nothing here"),
    ROW(GOOD "tls: !!set { min_version: \"1.2\" }\n", "4:6: error: the tag 'tag:yaml.org,2002:set'"),
    ROW(GOOD "!x tls: {}\n", "4:1: error: the tag '!x' means nothing"),
    /* Keys */
    ROW(GOOD "regoin: us-west-2\n",
        "4:1: error: unknown key 'regoin' at the top level; did you mean 'region'?"),
    ROW(GOOD "Region: us-west-2\n",
        "4:1: error: unknown key 'Region' at the top level; did you mean 'region'?"),
    ROW(GOOD "limits: { max-body: 1 }\n",
        "4:11: error: unknown key 'max-body' in limits; did you mean 'max_body'?"),
    ROW(GOOD "tls: { verify: no }\n",
        "4:8: error: unknown key 'verify' in tls; the keys are ca_file, min_version"),
    ROW(GOOD "\"\\e[31m\\0\": 1\n", "4:1: error: unknown key '\\x1b[31m\\x00' at"),
    ROW(GOOD "<<: {}\n", "4:1: error: unknown key '<<'"),
    ROW(GOOD "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
             "aaaaaaaaa: 1\n",
        "4:1: error: unknown key 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'"),
    ROW(GOOD "[region]: us-west-2\n", "4:1: error: a key must be a word"),
    ROW(GOOD "workers: 1\nworkers: 2\n",
        "5:1: error: duplicate key 'workers': it stands first at line 4, column 1"),
    ROW(ENDPOINTS LISTENERS, "1:1: error: account_id is missing"),
    ROW("credentials: { identities: [{ name: a }], principal_arn: \"arn:aws:iam::123456789012:user/u\" "
        "}\n" ENDPOINTS "listeners: [{ name: a, address: \"127.0.0.1:80\", policy: p.json, identity: a }]\n",
        "1:1: error: account_id is missing: the 12 digits of the AWS account whose resources are called, "
        "such "
        "as \"123456789012\"; with endpoints.sts, STS is asked for it"),
    ROW(ACCOUNT LISTENERS, "1:1: error: endpoints is missing"),
    ROW(ACCOUNT ENDPOINTS, "1:1: error: listeners is missing"),
    /* Shapes */
    ROW(GOOD "region: [us-west-2]\n", "4:9: error: region is a list; it must be the name of a region"),
    ROW(GOOD "region: { us: west }\n", "4:9: error: region is a mapping; it must be"),
    ROW(GOOD "region:\n",
        "4:8: error: region is empty; it must be the name of a region, such as us-west-2, or leave"),
    ROW(GOOD "region: ~\n", "4:9: error: region is empty"),
    ROW(GOOD "region: \"\"\n", "4:9: error: region is empty"),
    ROW(GOOD "tls:\n", "4:5: error: tls must be a mapping; its keys are ca_file, min_version"),
    ROW(GOOD "tls: [a]\n", "4:6: error: tls must be a mapping"),
    ROW(ACCOUNT ENDPOINTS "listeners: { name: a }\n", "3:12: error: listeners must be a list"),
    ROW(ACCOUNT ENDPOINTS "listeners: []\n", "3:12: error: listeners has 0 items; it must have from 1 to 64"),
    ROW(ACCOUNT ENDPOINTS "listeners: [main]\n",
        "3:13: error: an item must be a mapping; its keys are name, address"),
    ROW(GOOD "tls: { ca_file: \"/a\\nb\" }\n", "4:17: error: the text holds the control character 0x0a"),
    ROW(GOOD "tls: { ca_file: \"/a\\0b\" }\n", "4:17: error: the text holds the control character 0x00"),
    /* Values */
    ROW(GOOD "region: us-west-2a\n", "4:9: error: region is 'us-west-2a'; it must be the name of a region"),
    ROW(GOOD "region: oregon\n", "4:9: error: region is 'oregon'"),
    ROW(GOOD "region: us-west\n", "4:9: error: region is 'us-west'"),
    ROW(GOOD "region: us--west-2\n", "4:9: error: region is"),
    ROW(GOOD "region: US-WEST-2\n", "4:9: error: region is"),
    ROW(GOOD "region: us-west-2.evil.example\n", "4:9: error: region is"),
    ROW("account_id: 1234\n" ENDPOINTS LISTENERS,
        "1:13: error: account_id is '1234'; it must be the 12 digits"),
    ROW("account_id: 1234-5678-9012\n" ENDPOINTS LISTENERS, "1:13: error: account_id is '1234-5678-9012'"),
    ROW("account_id: 12345678901a\n" ENDPOINTS LISTENERS, "1:13: error: account_id is '12345678901a'"),
    ROW(GOOD "tls: { min_version: 1.1 }\n",
        "4:21: error: min_version is '1.1'; it must be \"1.2\" or \"1.3\""),
    ROW(GOOD "credentials: { provider: ecs }\n",
        "4:26: error: provider is 'ecs'; it must be default, environment, web_identity, profile, file, "
        "container or imds"),
    ROW(GOOD "credentials: { provider: file }\n",
        "4:16: error: provider file needs exactly one of file and systemd_credential"),
    ROW(GOOD "credentials: { provider: file, file: a, systemd_credential: b }\n",
        "4:16: error: provider file needs exactly one of file and systemd_credential"),
    ROW(GOOD "credentials: { file: a }\n", "4:16: error: this goes with provider file alone"),
    ROW(GOOD "credentials: { provider: profile, systemd_credential: a }\n",
        "4:35: error: this goes with provider file alone"),
    ROW(GOOD "credentials: { provider: file, systemd_credential: ../a }\n",
        "4:52: error: systemd_credential is '../a'; it must be the name of a LoadCredential="),
    ROW(GOOD "credentials: { provider: profile, imds_v1: true }\n",
        "4:35: error: imds_v1 has no meaning with this provider"),
    ROW(GOOD "credentials: { assume_role: {} }\n",
        "4:29: error: role_arn is missing: it says which role is assumed"),
    ROW(GOOD "credentials: { assume_role: { role_arn: x } }\n",
        "4:41: error: role_arn is 'x'; it must be the ARN of a role"),
    ROW(GOOD "credentials: { assume_role: { role_arn: \"arn:aws:iam::123456789012:role/r\", session_name: "
             "\"a b\" } }\n",
        "4:91: error: session_name is 'a b'; it must be 2 to 64 letters"),
    ROW(GOOD
        "credentials: { assume_role: { role_arn: \"arn:aws:iam::123456789012:role/r\", duration: 14m } }\n",
        "4:87: error: duration is '14m'; it must be a duration from 15m to 12h"),
    ROW(GOOD "credentials: { assume_role: { role_arn: \"arn:aws:iam::123456789012:role/r\", tags: [ { key: a "
             "} ] } }\n",
        "4:85: error: value is missing: a tag has a key and a value"),
    ROW(GOOD "credentials: { provider: imds, profile: a }\n",
        "4:32: error: profile has no meaning with this provider"),
    ROW(GOOD "credentials: { wait: 2h }\n", "4:22: error: wait is '2h'; it must be a duration up to 1h"),
    ROW(GOOD "credentials: { principal_arn: inference }\n",
        "4:31: error: principal_arn is 'inference'; it must be the ARN of the role (not of its session)"),
    ROW(GOOD "credentials: { principal_arn: \"arn:aws:sts::123456789012:assumed-role/r/s\" }\n",
        "4:31: error: principal_arn is 'arn:aws:sts::123456789012:assumed-role/r/s'; it must be"),
    ROW(GOOD "credentials: { principal_arn: \"arn:aws:iam::210987654321:role/r\" }\n",
        "1:1: error: account_id is not the account of credentials.principal_arn, 210987654321"),
    ROW(GOOD "credentials: { identities: [{ provider: imds }] }\n",
        "4:29: error: name is missing: listeners say by it which identity is theirs"),
    ROW(GOOD "credentials: { identities: [{ name: a }, { name: b }, { name: a }] }\n",
        "4:57: error: an earlier identity is named 'a' too; names must differ"),
    ROW(GOOD "credentials: { identities: [{ name: a, provider: imds, profile: p }] }\n",
        "4:56: error: profile has no meaning with this provider"),
    ROW(GOOD "credentials: { identities: [{ name: a, wait: 1s }] }\n",
        "4:40: error: unknown key 'wait' in an identity"),
    ROW(LISTENER("address: \"127.0.0.1:80\", identity: b"),
        "3:65: error: identity is 'b'; it must be the name of one of credentials.identities"),
    ROW(GOOD "log: { level: warning }\n",
        "4:15: error: level is 'warning'; it must be error, warn, info or debug"),
    ROW(GOOD "log: { format: JSON }\n", "4:16: error: format is 'JSON'; it must be text or json"),
    ROW(GOOD "limits: { max_body: 32MB }\n", "4:21: error: max_body is '32MB'; it must be a size up to 1GiB"),
    ROW(GOOD "limits: { max_body: 0 }\n", "4:21: error: max_body is '0'"),
    ROW(GOOD "limits: { max_body: 1073741825 }\n", "4:21: error: max_body is"),
    ROW(GOOD "limits: { max_body: 2GiB }\n", "4:21: error: max_body is"),
    ROW(GOOD "limits: { max_body: 18446744073709551615GiB }\n", "4:21: error: max_body is"),
    ROW(GOOD "limits: { max_body: MiB }\n", "4:21: error: max_body is"),
    ROW(GOOD "limits: { max_body: -1 }\n", "4:21: error: max_body is"),
    ROW(GOOD "limits: { max_head: 65KiB }\n",
        "4:21: error: max_head is '65KiB'; it must be a size from 1KiB"),
    ROW(GOOD "log: { sample: 0 }\n", "4:16: error: sample is '0'; it must be a number from 1 to 1000000"),
    ROW(GOOD "log: { sample: 1000001 }\n",
        "4:16: error: sample is '1000001'; it must be a number from 1 to 1000000"),
    ROW(GOOD "log: { sample: [] }\n", "4:16: error: sample is a list; it must be a number from 1 to 1000000"),
    ROW(GOOD "log: { file: \"\" }\n",
        "4:14: error: file is empty; it must be the path of the file that takes the log, such as "
        "/var/log/sagegate/sagegate.log, or leave the key out"),
    ROW(GOOD "limits: { max_head_fields: 101 }\n",
        "4:28: error: max_head_fields is '101'; it must be a number from 1 to 100"),
    ROW(GOOD "limits: { max_connections: 0 }\n",
        "4:28: error: max_connections is '0'; it must be a number from 1"),
    ROW(GOOD "limits: { max_connections: 1e3 }\n", "4:28: error: max_connections is '1e3'"),
    ROW(GOOD "timeouts: { connect: 5 }\n", "4:22: error: connect is '5'; it must be a duration up to 24h: a "
                                           "number with ms, s, m or h, such as 5s"),
    ROW(GOOD "timeouts: { drain: 0s }\n", "4:20: error: drain is '0s'"),
    ROW(GOOD "timeouts: { drain: 25h }\n", "4:20: error: drain is '25h'"),
    ROW(GOOD "timeouts: { drain: 1.5s }\n", "4:20: error: drain is '1.5s'"),
    ROW(GOOD "zone_affinity: on\n", "4:16: error: zone_affinity is 'on'; it must be prefer or off"),
    ROW(GOOD "zone: A\n", "4:7: error: zone is 'A'; it must be the availability zone"),
    ROW(GOOD "zone: us-west-2a.evil\n", "4:7: error: zone is"),
    ROW(GOOD "require_private: 1\n", "4:18: error: require_private is '1'; it must be true or false"),
    ROW(GOOD "dns: { servers: dns.example }\n", "4:17: error: servers is 'dns.example'; it must be addresses "
                                                "of DNS servers, each with a port if need be"),
    ROW(GOOD "dns: { servers: \"10.0.0.2,\" }\n", "4:17: error: servers is"),
    ROW(GOOD "dns: { servers: \"10.0.0.2:0\" }\n", "4:17: error: servers is"),
    ROW(GOOD "dns: { servers: \"10.0.0.2:65536\" }\n", "4:17: error: servers is"),
    ROW(GOOD "dns: { servers: \"[10.0.0.2]\" }\n", "4:17: error: servers is"),
    ROW(GOOD "dns: { max_stale: 169h }\n",
        "4:19: error: max_stale is '169h'; it must be a duration up to 168h"),
    ROW(GOOD "workers: 65\n", "4:10: error: workers is '65'; it must be a number from 1 to 64, or auto"),
    ROW(GOOD "sandbox: no\n", "4:10: error: sandbox is 'no'; it must be on or off"),
    ROW(GOOD "user: no-such-user\n",
        "4:7: error: user is 'no-such-user'; it must be the name of a user of this machine, or a number"),
    ROW(GOOD "workers: Auto\n", "4:10: error: workers is 'Auto'"),
    /* Endpoints */
    ROW(ACCOUNT LISTENERS "endpoints: {}\n", "3:12: error: endpoints names no service of SageMaker"),
    ROW(ACCOUNT LISTENERS "endpoints: { runtme: { private_dns: true }, edge: { private_dns: true } }\n",
        "3:14: error: unknown key 'runtme' in endpoints; did you mean 'runtime'?"),
    ROW(ENDPOINT(""),
        "3:23: error: an endpoint needs exactly one of vpc_endpoint, private_dns and url; here is none"),
    ROW(ENDPOINT("private_dns: true, url: https://e"),
        "3:23: error: an endpoint needs exactly one of vpc_endpoint, private_dns and url; here are both"),
    ROW(ENDPOINT("private_dns: false"), "3:38: error: private_dns is 'false'; it can only be true; without"),
    ROW(ENDPOINT("private_dns: yes"), "3:38: error: private_dns is 'yes'; it can only be true"),
    ROW(ENDPOINT("vpc_endpoint: vpce-0123456789abcdef0"),
        "3:25: error: vpc_endpoint is 'vpce-0123456789abcdef0'; the id alone"),
    ROW(ENDPOINT("private_dns: true, vpc_endpoint: vpce-0a-b"),
        "3:44: error: beside private_dns, vpc_endpoint is only the endpoint's id, vpce-0a"),
    ROW(ENDPOINT("url: https://e, vpc_endpoint: vpce-0a-b.e.f"),
        "3:41: error: beside url, vpc_endpoint is only the endpoint's id, vpce-0a"),
    ROW("region: us-west-1\n" ENDPOINT(
            "vpc_endpoint: vpce-0123-ab.runtime.sagemaker.us-west-2.vpce.amazonaws.com"),
        "4:25: error: endpoints.runtime: vpc_endpoint "
        "vpce-0123-ab.runtime.sagemaker.us-west-2.vpce.amazonaws.com is "
        "not the name of an endpoint of this service in us-west-1; its DNS names are listed in the VPC "
        "console"),
    ROW("region: us-west-2\n" ENDPOINT(
            "vpc_endpoint: vpce-0123-ab.api.sagemaker.us-west-2.vpce.amazonaws.com"),
        "4:25: error: endpoints.runtime: vpc_endpoint vpce-0123-ab.api"),
    ROW("region: cn-north-1\n" ACCOUNT LISTENERS "endpoints: { api: { private_dns: true, fips: true } }\n",
        "4:19: error: endpoints.api: there is no FIPS endpoint in cn-north-1"),
    ROW(ACCOUNT LISTENERS "endpoints: { api: { url: \"https://e\", fips: true } }\n",
        "3:39: error: fips has no meaning with url"),
    ROW(ENDPOINT("url: \"https://e\", dual_stack: true"),
        "3:43: error: dual_stack goes with private_dns only"),
    ROW(ENDPOINT("vpc_endpoint: vpce-0123-ab, dual_stack: true"), "3:53: error: dual_stack goes with"),
    ROW(ACCOUNT LISTENERS "endpoints: { edge: { private_dns: true, fips: true } }\n",
        "3:14: error: AWS lists no FIPS endpoint of edge; if there is one, give its url"),
    ROW(ENDPOINT("vpc_endpoint: vpce-0123-ab."), "3:39: error: vpc_endpoint is 'vpce-0123-ab.'; it must be"),
    ROW(ENDPOINT("vpc_endpoint: vpc-0123-ab"),
        "3:39: error: vpc_endpoint is 'vpc-0123-ab'; it must be the endpoint's DNS name"),
    ROW(ENDPOINT("vpc_endpoint: vpce-svc-0123456789abcdef0"),
        "3:39: error: vpc_endpoint is 'vpce-svc-0123456789abcdef0'; it must be the endpoint's DNS name"),
    ROW(ENDPOINT("private_dns: true, vpc_endpoint: vpce-012X"), "3:58: error: vpc_endpoint is 'vpce-012X'"),
    ROW(ENDPOINT("vpc_endpoint: vpce-"),
        "3:39: error: vpc_endpoint is 'vpce-'; it must be the endpoint's DNS name"),
    ROW(ENDPOINT("url: http://e"), "3:30: error: url is 'http://e'; it must begin with https://"),
    ROW(ENDPOINT("url: e"), "3:30: error: url is 'e'; it must begin with https://"),
    ROW(ENDPOINT("url: https://"), "3:30: error: url is 'https://'; it must be https:// with a DNS name"),
    ROW(ENDPOINT("url: https://u:p@e"),
        "3:30: error: url is 'https://u:p@e'; it must be without a user name or password"),
    ROW(ENDPOINT("url: https://e/prod"),
        "3:30: error: url is 'https://e/prod'; it must end after host and port"),
    ROW(ENDPOINT("url: https://e//"), "3:30: error: url is 'https://e//'; it must end after host and port"),
    ROW(ENDPOINT("url: \"https://e?a\""),
        "3:30: error: url is 'https://e?a'; it must end after host and port"),
    ROW(ENDPOINT("url: https://e:0"),
        "3:30: error: url is 'https://e:0'; the port must be a number from 1 to 65535"),
    ROW(ENDPOINT("url: https://e:65536"), "3:30: error: url is 'https://e:65536'; the port must be"),
    ROW(ENDPOINT("url: \"https://e:\""), "3:30: error: url is 'https://e:'; the port must be"),
    ROW(ENDPOINT("url: https://1.2.3"),
        "3:30: error: url is 'https://1.2.3'; it must be https:// with a DNS name"),
    ROW(ENDPOINT("url: https://256.1.1.1"), "3:30: error: url is"),
    ROW(ENDPOINT("url: https://e..f"), "3:30: error: url is"),
    ROW(ENDPOINT("url: https://e."), "3:30: error: url is"),
    ROW(ENDPOINT("url: https://-e"), "3:30: error: url is"),
    ROW(ENDPOINT("url: https://e%00f"), "3:30: error: url is"),
    ROW(ENDPOINT("url: \"https://[::1\""), "3:30: error: url is"),
    ROW(ENDPOINT("url: \"https://[::1]x\""), "3:30: error: url is"),
    ROW(ENDPOINT("url: \"https://[127.0.0.1]\""), "3:30: error: url is"),
    ROW(ENDPOINT("url: https://::1"), "3:30: error: url is"),
    /* Listeners */
    ROW(ACCOUNT ENDPOINTS "listeners: [{ name: a, address: \"127.0.0.1:80\" }]\n",
        "3:13: error: policy is missing: a listener needs one, so that nothing is allowed by accident"),
    ROW(ACCOUNT ENDPOINTS "listeners: [{ name: a, policy: p.json }]\n", "3:13: error: address is missing"),
    ROW(ACCOUNT ENDPOINTS "listeners: [{ address: \"127.0.0.1:80\", policy: p.json }]\n",
        "3:13: error: name is missing"),
    ROW(ACCOUNT ENDPOINTS "listeners: [{ name: \"a b\", address: \"127.0.0.1:80\", policy: p.json }]\n",
        "3:21: error: name is 'a b'; it must be at most 64 letters"),
    ROW(ACCOUNT ENDPOINTS
        "listeners: [{ name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab, "
        "address: \"127.0.0.1:80\", policy: p.json }]\n",
        "3:21: error: name is"),
    ROW(LISTENER("address: \"0.0.0.0:80\""),
        "3:40: error: address 0.0.0.0:80 can be reached from other machines"),
    ROW(LISTENER("address: \"[::]:80\""), "3:40: error: address [::]:80 can be reached"),
    ROW(LISTENER("address: \"128.0.0.1:80\", allow_remote: false"),
        "3:40: error: address 128.0.0.1:80 can be reached"),
    ROW(LISTENER("address: \"[::ffff:127.0.0.1]:80\""),
        "3:40: error: address [::ffff:127.0.0.1]:80 can be reached"),
    ROW(LISTENER("address: \"127.0.0.1:80\", allow_remote: yes"),
        "3:79: error: allow_remote is 'yes'; it must be true or false"),
    ROW(LISTENER("address: \"127.0.0.1\""),
        "3:49: error: address is '127.0.0.1'; it must be an IP address and port"),
    ROW(LISTENER("address: 8080"), "3:49: error: address is '8080'; it must be an IP address and port"),
    ROW(LISTENER("address: \":8080\""), "3:49: error: address is ':8080'; it must be an IP address and port"),
    ROW(LISTENER("address: \"e.example:80\""),
        "3:49: error: address is 'e.example:80'; it must be an IP address"),
    ROW(LISTENER("address: \"127.0.0.1:65536\""),
        "3:49: error: address is '127.0.0.1:65536'; the port must be"),
    ROW(LISTENER("address: \"::1:80\""), "3:49: error: address is '::1:80'; "),
    ROW(LISTENER("address: \"unix:run/x\""),
        "3:49: error: address is 'unix:run/x'; the path after unix: must be"),
    ROW(LISTENER("address: \"unix:\""), "3:49: error: address is 'unix:'; the path after unix: must be"),
    ROW(LISTENER("address: "
                 "\"unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaa\""),
        "3:49: error: address is"),
    ROW(LISTENER("address: \"unix:/x\", mode: rw"), "3:66: error: mode is 'rw'; it must be enforce or audit"),
    ROW(LISTENER("address: \"unix:/x\", mode: 0888"), "3:66: error: mode is '0888'"),
    ROW(LISTENER("address: \"unix:/x\", mode: 1777"), "3:66: error: mode is '1777'"),
    ROW(LISTENER("address: \"127.0.0.1:80\", mode: 0660"), "3:65: error: permissions are only for a Unix"),
    ROW(LISTENER("address: \"127.0.0.1:80\", permissions: 0660"),
        "3:65: error: permissions are only for a Unix"),
    ROW(LISTENER("address: \"unix:/x\", mode: 0660, permissions: 0600"),
        "3:60: error: permissions are given twice"),
    ROW(LISTENER("address: \"unix:/x\", presigned_urls: true"),
        "3:76: error: presigned_urls is 'true'; it must be deny or"),
    ROW(LISTENER("address: \"unix:/x\", unknown_conditions: allow"),
        "3:80: error: unknown_conditions is 'allow'; it must be deny"),
    ROW(ACCOUNT ENDPOINTS "listeners: [{ name: a, address: \"unix:/x\", policy: [] }]\n",
        "3:52: error: policy has 0 items; it must have from 1 to 16"),
    ROW(LISTENER("address: \"127.0.0.1:80\" }, { name: a, policy: p.json, address: \"127.0.0.1:81\""),
        "3:69: error: an earlier listener is named 'a' too"),
    ROW(LISTENER("address: \"127.0.0.1:80\" }, { name: b, policy: p.json, address: \"localhost:80\""),
        "3:94: error: an earlier listener has the address localhost:80 too"),
    ROW(LISTENER("address: \"unix:/x\" }, { name: b, policy: p.json, address: \"unix:/x\""),
        "3:89: error: an earlier listener has the address unix:/x too"),
    ROW(LISTENER("address: \"unix:/x\", hosts: [a, \"b:80\"]"),
        "3:71: error: hosts is 'b:80'; it must be a DNS name"),
    ROW(LISTENER("address: \"unix:/x\", hosts: []"), "3:67: error: hosts has 0 items"),
    ROW(LISTENER("address: \"unix:/x\", hosts: { a: b }"), "3:67: error: hosts is a mapping"),
    ROW(LISTENER("address: \"unix:/x\", hosts: [[a]]"), "3:68: error: hosts is a list"),
    ROW(LISTENER("address: \"unix:/x\", allow_uids: [no such user]"),
        "3:73: error: allow_uids is 'no such user'"),
    ROW(LISTENER("address: \"unix:/x\", allow_uids: [4294967295]"),
        "3:73: error: allow_uids is '4294967295'"),
    ROW(LISTENER("address: \"unix:/x\", allow_gids: [no such group]"),
        "3:73: error: allow_gids is 'no such group'"),
    ROW(LISTENER("address: \"unix:/x\", allow_executables: [python3]"),
        "3:80: error: allow_executables is 'python3'"),
    ROW(LISTENER("address: \"unix:/x\", skip_checks: [host, cookies]"),
        "3:80: error: skip_checks is 'cookies'"),
    ROW(ACCOUNT ENDPOINTS "listeners: [{ name: a, address: \"127.0.0.1:80\", policy: none.json }]\n",
        "3:49: error: policy "),
};

static void test_rows(void **state)
{
    struct folder *folder = *state;
    size_t wrong = 0;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config = folder_load(folder, rows[i].text);
        char expected[256];

        snprintf(expected, sizeof(expected), "c.yaml:%s", rows[i].expected);
        if (config || folder->problems != 1 ||
            strncmp(folder_found(folder), expected, strlen(expected)) != 0) {
            print_error("%.*s: expected %s, found %zu:\n%s", SLICE_FMT(rows[i].text), expected,
                        folder->problems, folder_found(folder));
            wrong++;
        }
        config_free(config);
    }
    assert_int_equal(wrong, 0);
}

static void test_all_at_once(void **state)
{
    struct folder *folder = *state;

    write_file(folder->policy, SLICE("no JSON\n"));
    assert_null(folder_load(folder, SLICE("regin: us-west-2\n"
                                          "account_id: 1\n"
                                          "listeners:\n"
                                          "  - { name: a, address: \"localhost:80\", policy: p.json }\n"
                                          "  - { nam: b, address: \"localhost:81\", policy: p.json }\n"
                                          "  - { name: c, address: \"localhost:82\", policy: none.json }\n"
                                          "workers: 0\n")));
    static const char *const expected[] = {
        "c.yaml:1:1: error: unknown key 'regin'",
        "c.yaml:2:13: error: account_id",
        "c.yaml:5:7: error: unknown key 'nam'",
        "c.yaml:5:5: error: name is missing",
        "c.yaml:7:10: error: workers",
        "c.yaml:1:1: error: endpoints is missing",
        "c.yaml:6:41: error: policy ",
    };
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_non_null(strstr(folder_found(folder), expected[i]));
    /* The policy that two listeners name is told of once. */
    const char *first = strstr(folder_found(folder), "\np.json:");
    assert_non_null(first);
    assert_null(strstr(first + 1, "\np.json:"));
}

/* What the region makes of the endpoints is told of each. */
static void test_all_endpoints_of_another_region(void **state)
{
    struct folder *folder = *state;

    assert_null(folder_load(
        folder, SLICE("region: us-west-2\n" ACCOUNT LISTENERS "endpoints:\n"
                      "  runtime:\n"
                      "    vpc_endpoint: vpce-0a-b.runtime.sagemaker.us-east-1.vpce.amazonaws.com\n"
                      "  api: { private_dns: true }\n"
                      "  edge: { vpc_endpoint: vpce-0a-c.api.sagemaker.us-west-2.vpce.amazonaws.com }\n")));
    assert_int_equal(folder->problems, 2);
    assert_non_null(
        strstr(folder_found(folder), "c.yaml:6:5: error: endpoints.runtime: vpc_endpoint vpce-0a-b"));
    assert_non_null(
        strstr(folder_found(folder), "c.yaml:8:11: error: endpoints.edge: vpc_endpoint vpce-0a-c"));
}

static void test_ca_file(void **state)
{
    static const struct {
        struct slice text;
        const char *expected;
    } files[] = {
        {SLICE_INIT(""), "is no file of certificates in PEM: no certificate or crl found"},
        {SLICE_INIT("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"),
         "is no file of certificates in PEM: bad base64 decode"},
        {SLICE_INIT(CERTIFICATE), NULL},
        {SLICE_INIT(CERTIFICATE CERTIFICATE), NULL},
    };
    struct folder *folder = *state;
    char path[96], expected[300];
    struct config *config;

    snprintf(path, sizeof(path), "%s/ca.pem", folder->path);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        write_file(path, files[i].text);
        config = folder_load(folder, SLICE(GOOD "tls: { ca_file: ca.pem }\n"));
        unlink(path);
        assert_int_equal(config != NULL, files[i].expected == NULL);
        if (files[i].expected) {
            snprintf(expected, sizeof(expected), "c.yaml:4:8: error: ca_file %s %s\n", path,
                     files[i].expected);
            assert_string_equal(folder_found(folder), expected);
        }
        config_free(config);
    }
    assert_null(folder_load(folder, SLICE(GOOD "tls: { ca_file: ca.pem }\nlog: { level: x }\n")));
    snprintf(expected, sizeof(expected), "c.yaml:4:8: error: ca_file %s cannot be opened: No such file",
             path);
    assert_non_null(strstr(folder_found(folder), expected));
    assert_non_null(strstr(folder_found(folder), "c.yaml:5:15: error: level is 'x'"));
}

static void test_many_problems_are_cut(void **state)
{
    struct buffer text = {0};

    for (int i = 0; i < 5000; i++)
        buffer_printf(&text, "unknown%d: 1\n", i);
    assert_null(folder_load(*state, buffer_slice(&text)));
    assert_int_equal(((struct folder *)*state)->problems, PROBLEMS_MAX + 1);
    assert_non_null(strstr(folder_found(*state), "more than 100 problems"));
    buffer_free(&text);
}

/* Aliases make a graph of the document: a cycle in it, and one node used in many places. */
static void test_aliases(void **state)
{
    static const struct slice bad[] = {
        SLICE_INIT("&a\ntls: *a\nlog: *a\nlisteners: [*a]\n"),
        SLICE_INIT("&a [*a]\n"),
        SLICE_INIT("listeners: &a [*a, *a]\n"),
        SLICE_INIT("? &a [*a]\n: *a\n"),
    };
    struct config *config;

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_null(folder_load(*state, bad[i]));
    config = folder_load(*state, SLICE(ACCOUNT "endpoints: { api: &x { private_dns: true }, runtime: *x }\n"
                                               "listeners:\n"
                                               "  - { name: a, address: \"unix:/a\", policy: &p p.json }\n"
                                               "  - { name: b, address: \"unix:/b\", policy: *p }\n"));
    assert_non_null(config);
    assert_string_equal(config->listeners[0].policy_files.at[0], config->listeners[1].policy_files.at[0]);
    config_free(config);
}

/* As much of it as a file can hold, which would take libyaml hours. */
static void test_deep_nesting(void **state)
{
    static const struct slice openings[] = {SLICE_INIT("["), SLICE_INIT("{"), SLICE_INIT("{a: ["),
                                            SLICE_INIT("- "), SLICE_INIT("? ")};
    struct config *config;

    for (size_t i = 0; i < COUNT_OF(openings); i++) {
        struct buffer text = {0};

        while (text.len + openings[i].len < FILE_MAX_SIZE)
            buffer_append(&text, openings[i]);
        assert_null(folder_load(*state, buffer_slice(&text)));
        buffer_free(&text);
    }
    config = folder_load(*state, SLICE("# an opening [ or { in a comment\n" GOOD));
    assert_non_null(config);
    config_free(config);
}

static void test_unreadable(void **state)
{
    struct folder *folder = *state;
    struct buffer text = {0};

    assert_null(config_load("/nonexistent/c.yaml", note_problem, folder));
    assert_string_equal(folder_found(folder),
                        "c.yaml:0:0: error: cannot be opened: No such file or directory\n");
    buffer_reset(&folder->found);
    assert_null(config_load("/", note_problem, folder));
    assert_non_null(strstr(folder_found(folder), ":0:0: error: cannot be read: Is a directory"));

    buffer_append(&text, SLICE(GOOD "#"));
    while (text.len < FILE_MAX_SIZE)
        buffer_append_char(&text, '#');
    config_free(folder_load(folder, buffer_slice(&text)));
    assert_int_equal(folder->problems, 0);
    buffer_append_char(&text, '#');
    assert_null(folder_load(folder, buffer_slice(&text)));
    assert_string_equal(folder_found(folder), "c.yaml:0:0: error: is longer than 1048576 bytes\n");
    buffer_free(&text);
}

static void test_region_of_the_environment(void **state)
{
    setenv("AWS_REGION", "us-west-2b", 1);
    assert_null(folder_load(*state, SLICE(GOOD)));
    assert_string_equal(folder_found(*state),
                        "environment:0:0: error: AWS_REGION: 'us-west-2b' is not the name of a "
                        "region, such as us-west-2\n");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_rows),
        IN_FOLDER(test_all_at_once),
        IN_FOLDER(test_all_endpoints_of_another_region),
        IN_FOLDER(test_ca_file),
        IN_FOLDER(test_many_problems_are_cut),
        IN_FOLDER(test_aliases),
        IN_FOLDER(test_deep_nesting),
        IN_FOLDER(test_unreadable),
        IN_FOLDER(test_region_of_the_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
