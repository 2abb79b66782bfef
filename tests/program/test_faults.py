"""
The matrix of faults: in each state that an exchange can rest in, each thing goes wrong (or on) once. The request ends in
the way that stands here, nothing stays stuck, and the next request is served.
"""
import hashlib
import queue
import select
import signal
import socket
import struct
import threading

import pytest
import standin
from conftest import KEYS
from gate import ENDPOINT, Signal, eventually, free_port
from imds import Imds
from sts import Sts

LARGE = b"x" * (16 << 20)
HASHED = LARGE[:1 << 20]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
REJECTION = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 20\r\n\r\n{"
CUT = None

# What the client gets when all goes on, also while the daemon reloads or drains; when the endpoint resets, falls silent,
# talks garbage; and when the credentials are lost: none come, or the service takes them no more and there are no others.
OUTCOMES = {
    "READ_HEAD": (200, 502, 504, 502, 403),
    "AWAIT_ACCOUNT": (200, 502, 504, 502, 503),
    "READ_BODY": (200, 502, 504, 502, 403),
    "AWAIT_CREDENTIALS": (200, 502, 504, 502, 503),
    "CONNECT": (200, 503, 503, 503, 403),
    "SEND": (200, 502, 504, 502, 403),
    "READ_PIECE": (200, 502, 504, 502, 403),
    "READ_RESPONSE": (200, 502, 504, 502, 200),
    "READ_REJECTION": (403, 502, 504, 403, 403),
    "AWAIT_RENEWAL": (200, 502, 504, 502, 403),
    "RELAY": (200, CUT, CUT, CUT, 200),
    "REFUSE": (403, 403, 403, 403, 403),
    "DISCARD": (403, 403, 403, 403, 403),
}
FAULTS = ("reset", "stall", "garbage", "credential loss", "client gone", "reload", "drain")


class Keys:
    """Where the daemon has its keys from; while they are held back, requests wait for them."""

    environment, settings, credentials = KEYS, {}, {}

    def __init__(self, endpoint, authority):
        self.endpoint = endpoint

    def await_waiting(self, gate):
        pass

    def give(self):
        pass

    def lose(self):
        self.endpoint.rejected.add(standin.ACCESS_KEY)

    def close(self):
        self.endpoint.rejected.clear()


class KeysWithoutAccount(Keys):
    """STS, which tells whose they are, does not answer yet."""

    def __init__(self, endpoint, authority):
        super().__init__(endpoint, authority)
        self.sts, self.going_on = Sts(authority), threading.Event()
        self.sts.know(standin.ACCESS_KEY, standin.SECRET, None, "arn:aws:iam::123456789012:user/u", "AIDAX")
        self.sts.before = self.going_on.wait
        self.settings = {"account_id": None,
                         "endpoints": {"runtime": {"url": endpoint.url}, "sts": {"url": self.sts.url}}}

    def await_waiting(self, gate):
        eventually(lambda: gate.number("sagegate_requests_in_flight") == 1)

    def give(self):
        self.going_on.set()

    def lose(self):
        pass

    def close(self):
        self.give()
        self.sts.close()


class KeysToCome(Keys):
    """The instance has no role yet."""

    def __init__(self, endpoint, authority):
        super().__init__(endpoint, authority)
        self.imds = Imds()
        self.imds.mode = "failing"
        self.imds.give(standin.ACCESS_KEY, standin.SECRET, standin.TOKEN, life=3600)
        endpoint.keys[standin.ACCESS_KEY] = (standin.SECRET, standin.TOKEN)
        self.environment = self.imds.environment
        self.credentials = {"provider": "imds"}

    await_waiting = KeysWithoutAccount.await_waiting

    def give(self):
        self.imds.mode = "up"

    def lose(self):
        pass

    def close(self):
        self.give()
        self.imds.close()


class KeysToRenew(KeysToCome):
    """Those of the instance's role are not accepted any more, and the next ones take a while."""

    def __init__(self, endpoint, authority):
        super().__init__(endpoint, authority)
        self.imds.mode, self.lost, self.asked, self.going_on = "up", False, Signal(), threading.Event()
        self.old = self.imds.current
        endpoint.keys["AKIDNEWER"] = ("newer", "newer-token")
        self.imds.next_keys = self.next_keys
        endpoint.rejected.add(standin.ACCESS_KEY)

    def next_keys(self):
        if self.imds.asked == 1:
            return self.old
        if self.imds.asked == 2:
            self.asked.set()
            self.going_on.wait()
        if not self.lost:
            self.imds.give("AKIDNEWER", "newer", "newer-token", life=3600)
        return self.imds.current

    def await_waiting(self, gate):
        self.asked.wait()

    def give(self):
        self.going_on.set()

    def lose(self):
        self.lost = True
        self.give()

    def close(self):
        super().close()
        Keys.close(self)


SOURCES = {"AWAIT_ACCOUNT": KeysWithoutAccount, "AWAIT_CREDENTIALS": KeysToCome, "AWAIT_RENEWAL": KeysToRenew}


@pytest.fixture
def keys(request, endpoint, authority):
    source = SOURCES.get(request.getfixturevalue("state"), Keys)(endpoint, authority)
    yield source
    source.close()


def fill(wire):
    """Asks for what is denied, and takes no answer, until one of the answers can't go out and nothing more is read."""
    wire.sock.setblocking(False)
    while select.select([], [wire.sock], [], 0.3)[1]:
        try:
            wire.send(head("denied", 0))
        except BlockingIOError:
            pass
    wire.sock.settimeout(30)


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


def bring_to(state, gate, wire, upstream, keys):
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
    if state == "REFUSE":
        fill(wire)
        return b""
    wire.send(head("e", len(LARGE)) + LARGE if state == "SEND" else head("e", 0))
    if state in SOURCES:
        keys.await_waiting(gate)
    else:
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
def test_cell(start_gate, endpoint, keys, state, fault):
    well, *bad = OUTCOMES[state]
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:*", "Resource": "*"},
                            {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": ENDPOINT + "denied"}]}
    patience = "300ms" if fault == "stall" else "60s"
    gate = start_gate(policy=policy, environment=keys.environment, admin={"address": f"127.0.0.1:{free_port()}"},
                      timeouts={"response": patience, "connect": patience if state == "CONNECT" else "60s"},
                      credentials={**keys.credentials, "wait": "300ms" if fault == "credential loss" else "60s"},
                      **keys.settings)
    upstream = Upstream(endpoint, state)
    with gate.connect_unix() if state == "REFUSE" else gate.connect() as wire:
        rest = bring_to(state, gate, wire, upstream, keys)
        if fault == "credential loss":
            keys.lose()
        elif fault == "reload":
            gate.reload()
        elif fault == "drain":
            gate.process.send_signal(signal.SIGTERM)
            gate.await_notice("STOPPING=1")
        if fault not in ("client gone", "credential loss"):
            keys.give()
        if fault != "client gone":
            upstream.orders.put(fault)
            if rest:
                wire.send(rest)
            assert outcome(wire, state) == (bad[FAULTS.index(fault)] if fault in FAULTS[:4] else well)
    assert sum("/e/" in request.path for request in endpoint.requests) <= (2 if state == "AWAIT_RENEWAL" else 1)
    upstream.orders.put("over")
    keys.give()
    endpoint.rejected.discard(standin.ACCESS_KEY)
    if fault == "drain":
        gate.stop()
        return
    gate.await_rest()
    if state == "CONNECT":
        endpoint.context = upstream.context
    eventually(lambda: gate.ask("POST", "/endpoints/other/invocations")[0] == 200)
