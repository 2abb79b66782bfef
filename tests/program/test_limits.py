"""Limits: what is beyond them is told so at once, and nobody can hold more than their share."""
import socket
import statistics
import threading
import time

import pytest
from gate import Signal

INVOKE = ("POST", "/endpoints/e/invocations", b"{}")


@pytest.fixture
def held(endpoint):
    """An endpoint that answers when it is told to."""
    started, going_on = Signal(), Signal()

    def hold(_request, connection):
        started.set()
        going_on.wait()
        connection.answer(200, b"held")

    endpoint.handlers["held"] = hold
    yield started, going_on
    going_on.set()


def busy(answer, limit):
    status, headers, body = answer
    return (status, headers["retry-after"], headers["x-amzn-errortype"]) == (503, "1", "ServiceUnavailable") and limit in body


@pytest.mark.one_worker
def test_connections(start_gate):
    gate = start_gate(limits={"max_connections": 3})
    wires = [gate.connect() for _ in range(3)]
    for wire in wires:
        assert wire.ask(*INVOKE)[0] == 200
    with gate.connect() as wire:
        assert busy(wire.read_answer(), b"limits.max_connections (3)")
        assert wire.read_to_end() == b""
    wires[0].sock.close()
    gate.await_log("turned away")
    for _ in range(100):  # the place is free once the worker has seen it
        with gate.connect() as wire:
            try:
                if wire.ask(*INVOKE)[0] == 200:
                    break
            except OSError:
                pass
    else:
        raise AssertionError("the place never became free")


@pytest.mark.one_worker
def test_connections_of_a_listener(start_gate):
    gate = start_gate(listener={"max_connections": 2})
    with gate.connect() as one, gate.connect() as two, gate.connect() as more, gate.connect_unix() as other:
        for wire in (one, two, other):
            assert wire.ask(*INVOKE)[0] == 200
        assert busy(more.read_answer(), b"the listener's max_connections (2)")


@pytest.mark.one_worker
def test_those_who_came_before_a_reload_count(start_gate, held):
    started, going_on = held
    gate = start_gate(limits={"max_connections": 2, "max_requests": 1})
    with gate.connect() as slow, gate.connect() as other:
        slow.send(b"POST /endpoints/held/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        started.wait()
        gate.reload()
        assert busy(other.ask(*INVOKE), b"limits.max_requests (1)")
        with gate.connect() as third:
            assert busy(third.read_answer(), b"limits.max_connections (2)")
        going_on.set()
        assert slow.read_answer()[2] == b"held"
        assert other.ask(*INVOKE)[0] == 200


@pytest.mark.parametrize("limit,head", [
    ("max_head", b"X-Long: " + b"x" * 2000 + b"\r\n\r\n"), ("max_head", b"X-Endless: " + b"x" * 2000),
    ("max_head_fields", b"X-Field: x\r\n" * 10 + b"\r\n")])
def test_heads(start_gate, endpoint, limit, head):
    gate = start_gate(limits={"max_head": "2000", "max_head_fields": 10})
    with gate.connect() as wire:
        assert wire.ask(*INVOKE)[0] == 200
        wire.send(b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\n" + head)
        status, headers, body = wire.read_answer()
        assert (status, headers["connection"]) == (431, "close") and b"limits.%s (" % limit.encode() in body
        assert wire.read_to_end() == b""
    assert len(endpoint.requests) == 1


@pytest.mark.one_worker
def test_connections_of_a_user(start_gate):
    gate = start_gate(limits={"max_connections_per_user": 2})
    wires = [gate.connect_unix() for _ in range(2)]
    for wire in wires:
        assert wire.ask(*INVOKE)[0] == 200
    with gate.connect_unix() as wire:
        assert busy(wire.read_answer(), b"limits.max_connections_per_user (2)")
    assert gate.ask(*INVOKE)[0] == 200  # over TCP, where nobody asks who it is


@pytest.mark.one_worker
def test_requests(start_gate, held):
    started, going_on = held
    gate = start_gate(limits={"max_requests": 1})
    with gate.connect() as slow, gate.connect() as other:
        slow.send(b"POST /endpoints/held/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        started.wait()
        assert busy(other.ask(*INVOKE), b"limits.max_requests (1)")
        going_on.set()
        assert slow.read_answer()[2] == b"held"
        assert other.ask(*INVOKE)[0] == 200
        assert slow.ask(*INVOKE)[0] == 200


def test_total_time_of_a_request_that_trickles(start_gate, endpoint):
    gate = start_gate(timeouts={"total": "300ms"})
    for start in (b"POST /", b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"):
        with gate.connect() as wire:
            wire.send(start)
            wire.sock.settimeout(0.02)
            answer = b""
            while not answer:
                wire.send(b"x")
                try:
                    answer = wire.sock.recv(4096)
                except TimeoutError:
                    pass
            assert answer.startswith(b"HTTP/1.1 408 ") and b"timeouts.total" in answer
    assert endpoint.requests == []


def test_total_time_of_an_answer(start_gate, endpoint, held):
    gate = start_gate(timeouts={"total": "300ms"})
    status, _, body = gate.ask("POST", "/endpoints/held/invocations")
    assert status == 504 and b"timeouts.total" in body

    def trickle(_request, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.send(b"1\r\nx\r\n")
                time.sleep(0.02)
        except OSError:
            pass

    endpoint.handlers["trickle"] = trickle
    with pytest.raises((EOFError, ConnectionResetError)):
        gate.ask("POST", "/endpoints/trickle/invocations")


def durations(gate, count):
    result = []
    with gate.connect() as wire:
        for _ in range(count):
            before = time.perf_counter()
            assert wire.ask(*INVOKE)[0] == 200
            result.append(time.perf_counter() - before)
    return result


def test_slow_clients_hold_up_nobody(start_gate):
    """Two thousand clients that send a byte now and then, beside one that works."""
    gate = start_gate(limits={"max_connections": 4000})
    quiet = durations(gate, 200)
    slow = [socket.create_connection(("127.0.0.1", gate.port)) for _ in range(2000)]
    going = True

    def trickle():
        text = b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 10000
        for byte in text:
            for sock in slow:
                if not going:
                    return
                sock.send(bytes([byte]))
                time.sleep(0.0005)

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        beside = durations(gate, 200)
    finally:
        going = False
        thread.join()
        for sock in slow:
            sock.close()
    # A bound that a hurried machine keeps too; the medians are nearly the same on an idle one.
    assert statistics.median(beside) < 10 * statistics.median(quiet) + 0.05
    assert gate.ask(*INVOKE)[0] == 200
