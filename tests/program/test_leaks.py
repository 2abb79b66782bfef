"""Memory: some hundred requests of every kind under valgrind; 10,000 with TEST_LONG=1 (./check --long)."""
import json
import os
from pathlib import Path

import pytest
import standin
from gate import ENDPOINT, SANITIZED, SEED

INVOKE = "/endpoints/myEndpoint/invocations"
OCTETS = ("Content-Type", "application/octet-stream")
ROUNDS = 1000 if os.environ.get("TEST_LONG") else 30
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
            "--errors-for-leak-kinds=definite,indirect,possible", "--error-exitcode=99"]
POLICY = {"Statement": [*SEED["Statement"],
                        {"Effect": "Allow", "Principal": "*", "Action": ["sagemaker:CreateEndpoint", "sagemaker:InvokeEndpoint*"],
                         "Resource": [ENDPOINT + "*", ENDPOINT.replace(":endpoint/", ":endpoint-config/") + "*"]},
                        {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": ENDPOINT + "forbidden"}]}

pytestmark = pytest.mark.skipif(SANITIZED, reason="a sanitizer looks for leaks itself")


def breaks_off(_request, connection):
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    raise standin.Closed


def ends(_request, _connection):
    raise standin.Closed


def head(target, *fields):
    return "\r\n".join([f"POST {target} HTTP/1.1", "Host: localhost", *fields]).encode() + b"\r\n\r\n"


def one_round(gate):
    """Ten requests, each ending in its own way."""
    with gate.connect() as wire:
        assert wire.ask("POST", INVOKE, b"{}")[0] == 200
        assert wire.ask("POST", INVOKE + "-response-stream", b"{}")[0] == 200
        assert wire.ask("POST", INVOKE, b"x" * 100_000, [OCTETS])[0] == 200
        assert wire.ask("POST", "/", json.dumps({"EndpointName": "e", "EndpointConfigName": "c"}).encode(),
                        [("X-Amz-Target", "SageMaker.CreateEndpoint"), ("Content-Type", "application/x-amz-json-1.1")])[0] == 200
        assert wire.ask("POST", "/endpoints/forbidden/invocations", b"x" * 50_000)[0] == 403
        assert wire.ask("POST", "/endpoints/ends/invocations")[0] == 502
        wire.send(head(INVOKE, "Transfer-Encoding: chunked") + b"4\r\nbody\r\n0\r\n\r\n")
        assert wire.read_answer()[0] == 200
    with gate.connect_unix() as wire:
        wire.send(head("/endpoints/breaks/invocations", "Content-Length: 0"))
        assert wire.read_head()[0] == 200
    with gate.connect() as wire:
        wire.send(head(INVOKE, "Content-Length: 10") + b"gone")
    with gate.connect() as wire:
        wire.send(head(INVOKE, "Content-Length: x"))
        assert wire.read_answer()[0] == 400


def test_nothing_leaks(start_gate, endpoint):
    endpoint.handlers = {"breaks": breaks_off, "ends": ends}
    gate = start_gate(policy=POLICY, wrapper=VALGRIND, workers=2, log={"level": "warn"},
                      sandbox="off")  # valgrind itself does other things than a daemon
    one_round(gate)
    descriptors = Path(f"/proc/{gate.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    for n in range(ROUNDS):
        one_round(gate)
        if n % 10 == 0:
            endpoint.cut_connections()
    assert len(list(descriptors.iterdir())) < before + 20
    assert [request.fault for request in endpoint.requests] == [None] * len(endpoint.requests)
    gate.stop()  # valgrind's own status is 99 when anything was lost, or read before it was written
