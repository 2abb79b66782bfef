"""Random pairs of policies, some of several documents: every example that a comparison gives is decided differently by
the two sides, and where it gives none, no random request is: of those that sagegate knows, or of any. And in a world so
small that every request can be asked, none at all is."""
import copy
import itertools
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
    """Most random requests match nothing: so many are what the documents were made for, with something changed."""
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
    return {"policies": [*more, first, second], "actions": ACTIONS, "known": r.random() < 0.3,
            "requests": [near(r, aims) for _ in range(REQUESTS)]}


def check(pairs):
    """How many of the pairs differ, are the same, and were not compared in full."""
    answers = ask(pairs)
    assert len(answers) == len(pairs)
    checks = [(one, difference) for one, answer in zip(pairs, answers, strict=True)
              for difference in answer["differences"]]
    decisions = ask([{**difference, "policies": side} for one, difference in checks
                     for side in (one["policies"][:-1], one["policies"][-1:])])
    for i, (one, difference) in enumerate(checks):
        allowed = [answer["decision"] == "allowed" for answer in decisions[2 * i:2 * i + 2]]
        assert allowed == [difference["allowed_by"] == 0, difference["allowed_by"] == 1], json.dumps(one["policies"])
    found, same, cut = 0, 0, 0
    for one, answer in zip(pairs, answers, strict=True):
        directions = {difference["allowed_by"] for difference in answer["differences"]}
        found += bool(directions)
        same += not directions and not answer["cut"]
        cut += bool(answer["cut"])
        for asked, decisions in zip(one["requests"], answer["answers"], strict=True):
            first, second = decisions or (None, None)  # no request of sagegate
            direction = {(True, False): 0, (False, True): 1}.get((first == "allowed", second == "allowed"))
            if direction is not None and not answer["cut"]:
                assert direction in directions, json.dumps({"policies": one["policies"], "request": asked})
    return found, same, cut


@pytest.mark.parametrize("seed", range(BATCHES))
def test_differences(seed):
    r = random.Random(1000 + seed)
    found, same, cut = check([pair(r) for _ in range(PAIRS)])
    assert found > PAIRS // 5 and same > PAIRS // 10 and cut < PAIRS // 4, (found, same, cut)


# Names of "a" and "b", and two variables that can be in each pattern and in each other's conditions.
ALPHABET = "ab"
SMALL = "arn:aws:sagemaker:us-east-1:123456789012:"


def words(longest):
    return ["".join(word) for count in range(1, longest + 1) for word in itertools.product(ALPHABET, repeat=count)]


def small_requests():
    values = [{}, *({"value": word} for word in words(3))]
    return [{"action": ACTIONS[0], "principal": "arn:aws:iam::123456789012:user/ann", "resource": SMALL + name,
             "context": {key: one["value"] for key, one in (("k:v", v), ("k:w", w)) if one}}
            for name in words(4) for v in values for w in values]


def small_pattern(r, variables):
    return "".join(r.choice(["a", "b", "a", "b", "*", "?", *variables]) for _ in range(r.randrange(1, 4)))


def small_statement(r, effect):
    resources = [SMALL + small_pattern(r, ["${k:v}", "${k:v}", "${k:w}", "${k:w, 'ab'}"])
                 for _ in range(r.choice([1, 1, 2]))]
    one = {"Effect": effect, "Action": ACTIONS[0], "NotResource" if r.random() < 0.2 else "Resource": resources}
    for _ in range(r.choice([0, 1, 1, 2])):
        name = r.choice(["StringLike", "StringNotLike", "StringEquals", "StringLikeIfExists"])
        variables = ["${k:v}", "${k:w}"] if r.random() < 0.4 else []
        one.setdefault("Condition", {}).setdefault(name, {})[r.choice(["k:v", "k:w"])] = small_pattern(r, variables)
    return one


def small_pair(r, requests):
    effects = ["Allow", *(r.choice(["Allow", "Deny"]) for _ in range(r.randrange(3)))]
    first = {"Version": "2012-10-17", "Statement": [small_statement(r, effect) for effect in effects]}
    second = copy.deepcopy(first)
    if r.random() < 0.8:
        second["Statement"][r.randrange(len(effects))] = small_statement(r, r.choice(["Allow", "Deny"]))
    return {"policies": [first, second], "actions": ACTIONS[:1], "requests": requests}


@pytest.mark.parametrize("seed", range(40 if LONG else 2))
def test_every_request_of_a_small_world(seed):
    r = random.Random(seed)
    requests = small_requests()
    found, same, cut = check([small_pair(r, requests) for _ in range(8)])
    assert found + same > cut
