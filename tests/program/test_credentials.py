"""Credentials in the way of a request: those that come late, go, or are refused by the service."""
import datetime
import json
import re
import shutil

import pytest
from conftest import KEYS
from gate import SANITIZED, Signal, free_port, preloaded
from imds import Imds
from standin import ACCESS_KEY, SECRET, Closed

INVOKE = ("POST", "/endpoints/myEndpoint/invocations", b"{}")
REQUEST = b"POST /endpoints/myEndpoint/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"


def write_profile(path, key, secret, token=""):
    """In one step, as a rotation does it."""
    new = path.with_suffix(".new")
    new.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
                   + (f"aws_session_token = {token}\n" if token else ""))
    new.chmod(0o600)
    new.replace(path)


@pytest.fixture
def imds():
    """A double of the instance metadata service."""
    double = Imds()
    yield double
    double.close()


def from_profile(path):
    return {"AWS_SHARED_CREDENTIALS_FILE": str(path), "AWS_EC2_METADATA_DISABLED": "true"}


def test_a_request_waits_for_credentials(start_gate, endpoint, tmp_path):
    keys = tmp_path / "credentials"
    gate = start_gate(environment=from_profile(keys), credentials={"wait": "60s"})
    gate.await_notice("no credentials: ")
    with gate.connect() as wire:
        wire.send(REQUEST)
        write_profile(keys, ACCESS_KEY, SECRET)
        status, _, _ = wire.read_answer()
    assert status == 200
    assert [request.fault for request in endpoint.requests] == [None]


def test_without_credentials_a_request_is_refused_retryably(start_gate, endpoint, tmp_path):
    gate = start_gate(environment=from_profile(tmp_path / "none"), credentials={"wait": "50ms"})
    for _ in range(2):
        status, headers, body = gate.ask(*INVOKE)
        assert status == 503
        assert headers["x-amzn-errortype"] == "ServiceUnavailable"
        assert "has no credentials to sign with" in json.loads(body)["message"]
    assert "profile: there is no profile" in json.loads(body)["message"]
    assert not endpoint.requests


def test_what_each_source_says_is_told_to_its_end(start_gate):
    gate = start_gate(environment={"AWS_EC2_METADATA_DISABLED": "true"}, credentials={"wait": "50ms"})
    message = json.loads(gate.ask(*INVOKE)[2])["message"]
    assert message.endswith("imds: AWS_EC2_METADATA_DISABLED is true") and "environment: AWS_ACCESS_KEY_ID is not set" in message


def test_requests_behind_one_another_wait_each_for_itself(start_gate, tmp_path):
    gate = start_gate(environment=from_profile(tmp_path / "none"), credentials={"wait": "50ms"})
    with gate.connect() as wire:
        wire.send(REQUEST * 3)
        assert [wire.read_answer()[0] for _ in range(3)] == [503] * 3


def reject(endpoint, key, status, headers=(), **error):
    """The stand-in knows the keys no more: whoever signs with them gets this error. Returns those that got it."""
    rejected = []

    def usual_or_rejection(request, connection):
        if f"Credential={key}/" in request.header("authorization"):
            rejected.append(request)
            connection.answer_json(status, error, headers)
        else:
            endpoint.invoke(request, connection, "myEndpoint")

    endpoint.handlers["myEndpoint"] = usual_or_rejection
    return rejected


OLD, NEW = "AKIDOLD", "AKIDNEW"


@pytest.mark.parametrize("rejection", [
    {"status": 403, "headers": [("x-amzn-ErrorType", "ExpiredTokenException")], "message": "expired"},
    {"status": 400, "headers": [("x-amzn-ErrorType", "UnrecognizedClientException:http://internal.amazon.com/")]},
    {"status": 403, "__type": "com.amazon.coral.service#InvalidClientTokenId", "message": "unknown"},
], ids=["expired", "unrecognized", "in-json"])
def test_rejected_keys_are_renewed_and_the_request_sent_again(start_gate, endpoint, tmp_path, rejection):
    keys = tmp_path / "credentials"
    endpoint.keys = {OLD: ("old", None), NEW: ("new", "token")}
    rejected = reject(endpoint, OLD, **rejection)
    write_profile(keys, OLD, "old")
    gate = start_gate(environment=from_profile(keys), credentials={"wait": "60s"})
    gate.await_notice("credentials from profile")
    write_profile(keys, NEW, "new", "token")
    with gate.connect() as wire:
        for _ in range(2):
            status, headers, body = wire.ask(*INVOKE)
            assert status == 200 and json.loads(body)["endpoint"] == "myEndpoint"
            assert "x-amzn-errortype" not in headers
    assert len(rejected) == 1
    assert [request.fault for request in endpoint.requests] == [None] * 3
    assert [request.body for request in endpoint.requests] == [b"{}"] * 3
    assert endpoint.connections == 1
    gate.stop()
    assert gate.log.count("retried=credentials") == 1 and " rejected=" not in gate.log


def test_rejected_keys_without_newer_ones_are_told_once_each(start_gate, endpoint, tmp_path):
    keys = tmp_path / "credentials"
    endpoint.keys = {OLD: ("old", None)}
    rejected = reject(endpoint, OLD, 403, [("x-amzn-ErrorType", "ExpiredTokenException")], message="as it was said")
    write_profile(keys, OLD, "old")
    gate = start_gate(environment=from_profile(keys), credentials={"wait": "60s"}, admin={"address": f"127.0.0.1:{free_port()}"})
    with gate.connect() as wire:
        for count in range(1, 4):
            status, headers, body = wire.ask(*INVOKE)
            assert (status, headers["x-amzn-errortype"]) == (403, "ExpiredTokenException")
            assert json.loads(body) == {"message": "as it was said"}
            assert len(rejected) == count
    gate.await_log(" rejected=credentials ", times=3)
    assert gate.number(r'sagegate_rejected_signatures_total\{reason="credentials"\}') == 3
    gate.stop()
    assert "retried" not in gate.log


def test_a_request_does_not_wait_forever_for_newer_keys(start_gate, endpoint, imds):
    endpoint.keys = {OLD: ("old", "token")}
    rejected = reject(endpoint, OLD, 403, __type="ExpiredTokenException")
    imds.give(OLD, "old", "token", life=3600)
    gate = start_gate(environment=imds.environment, credentials={"wait": "200ms"})
    gate.await_notice("credentials from imds")
    imds.mode = "silent"
    with gate.connect() as wire:
        assert wire.ask(*INVOKE)[0] == 403
    assert len(rejected) == 1


@pytest.mark.one_worker
@pytest.mark.skipif(SANITIZED, reason="a sanitizer must be loaded before anything else")
@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")
@pytest.mark.parametrize("hours", [2, 20])  # backwards, the certificates would not be valid yet
def test_the_hosts_clock_jumps(start_gate, endpoint, held, tmp_path, hours):
    """There and back: what runs goes on, as no time-out is measured by it, and what comes is signed with the right date."""
    started, going_on = held
    with preloaded("jumping_clock", tmp_path) as (environment, page):
        gate = start_gate(environment={**KEYS, **environment}, sandbox="off")
        with gate.connect() as slow, gate.connect() as resting:
            assert resting.ask(*INVOKE)[0] == 200
            slow.send(b"POST /endpoints/held/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            started.wait()
            for jump in (hours, 0):
                page[0] = jump % 256
                assert [ask(*INVOKE)[0] for ask in (resting.ask, resting.ask, gate.ask)] == [200] * 3
            going_on.set()
            assert slow.read_answer()[2] == b"held"
        gate.stop()
    assert len([request for request in endpoint.requests if request.fault]) == gate.log.count("retried=clock") == 2


@pytest.mark.one_worker
@pytest.mark.parametrize("ahead", [-7200, 400, 80000])
def test_the_clock_is_corrected_once(start_gate, endpoint, ahead):
    gate = start_gate()
    endpoint.ahead = ahead
    for _ in range(3):
        status, _, body = gate.ask(*INVOKE)
        assert status == 200, body
    faults = [request.fault for request in endpoint.requests]
    assert faults[0] and faults[1:] == [None] * 3
    assert len(set(request.header("x-amz-date")[:11] for request in endpoint.requests[1:])) <= 2
    # It is set right.
    endpoint.ahead = 0
    assert [gate.ask(*INVOKE)[0] for _ in range(2)] == [200] * 2
    assert len([request for request in endpoint.requests if request.fault]) == 2
    gate.stop()
    assert gate.log.count("retried=clock") == 2
    said = re.findall(r"this host's clock is (\d+) s (slow|fast)", gate.log)
    assert len(said) == 1 and said[0][1] == ("slow" if ahead > 0 else "fast")
    assert abs(int(said[0][0]) - abs(ahead)) <= 60
    assert gate.log.count("clock is right again") == 1


def test_a_clock_that_is_days_off_is_not_corrected(start_gate, endpoint):
    gate = start_gate()
    endpoint.ahead = 2 * 86400
    for _ in range(2):
        status, headers, _ = gate.ask(*INVOKE)
        assert (status, headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    assert len(endpoint.requests) == 2
    gate.stop()
    assert "that is too much to correct" in gate.log
    assert "retried" not in gate.log


def test_a_wrong_signature_is_not_sent_again(start_gate, endpoint):
    gate = start_gate(admin={"address": f"127.0.0.1:{free_port()}"})
    endpoint.keys = {ACCESS_KEY: ("another secret", None)}
    status, headers, body = gate.ask(*INVOKE)
    assert (status, headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    assert "does not match" in json.loads(body)["message"]
    assert len(endpoint.requests) == 1
    gate.await_log(" rejected=signature ")
    assert gate.number(r'sagegate_rejected_signatures_total\{reason="signature"\}') == 1


def test_each_kind_of_retry_once(start_gate, endpoint, tmp_path):
    """The clock, then the keys, then either again: two tries more, and the last answer is the answer."""
    keys = tmp_path / "credentials"
    endpoint.keys = {OLD: ("old", None), NEW: ("new", None)}
    answers = ["RequestTimeTooSkewed", "ExpiredTokenException", "RequestTimeTooSkewed", "ExpiredTokenException"]

    def skewed_or_expired(_request, connection):
        write_profile(keys, NEW, "new")
        kind = answers.pop(0)
        connection.now = lambda: endpoint.now() + datetime.timedelta(hours=len(answers))
        connection.answer_json(403, {}, [("x-amzn-ErrorType", kind)])

    endpoint.handlers["myEndpoint"] = skewed_or_expired
    endpoint.tolerance = 86400
    write_profile(keys, OLD, "old")
    gate = start_gate(environment=from_profile(keys), credentials={"wait": "60s"})
    status, headers, _ = gate.ask(*INVOKE)
    assert (status, headers["x-amzn-errortype"]) == (403, "RequestTimeTooSkewed")
    assert answers == ["ExpiredTokenException"]
    gate.stop()
    assert "retried=credentials,clock" in gate.log


def test_only_whole_small_errors_are_held_back(start_gate, endpoint):
    """What is not a rejection goes on as it comes: its head before its body, and a large one, too."""
    def piecemeal(_request, connection):
        connection.send(b"HTTP/1.1 400 Bad Request\r\nx-amzn-ErrorType: ValidationError\r\nContent-Length: 5\r\n\r\nab")
        going_on.wait()
        connection.send(b"cde")

    def large(_request, connection):
        connection.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5000\r\n\r\n")
        going_on.wait()
        connection.send(b"x" * 5000)

    gate = start_gate()
    for handler, size in ((piecemeal, 5), (large, 5000)):
        going_on = Signal()
        endpoint.handlers["myEndpoint"] = handler
        with gate.connect() as wire:
            wire.send(REQUEST)
            status, headers = wire.read_head()
            going_on.set()
            assert status in (400, 403) and len(wire.read(int(headers["content-length"]))) == size


def test_an_error_that_is_cut_is_not_passed_on(start_gate, endpoint):
    def cut(_request, connection):
        connection.send(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 50\r\n\r\n{"__type":"Expired')
        raise Closed

    gate = start_gate()
    endpoint.handlers["myEndpoint"] = cut
    status, headers, body = gate.ask(*INVOKE)
    assert (status, headers["x-amzn-errortype"]) == (502, "BadGatewayException")
    assert "answer was cut" in json.loads(body)["message"]
    assert len(endpoint.requests) == 1
