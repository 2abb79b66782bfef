"""The daemon from start to end: readiness, credentials that come late, signals, its environment, its log, its workers."""
import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
import standin
from conftest import KEYS
from gate import ALLOW_ALL, SAGEGATE, SEED, DidNotStart, Signal, eventually
from imds import Imds

INVOKE = "/endpoints/myEndpoint/invocations"
OTHER = "/endpoints/other/invocations"
OCTETS = ("Content-Type", "application/octet-stream")


def good(endpoint, count):
    assert [request.fault for request in endpoint.requests] == [None] * count


class Held:
    """A handler that answers only when the test lets it."""

    def __init__(self, endpoint):
        self.begun, self.going_on = Signal(), Signal()
        endpoint.handlers["myEndpoint"] = self

    def __call__(self, _request, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\none")
        self.begun.set()
        self.going_on.wait()
        connection.send(b" two")


# Start.


def test_the_instance_role_comes_late(start_gate, endpoint):
    imds = Imds()
    imds.mode = "failing"
    gate = start_gate(environment=imds.environment, credentials={"provider": "imds", "wait": "50ms"})
    gate.await_notice("no credentials: ")
    status, headers, body = gate.ask("POST", INVOKE)
    assert (status, headers["x-amzn-errortype"]) == (503, "ServiceUnavailable")
    assert "imds" in json.loads(body)["message"]
    endpoint.keys["AKIDROLE"] = ("role-secret", "role-token")
    imds.give("AKIDROLE", "role-secret", "role-token", life=3600)
    imds.mode = "up"
    gate.await_notice("credentials from imds")
    assert gate.ask("POST", INVOKE)[0] == 200
    good(endpoint, 1)
    imds.close()


def test_two_daemons_cannot_have_one_port(start_gate):
    gate = start_gate()
    config = json.loads((gate.directory / "sagegate.yaml").read_text())
    config["listeners"] = config["listeners"][:1]
    second = gate.directory / "second.yaml"
    second.write_text(json.dumps(config))
    ended = subprocess.run([SAGEGATE, "run", "-c", str(second)], env=KEYS, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert f"127.0.0.1:{gate.port}" in ended.stderr and "in use" in ended.stderr
    assert gate.ask("POST", INVOKE)[0] == 200


@pytest.mark.parametrize("settings,said", [
    ({"listeners": [{"name": "main", "address": "127.0.0.1:1"}]}, "policy"),
    ({"listeners": [{"name": "main", "address": "0.0.0.0:1", "policy": "policy.json"}]}, "allow_remote"),
    ({"policy": {"Statement": [{"Effect": "Allow", "NoSuchElement": "*"}]}}, "policy.json:1:"),
    ({"endpoints": {"runtime": {"url": "http://localhost:1"}}}, "https"),
], ids=["no policy", "remote", "bad policy", "plain http"])
def test_nothing_is_served_by_accident(start_gate, settings, said):
    with pytest.raises(DidNotStart, match=said):
        start_gate(**settings)


def test_its_environment_cannot_lead_it_astray(start_gate, endpoint):
    """What a host sets for its applications would make the daemon call itself, or a proxy."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        url = f"http://127.0.0.1:{trap.getsockname()[1]}"
        names = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "AWS_ENDPOINT_URL_STS",
                 "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        imds = Imds()
        endpoint.keys["AKIDROLE"] = ("role-secret", "role-token")
        imds.give("AKIDROLE", "role-secret", "role-token", life=3600)
        gate = start_gate(environment={**imds.environment, **dict.fromkeys(names, url)})
        gate.await_notice("credentials from imds")
        assert gate.ask("POST", INVOKE)[0] == 200
        good(endpoint, 1)
        imds.close()
        trap.setblocking(False)
        with pytest.raises(BlockingIOError):
            trap.accept()


# End.


def test_sigterm_lets_running_requests_finish(gate, endpoint):
    held = Held(endpoint)
    with gate.connect() as idle, gate.connect() as running, gate.connect_unix() as local:
        assert idle.ask("POST", OTHER)[0] == 200
        local.send(b"POST " + OTHER.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nbo")
        running.send(b"POST " + INVOKE.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        held.begun.wait()
        gate.process.send_signal(signal.SIGTERM)
        gate.await_notice("STOPPING=1")
        assert idle.read_to_end() == b""
        local.send(b"dy!")  # its body was on the way
        status, headers, _ = local.read_answer()
        assert (status, headers["connection"]) == (200, "close")
        assert local.read_to_end() == b""
        with pytest.raises(ConnectionRefusedError):
            gate.connect()
        assert not os.path.exists(gate.unix_path)
        held.going_on.set()
        assert running.read_answer()[::2] == (200, b"one two")
        assert running.read_to_end() == b""
    assert gate.process.wait(timeout=60) == 0
    good(endpoint, 3)


def test_sigterm_loses_no_request_that_has_arrived(start_gate, endpoint):
    """Not those on connections that rest, nor those on connections that were not even accepted."""
    gate = start_gate(workers=2)
    request = b"POST " + OTHER.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    wires = [gate.connect() for _ in range(20)]
    for wire in wires:
        assert wire.ask("POST", OTHER)[0] == 200
    gate.process.send_signal(signal.SIGSTOP)
    wires += [gate.connect() for _ in range(100)] + [gate.connect_unix() for _ in range(100)]
    for wire in wires:
        wire.send(request)
    gate.process.send_signal(signal.SIGTERM)
    gate.process.send_signal(signal.SIGCONT)
    for wire in wires:
        assert wire.read_answer()[0] == 200
        assert wire.read_to_end() == b""
        wire.sock.close()
    assert gate.process.wait(timeout=60) == 0
    good(endpoint, 240)


def test_a_drain_has_its_end(start_gate, endpoint):
    held = Held(endpoint)
    gate = start_gate(timeouts={"drain": "100ms"})
    with gate.connect() as running:
        running.send(b"POST " + INVOKE.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        held.begun.wait()
        gate.stop()
        with pytest.raises((EOFError, ConnectionResetError)):
            running.read_answer()
    held.going_on.set()
    assert "timeouts.drain" in gate.log


def test_a_second_sigterm_does_not_wait(gate, endpoint):
    held = Held(endpoint)
    with gate.connect() as running:
        running.send(b"POST " + INVOKE.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        held.begun.wait()
        gate.process.send_signal(signal.SIGTERM)
        gate.await_notice("STOPPING=1")
        gate.stop()
    held.going_on.set()


def test_sigint_ends_it_likewise(gate):
    gate.process.send_signal(signal.SIGINT)
    assert gate.process.wait(timeout=60) == 0


def test_sighup_does_not_end_it(gate):
    for _ in range(3):
        gate.process.send_signal(signal.SIGHUP)
        assert gate.ask("POST", INVOKE)[0] == 200


# Listeners and workers.


def test_each_listener_has_its_policy(start_gate, endpoint):
    gate = start_gate(listener={"policy": "policy.json"}, policy=SEED)
    config = json.loads((gate.directory / "sagegate.yaml").read_text())
    gate.stop()
    config["listeners"][1]["policy"] = "open.json"
    (gate.directory / "open.json").write_text(json.dumps(ALLOW_ALL))
    both = start_gate(policy=SEED, listeners=[
        {**config["listeners"][0]}, {**config["listeners"][1], "policy": str(gate.directory / "open.json")}])
    with both.connect() as main, both.connect_unix() as local:
        for _ in range(2):
            assert main.ask("POST", INVOKE)[0] == 200
            status, _, body = main.ask("POST", OTHER)
            assert status == 403 and b"policy.json (listener main)" in body
            assert local.ask("POST", OTHER)[0] == 200
    good(endpoint, 4)


def test_several_workers(start_gate, endpoint):
    """Each has its own connections to the endpoint; a Unix socket is shared."""
    gate = start_gate(workers=2)
    for n in range(100):
        with gate.connect() as wire:
            body = b"%d" % n
            assert wire.ask("POST", INVOKE, body, [OCTETS])[::2] == (200, body)
    assert endpoint.connections == 2
    for _ in range(10):
        with gate.connect_unix() as wire:
            assert wire.ask("POST", INVOKE)[0] == 200
    good(endpoint, 110)


# The log.


def requests_in(log, pattern):
    return [line for line in log.splitlines() if re.search(pattern, line)]


def ask_three(gate):
    assert gate.ask("POST", INVOKE, b"12345", [OCTETS])[0] == 200
    assert gate.ask("POST", OTHER + '?a="b%22c"')[0] == 403
    with gate.connect() as wire:
        wire.send(b"nonsense\r\n\r\n")
        assert wire.read_answer()[0] == 400


def test_the_log_in_text(start_gate):
    gate = start_gate(policy=SEED, log={"level": "info", "format": "text"})
    ask_three(gate)
    gate.stop()
    lines = requests_in(gate.log, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|warn): request ")
    assert len(lines) == 3
    for wanted in ("listener=main", "method=POST", "path=" + INVOKE, "action=sagemaker:InvokeEndpoint", "decision=allowed",
                   "resource=arn:aws:sagemaker:us-west-2:123456789012:endpoint/myEndpoint", "statement=1", "status=200",
                   "bytes_in=5", "bytes_out=5", "upstream=127.0.0.1:", "request_id="):
        assert " " + wanted in lines[0]
    assert " decision=implicit_deny" in lines[1] and " status=403" in lines[1] and ' error="Not authorized' in lines[1]
    assert " decision=refused" in lines[2] and " status=400" in lines[2]


@pytest.mark.one_worker
def test_the_log_in_json(start_gate):
    gate = start_gate(policy=SEED, log={"level": "debug", "format": "json"})
    ask_three(gate)
    gate.stop()
    lines = [json.loads(line) for line in gate.log.splitlines()]
    assert all(line["time"] and line["level"] and line["message"] for line in lines)
    requests = [line for line in lines if line["message"] == "request"]
    assert [request["status"] for request in requests] == [200, 403, 400]
    assert [request["decision"] for request in requests] == ["allowed", "implicit_deny", "refused"]
    assert requests[0]["action"] == "sagemaker:InvokeEndpoint"
    assert requests[0]["path"] == INVOKE


def test_the_log_has_levels(start_gate):
    gate = start_gate(policy=SEED, log={"level": "warn"})
    ask_three(gate)
    gate.stop()
    assert requests_in(gate.log, "decision=allowed") == requests_in(gate.log, " info: ") == []
    assert len(requests_in(gate.log, "request .*decision=implicit_deny")) == len(requests_in(gate.log, "denied .*decision=implicit_deny")) == 1


def test_nothing_of_value_is_in_a_debug_log(start_gate, endpoint):
    endpoint.keys = {standin.ACCESS_KEY: (standin.SECRET, standin.TOKEN)}
    gate = start_gate(environment={**KEYS, "AWS_SESSION_TOKEN": standin.TOKEN}, log={"level": "debug"})
    theirs = ["client-signature", "client-token", "client-date-1", "client-header", "client-body", "client-query"]
    headers = [("Authorization", "AWS4-HMAC-SHA256 Signature=client-signature"), ("X-Amz-Security-Token", "client-token"),
               ("X-Amz-Date", "client-date-1"), ("X-Amz-Unknown", "client-header")]
    query = "?X-Amz-Signature=client-query&X-Amz-Security-Token=client-token"
    assert gate.ask("POST", INVOKE + query, b"client-body", headers)[0] == 200
    assert gate.ask("POST", "/no/such/operation" + query, b"client-body", headers)[0] == 403
    good(endpoint, 1)
    gate.stop()
    assert "x-amz-unknown" in gate.log.lower()
    for secret in [standin.SECRET, standin.TOKEN, *theirs]:
        assert secret not in gate.log


def test_what_is_not_needed_while_nobody_asks_is_given_back(start_gate):
    gate = start_gate()
    status = Path(f"/proc/{gate.process.pid}/status")

    def file_kib():
        return int(re.search(r"RssFile:\s+(\d+) kB", status.read_text())[1])

    assert gate.ask("POST", INVOKE)[0] == 200
    busy = file_kib()
    eventually(lambda: file_kib() < busy - 1024)
    assert gate.ask("POST", INVOKE)[0] == 200


def test_as_many_descriptors_as_the_system_lets_it(start_gate):
    gate = start_gate(wrapper=["prlimit", "--nofile=256:2048"])
    assert re.search(r"Max open files +2048 +2048 ", Path(f"/proc/{gate.process.pid}/limits").read_text())
