"""Metrics of the way to the endpoint, of policies and of credentials; and readiness, which goes by the same."""
import json
import socket

import pytest
from conftest import KEYS
from gate import ALLOW_ALL, ENDPOINT, Wire, eventually, free_port
from test_metrics import samples, with_page
from test_network import good, invoke
from zones import Tarpit, once

pytestmark = pytest.mark.one_worker


@pytest.fixture
def start(start_gate):
    return lambda **settings: with_page(start_gate, free_port(), settings)


def value(gate, name, **labels):
    """Of the one sample of runtime with these labels."""
    wanted = {"service": "runtime", **labels}
    found = [value for text, value in samples(gate.page()[1])[f"sagegate_{name}"].items()
             if all(f'{label}="{content}"' in text for label, content in wanted.items())]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def closed(gate, reason):
    return value(gate, "upstream_connections_closed_total", reason=reason)


def readyz(gate):
    port = gate.config["admin"]["address"].rpartition(":")[2]
    with Wire(socket.create_connection(("127.0.0.1", int(port)), timeout=30)) as wire:
        status, _, body = wire.ask("GET", "/readyz")
    return status, json.loads(body)


def test_pool(start, endpoint):
    gate = start()
    good(gate, 3)
    gate.settled()
    assert value(gate, "upstream_connections_opened_total") == 1
    assert value(gate, "upstream_connections_reused_total") == 2
    assert value(gate, "upstream_connections_resting") == 1
    assert value(gate, "upstream_tls_handshakes_total", kind="full") == 1
    assert value(gate, "dns_lookups_total") >= 1
    assert value(gate, "dns_lookup_failures_total") == 0
    assert value(gate, "dns_answer_timestamp_seconds") > 1.7e9


def test_why_connections_are_closed(start, endpoint):
    gate = start(timeouts={"pool_idle": "50ms"})
    good(gate)
    eventually(lambda: closed(gate, "idle") == 1)
    assert value(gate, "upstream_connections_resting") == 0
    endpoint.handlers["myEndpoint"] = once
    good(gate)
    eventually(lambda: closed(gate, "unfinished") == 1)
    good(gate)
    assert value(gate, "upstream_tls_handshakes_total", kind="resumed") >= 1
    gate.reload(timeouts={"pool_idle": "50s", "pool_age": "1ms"})
    endpoint.handlers.clear()
    eventually(lambda: good(gate) or closed(gate, "age") >= 1)
    assert closed(gate, "broken") == 0


def test_ejected_addresses(start, zones):
    zones.on_every("myEndpoint", once)
    zones.servers.pop(zones.addresses[2]).close()
    gate = start(**zones.settings())
    eventually(lambda: good(gate) or value(gate, "upstream_addresses", state="ejected") == 1)
    assert value(gate, "upstream_addresses", state="good") == 2
    assert value(gate, "upstream_ejections_total") == 1
    assert value(gate, "upstream_connect_failures_total") >= 1
    zones.open(zones.addresses[2])
    eventually(lambda: value(gate, "upstream_addresses", state="ejected") == 0)


def test_failed_handshakes(start, zones):
    for address in zones.addresses:
        zones.replace(address, Tarpit)
    gate = start(**zones.settings(timeouts={"connect": "400ms"}))
    assert invoke(gate)[0] == 503
    eventually(lambda: value(gate, "upstream_tls_handshake_failures_total") >= 1)


def test_failed_lookups(start, zones):
    zones.dns.failing = True
    gate = start(**zones.settings())
    eventually(lambda: value(gate, "dns_lookup_failures_total") >= 1)
    eventually(lambda: any("DNS lookup of runtime.sagemaker.us-west-2" in reason for reason in readyz(gate)[1]["reasons"]))


def test_ready_while_one_address_works(start, zones):
    zones.on_every("myEndpoint", once)
    gate = start(**zones.settings())
    eventually(lambda: readyz(gate)[0] == 200)
    runtime = readyz(gate)[1]["endpoints"]["runtime"]
    assert runtime["ok"] and runtime["host"] == "runtime.sagemaker.us-west-2.amazonaws.com"
    assert runtime["addresses"] == [{"address": f"{address}:{zones.port}", "own_zone": False, "good": True}
                                    for address in zones.addresses]
    for address in zones.addresses[1:]:
        zones.servers.pop(address).close()
    eventually(lambda: good(gate) or well(gate) == 1)
    assert readyz(gate)[0] == 200
    zones.servers.pop(zones.addresses[0]).close()
    assert invoke(gate)[0] == 503
    eventually(lambda: readyz(gate)[0] == 503)
    assert readyz(gate)[1]["reasons"] == [
        "endpoints.runtime: none of the 3 addresses of runtime.sagemaker.us-west-2.amazonaws.com works"]
    for address in zones.addresses:
        zones.open(address)
    eventually(lambda: readyz(gate)[0] == 200)


def well(gate):
    return sum(address["good"] for address in readyz(gate)[1]["endpoints"]["runtime"]["addresses"])


def hits(gate):
    return {text: value for text, value in samples(gate.page()[1])["sagegate_policy_statement_hits_total"].items() if value}


def test_policy_hits(start_gate, endpoint, tmp_path):
    """By statement; under a newer configuration they begin anew."""
    policy = {"Statement": [
        {"Sid": "Mine", "Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint", "Resource": ENDPOINT + "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "sagemaker:InvokeEndpoint", "Resource": ENDPOINT + "secret"},
        {"Sid": "Never", "Effect": "Allow", "Principal": "*", "Action": "sagemaker:DescribeEndpoint", "Resource": "*"}]}
    (tmp_path / 'second".json').write_text(json.dumps(ALLOW_ALL))
    (tmp_path / "first.json").write_text(json.dumps(policy))
    files = [str(tmp_path / "first.json"), str(tmp_path / 'second".json')]
    gate = with_page(start_gate, free_port(), {"listener": {"policy": files}})
    good(gate, 2)
    assert gate.ask("POST", "/endpoints/secret/invocations", b"{}")[0] == 403
    gate.settled()
    label = f'listener="main",policy="{files[0]}",statement='
    assert hits(gate) == {label + '"1",sid="Mine"': 2, label + '"2",sid=""': 1}
    every = samples(gate.page()[1])["sagegate_policy_statement_hits_total"]
    assert every[label + '"3",sid="Never"'] == 0
    assert len(every) == 2 * 4 and any(r'second\".json' in text for text in every)
    gate.reload(log={"level": "info"})
    assert hits(gate) == {}
    good(gate)
    eventually(lambda: hits(gate) == {label + '"1",sid="Mine"': 1})


def test_credentials_by_identity(start, endpoint, tmp_path):
    missing = tmp_path / "credentials"
    credentials = {"identities": [{"name": "other", "provider": "file", "file": str(missing)}]}
    listeners = [{"name": "main", "address": f"127.0.0.1:{free_port()}", "policy": "policy.json"},
                 {"name": "second", "address": f"127.0.0.1:{free_port()}", "policy": "policy.json", "identity": "other"}]
    gate = start(credentials=credentials, listeners=listeners, environment=KEYS)
    other = 'identity="other"'
    eventually(lambda: samples(gate.page()[1])["sagegate_credentials_refresh_failures_total"][other] >= 1)
    found = samples(gate.page()[1])
    assert found["sagegate_credentials_available"] == {"": 1, other: 0}
    assert found["sagegate_credentials_info"] == {'identity="",source="environment"': 1}
    assert found["sagegate_credentials_refresh_failures_total"][""] == 0
    reasons = eventually(lambda: len(reasons := readyz(gate)[1]["reasons"]) == 1 and reasons) # DNS has answered
    assert reasons[0].startswith("no credentials of other: file: ")
