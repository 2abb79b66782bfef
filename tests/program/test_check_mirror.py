"""sagegate policy check-mirror: the listeners' files beside what the VPC endpoints themselves have."""
import json
import os
import subprocess

import pytest
from conftest import KEYS
from ec2 import FULL_ACCESS, Ec2
from gate import ENDPOINT, SAGEGATE, SEED

RUNTIME, API = "vpce-0123456789abcdef0", "vpce-0fedcba9876543210"


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", **one} for one in statements]}


INVOKE = {"Action": "sagemaker:InvokeEndpoint", "Resource": ENDPOINT + "*"}
DESCRIBE = {"Action": "sagemaker:DescribeEndpoint", "Resource": ENDPOINT + "*"}


@pytest.fixture
def ec2(authority):
    double = Ec2(authority)
    double.put(RUNTIME, policy(INVOKE, DESCRIBE))
    double.put(API, policy(DESCRIBE), service="api")
    yield double
    double.close()


@pytest.fixture
def check(tmp_path, ec2, monkeypatch):
    """Runs the command, with listeners that have these files: (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, listeners=("a",), api=True, runtime=RUNTIME, **files):
        for name, document in files.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(document))
        endpoints = {"runtime": {"private_dns": True, "vpc_endpoint": runtime} if runtime else {"private_dns": True},
                     "ec2": {"url": ec2.url}}
        if api:
            endpoints["api"] = {"vpc_endpoint": f"{API}-abcdefgh"}
        config = {"region": "us-west-2", "account_id": "123456789012", "endpoints": endpoints,
                  "tls": {"ca_file": ec2.ca_file},
                  "listeners": [{"name": f"l{i}", "address": f"127.0.0.1:{i + 1}",
                                 "policy": [f"{name}.json" for name in names]} for i, names in enumerate(listeners)]}
        (tmp_path / "c.yaml").write_text(json.dumps(config))
        process = subprocess.run([SAGEGATE, "policy", "check-mirror", "-c", "c.yaml", *arguments], capture_output=True,
                                 text=True, timeout=60, env={"PATH": os.environ["PATH"], **KEYS})
        return process.returncode, process.stdout, process.stderr
    return run


def test_in_sync(check):
    """Each endpoint's policy counts for the requests of its service alone."""
    assert check(a=policy(INVOKE, DESCRIBE)) == (0, f"listener l0 (a.json) and {API} allow the same.\n"
                                                 f"listener l0 (a.json) and {RUNTIME} allow the same.\n", "")


def test_both_directions(check):
    status, out, errors = check(a=policy({**INVOKE, "Resource": ENDPOINT + "x"}, {**DESCRIBE, "Action": "sagemaker:D*Endpoint"}))
    assert (status, errors) == (1, "")
    assert f"listener l0 (a.json) allows what {API} does not:\n" in out
    assert "allows sagemaker:DeleteEndpoint on" in out and f"which no statement of {API} allows" in out
    assert f"{RUNTIME} allows what listener l0 (a.json) does not:\n" in out
    # Commands need files: those of the listener show it, whichever side allows.
    commands = [line for line in out.splitlines() if line.startswith("    ")]
    assert len(commands) == 2 and all("--policy a.json" in command for command in commands)
    path = f"{os.path.dirname(os.path.abspath(SAGEGATE))}:{os.environ['PATH']}"
    assert [subprocess.run(["sh", "-c", command], env={"PATH": path}, capture_output=True, check=False).returncode
            for command in commands] == [0, 1]


def test_several_files_and_listeners(check):
    broad = policy(INVOKE, DESCRIBE, {"Action": "sagemaker:*", "Resource": "*"})
    assert check(listeners=("ab", "c"), a=broad, b=policy(INVOKE, DESCRIBE), c=policy(INVOKE, DESCRIBE))[0] == 0
    status, out, _ = check(listeners=("ab", "c"), a=broad, b=policy(INVOKE, DESCRIBE), c=broad)
    assert status == 1
    assert "listener l0 (a.json and b.json) and" in out and "listener l1 (c.json) allows what" in out


def test_with_a_file(check, tmp_path, ec2):
    (tmp_path / "endpoint.json").write_text(json.dumps(policy(INVOKE)))
    arguments = ("--endpoint-policy", "endpoint.json")
    assert check(*arguments, a=policy(INVOKE, DESCRIBE), api=False) == (
        0, "listener l0 (a.json) and endpoint.json allow the same.\n", "")
    status, out, _ = check(*arguments, a=policy(INVOKE, DESCRIBE))
    assert status == 1 and "DescribeEndpoint" in out
    assert ec2.requests == []
    (tmp_path / "endpoint.json").write_text("{")
    status, out, errors = check(*arguments, a=policy(INVOKE))
    assert (status, out) == (2, "") and "endpoint.json:1:1: error: this is not JSON" in errors


def test_full_access(check, ec2):
    ec2.put(RUNTIME, FULL_ACCESS)
    status, out, _ = check(a=SEED, api=False)
    assert status == 1 and f"{RUNTIME} allows what listener l0 (a.json) does not" in out


def test_trouble(check, ec2):
    good = policy(INVOKE)
    ec2.put(RUNTIME, {"Statement": [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*", "New": 1}]})
    status, out, errors = check(a=good, api=False)
    assert (status, out) == (2, "") and f"the policy of {RUNTIME} is not understood in full" in errors
    assert f"{RUNTIME}:1:" in errors
    status, _, errors = check(a=good, api=False, runtime="vpce-0a0a0a0a0a0a0a0a0")
    assert status == 2 and "EC2 knows no VPC endpoint vpce-0a0a0a0a0a0a0a0a0" in errors
    status, _, errors = check(a=good, api=False, runtime=None)
    assert status == 2 and "endpoints.runtime does not tell which VPC endpoint it is" in errors
    ec2.refusals = [(403, "UnauthorizedOperation", "You are not authorized.")] * 3
    status, _, errors = check(a=good, api=False)
    assert status == 2 and "UnauthorizedOperation" in errors
    assert check("--endpoint-policy", "none.json", a=good)[0] == 2
    assert check("what?", a=good)[0] == 2
