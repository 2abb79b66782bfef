import contextlib
import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "standin"))
import certificates  # noqa: E402
import standin  # noqa: E402
from gate import ALLOW_ALL, DidNotStart, Gate, Signal, free_port  # noqa: E402
from zones import Zones  # noqa: E402

KEYS = {"AWS_ACCESS_KEY_ID": standin.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": standin.SECRET,
        "AWS_EC2_METADATA_DISABLED": "true"}
WORKERS = int(os.environ.get("SAGEGATE_WORKERS", 1))
SERVICES = ("api", "runtime", "featurestore-runtime")


def pytest_configure(config):
    config.addinivalue_line("markers", "one_worker: what it counts is each worker's own, so SAGEGATE_WORKERS is not for it")


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """The folder of certificates that the stand-ins of this test process show."""
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def endpoint(authority):
    """A stand-in for the interface endpoint, with a clean memory."""
    stand_in = standin.StandIn(authority)
    yield stand_in
    stand_in.close()


@pytest.fixture
def held(endpoint):
    """An endpoint named "held" that says when a request is there, and answers when it is told to."""
    started, going_on = Signal(), Signal()

    def hold(_request, connection):
        started.set()
        going_on.wait()
        connection.answer(200, b"held")

    endpoint.handlers["held"] = hold
    yield started, going_on
    going_on.set()


@pytest.fixture
def zones(authority):
    """Three zones of one endpoint."""
    three = Zones(authority)
    yield three
    three.close()


@contextlib.contextmanager
def gates_in(directory, endpoint, workers=1):
    """A function that starts sagegate in front of the stand-in; what it started must end well."""
    gates = []

    def start(policy=ALLOW_ALL, environment=KEYS, wrapper=(), pass_fds=(), listener={}, **settings):
        for attempt in range(5):
            folder = directory / f"gate{len(gates)}" / str(attempt)
            folder.mkdir(parents=True)
            (folder / "policy.json").write_text(json.dumps(policy))
            config = {
                "region": "us-west-2", "account_id": "123456789012",
                "endpoints": {service: {"url": endpoint.url} for service in SERVICES},
                "tls": {"ca_file": endpoint.ca_file},
                "listeners": [
                    {"name": "main", "address": f"127.0.0.1:{free_port()}", "policy": "policy.json", **listener},
                    {"name": "local", "address": f"unix:{folder}/app.sock", "mode": "0660", "policy": "policy.json",
                     **listener},
                ],
                "log": {"level": "debug"}, "workers": workers, **settings,
            }
            config = {key: value for key, value in config.items() if value is not None}
            try:
                gates.append(Gate(folder, config, environment, wrapper, pass_fds))
                return gates[-1]
            except DidNotStart as error:
                if "in use" not in str(error):
                    raise
        raise AssertionError("no free port in five attempts")

    yield start
    for gate in gates:
        if gate.process.returncode is None:
            gate.stop()


@pytest.fixture
def start_gate(request, tmp_path, endpoint):
    """A function that starts sagegate in front of the stand-in; it is ended after the test, and must end well."""
    workers = 1 if request.node.get_closest_marker("one_worker") else WORKERS
    with gates_in(tmp_path, endpoint, workers) as start:
        yield start


@pytest.fixture
def gate(start_gate):
    """sagegate with a policy that allows everything."""
    return start_gate()
