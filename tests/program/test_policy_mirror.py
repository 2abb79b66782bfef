"""A listener that is decided by the VPC endpoint's own policy: kept current from EC2, and good without it."""
import json
import os
import subprocess
import threading

import boto3
import pytest
from conftest import KEYS
from ec2 import FULL_ACCESS, Ec2
from gate import ALLOW_ALL, ENDPOINT, SAGEGATE, DidNotStart, eventually, free_port

RUNTIME = "vpce-0123456789abcdef0"


def allow(*names):
    return {"Version": "2012-10-17", "Statement": [
        {"Sid": "S" + names[0], "Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint",
         "Resource": [ENDPOINT + name for name in names]}]}


@pytest.fixture
def ec2(authority):
    double = Ec2(authority)
    double.put(RUNTIME, allow("a"))
    yield double
    double.close()


@pytest.fixture
def start(start_gate, endpoint, ec2, tmp_path):
    """Starts sagegate with listeners that follow: `beside` are local policies beside it, `mirror` changes settings."""
    def start(beside=(), mirror={}, **settings):
        follow = {"from": "vpc_endpoint", "refresh": "1s", "cache": str(tmp_path / "cache"), **mirror}
        (tmp_path / "cache").mkdir(exist_ok=True)
        follow = {key: value for key, value in follow.items() if value is not None}
        return start_gate(listener={"policy": [*beside, follow] if beside else follow},
                          **{"endpoints": endpoints(endpoint, ec2), "admin": {"address": "127.0.0.1:0"}, **settings})
    return start


def endpoints(endpoint, ec2):
    return {"runtime": {"url": endpoint.url, "vpc_endpoint": RUNTIME}, "ec2": {"url": ec2.url}}


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "cache" / f"{RUNTIME}.json"


def invoke(gate, name):
    status, _, body = gate.ask("POST", f"/endpoints/{name}/invocations", b"{}")
    return status, body.decode()


def served(gate, **names):
    return all(invoke(gate, name)[0] == status for name, status in names.items())


def test_follows(start, ec2, kept):
    gate = start()
    eventually(lambda: served(gate, a=200, b=403))
    assert f"because no statement of sagegate's policy {RUNTIME} (endpoints.runtime) (listener main) allows it" in invoke(gate, "b")[1]
    assert kept.read_text() == json.dumps(allow("a")) and kept.stat().st_mode & 0o777 == 0o600
    ec2.put(RUNTIME, allow("b"))
    eventually(lambda: served(gate, a=403, b=200))
    assert kept.read_text() == json.dumps(allow("b"))
    gate.await_log("statement=Sb")
    changes = gate.log.count("is now the one that EC2 tells")
    asked = ec2.asked
    eventually(lambda: ec2.asked >= asked + 3)
    assert gate.log.count("is now the one that EC2 tells") == changes == 2  # what is unchanged is not swapped
    assert {request.fault for request in ec2.requests} == {None}


def test_swapped_under_load_without_a_failed_request(start, ec2):
    gate = start()
    eventually(lambda: served(gate, a=200))
    over, wrong, count = threading.Event(), [], [0]

    def load():
        with gate.connect() as wire:
            while not over.is_set():
                status, _, body = wire.ask("POST", "/endpoints/a/invocations", b"{}")
                count[0] += 1
                if status != 200:
                    wrong.append((status, body))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for name in ("b", "c", "d"):
        ec2.put(RUNTIME, allow("a", name))
        eventually(lambda: served(gate, **{name: 200}))
    over.set()
    for thread in threads:
        thread.join()
    assert wrong == [] and count[0] > 100
    assert gate.log.count("is now the one that EC2 tells") == 4


def test_both_must_allow(start, ec2):
    gate = start(beside=["policy.json"])
    eventually(lambda: served(gate, a=200, b=403))
    local = dict(allow("b"))
    (gate.directory / "policy.json").write_text(json.dumps(local))
    gate.reload()
    eventually(lambda: served(gate, a=403, b=403))
    assert "policy.json" in invoke(gate, "a")[1] and RUNTIME in invoke(gate, "b")[1]
    gate.await_log(f'policy="{RUNTIME} (endpoints.runtime)"')


def test_without_any_document_nothing_passes(start, ec2):
    ec2.away = True
    gate = start()
    gate.await_log("there is none, and requests are refused: EC2")
    status, body = eventually(lambda: (said := invoke(gate, "a"))[0] == 503 and "EC2 does not tell it" in said[1] and said)
    assert "does not know what the policy of the VPC endpoint allows, and lets nothing through before it does" in body
    assert f"{RUNTIME} (endpoints.runtime): EC2 does not tell it: EC2 (" in body
    ec2.away = False
    eventually(lambda: served(gate, a=200))


def test_a_restart_without_ec2(start, ec2, kept):
    gate = start()
    eventually(lambda: kept.exists() and served(gate, a=200))
    gate.stop()
    ec2.away = True
    gate = start()
    assert served(gate, a=200, b=403)
    gate.await_log("is the one in the cache until EC2 tells it")
    gate.await_log("cannot be asked for, so the last good ones stay")
    assert served(gate, a=200, b=403)
    ec2.put(RUNTIME, allow("b"))
    ec2.away = False
    eventually(lambda: served(gate, a=403, b=200))
    gate.await_log("are told by EC2 again")


@pytest.mark.parametrize("content, why", [
    ("{", "is not taken: it is not understood in full"), (FULL_ACCESS, "is not taken: it is AWS's full-access policy"),
    (None, "can be changed by every user, and is not taken"),
], ids=["broken", "full access", "world-writable"])
def test_what_is_wrong_in_the_cache_is_not_taken(start, ec2, kept, content, why):
    kept.parent.mkdir()
    kept.write_text(content or json.dumps(ALLOW_ALL))
    kept.chmod(0o600 if content else 0o666)
    ec2.away = True
    gate = start()
    assert why in gate.log
    assert invoke(gate, "a")[0] == 503


@pytest.mark.parametrize("policy, why", [
    ({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Conditions": {}}]},
     "it is not understood in full: 1:"),
    (FULL_ACCESS, "it is AWS's full-access policy, which allows everyone everything and so is no allowlist"),
    ("", "it is not understood in full: "),
], ids=["not understood", "full access", "none"])
def test_what_is_no_allowlist_raises_an_alarm(start, ec2, kept, policy, why):
    gate = start()
    eventually(lambda: served(gate, a=200))
    ec2.put(RUNTIME, policy)
    gate.await_log("the one before it stays")
    assert f"error: the policy that EC2 tells of {RUNTIME} (endpoints.runtime) is not in force: {why}" in gate.log
    assert served(gate, a=200, b=403) and kept.read_text() == json.dumps(allow("a"))
    asked = ec2.asked
    eventually(lambda: ec2.asked >= asked + 3)
    assert gate.log.count("the one before it stays") == 1
    ec2.put(RUNTIME, allow("b"))
    eventually(lambda: served(gate, a=403, b=200))


def test_an_endpoint_of_another_service(start, ec2):
    ec2.put(RUNTIME, ALLOW_ALL, service="api")
    gate = start()
    gate.await_log("requests are refused until there is a good one")
    assert "is not in force: it is that of an endpoint for com.amazonaws.us-west-2.sagemaker.api: correct vpc_endpoint" in gate.log
    status, body = invoke(gate, "a")
    assert status == 503 and "it is that of an endpoint for com.amazonaws.us-west-2.sagemaker.api" in body


def test_full_access_when_it_is_accepted(start, ec2):
    ec2.put(RUNTIME, FULL_ACCESS)
    gate = start(mirror={"accept_full_access": True})
    eventually(lambda: served(gate, a=200, b=200))
    assert f"warn: {RUNTIME} (endpoints.runtime) has AWS's full-access policy" in gate.log


def test_full_access_that_a_reload_no_longer_accepts(start, ec2):
    ec2.put(RUNTIME, FULL_ACCESS)
    gate = start(mirror={"accept_full_access": True})
    eventually(lambda: served(gate, a=200))
    follow = {"from": "vpc_endpoint", "refresh": "1s"}
    gate.reload(listeners=[dict(listener, policy=follow) for listener in gate.config["listeners"]])
    gate.await_log("is not in force: it is AWS's full-access policy")
    gate.await_log("the policy of a VPC endpoint is not to be had with it")
    ec2.put(RUNTIME, allow("a"))
    gate.reload()
    eventually(lambda: served(gate, a=200, b=403))


def test_an_endpoint_that_is_gone(start, ec2):
    gate = start()
    eventually(lambda: served(gate, a=200))
    del ec2.endpoints[RUNTIME]
    gate.await_log(f"error: endpoints.runtime: EC2 knows no VPC endpoint {RUNTIME} in this region and account")
    assert served(gate, a=200, b=403)


def test_what_the_admin_listener_tells(start, ec2, tmp_path):
    gate = start(admin={"address": f"127.0.0.1:{free_port()}"})
    eventually(lambda: served(gate, a=200))

    def ready():
        return json.loads(subprocess.run([SAGEGATE, "health", "--ready", "-c", str(gate.directory / "sagegate.yaml")],
                                         capture_output=True, text=True).stdout)["policies"]["runtime"]
    assert ready()["ok"] and ready()["vpc_endpoint"] == RUNTIME and "reason" not in ready()
    label = r'\{service="runtime"\}'
    assert gate.number(f"sagegate_policy_mirror_available{label}") == 1 == 1 - gate.number(f"sagegate_policy_mirror_rejected{label}")
    ec2.put(RUNTIME, "{}")
    eventually(lambda: gate.number(f"sagegate_policy_mirror_rejected{label}") == 1)
    assert ready()["ok"] and "is not in force" in ready()["reason"]
    assert gate.number(f"sagegate_policy_mirror_told_timestamp_seconds{label}") > 1e9
    ec2.away = True
    eventually(lambda: gate.number("sagegate_policy_mirror_failures_total") >= 1)


def test_whether_the_files_say_the_same(start, ec2, tmp_path):
    (tmp_path / "beside.json").write_text(json.dumps(allow("a", "b")))
    gate = start(beside=[str(tmp_path / "beside.json")], admin={"address": f"127.0.0.1:{free_port()}"})
    in_sync = r'sagegate_policy_mirror_in_sync\{listener="main"\}'
    eventually(lambda: served(gate, a=200, b=403))
    assert gate.number(in_sync) == 0
    ec2.put(RUNTIME, allow("b", "a"))
    eventually(lambda: gate.number(in_sync) == 1)
    assert served(gate, a=200, b=200)
    # What is not for the services of the configuration does not count.
    ec2.put(RUNTIME, {"Statement": allow("b", "a")["Statement"] + [
        {"Effect": "Allow", "Principal": "*", "Action": "sagemaker:DeleteEndpoint", "Resource": "*"}]})
    eventually(lambda: gate.log.count("is now the one that EC2 tells") == 3)
    assert gate.number(in_sync) == 1
    ec2.put(RUNTIME, allow("a", "b", "c"))
    eventually(lambda: gate.number(in_sync) == 0)
    told = "listener main: its policy files and the policies of the VPC endpoints do not allow the same"
    assert gate.log.count(told) == 2
    checked = subprocess.run([SAGEGATE, "policy", "check-mirror", "-c", str(gate.directory / "sagegate.yaml")],
                             capture_output=True, text=True, timeout=60, env={**os.environ, **KEYS})
    assert checked.returncode == 1 and f"{RUNTIME} allows what listener main" in checked.stdout
    gate.reload(log={"level": "info"})
    assert gate.number(in_sync) == 0


def test_a_reload_keeps_what_is_known(start, ec2, endpoint):
    gate = start(mirror={"cache": None})
    eventually(lambda: served(gate, a=200, b=403))
    ec2.away = True
    gate.reload(log={"level": "info"})
    gate.await_log("is in force")
    assert served(gate, a=200, b=403)


def test_a_reload_without_a_document_changes_nothing(start_gate, ec2, endpoint):
    gate = start_gate(endpoints=endpoints(endpoint, ec2))
    ec2.away = True
    listeners = [dict(listener, policy={"from": "vpc_endpoint"}) for listener in gate.config["listeners"]]
    gate.reload(listeners=listeners)
    assert "the policy of a VPC endpoint is not to be had with it" in gate.log
    assert served(gate, a=200)
    ec2.away = False
    gate.reload()
    eventually(lambda: served(gate, a=200, b=403))


def test_explain_goes_by_the_cache(start, ec2, kept):
    gate = start()
    eventually(lambda: kept.exists() and served(gate, a=200))

    def explain(name):
        answer = subprocess.run([SAGEGATE, "explain", "--json", "-c", str(gate.directory / "sagegate.yaml")], text=True,
                                input=f"POST /endpoints/{name}/invocations HTTP/1.1\nHost: localhost\n\n{{}}",
                                capture_output=True)
        return json.loads(answer.stdout)
    assert explain("a")["decision"] == "allowed" and explain("a")["statement"] == "Sa"
    assert explain("b")["decision"] == "implicit_deny" and RUNTIME in explain("b")["policy"]
    kept.write_text(FULL_ACCESS)
    assert "it is AWS's full-access policy, which is not accepted" in explain("b")["message"]
    kept.unlink()
    assert "does not know what the policy of the VPC endpoint allows" in explain("a")["message"]


@pytest.mark.parametrize("listener, settings, why", [
    ({"policy": {"from": "vpc_endpoint"}}, {"endpoints": {"runtime": {"url": "https://e"}}},
     "but endpoints.runtime does not tell it: say vpc_endpoint: vpce-... there, too"),
    ({"policy": {"from": "ec2"}}, {}, "from is 'ec2'; it must be vpc_endpoint"),
    ({"policy": {"refresh": "1m"}}, {}, "from is missing"),
    ({"policy": [{"from": "vpc_endpoint"}, {"from": "vpc_endpoint"}]}, {}, "it stands in this list already"),
    ({"policy": {"from": "vpc_endpoint", "refresh": "10ms"}}, {}, "refresh is '10ms'; it must be a duration from 1s to 24h"),
], ids=["no id", "other source", "no source", "twice", "too often"])
def test_wrong_settings(start_gate, endpoint, ec2, listener, settings, why):
    with pytest.raises(DidNotStart) as error:
        start_gate(listener=listener, **{"endpoints": endpoints(endpoint, ec2), **settings})
    assert why in str(error.value)


def test_a_client_with_a_key_of_its_own_follows(start_gate, endpoint, ec2, tmp_path):
    (tmp_path / "secret").write_text("of-the-client/0123456789abcdef\n")
    client = {"name": "app", "access_key_id": "SGAKCLIENT", "secret_file": str(tmp_path / "secret"),
              "policy": {"from": "vpc_endpoint", "refresh": "1s"}}
    gate = start_gate(endpoints=endpoints(endpoint, ec2), policy=allow("own"), listener={"clients": [client]})
    runtime = boto3.client("sagemaker-runtime", endpoint_url=gate.url, region_name="us-west-2",
                           aws_access_key_id="SGAKCLIENT", aws_secret_access_key="of-the-client/0123456789abcdef")

    def called(name):
        try:
            return runtime.invoke_endpoint(EndpointName=name, Body=b"{}")["ResponseMetadata"]["HTTPStatusCode"]
        except runtime.exceptions.ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]
    eventually(lambda: called("a") == 200)
    assert called("own") == 403 and served(gate, own=200, a=403)


def test_a_reload_with_another_cache(start, ec2, tmp_path):
    gate = start()
    eventually(lambda: served(gate, a=200))
    (tmp_path / "other").mkdir()
    mirror = {"from": "vpc_endpoint", "cache": str(tmp_path / "other")}
    gate.reload(listeners=[dict(listener, policy=mirror) for listener in gate.config["listeners"]])
    if ", landlock" in gate.log:
        assert f"the cache {tmp_path}/other cannot be written to; a folder that was not named at the start takes a restart" in gate.log
    else:
        eventually((tmp_path / "other" / f"{RUNTIME}.json").exists)
    assert served(gate, a=200, b=403)


def test_a_cache_that_is_no_folder(start, ec2, tmp_path):
    gate = start(mirror={"cache": str(tmp_path / "nowhere")})
    eventually(lambda: served(gate, a=200))
    assert gate.log.count("is no folder here: documents will not be kept") == 1
    gate.await_log(f"the policy of {RUNTIME} (endpoints.runtime) is in force, but not kept: {tmp_path}/nowhere/{RUNTIME}.json cannot be written")


def test_a_way_out_of_the_vpc_is_warned_of(start_gate, endpoint):
    gate = start_gate(listener={"policy": {"from": "vpc_endpoint"}}, environment={"AWS_EC2_METADATA_DISABLED": "true"},
                      endpoints={"runtime": {"url": endpoint.url, "vpc_endpoint": RUNTIME}})
    assert gate.log.count("endpoints.ec2 is not configured: EC2 is asked for the policy from vpc_endpoint at its usual name") == 1
    gate.await_log("there is none, and requests are refused: there are no credentials: ")
    assert invoke(gate, "a")[0] == 503
