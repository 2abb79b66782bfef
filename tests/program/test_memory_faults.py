"""Out of memory: each allocation of a request fails once, and only that request may suffer."""
import contextlib
import json
import mmap
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from conftest import KEYS
from gate import SANITIZED, free_port

INVOKE = "/endpoints/e/invocations"
OCTETS = ("Content-Type", "application/octet-stream")
CREATE = [("X-Amz-Target", "SageMaker.CreateEndpoint"), ("Content-Type", "application/x-amz-json-1.1")]
MOST = 3000  # what allocates more often than this has other faults
UPSTREAM = (502, 503)  # of a request that there was no memory for

pytestmark = [pytest.mark.skipif(SANITIZED, reason="sanitizers bring an allocator of their own"),
              pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")]


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """The allocator that fails when it is told to."""
    path = tmp_path_factory.mktemp("allocator") / "failing_malloc.so"
    subprocess.run(["cc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-o", str(path),
                    str(Path(__file__).with_name("failing_malloc.c"))], check=True)
    return path


class Allocator:
    def __init__(self, directory, library):
        file = directory / "allocations"
        file.write_bytes(bytes(8))
        self.environment = {**KEYS, "LD_PRELOAD": str(library), "FAILING_MALLOC": str(file)}
        with open(file, "r+b") as opened:
            self.page = mmap.mmap(opened.fileno(), 8)

    def fail(self, number):
        """Lets the allocation of this number, counted from now, fail."""
        self.page[:8] = struct.pack("l", number)

    def relent(self):
        """From now on none fails. Whether one has."""
        self.lacked = struct.unpack("l", self.page[:8])[0] <= 0
        self.fail(0)
        return self.lacked


@pytest.fixture
def allocator(tmp_path, library):
    return Allocator(tmp_path, library)


def numbers(allocator):
    """1, 2, …, letting the allocation of that number fail, until there is none before relent() is called."""
    for number in range(1, MOST):
        allocator.fail(number)
        yield number
        if not allocator.lacked:
            assert number > 1, "a test in which no allocation fails proves nothing"
            return
    raise AssertionError("there is no end of allocations")


def attempt(gate, method, target, body=b"", headers=()):
    """The status, or None when the connection was cut."""
    try:
        return gate.ask(method, target, body, headers)[0]
    except (EOFError, OSError):
        return None


@pytest.mark.parametrize("method,target,body,headers,status,faults", [
    ("POST", INVOKE, b"{}", [], 200, UPSTREAM),
    ("POST", INVOKE, b"x" * 300_000, [OCTETS], 200, UPSTREAM),
    ("POST", INVOKE + "-response-stream", b"{}", [], 200, UPSTREAM),
    ("POST", "/", json.dumps({"EndpointName": "e", "EndpointConfigName": "c"}).encode(), CREATE, 200,
     (400, *UPSTREAM)),  # jansson does not always say that it had no memory
    ("GET", "/nothing", b"", [], 403, ()),
], ids=["small", "large", "stream", "json", "refused"])
def test_requests(start_gate, endpoint, allocator, method, target, body, headers, status, faults):
    """Over a connection to the endpoint that has to be made."""
    gate = start_gate(environment=allocator.environment, log={"level": "warn"}, admin={"address": f"127.0.0.1:{free_port()}"})
    assert gate.ask(method, target, body, headers)[0] == status  # the name of the endpoint has been looked up
    for number in numbers(allocator):
        endpoint.cut_connections()
        got = attempt(gate, method, target, body, headers)
        lacked = allocator.relent()
        assert got == status or lacked and got in (*faults, None), f"allocation {number}"
        assert gate.ask(method, target, body, headers)[0] == status, f"after allocation {number}"
    gate.await_rest()


def test_requests_that_come_together(start_gate, allocator):
    """What has come of the second with the end of the first needs memory of its own: without, it is not begun in its
    middle."""
    gate = start_gate(environment=allocator.environment, log={"level": "warn"}, admin={"address": f"127.0.0.1:{free_port()}"})
    head = f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n".encode()
    first, second = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % 300_000, head + b"Content-Length: 400000\r\n\r\n"
    for _ in numbers(allocator):
        statuses = []
        with gate.connect() as wire, contextlib.suppress(EOFError, OSError):
            wire.send(first + bytes(300_000) + b"\r\n0\r\n\r\n" + second + b"\r\n" * 200_000)
            statuses = [wire.read_answer()[0], wire.read_answer()[0]]
        allocator.relent()
        assert set(statuses) <= {200, *UPSTREAM}
    gate.await_rest()
