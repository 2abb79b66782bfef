"""sagegate policy, as people and scripts call it."""
import json
import re
import subprocess
from pathlib import Path
from unittest.mock import ANY

import pytest

from gate import ENDPOINT, ROOT, SAGEGATE, SANITIZED, SEED

BENCH = Path(SAGEGATE).parent / "tests" / "bench" / "policy"
ROLE = "arn:aws:iam::123456789012:role/App"
SESSION = "arn:aws:sts::123456789012:assumed-role/App/i-1"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(**files):
        for name, content in files.items():
            Path(name + ".json").write_text(content if isinstance(content, str) else json.dumps(content))
    return write


def policy(*arguments):
    process = subprocess.run([SAGEGATE, "policy", *arguments], capture_output=True, text=True, timeout=60)
    return process.returncode, process.stdout, process.stderr


def evaluate(*arguments, action="sagemaker:InvokeEndpoint"):
    status, out, errors = policy("eval", "--action", action, *arguments)
    assert errors == ""
    return status, json.loads(out)


def test_allowed_and_denied(folder):
    folder(seed=SEED)
    mine = ("--policy", "seed.json", "--resource", ENDPOINT + "myEndpoint")
    assert evaluate(*mine) == (0, {"decision": "allowed", "statement": 0, "policy": "seed.json", "line": 1,
                                   "column": 16, "resource": ENDPOINT + "myEndpoint"})
    assert evaluate(*mine, action="sagemaker:DeleteEndpoint") == (
        1, {"decision": "implicit_deny", "statement": None, "policy": "seed.json", "resource": ENDPOINT + "myEndpoint"})


def test_several_policies_principal_and_context(folder):
    statement = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
    folder(endpoint={"Version": "2012-10-17", "Statement": [{
               **statement, "Sid": "FromHome", "Principal": {"AWS": ROLE},
               "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"},
                             "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}}]},
           identity={"Statement": [statement, {**statement, "Effect": "Deny", "Action": "sagemaker:Delete*"}]},
           inside={"aws:vpcsourceip": "10.1.2.3", "aws:TagKeys": ["team"]}, outside={"aws:VpcSourceIp": "11.1.2.3"})
    both = ("--policy", "endpoint.json", "identity.json", "--resource", ENDPOINT + "x")
    inside, outside = ("--context", "inside.json"), ("--context", "outside.json")

    assert evaluate(*both, "--principal", SESSION, *inside)[0] == 0
    status, answer = evaluate(*both, "--principal", SESSION, *outside)
    assert (status, answer["decision"], answer["policy"]) == (1, "implicit_deny", "endpoint.json")
    status, answer = evaluate(*both, "--principal", SESSION.replace("App", "Other"), *inside)
    assert (status, answer["decision"], answer["policy"]) == (1, "implicit_deny", "endpoint.json")
    status, answer = evaluate(*both, "--principal", ROLE, *inside, action="sagemaker:DeleteModel")
    assert (status, answer["decision"], answer["statement"]) == (1, "explicit_deny", 1)
    # who calls decides, and was not said
    assert evaluate(*both, *inside)[1]["unknown"] == "Principal"


def test_a_resource_that_is_told_in_part(folder):
    folder(seed=SEED, all={"Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": ENDPOINT + "*"},
        {"Sid": "Mine", "Effect": "Deny", "Action": "*", "Resource": ENDPOINT + "myEndpoint"}]})
    assert evaluate("--policy", "seed.json", "--resource", ENDPOINT + "*")[1]["decision"] == "implicit_deny"
    assert evaluate("--policy", "all.json", "--resource", ENDPOINT + "team-*")[0] == 0
    assert evaluate("--policy", "all.json", "--resource", ENDPOINT + "my*") == (
        1, {"decision": "explicit_deny", "statement": "Mine", "policy": "all.json", "line": 1,
            "column": ANY, "resource": ENDPOINT + "my*"})
    # "*" is none
    assert evaluate("--policy", "all.json", "--resource", "*")[1]["decision"] == "implicit_deny"


def test_an_action_that_no_operation_has(folder):
    folder(seed=SEED)
    status, out, errors = policy("eval", "--policy", "seed.json", "--action", "sagemaker:InvokEndpoint")
    assert (status, json.loads(out)["decision"]) == (1, "implicit_deny")
    assert "'sagemaker:InvokEndpoint'; is 'sagemaker:InvokeEndpoint' meant?" in errors


@pytest.mark.parametrize("arguments, told", [
    ((), "--policy and --action are needed"),
    (("--policy", "seed.json"), "--policy and --action are needed"),
    (("--policy", "none.json", "--action", "a:b"), "none.json: error: "),
    (("--policy", "broken.json", "--action", "a:b"), "broken.json:1:1: error: "),
    (("--policy", "seed.json", "--action", "a:b", "--context", "none.json"), "none.json: error: "),
    (("--policy", "seed.json", "--action", "a:b", "--context", "broken.json"), "broken.json:1:1: error: "),
    (("--policy", "seed.json", "--action", "a:b", "--context", "list.json"), "list.json: error: this must be a JSON"),
    (("--policy", "seed.json", "--action", "a:b", "--context", "number.json"),
     "number.json: error: the key aws:x must have a string or a list of strings"),
    (("--policy", "seed.json", "--action", "a:b", "--context", "twice.json"), "twice.json: error: the key AWS:x stands"),
    (("--policy", "seed.json", "--action", "a:b", "--principal", "me"), "--principal 'me' is no ARN"),
    (("--policy", "seed.json", "--action", "a:b", "--principal", "*"), "--principal '*' is no ARN"),
    (("--policy", "seed.json", "--action", "a:b", "--what"), "there is no option --what"),
    (("seed.json", "--action", "a:b"), "--policy and --action are needed"),
    (("--policy", "seed.json", "--action", "InvokeEndpoint"), "--action 'InvokeEndpoint' is no SERVICE:OPERATION"),
    (("--policy", "seed.json", "--action", "a:b", "--resource", "endpoint/x"), "--resource 'endpoint/x' is no ARN"),
])
def test_what_cannot_be_evaluated(folder, arguments, told):
    folder(seed=SEED, broken="{", list=[], number={"aws:x": 1}, twice={"aws:x": "1", "AWS:x": "2"})
    status, out, errors = policy("eval", *arguments)
    assert (status, out) == (2, "")
    assert told in errors


def test_validate(folder):
    folder(good=SEED, wrong={"Statement": [{"Effect": "Allow", "Action": "x", "Resource": "*"}]})
    assert policy("validate", "good.json") == (0, "", "")
    status, out, errors = policy("validate", "good.json", "wrong.json")
    assert (status, out) == (1, "")
    assert re.fullmatch(r"wrong\.json:1:36: error: 'x' is no action: .*\n", errors)
    assert policy("validate", "none.json")[0] == 2
    assert policy("validate")[0] == 2
    assert policy("validate", str(ROOT / "etc" / "policy.json")) == (0, "", "")


DOUBTFUL = """{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["sagemaker:InvokEndpoint","s3:GetObject","sagemaker:Xyz*"],"Resource":"*"},
{"Effect":"Allow","Action":"sagemaker:DeleteEndpoint",
 "Resource":"arn:aws:sagemaker:us-east-1:123456789012:endpoints/x"},
{"Effect":"Allow","Action":["sagemaker:InvokeEndpoint","sagemaker:ListModels","sagemaker:DeleteModel"],
 "Resource":"arn:aws:sagemaker:us-east-1:123456789012:model/*"},
{"Effect":"Allow","Action":"sagemaker:*","Resource":["arn:aws:sagemaker:us-east-2:123456789012:endpoint/x",
 "arn:aws-cn:sagemaker:us-east-1:123456789012:endpoint/y","arn:aws:s3:::bucket"]},
{"Effect":"Allow","Action":"sagemaker:InvokeEndpoint","Resource":"*","Condition":{"StringEquals":{
 "sagemaker:TargetModel":"x",
 "sagemaker:VpcSubnets":"x",
 "aws:PrincipalOrgID":"o-1",
 "AWS:sourcevpce":"vpce-1"}}},
{"Sid":"No","Effect":"Deny","Principal":"*","Action":["sagemaker:Invoke*","sagemaker:Create*"],
 "Resource":"arn:aws:sagemaker:*:*:endpoint/*"},
{"Effect":"Allow","Principal":"*","Action":"sagemaker:InvokeEndpoint",
 "Resource":"arn:aws:sagemaker:us-east-1:123456789012:endpoint/a*"},
{"Effect":"Allow","Principal":"*","Action":"sagemaker:DeleteEndpoint",
 "Resource":"arn:aws:sagemaker:us-east-1:123456789012:endpoint/a*"}
]}
"""
WARNINGS = [
    "1:1: some statements have a Principal and others none",
    "2:29: no operation has the action 'sagemaker:InvokEndpoint'; is 'sagemaker:InvokeEndpoint' meant?",
    "2:55: 's3:GetObject' is of another service",
    "2:70: no operation has the action 'sagemaker:Xyz*'",
    "3:19: 'sagemaker:DeleteEndpoint' never matches here: its resources are of other types",
    "4:2: no operation has a resource of the type 'endpoints'",
    "5:29: 'sagemaker:InvokeEndpoint' never matches here: its resources are of other types",
    "5:56: 'sagemaker:ListModels' never matches here: it names no resource",
    "8:2: the region us-east-1 is in the partition aws, not in aws-cn",
    "8:59: 'arn:aws:s3:::bucket' is of another service",
    "11:2: the key 'sagemaker:VpcSubnets' is a list: only operators with ForAllValues: or ForAnyValue: match it",
    "11:2: no action of this statement carries the key 'sagemaker:VpcSubnets'",
    "12:2: only AWS can know the key 'aws:PrincipalOrgID'",
    "8:2: this is of partition 'aws-cn', and others are of 'aws'",
    "7:54: this is of region 'us-east-2', and others are of 'us-east-1'",
    "16:35: this Allow has no effect: statement 6, No denies all of it to everyone",
]


def test_what_is_doubtful(folder):
    folder(doubtful=DOUBTFUL)
    status, out, errors = policy("validate", "doubtful.json")
    assert (status, out) == (0, "")
    told = errors.splitlines()
    for line, expected in zip(told, WARNINGS):
        assert line.replace(": warning:", ":", 1).startswith("doubtful.json:" + expected), errors
    assert len(told) == len(WARNINGS), errors


def arn(name="endpoint/x", partition="aws", region="us-east-1", account="123456789012"):
    return f"arn:{partition}:sagemaker:{region}:{account}:{name}"


def statement(resource="*", condition=None, **more):
    return {"Effect": "Allow", "Action": "sagemaker:*", "Resource": resource, "Condition": condition or {}, **more}


SUBNETS = {"sagemaker:VpcSubnets": "subnet-1"}


@pytest.mark.parametrize("statements, told", [
    ([statement(arn(account="1234"))], "'1234' is no account"),
    ([statement(arn(account=""))], "'' is no account"),
    ([statement(arn(account="1234567890*"))], None),
    ([statement(arn("hub/h", account="aws"))], None),
    ([statement(arn(region=""))], "this has no region"),
    ([statement(arn(region="cn-north-1"))], "the region cn-north-1 is in the partition aws-cn, not in aws"),
    ([statement(arn(region="cn-north-1", partition="aws-cn"))], None),
    ([statement(arn(region="us-gov-west-1", partition="aws*"))], None),
    ([statement(arn("endpoint"))], "end it with 'endpoint/*' for all of them"),
    ([statement(arn("endpoint*"))], None),
    ([statement(arn("*"))], None),
    ([statement(arn("end*/x"))], "'end*' has a wildcard in the type"),
    ([statement(arn("*/x"))], "'*' has a wildcard in the type"),
    ([statement(arn("endpoint/*/x"))], None),
    ([statement(condition={"StringEquals": {"aws:UserAgent": "a*"}})], "'a*' has no wildcard here"),
    ([statement(condition={"StringNotEqualsIgnoreCase": {"aws:UserAgent": "a?"}})], "'a?' has no wildcard here"),
    ([statement(condition={"StringLike": {"aws:UserAgent": "a*"}})], None),
    ([statement(condition={"ForAnyValue:StringEqualsIfExists": SUBNETS})], "ForAnyValue is not met all the same"),
    ([statement(condition={"ForAllValues:StringEqualsIfExists": SUBNETS, "Null": {"sagemaker:vpcsubnets": False}})],
     "ForAllValues is met anyway"),
    ([statement(condition={"ForAllValues:StringEquals": SUBNETS})],
     'add "Null": {"sagemaker:VpcSubnets": "false"}'),
    ([statement(condition={"ForAllValues:StringEquals": SUBNETS, "Null": {"sagemaker:VpcSubnets": True}})], "add"),
    ([statement(condition={"ForAllValues:StringEquals": SUBNETS, "Null": {"sagemaker:vpcsubnets": "false"}})], None),
    ([statement(condition={"ForAllValues:StringEquals": SUBNETS}, Effect="Deny")], None),
    ([statement(condition={"ForAllValues:StringEquals": {"aws:TagKeys": "a"}})], None),
    ([statement(condition={"StringEquals": {"sagemaker:VpcSubnet": "x"}})], "(is 'sagemaker:VpcSubnets' meant?)"),
    ([statement(condition={"Bool": {"sagemaker:InterContainerTrafficEncription": "true"}})],
     "(is 'sagemaker:InterContainerTrafficEncryption' meant?)"),
    ([statement(condition={"StringEquals": {"aws:RequestTags/team": "x"}})], "(is 'aws:RequestTag/' meant?)"),
    ([statement(condition={"StringEquals": {"aws:ResourceTag/team": "x"}})], "'aws:ResourceTag/team': unknown"),
    ([statement(condition={"StringEquals": {"aws:ResourceAccount": "x"}})], "'aws:ResourceAccount': unknown"),
    ([statement(Sid="A"), statement(Sid="B"), statement(Sid="A")], "statement 1 has the Sid 'A', too"),
    ([statement(Sid="A"), statement(Sid="a"), statement(), statement()], None),
])
def test_what_is_a_trap(folder, statements, told):
    folder(trap={"Version": "2012-10-17", "Statement": statements})
    status, out, errors = policy("validate", "trap.json")
    assert (status, out) == (0, "")
    assert (told is None) == (errors == ""), errors
    assert errors.count("\n") == (told is not None) and (told or "") in errors


def instructions(tmp_path, shape, count):
    """What the decisions of a policy of this shape take, without its compilation."""
    out = tmp_path / f"{shape}.{count}"
    subprocess.run(["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={out}", "--collect-atstart=no",
                    "--toggle-collect=policy_evaluate", BENCH, shape, str(count)], check=True, timeout=120)
    return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M)[1]) / count


def test_a_thousand_statements_cost_little_more_than_one(tmp_path):
    if SANITIZED:
        pytest.skip("valgrind does not run what the sanitizers instrument")
    one = instructions(tmp_path, "one", 50)
    assert one > 100
    for shape in ("resources", "regions", "actions", "principals", "conditions", "variables"):
        assert instructions(tmp_path, shape, 50) < 5 * one, shape
