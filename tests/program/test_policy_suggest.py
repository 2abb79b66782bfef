"""sagegate policy suggest: from a session in audit mode to the policy that allows it, put to the test in enforce mode."""
import json
import random
import resource
import subprocess

import pytest
from gate import ENDPOINT, SAGEGATE, SANITIZED, SEED

OURS = ENDPOINT.removesuffix("endpoint/")


def invoke(name):
    return "POST", f"/endpoints/{name}/invocations", b"{}", ()


def record(group, row):
    return "GET", f"/FeatureGroup/{group}?RecordIdentifierValueAsString={row}", b"", ()


def call(operation, **members):
    return "POST", "/", json.dumps(members).encode(), (("X-Amz-Target", f"SageMaker.{operation}"),
                                                       ("Content-Type", "application/x-amz-json-1.1"))


# Each request as a function of a name, with one; so that mutations change the name or the function.
MAIN = [(invoke, "red-1"), (invoke, "red-2"), (invoke, "blue"), (lambda name: record(name, "7"), "users"),
        (lambda name: call("DescribeEndpoint", EndpointName=name), "red-1"),
        (lambda name: call("DescribeEndpoint", EndpointName=name), "blue"),
        (lambda name: call("DeleteModel", ModelName=name), "Model-1"),
        (lambda name: call("AddAssociation", SourceArn=f"{OURS}artifact/{name}", DestinationArn=f"{OURS}context/c"), "a1"),
        (lambda name: call("ListEndpoints"), None)]
LOCAL = [(lambda name: call("DescribeTrainingJob", TrainingJobName=name), "train-2026-11-24"),
         (lambda name: call("StopTrainingJob", TrainingJobName=name), "train-2026-11-24"),
         (lambda name: call("DescribeTrainingJob", TrainingJobName=name), "train-2026-11-25"),
         (lambda name: call("StopTrainingJob", TrainingJobName=name), "train-2026-11-25")]
OTHERS = [lambda name: call("DeleteEndpoint", EndpointName=name), lambda name: call("DescribeModel", ModelName=name),
          lambda name: call("DeleteTrainingJob", TrainingJobName=name), lambda name: call("ListModels"),
          lambda name: ("DELETE", record(name, "7")[1] + "&EventTime=1", b"", ())]


def suggest(*arguments, log=None):
    process = subprocess.run([SAGEGATE, "policy", "suggest", *arguments], input=log, capture_output=True, text=True,
                             timeout=60)
    return process.returncode, process.stdout, process.stderr


def statements(out):
    return json.loads(out)["Statement"]


def replay(gate):
    with gate.connect() as wire:
        main = [wire.ask(*make(name))[0] for make, name in MAIN]
    with gate.connect_unix() as wire:
        return main + [wire.ask(*make(name))[0] for make, name in LOCAL]


def mutations(r):
    """Requests that are not of the session, each one step from one that is."""
    session = {make(name) for make, name in MAIN + LOCAL}
    found = {}
    while len(found) < 50:
        make, name = r.choice([one for one in MAIN + LOCAL if one[1]])
        at = r.randrange(len(name))
        name = r.choice([name + r.choice("x1"), name[:at] + name[at].swapcase() + name[at + 1:], "a" + name,
                         name[:at] + "z" + name[at + 1:], name])
        make = r.choice([make, make, make, r.choice(OTHERS), r.choice(MAIN + LOCAL)[0]])
        mutated = make(name)
        if mutated not in session:
            found[mutated] = None
    return list(found)


def validated(path):
    process = subprocess.run([SAGEGATE, "policy", "validate", path], capture_output=True, text=True, timeout=60)
    return process.returncode, process.stdout + process.stderr


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_session_and_no_more(start_gate, tmp_path, log_format):
    gate = start_gate(policy=SEED, listener={"mode": "audit"}, log={"level": "info", "format": log_format})
    answers = replay(gate)
    assert 403 not in answers
    gate.stop()
    status, out, errors = suggest(str(gate.log_file))
    assert (status, errors) == (0, "")
    (tmp_path / "suggested.json").write_text(out)
    assert validated(tmp_path / "suggested.json") == (0, "")
    assert [one["Sid"] for one in statements(out)] == ["Local1", "Main1", "Main2", "Main3", "Main4", "Main5", "Main6"]

    gate = start_gate(policy=json.loads(out))
    assert replay(gate) == answers
    asked = mutations(random.Random(log_format))
    assert len(asked) >= 50
    for request in asked:
        assert gate.ask(*request)[0] == 403, request


def line(**fields):
    fields = {"listener": "main", "decision": "allowed", **fields}
    return json.dumps({"time": "2026-01-31T12:00:00.000Z", "level": "info", "message": "request", **fields}) + "\n"


def seen(action, *names, **fields):
    return "".join(line(action=f"sagemaker:{action}", resource=OURS + name, **fields) for name in names)


def test_statements_are_few():
    by_action = (seen("DescribeEndpoint", "endpoint/a", "endpoint/b") + seen("DeleteEndpoint", "endpoint/a", "endpoint/b")
                 + seen("InvokeEndpoint", "endpoint/a", "endpoint/a"))
    assert statements(suggest("-", log=by_action)[1]) == [
        {"Sid": "Main1", "Effect": "Allow", "Principal": "*",
         "Action": ["sagemaker:DeleteEndpoint", "sagemaker:DescribeEndpoint"],
         "Resource": [ENDPOINT + "a", ENDPOINT + "b"]},
        {"Sid": "Main2", "Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint",
         "Resource": ENDPOINT + "a"}]
    by_resource = "".join(seen(action, *(f"endpoint/{name}" for name in names)) for action, names in
                          (("DescribeEndpoint", "abc"), ("DeleteEndpoint", "ab"), ("InvokeEndpoint", "a")))
    assert len(statements(suggest("-", log=by_resource)[1])) == 3


def test_listeners():
    log = seen("InvokeEndpoint", "endpoint/a") + seen("InvokeEndpoint", "endpoint/a", "endpoint/b", listener="team-x 2")
    assert [(one["Sid"], one["Resource"]) for one in statements(suggest("-", log=log)[1])] == [
        ("Main1", ENDPOINT + "a"), ("TeamX21", [ENDPOINT + "a", ENDPOINT + "b"])]
    assert [one["Sid"] for one in statements(suggest("--listener", "main", "-", log=log)[1])] == ["Main1"]
    assert suggest("--listener", "none", "-", log=log)[0] == 1


def test_sids_are_unique():
    log = seen("InvokeEndpoint", "endpoint/a", listener="my-app") + seen("InvokeEndpoint", "endpoint/a", listener="myApp")
    log += "".join(seen(action, f"endpoint/{i}", listener="a") for i, action in enumerate(
        ("InvokeEndpoint", "DescribeEndpoint", "DeleteEndpoint"))) + seen("InvokeEndpoint", "endpoint/a", listener="a-")
    found = [one["Sid"] for one in statements(suggest("-", log=log)[1])]
    assert sorted(found) == sorted(set(found)) and len(found) == 6
    assert {"MyApp1", "MyApp2", "A1", "A2", "A3", "A4"} == set(found)


def test_wildcards_when_asked_for():
    log = seen("DescribeTrainingJob", *(f"training-job/train-2026-{i}-x" for i in range(20)), "training-job/other",
               "training-job/lone-2026") + seen("InvokeEndpoint", "endpoint/team-a-blue", "endpoint/team-a-green")
    assert statements(suggest("--wildcards", "-", log=log)[1]) == [
        {"Sid": "Main1", "Effect": "Allow", "Principal": "*", "Action": "sagemaker:DescribeTrainingJob",
         "Resource": [OURS + "training-job/lone-2026", OURS + "training-job/other", OURS + "training-job/train-*"]},
        {"Sid": "Main2", "Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint",
         "Resource": ENDPOINT + "team-a-*"}]
    assert "*" not in "".join(json.dumps(one["Resource"]) for one in statements(suggest("-", log=log)[1]))


def test_names_are_no_patterns():
    odd = ENDPOINT + "a*b?c${aws:PrincipalArn}"
    status, out, _ = suggest("-", log=line(action="sagemaker:InvokeEndpoint", resource=odd))
    assert (status, statements(out)[0]["Resource"]) == (0, ENDPOINT + "a${*}b${?}c${$}{aws:PrincipalArn}")


def test_a_resource_that_is_told_in_part():
    """It stands in the log as the pattern that allows it."""
    log = (seen("CreateDomain", "domain/*") + seen("CreateModelPackage", "model-package/red/*")
           + seen("CreateModelPackage", "model-package/blue/*") + line(action="sagemaker:ListModels"))
    status, out, errors = suggest("-", log=log)
    assert (status, errors) == (0, "")
    assert {json.dumps(one["Resource"]) for one in statements(out)} == {
        json.dumps(resource) for resource in (OURS + "domain/*", "*",
                                              [OURS + "model-package/blue/*", OURS + "model-package/red/*"])}


def test_what_is_left_out_is_said():
    log = (seen("InvokeEndpoint", "endpoint/a") + seen("InvokeEndpoint", "endpoint/b", decision="implicit_deny")
           + seen("InvokeEndpoint", "endpoint/c", decision="explicit_deny", audit="would_deny"))
    status, out, errors = suggest("-", log=log)
    assert (status, errors) == (0, "note: 1 lines of requests that were refused are left out\n")
    assert statements(out)[0]["Resource"] == [ENDPOINT + "a", ENDPOINT + "c"]
    status, out, errors = suggest("-", log=log + seen("InvokeEndpoint", "endpoint/d")[:-9] + "\n"
                                  + line(action="sagemaker:InvokeEndpoint", cut=True)
                                  + line(action="sagemaker:InvokeEndpoint", resource="no ARN")
                                  + line(action="sagemaker:NewInvention", resource=ENDPOINT + "a"))
    assert (status, len(statements(out))) == (1, 1)
    assert "3 lines are damaged" in errors and "1 lines are of operations that this sagegate does not know" in errors
    status, out, errors = suggest("-", log="2026-01-31T12:00:00.000Z info: ready\n")
    assert (status, out) == (1, "") and "no request in the logs was let through" in errors
    status, _, errors = suggest("-", log=line(action="sagemaker:InvokeEndpoint"))
    assert status == 0 and "did not tell its resource: the action is allowed on all" in errors


FIELDS = f'listener=main uid=0 method=POST action=sagemaker:InvokeEndpoint resource={ENDPOINT}a decision=allowed x="a\\"b" status=200'


@pytest.mark.parametrize("log", [
    "2026-01-31T12:00:00.000Z info: request " + FIELDS, "request " + FIELDS, "denied " + FIELDS,
    "Nov 24 20:00:00 host sagegate[123]: request " + FIELDS,
    json.dumps({"MESSAGE": "request " + FIELDS, "_PID": "7", "SAGEGATE_LISTENER": "main", "SAGEGATE_DECISION": "allowed",
                "SAGEGATE_ACTION": "sagemaker:InvokeEndpoint", "SAGEGATE_RESOURCE": ENDPOINT + "a"}),
    "request listener=main decision=allowed action=sagemaker:InvokeEndpoint resource=\"" + ENDPOINT + "a " + ENDPOINT + "b\"",
], ids=["text", "message", "denial", "journal", "journal's JSON", "several resources"])
def test_forms_of_the_log(log):
    status, out, errors = suggest("-", log=log)
    assert (status, errors) == (0, "")
    assert ENDPOINT + "a" in statements(out)[0]["Resource"]


@pytest.mark.parametrize("log", [
    'info: client said: request listener=main action=sagemaker:InvokeEndpoint decision=allowed resource=*',
    '2026-01-31T12:00:00.000Z warn: something request listener=main action=sagemaker:InvokeEndpoint decision=allowed',
    'requests listener=main action=sagemaker:InvokeEndpoint decision=allowed',
], ids=["later colon", "within a message", "longer word"])
def test_only_the_daemon_says_what_was_seen(log):
    assert suggest("-", log=log)[0] == 1


def test_trouble(tmp_path):
    assert suggest()[0] == 2
    status, out, errors = suggest(str(tmp_path / "none"), str(tmp_path))
    assert (status, out) == (2, "")
    assert "none: error: cannot be opened" in errors and "error: cannot be read: Is a directory" in errors
    assert suggest("--help")[1].startswith("usage: sagegate policy suggest")


@pytest.mark.skipif(SANITIZED, reason="a sanitizer takes more address space than is left here")
def test_a_line_that_memory_has_no_room_for(tmp_path):
    """What comes after it would be missing from the policy, and nobody would know."""
    log = tmp_path / "log"
    with open(log, "wb") as file:
        file.truncate(300 * 1024 * 1024)  # zeros, without a line's end
    answer = subprocess.run([SAGEGATE, "policy", "suggest", str(log)], capture_output=True, text=True, timeout=60,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (256 * 1024 * 1024,) * 2))
    assert (answer.returncode, answer.stdout) == (2, "")
    assert f"{log}: error: cannot be read: Cannot allocate memory" in answer.stderr
