"""sagegate credentials: which source answered, for whom, until when, and why the others did not; never a secret."""
import json
import os
import re
import subprocess

import pytest
from gate import SAGEGATE
from imds import Imds
from sources import Agent
from sources import Sts as Roles
from standin import ACCESS_KEY, SECRET
from sts import Sts

ROLE = "arn:aws:sts::123456789012:assumed-role/inference/session"


@pytest.fixture
def ask(tmp_path, authority):
    """Runs the command for a configuration and an environment: what it says, without secrets in it."""
    def run(environment, *arguments, expect=0, **settings):
        (tmp_path / "policy.json").write_text('{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*",'
                                              '"Resource":"*"}]}')
        config = {"region": "us-west-2", "account_id": "123456789012",
                  "endpoints": {"runtime": {"url": "https://localhost:1"}},
                  "tls": {"ca_file": str(authority / "ca.pem")},
                  "listeners": [{"name": "a", "address": "127.0.0.1:1", "policy": "policy.json"}], **settings}
        (tmp_path / "c.yaml").write_text(json.dumps({key: value for key, value in config.items() if value}))
        answer = subprocess.run([SAGEGATE, "credentials", "-c", str(tmp_path / "c.yaml"), *arguments], text=True,
                                env={"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", **environment},
                                capture_output=True, timeout=60)
        run.said = answer.stderr
        assert answer.returncode == expect, answer.stdout + answer.stderr
        for secret in ("stand-in/secret+key", "s3cret", "t0ken"):
            assert secret not in answer.stdout + answer.stderr
        return answer.stdout if expect != 2 else answer.stderr
    return run


KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


def test_environment_and_sts(ask, authority):
    sts = Sts(authority)
    sts.know(ACCESS_KEY, SECRET, None, ROLE, "AROAX:session")
    try:
        endpoints = {"runtime": {"url": "https://localhost:1"}, "sts": {"url": sts.url}}
        told = json.loads(ask(KEYS, "--json", account_id=None, endpoints=endpoints))
        assert told == {"identities": [{
            "identity": None, "good": True, "source": "environment", "provider": "environment", "access_key_id_end": "NDIN",
            "account": "123456789012", "arn": ROLE, "principal_arn": "arn:aws:iam::123456789012:role/inference",
            "user_id": "AROAX:session"}]}
        sts.mode = "denying"
        told = json.loads(ask(KEYS, "--json", endpoints=endpoints))["identities"][0]
        assert told["good"] and told["account"] == "123456789012" and "arn" not in told
        assert "what the configuration and their source say is used: STS" in ask.said and "AccessDenied" in ask.said
        sts.mode = "up"
        told = json.loads(ask(KEYS, "--json", endpoints=endpoints,
                              credentials={"principal_arn": "arn:aws:iam::123456789012:role/other"}))["identities"][0]
        assert told["arn"] == ROLE and "the configured principal_arn is arn:aws:iam::123456789012:role/other" in ask.said
    finally:
        sts.close()


def test_imds_and_those_before_it(ask):
    imds = Imds()
    try:
        end = imds.give("ASIASOMEKEY", "s3cret", "t0ken", life=3600)
        environment = {**imds.environment, "AWS_EC2_METADATA_DISABLED": "false"}
        told = ask(environment)
        assert "default identity\n  source         imds\n  access key id  ...EKEY\n" in told
        assert f"  expires        {end:%Y-%m-%dT%H:%M:%SZ}\n" in told
        assert "passed over    environment: AWS_ACCESS_KEY_ID is not set; profile: " in told
        imds.give("ASIASOMEKEY", "s3cret", "t0ken", life=-60)
        assert json.loads(ask(environment, "--json", expect=1))["identities"][0]["good"] is False
        assert "Z, which is past\n" in ask(environment, expect=1)
    finally:
        imds.close()


def test_a_network_that_is_not_there(ask):
    """That nobody was reached is not told as an answer that broke off."""
    told = ask({"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://255.255.255.255"}, expect=1)
    assert "imds: cannot connect to 255.255.255.255" in told


def test_an_agent_that_is_slow_or_late(ask):
    """As on a fresh node; what it gives is used until it ends, and not after."""
    agent = Agent("ASIASOMEKEY", "s3cret", "t0ken")
    environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url}
    try:
        agent.delay = 1.2
        assert "  source         container\n" in ask(environment)
        agent.delay, agent.life = 0, -60
        assert "container: it gave credentials that expired at 20" in ask(environment, expect=1)
    finally:
        agent.close()


def test_a_role_and_its_end(ask, authority):
    sts = Roles(authority, {ACCESS_KEY: (SECRET, None)})
    try:
        role = {"endpoints": {"runtime": {"url": "https://localhost:1"}, "sts": {"url": sts.url}},
                "credentials": {"assume_role": {"role_arn": "arn:aws:iam::123456789012:role/r"}}}
        assert "  source         assume role, from environment\n" in ask(KEYS, **role)
        sts.life = -60
        told = ask(KEYS, expect=1, **role)
        assert "environment: it gave credentials that expired at 20" in told
    finally:
        sts.close()


def test_several_identities(ask, tmp_path):
    (tmp_path / "credentials").write_text("[here]\naws_access_key_id = AKIDSOMEWHERE\naws_secret_access_key = s3cret\n")
    listeners = [{"name": name, "address": f"127.0.0.1:{port}", "policy": "policy.json", "identity": name}
                 for port, name in ((1, "here"), (2, "nowhere"))]
    credentials = {"identities": [{"name": name, "provider": "profile", "profile": name}
                                  for name in ("here", "nowhere", "unused")]}
    told = json.loads(ask({"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}, "--json", expect=1,
                          listeners=listeners, credentials=credentials))["identities"]
    assert [(one["identity"], one["good"]) for one in told] == [("here", True), ("nowhere", False)]
    assert 'there is no profile "nowhere"' in told[1]["why"] and "no credentials" not in ask.said
    assert re.search(r"\.yaml:\d+:\d+: warning: no listener names the identity 'unused' of credentials", ask.said)


def test_it_cannot_be_asked(ask):
    assert "region is 'nowhere'" in ask({}, expect=2, region="nowhere")
    assert "the region is not known" in ask({}, expect=2, region=None)
    assert "what is 'more'?" in ask({}, "more", expect=2)
