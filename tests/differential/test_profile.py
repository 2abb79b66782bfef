"""The shared files as sagegate reads them, and as botocore does: the same keys, or both find none, or both fail.

Left out of the generated files is where we differ on purpose: a section or key that comes twice in a file
(botocore refuses the file, we take the later), nested blocks with lines that are no pairs (botocore refuses
the file, we pass over them) and keys that cannot stand in a header (we refuse them).
"""
import json
import os
import pathlib
import random
import subprocess

import botocore.credentials
import botocore.session
import pytest
from botocore.exceptions import BotoCoreError

BUILD = pathlib.Path(os.environ.get("SAGEGATE") or pathlib.Path(__file__).parents[2] / "build" / "sagegate").parent
DRIVER = BUILD / "tests" / "differential" / "profile_answer"
FILES = 400

NAMES = ["default", "x", "x y", "profile x", "X"]
KEYS = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token", "region", "s3",
        "AWS_ACCESS_KEY_ID", "credential_process", "web_identity_token_file", "sso_account_id", "sso_role_name",
        "role_arn", "source_profile", "credential_source", "external_id", "role_session_name", "duration_seconds"]
COMMON = KEYS[:2] * 40 + KEYS[2:6] * 4 + KEYS[11:13] * 20
VALUES = {"source_profile": NAMES, "duration_seconds": ["900", "3600", "43200"],
          "credential_source": ["Environment", "Ec2InstanceMetadata", "EcsContainer", "environment"]}


def section_line(r, name, config):
    if config and name != "default":
        quoted = f'"{name}"' if " " in name or r.random() < 0.2 else name
        name = r.choice(["profile ", "profile ", "profile\t", "profile  "]) + quoted
    return f"[{name}]" + r.choice(["", "", " ", " ; comment"])


def option_line(r, key):
    value = r.choice(VALUES.get(key) or [f"{key[:6]}{r.randrange(1000)}" + r.choice(["", "", "/+==", "#;", ":x"])])
    return f"{key}{r.choice(['=', ' = ', ' : ', ':', '  =  '])}{value}{r.choice(['', '', '  '])}"


def shared_file(r, config):
    lines = r.choice([[], [], ["  [indented]", "  region = x"]])
    for name in r.sample(NAMES, r.randrange(1, 6)):
        lines += r.choice([[], [""], ["# comment"], [" ; comment", ""]])
        lines.append(section_line(r, name, config))
        keys = {key.lower(): key for key in r.choices(COMMON + KEYS, k=r.randrange(0, 8))}
        for key in keys.values():
            if key == "s3":
                lines += ["s3 =", "  max_queue_size = 1", "", "  # comment", "\taddressing_style = path"]
            else:
                lines.append(option_line(r, key))
            lines += r.choice([[], [], [], [""], ["#aws_access_key_id = no"], ["  ; comment"]])
    if r.random() < 0.04:
        lines.insert(r.randrange(len(lines) + 1), r.choice(["oops", "= oops", "[", "[]"]))
    return r.choice(["\n", "\n", "\r\n"]).join(lines) + r.choice(["", "\n"])


class FakeSts:
    """Answers with credentials that tell how they came about."""

    def __init__(self, caller):
        self.caller = caller

    def answer(self, kind, caller, arguments):
        told = ", ".join([arguments["RoleArn"], session_of(arguments), arguments.get("ExternalId", "-"),
                          str(arguments.get("DurationSeconds", 0))])
        return {"Credentials": {"AccessKeyId": f"{kind}({told})" + (f" < {caller}" if kind == "role" else ""),
                                "SecretAccessKey": "", "SessionToken": "", "Expiration": "2099-01-01T00:00:00Z"}}

    def assume_role(self, **arguments):
        return self.answer("role", self.caller, arguments)

    def assume_role_with_web_identity(self, **arguments):
        answer = self.answer("web", None, arguments)
        answer["Credentials"]["AccessKeyId"] = f"token {arguments['WebIdentityToken']} " + answer["Credentials"]["AccessKeyId"]
        return answer


def session_of(arguments):
    name = arguments["RoleSessionName"]
    return "-" if name.startswith("botocore-session-") else name


def told(keys):
    """What our driver says of the same credentials."""
    if keys.method in ("shared-credentials-file", "config-file"):
        return f"keys {keys.access_key} {keys.secret_key} {keys.token or ''}"
    return keys.get_frozen_credentials().access_key


def create_fake(session, service, region_name=None, **arguments):
    keys, secret, token = (arguments.get(f"aws_{name}") for name in ("access_key_id", "secret_access_key", "session_token"))
    return FakeSts(f"keys {keys} {secret} {token or ''}" if secret else keys)


@pytest.fixture
def patched(monkeypatch):
    """botocore that asks nobody: STS, processes, token files and other sources answer with what they were asked."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(botocore.session.Session, "create_client", create_fake)
    monkeypatch.setattr(botocore.credentials.ProcessProvider, "_retrieve_credentials_using",
                        lambda self, command: {"access_key": f"process {command}", "secret_key": ""})
    monkeypatch.setattr(botocore.credentials, "FileWebIdentityTokenLoader", lambda path: lambda: path)
    monkeypatch.setattr(botocore.credentials.CanonicalNameCredentialSourcer, "source_credentials",
                        lambda self, name: botocore.credentials.Credentials(f"source {SOURCES[name]}", ""))
    return monkeypatch


SOURCES = {"Environment": "environment", "Ec2InstanceMetadata": "imds", "EcsContainer": "container"}


def botocore_answer(environment, profile, patched):
    """Only its profile providers: the rest of its chain would look at the machine."""
    for name, value in environment.items():
        patched.setenv(name, value)
    patched.setattr(botocore.credentials.SSOProvider, "load", refuse_sso)
    try:
        session = botocore.session.Session(profile=profile)
        chain = session.get_component("credential_provider")
        asked = ("assume-role", "assume-role-with-web-identity", "sso", "shared-credentials-file", "custom-process",
                 "config-file")
        chain.providers = [provider for provider in chain.providers if provider.METHOD in asked]
        found = chain.load_credentials()
        return ("found", told(found)) if found else ("empty", None)
    except (BotoCoreError, NotImplementedError, KeyError) as error:
        return "failed", repr(error)


def refuse_sso(self):
    profile = self._load_config().get("profiles", {}).get(self._profile_name, {})
    if "sso_account_id" in profile or "sso_role_name" in profile:
        raise NotImplementedError("sagegate refuses single sign-on")


def sagegate_answer(environment, profile):
    named = profile or environment.get("AWS_DEFAULT_PROFILE") or environment.get("AWS_PROFILE")
    process = subprocess.run([DRIVER, named or "default", "1" if named else "0", "0" if profile else "1"],
                             env=environment, capture_output=True, timeout=60)
    assert process.returncode == 0, process.stderr.decode()
    return tuple(json.loads(process.stdout))


@pytest.mark.parametrize("seed", range(FILES))
def test_same_answer(seed, tmp_path, patched):
    r = random.Random(seed)
    (tmp_path / ".aws").mkdir()
    if r.random() < 0.9:
        (tmp_path / ".aws" / "credentials").write_text(shared_file(r, config=False), newline="")
    if r.random() < 0.7:
        (tmp_path / ".aws" / "config").write_text(shared_file(r, config=True), newline="")
    environment = {"HOME": str(tmp_path)}
    for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        if r.random() < 0.2:
            environment[variable] = r.choice(NAMES)
    if r.random() < 0.1:
        environment.update({"AWS_WEB_IDENTITY_TOKEN_FILE": "/env/token", **({"AWS_ROLE_ARN": "env-role"} if r.random() < 0.8 else {}),
                            **({"AWS_ROLE_SESSION_NAME": "env-session"} if r.random() < 0.5 else {})})
    profile = r.choice([None] * 6 + NAMES)

    theirs = botocore_answer(environment, profile, patched)
    ours = sagegate_answer(environment, profile)
    shown = "\n".join([f"ours: {ours}", f"botocore's: {theirs}", f"{environment} {profile}"]
                     + [f"{path.name}:\n{path.read_text()}" for path in sorted((tmp_path / ".aws").iterdir())])
    assert ours[0] == theirs[0], shown
    if ours[0] == "found":
        assert ours == theirs, shown
