"""The image beside an application's container, in one network namespace, locked in as a platform would."""
import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "standin"), str(TESTS / "program")]
import standin  # noqa: E402
from gate import SEED  # noqa: E402

PODMAN = ["podman", "--runtime", "runc", "--cgroup-manager=cgroupfs"]
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"]
LOCKED = ["--read-only", "--cap-drop", "all", "--user", "65532"]


@pytest.fixture
def namespace():
    name = f"sagegate-{uuid.uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.fixture
def endpoint(namespace, tmp_path):
    """A stand-in for the interface endpoint in that namespace: its port."""
    process = subprocess.Popen(["ip", "netns", "exec", namespace, "/usr/bin/python3", str(TESTS / "standin/standin.py"),
                                "--directory", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert line.startswith("ready port="), line
    yield int(line.split("port=")[1].split()[0])
    process.terminate()
    process.wait()


class Container:
    def __init__(self, namespace, options, arguments):
        self.process = subprocess.Popen([*PODMAN, "run", "--rm", f"--network=ns:/run/netns/{namespace}", *LIMITS, *options,
                                         *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = []

    def await_line(self, text):
        for line in self.process.stdout:
            self.log.append(line)
            if text in line:
                return
        raise AssertionError("".join(self.log))

    def output(self):
        rest = self.process.communicate(timeout=120)[0]
        return "".join(self.log) + rest


@pytest.fixture
def sidecar(namespace, endpoint, tmp_path):
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(SEED))
    (tmp_path / "ca.pem").chmod(0o644)
    name = f"sagegate-{uuid.uuid4().hex[:8]}"
    variables = {"SAGEGATE_ACCOUNT_ID": "123456789012", "SAGEGATE_REGION": "us-west-2",
                 "SAGEGATE_ENDPOINTS_RUNTIME_URL": f"https://localhost:{endpoint}", "SAGEGATE_TLS_CA_FILE": "/ca.pem",
                 "AWS_ACCESS_KEY_ID": standin.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": standin.SECRET}
    container = Container(namespace, [
        "--name", name, *LOCKED, "-v", f"{policy}:/etc/sagegate/policy.json:ro", "-v", f"{tmp_path}/ca.pem:/ca.pem:ro",
        *[option for pair in variables.items() for option in ("-e", "=".join(pair))]], ["localhost/sagegate"])
    container.await_line("credentials found")
    yield container, name
    if container.process.poll() is None:
        subprocess.run([*PODMAN, "stop", "-t", "10", name], check=False, capture_output=True)
        container.process.wait(30)


def application(namespace, *arguments):
    return Container(namespace, [], ["localhost/debian", *arguments]).output()


def test_an_application_invokes_through_it(sidecar, namespace):
    url = "http://localhost:8080/endpoints/%s/invocations"
    answer = json.loads(application(namespace, "curl", "-sS", "-d", "{}", url % "myEndpoint"))
    assert answer["predictions"]
    refused = json.loads(application(namespace, "curl", "-sS", "-d", "{}", url % "other"))
    assert refused["__type"] == "AccessDeniedException"


def test_it_ends_in_order(sidecar):
    container, name = sidecar
    subprocess.run([*PODMAN, "stop", "-t", "60", name], check=True, capture_output=True)
    log = container.output()
    assert container.process.returncode == 0, log
    assert "finishing running requests" in log


def test_it_is_not_root_and_holds_little(sidecar):
    container, name = sidecar
    state = json.loads(subprocess.run([*PODMAN, "inspect", name], check=True, capture_output=True).stdout)[0]
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{state['State']['Pid']}/status").read_text().splitlines()
                  if ":\t" in line)
    assert status["Uid"].split()[0] == "65532"
    assert int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert "sandbox: no new privileges, no capabilities, not dumpable, seccomp, " in "".join(container.log)
    image = json.loads(subprocess.run([*PODMAN, "image", "inspect", "localhost/sagegate"], check=True,
                                      capture_output=True).stdout)[0]
    print(f"image: {image['Size'] / 1e6:.1f} MB", file=sys.stderr)
    assert image["Size"] <= 25_000_000
    assert image["Config"]["User"] == "65532:65532"
    files = Path(f"/proc/{state['State']['Pid']}/root")
    assert not (files / "bin/sh").exists() and not (files / "usr/bin/sh").exists()


def test_without_a_policy_it_does_not_start(namespace):
    container = Container(namespace, [*LOCKED, "-e", "SAGEGATE_ACCOUNT_ID=123456789012", "-e", "SAGEGATE_REGION=us-west-2",
                                      "-e", "SAGEGATE_ENDPOINTS_RUNTIME_PRIVATE_DNS=true"], ["localhost/sagegate"])
    log = container.output()
    assert container.process.returncode == 1, log
    assert "/etc/sagegate/policy.json" in log
