"""The policies of etc/policies: what each allows and denies, asked of `sagegate explain`."""
import json
import subprocess

import pytest
from gate import ROOT, SAGEGATE

POLICIES = ROOT / "etc" / "policies"
OURS = "arn:aws:sagemaker:us-west-2:123456789012:"
VPC = {"Subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"], "SecurityGroupIds": ["sg-0123456789abcdef0"]}
ISOLATED = {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True}
GOOD = {"TrainingJobName": "j", "VpcConfig": VPC, **ISOLATED}


def api(operation, body):
    return (f"POST / HTTP/1.1\nHost: localhost\nX-Amz-Target: SageMaker.{operation}\n"
            f"Content-Type: application/x-amz-json-1.1\n\n{json.dumps(body)}")


def train(**changes):
    return api("CreateTrainingJob", {name: value for name, value in {**GOOD, **changes}.items() if value is not None})


def tune(*definitions):
    return api("CreateHyperParameterTuningJob",
               {"HyperParameterTuningJobName": "t", "TrainingJobDefinitions": list(definitions)})


def rest(method, path, body="", headers=""):
    return f"{method} {path} HTTP/1.1\nHost: localhost\n{headers}\n{body}"


def invoke(name, way="invocations", headers=""):
    return rest("POST", f"/endpoints/{name}/{way}", "{}", headers)


def explain(folder, request, policies, **listener):
    endpoints = {name: {"private_dns": True} for name in ("api", "runtime", "featurestore-runtime", "geospatial")}
    (folder / "c.yaml").write_text(json.dumps({
        "region": "us-west-2", "account_id": "123456789012", "endpoints": endpoints,
        "listeners": [{"name": "main", "address": "127.0.0.1:0", "policy": policies, **listener}]}))
    answer = subprocess.run([SAGEGATE, "explain", "--json", "-c", str(folder / "c.yaml")], input=request, text=True,
                            capture_output=True, timeout=60, env={})
    assert answer.stderr == ""
    return json.loads(answer.stdout)


NAMES = {"EndpointName": "e", "EndpointConfigName": "c"}
COMPONENT = "X-Amzn-SageMaker-Inference-Component: i\n"
BATCH = json.dumps({"Identifiers": [{"FeatureGroupName": "a"}, {"FeatureGroupName": "b"}]})
OTHER_BATCH = BATCH.replace('"b"', '"arn:aws:sagemaker:us-west-2:999999999999:feature-group/b"')


@pytest.mark.parametrize("policy, request_text, statement", [
    ("invoke-one-endpoint", invoke("myEndpoint"), 0),
    ("invoke-one-endpoint", invoke("myEndpoint2"), None),
    ("invoke-one-endpoint", invoke("myEndpoint", "async-invocations", "X-Amzn-SageMaker-InputLocation: s3://b/k\n"), None),
    ("invoke-one-endpoint", invoke("myEndpoint", headers=COMPONENT), None),
    ("invoke-one-endpoint", api("CreateEndpoint", NAMES), None),

    ("inference-only", invoke("any"), "InvokeEndpoints"),
    ("inference-only", invoke("any", headers=COMPONENT), "InvokeEndpoints"),
    ("inference-only", invoke("any", "invocations-response-stream"), "InvokeEndpoints"),
    ("inference-only", invoke("any", "async-invocations", "X-Amzn-SageMaker-InputLocation: s3://b/k\n"),
     "InvokeEndpoints"),
    ("inference-only", api("ListEndpoints", {}), None),
    ("inference-only", api("DeleteEndpoint", {"EndpointName": "e"}), None),
    ("inference-only", rest("GET", "/FeatureGroup/g?RecordIdentifierValueAsString=7"), None),

    ("training-in-vpc", train(), "TrainIsolatedAndEncryptedInOurSubnets"),
    ("training-in-vpc", train(VpcConfig=None), None),
    ("training-in-vpc", train(VpcConfig={"Subnets": [], "SecurityGroupIds": []}), None),
    ("training-in-vpc", train(VpcConfig={**VPC, "Subnets": VPC["Subnets"] + ["subnet-00000000000000000"]}), None),
    ("training-in-vpc", train(VpcConfig={**VPC, "SecurityGroupIds": ["sg-00000000000000000"]}), None),
    ("training-in-vpc", train(VpcConfig={"Subnets": VPC["Subnets"]}), None),
    ("training-in-vpc", train(EnableNetworkIsolation=False), None),
    ("training-in-vpc", train(EnableNetworkIsolation=None), None),
    ("training-in-vpc", train(EnableInterContainerTrafficEncryption=False), None),
    ("training-in-vpc", train(EnableInterContainerTrafficEncryption=None), None),
    ("training-in-vpc", tune(GOOD, GOOD), "TrainIsolatedAndEncryptedInOurSubnets"),
    ("training-in-vpc", tune(GOOD, {**GOOD, "VpcConfig": None}), None),
    ("training-in-vpc", tune(GOOD, {**GOOD, "EnableNetworkIsolation": False}), None),
    ("training-in-vpc", api("CreateHyperParameterTuningJob", {
        "HyperParameterTuningJobName": "t", "TrainingJobDefinition": GOOD, "TrainingJobDefinitions": [{}]}), None),
    ("training-in-vpc", api("StopTrainingJob", {"TrainingJobName": "j"}), "SeeAndStop"),
    ("training-in-vpc", api("ListTrainingJobs", {}), "List"),
    ("training-in-vpc", api("CreateProcessingJob", {"ProcessingJobName": "j"}), None),
    ("training-in-vpc", invoke("any"), None),

    ("feature-store-read-only", rest("GET", "/FeatureGroup/g?RecordIdentifierValueAsString=7"), "ReadRecords"),
    ("feature-store-read-only", rest("POST", "/BatchGetRecord", BATCH), "ReadRecords"),
    ("feature-store-read-only", rest("POST", "/BatchGetRecord", OTHER_BATCH), None),
    ("feature-store-read-only", rest("PUT", "/FeatureGroup/g", '{"Record":[]}'), None),
    ("feature-store-read-only", rest("DELETE", "/FeatureGroup/g?RecordIdentifierValueAsString=7&EventTime=1"), None),
    ("feature-store-read-only", rest("POST", "/BatchWriteRecord", '{"Entries":[{"FeatureGroupName":"a"}]}'), None),
])
def test_allows(tmp_path, policy, request_text, statement):
    answer = explain(tmp_path, request_text, str(POLICIES / f"{policy}.json"))
    assert answer["decision"] == ("allowed" if statement is not None else "implicit_deny"), answer
    assert answer["statement"] == statement
    assert answer["forwarded"] == (statement is not None)


@pytest.mark.parametrize("operation, body", [
    ("CreatePresignedNotebookInstanceUrl", {"NotebookInstanceName": "n"}),
    ("CreatePresignedDomainUrl", {"DomainId": "d-1", "UserProfileName": "u"}),
    ("CreatePresignedMlflowTrackingServerUrl", {"TrackingServerName": "m"}),
    ("CreatePresignedMlflowAppUrl", {"Arn": OURS + "mlflow-app/app-1"}),
    ("CreatePartnerAppPresignedUrl", {"Arn": OURS + "partner-app/app-1"}),
    ("StartSession", {"ResourceIdentifier": OURS + "space/d-1/s"}),
    ("CreateHubContentPresignedUrls", {"HubName": "h", "HubContentType": "Model", "HubContentName": "c"}),
])
def test_no_presigned_urls(tmp_path, operation, body):
    answer = explain(tmp_path, api(operation, body), str(POLICIES / "no-presigned-urls.json"), presigned_urls="allow")
    assert (answer["decision"], answer["statement"]) == ("explicit_deny", "NoUrlsForTheInternet")


def test_beside_another(tmp_path):
    both = [str(POLICIES / f"{name}.json") for name in ("inference-only", "no-presigned-urls")]
    assert explain(tmp_path, invoke("any"), both)["decision"] == "allowed"
    answer = explain(tmp_path, api("ListEndpoints", {}), both)
    assert (answer["decision"], answer["policy"]) == ("implicit_deny", both[0])


def test_each_has_a_row_in_the_readme_and_is_installed():
    readme, makefile = (POLICIES / "README.md").read_text(), (ROOT / "Makefile.am").read_text()
    for path in POLICIES.glob("*.json"):
        assert f"`{path.name}`" in readme and f"etc/policies/{path.name}" in makefile
