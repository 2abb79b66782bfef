"""sagegate explain: requests as they go over the wire and as people type them, and that it decides as the daemon does."""
import json
import subprocess

import pytest
from gate import ALLOW_ALL, ENDPOINT, SAGEGATE, SEED

INVOKE = "POST /endpoints/myEndpoint/invocations HTTP/1.1\nHost: localhost\n"
RECORDS = "POST /BatchGetRecord HTTP/1.1\nHost: localhost\n"
GROUP = '{"Identifiers":[{"FeatureGroupName":"g"}]}'
GROUP_ARN = "arn:aws:sagemaker:us-west-2:123456789012:feature-group/g"


@pytest.fixture
def explain(tmp_path):
    """A function that asks about a request by a policy: the finished process."""
    def ask(request, *arguments, policy=ALLOW_ALL, **settings):
        (tmp_path / "p.json").write_text(json.dumps(policy))
        (tmp_path / "none.json").write_text('{"Statement": []}')
        (tmp_path / "c.yaml").write_text(json.dumps({
            "region": "us-west-2", "account_id": "123456789012",
            "endpoints": {name: {"private_dns": True} for name in ("api", "runtime", "featurestore-runtime")},
            "listeners": [{"name": "main", "address": "127.0.0.1:0", "policy": "p.json"},
                          {"name": "other", "address": "127.0.0.1:0", "policy": "none.json"}], **settings}))
        return subprocess.run([SAGEGATE, "explain", "-c", str(tmp_path / "c.yaml"), *arguments], input=request.encode(),
                              capture_output=True, timeout=60)
    return ask


def test_for_a_person(explain):
    answer = explain(INVOKE + "\n{}", policy=SEED)
    assert (answer.returncode, answer.stderr) == (0, b"")
    lines = answer.stdout.decode().splitlines()
    assert lines[:6] == ["listener    main", "operation   InvokeEndpoint", "action      sagemaker:InvokeEndpoint",
                         "service     runtime", f"resources   {ENDPOINT}myEndpoint", lines[5]]
    assert "decision    allowed" in lines
    assert any(line.startswith("statement   1, at ") and line.endswith("p.json:1:16") for line in lines)


def test_a_client_with_a_local_key(explain, tmp_path):
    (tmp_path / "secret").write_text("local-secret-0123456789")
    (tmp_path / "secret").chmod(0o600)
    client = {"name": "app", "access_key_id": "SGAK1", "secret_file": "secret", "policy": "p.json"}
    listener = {"name": "main", "address": "127.0.0.1:0", "policy": "none.json", "clients": [client]}
    assert explain(INVOKE, listeners=[listener]).returncode == 1
    answer = explain(INVOKE, "--client", "app", listeners=[listener])
    assert answer.returncode == 0 and b"main/app" in answer.stdout
    nobody = explain(INVOKE, "--client", "other", listeners=[listener])
    assert nobody.returncode == 2 and b"no client 'other'" in nobody.stderr


@pytest.mark.parametrize("request_text", [
    RECORDS + "\n" + GROUP,
    RECORDS + "\n" + GROUP + "\n",
    (RECORDS + f"Content-Length: {len(GROUP)}\n\n").replace("\n", "\r\n") + GROUP,
    (RECORDS + "Transfer-Encoding: chunked\n\n5\n").replace("\n", "\r\n") + GROUP[:5] + "\r\n" +
    f"{len(GROUP) - 5:x}\r\n{GROUP[5:]}\r\n0\r\n\r\n",
], ids=["typed", "typed, with a newline", "on the wire", "chunked"])
def test_ways_to_write_a_request(explain, request_text):
    answer = json.loads(explain(request_text, "--json").stdout)
    assert (answer["decision"], answer["resources"]) == ("allowed", [GROUP_ARN])


@pytest.mark.parametrize("request_text, said", [
    ("", "sagegate explain: "),
    ("hello\n", "sagegate explain: "),
    ("POST /endpoints/e/invocations HTTP/1.1\n\n", "Host"),
    (RECORDS + "Content-Length: 100\n\n{}", "ends before its length"),
    (RECORDS + "Transfer-Encoding: chunked\n\nxyz", "chunk"),
])
def test_what_is_no_request(explain, request_text, said):
    answer = explain(request_text)
    assert (answer.returncode, answer.stdout) == (2, b"")
    assert said in answer.stderr.decode()


@pytest.mark.parametrize("arguments, settings, said", [
    (["--listener", "nobody"], {}, "no listener 'nobody'"), (["--nothing"], {}, "--help"), (["x"], {}, "what is 'x'"),
    ([], {"region": "nowhere at all"}, "error: region"),
])
def test_what_cannot_be_asked(explain, arguments, settings, said):
    answer = explain(INVOKE + "\n", *arguments, **settings)
    assert (answer.returncode, answer.stdout) == (2, b"")
    assert said in answer.stderr.decode()


def test_another_listener(explain):
    assert explain(INVOKE + "\n", "--listener", "main").returncode == 0
    answer = explain(INVOKE + "\n", "--listener", "other", "--json")
    assert answer.returncode == 1
    found = json.loads(answer.stdout)
    assert (found["decision"], found["statement"], found["status"]) == ("implicit_deny", None, 403)
    assert found["policy"].endswith("none.json") and "listener other" in found["message"]


def test_what_no_policy_is_asked(explain):
    found = json.loads(explain("GET /nothing HTTP/1.1\nHost: localhost\n\n", "--json").stdout)
    assert found == {"listener": "main", "decision": "refused", "forwarded": False, "status": 403,
                     "message": found["message"]}
    found = json.loads(explain(INVOKE + "Origin: https://example.com\n\n", "--json").stdout)
    assert (found["decision"], found["status"]) == ("refused", 403)
    found = json.loads(explain(RECORDS + '\n{"Identifiers":1}', "--json").stdout)
    assert (found["decision"], found["status"], found["action"]) == ("refused", 400, "sagemaker:BatchGetRecord")


def test_keys(explain):
    condition = {"StringEquals": {"aws:RequestTag/team": "red", "aws:ResourceTag/team": "red"}}
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition}]}
    body = {"ModelName": "m", "Tags": [{"Key": "team", "Value": "red"}, {"Key": "Ümlaut", "Value": ""}],
            "VpcConfig": {"Subnets": ["subnet-a"]}}
    request = ("POST / HTTP/1.1\nHost: localhost\nX-Amz-Target: SageMaker.CreateModel\n"
               "Content-Type: application/x-amz-json-1.1\nUser-Agent: me\n\n" + json.dumps(body, ensure_ascii=False))
    principal = {"credentials": {"principal_arn": "arn:aws:iam::123456789012:user/ana"}}
    found = json.loads(explain(request, "--json", policy=policy, **principal).stdout)
    wanted = {"aws:RequestTag/team": "red", "aws:RequestTag/Ümlaut": "", "aws:TagKeys": ["team", "Ümlaut"],
              "sagemaker:VpcSubnets": ["subnet-a"], "aws:UserAgent": "me", "aws:username": "ana",
              "aws:PrincipalType": "User", "aws:SecureTransport": "true"}
    assert {name: found["keys"].get(name) for name in wanted} == wanted
    assert found["unknown_keys"] == ["aws:ResourceTag/team"]
    assert "aws:ResourceTag/team" in found["message"]


OURS = "arn:aws:sagemaker:us-west-2:123456789012:"
DOMAIN = ("POST / HTTP/1.1\nHost: localhost\nX-Amz-Target: SageMaker.CreateDomain\n"
          "Content-Type: application/x-amz-json-1.1\n\n{\"DomainName\":\"d\"}")


@pytest.mark.parametrize("allow, deny, decision", [
    ("domain/*", None, "allowed"), ("*", None, "allowed"), ("domain/d-*", None, "implicit_deny"),
    ("endpoint/*", None, "implicit_deny"), ("*", "endpoint/prod-*", "allowed"), ("*", "domain/d-1", "explicit_deny"),
])
def test_a_resource_whose_id_the_request_does_not_tell(explain, allow, deny, decision):
    statements = [{"Effect": effect, "Principal": "*", "Action": "sagemaker:*", "Resource": OURS + name}
                  for effect, name in (("Allow", allow), ("Deny", deny)) if name]
    answer = json.loads(explain(DOMAIN, "--json", policy={"Statement": statements}).stdout)
    assert (answer["decision"], answer["resources"]) == (decision, [OURS + "domain/*"])
    if decision != "allowed":
        assert OURS + "domain/* (all that the request tells of it)" in answer["message"]


@pytest.mark.parametrize("target", ["/endpoints/myEndpoint/invocations", "/endpoints/other/invocations", "/nothing",
                                    "/endpoints/a%2Fb/invocations", "/endpoints/a/../b/invocations"])
def test_as_the_daemon(explain, start_gate, endpoint, target):
    status, _, body = start_gate(policy=SEED).ask("POST", target, b"{}")
    found = json.loads(explain(f"POST {target} HTTP/1.1\nHost: localhost\n\n{{}}", "--json", policy=SEED).stdout)
    assert found.get("status", 200) == status
    assert found["forwarded"] == (len(endpoint.requests) == 1)
    if status != 200:
        # The policy lies in another folder.
        assert found["message"].split("'s policy")[0] == json.loads(body)["message"].split("'s policy")[0]
