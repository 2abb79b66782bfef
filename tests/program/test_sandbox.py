"""What the daemon gives up at its start, as the kernel tells it, and that all it serves for goes on inside."""
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import standin
from conftest import KEYS, gates_in
from gate import ALLOW_ALL, SAGEGATE, SANITIZED

INVOKE = "/endpoints/myEndpoint/invocations"
ROOT = os.geteuid() == 0
# The system calls of a kernel that has neither seccomp nor Landlock are made unknown before the daemon starts.
OLD_KERNEL = r"""
import ctypes, os, sys
lib = ctypes.CDLL("libseccomp.so.2")
lib.seccomp_init.restype = ctypes.c_void_p
ALLOW, ENOSYS, LANDLOCK_CREATE_RULESET = 0x7fff0000, 0x00050000 | 38, 444
rules = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(ALLOW)))
for call in (lib.seccomp_syscall_resolve_name(b"seccomp"), LANDLOCK_CREATE_RULESET):
    assert lib.seccomp_rule_add(rules, ctypes.c_uint32(ENOSYS), call, 0) == 0
assert lib.seccomp_load(rules) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


def states(gate):
    """What /proc says of each thread."""
    for task in Path(f"/proc/{gate.process.pid}/task").iterdir():
        yield dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)


def told(gate):
    """The line of the log."""
    (line,) = (line for line in gate.log.splitlines() if "sandbox: " in line)
    return line.partition("sandbox: ")[2]


def capabilities(state):
    return {name: int(state[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
            if ROOT or name != "CapBnd"}  # only root can take away what it has not


def has_filter(gate):
    return "no seccomp (built without libseccomp)" not in told(gate)


def needs(gate, layer):
    if f"no {layer}" in told(gate):
        pytest.skip(told(gate))


def test_every_thread_is_inside(start_gate):
    gate = start_gate(workers=3)
    threads = list(states(gate))
    assert len(threads) == 4 or SANITIZED  # one of which has a thread of its own
    for state in threads:
        assert state["NoNewPrivs"] == "1"
        assert set(capabilities(state).values()) == {0}
        assert state["Seccomp"] == ("2" if has_filter(gate) else "0")
        assert set(state["Uid"].split()) == {str(os.geteuid())}
    assert told(gate).removeprefix("user root, ").startswith("no new privileges, no capabilities, not dumpable, ")
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200


def test_off(start_gate):
    gate = start_gate(sandbox="off")
    state = next(states(gate))
    assert told(gate).endswith("off")
    own = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    assert [state[name] for name in ("NoNewPrivs", "Seccomp", "CapEff")] == \
        [own[name] for name in ("NoNewPrivs", "Seccomp", "CapEff")]
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200


def test_check_tells_the_same(start_gate):
    gate = start_gate()
    check = subprocess.run([SAGEGATE, "check", "-c", str(gate.directory / "sagegate.yaml")], capture_output=True, text=True,
                           env=KEYS, check=True)
    assert check.stdout.splitlines()[-1] == f"{gate.directory}/sagegate.yaml: sandbox: {told(gate)}"


def test_an_old_kernel_is_no_obstacle(start_gate):
    gate = start_gate(wrapper=[sys.executable, "-c", OLD_KERNEL])
    assert told(gate).endswith("no landlock (the kernel has none)")
    assert "no seccomp (" in told(gate)
    assert set(capabilities(next(states(gate))).values()) == {0}
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200


def test_a_reload_reads_and_listens_where_the_start_did(start_gate, tmp_path):
    gate = start_gate()
    needs(gate, "landlock")
    (gate.directory / "other.json").write_text(json.dumps(ALLOW_ALL))
    main, local = gate.config["listeners"]
    gate.reload(listeners=[{**main, "policy": "other.json"}, {**local, "address": f"unix:{gate.directory}/new.sock"}])
    assert "sagegate.yaml is in force" in gate.log
    gate.unix_path = f"{gate.directory}/new.sock"
    with gate.connect_unix() as wire:
        assert wire.ask("POST", INVOKE, b"{}")[0] == 200
    assert not (gate.directory / "app.sock").exists()

    for folder in ("policy", "socket"):
        (tmp_path / folder).mkdir()
    (tmp_path / "policy/p.json").write_text(json.dumps(ALLOW_ALL))
    gate.reload(listeners=[{**main, "policy": f"{tmp_path}/policy/p.json"}, local])
    assert f"{tmp_path}/policy/p.json" in gate.log and "Permission denied" in gate.log
    gate.reload(listeners=[main, {**local, "address": f"unix:{tmp_path}/socket/s"}])
    assert f"cannot bind to {tmp_path}/socket/s: Permission denied" in gate.log
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200


def with_process(folder):
    """A profile whose keys a program tells, and the environment that leads to it."""
    keys = {"Version": 1, "AccessKeyId": standin.ACCESS_KEY, "SecretAccessKey": standin.SECRET}
    (folder / "keys").write_text("#!/bin/sh\ngrep Seccomp: /proc/self/status >&2\n"
                                 f"grep Seccomp: /proc/self/status > {folder}/state\necho '{json.dumps(keys)}'\n")
    (folder / "keys").chmod(0o755)
    (folder / "config").write_text(f"[default]\ncredential_process = {folder}/keys\n")


def test_a_program_for_credentials_runs_inside(start_gate, tmp_path):
    with_process(tmp_path)
    gate = start_gate(environment={"AWS_CONFIG_FILE": f"{tmp_path}/config", "AWS_EC2_METADATA_DISABLED": "true"})
    assert "no landlock (a credential_process reads what it likes)" in told(gate)
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200
    assert (tmp_path / "state").read_text().split()[1] == ("2" if has_filter(gate) else "0")


def test_a_program_that_comes_later_takes_a_restart(start_gate, endpoint, tmp_path):
    (tmp_path / "config").write_text(f"[default]\naws_access_key_id = {standin.ACCESS_KEY}\n"
                                     f"aws_secret_access_key = {standin.SECRET}\n")
    gate = start_gate(environment={"AWS_CONFIG_FILE": f"{tmp_path}/config", "AWS_EC2_METADATA_DISABLED": "true"})
    needs(gate, "seccomp")
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200
    with_process(tmp_path)
    gate.reload()
    assert "credential_process takes a restart" in gate.log
    assert not (tmp_path / "state").exists()
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200
    # Without a reload, too, the file is read again: here, when the service refuses the old keys.
    endpoint.rejected = {standin.ACCESS_KEY}
    gate.ask("POST", INVOKE, b"{}")
    gate.await_log(f"{tmp_path}/keys cannot be started: it takes a restart, as the sandbox runs no program")


@pytest.fixture
def public_folder():
    folder = Path(tempfile.mkdtemp(prefix="sg"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_root_becomes_the_user(public_folder, endpoint):
    user = next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)
    ca_file = shutil.copy(endpoint.ca_file, public_folder)
    before = os.umask(0)  # what is made for this user can be used by it
    try:
        public_folder.chmod(0o777)
        with gates_in(public_folder, endpoint) as start:
            gate = start(user=user.pw_name, tls={"ca_file": ca_file})
            os.umask(before)
            state = next(states(gate))
            assert set(state["Uid"].split()) == {str(user.pw_uid)}
            assert set(state["Gid"].split()) == {str(user.pw_gid)}
            assert "0" not in state["Groups"].split()
            assert set(capabilities(state).values()) == {0}
            assert told(gate).startswith(f"user {user.pw_name}, no new privileges, no capabilities, ")
            assert os.stat(gate.unix_path).st_uid == user.pw_uid
            gate.reload(log={"level": "info"})
            assert "sagegate.yaml is in force" in gate.log
            assert gate.ask("POST", INVOKE, b"{}")[0] == 200
    finally:
        os.umask(before)


@pytest.mark.skipif(not ROOT, reason="only root has them")
def test_capabilities_that_a_rule_needs_are_kept(start_gate):
    gate = start_gate(listener={"allow_executables": [os.path.realpath(sys.executable)]})
    kept = capabilities(next(states(gate)))
    assert kept == {"CapInh": 0, "CapPrm": 1 << 19 | 1 << 2, "CapEff": 1 << 19 | 1 << 2, "CapBnd": 0, "CapAmb": 0}
    assert "no capabilities but CAP_SYS_PTRACE CAP_DAC_READ_SEARCH, not dumpable" in told(gate)
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200


def test_it_ends_when_it_cannot_become_the_user(start_gate, tmp_path):
    """Only root can be asked to."""
    if not ROOT:
        gate = start_gate(user="0")  # means nothing
        assert "user" not in told(gate)
        return
    (tmp_path / "p.json").write_text(json.dumps(ALLOW_ALL))
    (tmp_path / "c.yaml").write_text(json.dumps({
        "region": "us-west-2", "account_id": "123456789012", "user": "12345",
        "endpoints": {"runtime": {"private_dns": True}},
        "listeners": [{"name": "main", "address": "127.0.0.1:0", "policy": "p.json"}]}))
    run = subprocess.run(["setpriv", "--bounding-set=-setgid,-setuid", "--inh-caps=-all", SAGEGATE, "run", "-c",
                          str(tmp_path / "c.yaml")], capture_output=True, text=True, timeout=60, env=KEYS)
    assert run.returncode == 1
    assert "cannot become user 12345: Operation not permitted" in run.stderr
