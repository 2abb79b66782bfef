"""Real clients, unmodified, with credentials of their own that are worth nothing: the stand-in judges what arrives."""
import json
import os
import subprocess
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions
import pytest
from gate import ALLOW_ALL, ENDPOINT, SEED

NOBODY = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-west-2",
          "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}
IDENTITY = [{"FeatureName": "id", "ValueAsString": "7"}]


def good(endpoint, count):
    assert len(endpoint.requests) == count
    assert [request.fault for request in endpoint.requests] == [None] * count


def aws(gate, *arguments):
    return subprocess.run(["/usr/bin/aws", *arguments, "--endpoint-url", gate.url], env=NOBODY, text=True,
                          capture_output=True, timeout=60)


def client(gate, service):
    return boto3.client(service, endpoint_url=gate.url, region_name="us-west-2", aws_access_key_id="none",
                        aws_secret_access_key="none",
                        config=botocore.config.Config(retries={"max_attempts": 0}, proxies={}))


def test_curl(gate, endpoint):
    answer = subprocess.run(["curl", "-sS", "-d", '{"instances": [1]}', gate.url + "/endpoints/myEndpoint/invocations"],
                            text=True, capture_output=True, timeout=60, check=True)
    assert json.loads(answer.stdout)["predictions"]
    good(endpoint, 1)


@pytest.mark.parametrize("signing", [[], ["--no-sign-request"]], ids=["signed", "unsigned"])
def test_awscli(gate, endpoint, tmp_path, signing):
    out = tmp_path / "out"
    answer = aws(gate, "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", "myEndpoint", "--body", "eyJhIjoxfQ==",
                 "--content-type", "application/json", str(out), *signing)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(out.read_text())["endpoint"] == "myEndpoint"
    assert endpoint.requests[0].body == b'{"a":1}'
    good(endpoint, 1)


@pytest.mark.parametrize("command, told", [
    ("sagemaker-runtime invoke-endpoint-async --endpoint-name myEndpoint --input-location s3://bucket/in", "s3://bucket/myEndpoint/"),
    ("sagemaker-featurestore-runtime put-record --feature-group-name group --record FeatureName=id,ValueAsString=7", ""),
    ("sagemaker-featurestore-runtime get-record --feature-group-name group --record-identifier-value-as-string 7", '"Record": []'),
    ("sagemaker-featurestore-runtime batch-get-record --identifiers FeatureGroupName=group,RecordIdentifiersValueAsString=7",
     '"UnprocessedIdentifiers": []'),
    ("sagemaker list-notebook-instances", '"NotebookInstances": []'),
    ("sagemaker list-training-jobs", '"TrainingJobSummaries": []'),
    ("sagemaker create-endpoint --endpoint-name e --endpoint-config-name c", f'"EndpointArn": "{ENDPOINT}e"'),
], ids=lambda value: "-".join(value.split()[1:2]))
def test_each_operation_by_awscli(gate, endpoint, command, told):
    answer = aws(gate, *command.split())
    assert (answer.returncode, answer.stderr) == (0, "")
    assert told in answer.stdout
    good(endpoint, 1)


def test_awscli_sees_a_denial(start_gate, endpoint, tmp_path):
    gate = start_gate(policy=SEED)
    other = aws(gate, "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", "other", "--body", "e30=",
                str(tmp_path / "out"))
    create = aws(gate, "sagemaker", "create-endpoint", "--endpoint-name", "e", "--endpoint-config-name", "c")
    for answer in (other, create):
        assert answer.returncode != 0
        assert "(AccessDeniedException)" in answer.stderr
    assert ENDPOINT + "other" in other.stderr
    assert "sagemaker:CreateEndpoint" in create.stderr
    good(endpoint, 0)


def test_boto3(gate, endpoint):
    runtime, api = client(gate, "sagemaker-runtime"), client(gate, "sagemaker")
    store = client(gate, "sagemaker-featurestore-runtime")
    answer = runtime.invoke_endpoint(EndpointName="myEndpoint", Body=b"{}", ContentType="application/json",
                                     CustomAttributes="trace=1", TargetModel="m.tar.gz")
    assert json.loads(answer["Body"].read())["predictions"]
    answer = runtime.invoke_endpoint_async(EndpointName="myEndpoint", InputLocation="s3://bucket/in put")
    assert answer["OutputLocation"].startswith("s3://bucket/myEndpoint/")
    store.put_record(FeatureGroupName="group", Record=IDENTITY)
    found = store.get_record(FeatureGroupName="group", RecordIdentifierValueAsString="7",
                             FeatureNames=["id", "a b"])
    assert found["Record"] == IDENTITY
    batch = store.batch_get_record(Identifiers=[{"FeatureGroupName": "group",
                                                 "RecordIdentifiersValueAsString": ["7", "8"]}])
    assert [record["RecordIdentifierValueAsString"] for record in batch["Records"]] == ["7"]
    store.delete_record(FeatureGroupName="group", RecordIdentifierValueAsString="7", EventTime="2026-01-01T00:00:00Z")
    assert api.list_notebook_instances()["NotebookInstances"] == []
    assert api.list_training_jobs()["TrainingJobSummaries"] == []
    created = api.create_endpoint(EndpointName="e", EndpointConfigName="c")
    assert created["EndpointArn"] == ENDPOINT + "e"
    good(endpoint, 9)
    assert endpoint.requests[0].header("x-amzn-sagemaker-target-model") == "m.tar.gz"


def test_boto3_sees_a_denial(start_gate, endpoint):
    gate = start_gate(policy=SEED)
    with pytest.raises(botocore.exceptions.ClientError) as denied:
        client(gate, "sagemaker").create_endpoint(EndpointName="e", EndpointConfigName="c")
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(botocore.exceptions.ClientError) as denied:
        client(gate, "sagemaker-featurestore-runtime").put_record(FeatureGroupName="group", Record=IDENTITY)
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "feature-group/group" in denied.value.response["Error"]["Message"]
    good(endpoint, 0)


FORBIDS_ONE = {"Statement": [*ALLOW_ALL["Statement"], {
    "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": ENDPOINT + "forbidden"}]}


def javascript(gate):
    """Runs the script of the JavaScript SDK, for which the policy is FORBIDS_ONE."""
    modules = os.environ.get("TEST_SDK_JS")
    if not modules:
        pytest.skip("TEST_SDK_JS is not set to the folder where the JavaScript SDK is installed (./check does)")
    script = Path(__file__).parents[1] / "sdk-js" / "clients.mjs"
    target = Path(modules) / "clients.mjs"
    if not target.exists() or target.read_bytes() != script.read_bytes():
        raise AssertionError(f"{target} is not the script of this tree: run ./check")
    answer = subprocess.run(["node", str(target)], env={**NOBODY, "AWS_ENDPOINT_URL": gate.url,
                            "AWS_REGION": "us-west-2", "PATH": os.environ["PATH"]}, text=True,
                            capture_output=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    seen = json.loads(answer.stdout)
    assert seen["invoke"]["endpoint"] == "myEndpoint"
    assert seen["async"].startswith("s3://")
    assert seen["stream"] == ["one ", "two ", "three"]
    assert seen["record"] == "7" and seen["batch"] == 1
    assert seen["notebooks"] == 0 and seen["jobs"] == 0 and seen["created"] == ENDPOINT + "e"
    assert seen["denied"] == "AccessDeniedException"


def test_javascript(start_gate, endpoint):
    javascript(start_gate(policy=FORBIDS_ONE))
    good(endpoint, 9)
