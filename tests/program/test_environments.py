"""
boto3 and sagegate in the same generated environments: variables, shared files with chains of roles, processes, web
identities, containers and instance metadata, all with doubles that speak the real protocols. Both sign with the same
keys (each source has its own, and STS's follow from who assumes what), or neither has any.

Left out is where we differ on purpose (doc/credentials.md): a profile that is named and missing beside keys in the
environment, where botocore gives up and we take the keys.
"""
import os
import random

import botocore.credentials
import botocore.session
import botocore.utils
import pytest
import signature
from botocore.exceptions import BotoCoreError, ClientError
from imds import Imds
from sources import Agent, Sts

ENVIRONMENTS = 80
INVOKE = ("POST", "/endpoints/myEndpoint/invocations", b"{}")
KEYS = {name: (f"{name}/secret+", token) for name, token in (
    ("AKIDENV", None), ("ASIAENV", "env-token"), ("AKIDDEFAULT", None), ("AKIDBASE", None), ("ASIABASE", "base-token"),
    ("AKIDPROCESS", None), ("ASIACONTAINER", "container-token"), ("ASIAINSTANCE", "instance-token"))}


@pytest.fixture
def world(authority, endpoint):
    """All sources, with keys that the endpoint and STS accept."""
    endpoint.keys = dict(KEYS)
    imds, sts = Imds(), Sts(authority, endpoint.keys)
    imds.give("ASIAINSTANCE", KEYS["ASIAINSTANCE"][0], "instance-token", 3600)
    agent = Agent("ASIACONTAINER", KEYS["ASIACONTAINER"][0], "container-token")
    yield type("World", (), {"imds": imds, "sts": sts, "agent": agent, "endpoint": endpoint})
    for double in (agent, sts, imds):
        double.close()


def keys_of(name):
    secret, token = KEYS[name]
    lines = [f"aws_access_key_id = {name}", f"aws_secret_access_key = {secret}"]
    return lines + ([f"aws_session_token = {token}"] if token else [])


def role(r, more=()):
    lines = [f"role_arn = arn:aws:iam::123456789012:role/{r.choice(['a', 'b', 'c', 'denied'] if r.random() < 0.3 else ['a', 'b', 'c'])}"]
    if r.random() < 0.3:
        lines.append("role_session_name = somebody")
    if r.random() < 0.3:
        lines.append("external_id = x:/1")
    if r.random() < 0.3:
        lines.append(f"duration_seconds = {r.choice([900, 3600])}")
    return lines + list(more)


def profile(r, folder, others):
    """The lines of one profile; what it leads to may or may not be there."""
    kinds = {
        "keys": lambda: keys_of(r.choice(["AKIDBASE", "ASIABASE"])),
        "role": lambda: role(r, [f"source_profile = {r.choice(others)}"]),
        "own": lambda: role(r, ["source_profile = me", *keys_of("AKIDBASE")]),
        "source": lambda: role(r, [f"credential_source = {r.choice(['Environment', 'Ec2InstanceMetadata', 'EcsContainer'])}"]),
        "web": lambda: role(r, [f"web_identity_token_file = {folder / r.choice(['token', 'token', 'wrong', 'none'])}"]),
        "process": lambda: [f"credential_process = {folder / 'process'} {r.choice(['good', 'good', 'bad', 'fail'])}"],
        "both": lambda: role(r, ["credential_source = Environment", f"source_profile = {r.choice(others)}"]),
        "neither": lambda: role(r),
        "nothing": lambda: ["region = us-west-2"],
    }
    return kinds[r.choice(["keys", "role", "role", "role", "source", "source", "web", "process", *kinds])]()


def generate(r, folder, world):
    """The variables; the files are written."""
    (folder / "token").write_text("good.token")
    (folder / "wrong").write_text("wrong")
    process = folder / "process"
    process.write_text("#!/bin/sh\n[ \"$1\" = fail ] && exit 3\n"
                       f"echo '{{\"Version\": '$([ \"$1\" = bad ] && echo 2 || echo 1)', \"AccessKeyId\": \"AKIDPROCESS\","
                       f" \"SecretAccessKey\": \"{KEYS['AKIDPROCESS'][0]}\"}}'\n")
    process.chmod(0o755)
    names = ["default", "one", "two", "three"]
    config, credentials = [], []
    for name in r.sample(names, r.randrange(2, 5)):
        lines = [line.replace("= me", f"= {name}") for line in profile(r, folder, [*names * 2, "nowhere"])]
        config += [f"[profile {name}]" if name != "default" else "[default]", *lines]
    if r.random() < 0.4:
        credentials = ["[default]", *keys_of("AKIDDEFAULT")]
    (folder / "config").write_text("\n".join(config) + "\n")
    (folder / "credentials").write_text("\n".join(credentials) + "\n")
    (folder / "credentials").chmod(0o600)
    variables = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
                 "AWS_DEFAULT_REGION": "us-west-2", "AWS_EC2_METADATA_DISABLED": "true"}
    if r.random() < 0.25:
        name = r.choice(["AKIDENV", "ASIAENV"])
        variables.update({"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": KEYS[name][0]})
        old = r.random() < 0.5  # AWS_SECURITY_TOKEN is what the variable was called once, and wins
        if KEYS[name][1]:
            variables.update({"AWS_SECURITY_TOKEN": KEYS[name][1], "AWS_SESSION_TOKEN": "another"} if old else
                             {"AWS_SESSION_TOKEN": KEYS[name][1]})
        variables.update({"AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z"} if r.random() < 0.3 else {})
        variables.pop(r.choice(["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", *["no"] * 8]), None)
    elif r.random() < 0.6:
        variables["AWS_PROFILE"] = r.choice([*names * 3, "nowhere"])
    if r.random() < 0.2:
        variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = str(folder / "token")
        variables.update({"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod"} if r.random() < 0.8 else {})
    if r.random() < 0.4:
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = world.agent.url
        world.agent.token = "Bearer x"
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = r.choice(["Bearer x", "Bearer x", "Bearer y"])
    if r.random() < 0.6:
        variables.update({**world.imds.environment, "AWS_EC2_METADATA_DISABLED": "false"})
    return variables


def botocore_key(variables, profile, world, monkeypatch):
    """The access key id that boto3 would sign with; None when it has none."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    create = botocore.session.Session.create_client

    def create_here(session, service, **arguments):
        return create(session, service, **{**arguments, "endpoint_url": world.sts.url, "verify": world.sts.ca_file,
                                           "region_name": "us-west-2"})

    monkeypatch.setattr(botocore.session.Session, "create_client", create_here)
    monkeypatch.setattr(botocore.utils.ContainerMetadataFetcher, "SLEEP_TIME", 0)
    try:
        found = botocore.session.Session(profile=profile).get_credentials()
        return found and found.get_frozen_credentials().access_key
    except (BotoCoreError, ClientError, FileNotFoundError, PermissionError):
        return None


@pytest.mark.parametrize("seed", range(ENVIRONMENTS))
def test_same_keys_or_none(seed, tmp_path, world, start_gate, monkeypatch):
    r = random.Random(seed)
    variables = generate(r, tmp_path, world)
    profile = r.choice(["one", "default"]) if r.random() < 0.2 else None
    theirs = botocore_key(variables, profile, world, monkeypatch)

    endpoint = world.endpoint
    gate = start_gate(environment=variables, credentials={"wait": "10ms", **({"profile": profile} if profile else {})},
                      endpoints={"runtime": {"url": endpoint.url}, "sts": {"url": world.sts.url}})
    # A slow machine may need more than one search to find what is there.
    gate.await_notice("credentials from" if theirs else "no credentials: ")
    status, _, body = gate.ask(*INVOKE)
    assert status in (200, 503), body
    ours = signature.key_of(endpoint.requests[-1]) if status == 200 else None
    assert ours == theirs, f"{variables} {profile}\n{(tmp_path / 'config').read_text()}\n{gate.log}"
