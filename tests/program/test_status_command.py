"""sagegate status: what a person is shown of a running daemon."""
import json
import os
import pty
import re
import signal
import socket
import subprocess

import pytest
from gate import ENDPOINT, SAGEGATE, SEED, eventually, free_port

pytestmark = pytest.mark.one_worker  # the connections that are counted are each worker's own
INVOKE = "/endpoints/myEndpoint/invocations"


@pytest.fixture
def gate(start_gate):
    gate = start_gate(policy=SEED, admin={"address": f"127.0.0.1:{free_port()}"})
    gate.await_log("credentials found")
    return gate


def command(gate, *options):
    return [SAGEGATE, "status", "-c", str(gate.directory / "sagegate.yaml"), *options]


def status(gate, *options):
    return subprocess.run(command(gate, *options), text=True, capture_output=True, timeout=60, check=False)


def test_a_daemon_that_is_well(gate, endpoint):
    for _ in range(3):
        assert gate.ask("POST", INVOKE, b"{}")[0] == 200
    for _ in range(2):
        assert gate.ask("POST", "/endpoints/other/invocations", b"{}")[0] == 403
    gate.await_rest()
    shown = status(gate)
    assert (shown.returncode, shown.stderr) == (0, "")
    text = re.sub(" +", " ", shown.stdout)
    for wanted in (f"ready pid {gate.process.pid}, up ", f"main 127.0.0.1:{gate.port} enforce {gate.directory}/policy.json",
                   "(default) good from environment, key ...NDIN", "runtime localhost 1 connections, 1 of them at rest",
                   f" 127.0.0.1:{endpoint.port} good\n", " 3 2xx allowed InvokeEndpoint on main\n",
                   " 2 4xx implicit_deny InvokeEndpoint on main\n", "whole requests 50 % within ",
                   "ago main 2 times Not authorized to perform: sagemaker:InvokeEndpoint",
                   'would be allowed by {"Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint", '
                   f'"Resource": "{ENDPOINT}other"}}\n'):
        assert wanted in text, text
    assert "\033" not in shown.stdout
    told = json.loads(status(gate, "--json").stdout)
    assert told["ready"] and told["pid"] == gate.process.pid and told["credentials"]["source"] == "environment"


def test_audit_mode(start_gate):
    """What it lets through is told, and where the policy for it is."""
    gate = start_gate(policy=SEED, admin={"address": f"127.0.0.1:{free_port()}"}, listener={"mode": "audit"})
    assert gate.ask("POST", "/endpoints/other/invocations", b"{}")[0] == 200
    eventually(lambda: "sent all the same  Not authorized" in (shown := status(gate).stdout) and "| jq -r .suggestion.document" in shown)


def test_a_daemon_that_is_not_ready(start_gate):
    """It says why."""
    gate = start_gate(environment={"AWS_EC2_METADATA_DISABLED": "true"}, admin={"address": f"127.0.0.1:{free_port()}"},
                      credentials={"provider": "environment"})
    gate.await_log("no credentials")
    shown = status(gate)
    assert shown.returncode == 1
    assert "  not ready  " in shown.stdout and "  ! no credentials: " in shown.stdout and "  none  " in shown.stdout
    gate.stop()
    shown = status(gate)
    assert shown.returncode == 1 and "nobody answers on the admin listener" in shown.stderr


def test_another_port_is_not_taken_for_the_admin_listener(gate):
    """A mistake of a digit must not read like a daemon that is not ready."""
    answer = subprocess.run([SAGEGATE, "status", "--address", f"127.0.0.1:{gate.port}"], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 1 and answer.stdout == ""
    assert f"the admin listener 127.0.0.1:{gate.port} answers, but not with a status (HTTP 403)" in answer.stderr


def test_who_closes_without_an_answer_is_named():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with subprocess.Popen([SAGEGATE, "health", "--address", address], stderr=subprocess.PIPE, text=True) as asking:
            with server.accept()[0] as sock:
                sock.recv(1000)
            said = asking.communicate(timeout=60)[1]
    assert asking.returncode == 1 and said == (f"sagegate health: the admin listener {address} gave no answer that can be "
                                               "read: the connection was closed at once\n")


@pytest.mark.parametrize("spoil", [lambda text: text.replace('"region"', '"regoin"'),
                                   lambda text: text.replace("policy.json", "gone.json"),
                                   lambda text: text.replace('"log"', '"log": 7, "log"')], ids=["key", "policy", "twice"])
def test_while_the_file_is_bad(gate, spoil):
    """That is when one asks: of the file nothing is needed but where to ask."""
    config = gate.directory / "sagegate.yaml"
    config.write_text(spoil(config.read_text()))
    gate.process.send_signal(signal.SIGHUP)
    gate.await_log("the configuration before it stays")
    shown = status(gate)
    assert (shown.returncode, shown.stderr) == (0, "") and f"{config} is not in force: " in shown.stdout


def test_at_an_address(gate):
    """Without a file at all."""
    for command in ("status", "health"):
        def ask(address, command=command):
            return subprocess.run([SAGEGATE, command, "-c", "/nonexistent", "--address", address], text=True, capture_output=True,
                                  timeout=60, check=False)

        assert ask(gate.config["admin"]["address"]).returncode == 0
        assert ask(f"unix:{gate.directory}/none.sock").returncode == 1
        for wrong in ("9090", "localhost", "unix:here", ""):
            answer = ask(wrong)
            assert answer.returncode == 2 and "error: it must be " in answer.stderr or "must be absolute" in answer.stderr


def test_the_file_does_not_tell_where(gate):
    """No YAML, or no such address: what is wrong is told."""
    config = gate.directory / "sagegate.yaml"
    for text, wanted in (("admin: [", "not YAML"), ("admin: { address: nowhere }", "1:19: error: address is 'nowhere'")):
        config.write_text(text)
        shown = status(gate)
        assert shown.returncode == 2 and wanted in shown.stderr, shown.stderr
    shown = subprocess.run(command(gate), text=True, capture_output=True, timeout=60, check=False,
                           env={**os.environ, "SAGEGATE_ADMIN_ADDRESS": gate.config["admin"]["address"]})
    assert shown.returncode == 0, shown.stderr


def test_without_an_admin_listener(start_gate):
    shown = status(start_gate())
    assert shown.returncode == 2 and "add admin: { address:" in shown.stderr
    assert status(start_gate(), "--json", "--watch").returncode == 2


@pytest.mark.parametrize("variable", ({}, {"NO_COLOR": "1"}))
def test_on_a_terminal(gate, variable):
    """Colours, and nothing that a client chose to say to it."""
    gate.ask("POST", "/endpoints/other/invocations?x=\033[31m", b"{}", [("X-Amz-Target", "\x1b]0;title\x07")])
    ours, theirs = pty.openpty()
    subprocess.run(command(gate), stdout=theirs, stdin=theirs, env={**os.environ, **variable}, timeout=60, check=True)
    os.close(theirs)
    text = b""
    try:
        while data := os.read(ours, 65536):
            text += data
    except OSError:  # it is closed
        os.close(ours)
    codes = set(re.findall(rb"\x1b[^m]*m", text))
    assert (b"\033[32mready" in text) is not bool(variable)
    assert codes <= {b"\033[0m", b"\033[1m", b"\033[32m", b"\033[33m"}
    assert all(c in b"\r\n\x1b" or 32 <= c < 127 for c in text)


def test_watching(gate):
    """Again and again, with rates from the second time on, and through a restart."""
    with subprocess.Popen(command(gate, "--watch"), stdout=subprocess.PIPE, text=True) as watcher:
        seen = ""
        while not re.search(r" [1-9]\d*\.\d/s  2xx  allowed", seen) and not re.search(r" 0\.[1-9]/s  2xx  allowed", seen):
            assert gate.ask("POST", INVOKE, b"{}")[0] == 200
            seen += watcher.stdout.readline()
        assert seen.count("Listeners") >= 2
        gate.stop()
        while "nobody answers" not in seen:
            seen += watcher.stdout.readline()
        watcher.send_signal(signal.SIGINT)
