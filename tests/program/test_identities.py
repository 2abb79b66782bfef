"""Whose keys sign: what STS tells, and several identities in one daemon."""
import json
import re

import pytest
from gate import ENDPOINT, Signal, free_port
from standin import ACCESS_KEY, SECRET
from sts import Sts
from test_credentials import INVOKE, NEW, OLD, REQUEST, from_profile, reject, write_profile

ROLE = "arn:aws:sts::123456789012:assumed-role/inference/session"
OTHER_ACCOUNT = "arn:aws:iam::210987654321:user/other"


@pytest.fixture
def sts(authority):
    double = Sts(authority)
    double.know(ACCESS_KEY, SECRET, None, ROLE, "AROAX:session")
    yield double
    double.close()


def endpoints(endpoint, sts):
    return {"runtime": {"url": endpoint.url}, "sts": {"url": sts.url}}


def only(resource):
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": resource}]}


def test_the_account_is_asked_for(start_gate, endpoint, sts):
    gate = start_gate(policy=only(ENDPOINT + "myEndpoint"), account_id=None, endpoints=endpoints(endpoint, sts))
    assert gate.ask(*INVOKE)[0] == 200
    assert gate.ask("POST", "/endpoints/another/invocations", b"{}")[0] == 403
    gate.stop()
    assert f"the credentials are those of {ROLE}" in gate.log
    assert [request.fault for request in sts.requests] == [None]


def test_requests_wait_for_the_account_and_are_refused_retryably(start_gate, endpoint, sts):
    sts.mode = "failing"
    gate = start_gate(account_id=None, endpoints=endpoints(endpoint, sts), credentials={"wait": "50ms"})
    gate.await_notice("credentials from environment")
    status, headers, body = gate.ask(*INVOKE)
    assert (status, headers["x-amzn-errortype"]) == (503, "ServiceUnavailable")
    assert "does not know yet whose its credentials are" in json.loads(body)["message"]
    assert not endpoint.requests
    sts.mode = "up"
    for _ in range(1000):
        if gate.ask(*INVOKE)[0] == 200:
            return
    raise AssertionError("it never became known")


def test_without_sts_the_configured_account_is_used(start_gate, endpoint, sts):
    sts.mode = "denying"
    gate = start_gate(policy=only(ENDPOINT + "myEndpoint"), endpoints=endpoints(endpoint, sts))
    assert gate.ask(*INVOKE)[0] == 200
    while not sts.requests:
        assert gate.ask(*INVOKE)[0] == 200
    while "it is not known from STS" not in gate.log:
        assert gate.ask(*INVOKE)[0] == 200
    gate.stop()
    assert "what the configuration and their source say is used: " in gate.log
    assert "AccessDenied" in gate.log


def test_sts_is_believed_when_it_says_otherwise(start_gate, endpoint, sts):
    """A policy for the wrong account allows nothing once it is known."""
    sts.know(ACCESS_KEY, SECRET, None, OTHER_ACCOUNT, "AIDAX")
    gate = start_gate(policy=only(ENDPOINT + "myEndpoint"), endpoints=endpoints(endpoint, sts))
    for _ in range(1000):
        status, _, body = gate.ask(*INVOKE)
        if status == 403:
            break
    assert status == 403 and "arn:aws:sagemaker:us-west-2:210987654321:endpoint/myEndpoint" in body.decode()
    gate.stop()
    assert "the configured account_id is 123456789012: STS's word counts" in gate.log


@pytest.fixture
def two(start_gate, endpoint, sts, tmp_path):
    """Two applications, two roles, two policies."""
    blue, green = tmp_path / "blue", tmp_path / "green"
    file = tmp_path / "credentials"
    file.write_text("[blue]\naws_access_key_id = AKIDBLUE\naws_secret_access_key = blue\n"
                    "[green]\naws_access_key_id = AKIDGREEN\naws_secret_access_key = green\n")
    file.chmod(0o600)
    blue.write_text(json.dumps(only(ENDPOINT + "blue")))
    green.write_text(json.dumps(only("arn:aws:sagemaker:us-west-2:210987654321:endpoint/green")))
    endpoint.keys = {"AKIDBLUE": ("blue", None), "AKIDGREEN": ("green", None)}
    sts.know("AKIDBLUE", "blue", None, ROLE, "AROAX:session")
    sts.know("AKIDGREEN", "green", None, OTHER_ACCOUNT, "AIDAX")
    ports = free_port(), free_port()
    gate = start_gate(
        environment=from_profile(file), account_id=None, endpoints=endpoints(endpoint, sts),
        credentials={"identities": [{"name": name, "provider": "profile", "profile": name}
                                    for name in ("blue", "green")]},
        listeners=[{"name": name, "address": f"127.0.0.1:{port}", "policy": str(policy), "identity": name}
                   for name, port, policy in (("blue", ports[0], blue), ("green", ports[1], green))])
    gate.ports = dict(zip(("blue", "green"), ports))
    return gate


def ask(gate, listener, name):
    gate.port = gate.ports[listener]
    return gate.ask("POST", f"/endpoints/{name}/invocations", b"{}")[0]


def test_two_identities(two, endpoint):
    assert ask(two, "blue", "blue") == ask(two, "green", "green") == 200
    assert ask(two, "blue", "green") == ask(two, "green", "blue") == 403
    keys = [request.header("authorization").split("Credential=")[1].split("/")[0] for request in endpoint.requests]
    assert keys == ["AKIDBLUE", "AKIDGREEN"]
    assert [request.fault for request in endpoint.requests] == [None, None]
    two.stop()
    assert f"the credentials of blue are those of {ROLE}" in two.log
    assert f"the credentials of green are those of {OTHER_ACCOUNT}" in two.log
    assert all(f"credentials found identity={name} source=profile" in two.log for name in ("blue", "green"))
    assert "no credentials" not in two.log  # nobody looks for the default identity, which no listener uses


def test_the_log_says_whose_credentials_there_are_none_of(start_gate, endpoint):
    gate = start_gate(credentials={"identities": [{"name": "blue", "provider": "file", "file": "/nonexistent"}]},
                      listener={"identity": "blue"})
    gate.await_notice("no credentials of blue: file: ")
    gate.await_log("warn: no credentials of blue: file: ")


def test_rejected_keys_of_one_identity_leave_the_other_alone(two, endpoint, tmp_path):
    assert ask(two, "blue", "blue") == ask(two, "green", "green") == 200
    (tmp_path / "new").write_text((tmp_path / "credentials").read_text().replace("AKIDBLUE", "AKIDNEW"))
    (tmp_path / "new").chmod(0o600)
    (tmp_path / "new").replace(tmp_path / "credentials")
    endpoint.keys["AKIDNEW"] = ("blue", None)
    endpoint.rejected = {"AKIDBLUE"}
    assert ask(two, "green", "green") == 200
    assert ask(two, "blue", "blue") in (200, 503)  # the new keys' account is to be asked for first
    assert ask(two, "green", "green") == 200
    two.stop()
    assert two.log.count("retried=credentials") <= 1


def test_a_policy_that_hangs_on_the_principal_waits_for_sts(start_gate, endpoint, sts):
    answered = Signal()
    sts.before = answered.wait
    policy = only("*")
    principal = "arn:aws:iam::123456789012:role/inference"
    policy["Statement"][0]["Condition"] = {"ArnEquals": {"aws:PrincipalArn": principal}}
    gate = start_gate(policy=policy, endpoints=endpoints(endpoint, sts), credentials={"wait": "60s"})
    gate.await_notice("credentials from environment")
    with gate.connect() as wire:
        wire.send(REQUEST)
        answered.set()
        assert wire.read_answer()[0] == 200


@pytest.mark.parametrize("policy", [
    {"Resource": "*", "Principal": {"AWS": ROLE}},
    {"Resource": "*", "Principal": "*", "Condition": {
        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/inference"}}},
    {"Resource": ENDPOINT + "myEndpoint", "Principal": "*"},  # in the account that the first keys are of
], ids=["Principal", "PrincipalArn", "account"])
def test_keys_of_another_caller_sign_only_what_the_policy_allows_this_one(start_gate, endpoint, sts, tmp_path, policy):
    """Between the decision and the second try the credentials become another's."""
    keys = tmp_path / "credentials"
    endpoint.keys = {OLD: ("old", None), NEW: ("new", None)}
    rejected = reject(endpoint, OLD, 403, __type="ExpiredTokenException")
    sts.know(OLD, "old", None, ROLE, "AROAX:session")
    sts.know(NEW, "new", None, OTHER_ACCOUNT, "AIDAX")
    write_profile(keys, OLD, "old")
    gate = start_gate(policy={"Version": "2012-10-17",
                              "Statement": [{"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", **policy}]},
                      environment=from_profile(keys), account_id=None, endpoints=endpoints(endpoint, sts),
                      credentials={"wait": "60s"})
    gate.await_log(f"the credentials are those of {ROLE}")
    write_profile(keys, NEW, "new")
    status, headers, body = gate.ask(*INVOKE)
    assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert "sagegate's policy" in json.loads(body)["message"]
    assert len(rejected) == len(endpoint.requests) == 1
    gate.stop()
    assert len(re.findall("request .*decision=implicit_deny", gate.log)) == 1
