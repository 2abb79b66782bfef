"""What the policy allows is forwarded, nothing else is; and how a refusal reads."""
import json
import socket

import pytest
from gate import ALLOW_ALL, ENDPOINT, SEED, Wire, free_port

INVOKE = "/endpoints/myEndpoint/invocations"
JSON11 = ("Content-Type", "application/x-amz-json-1.1")
CREATE = [("X-Amz-Target", "SageMaker.CreateEndpoint"), JSON11]


def denied(answer):
    """The message of a refusal by policy, in the shape that SDKs parse."""
    status, headers, body = answer
    assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert len(headers["x-amzn-requestid"]) == 36
    told = json.loads(body)
    assert sorted(told) == ["__type", "message"] and told["__type"] == "AccessDeniedException"
    return told["message"]


def arrived(endpoint):
    assert [request.fault for request in endpoint.requests] == [None] * len(endpoint.requests)
    return [request.path for request in endpoint.requests]


# The seed policy, to the letter.


def test_the_seed_policy_allows_just_one_thing(start_gate, endpoint):
    gate = start_gate(policy=SEED)
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200
    with gate.connect_unix() as wire:
        assert wire.ask("POST", INVOKE, b"{}")[0] == 200
    assert arrived(endpoint) == [INVOKE] * 2


@pytest.mark.parametrize("method,target,headers,body,action,resource", [
    ("POST", "/endpoints/other/invocations", [], b"", "InvokeEndpoint", "endpoint/other"),
    ("POST", "/endpoints/myEndpoint2/invocations", [], b"", "InvokeEndpoint", "endpoint/myEndpoint2"),
    ("POST", "/endpoints/myEndpoin/invocations", [], b"", "InvokeEndpoint", "endpoint/myEndpoin"),
    ("POST", "/endpoints/myEndpoint/async-invocations", [("X-Amzn-SageMaker-InputLocation", "s3://b/k")], b"",
     "InvokeEndpointAsync", "endpoint/myEndpoint"),
    ("POST", "/endpoints/myEndpoint/invocations-response-stream", [], b"", "InvokeEndpointWithResponseStream",
     "endpoint/myEndpoint"),
    ("POST", "/", CREATE, b'{"EndpointName": "myEndpoint", "EndpointConfigName": "c"}', "CreateEndpoint",
     "endpoint/myEndpoint"),
    ("POST", "/", [("X-Amz-Target", "SageMaker.CreateTrainingJob"), JSON11], b'{"TrainingJobName": "job"}',
     "CreateTrainingJob", "training-job/job"),
    ("POST", "/", [("X-Amz-Target", "SageMaker.DeleteEndpoint"), JSON11], b'{"EndpointName": "myEndpoint"}',
     "DeleteEndpoint", "endpoint/myEndpoint"),
    ("POST", "/", [("X-Amz-Target", "SageMaker.ListEndpoints"), JSON11], b"{}", "ListEndpoints", "*"),
    ("GET", "/FeatureGroup/group?RecordIdentifierValueAsString=7", [], b"", "GetRecord", "feature-group/group"),
    ("PUT", "/FeatureGroup/group", [], b'{"Record": []}', "PutRecord", "feature-group/group"),
    ("POST", "/BatchGetRecord", [], b'{"Identifiers": [{"FeatureGroupName": "a", "RecordIdentifiersValueAsString": ["1"]}]}',
     "BatchGetRecord", "feature-group/a"),
], ids=lambda value: value if isinstance(value, str) and value[0].isupper() else "")
def test_the_seed_policy_denies(start_gate, endpoint, method, target, headers, body, action, resource):
    message = denied(start_gate(policy=SEED).ask(method, target, body, headers))
    arn = resource if resource == "*" else f"arn:aws:sagemaker:us-west-2:123456789012:{resource}"
    assert message.startswith(f"Not authorized to perform: sagemaker:{action} on resource: {arn} because no statement of ")
    assert "policy.json (listener main)" in message
    assert arrived(endpoint) == []


def test_a_long_path_is_told_whole(start_gate, tmp_path):
    """In what the client is told, in the log, and in what the status page shows of it."""
    policy = tmp_path / ("p" * 200) / ("q" * 100) / "policy.json"
    policy.parent.mkdir(parents=True)
    policy.write_text(json.dumps(SEED))
    gate = start_gate(listener={"policy": str(policy)}, admin={"address": f"127.0.0.1:{free_port()}"})
    name = "n" * 63
    message = denied(gate.ask("POST", f"/endpoints/{name}/invocations", b"{}"))
    assert message.endswith(f"{ENDPOINT}{name} because no statement of sagegate's policy {policy} (listener main) allows it")
    gate.await_log(f'error="{message}"')
    with Wire(socket.create_connection(("127.0.0.1", int(gate.config["admin"]["address"].rpartition(":")[2])))) as wire:
        [denial] = json.loads(wire.ask("GET", "/status.json")[2])["denials"]
    assert (denial["reason"], denial["policy"]) == (message, str(policy))


# Deny wins, and is told with its statement.


def test_an_explicit_deny_names_its_statement(start_gate, endpoint):
    policy = {"Statement": [*ALLOW_ALL["Statement"],
                            {"Sid": "NotThisOne", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sagemaker:Invoke*",
                             "Resource": ENDPOINT + "secret-?"}]}
    gate = start_gate(policy=policy)
    assert gate.ask("POST", "/endpoints/secret/invocations")[0] == 200
    message = denied(gate.ask("POST", "/endpoints/secret-1/invocations"))
    assert "with an explicit deny" in message and "statement 2 NotThisOne" in message and "policy.json:1:" in message
    assert arrived(endpoint) == ["/endpoints/secret/invocations"]


def test_every_resource_of_a_request_must_be_allowed(start_gate, endpoint):
    group = "arn:aws:sagemaker:us-west-2:123456789012:feature-group/"
    gate = start_gate(policy={"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:BatchGetRecord",
                                             "Resource": [group + "a", group + "b"]}]})

    def ask(*names):
        return gate.ask("POST", "/BatchGetRecord", json.dumps({"Identifiers": [
            {"FeatureGroupName": name, "RecordIdentifiersValueAsString": ["1"]} for name in names]}).encode())

    assert ask("a", "b")[0] == 200
    assert group + "c" in denied(ask("a", "c", "b"))
    assert len(endpoint.requests) == 1


# What is no operation here.


@pytest.mark.parametrize("method,target,headers,seen", [
    ("GET", INVOKE, [], "GET " + INVOKE),
    ("POST", "/ping", [], "POST /ping"),
    ("GET", "/", [], "GET /"),
    ("POST", "/", [("X-Amz-Target", "SageMaker.NoSuchOperation"), JSON11], "SageMaker.NoSuchOperation"),
    ("POST", "/", [("X-Amz-Target", "DynamoDB_20120810.GetItem"), JSON11],
     "DynamoDB_20120810.GetItem is of another service than SageMaker"),
    ("POST", "/", [], "POST /"),
], ids=["method", "path", "root", "operation", "service", "no target"])
def test_an_unknown_operation_is_named(gate, endpoint, method, target, headers, seen):
    assert seen in denied(gate.ask(method, target, b"", headers))
    assert arrived(endpoint) == []


@pytest.mark.parametrize("method, target, service", [
    ("GET", "/bucket/key", "s3"), ("GET", "/", "s3"), ("POST", "/", "sts"), ("GET", "/2015-03-31/functions", "lambda")])
def test_whom_aws_endpoint_url_led_here_for_another_service_is_told_so(gate, endpoint, method, target, service):
    claim = (f"AWS4-HMAC-SHA256 Credential=none/20261125/us-west-2/{service}/aws4_request, "
             f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}")
    message = denied(gate.ask(method, target, b"", [("Authorization", claim)]))
    assert message.startswith(f"{method} {target} is signed for {service}: another service than SageMaker")
    assert "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME" in message and "none" not in message
    assert arrived(endpoint) == []


@pytest.mark.parametrize("method, target, headers, start, end", [
    ("POST", "/" + "a" * 2000, [], "POST /aaa", "... is no operation of the SageMaker services"),
    ("A" * 2000, "/", [], "AAA", "... / without X-Amz-Target is no operation: the SageMaker API takes POST / and the header"),
    ("POST", "/", [JSON11, ("X-Amz-Target", "SageMaker." + "A" * 2000)], "X-Amz-Target SageMaker.AAA",
     "; one reads SageMaker.ListEndpoints"),
    ("POST", INVOKE, [("Connection", "x-amz-" + "c" * 2000)], "The Connection header names x-amz-ccc",
     "..., which must reach the endpoint. Name only headers of this hop there."),
], ids=["path", "method", "target", "connection"])
def test_what_a_client_sends_does_not_crowd_out_the_reason(gate, method, target, headers, start, end):
    message = json.loads(gate.ask(method, target, b"", headers)[2])["message"]
    assert message.startswith(start) and message.endswith(end) and "..." in message and len(message) < 600


def test_a_service_without_endpoint_is_told_its_key(start_gate, endpoint):
    gate = start_gate(endpoints={"runtime": {"url": endpoint.url}})
    assert gate.ask("POST", INVOKE)[0] == 200
    for key, method, target, headers in [
            ("api", "POST", "/", CREATE), ("featurestore-runtime", "PUT", "/FeatureGroup/g", []),
            ("a2i-runtime", "GET", "/human-loops", []), ("edge", "POST", "/GetDeviceRegistration", []),
            ("metrics", "PUT", "/BatchPutMetrics", []),
            ("geospatial", "GET", "/tags/arn%3Aaws%3Asagemaker-geospatial%3Aus-west-2%3A123456789012%3Atile%2Fx", [])]:
        assert f"endpoints.{key} " in denied(gate.ask(method, target, b"{}", headers))
    assert arrived(endpoint) == [INVOKE]


def test_http2_operations_say_so(gate, endpoint):
    message = denied(gate.ask("POST", "/endpoints/myEndpoint/invocations-bidirectional-stream"))
    assert "InvokeEndpointWithBidirectionalStream" in message and "HTTP/2" in message and "yet" in message
    assert arrived(endpoint) == []


# The shape of refusals, by protocol and by moment.


@pytest.mark.parametrize("headers,target,content_type", [([], "/endpoints/other/invocations", "application/json"),
                                                         (CREATE, "/", "application/x-amz-json-1.1")],
                         ids=["rest-json", "json-1.1"])
def test_a_refusal_speaks_the_protocol_of_the_service(start_gate, headers, target, content_type):
    answer = start_gate(policy=SEED).ask("POST", target, b'{"EndpointName": "e", "EndpointConfigName": "c"}', headers)
    denied(answer)
    assert answer[1]["content-type"] == content_type


def test_a_refusal_does_not_wait_for_the_body(start_gate, endpoint):
    """When the head says enough, the client has its answer before it sends a byte of its body."""
    with start_gate(policy=SEED).connect() as wire:
        wire.send(b"POST /endpoints/other/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n")
        denied(wire.read_answer())
        wire.send(b"12345")
        assert wire.ask("POST", INVOKE)[0] == 200
    assert arrived(endpoint) == [INVOKE]


@pytest.mark.parametrize("body,says", [(b"", "JSON"), (b"{", "JSON"), (b"[]", "not an object"), (b"{}", "EndpointName"),
                                       (b'{"EndpointName": 7}', "EndpointName"),
                                       (b'{"EndpointName": "a", "EndpointName": "b"}', "twice"),
                                       (b'{"EndpointName": "a*"}', "EndpointName"),
                                       (b'{"EndpointName": "a\\u0000b"}', "")])
def test_a_body_that_names_its_resource_unclearly_is_refused(gate, endpoint, body, says):
    status, headers, answer = gate.ask("POST", "/", body, CREATE)
    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert says in json.loads(answer)["message"]
    assert arrived(endpoint) == []


def test_a_resource_that_cannot_be_told_needs_a_star(start_gate, endpoint):
    gate = start_gate(policy={"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:*",
                                             "Resource": "arn:aws:sagemaker:us-west-2:123456789012:*"}]})
    assert gate.ask("POST", "/", b'{"EndpointName": "e", "EndpointConfigName": "c"}', CREATE)[0] == 200
    assert "on resource: *" in denied(gate.ask("POST", "/", b"{}", [("X-Amz-Target", "SageMaker.ListTrainingJobs"), JSON11]))
