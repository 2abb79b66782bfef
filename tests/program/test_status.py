"""/status.json: all that is told of the daemon, and nothing that is secret."""
import json
import re
import socket

import pytest
from conftest import KEYS
from gate import ALLOW_ALL, ENDPOINT, ROOT, SEED, Wire, eventually, free_port

pytestmark = pytest.mark.one_worker
IDENTITY_POLICY = {"Version": "2012-10-17", "Statement": {
    "Sid": "Mine", "Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": ENDPOINT + "myEndpoint"}}


def status(gate):
    port = gate.config["admin"]["address"].rpartition(":")[2]
    with Wire(socket.create_connection(("127.0.0.1", int(port)), timeout=30)) as wire:
        code, headers, body = wire.ask("GET", "/status.json")
    assert code == 200 and headers["content-type"] == "application/json" and headers["cache-control"] == "no-store"
    return json.loads(body)


def denials(gate, count=1):
    return eventually(lambda: (found := status(gate)["denials"]) and len(found) == count and found)


@pytest.fixture
def start(start_gate):
    return lambda policy=SEED, **settings: start_gate(
        policy=policy, admin={"address": f"127.0.0.1:{free_port()}"}, **settings)


def test_all_that_is_told(start, endpoint):
    gate = start()
    assert gate.ask("POST", "/endpoints/myEndpoint/invocations", b"{}")[0] == 200
    told = eventually(lambda: (told := status(gate))["ready"] and told["traffic"]["requests"]
                      and told["endpoints"]["runtime"]["connections"]["resting"] and told)
    assert told["reasons"] == [] and not told["draining"] and told["pid"] == gate.process.pid
    assert told["version"] and told["time"] > 1.7e9 and told["uptime_seconds"] >= 0
    assert told["credentials"]["access_key_id_end"] == KEYS["AWS_ACCESS_KEY_ID"][-4:]
    assert told["traffic"]["requests"] == [{"listener": "main", "service": "runtime", "operation": "InvokeEndpoint",
                                            "decision": "allowed", "status": "2xx", "count": 1}]
    latency = told["traffic"]["latency"]
    assert latency["total"]["count"] == 1 == sum(latency["total"]["buckets"])
    assert len(latency["bounds_seconds"]) == len(latency["total"]["buckets"])
    assert told["endpoints"]["runtime"]["connections"] == {"open": 1, "resting": 1, "reused": 0}
    main = told["listeners"][0]
    assert (main["name"], main["mode"], main["address"]) == ("main", "enforce", f"127.0.0.1:{gate.port}")
    assert main["policies"] == [{"file": str(gate.directory / "policy.json"), "statements": [
        {"statement": 1, "sid": "", "effect": "Allow", "line": 1, "hits": 1}]}]
    assert told["configuration"]["timeouts.drain"] == "90s" and told["configuration"]["limits.max_body"] == "32MiB"
    assert told["denials"] == []
    text = json.dumps(told)
    assert not any(secret in text for secret in KEYS.values() if secret != "true")


def test_no_setting_is_forgotten(start, endpoint):
    """Every duration, size, number and word of the configuration's own tables."""
    text = (ROOT / "src/config/keys.c").read_text()
    wanted = set()
    for section in ("limits", "log", "timeouts", "tls"):
        table = re.search(rf"{section}_keys\[\] = {{(.*?)^}};", text, re.S | re.M)[1]
        wanted |= {f"{section}.{name}" for name in re.findall(r'(?:\.name = |TIMEOUT\()"(\w+)"', table)}
    assert len(wanted) > 15
    assert wanted <= set(status(start())["configuration"])


@pytest.mark.parametrize("policy", [SEED, IDENTITY_POLICY])
def test_a_denial_and_the_statement_that_would_allow_it(start, endpoint, policy):
    """Written into the policy as it is, the statement allows the request."""
    gate = start(policy)
    assert gate.ask("POST", "/endpoints/other/invocations?x=1", b"{}")[0] == 403
    [denial] = denials(gate)
    assert denial["action"] == "sagemaker:InvokeEndpoint" and denial["resources"] == [ENDPOINT + "other"]
    assert (denial["listener"], denial["method"], denial["path"]) == ("main", "POST", "/endpoints/other/invocations")
    assert "because no statement of sagegate's policy" in denial["reason"] and denial["request_id"] in gate.log
    assert denial["policy"] == str(gate.directory / "policy.json") and not denial["audited"]
    assert ("Principal" in denial["statement"]) == (policy is SEED)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    (gate.directory / "policy.json").write_text(json.dumps({**policy, "Statement": [*statements, denial["statement"]]}))
    gate.reload()
    assert gate.ask("POST", "/endpoints/other/invocations?x=1", b"{}")[0] == 200
    assert gate.ask("POST", "/endpoints/third/invocations", b"{}")[0] == 403


def test_what_no_statement_helps(start, endpoint):
    """A Deny, an unknown operation, and a name that would be a pattern in a policy."""
    deny = {"Effect": "Deny", "Action": "sagemaker:InvokeEndpoint", "Resource": "*", "Principal": "*"}
    gate = start({"Statement": [*SEED["Statement"], deny]})
    assert gate.ask("POST", "/endpoints/myEndpoint/invocations", b"{}")[0] == 403
    assert gate.ask("GET", "/nothing")[0] == 403
    found = denials(gate, 2)
    assert [denial.get("statement") for denial in found] == [None, None]
    assert "action" not in found[0] and found[0]["path"] == "/nothing"
    assert "explicit deny" in found[1]["reason"]


def test_a_pattern_is_never_suggested(start, endpoint):
    gate = start()
    body = json.dumps({"EndpointConfigName": "c", "EndpointName": "*"}).encode()
    code, *_ = gate.ask("POST", "/", body, [("X-Amz-Target", "SageMaker.CreateEndpoint"),
                                            ("Content-Type", "application/x-amz-json-1.1")])
    assert code in (400, 403)
    for denial in status(gate)["denials"]:
        assert "statement" not in denial or "endpoint/*" not in json.dumps(denial["statement"])


def test_audit_mode_tells_what_it_would_deny(start, endpoint):
    gate = start(listener={"mode": "audit"})
    assert gate.ask("POST", "/endpoints/other/invocations", b"{}")[0] == 200
    [denial] = denials(gate)
    assert denial["audited"] and denial["statement"]["Resource"] == ENDPOINT + "other"


def test_a_policy_for_what_audit_mode_has_let_through(start, endpoint):
    """It allows just that."""
    gate = start(listener={"mode": "audit"})
    for name in ("myEndpoint", "other", "third", "other"):
        assert gate.ask("POST", f"/endpoints/{name}/invocations", b"{}")[0] == 200
    denials(gate, 2)
    suggestion = status(gate)["suggestion"]
    assert suggestion["complete"]
    (gate.directory / "policy.json").write_text(suggestion["document"])
    gate.reload(listeners=[{key: value for key, value in listener.items() if key != "mode" or "unix" in listener["address"]}
                           for listener in gate.config["listeners"]])
    codes = [gate.ask("POST", f"/endpoints/{name}/invocations", b"{}")[0] for name in ("other", "third", "myEndpoint")]
    assert codes == [200, 200, 403]


def test_enforced_denials_suggest_no_policy(start, endpoint):
    gate = start()
    assert gate.ask("POST", "/endpoints/other/invocations", b"{}")[0] == 403
    denials(gate)
    assert "suggestion" not in status(gate)


def test_requests_that_are_denied_alike_are_one(start, endpoint):
    gate = start()
    for name in ("a", "b", *"a" * 100):
        assert gate.ask("POST", f"/endpoints/{name}/invocations", b"{}")[0] == 403
    assert eventually(lambda: [(denial["resources"][0], denial["count"]) for denial in status(gate)["denials"]]
                      == [(ENDPOINT + "a", 101), (ENDPOINT + "b", 1)])


def test_the_newest_are_kept(start, endpoint):
    gate = start()
    with gate.connect() as wire:
        for i in range(70):
            assert wire.ask("POST", f"/endpoints/name-{i}/invocations", b"{}")[0] == 403
    found = eventually(lambda: (found := status(gate)["denials"]) and found[0]["path"].endswith("/name-69/invocations") and found)
    assert [denial["path"] for denial in found] == [f"/endpoints/name-{i}/invocations" for i in range(69, 5, -1)]
    assert len({denial["id"] for denial in found}) == 64


def test_several_workers(start, endpoint):
    gate = start(workers=3)
    for i in range(20):
        assert gate.ask("POST", f"/endpoints/name-{i}/invocations", b"{}")[0] == 403
    assert {denial["path"] for denial in denials(gate, 20)} == {f"/endpoints/name-{i}/invocations" for i in range(20)}


def test_a_reload_that_failed_is_told(start, endpoint):
    gate = start(ALLOW_ALL)
    assert "problem" not in status(gate)
    gate.reload(timeouts={"connect": "never"})
    assert status(gate)["problem"]
