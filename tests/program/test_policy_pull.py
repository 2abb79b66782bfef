"""sagegate policy pull: the VPC endpoints' own policies, asked of a double of EC2 that real clients agree with."""
import json
import os
import shutil
import subprocess

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import KEYS
from ec2 import FULL_ACCESS, Ec2
from gate import SAGEGATE, SEED
from standin import ACCESS_KEY, SECRET

RUNTIME, API = "vpce-0123456789abcdef0", "vpce-0fedcba9876543210"
TRICKY = {"Version": "2012-10-17", "Statement": [{"Sid": "Quotes", "Effect": "Allow", "Principal": "*",
          "Action": "sagemaker:InvokeEndpoint", "Resource": "*",
          "Condition": {"StringNotEquals": {"aws:PrincipalTag/a": "<b> & \"c\" 'd' ]]> \u00e9\u4e2d"}}}]}


@pytest.fixture
def ec2(authority):
    double = Ec2(authority)
    double.put(RUNTIME, SEED)
    double.put(API, TRICKY, service="api", zones=("us-west-2a",), private_dns=False)
    yield double
    double.close()


@pytest.fixture
def pull(tmp_path, ec2):
    """Runs the command: (standard output, standard error)."""
    def run(*arguments, expect=0, environment=KEYS, **settings):
        (tmp_path / "policy.json").write_text(json.dumps(SEED))
        config = {"region": "us-west-2", "account_id": "123456789012",
                  "endpoints": {"runtime": {"private_dns": True, "vpc_endpoint": RUNTIME},
                                "api": {"vpc_endpoint": f"{API}-abcdefgh"}, "ec2": {"url": ec2.url}},
                  "tls": {"ca_file": ec2.ca_file},
                  "listeners": [{"name": "a", "address": "127.0.0.1:1", "policy": "policy.json"}], **settings}
        (tmp_path / "c.yaml").write_text(json.dumps(config))
        answer = subprocess.run([SAGEGATE, "policy", "pull", "-c", str(tmp_path / "c.yaml"), *arguments], text=True,
                                env={"PATH": os.environ["PATH"], **environment}, capture_output=True, timeout=60)
        assert answer.returncode == expect, answer.stdout + answer.stderr
        assert SECRET not in answer.stdout + answer.stderr
        return answer.stdout, answer.stderr
    return run


def client(ec2, **settings):
    return boto3.client("ec2", region_name="us-west-2", endpoint_url=ec2.url, verify=ec2.ca_file,
                        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET,
                        config=Config(retries={"max_attempts": 2, "mode": "standard"}), **settings)


def test_the_double_is_true_by_boto3(ec2):
    chosen = [{"Name": "vpc-endpoint-id", "Values": [RUNTIME, API, "vpce-0none"]}]
    everything = client(ec2).describe_vpc_endpoints(Filters=chosen)["VpcEndpoints"]
    assert [(one["VpcEndpointId"], json.loads(one["PolicyDocument"])) for one in everything] == [(RUNTIME, SEED), (API, TRICKY)]
    assert everything[0]["SubnetIds"] == ["subnet-aaaaaaaa", "subnet-bbbbbbbb"]
    assert everything[0]["Groups"] == [{"GroupId": "sg-0a1b2c3d", "GroupName": "endpoints & more"}]
    assert everything[0]["State"] == "available" and everything[0]["PrivateDnsEnabled"] is True
    assert everything[1]["DnsEntries"][1]["DnsName"] == f"{API}-abcdefgh-us-west-2a.api.sagemaker.us-west-2.vpce.amazonaws.com"
    ec2.page = 1
    pages = list(client(ec2).get_paginator("describe_vpc_endpoints").paginate())
    assert [[one["VpcEndpointId"] for one in page["VpcEndpoints"]] for page in pages] == [[RUNTIME], [API]]


def test_the_double_fails_as_boto3_expects(ec2):
    with pytest.raises(ClientError, match="InvalidVpcEndpointId.NotFound"):
        client(ec2).describe_vpc_endpoints(VpcEndpointIds=["vpce-0none"])
    ec2.refusals = [(503, "RequestLimitExceeded", "Request limit exceeded.")]
    assert client(ec2).describe_vpc_endpoints()["ResponseMetadata"]["RetryAttempts"] == 1


def test_the_double_is_true_by_the_aws_cli(ec2):
    if not shutil.which("aws"):
        pytest.skip("awscli is not installed (./check installs it)")
    answer = subprocess.run(["aws", "ec2", "describe-vpc-endpoints", "--endpoint-url", ec2.url, "--ca-bundle", ec2.ca_file,
                             "--region", "us-west-2", "--vpc-endpoint-ids", API, "--output", "json"], check=True, text=True,
                            env={"PATH": os.environ["PATH"], **KEYS}, capture_output=True, timeout=60)
    assert json.loads(json.loads(answer.stdout)["VpcEndpoints"][0]["PolicyDocument"]) == TRICKY


def test_documents_and_facts(pull, ec2, tmp_path):
    out, told = pull()
    assert out == json.dumps(SEED) + "\n" + json.dumps(TRICKY) + "\n"
    assert f"runtime: {RUNTIME} of com.amazonaws.us-west-2.sagemaker.runtime in vpc-0a1b2c3d\n" in told
    assert "  state           available\n  subnets         subnet-aaaaaaaa, subnet-bbbbbbbb\n" in told
    assert "  zones           us-west-2a, us-west-2b\n  security groups sg-0a1b2c3d\n  private DNS     on\n" in told
    assert f"  DNS names       {RUNTIME}-abcdefgh.runtime.sagemaker.us-west-2.vpce.amazonaws.com, " in told
    assert "  private DNS     off\n" in told and "WARNING" not in told
    asked = ec2.requests[-1]
    assert asked.fault is None and asked.header("accept") == "application/xml"
    assert pull("-o", str(tmp_path)) != ("", "")
    assert (tmp_path / "api.json").read_text() == json.dumps(TRICKY)
    assert subprocess.run([SAGEGATE, "policy", "validate", str(tmp_path / "runtime.json")]).returncode == 0


def test_one_endpoint_to_a_file(pull, tmp_path):
    path = tmp_path / "one.json"
    path.write_text("before")
    out, told = pull("--vpc-endpoint", API, "-o", str(path))
    assert (out, path.read_text()) == ("", json.dumps(TRICKY))
    assert f"{API}: {API} of com.amazonaws.us-west-2.sagemaker.api" in told and f"  policy          {path}\n" in told
    assert path.stat().st_mode == (tmp_path / "c.yaml").stat().st_mode
    assert "is to be one file, but there are 2 endpoints" in pull("-o", str(path), expect=2)[1]
    assert "cannot be written: No such file" in pull("--vpc-endpoint", API, "-o", str(tmp_path / "no" / "x"), expect=2)[1]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["c.yaml", "one.json", "policy.json"]


def test_pages_and_throttling(pull, ec2):
    ec2.page = 1
    ec2.refusals = [(503, "RequestLimitExceeded", "Request limit exceeded."), (500, "InternalError", "An internal error")]
    assert pull()[0] == json.dumps(SEED) + "\n" + json.dumps(TRICKY) + "\n"
    assert [request.body.decode().partition("&NextToken=")[2] for request in ec2.requests] == ["", "", "", "from%201%3D"]


def test_large_documents(pull, ec2):
    # The largest that AWS takes, of characters that XML writes with six each.
    large = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint", "Resource": "*",
                            "Sid": "a" * 20000}, *SEED["Statement"]]}
    ec2.put(RUNTIME, large)
    ec2.endpoints[RUNTIME] = ec2.endpoints[RUNTIME].replace("aaaa", "&#x061;" * 4)
    assert json.loads(pull("--vpc-endpoint", RUNTIME)[0]) == large


@pytest.mark.parametrize("refusals, said", [
    ([(403, "UnauthorizedOperation", "You are not authorized to perform this operation.")],
     "refused DescribeVpcEndpoints: UnauthorizedOperation: You are not authorized to perform this operation."),
    ([(503, "RequestLimitExceeded", "Request limit exceeded.")] * 3,
     "refused DescribeVpcEndpoints: RequestLimitExceeded: Request limit exceeded."),
], ids=["unauthorized", "throttled"])
def test_errors_are_told_with_their_code(pull, ec2, refusals, said):
    ec2.refusals = list(refusals)
    out, told = pull(expect=2)
    assert out == "" and f"sagegate policy pull: EC2 ({ec2.host}) {said}\n" in told
    assert len(ec2.requests) == len(refusals)


def test_ec2_away(pull, ec2):
    ec2.close()
    told = pull(expect=2)[1]
    assert "cannot be asked: " in told and "a VPC without another way to EC2 needs an interface endpoint for it: endpoints.ec2" in told


def test_what_is_no_allowlist(pull, ec2):
    ec2.put(RUNTIME, FULL_ACCESS)
    ec2.put(API, {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                                 "Condition": {"DateMaybe": {"aws:CurrentTime": "x"}}}]})
    out, told = pull(expect=1)
    assert out.startswith(FULL_ACCESS)
    assert "runtime: WARNING: this is AWS's full-access policy" in told and "api: WARNING" not in told
    assert f"{API}:1:" in told and "api: its policy is not understood in full, and so no allowlist for sagegate" in told


def test_unknown_endpoint(pull, ec2):
    del ec2.endpoints[API]
    out, told = pull(expect=1)
    assert json.loads(out) == SEED
    assert f"api: EC2 knows no VPC endpoint {API} in this region and account\n" in told


def test_not_asked(pull):
    assert "--vpc-endpoint 'vpce-0a-b' is no id" in pull("--vpc-endpoint", "vpce-0a-b", expect=2)[1]
    assert "what is 'x'?" in pull("x", expect=2)[1]
    told = pull(expect=2, endpoints={"runtime": {"private_dns": True}})[1]
    assert "no endpoint of the configuration tells which VPC endpoint it is" in told
    told = pull(expect=2, environment={"AWS_EC2_METADATA_DISABLED": "true"})[1]
    assert "there are no credentials: environment: AWS_ACCESS_KEY_ID is not set" in told
