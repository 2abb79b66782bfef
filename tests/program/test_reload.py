"""SIGHUP, SIGTERM, and sockets that outlive the process: nobody is refused, nothing is lost."""
import copy
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pytest
from conftest import KEYS
from gate import ALLOW_ALL, SANITIZED, DidNotStart, Signal, free_port, preloaded

LONG = bool(os.environ.get("TEST_LONG"))
NOTHING = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
INVOKE = ("POST", "/endpoints/e/invocations", b"{}")
# Takes the place of the service manager: the listening socket becomes descriptor 3, under the listener's name.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="main")
os.execv(sys.argv[2], sys.argv[2:])
"""


def set_policy(gate, policy):
    (gate.directory / "policy.json").write_text(json.dumps(policy))


class Load:
    """So many requests a second from several clients, each on a connection that stays until the other side says close."""

    def __init__(self, connect, rate=500, clients=4):
        self.failures, self.count, self.going, self.pause = [], 0, True, clients / rate
        self.began = time.monotonic()
        self.threads = [threading.Thread(target=self._run, args=(connect,)) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self, connect):
        wire, due = None, time.monotonic()
        try:
            while self.going:
                time.sleep(max(0, due - time.monotonic()))
                due += self.pause
                wire = wire or connect()
                status, headers, _ = wire.ask(*INVOKE)
                assert status == 200, status
                self.count += 1
                if headers.get("connection") == "close":
                    wire.sock.close()
                    wire = None
        except Exception as error:  # whatever it is, it is what must not be
            self.failures.append(repr(error))
        finally:
            if wire:
                wire.sock.close()

    def more(self, count):
        wanted = self.count + count
        while self.count < wanted and not self.failures:
            time.sleep(0.001)

    def end(self):
        self.going = False
        for thread in self.threads:
            thread.join()
        print(f"{self.count} requests, {self.count / (time.monotonic() - self.began):.0f} a second, {len(self.failures)} failed")
        assert self.failures == []


def test_policy(gate):
    with gate.connect() as wire:
        assert wire.ask(*INVOKE)[0] == 200
        set_policy(gate, NOTHING)
        assert wire.ask(*INVOKE)[0] == 200
        gate.reload()
        assert wire.ask(*INVOKE)[0] == 403
        set_policy(gate, ALLOW_ALL)
        gate.reload()
        assert wire.ask(*INVOKE)[0] == 200


@pytest.mark.parametrize("fault", ["yaml", "key", "policy", "ca", "port", "credentials"])
def test_what_is_wrong_changes_nothing(gate, fault):
    config, text = copy.deepcopy(gate.config), None
    with socket.create_server(("127.0.0.1", 0)) as taken:
        if fault == "yaml":
            text = "listeners: ["
        elif fault == "key":
            config["colour"] = "red"
        elif fault == "policy":
            set_policy(gate, {"Statement": [{"Effect": "Perhaps"}]})
        elif fault == "ca":
            config["tls"] = {"ca_file": "/nonexistent"}
        elif fault == "port":
            config["listeners"].append({"name": "new", "address": "127.0.0.1:%d" % taken.getsockname()[1],
                                        "policy": "policy.json"})
        else:
            config["credentials"] = {"provider": "profile", "profile": "nobody"}
        config["log"] = {"level": "error"}
        with gate.connect() as wire:
            assert wire.ask(*INVOKE)[0] == 200
            (gate.directory / "sagegate.yaml").write_text(text or json.dumps(config))
            gate.process.send_signal(signal.SIGHUP)
            gate.await_notice("READY=1")
            assert "the configuration before it stays" in gate.log
            assert wire.ask(*INVOKE)[0] == 200
    assert gate.ask(*INVOKE)[0] == 200
    gate.await_log("status=200", 3)  # the log level has not changed either
    set_policy(gate, NOTHING)
    gate.reload()
    assert gate.ask(*INVOKE)[0] == 403


def test_listeners_come_and_go(gate):
    old, new = gate.connect(), free_port()
    assert old.ask(*INVOKE)[0] == 200
    unix = gate.connect_unix()
    main, local = gate.config["listeners"]
    gate.reload(listeners=[{**main, "address": f"127.0.0.1:{new}"}, {**local, "address": local["address"] + "2"}])
    with socket.create_connection(("127.0.0.1", new)) as sock:
        assert sock
    with pytest.raises(ConnectionRefusedError):
        gate.connect()
    assert not os.path.exists(gate.unix_path) and os.path.exists(gate.unix_path + "2")
    assert old.read_to_end() == b"" and unix.read_to_end() == b""
    gate.port = new
    assert gate.ask(*INVOKE)[0] == 200
    gate.reload(listeners=[main, local])
    gate.port = int(main["address"].rpartition(":")[2])
    assert gate.ask(*INVOKE)[0] == 200
    with gate.connect_unix() as wire:
        assert wire.ask(*INVOKE)[0] == 200


def test_who_may_speak_changes_for_those_connected(gate):
    main, local = gate.config["listeners"]
    with gate.connect() as wire:
        assert wire.ask(*INVOKE)[0] == 200
        gate.reload(listeners=[{**main, "allow_uids": [os.geteuid() + 1]}, local])
        assert wire.read_to_end() == b""
    assert gate.ask(*INVOKE)[0] == 403


def test_permissions(start_gate):
    """A socket that stays has those of the configuration in force, and no others when that one was not good."""
    def settings(app, admin, **more):
        gate.config["listeners"][1]["mode"] = app
        gate.reload(admin={"address": gate.config["admin"]["address"], "mode": admin}, **more)

    def permissions():
        return [os.stat(path).st_mode & 0o777 for path in (gate.unix_path, gate.config["admin"]["address"].removeprefix("unix:"))]

    folder = tempfile.mkdtemp(prefix="sg")
    gate = start_gate(admin={"address": f"unix:{folder}/admin", "mode": "0666"})
    assert permissions() == [0o660, 0o666]
    settings("0600", "0600")
    assert permissions() == [0o600, 0o600]
    settings("0666", "0666", log={"file": f"{folder}/none/log"})
    assert "is not in force" in gate.log and permissions() == [0o600, 0o600]
    os.unlink(f"{folder}/admin")
    settings("0640", "0640", log={})
    assert gate.log.count("is not in force") == 2 and os.stat(gate.unix_path).st_mode & 0o777 == 0o600
    gate.stop()
    shutil.rmtree(folder)


def test_a_running_request_ends_by_what_it_began_with(gate, endpoint):
    started, going_on = Signal(), Signal()

    def slow(_request, connection):
        started.set()
        going_on.wait()
        connection.answer(200, b"slow")

    endpoint.handlers["slow"] = slow
    with gate.connect() as wire:
        request = b"POST /endpoints/%s/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        wire.send(request % b"slow" + request % b"e")  # the second waits behind the first
        started.wait()
        set_policy(gate, NOTHING)
        gate.reload()
        assert gate.ask(*INVOKE)[0] == 403
        going_on.set()
        status, _, body = wire.read_answer()
        assert (status, body) == (200, b"slow")
        assert wire.read_answer()[0] == 403
        assert wire.ask(*INVOKE)[0] == 403


def test_log_level_and_format(gate):
    gate.reload(log={"level": "info", "format": "json"})
    gate.ask(*INVOKE)
    gate.await_log('"status":200')
    gate.reload(log={"level": "error", "format": "text"})
    before = gate.log
    gate.ask(*INVOKE)
    gate.stop()
    assert gate.log == before


def test_reload_under_load(start_gate):
    gate = start_gate(workers=2, log={"level": "warn"})
    load = Load(gate.connect)
    for i in range(100 if LONG else 15):
        gate.reload(limits={"max_connections": 1000 + i})
        load.more(50 if LONG else 20)
    load.end()
    assert len(os.listdir(f"/proc/{gate.process.pid}/fd")) < 60
    assert len(os.listdir(f"/proc/{gate.process.pid}/task")) <= 4  # ThreadSanitizer has one of its own


def test_reload_while_reloading(gate):
    for _ in range(20):
        gate.process.send_signal(signal.SIGHUP)
    gate.reload()
    assert gate.ask(*INVOKE)[0] == 200


def test_ending_while_reloading(gate):
    gate.process.send_signal(signal.SIGHUP)
    gate.stop()


def test_restart_refuses_nobody(start_gate, endpoint):
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        listening.set_inheritable(True)
        where = listening.getsockname()
        main = {"name": "main", "address": "%s:%d" % where, "policy": "policy.json"}

        def start():
            return start_gate(wrapper=[sys.executable, "-c", HAND_OVER, str(listening.fileno())], listeners=[main],
                              pass_fds=[listening.fileno()], log={"level": "warn"})

        gate = start()
        load = Load(gate.connect)
        for _ in range(20 if LONG else 4):
            load.more(200 if LONG else 20)
            gate.stop()
            gate = start()
        load.more(20)
        load.end()
    assert all(request.fault is None for request in endpoint.requests)


@pytest.fixture
def start_handed(start_gate):
    """A gate whose listener "main" has a socket from the service manager, and says that it is elsewhere."""
    def start(listening, address="127.0.0.1:1", **rules):
        listening.set_inheritable(True)
        listening.listen()
        return start_gate(wrapper=[sys.executable, "-c", HAND_OVER, str(listening.fileno())], pass_fds=[listening.fileno()],
                          listeners=[{"name": "main", "address": address, "policy": "policy.json", **rules}])
    return start


def test_what_is_handed_over_is_for_this_machine(start_handed):
    """ListenStream=8080 alone is open to the network: that takes allow_remote, as an address of one's own does."""
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        port = listening.getsockname()[1]
        with pytest.raises(DidNotStart, match=rf"handed over, 0\.0\.0\.0:{port}, can be reached from other machines"):
            start_handed(listening)


def test_what_is_handed_over_for_other_machines(start_handed):
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        gate = start_handed(listening, allow_remote=True)
        gate.await_log("the socket that was handed over is used, not 127.0.0.1:1")
        gate.reload(listeners=[{"name": "main", "address": "127.0.0.1:1", "policy": "policy.json"}])
        gate.await_log("can be reached from other machines")
        gate.await_log("is not in force")


@pytest.mark.parametrize("family, at, address", [(socket.AF_UNIX, "s", "127.0.0.1:1"),
                                                 (socket.AF_INET, ("127.0.0.1", 0), "unix:/nowhere/s:1")], ids=["unix", "ip"])
def test_what_is_handed_over_is_of_its_kind(start_handed, tmp_path, monkeypatch, family, at, address):
    monkeypatch.chdir(tmp_path)
    with socket.socket(family) as listening:
        listening.bind(at)
        with pytest.raises(DidNotStart, match=f"not of the kind of its address, {address}"):
            start_handed(listening, address)


def test_a_file_that_is_gone_is_told_without_a_line(gate):
    (gate.directory / "sagegate.yaml").unlink()
    gate.process.send_signal(signal.SIGHUP)
    gate.await_log("sagegate.yaml: cannot be opened: No such file or directory")


def test_drain_lets_the_next_request_through(start_gate):
    gate = start_gate(environment={**KEYS, "UNUSED": "x"})
    with gate.connect() as wire, gate.connect() as idle:
        assert wire.ask(*INVOKE)[0] == 200 and idle.ask(*INVOKE)[0] == 200
        gate.process.send_signal(signal.SIGTERM)
        gate.await_notice("STOPPING=1")
        headers = {}
        while headers.get("connection") != "close":  # the worker may not have heard of it yet
            status, headers, _ = wire.ask(*INVOKE)
            assert status == 200
        assert wire.read_to_end() == b"" and idle.read_to_end() == b""
    gate.stop()


def test_what_takes_a_restart_is_said(start_gate):
    """At each reload, until it comes."""
    gate = start_gate(workers=1)
    for times in (1, 2):
        gate.reload(workers=3, sandbox="off")
        assert gate.log.count("workers is 3 now, which takes a restart: until then 1 go on") == times
        assert gate.log.count("sandbox is off now, which takes a restart: until then it stays on") == times
    assert gate.ask(*INVOKE)[0] == 200


def test_watchdog(start_gate):
    gate = start_gate(environment={**KEYS, "WATCHDOG_USEC": "100000"}, workers=3)
    for _ in range(3):
        gate.await_notice("WATCHDOG=1")


@pytest.mark.skipif(SANITIZED, reason="a sanitizer must be loaded before anything else")
@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")
def test_watchdog_of_a_worker_that_hangs(start_gate, tmp_path):
    """The service manager is told nothing more until the worker goes on."""
    with preloaded("hanging_worker", tmp_path) as (environment, page):
        gate = start_gate(environment={**KEYS, "WATCHDOG_USEC": "150000", **environment}, workers=2, sandbox="off")
        told = "a worker does not answer"
        gate.await_notice("WATCHDOG=1")
        page[0] = 1
        gate.await_log(told)
        gate.notices()
        gate.await_log(told, times=gate.log.count(told) + 4)
        assert not [notice for notice in gate.notices() if "WATCHDOG" in notice]
        page[0] = 0
        gate.await_notice("WATCHDOG=1")
    assert gate.ask(*INVOKE)[0] == 200
