"""
The matrix of faults: in each state that an exchange can rest in, each thing goes wrong (or on) once. The request ends in
the way that stands here, nothing stays stuck, and the next request is served.
"""
import hashlib
import queue
import signal
import socket
import struct

import pytest
import standin
from gate import ENDPOINT, Signal, free_port

LARGE = b"x" * (16 << 20)
HASHED = LARGE[:1 << 20]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
REJECTION = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 20\r\n\r\n{"
CUT = None

# What the client gets when all goes on, also while the daemon reloads or drains; and when the endpoint resets, falls
# silent, talks garbage.
OUTCOMES = {
    "READ_HEAD": (200, 502, 504, 502),
    "READ_BODY": (200, 502, 504, 502),
    "CONNECT": (200, 503, 503, 503),
    "SEND": (200, 502, 504, 502),
    "READ_PIECE": (200, 502, 504, 502),
    "READ_RESPONSE": (200, 502, 504, 502),
    "READ_REJECTION": (403, 502, 504, 403),
    "RELAY": (200, CUT, CUT, CUT),
    "DISCARD": (403, 403, 403, 403),
}
FAULTS = ("reset", "stall", "garbage", "client gone", "reload", "drain")


def head(name, length, *fields):
    return "\r\n".join([f"POST /endpoints/{name}/invocations HTTP/1.1", "Host: localhost", f"Content-Length: {length}",
                        *fields]).encode() + b"\r\n\r\n"


class Upstream:
    """Holds the exchange in its state, until it is told how to go on."""

    def __init__(self, endpoint, state):
        self.state, self.arrived, self.orders = state, Signal(), queue.SimpleQueue()
        endpoint.handlers["e"] = self.answer
        if state == "CONNECT":
            self.context, endpoint.context = endpoint.context, self
        elif state in ("SEND", "READ_PIECE"):
            endpoint.on_head = lambda request: self.hold(request.connection.sock) if "/e/" in request.path else None

    def wrap_socket(self, sock, server_side):
        self.hold(sock)
        return self.context.wrap_socket(sock, server_side=server_side)

    def hold(self, sock):
        self.arrived.set()
        order = self.orders.get(timeout=60)
        if order == "stall":
            self.orders.get(timeout=60)
            raise OSError("given up")
        if order == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise OSError
        if order == "garbage":
            sock.sendall(b"\x00 no such thing \r\n\r\n" * 4)
            raise OSError

    def answer(self, _request, connection):
        begun = {"READ_REJECTION": REJECTION, "RELAY": CHUNKED}.get(self.state)
        if begun:
            connection.send(begun)
        if self.state not in ("CONNECT", "SEND", "READ_PIECE"):
            self.hold(connection.sock)
        if self.state == "READ_REJECTION":
            connection.send(b" " * 18 + b"}")
        elif self.state == "RELAY":
            connection.send(b"0\r\n\r\n")
        else:
            connection.answer(200, b"{}")


def bring_to(state, wire, upstream):
    """Returns what the client has still to send."""
    if state == "READ_HEAD":
        text = head("e", 0)
        wire.send(text[:30])
        return text[30:]
    if state == "READ_BODY":
        wire.send(head("e", 10, "Expect: 100-continue"))
        assert wire.read_head()[0] == 100
        wire.send(b"x" * 5)
        return b"x" * 5
    if state == "DISCARD":
        wire.send(head("denied", 10) + b"x" * 5)
        return b"x" * 5
    if state == "READ_PIECE":
        half = len(HASHED) // 2
        wire.send(head("e", len(HASHED), f"X-Amz-Content-Sha256: {hashlib.sha256(HASHED).hexdigest()}") + HASHED[:half])
        upstream.arrived.wait()
        return HASHED[half:]
    wire.send(head("e", len(LARGE)) + LARGE if state == "SEND" else head("e", 0))
    upstream.arrived.wait()
    if state == "RELAY":
        wire.read_until(b"half\r\n")
    return b""


def outcome(wire, state):
    try:
        if state == "RELAY":
            return 200 if wire.read_until(b"0\r\n\r\n") is not None else CUT
        return wire.read_answer()[0]
    except (EOFError, ConnectionResetError):
        return CUT


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("state", OUTCOMES)
def test_cell(start_gate, endpoint, state, fault):
    well, *bad = OUTCOMES[state]
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:*", "Resource": "*"},
                            {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": ENDPOINT + "denied"}]}
    patience = "300ms" if fault == "stall" else "60s"
    gate = start_gate(policy=policy, admin={"address": f"127.0.0.1:{free_port()}"},
                      timeouts={"response": patience, "connect": patience})
    upstream = Upstream(endpoint, state)
    with gate.connect() as wire:
        rest = bring_to(state, wire, upstream)
        if fault == "reload":
            gate.reload()
        elif fault == "drain":
            gate.process.send_signal(signal.SIGTERM)
            gate.await_notice("STOPPING=1")
        if fault != "client gone":
            upstream.orders.put(fault)
            if rest:
                wire.send(rest)
            assert outcome(wire, state) == (bad[FAULTS.index(fault)] if fault in FAULTS[:3] else well)
    upstream.orders.put("over")
    if fault == "drain":
        gate.stop()
        return
    gate.await_rest()
    if state == "CONNECT":
        endpoint.context = upstream.context
    assert gate.ask("POST", "/endpoints/other/invocations")[0] == 200
