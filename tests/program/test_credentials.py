"""Credentials in the way of a request: those that come late, go, or are refused by the service."""
import json

from standin import ACCESS_KEY, SECRET

INVOKE = ("POST", "/endpoints/myEndpoint/invocations", b"{}")


def write_profile(path, key, secret, token=""):
    """In one step, as a rotation does it."""
    new = path.with_suffix(".new")
    new.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
                   + (f"aws_session_token = {token}\n" if token else ""))
    new.chmod(0o600)
    new.replace(path)


def from_profile(path):
    return {"AWS_SHARED_CREDENTIALS_FILE": str(path), "AWS_EC2_METADATA_DISABLED": "true"}


def test_a_request_waits_for_credentials(start_gate, endpoint, tmp_path):
    keys = tmp_path / "credentials"
    gate = start_gate(environment=from_profile(keys), credentials={"wait": "60s"})
    gate.await_notice("no credentials: ")
    with gate.connect() as wire:
        wire.send(b"POST /endpoints/myEndpoint/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
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


def test_requests_behind_one_another_wait_each_for_itself(start_gate, tmp_path):
    gate = start_gate(environment=from_profile(tmp_path / "none"), credentials={"wait": "50ms"})
    with gate.connect() as wire:
        wire.send(b"POST /endpoints/myEndpoint/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}" * 3)
        assert [wire.read_answer()[0] for _ in range(3)] == [503] * 3
