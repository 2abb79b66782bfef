"""Limits: what is beyond them is told so at once, and nobody can hold more than their share."""
import os
import statistics
import subprocess
import sys
import time

import pytest
from gate import SANITIZED, eventually

LONG = bool(os.environ.get("TEST_LONG"))
INVOKE = ("POST", "/endpoints/e/invocations", b"{}")


def busy(answer, limit):
    status, headers, body = answer
    return (status, headers["retry-after"], headers["x-amzn-errortype"]) == (503, "1", "ServiceUnavailable") and limit in body


@pytest.fixture(params=[1, 4], ids=["one worker", "four workers"])
def workers(request):
    """The limits of connections are those of the process."""
    return request.param


def test_connections(start_gate, workers):
    gate = start_gate(limits={"max_connections": 3}, workers=workers)
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


def test_connections_of_a_listener(start_gate, workers):
    gate = start_gate(listener={"max_connections": 2}, workers=workers)
    with gate.connect() as one, gate.connect() as two, gate.connect_unix() as other:
        for wire in (one, two, other):
            assert wire.ask(*INVOKE)[0] == 200
        with gate.connect() as more:
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


def test_a_listener_and_a_user_stay_the_same_after_a_reload(start_gate, held, workers):
    """Whose requests still run by the configuration before count for the limits of the one in force."""
    started, going_on = held
    slow_request = b"POST /endpoints/held/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    gate = start_gate(limits={"max_connections_per_user": 1}, workers=workers)
    with gate.connect() as slow:
        slow.send(slow_request)
        started.wait()
        gate.config["listeners"][0]["max_connections"] = 1
        gate.reload()
        with gate.connect() as more:
            assert busy(more.read_answer(), b"the listener's max_connections (1)")
        with gate.connect_unix() as slow_too:
            started.event.clear()
            slow_too.send(slow_request)
            started.wait()
            gate.reload()
            with gate.connect_unix() as more:
                assert busy(more.read_answer(), b"limits.max_connections_per_user (1)")
            going_on.set()
            assert slow_too.read_answer()[2] == b"held" == slow.read_answer()[2]


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


def test_connections_of_a_user(start_gate, workers):
    gate = start_gate(limits={"max_connections_per_user": 2}, workers=workers)
    wires = [gate.connect_unix() for _ in range(2)]
    for wire in wires:
        assert wire.ask(*INVOKE)[0] == 200
    with gate.connect_unix() as wire:
        assert busy(wire.read_answer(), b"limits.max_connections_per_user (2)")
    assert gate.ask(*INVOKE)[0] == 200  # over TCP, where nobody asks who it is


@pytest.mark.one_worker
@pytest.mark.skipif(SANITIZED, reason="a sanitizer has descriptors of its own")
def test_no_more_descriptors(start_gate, endpoint):
    """Who is connected is served or told to try again; who is not waits in the kernel's queue until somebody leaves."""
    gate = start_gate(wrapper=["prlimit", "--nofile=48:48"])
    wires = [gate.connect() for _ in range(60)]
    gate.await_log("accept: Too many open files")
    served = wires[0]
    assert served.ask(*INVOKE)[0] in (200, 503)
    endpoint.cut_connections()
    status, headers, _ = served.ask(*INVOKE)
    assert status == 200 or (status, headers["x-amzn-errortype"]) == (503, "ServiceUnavailable")
    for wire in wires[1:40]:
        wire.sock.close()
    for wire in [served, *wires[40:]]:
        eventually(lambda: wire.ask(*INVOKE)[0] == 200)
    assert all(request.fault is None for request in endpoint.requests)
    assert "Too many open files; it is set aside" not in gate.log  # that is no fault of the endpoint's address


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


def trickle(wire, start):
    """Sends the start, then byte after byte until there is an answer."""
    wire.send(start)
    wire.sock.settimeout(0.02)
    answer = b""
    while not answer:
        wire.send(b"x")
        try:
            answer = wire.sock.recv(4096)
        except TimeoutError:
            pass
    return answer


HEAD = b"POST /"
BODY = b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize("limit,start", [("head", HEAD), ("total", HEAD), ("total", BODY)])
def test_time_of_a_request_that_trickles(start_gate, endpoint, limit, start):
    gate = start_gate(timeouts={limit: "300ms"})
    with gate.connect() as wire:
        answer = trickle(wire, start)
        assert answer.startswith(b"HTTP/1.1 408 ") and b"timeouts.%s" % limit.encode() in answer
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


# Connects so many times, sends the beginning of a head on each, then a byte now and then, until the daemon has ended them
# all. Says "ready", and in the end how many were told that they were too slow.
SLOW = r"""
import select, socket, sys, time
port, count = int(sys.argv[1]), int(sys.argv[2])
poll, socks, told = select.epoll(), {}, 0
for _ in range(count):
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setblocking(False)
    sock.send(b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    poll.register(sock, select.EPOLLIN)
    socks[sock.fileno()] = sock
print("ready", flush=True)
while socks:
    for sock in list(socks.values()):
        try:
            sock.send(b"x")
        except OSError:
            pass
        for ended, _ in poll.poll(0.0005):
            sock = socks.pop(ended)
            try:
                told += sock.recv(4096).startswith(b"HTTP/1.1 408 ")
            except OSError:
                pass
            poll.unregister(ended)
            sock.close()
print(told, flush=True)
"""


def durations(gate, count, rate):
    """Of so many requests, at so many a second."""
    result, due = [], time.perf_counter()
    with gate.connect() as wire:
        for _ in range(count):
            time.sleep(max(0, due - time.perf_counter()))
            due += 1 / rate
            before = time.perf_counter()
            assert wire.ask(*INVOKE)[0] == 200
            result.append(time.perf_counter() - before)
    return result


def p99_ms(result):
    return statistics.quantiles(result, n=100)[-1] * 1000


def test_slow_clients_hold_up_nobody(start_gate):
    """Thousands of clients that send a byte now and then, beside one that works."""
    slow, count = (2000, 1000) if LONG else (500, 100)
    gate = start_gate(limits={"max_connections": 4000}, timeouts={"client": f"{count // 50}s"}, log={"level": "warn"})
    durations(gate, 20, rate=100)
    quiet = durations(gate, count, rate=100)
    attack = subprocess.Popen([sys.executable, "-c", SLOW, str(gate.port), str(slow)], stdout=subprocess.PIPE, text=True)
    assert attack.stdout.readline() == "ready\n"
    beside = durations(gate, count, rate=100)
    print(f"p99 {p99_ms(quiet):.2f} ms, beside {slow} slow clients {p99_ms(beside):.2f} ms: {p99_ms(beside) / p99_ms(quiet):.2f} times;"
          f" medians {statistics.median(quiet) * 1000:.2f} and {statistics.median(beside) * 1000:.2f} ms")
    assert int(attack.communicate(timeout=120)[0]) == slow
    assert gate.ask(*INVOKE)[0] == 200
