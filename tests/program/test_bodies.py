"""Large bodies: those that go on as they come, and the memory of those that are held."""
import hashlib
import threading

import pytest
import standin
from gate import Signal

TARGET = "/endpoints/large/invocations"
BODY = bytes(range(256)) * 4096  # 1 MiB


def head(body, sha256=None, length=None, more=()):
    lines = [f"POST {TARGET} HTTP/1.1", "Host: localhost", "Content-Type: application/octet-stream",
             f"Content-Length: {len(body) if length is None else length}", *more]
    if sha256:
        lines.append(f"X-Amz-Content-Sha256: {sha256}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def sha256(body):
    return hashlib.sha256(body).hexdigest()


def test_a_declared_body_goes_on_as_it_comes(gate, endpoint):
    """And the connection serves the next request. The stand-in's answer is the body; it checks the signature."""
    arrived = Signal()
    endpoint.on_head = lambda request: arrived.set()
    with gate.connect() as wire:
        wire.send(head(BODY, sha256(BODY)) + BODY[:200_000])
        arrived.wait()  # before the client has sent the rest
        wire.send(BODY[200_000:])
        status, _, body = wire.read_answer()
        assert (status, body) == (200, BODY)
        status, _, body = wire.ask("POST", TARGET, BODY, [("X-Amz-Content-Sha256", sha256(BODY)),
                                                          ("Content-Type", "application/octet-stream")])
        assert (status, body) == (200, BODY)


@pytest.mark.parametrize("size", [100, 65536, 65537, 2_000_001])
def test_a_declared_body_of_any_size(gate, size):
    body = b"x" * size
    with gate.connect() as wire:
        wire.send(head(body, sha256(body)) + body)
        assert wire.read_answer()[::2] == (200, body)


@pytest.mark.parametrize("size", [1000, len(BODY)])
def test_another_body_than_declared(gate, endpoint, size):
    """The endpoint never sees the end of it."""
    body = BODY[:size - 1] + b"!"
    with gate.connect() as wire:
        wire.send(head(body, sha256(BODY[:size])) + body)
        status, _, answer = wire.read_answer()
        assert status == 400 and b"X-Amz-Content-Sha256" in answer
        assert endpoint.requests == []
        wire.send(head(BODY, sha256(BODY)) + BODY)
        assert wire.read_answer()[0] == 200


def test_continue_comes_when_the_body_is_wanted(gate):
    with gate.connect() as wire:
        wire.send(head(BODY, sha256(BODY), more=["Expect: 100-continue"]))
        assert wire.read_head()[0] == 100
        wire.send(BODY)
        assert wire.read_answer()[0] == 200


def test_a_client_that_leaves_in_the_middle(gate, endpoint):
    arrived = Signal()
    endpoint.on_head = lambda request: arrived.set()
    with gate.connect() as wire:
        wire.send(head(BODY, sha256(BODY)) + BODY[:200_000])
        arrived.wait()
    assert gate.ask("POST", TARGET, b"{}")[0] == 200
    assert [request.body for request in endpoint.requests] == [b"{}"]


def test_an_early_refusal_reaches_the_client(gate, endpoint):
    """The endpoint answers and closes, and does not read the body."""
    def refuse(request):
        request.connection.answer_json(413, {"message": "too large"}, [("Connection", "close")])
        raise standin.Closed

    endpoint.on_head = refuse
    with gate.connect() as wire:
        wire.send(head(BODY * 8, sha256(BODY * 8)))
        sender = threading.Thread(target=send_until_it_fails, args=(wire, BODY * 8))
        sender.start()
        status = wire.read_answer()[0]
        sender.join()
        assert status in (413, 502)  # the answer can be lost to the reset that follows it


def send_until_it_fails(wire, data):
    try:
        wire.send(data)
    except OSError:
        pass


def test_bodies_wait_for_memory(start_gate):
    """Two bodies of which one fits: the second is read when the first has been answered."""
    gate = start_gate(limits={"max_body": "1MiB", "buffer_memory": "1MiB"})
    with gate.connect() as first, gate.connect() as second, gate.connect() as third:
        first.send(head(BODY) + BODY[:500_000])
        second.send(head(BODY, more=["Expect: 100-continue"]))
        third.send(head(BODY, sha256(BODY)) + BODY)  # needs no memory
        assert third.read_answer()[0] == 200
        assert gate.ask("POST", TARGET, b"{}")[0] == 200  # nor does this
        assert second.buffer == b""
        first.send(BODY[500_000:])
        assert first.read_answer()[::2] == (200, BODY)
        assert second.read_head()[0] == 100
        second.send(BODY)
        assert second.read_answer()[::2] == (200, BODY)


def test_a_body_that_finds_no_memory_in_time(start_gate, endpoint):
    gate = start_gate(limits={"max_body": "1MiB", "buffer_memory": "1MiB"}, timeouts={"client": "200ms"})
    go_on = Signal()

    def hold(request, connection):
        go_on.wait()
        connection.answer(200, b"held")

    endpoint.handlers["large"] = hold
    arrived = Signal()
    endpoint.on_head = lambda request: arrived.set()
    with gate.connect() as first, gate.connect() as second:
        first.send(head(BODY) + BODY)
        arrived.wait()
        second.send(head(BODY, more=["Expect: 100-continue"]))
        status, headers, body = second.read_answer()
        assert status == 503 and headers["retry-after"] == "1" and b"limits.buffer_memory" in body
        go_on.set()
        assert first.read_answer()[::2] == (200, b"held")
