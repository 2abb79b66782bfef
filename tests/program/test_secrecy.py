"""Secrets are in locked memory while they are in use, and nowhere after: not in memory, the log, or /proc."""
import json
import os
import subprocess
import time
import uuid

import memory
import pytest
from gate import SANITIZED
from imds import Imds
from sts import Sts
from test_credentials import INVOKE, from_profile, write_profile

# Another process may look into sagegate only as root, or as the owner of the user namespace that it runs in.
WRAPPER = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]
AUTOMATIC = {"AWS_EC2_METADATA_DISABLED": "true"}


def can_look():
    probe = subprocess.Popen([*WRAPPER, "sleep", "60"])
    try:
        open(f"/proc/{probe.pid}/mem", "rb").close()
        return probe.poll() is None
    except OSError:
        return False
    finally:
        probe.kill()
        probe.wait()


look = pytest.mark.skipif(SANITIZED or not can_look(),
                          reason="needs root with CAP_SYS_PTRACE, or user namespaces; sanitizers keep what was freed")


class Set:
    """Keys that nothing else in memory looks like."""

    def __init__(self, name):
        self.key = "AKIDSECRECY" + name
        self.secret, self.token = f"{name}/s-{uuid.uuid4()}", f"{name}-t-{uuid.uuid4()}" * 12

    @property
    def secrets(self):
        return [self.secret, self.token[:48]]


def use(gate, count=5):
    """By connections that stay and others that go; large and small; allowed and not."""
    with gate.connect() as wire:
        for _ in range(count):
            assert wire.ask(*INVOKE)[0] == 200
            assert wire.ask("POST", "/endpoints/myEndpoint/invocations", b"x" * 100_000,
                            [("X-Long", "y" * 20_000)])[0] == 200
    assert gate.ask(*INVOKE)[0] == 200
    assert gate.ask("GET", "/none")[0] == 403


def places(gate, secrets):
    """A request's own buffers are wiped when its answer has gone: that may be an instant after we have it."""
    deadline = time.monotonic() + 10
    while True:
        found = memory.search(gate.process.pid, secrets)
        if not any(not region.is_guarded for regions in found.values() for region in regions) or \
                time.monotonic() > deadline:
            return {text: [f"{region.start:x} {region.name} {sorted(region.flags)}" for region in regions
                           if not region.is_guarded] for text, regions in found.items()}, \
                   {text: len(regions) for text, regions in found.items()}


def assert_only_guarded(gate, used):
    unguarded, count = places(gate, used.secrets)
    assert unguarded == {text: [] for text in used.secrets}
    assert all(count.values()), "a search that finds nothing proves nothing"


def assert_not_unguarded(gate, used):
    """What is used only on the way may be kept, or not."""
    assert places(gate, used.secrets)[0] == {text: [] for text in used.secrets}


def assert_nowhere(gate, gone):
    deadline = time.monotonic() + 10
    while any(memory.search(gate.process.pid, gone.secrets).values()) and time.monotonic() < deadline:
        pass
    assert memory.search(gate.process.pid, gone.secrets) == {text: [] for text in gone.secrets}


def rotate(endpoint, old, new):
    """From now on the service takes the new keys, and rejects the old ones."""
    endpoint.keys[new.key] = (new.secret, new.token)
    endpoint.rejected = {old.key}


@look
def test_profile_and_rotation(start_gate, endpoint, tmp_path):
    old, new = Set("OLD"), Set("NEW")
    file = tmp_path / "credentials"
    write_profile(file, old.key, old.secret, old.token)
    endpoint.keys = {old.key: (old.secret, old.token)}
    gate = start_gate(environment=from_profile(file), wrapper=WRAPPER, credentials={"wait": "60s"}, workers=2)
    use(gate)
    assert_only_guarded(gate, old)
    write_profile(file, new.key, new.secret, new.token)
    rotate(endpoint, old, new)
    use(gate)
    assert_only_guarded(gate, new)
    assert_nowhere(gate, old)
    assert_silent(gate, old, new)


class LocalKey(Set):
    @property
    def secrets(self):
        return [self.secret]


@look
def test_a_local_key_that_is_vended(start_gate, tmp_path):
    local = LocalKey("LOCAL")
    (tmp_path / "secret").write_text(local.secret)
    (tmp_path / "secret").chmod(0o600)
    users = [0, os.geteuid()]  # the one in the namespace of WRAPPER, if there is one, and outside
    gate = start_gate(wrapper=WRAPPER, listener={"clients": [
        {"name": "app", "access_key_id": "SGAK1", "secret_file": str(tmp_path / "secret"), "policy": "policy.json", "vend_to": users}]})
    for _ in range(3):
        with gate.connect_unix() as wire:
            assert local.secret.encode() in wire.ask("GET", "/.sagegate/keys/main/app")[2]
    assert_only_guarded(gate, local)
    gate.stop()
    assert local.secret not in gate.log


@look
def test_imds_and_rotation(start_gate, endpoint):
    old, new = Set("OLD"), Set("NEW")
    imds = Imds()
    try:
        imds.give(old.key, old.secret, old.token, life=3600)
        endpoint.keys = {old.key: (old.secret, old.token)}
        gate = start_gate(environment=imds.environment, wrapper=WRAPPER, credentials={"wait": "60s"}, workers=2)
        use(gate)
        assert_only_guarded(gate, old)
        imds.give(new.key, new.secret, new.token, life=3600)
        rotate(endpoint, old, new)
        use(gate)
        assert_only_guarded(gate, new)
        assert_nowhere(gate, old)
        assert_silent(gate, old, new)
    finally:
        imds.close()


@look
def test_process_role_and_rotation(start_gate, endpoint, authority, tmp_path):
    """Keys of a process, with which a role is assumed."""
    base, old, new = Set("BASE"), Set("OLD"), Set("NEW")
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"Version": 1, "AccessKeyId": base.key, "SecretAccessKey": base.secret,
                                  "SessionToken": base.token, "Expiration": "2099-01-01T00:00:00Z"}))
    config = tmp_path / "config"
    config.write_text(f"[profile base]\ncredential_process = /bin/cat {answer}\n[default]\n"
                      "role_arn = arn:aws:iam::123456789012:role/inference\nsource_profile = base\n")
    sts = Sts(authority)
    try:
        sts.keys = {base.key: (base.secret, base.token)}
        sts.role_keys = old.key, old.secret, old.token
        endpoint.keys = {old.key: (old.secret, old.token)}
        gate = start_gate(wrapper=WRAPPER, credentials={"wait": "60s"}, workers=2, account_id=None,
                          endpoints={"runtime": {"url": endpoint.url}, "sts": {"url": sts.url}},
                          environment={**AUTOMATIC, "AWS_CONFIG_FILE": str(config)})
        use(gate)
        assert_only_guarded(gate, old)
        assert_not_unguarded(gate, base)
        sts.role_keys = new.key, new.secret, new.token
        rotate(endpoint, old, new)
        use(gate)
        assert_only_guarded(gate, new)
        assert_nowhere(gate, old)
        assert_not_unguarded(gate, base)
        assert_silent(gate, old, new)
        assert base.secret not in gate.log and base.token[:48] not in gate.log
        assert [request.fault for request in sts.requests] == [None] * len(sts.requests)
    finally:
        sts.close()


@look
def test_environment(start_gate, endpoint):
    used = Set("ENV")
    endpoint.keys = {used.key: (used.secret, used.token)}
    gate = start_gate(wrapper=WRAPPER, environment={**AUTOMATIC, "AWS_ACCESS_KEY_ID": used.key,
                      "AWS_SECRET_ACCESS_KEY": used.secret, "AWS_SESSION_TOKEN": used.token})
    use(gate)
    assert_only_guarded(gate, used)
    with open(f"/proc/{gate.process.pid}/environ") as environ:
        shown = environ.read()
    assert used.key in shown and used.secret not in shown and used.token not in shown
    assert_silent(gate, used)


def assert_silent(gate, *sets):
    """The log is at debug level."""
    with open(f"/proc/{gate.process.pid}/cmdline") as cmdline:
        told = cmdline.read()
    gate.stop()
    told += gate.log
    for used in sets:
        assert used.secret not in told and used.token[:48] not in told
    assert used.key[-4:] in told


def test_no_core_dump_and_no_look_from_outside(start_gate):
    """Not even by a process of the same user; unlike with another program of that user."""
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    gate = start_gate(wrapper=powerless)
    with open(f"/proc/{gate.process.pid}/limits") as limits:
        assert ["0", "0"] == next(line for line in limits if "core file" in line).split()[4:6]

    def can_read(pid):
        return subprocess.run([*powerless, "cat", f"/proc/{pid}/environ"], capture_output=True).returncode == 0

    other = subprocess.Popen([*powerless, "sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE)
    try:
        other.stdout.readline()  # it is itself by now, no copy of this process
        assert can_read(other.pid)
        assert not can_read(gate.process.pid)
    finally:
        other.kill()
        other.communicate()
