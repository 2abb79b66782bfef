"""Sources that the configuration names, through the running daemon: which keys sign, and what else is said to whom."""
import shutil

import pytest
import signature
from imds import Imds
from sources import Agent, Sts
from standin import ACCESS_KEY, SECRET

INVOKE = ("POST", "/endpoints/myEndpoint/invocations", b"{}")
QUIET = {"AWS_EC2_METADATA_DISABLED": "true"}
ENVIRONMENT = {**QUIET, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
ROLE = "arn:aws:iam::123456789012:role/inference"


@pytest.fixture
def sts(authority, endpoint):
    double = Sts(authority, endpoint.keys)
    yield double
    double.close()


@pytest.fixture
def start(start_gate, endpoint, sts):
    def start_with(environment, **credentials):
        return start_gate(environment=environment, credentials={"wait": "60s", **credentials},
                          endpoints={"runtime": {"url": endpoint.url}, "sts": {"url": sts.url}})

    return start_with


def signer(gate, endpoint):
    status, _, body = gate.ask(*INVOKE)
    assert status == 200, body
    assert endpoint.requests[-1].fault is None
    return signature.key_of(endpoint.requests[-1])


def bodies(sts, action):
    return [request.body.decode() for request in sts.requests if f"Action={action}&" in request.body.decode()]


def test_a_role_is_assumed_with_what_was_found(start, endpoint, sts):
    gate = start(ENVIRONMENT, assume_role={
        "role_arn": ROLE, "session_name": "me", "external_id": "x/1", "duration": "2h",
        "tags": [{"key": "team", "value": "search & find"}, {"key": "app", "value": "1"}]})
    assert signer(gate, endpoint).startswith("ASIA")
    assert bodies(sts, "AssumeRole")[0] == (
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Finference"
        "&RoleSessionName=me&ExternalId=x%2F1&DurationSeconds=7200&Tags.member.1.Key=team"
        "&Tags.member.1.Value=search%20%26%20find&Tags.member.2.Key=app&Tags.member.2.Value=1")
    assert SECRET not in gate.log


def test_a_role_that_is_refused_is_told_and_tried_again(start, endpoint, sts):
    sts.keys = {}  # it knows nobody yet
    gate = start(ENVIRONMENT, assume_role={"role_arn": ROLE})
    gate.await_notice("no credentials: environment: STS (localhost:")
    sts.keys = endpoint.keys
    assert signer(gate, endpoint).startswith("ASIA")


def test_a_role_is_assumed_though_the_clock_is_wrong(start, endpoint, sts):
    sts.ahead = endpoint.ahead = 1200
    gate = start(ENVIRONMENT, assume_role={"role_arn": ROLE})
    assert signer(gate, endpoint).startswith("ASIA")
    assert [bool(request.fault) for request in sts.requests] == [True, False]
    gate.stop()
    assert "s slow by the service's: requests are signed with the difference added; set the clock (NTP)" in gate.log


def test_two_identities_assume_two_roles(start_gate, endpoint, sts):
    gate = start_gate(
        environment=ENVIRONMENT, listener={"identity": "other"},
        credentials={"wait": "60s", "identities": [{"name": "other", "assume_role": {"role_arn": ROLE + "2"}}]},
        endpoints={"runtime": {"url": endpoint.url}, "sts": {"url": sts.url}})
    assert signer(gate, endpoint).startswith("ASIA")
    assert "role%2Finference2" in bodies(sts, "AssumeRole")[0]


def test_a_file_and_its_change(start, endpoint, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text(f"[default]\naws_access_key_id = none\naws_secret_access_key = n\n"
                    f"[app]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET}\n")
    keys.chmod(0o644)
    gate = start({**QUIET, "AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "o"}, provider="file",
                 file=str(keys), profile="app")
    assert signer(gate, endpoint) == ACCESS_KEY
    assert f"the keys in {keys} are open to other users (mode 0644)" in gate.log


def test_a_credential_of_systemd(start, endpoint, tmp_path):
    (tmp_path / "keys").write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET}\n")
    (tmp_path / "keys").chmod(0o440)
    gate = start({**QUIET, "CREDENTIALS_DIRECTORY": str(tmp_path)}, provider="file", systemd_credential="keys")
    assert signer(gate, endpoint) == ACCESS_KEY
    assert "open to other users" not in gate.log


def test_no_credentials_directory(start):
    with pytest.raises(Exception, match="systemd_credential is keys, but CREDENTIALS_DIRECTORY is not set: the unit needs"):
        start(QUIET, provider="file", systemd_credential="keys")


def test_a_container_and_not_the_instance(start, endpoint):
    agent, imds = Agent("ASIAAGENT", "agent/secret", "agent-token", token="Bearer 1"), Imds()
    imds.give("ASIAINSTANCE", "i", "t", 3600)
    endpoint.keys["ASIAAGENT"] = ("agent/secret", "agent-token")
    agent.status = 500
    gate = start({**imds.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url,
                  "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer 1"})
    gate.await_notice("container: AWS_CONTAINER_CREDENTIALS_FULL_URI: it answered with status 500")
    assert imds.asked == 0
    agent.status = 200
    assert signer(gate, endpoint) == "ASIAAGENT"
    assert "Bearer 1" not in gate.log
    agent.close()
    imds.close()


def rotate(folder, name, text):
    """As kubelet does: a new folder, to which the link that all files lead through is exchanged at once."""
    fresh = folder / f"..{text}"
    fresh.mkdir(parents=True)
    (fresh / name).write_text(text)
    (folder / "..tmp").symlink_to(fresh.name)
    (folder / "..tmp").replace(folder / "..data")
    if not (folder / name).is_symlink():
        (folder / name).symlink_to(f"..data/{name}")


def test_a_pods_token_is_read_at_each_exchange(start, endpoint, sts, tmp_path):
    folder = tmp_path / "serviceaccount"
    rotate(folder, "token", "first.token")
    token = folder / "token"
    sts.life = 4  # refreshed after two
    gate = start({**QUIET, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": ROLE}, provider="web_identity")
    first = signer(gate, endpoint)
    rotate(folder, "token", "second.token")
    shutil.rmtree(folder / "..first.token")
    while signer(gate, endpoint) == first:
        pass
    said = bodies(sts, "AssumeRoleWithWebIdentity")
    assert said[0].endswith("&WebIdentityToken=first.token") and said[-1].endswith("&WebIdentityToken=second.token")
    assert "first.token" not in gate.log
