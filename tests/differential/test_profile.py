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

import botocore.session
import pytest
from botocore.exceptions import BotoCoreError

BUILD = pathlib.Path(os.environ.get("SAGEGATE") or pathlib.Path(__file__).parents[2] / "build" / "sagegate").parent
DRIVER = BUILD / "tests" / "differential" / "profile_answer"
FILES = 400

NAMES = ["default", "x", "x y", "profile x", "X"]
KEYS = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token", "region", "s3",
        "AWS_ACCESS_KEY_ID", "role_arn", "source_profile", "credential_process", "web_identity_token_file",
        "sso_account_id", "sso_role_name"]
COMMON = KEYS[:2] * 40 + KEYS[2:6] * 4


def section_line(r, name, config):
    if config and name != "default":
        quoted = f'"{name}"' if " " in name or r.random() < 0.2 else name
        name = r.choice(["profile ", "profile ", "profile\t", "profile  "]) + quoted
    return f"[{name}]" + r.choice(["", "", " ", " ; comment"])


def option_line(r, key):
    value = f"{key[:6]}{r.randrange(1000)}" + r.choice(["", "", "/+==", "#;", ":x"])
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


def botocore_answer(environment, profile, monkeypatch):
    """Only its profile providers: the rest of its chain would look at the machine."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        session = botocore.session.Session(profile=profile)
        chain = session.get_component("credential_provider")
        asked = ("assume-role", "assume-role-with-web-identity", "sso", "shared-credentials-file", "custom-process",
                 "config-file")
        chain.providers = [provider for provider in chain.providers if provider.METHOD in asked]
        for provider in chain.providers:
            if provider.METHOD not in ("shared-credentials-file", "config-file"):
                provider.load = refuse_to_go_on(provider)
        found = chain.load_credentials()
    except (BotoCoreError, NotImplementedError) as error:
        return "failed", repr(error)
    return ("found", [found.access_key, found.secret_key, found.token or ""]) if found else ("empty", None)


def refuse_to_go_on(provider):
    """Where botocore would call STS or run a process, sagegate says that it does not do that yet."""
    load = provider.load

    def refusing_load():
        if provider.METHOD == "custom-process":
            wanted = provider._credential_process is not None
        else:
            wanted = load() is not None
        if wanted:
            raise NotImplementedError(provider.METHOD)

    return refusing_load


def sagegate_answer(environment, profile):
    process = subprocess.run([DRIVER] + ([profile] if profile else []), env=environment, capture_output=True,
                             timeout=60)
    assert process.returncode == 0, process.stderr.decode()
    answer = json.loads(process.stdout)
    return answer["outcome"], answer.get("keys") or answer.get("why_not")


@pytest.mark.parametrize("seed", range(FILES))
def test_same_answer(seed, tmp_path, monkeypatch):
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
    profile = r.choice([None] * 6 + NAMES)

    theirs = botocore_answer(environment, profile, monkeypatch)
    ours = sagegate_answer(environment, profile)
    told = "\n".join([f"ours: {ours}", f"botocore's: {theirs}", f"{environment} {profile}"]
                     + [f"{path.name}:\n{path.read_text()}" for path in sorted((tmp_path / ".aws").iterdir())])
    assert ours[0] == theirs[0], told
    if ours[0] == "found":
        assert ours == theirs, told
