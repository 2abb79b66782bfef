"""What is signed, and what goes on with the signature. The stand-in judges every request with botocore's SigV4Auth."""
import hashlib
import re
import urllib.parse

import pytest
import standin
from conftest import KEYS

INVOKE = "/endpoints/myEndpoint/invocations"
RECORD = "/FeatureGroup/group"
THEIRS = "AWS4-HMAC-SHA256 Credential=none/20150830/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=" + "0" * 64


def only(endpoint):
    """The one request that arrived; its signature was good."""
    assert [request.fault for request in endpoint.requests] == [None]
    return endpoint.requests[0]


def values(request, name):
    return [value for key, value in request.headers if key.lower() == name]


def signed(request):
    return re.search("SignedHeaders=([^,]*)", request.header("authorization"))[1].split(";")


def refused(answer, error, *words):
    assert (answer[0], answer[1]["x-amzn-errortype"]) == (400, error)
    for word in words:
        assert word.encode() in answer[2]


def test_whatever_the_client_signed_with_is_replaced(gate, endpoint):
    headers = [("Authorization", THEIRS), ("X-Amz-Date", "20150830T123600Z"), ("x-amz-security-token", "theirs"),
               ("X-Amz-Content-SHA256", hashlib.sha256(b"body").hexdigest())]
    assert gate.ask("POST", INVOKE, b"body", headers)[0] == 200
    request = only(endpoint)
    assert len(values(request, "authorization")) == len(values(request, "x-amz-date")) == 1
    assert request.header("x-amz-security-token") is request.header("x-amz-content-sha256") is None
    assert "Credential=" + standin.ACCESS_KEY in request.header("authorization")


@pytest.mark.parametrize("announced", ["UNSIGNED-PAYLOAD", "nonsense"])
def test_the_clients_hash_of_the_body_means_nothing(gate, endpoint, announced):
    assert gate.ask("POST", INVOKE, b"body", [("X-Amz-Content-Sha256", announced)])[0] == 200
    only(endpoint)


@pytest.mark.parametrize("query,left", [
    ("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=none%2F20150830%2Fus-east-1%2Fiam%2Faws4_request"
     "&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Security-Token=theirs&X-Amz-Signature=00",
     ""),
    ("FeatureName=a&X-Amz-Signature=00&FeatureName=b", "FeatureName=a&FeatureName=b"),
    ("x-amz-signature=00&x-amz-security-token=theirs", ""),
    ("X%2DAmz%2DSignature=00&X-Amz-%53ecurity-Token=theirs", ""),
    ("X-Amz-Signature", ""),
], ids=["presigned", "in between", "lower case", "escaped", "no value"])
def test_a_presigned_query_is_dropped(gate, endpoint, query, left):
    target = f"{RECORD}?RecordIdentifierValueAsString=7&" + query
    assert gate.ask("GET", target)[0] == 200
    request = only(endpoint)
    assert sorted(request.query.split("&")) == sorted(f"{left}&RecordIdentifierValueAsString=7".strip("&").split("&"))


@pytest.mark.parametrize("value", ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                                   "streaming-aws4-ecdsa-p256-sha256-payload"])
def test_signed_chunks_are_refused(gate, endpoint, value):
    refused(gate.ask("POST", INVOKE, b"4;chunk-signature=00\r\nbody\r\n0;chunk-signature=00\r\n\r\n",
                     [("X-Amz-Content-Sha256", value), ("X-Amz-Decoded-Content-Length", "4")]),
            "ValidationException", value, "plain body")
    refused(gate.ask("POST", INVOKE, b"body", [("Content-Encoding", "aws-chunked")]), "ValidationException", "aws-chunked")
    assert endpoint.requests == []


def test_only_headers_that_the_operation_knows_get_our_signature(start_gate, endpoint):
    gate = start_gate(log={"level": "debug"})
    known = [("X-Amzn-SageMaker-Custom-Attributes", "a=b  c"), ("x-amzn-sagemaker-target-model", "m.tar.gz")]
    unknown = [("X-Amz-Acl", "public-read"), ("x-amzn-unheard-of", "1"), ("X-Amz-Target", "SageMaker.DeleteEndpoint")]
    free = [("X-Custom", "1"), ("Accept", "a/b"), ("X-Amzn-Trace-Id", "Root=1-2-3"),
            ("Content-Type", "text/csv; header=present")]
    assert gate.ask("POST", INVOKE, b"1,2",
                    known + unknown[:2] + free)[0] == 200
    request = only(endpoint)
    assert signed(request) == ["content-type", "host", "x-amz-date", "x-amzn-sagemaker-custom-attributes",
                               "x-amzn-sagemaker-target-model"]
    for name, value in known + free:
        assert values(request, name.lower()) == [value]
    for name, _ in unknown:
        assert values(request, name.lower()) == []
    gate.stop()
    for name, _ in unknown[:2]:
        assert re.search(f"InvokeEndpoint does not know the header {name}: dropped", gate.log)


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X-Original-URL",
                                  "X-Rewrite-URL"])
def test_nothing_is_put_in_place_of_what_was_decided(gate, endpoint, name):
    """Some servers take another method, or another target, from a header, which no policy has seen."""
    assert gate.ask("POST", INVOKE, b"{}", [(name, "DELETE")])[0] == 200
    assert values(only(endpoint), name.lower()) == []


def test_the_operation_is_named_under_the_signature(gate, endpoint):
    assert gate.ask("POST", "/", b"{}", [("X-Amz-Target", "SageMaker.ListTrainingJobs"),
                                         ("Content-Type", "application/x-amz-json-1.1")])[0] == 200
    request = only(endpoint)
    assert signed(request) == ["content-type", "host", "x-amz-date", "x-amz-target"]
    assert request.header("x-amz-target") == "SageMaker.ListTrainingJobs"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8080"])
def test_the_clients_host_chooses_nothing(gate, endpoint, host):
    with gate.connect() as wire:
        wire.send(f"POST {INVOKE} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode())
        assert wire.read_answer()[0] == 200
    assert values(only(endpoint), "host") == [endpoint.host]


@pytest.mark.parametrize("tokens", [(standin.TOKEN, None), (None, "theirs"), (standin.TOKEN, "theirs"),
                                    ("x" * 2048 + "/+=", None)], ids=["ours", "theirs", "both", "long"])
def test_the_session_token_is_ours(start_gate, endpoint, tokens):
    ours, theirs = tokens
    endpoint.keys = {standin.ACCESS_KEY: (standin.SECRET, ours)}
    gate = start_gate(environment={**KEYS, **({"AWS_SESSION_TOKEN": ours} if ours else {})})
    assert gate.ask("POST", INVOKE, b"", [("X-Amz-Security-Token", theirs)] if theirs else [])[0] == 200
    assert values(only(endpoint), "x-amz-security-token") == ([ours] if ours else [])
    assert ("x-amz-security-token" in signed(endpoint.requests[0])) == bool(ours)


# Paths and queries that two readers could sign differently. botocore decides.


@pytest.mark.parametrize("name", ["7", "a b", "a+b", "a/b", "a%b", "100%", "~a_b-c.d", "a&b=c", "é", "日本", "\"'()*!", "a;b,c:d@e",
                                  "%2F", "a==", "#?[]{}|\\^`<>"])
def test_queries_are_signed_as_botocore_reads_them(gate, endpoint, name):
    endpoint.records["group", name] = [{"FeatureName": "id", "ValueAsString": name}]
    target = f"{RECORD}?RecordIdentifierValueAsString={urllib.parse.quote(name, safe='')}&FeatureName=b&FeatureName=a"
    status, _, body = gate.ask("GET", target)
    assert status == 200
    assert b"ValueAsString" in body  # the stand-in has read the same name
    only(endpoint)


@pytest.mark.parametrize("query", ["RecordIdentifierValueAsString=a'b()*!", "RecordIdentifierValueAsString=%7e%41",
                                   "RecordIdentifierValueAsString=a=b==", "b&a&RecordIdentifierValueAsString=1",
                                   "&&RecordIdentifierValueAsString=1&", "z=1&RecordIdentifierValueAsString=1&a=%c3%a9",
                                   "RecordIdentifierValueAsString=", "RecordIdentifierValueAsString=/?:@"])
def test_queries_written_in_another_way(gate, endpoint, query):
    assert gate.ask("GET", f"{RECORD}?{query}")[0] == 200
    before = urllib.parse.parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    after = urllib.parse.parse_qsl(only(endpoint).query, keep_blank_values=True)
    assert sorted(before) == sorted(after)


def test_a_plus_is_ambiguous(gate, endpoint):
    refused(gate.ask("GET", RECORD + "?RecordIdentifierValueAsString=a+b"), "BadRequestException", "%2B", "%20")
    assert endpoint.requests == []


@pytest.mark.parametrize("name", ["arn%3Aaws%3Asagemaker%3Aus-west-2%3A123456789012%3Afeature-group%2Fgroup",
                                  "arn:aws:sagemaker:us-west-2:123456789012:feature-group%2Fgroup"])
def test_paths_are_encoded_twice_as_botocore_does(gate, endpoint, name):
    target = f"/FeatureGroup/{name}?RecordIdentifierValueAsString=1"
    assert gate.ask("GET", target)[0] == 200
    assert only(endpoint).target == target


@pytest.mark.parametrize("name", ["Content-Type", "X-Amzn-SageMaker-Custom-Attributes"])
def test_signed_headers_come_once(gate, endpoint, name):
    refused(gate.ask("POST", INVOKE, b"", [(name, "a/b"), (name.lower(), "c/d")]), "BadRequestException", "end it once")
    assert endpoint.requests == []


@pytest.mark.parametrize("value", ["a  b", "a\tb", " a ", "\"a  b\"", "x" * 8000, ""])
def test_values_are_signed_as_they_are_sent(gate, endpoint, value):
    with gate.connect() as wire:
        wire.send(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nX-Amzn-SageMaker-Custom-Attributes:{value}\r\n"
                  "Content-Length: 0\r\n\r\n".encode("latin-1"))
        assert wire.read_answer()[0] == 200
    assert values(only(endpoint), "x-amzn-sagemaker-custom-attributes") == [value.strip(" \t")]
