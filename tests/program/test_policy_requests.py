"""What policies ask of a request, with boto3 as the client: tags, networks, several policies, audit, presigned URLs."""
import json
import re

import boto3
import botocore.config
import botocore.exceptions
import pytest
from gate import ALLOW_ALL

OURS = "arn:aws:sagemaker:us-west-2:123456789012:"


def client(gate, service="sagemaker"):
    return boto3.client(service, endpoint_url=gate.url, region_name="us-west-2", aws_access_key_id="none",
                        aws_secret_access_key="none",
                        config=botocore.config.Config(retries={"max_attempts": 0}, proxies={}))


def statement(effect="Allow", action="sagemaker:*", condition=None, **more):
    conditions = {"Condition": condition} if condition else {}
    return {"Effect": effect, "Principal": "*", "Action": action, "Resource": "*", **conditions, **more}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def denial(call, **arguments):
    """The message of the AccessDeniedException that the call ends in."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException", caught.value
    return caught.value.response["Error"]["Message"]


def line_of(gate, text):
    """The last log line of a request that has `text` in it."""
    gate.await_log(text)
    return [line for line in gate.log.splitlines() if " request " in line and text in line][-1]


MODEL = {"ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r"}
RED, BLUE = ([{"Key": "team", "Value": value}] for value in ("red", "blue"))


def test_tags(start_gate, endpoint):
    gate = start_gate(policy=policy(statement(condition={
        "StringEquals": {"aws:RequestTag/team": "red"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "env"]}})))
    api = client(gate)
    api.create_model(**MODEL, Tags=RED)
    api.create_model(**MODEL, Tags=RED + [{"Key": "env", "Value": "prod"}])
    for tags in (BLUE, [], RED + [{"Key": "other", "Value": "x"}], RED + [{"Key": "TEAM", "Value": "blue"}]):
        assert "CreateModel" in denial(api.create_model, **MODEL, Tags=tags)
    assert "ListModels" in denial(api.list_models)
    assert [request.fault for request in endpoint.requests] == [None, None]


def test_networks(start_gate, endpoint):
    gate = start_gate(policy=policy(statement(), statement("Deny", "sagemaker:CreateModel", {
        "ForAnyValue:StringNotEquals": {"sagemaker:VpcSubnets": ["subnet-a"]}}, Sid="OurSubnets"),
        statement("Deny", "sagemaker:CreateModel", {"Null": {"sagemaker:VpcSubnets": "true"}}, Sid="SomeSubnet")))
    api = client(gate)
    groups = {"SecurityGroupIds": ["sg-a"]}
    api.create_model(**MODEL, VpcConfig={"Subnets": ["subnet-a"], **groups})
    for subnets in (["subnet-b"], ["subnet-a", "subnet-b"]):
        message = denial(api.create_model, **MODEL, VpcConfig={"Subnets": subnets, **groups})
        assert "OurSubnets" in message
    assert "SomeSubnet" in denial(api.create_model, **MODEL)
    assert len(endpoint.requests) == 1
    assert "statement=OurSubnets" in line_of(gate, "decision=explicit_deny statement=OurSubnets")


def test_a_header_is_a_key(start_gate, endpoint):
    gate = start_gate(policy=policy(statement(condition={"StringEquals": {"sagemaker:TargetModel": "good.tar.gz"}})))
    runtime = client(gate, "sagemaker-runtime")
    runtime.invoke_endpoint(EndpointName="e", Body=b"\x00 no JSON", TargetModel="good.tar.gz")
    denial(runtime.invoke_endpoint, EndpointName="e", Body=b"{}", TargetModel="bad.tar.gz")
    denial(runtime.invoke_endpoint, EndpointName="e", Body=b"{}")
    assert len(endpoint.requests) == 1


def targeting(operation):
    return [("X-Amz-Target", f"SageMaker.{operation}"), ("Content-Type", "application/x-amz-json-1.1")]


def test_no_body_is_awaited_without_need(start_gate):
    """A policy that asks for keys of bodies decides by the head where the operation's body has none."""
    gate = start_gate(policy=policy(statement(condition={"StringEquals": {"sagemaker:VpcSubnets": "subnet-a"}})),
                      limits={"max_body": "200MiB"})
    with gate.connect() as wire:
        wire.send(b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n"
                  b"Expect: 100-continue\r\n\r\n")
        status, _, body = wire.read_answer()
    assert (status, "no statement" in json.loads(body)["message"]) == (403, True)


def test_a_body_that_could_be_read_in_two_ways(start_gate, endpoint):
    """Only where the policy asks for what it says."""
    body = b'{"EnableNetworkIsolation":true,"enableNetworkIsolation":false}'
    create = targeting("CreateModel")
    gate = start_gate(policy=policy(statement(condition={"Bool": {"sagemaker:NetworkIsolation": "true"}})))
    status, _, answer = gate.ask("POST", "/", b'{"ModelName":"m",' + body[1:], create)
    assert (status, "enableNetworkIsolation" in json.loads(answer)["message"]) == (400, True)
    status, _, answer = gate.ask("POST", "/", b'{"ModelName":"m","Tags":[],"Tags":[]}', create)
    assert (status, "twice" in json.loads(answer)["message"]) == (400, True)
    assert gate.ask("POST", "/", b"{}", targeting("ListModels"))[0] == 403
    assert endpoint.requests == []


def test_several_policies(start_gate, endpoint, tmp_path):
    first = tmp_path / "first.json"
    first.write_text(json.dumps(policy(statement(action="sagemaker:Invoke*"), statement(action="sagemaker:List*"))))
    second = tmp_path / "second.json"
    second.write_text(json.dumps(policy(statement(), statement("Deny", "sagemaker:ListModels", Sid="NoModels"))))
    gate = start_gate(listener={"policy": [str(first), str(second)]})
    api = client(gate)
    api.list_endpoints()
    assert f"{second}:" in denial(api.list_models)
    assert str(first) in denial(api.create_model, **MODEL)
    assert len(endpoint.requests) == 1
    assert re.search(f"policy={second} statement=NoModels", line_of(gate, "sagemaker:ListModels"))
    assert f"policy={first} status=403" in line_of(gate, "sagemaker:CreateModel")


def test_audit(start_gate, endpoint):
    gate = start_gate(policy=policy(statement(action="sagemaker:InvokeEndpoint")), listener={"mode": "audit"})
    api = client(gate)
    api.list_endpoints()
    assert len(endpoint.requests) == 1
    line = line_of(gate, "sagemaker:ListEndpoints")
    assert "warn: " in line and "decision=implicit_deny" in line and "audit=would_deny" in line and "status=200" in line
    assert "no statement of sagegate's policy" in line
    client(gate, "sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=b"{}")
    assert "audit=" not in line_of(gate, "sagemaker:InvokeEndpoint")
    assert gate.ask("POST", "/nothing/known")[0] == 403
    assert gate.ask("POST", "/", b"{", targeting("DeleteModel"))[0] == 400
    assert len(endpoint.requests) == 2
    assert "mode: audit" in gate.log


def presign(gate):
    return client(gate).create_presigned_domain_url(DomainId="d-1", UserProfileName="u")


def test_presigned_urls(start_gate, endpoint):
    gate = start_gate(policy=ALLOW_ALL)
    message = denial(client(gate).create_presigned_domain_url, DomainId="d-1", UserProfileName="u")
    assert "presigned_urls: allow" in message and "internet" in message
    assert "decision=presigned_url_denied" in line_of(gate, "CreatePresignedDomainUrl")
    assert endpoint.requests == []
    gate = start_gate(policy=ALLOW_ALL, listener={"presigned_urls": "allow"})
    presign(gate)
    line = line_of(gate, "CreatePresignedDomainUrl")
    assert "presigned_url=yes" in line and "decision=allowed" in line
    client(gate).list_models()
    assert "presigned_url" not in line_of(gate, "ListModels")
    gate = start_gate(policy=policy(statement("Deny", "sagemaker:CreatePresigned*"), statement()),
                      listener={"presigned_urls": "allow"})
    assert "explicit deny" in denial(client(gate).create_presigned_domain_url, DomainId="d-1", UserProfileName="u")


UNKNOWN = policy(statement(condition={"StringEquals": {"aws:ResourceTag/team": "red"}}, Sid="ByTag"))


def test_unknown_conditions(start_gate, endpoint):
    gate = start_gate(policy=UNKNOWN)
    message = denial(client(gate).list_models)
    assert "aws:ResourceTag/team" in message and "unknown_conditions" in message
    gate = start_gate(policy=UNKNOWN, listener={"unknown_conditions": "defer"})
    client(gate).list_models()
    assert "statement=ByTag deferred=aws:ResourceTag/team" in line_of(gate, "ListModels")
    assert len(endpoint.requests) == 1


def test_the_host_is_known(start_gate, endpoint):
    gate = start_gate(
        policy=policy(statement(condition={
            "StringEquals": {"aws:RequestedRegion": "us-west-2", "aws:SourceVpce": "vpce-0a", "aws:SourceVpc": "vpc-0b",
                             "aws:PrincipalArn": "arn:aws:iam::123456789012:role/path/r"},
            "Bool": {"aws:SecureTransport": "true"}, "IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"},
            "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
            "StringLike": {"aws:UserAgent": "Boto3/*"}})),
        context={"source_vpce": "vpce-0a", "source_vpc": "vpc-0b", "vpc_source_ip": "10.0.1.23"},
        credentials={"principal_arn": "arn:aws:iam::123456789012:role/path/r"})
    client(gate).list_models()
    assert gate.ask("POST", "/", b"{}", targeting("ListModels"))[0] == 403
    assert len(endpoint.requests) == 1


def test_who_signs_is_awaited(start_gate, endpoint):
    """While there are no credentials, a policy that asks whose they are does not deny: it is not decided."""
    gate = start_gate(
        policy=policy(statement(condition={"StringEquals": {"aws:PrincipalAccount": "123456789012"}}),
                      statement("Deny", "sagemaker:ListModels")),
        environment={"AWS_EC2_METADATA_DISABLED": "true"}, credentials={"wait": "1ms"})
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client(gate).list_endpoints()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert "explicit deny" in denial(client(gate).list_models)
    assert endpoint.requests == []


@pytest.mark.parametrize("header", [
    ("Content-Type", "application/json; charset=utf-7"), ("Content-Type", "text/plain; charset=utf-16"),
    ("Content-Type", "application/cbor"), ("Content-Encoding", "gzip"), ("Content-Encoding", "identity, gzip"),
], ids=lambda header: header[1])
def test_a_body_that_decides_is_announced_as_what_is_read(start_gate, endpoint, header):
    """The service must not read another thing in it than the policy was asked about."""
    gate = start_gate()
    body = json.dumps({"Identifiers": [{"FeatureGroupName": "g", "RecordIdentifiersValueAsString": ["1"]}]}).encode()
    status, _, answer = gate.ask("POST", "/BatchGetRecord", body, [header])
    doubled = gate.ask("POST", "/BatchGetRecord", body, [("Content-Encoding", "identity"), header])
    assert doubled[0] == 400
    assert status == 400 and f"{header[0]} says {header[1]}" in json.loads(answer)["message"]
    assert not endpoint.requests
    for harmless in ([], [("Content-Type", "application/json; charset=UTF-8"), ("Content-Encoding", "identity")]):
        assert gate.ask("POST", "/BatchGetRecord", body, harmless)[0] == 200
