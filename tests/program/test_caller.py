"""Who may speak to a listener: users switch, the kernel tells, over IPv4, IPv6 and Unix sockets."""
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile

import pytest
from gate import free_port

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
OTHER, STRANGER, GROUP = 54321, 54322, 54323
ASK = r"""
import socket, sys
address, target = sys.argv[1], sys.argv[2]
if address.startswith("/"):
    sock = socket.socket(socket.AF_UNIX); sock.connect(address)
else:
    sock = socket.create_connection((address, int(sys.argv[3])))
sock.sendall(b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % target.encode())
answer = b""
while data := sock.recv(65536):
    answer += data
sys.stdout.buffer.write(answer)
"""
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "sagemaker:*", "Resource": "*"}


@pytest.fixture
def public_folder():
    """A folder that every user can enter."""
    folder = tempfile.mkdtemp(prefix="sg")
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def gates(start_gate, public_folder):
    """A function that starts sagegate with the same rules on three listeners; what it returns asks each as some user."""

    def start(policy=None, **rules):
        port4, port6 = free_port(), free_port()
        listeners = [{"name": "v4", "address": f"127.0.0.1:{port4}", "policy": "policy.json", **rules},
                     {"name": "v6", "address": f"[::1]:{port6}", "policy": "policy.json", **rules},
                     {"name": "unix", "address": f"unix:{public_folder}/s", "mode": "0666", "policy": "policy.json", **rules}]
        gate = start_gate(policy=policy or {"Statement": [ALLOW]}, listeners=listeners)

        def ask(user, group=GROUP, groups=(), program=sys.executable):
            answers = []
            for address, port in (("127.0.0.1", port4), ("::1", port6), (f"{public_folder}/s", 0)):
                answer = subprocess.run([program, "-c", ASK, address, "/endpoints/e/invocations", str(port)], user=user,
                                        group=group, extra_groups=groups, capture_output=True, timeout=60, check=True).stdout
                head, _, body = answer.partition(b"\r\n\r\n")
                answers.append((int(head.split(b" ")[1]), json.loads(body)))
            return gate, [status for status, _ in answers], [body.get("message", "") for _, body in answers]

        return ask

    return start


def test_another_user_is_refused(gates, endpoint):
    ask = gates(allow_uids=[OTHER])
    assert ask(OTHER)[1] == [200] * 3
    _, statuses, messages = ask(STRANGER)
    assert statuses == [403] * 3
    assert all(f"uid {STRANGER}" in message for message in messages)
    assert ask(0)[1] == [403] * 3  # not even root, if it is not named
    assert len(endpoint.requests) == 3


def test_names_are_users_and_are_logged(gates):
    user = next(entry for entry in pwd.getpwall() if entry.pw_uid not in (0, OTHER))
    ask = gates(allow_uids=[user.pw_name, "root"])
    gate, statuses, _ = ask(user.pw_uid)
    assert statuses == [200] * 3
    gate.await_log("status=200", 3)
    lines = [line for line in gate.log.splitlines() if "status=200" in line]
    assert all(f"uid={user.pw_uid} user={user.pw_name} " in line for line in lines)
    assert "pid=" in lines[-1]
    assert ask(0)[1] == [200] * 3
    assert ask(STRANGER)[1] == [403] * 3


def test_groups(gates):
    ask = gates(allow_gids=[GROUP])
    # TCP tells the user alone, who is in no group of the database: refused, since it cannot be told.
    assert ask(OTHER)[1] == [403, 403, 200]
    assert ask(OTHER, group=1, groups=[GROUP])[1] == [403, 403, 200]
    assert ask(OTHER, group=1)[1] == [403] * 3
    user = next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)
    assert ask(user.pw_uid, group=1)[1] == [403] * 3


def test_groups_of_the_database(gates):
    user = next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)
    ask = gates(allow_gids=[user.pw_gid])
    assert ask(user.pw_uid, group=user.pw_gid)[1] == [200] * 3
    assert ask(STRANGER)[1] == [403] * 3


def test_programs(gates, public_folder):
    own = f"{public_folder}/python"
    shutil.copy(os.path.realpath(sys.executable), own)
    ask = gates(allow_executables=[own], allow_uids=[OTHER, 0])
    for user in (OTHER, 0):
        assert ask(user, program=own)[1] == [200] * 3
        assert ask(user)[1] == [403] * 3
    assert ask(STRANGER, program=own)[1] == [403] * 3


def test_policy_knows_the_caller(gates, endpoint):
    user = next(entry for entry in pwd.getpwall() if entry.pw_uid not in (0, OTHER))
    ask = gates(policy={"Statement": [{**ALLOW, "Condition": {"NumericEquals": {"sagegate:CallerUid": str(OTHER)}}},
                                      {**ALLOW, "Condition": {"StringEquals": {"sagegate:CallerUser": user.pw_name}}}]})
    assert ask(OTHER)[1] == [200] * 3
    assert ask(user.pw_uid)[1] == [200] * 3
    assert ask(STRANGER)[1] == [403] * 3
    assert len(endpoint.requests) == 6


def test_a_closed_socket_is_nobodys(gates, start_gate, endpoint):
    """The kernel says that a socket whose process has closed it is root's: root may speak, but this must not."""
    gate = start_gate(listener={"allow_uids": [0]})
    script = ("import socket, os, sys\n"
              "os.setuid(54322)\n"
              f"s = socket.create_connection(('127.0.0.1', {gate.port}))\n"
              "s.sendall(b'POST /endpoints/e/invocations HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 0\\r\\n\\r\\n')\n")
    os.kill(gate.process.pid, 19)  # stopped: it accepts when the client is long gone
    try:
        subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    finally:
        os.kill(gate.process.pid, 18)
    with gate.connect() as wire:
        assert wire.ask("POST", "/endpoints/mine/invocations")[0] == 200
    assert [request.path for request in endpoint.requests] == ["/endpoints/mine/invocations"]


def test_a_connection_from_an_ipv6_socket_to_ipv4(start_gate, endpoint):
    gate = start_gate(listener={"allow_uids": [0]})
    with socket.socket(socket.AF_INET6) as sock:
        sock.connect(("::ffff:127.0.0.1", gate.port))
        sock.sendall(b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200")


def test_no_rule_no_question(gate):
    """Without a rule TCP callers are not asked for: the log says nothing of them."""
    with gate.connect() as wire:
        assert wire.ask("POST", "/endpoints/e/invocations")[0] == 200
    with gate.connect_unix() as wire:
        assert wire.ask("POST", "/endpoints/e/invocations")[0] == 200
    gate.stop()
    main, local = (line for line in gate.log.splitlines() if " request " in line)
    assert "uid=" not in main
    assert "uid=0 user=root pid=" in local
