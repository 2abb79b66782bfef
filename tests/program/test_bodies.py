"""Large bodies: those that go on as they come, and the memory of those that are held."""
import hashlib
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import standin
from gate import SANITIZED, Signal

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


def test_a_declared_body_that_has_come_already(gate):
    """With the end of a chunked one before it, of which large pieces are read."""
    first, second = bytes(300_000), BODY[:80_000]
    with gate.connect() as wire:
        wire.send(head(first, more=["Transfer-Encoding: chunked"]).replace(b"Content-Length: 300000\r\n", b"")
                  + b"%x\r\n%s\r\n0\r\n\r\n" % (len(first), first) + head(second, sha256(second)) + second)
        assert wire.read_answer()[::2] == (200, first)
        assert wire.read_answer()[::2] == (200, second)


def test_what_follows_a_body_outlives_it(start_gate, endpoint):
    """The end of a chunked body brings the next request with it; then the endpoint fails, and the body is given up."""
    def close(_request, _connection):
        raise standin.Closed

    endpoint.handlers["closing"] = close
    gate = start_gate(limits={"max_body": "300KiB", "buffer_memory": "300KiB"})
    first, second = bytes(300_000), BODY[:80_000]
    for _ in range(3):
        with gate.connect() as wire:
            wire.send(head(first, more=["Transfer-Encoding: chunked"]).replace(b"Content-Length: 300000\r\n", b"")
                      .replace(b"large", b"closing") + b"%x\r\n%s\r\n0\r\n\r\n" % (len(first), first) + head(second) + second)
            assert wire.read_answer()[0] == 502
            assert wire.read_answer()[::2] == (200, second)


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


@pytest.mark.skipif(SANITIZED, reason="sanitizers take memory of their own")
@pytest.mark.parametrize("declared", [False, True])
def test_many_bodies_at_once_stay_within_the_budget(start_gate, declared):
    """A hundred of 1 MiB, for which there are 4 MiB; and for each connection its buffers."""
    gate = start_gate(limits={"max_body": "1MiB", "buffer_memory": "4MiB"}, timeouts={"connect": "30s"})
    status = Path(f"/proc/{gate.process.pid}/status")

    def kib(field):
        return int(re.search(field + r":\s+(\d+) kB", status.read_text())[1])

    def send(_):
        with gate.connect() as wire:
            wire.send(head(BODY, sha256(BODY) if declared else None) + BODY)
            return wire.read_answer()[::2]

    before = kib("VmHWM")
    with ThreadPoolExecutor(100) as pool:
        assert list(pool.map(send, range(100))) == [(200, BODY)] * 100
    assert kib("VmHWM") < before + 4 * 1024 + 100 * 192


@pytest.mark.one_worker
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


@pytest.mark.one_worker
def test_a_body_that_found_no_memory_is_no_request(start_gate, endpoint):
    """After the refusal it is read to its end, whatever the exchange has counted of a body before."""
    gate = start_gate(limits={"max_body": "1MiB", "buffer_memory": "1MiB"}, timeouts={"client": "500ms"})
    go_on, arrived = Signal(), Signal()

    def hold(request, connection):
        arrived.set()
        go_on.wait()
        connection.answer(200, b"held")

    endpoint.handlers["large"] = hold
    hidden = b"POST /endpoints/hidden/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    with gate.connect() as first, gate.connect() as second:
        first.send(head(BODY)[:10])
        with gate.connect() as cut:
            cut.send(head(BODY) + BODY[:-1000])
        gate.await_log(f"bytes_in={len(BODY) - 1000}")
        first.send(head(BODY)[10:] + BODY)
        arrived.wait()
        second.send(head(BODY))
        assert second.read_answer()[0] == 503
        second.send(BODY[:1000] + hidden + BODY[1000 + len(hidden):])
        assert second.ask("POST", "/endpoints/e/invocations")[0] == 200
        go_on.set()
        assert first.read_answer()[::2] == (200, b"held")
    assert [request.path for request in endpoint.requests] == [TARGET, "/endpoints/e/invocations"]


class Sender(threading.Thread):
    """Sends a piece again and again; `stops()` waits until the other side takes no more."""

    def __init__(self, send, piece, count):
        super().__init__()
        self.push, self.piece, self.count, self.sent = send, piece, count, 0
        self.start()

    def run(self):
        while self.sent < self.count:
            self.push(self.piece)
            self.sent += 1

    def stops(self):
        before = -1
        while self.sent != before or not self.sent:
            before = self.sent
            time.sleep(0.3)
        return self.sent < self.count


def test_a_slow_client_stops_the_endpoint(gate, endpoint):
    """What the client does not read, sagegate does not read either."""
    senders = []

    def answer(request, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * len(BODY)))
        senders.append(Sender(connection.send, BODY, 64))
        begun.set()
        senders[0].join()

    begun = Signal()
    endpoint.handlers["large"] = answer
    with gate.connect() as wire:
        wire.send(head(b"{}") + b"{}")
        begun.wait()
        assert senders[0].stops()
        assert wire.read_head()[0] == 200
        for _ in range(64):
            assert wire.read(len(BODY)) == BODY


@pytest.mark.parametrize("unix", [True])
def test_a_slow_client_that_moves_is_not_cut_off(start_gate, endpoint, unix):
    """Its time-out begins anew with what it takes, though it takes longer for all that waits for it."""
    limit, count = 1.0, 32
    gate = start_gate(timeouts={"response": f"{int(limit * 1000)}ms"})

    def answer(_request, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (count * len(BODY)))
        for _ in range(count):
            connection.send(BODY)

    endpoint.handlers["large"] = answer
    for _ in range(5):
        taken, longest, began = b"", 0, time.monotonic()
        with gate.connect_unix() if unix else gate.connect() as wire:
            wire.send(head(b"{}") + b"{}")
            wire.read_head()
            while time.monotonic() < began + 4 * limit:
                before = time.monotonic()
                taken += wire.read(len(BODY) // 8)
                time.sleep(limit / 10)
                longest = max(longest, time.monotonic() - before)
            try:
                taken += wire.read(count * len(BODY) - len(taken))
            except (EOFError, ConnectionResetError):
                assert longest > limit / 2, "it was cut off"  # else the machine stood still: once more
                continue
        assert taken == BODY * count
        return
    raise AssertionError("this machine is too busy")


def test_a_slow_endpoint_stops_the_client(gate, endpoint):
    """A body that goes on as it comes is not read ahead of what the endpoint takes."""
    go_on, count = Signal(), 32
    endpoint.on_head = lambda request: go_on.wait()
    endpoint.handlers["large"] = lambda request, connection: connection.answer(200, b"{}")
    with gate.connect() as wire:
        wire.send(head(BODY * count, sha256(BODY * count)))
        sender = Sender(wire.send, BODY, count)
        assert sender.stops()
        go_on.set()
        sender.join()
        assert wire.read_answer()[0] == 200
