"""The metrics: what they count, and that Prometheus's own tools take them."""
import os
import re
import shutil
import socket
import subprocess

import pytest
from gate import SEED, Signal, Wire, eventually, free_port

HEAD = re.compile(r"^# (HELP|TYPE) (\S+) (.+)$")
SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')


@pytest.fixture
def counted(start_counted):
    return start_counted()


@pytest.fixture
def start_counted(start_gate):
    """A function that starts a gate with the seed policy and an admin listener."""
    return lambda **settings: with_page(start_gate, free_port(), settings)


def with_page(start_gate, port, settings):
    gate = start_gate(policy=SEED, admin={"address": f"127.0.0.1:{port}"}, **settings)

    def page(accept="text/plain"):
        with Wire(socket.create_connection(("127.0.0.1", port), timeout=30)) as wire:
            wire.send(f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n".encode())
            status, headers, body = wire.read_answer()
        assert status == 200
        return headers["content-type"], body.decode()

    def settled():
        """The page once every request is counted: that is after its answer's last byte, and so after a test has it."""
        for _ in range(10000):
            if samples(page()[1])["sagegate_requests_in_flight"][""] == 0:
                return page()[1]  # what stands further up was read before
        raise AssertionError("requests stay in flight")

    gate.page, gate.settled = page, settled
    return gate


def samples(text):
    """{name: {labels as text: value}}; every line must be one that the format has."""
    found = {}
    for line in text.splitlines():
        if line == "# EOF" or HEAD.match(line):
            continue
        name, labels, value = SAMPLE.match(line).groups()
        found.setdefault(name, {})[labels or ""] = float(value)
    return found


def requests(text):
    return {tuple(re.findall(r'="([^"]*)"', labels)): value
            for labels, value in samples(text).get("sagegate_requests_total", {}).items()}


def invoke(gate, name="myEndpoint", body=b"{}"):
    return gate.ask("POST", f"/endpoints/{name}/invocations", body, [("Content-Type", "application/json")])


def test_requests(counted, endpoint):
    for _ in range(3):
        assert invoke(counted)[0] == 200
    assert invoke(counted, "other")[0] == 403
    assert counted.ask("GET", "/nothing")[0] == 403
    with counted.connect_unix() as wire:
        assert wire.ask("POST", "/endpoints/myEndpoint/invocations", b"{}")[0] == 200
    text = counted.settled()
    assert requests(text) == {
        ("main", "runtime", "InvokeEndpoint", "allowed", "2xx"): 3,
        ("main", "runtime", "InvokeEndpoint", "implicit_deny", "4xx"): 1,
        ("main", "", "", "refused", "4xx"): 1,
        ("local", "runtime", "InvokeEndpoint", "allowed", "2xx"): 1,
    }
    found = samples(text)
    assert found["sagegate_request_duration_seconds_count"][""] == 6
    assert found["sagegate_upstream_duration_seconds_count"][""] == 4
    assert found["sagegate_overhead_duration_seconds_count"][""] == 4
    buckets = list(found["sagegate_request_duration_seconds_bucket"].values())
    assert buckets == sorted(buckets) and buckets[-1] == 6
    assert found["sagegate_request_body_bytes_total"][""] == 2 * 5
    assert found["sagegate_requests_in_flight"][""] == 0
    assert found["sagegate_credentials_available"][""] == 1
    assert found["process_resident_memory_bytes"][""] > 1e6


def test_in_flight(counted, endpoint):
    arrived, go_on = Signal(), Signal()

    def hold(_request, connection):
        arrived.set()
        go_on.wait()
        connection.answer(200, b"{}")

    endpoint.handlers["myEndpoint"] = hold
    with counted.connect() as wire:
        wire.send(b"POST /endpoints/myEndpoint/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        arrived.wait()
        found = samples(counted.page()[1])
        assert found["sagegate_requests_in_flight"][""] == 1 and found["sagegate_client_connections"][""] == 1
        go_on.set()
        assert wire.read_answer()[0] == 200


def test_presigned_urls_are_marked(start_gate, endpoint):
    """Each that is let through; not those that are refused."""
    admin = {"address": f"127.0.0.1:{free_port()}"}
    create = ("POST", "/", b'{"NotebookInstanceName": "n"}', [
        ("X-Amz-Target", "SageMaker.CreatePresignedNotebookInstanceUrl"), ("Content-Type", "application/x-amz-json-1.1")])
    refusing = start_gate(admin=admin)
    assert refusing.ask(*create)[0] == 403
    refusing.await_rest()
    assert refusing.number("sagegate_presigned_urls_total") == 0
    refusing.stop()
    allowing = start_gate(admin=admin, listener={"presigned_urls": "allow"})
    allowing.ask(*create)
    allowing.await_rest()
    assert allowing.number("sagegate_presigned_urls_total") == 1


def test_names_from_clients_make_no_series(counted):
    """However many names and paths clients think of."""
    invoke(counted)
    invoke(counted, "denied")
    counted.ask("GET", "/nothing")
    before = len(counted.settled().splitlines())
    with counted.connect() as wire:
        for i in range(10_000):
            assert wire.ask("POST", f"/endpoints/name-{i}/invocations", b"{}")[0] == 403
        for i in range(1000):
            assert wire.ask("GET", f"/path/{i}")[0] == 403
    assert len(counted.settled().splitlines()) == before


def test_workers_are_added_up(start_counted):
    gate = start_counted(workers=3)
    for _ in range(30):
        assert invoke(gate)[0] == 200
    text = gate.settled()
    assert requests(text) == {("main", "runtime", "InvokeEndpoint", "allowed", "2xx"): 30}
    assert samples(text)["sagegate_request_duration_seconds_count"][""] == 30


def test_connections_spread_evenly_over_workers(start_counted):
    """Those of each listener, and those that come in the place of others that have gone."""
    gate = start_counted(workers=3)

    def evenly(wires):
        for wire in wires:
            assert wire.ask("POST", "/endpoints/myEndpoint/invocations", b"{}")[0] == 200
        counts = samples(gate.page()[1])["sagegate_worker_client_connections"].values()
        assert sum(counts) == len(wires) and max(counts) - min(counts) <= 2, counts

    wires = [gate.connect() for _ in range(18)] + [gate.connect_unix() for _ in range(12)]
    evenly(wires)
    for wire in wires[:15]:
        wire.sock.close()
    eventually(lambda: gate.number("sagegate_client_connections") == 15)
    wires[:15] = [gate.connect() for _ in range(15)]
    evenly(wires)
    gate.reload()
    evenly(wires)


def test_promtool(counted):
    promtool = shutil.which("promtool", path=os.environ.get("TEST_PROMETHEUS", os.environ["PATH"]))
    if not promtool:
        pytest.skip("promtool is neither installed nor in TEST_PROMETHEUS (./check unpacks it)")
    invoke(counted)
    answer = subprocess.run([promtool, "check", "metrics"], input=counted.page()[1], text=True, capture_output=True,
                            timeout=60)
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, "")


def test_openmetrics(counted):
    """Read by the reference parser of OpenMetrics."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason="./check installs python3-prometheus-client")
    invoke(counted)
    content_type, text = counted.page("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in parser.text_string_to_metric_families(text)}
    assert families["sagegate_requests"].type == "counter"
    assert text.endswith("# EOF\n")
