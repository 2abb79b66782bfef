"""Random pairs of policies, some of several documents: every example that a comparison gives is decided differently by the two documents, and
where it gives none, no random request is."""
import copy
import json
import os
import pathlib
import random
import subprocess

import pytest

from policies import ACTIONS, document, request, statement

BUILD = pathlib.Path(os.environ.get("SAGEGATE") or pathlib.Path(__file__).parents[2] / "build" / "sagegate").parent
DRIVER = BUILD / "tests" / "differential" / "policy_answer"
LONG = "TEST_LONG" in os.environ
PAIRS = 50
BATCHES = 100 if LONG else 6
REQUESTS = 2000 if LONG else 400


def ask(questions):
    lines = "".join(json.dumps(one) + "\n" for one in questions)
    process = subprocess.run([DRIVER], input=lines, capture_output=True, text=True, timeout=1200)
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def listed(value):
    return value if isinstance(value, list) else [value]


def changed(r, policy, aim):
    """The same document with one thing changed, as people do it."""
    policy = copy.deepcopy(policy)
    statements = policy["Statement"] = listed(policy["Statement"])
    chance = r.random()
    one = r.choice(statements)
    if chance < 0.25:
        one.pop("Condition", None)
    elif chance < 0.4 and len(statements) > 1:
        statements.remove(one)
    elif chance < 0.6:
        statements.append(statement(r, aim, "Principal" in one or "NotPrincipal" in one))
    elif chance < 0.8:
        r.shuffle(statements)
    elif "Action" in one:
        one["Action"] = listed(one["Action"])[:1]
    return policy


def without_twins(context):
    """Keys that differ in case alone are one."""
    return {key.lower(): value for key, value in context.items()}


def near(r, aims):
    """Most random requests match nothing: so many are those that the documents were made for, with something changed."""
    one, other = dict(r.choice(aims)), request(r)
    for key in ("action", "principal", "resource"):
        if key in other and r.random() < 0.3:
            one[key] = other[key]
    chance = r.random()
    if chance < 0.3:
        one["context"] = without_twins({**one["context"], **other["context"]})
    elif chance < 0.5:
        one["context"] = other["context"]
    else:
        one["context"] = {key: value for key, value in one["context"].items() if r.random() < 0.8}
    return one


def pair(r):
    aims = [request(r) for _ in range(2)]
    first = document(r, aims[0])
    second = changed(r, first, aims[0]) if r.random() < 0.5 else document(r, aims[r.randrange(2)])
    more = [document(r, aims[0]) for _ in range(r.choice([1, 2]))] if r.random() < 0.15 else []
    return {"policies": [*more, first, second], "actions": ACTIONS, "requests": [near(r, aims) for _ in range(REQUESTS)]}


@pytest.mark.parametrize("seed", range(BATCHES))
def test_differences(seed):
    r = random.Random(1000 + seed)
    pairs = [pair(r) for _ in range(PAIRS)]
    answers = ask(pairs)
    found, same, cut = 0, 0, 0

    assert len(answers) == PAIRS
    checks = [(one, difference) for one, answer in zip(pairs, answers, strict=True)
              for difference in answer["differences"]]
    decisions = ask([{**difference, "policies": side} for one, difference in checks
                     for side in (one["policies"][:-1], one["policies"][-1:])])
    for i, (one, difference) in enumerate(checks):
        allowed = [answer["decision"] == "allowed" for answer in decisions[2 * i:2 * i + 2]]
        assert allowed == [difference["allowed_by"] == 0, difference["allowed_by"] == 1], json.dumps(one["policies"])
    for one, answer in zip(pairs, answers, strict=True):
        directions = {difference["allowed_by"] for difference in answer["differences"]}
        found += bool(directions)
        same += not directions and not answer["cut"]
        cut += bool(answer["cut"])
        for asked, (first, second) in zip(one["requests"], answer["answers"], strict=True):
            direction = {(True, False): 0, (False, True): 1}.get((first == "allowed", second == "allowed"))
            if direction is not None and not answer["cut"]:
                assert direction in directions, json.dumps({"policies": one["policies"], "request": asked})
    assert found > PAIRS // 5 and same > PAIRS // 10 and cut < PAIRS // 4, (found, same, cut)
