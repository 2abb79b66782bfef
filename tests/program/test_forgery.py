"""Requests that a web page makes, or a server that is made to send them: refused before anything is decided."""
import json

import pytest

HOSTS = [  # what the Host field has, and whether it is the listener's own
    ("localhost", True), ("LocalHost:1", True), ("127.0.0.1", True), ("127.0.0.1:{port}", True), ("127.9.9.9:65535", True),
    ("[::1]", True), ("[::1]:8080", True), ("[::1]:", True), ("sagegate.internal", True), ("SageGate.Internal:80", True), ("10.9.8.7", True),
    ("[fd00::7]:1", True),
    ("evil.example", False), ("localhost.evil.example", False), ("evil.localhost", False), ("localhost.", False),
    ("127.0.0.1.evil.example", False), ("128.0.0.1", False), ("10.9.8.8", False), ("0.0.0.0", False), ("0", False),
    ("127.1", False), ("2130706433", False), ("0x7f.0.0.1", False), ("0177.0.0.1", False), ("[::]", False),
    ("[::ffff:127.0.0.1]", False), ("::1", False), ("[::1", False), ("[::1]x", False),
    ("localhost:65536", False), ("localhost:80:80", False), ("localhost:x", False), ("localhost]", False), (":80", False),
]
FIELDS = [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "same-origin"), ("sec-fetch-mode", "cors"),
          ("Sec-Fetch-Dest", ""), ("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-Host", "evil.example"),
          ("Forwarded", "for=10.0.0.1"), ("Upgrade", "websocket"), ("Upgrade", "h2c")]


def ask(gate, host="localhost", field=None):
    with gate.connect() as wire:
        extra = f"{field[0]}: {field[1]}\r\n" if field else ""
        wire.send(f"POST /endpoints/e/invocations HTTP/1.1\r\nHost: {host}\r\n{extra}Content-Length: 2\r\n\r\n{{}}".encode())
        return wire.read_answer()


@pytest.mark.parametrize("skip", [[], ["host"]], ids=["checked", "skipped"])
def test_host(start_gate, endpoint, skip):
    skipped = {"skip_checks": skip} if skip else {}
    gate = start_gate(listener={"hosts": ["sagegate.internal", "10.9.8.7", "FD00::7"], **skipped})
    for host, own in HOSTS:
        status, headers, body = ask(gate, host.format(port=gate.port))
        if own or skip:
            assert status == 200, (host, body)
        else:
            assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException"), host
            assert "add it to hosts of listener main" in json.loads(body)["message"]
    assert len(endpoint.requests) == (len(HOSTS) if skip else sum(own for _, own in HOSTS))


def test_one_connection_survives(gate, endpoint):
    with gate.connect() as wire:
        assert wire.ask("POST", "/endpoints/e/invocations", b"{}", [("Origin", "null")])[0] == 403
        assert wire.ask("POST", "/endpoints/e/invocations", b"{}")[0] == 200
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("check", ["origin", "sec-fetch", "forwarded", "upgrade"])
def test_fields(start_gate, endpoint, check):
    gate = start_gate(listener={"skip_checks": [check]})
    for field in FIELDS:
        status, _, body = ask(gate, field=field)
        skipped = field[0].lower().removeprefix("x-").startswith(check)
        assert status == (200 if skipped else 403), (field, body)
        if not skipped:
            assert field[0] in json.loads(body)["message"]
    assert all(request.header("upgrade") is None for request in endpoint.requests)


def test_absolute_form_and_connect(gate, endpoint):
    for line in ("GET http://localhost/ HTTP/1.1", "POST https://evil.example/endpoints/e/invocations HTTP/1.1",
                 "CONNECT evil.example:443 HTTP/1.1"):
        with gate.connect() as wire:
            wire.send(f"{line}\r\nHost: localhost\r\n\r\n".encode())
            status, headers, body = wire.read_answer()
            assert status == 400 and b"not as HTTP_PROXY" in body
            assert wire.read_to_end() == b""
    assert endpoint.requests == []


def test_unix_socket(gate):
    for host, status in (("localhost", 200), ("evil.example", 403)):
        with gate.connect_unix() as wire:
            wire.send(f"POST /endpoints/e/invocations HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode())
            assert wire.read_answer()[0] == status
