"""sagegate policy diff, as people and scripts call it: and its examples, run by a shell as they are printed."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from gate import ENDPOINT, ROOT, SAGEGATE

VPCE = {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}}


@pytest.fixture
def diff(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(first, second, *options):
        for name, statements in (("a.json", first), ("b.json", second)):
            Path(name).write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
        process = subprocess.run([SAGEGATE, "policy", "diff", *options, "a.json", "b.json"], capture_output=True,
                                 text=True, timeout=60)
        assert process.stderr == ""
        return process.returncode, process.stdout
    return run


def allow(action="sagemaker:InvokeEndpoint", resource=ENDPOINT + "*", **more):
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}


def examples(out):
    """Whether the shell's commands are allowed, each beside what it is with the other document."""
    path = f"{Path(SAGEGATE).resolve().parent}:{os.environ['PATH']}"
    for command in re.findall(r"^    (.+)$", out, re.M):
        other = re.sub(r"--policy ([ab])", lambda found: "--policy " + "ba"["ab".index(found[1])], command)
        yield [subprocess.run(["sh", "-c", one], env={"PATH": path}, capture_output=True, check=False).returncode
               for one in (command, other)]


def test_the_same(diff):
    status, out = diff([allow(["sagemaker:InvokeEndpoint*"])],
                       [allow(["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointA*"]),
                        allow("sagemaker:InvokeEndpointWith*")])
    assert (status, out) == (0, "a.json and b.json allow the same.\n")


def test_sentences(diff):
    status, out = diff([allow(Condition=VPCE)], [allow("sagemaker:*", ENDPOINT + "team-?", Sid="Team")])
    assert status == 1
    assert f"\n  a.json:1:41 (statement 1) allows sagemaker:InvokeEndpoint on {ENDPOINT}" in out
    assert re.search(r"\n  b.json:1:41 \(statement 1, Team\) allows sagemaker:\w+ on \S+, which no statement of a.json "
                     "allows. Example:\n", "\n" + out)
    assert set(map(tuple, examples(out))) == {(0, 1)}


@pytest.mark.parametrize("first, second, directions", [
    ([allow()], [allow(resource=ENDPOINT + "x")], {0}),
    ([allow("sagemaker:List*", "*")], [allow("sagemaker:ListEndpoints", "*")], {0}),
    # What only requests without resource differ in: InvokeEndpoint always has one.
    ([allow(resource="*")], [allow(resource="arn:*:*:*:*:*")], {}),
    ([allow(resource="*")], [allow(resource="arn:aws:*:*:*:*")], {0}),
    ([allow(Condition=VPCE)], [allow(Condition={"StringEqualsIfExists": VPCE["StringEquals"]})], {1}),
    ([allow(), {**allow("sagemaker:*", ENDPOINT + "it's"), "Effect": "Deny"}], [allow()], {1}),
    ([allow(resource=ENDPOINT + "${aws:PrincipalTag/team}-*")], [allow(resource=ENDPOINT + "red-*")], {0, 1}),
    ([allow("sagemaker:CreateTrainingJob", "*", Condition={
        "ForAllValues:StringEquals": {"sagemaker:VpcSubnets": ["subnet-1", "subnet-2"]}})],
     [allow("sagemaker:CreateTrainingJob", "*", Condition={
         "ForAnyValue:StringEquals": {"sagemaker:VpcSubnets": ["subnet-1", "subnet-2"]}})], {0, 1}),
    ([allow(Condition={"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}})],
     [allow(Condition={"IpAddress": {"aws:VpcSourceIp": ["10.0.0.0/9", "10.128.0.0/9"]}})], {}),
    ([allow(Condition={"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}})],
     [allow(Condition={"IpAddress": {"aws:VpcSourceIp": ["10.0.0.0/9", "10.128.0.0/10"]}})], {0}),
    ([allow(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}})],
     [allow(Condition={"DateLessThanEquals": {"aws:CurrentTime": "2026-01-01"}})], {1}),
], ids=["name", "action", "no resource", "partition", "absent key", "deny", "variable", "list", "networks", "a network less", "date"])
def test_differences(diff, first, second, directions):
    status, out = diff(first, second, "--json")
    answer = json.loads(out)
    assert {"ab".index(one["allowed_by"][0]) for one in answer["differences"]} == set(directions), out
    assert (status, answer["same"], answer["not_compared"]) == (1 if directions else 0, not directions, None)
    status, out = diff(first, second)
    assert all(decided == [0, 1] for decided in examples(out))
    assert len(list(examples(out))) == len(answer["differences"])


def test_what_is_not_compared_in_full_is_said(diff):
    def mixed(*patterns):
        return [allow(Condition={"StringLike": {"aws:EpochTime": patterns}, "NumericGreaterThan": {"aws:EpochTime": "15"}})]

    assert diff(mixed("1*"), mixed("1*"))[0] == 0  # what stands in both needs no search
    status, out = diff(mixed("1*"), mixed("1*", "1*2"))
    assert status == 3
    assert out.startswith("Not compared in full: the key aws:EpochTime is compared as a number, date or address and as "
                          "something else, too.")
    assert json.loads(diff(mixed("1*"), mixed("1*", "1*2"), "--json")[1])["same"] is False


def test_types_of_resources(diff):
    """Of what no type is named in the documents, one type stands for many: but not where one is named after all."""
    any_type = ENDPOINT.replace("endpoint/", "*/")
    for first, second, differ in (
            (any_type + "a-*", any_type + "a/*/-*", {0, 1}), (any_type + "a-*", any_type + "a-*b", {0}),
            (any_type + "*", ENDPOINT + "*", {0}), (any_type + "a-*", any_type.replace("*/", "e*/") + "a-*", {0}),
            (any_type.replace("*/", "*t/") + "a", any_type.replace("*/", "e*/") + "a", {0, 1})):
        answer = json.loads(diff([allow("*", first)], [allow("sagemaker:*", second)], "--json")[1])
        assert {"ab".index(one["allowed_by"][0]) for one in answer["differences"]} == differ, (first, second)
        assert answer["not_compared"] is None


def test_variables_of_two_keys(diff):
    resource = ENDPOINT + "${aws:PrincipalTag/team}-${aws:PrincipalTag/env}-*"

    def by_tags(*teams):
        return [allow("sagemaker:*", resource, Condition={"StringLike": {"aws:PrincipalTag/team": teams,
                                                                         "aws:PrincipalTag/env": ["prod", "dev*"]}})]
    answer = json.loads(diff(by_tags("red", "green-*"), by_tags("red", "green-*", "blue"), "--json")[1])
    assert answer["not_compared"] is None
    assert [(one["allowed_by"], one["context"]["aws:PrincipalTag/team"]) for one in answer["differences"]] == [("b.json", "blue")]


def test_large_documents(diff):
    """As many statements and names as a VPC endpoint's policy holds (20,480 characters), and more."""
    first = [allow(resource=[f"{ENDPOINT}team-{i}-{k}*" for k in range(4)], Sid=f"Team{i}",
                   Condition={"StringEquals": {"aws:PrincipalTag/team": f"team-{i}"}}) for i in range(60)]
    assert diff(first, list(reversed(first)))[0] == 0
    second = [dict(one) for one in first]
    second[30] = allow(resource=f"{ENDPOINT}team-30-1*", Sid="Team30")
    status, out = diff(first, second)
    assert status == 1
    assert "Team30" in out and "Team31" not in out
    assert all(decided == [0, 1] for decided in examples(out))


def test_control_characters_are_shown(diff):
    name = ENDPOINT + "a\u001b[31m\nred"
    status, out = diff([allow(resource=name)], [allow(resource=ENDPOINT + "b", Sid="\u0007")])
    assert status == 1 and "\u001b" not in out and "\u0007" not in out
    assert "a\\x1b[31m\\x0ared, which no statement of b.json allows. No terminal shows the whole request" in out
    answer = json.loads(diff([allow(resource=name)], [allow(resource=ENDPOINT + "b")], "--json")[1])
    assert name in {one["resource"] for one in answer["differences"]}


def test_trouble(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text('{"Statement": [{"Effect": "Perhaps"}]}')
    good = str(ROOT / "etc" / "policy.json")
    for arguments, said in (([], "name two files"), ([good], "name two files"), ([good, "none.json"], "cannot be opened"),
                            ([good, "bad.json"], "bad.json:1:17: error: Effect is 'Perhaps'; it must be"), (["--other", good, good], "there is no option --other")):
        process = subprocess.run([SAGEGATE, "policy", "diff", *arguments], capture_output=True, text=True, timeout=60)
        assert (process.returncode, process.stdout) == (2, "")
        assert said in process.stderr
