"""The admin listener and `sagegate health`, which asks it."""
import base64
import contextlib
import hashlib
import json
import re
import socket
import subprocess
import threading

import pytest
from conftest import KEYS
from gate import SAGEGATE, Wire, eventually, free_port


@pytest.fixture(params=["tcp", "unix"])
def admin(request, tmp_path):
    """An address for the admin listener, and how to connect to it."""
    if request.param == "unix":
        path = str(tmp_path / "admin.sock")

        def connect():
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(30)
            sock.connect(path)
            return Wire(sock)

        return f"unix:{path}", connect
    port = free_port()
    return f"127.0.0.1:{port}", lambda: Wire(socket.create_connection(("127.0.0.1", port), timeout=30))


def get(connect, path, host="localhost", method="GET"):
    with connect() as wire:
        wire.send(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return wire.read_answer()


def health(gate, *options):
    return subprocess.run([SAGEGATE, "health", "-c", str(gate.directory / "sagegate.yaml"), *options], text=True,
                          capture_output=True, timeout=60)


def test_ready(start_gate, admin):
    address, connect = admin
    gate = start_gate(admin={"address": address})
    gate.await_notice("credentials from environment")
    eventually(lambda: get(connect, "/readyz")[0] == 200)
    status, headers, body = get(connect, "/readyz")
    state = json.loads(body)
    assert status == 200 and state["reasons"] == [] and headers["content-type"] == "application/json"
    assert state["ready"]
    assert state["credentials"] == {"ok": True, "source": "environment", "expired": False,
                                    "access_key_id_end": KEYS["AWS_ACCESS_KEY_ID"][-4:]}
    assert [listener["name"] for listener in state["listeners"]] == ["main", "local"]
    assert get(connect, "/healthz")[0] == 200
    answer = health(gate, "--ready")
    assert answer.returncode == 0 and json.loads(answer.stdout)["ready"]
    assert health(gate).returncode == 0


def test_alive_but_not_ready(start_gate, admin):
    """Without credentials no request would be served, but nobody should restart the process for it."""
    address, connect = admin
    gate = start_gate(admin={"address": address}, environment={"AWS_EC2_METADATA_DISABLED": "true"})
    gate.await_notice("no credentials")
    status, _, body = get(connect, "/readyz")
    state = json.loads(body)
    assert status == 503 and not state["ready"] and "no credentials: " in " ".join(state["reasons"])
    assert "AWS_ACCESS_KEY_ID" in state["credentials"]["reason"]
    assert get(connect, "/healthz")[0] == 200
    assert health(gate).returncode == 0
    answer = health(gate, "--ready")
    assert answer.returncode == 1 and "AWS_ACCESS_KEY_ID" in answer.stdout


def test_a_reason_that_is_no_text(start_gate, admin, tmp_path):
    """What a process says is anything: the reason that could not be told made it ready, with no credentials."""
    address, connect = admin
    process = tmp_path / "process"
    process.write_text("#!/bin/sh\nprintf 'caf\\351\\nMAINPID=1' >&2; exit 1\n")
    process.chmod(0o755)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {process}\n")
    gate = start_gate(admin={"address": address}, environment={"AWS_CONFIG_FILE": str(tmp_path / "config"),
                                                               "AWS_EC2_METADATA_DISABLED": "true"})
    gate.await_log("the process ended with status 1")
    status, _, body = get(connect, "/readyz")
    state = json.loads(body)
    assert status == 503 and not state["ready"] and "caf? MAINPID=1" in state["reasons"][0]
    assert "caf? MAINPID=1" in state["credentials"]["reason"]
    assert not [line for notice in gate.notices() for line in notice.split("\n") if line.startswith("MAINPID")]


def test_without_descriptors(start_gate):
    """It waits for one, and does not spin and fill the disk with what libevent says of that."""
    port = free_port()
    gate = start_gate(admin={"address": f"127.0.0.1:{port}"}, wrapper=["prlimit", "--nofile=100:100"])
    with contextlib.ExitStack() as held:
        for _ in range(200):
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
        gate.await_log("listener admin: accept: Too many open files; trying again in 100 ms", times=3)
        assert "[warn]" not in gate.log and gate.process.poll() is None
    assert eventually(lambda: get(lambda: Wire(socket.create_connection(("127.0.0.1", port), timeout=30)), "/healthz")[0]) == 200


def test_not_ready_while_ending(start_gate, endpoint, admin):
    address, connect = admin
    gate = start_gate(admin={"address": address})
    arrived, go_on = threading.Event(), threading.Event()

    def hold(request, connection):
        arrived.set()
        assert go_on.wait(30)
        connection.answer(200, b"{}")

    endpoint.handlers["slow"] = hold
    with gate.connect() as wire:
        wire.send(b"POST /endpoints/slow/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        assert arrived.wait(30)
        gate.process.terminate()
        gate.await_notice("STOPPING=1")
        status, _, body = get(connect, "/readyz")
        assert status == 503 and json.loads(body)["draining"]
        assert get(connect, "/healthz")[0] == 200
        go_on.set()
        assert wire.read_answer()[0] == 200
    gate.stop()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
def test_only_this_machine_is_answered(start_gate, host):
    """A web page whose name leads here (DNS rebinding) reads nothing."""
    port = free_port()
    start_gate(admin={"address": f"127.0.0.1:{port}"})

    def connect():
        return Wire(socket.create_connection(("127.0.0.1", port), timeout=30))

    assert get(connect, "/healthz", host)[0] in (400, 421)
    assert get(connect, "/healthz", f"localhost:{port}")[0] == 200
    assert get(connect, "/healthz", f"127.0.0.1:{port}")[0] == 200


@pytest.mark.parametrize("path", ["/", "/status.json", "/metrics", "/readyz", "/healthz"])
def test_it_is_not_for_other_pages(start_gate, path):
    """Of another port of this machine, say: they may link here, but neither read nor frame what is shown."""
    port = free_port()
    start_gate(admin={"address": f"127.0.0.1:{port}"})

    def ask(**headers):
        with Wire(socket.create_connection(("127.0.0.1", port), timeout=30)) as wire:
            return wire.ask("GET", path, headers=[(name.replace("_", "-"), value) for name, value in headers.items()])

    for site in ("cross-site", "same-site"):
        assert ask(Sec_Fetch_Site=site, Sec_Fetch_Mode="cors", Sec_Fetch_Dest="empty")[0] == 403
        assert ask(Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe")[0] == 403
        assert ask(Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")[0] in (200, 503)
    status, headers, _ = ask(Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors", Sec_Fetch_Dest="empty")
    assert status in (200, 503)
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin" and "access-control-allow-origin" not in headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ") and "frame-ancestors 'none'" in policy and "unsafe" not in policy


def test_the_page_holds_all_that_it_needs(start_gate, admin):
    """And its policy lets run what is in it, by hash."""
    address, connect = admin
    start_gate(admin={"address": address})
    status, headers, body = get(connect, "/")
    assert status == 200 and headers["content-type"] == "text/html; charset=utf-8"
    for kind in (b"style", b"script"):
        [text] = re.findall(b"<%s>(.*?)</%s>" % (kind, kind), body, re.S)
        name = base64.b64encode(hashlib.sha256(text).digest()).decode()
        assert f"{kind.decode()}-src 'sha256-{name}'" in headers["content-security-policy"]
    assert not re.search(rb"\bon\w+=|\bstyle=|javascript:|(?:src|href)=\"?(?:https?:)?//", body)


def test_nothing_else_is_there(start_gate, admin):
    address, connect = admin
    start_gate(admin={"address": address})
    assert get(connect, "/index.html")[0] == 404
    assert get(connect, "/healthz/x")[0] == 404
    status, headers, _ = get(connect, "/readyz", method="DELETE")
    assert (status, headers["allow"]) == (405, "GET")


def test_who_took_it_for_a_listener_is_told_so(start_gate, admin):
    address, connect = admin
    start_gate(admin={"address": address})
    with connect() as wire:
        for method, path, status in [("POST", "/endpoints/myEndpoint/invocations", 405), ("GET", "/FeatureGroup/g", 404)]:
            got, _, body = wire.ask(method, path, b"{}")
            assert got == status and b"This is sagegate's admin listener" in body


def test_health_without_a_daemon_or_listener(start_gate, tmp_path):
    gate = start_gate(admin={"address": f"127.0.0.1:{free_port()}"})
    gate.stop()
    answer = health(gate)
    assert answer.returncode == 1 and "nobody answers on the admin listener" in answer.stderr
    answer = health(start_gate())
    assert answer.returncode == 2 and "has no admin listener" in answer.stderr


def test_it_must_be_local(tmp_path):
    (tmp_path / "policy.json").write_text('{"Statement": []}')
    (tmp_path / "c.yaml").write_text(json.dumps({
        "region": "us-west-2", "account_id": "123456789012", "endpoints": {"runtime": {"private_dns": True}},
        "admin": {"address": "0.0.0.0:9090"},
        "listeners": [{"name": "main", "address": "127.0.0.1:8080", "policy": "policy.json"}]}))
    answer = subprocess.run([SAGEGATE, "check", "-c", str(tmp_path / "c.yaml")], env=KEYS, text=True, capture_output=True,
                            timeout=60)
    assert answer.returncode == 1
    assert "the admin listener must be on 127.0.0.1, [::1] or a Unix socket" in answer.stderr
