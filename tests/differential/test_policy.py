"""Decisions of sagegate and of the npm package @cloud-copilot/iam-simulate on random policies and requests.

Where they differ, AWS's documentation sides with sagegate (IAM User Guide, unless another page is named). What can be
said to the judge in words that it reads as AWS does is rewritten for it, in the functions named here; else the
case is passed over, and counted:

 1. seconds since 1970 are seconds, and 2026 is a year; the judge takes milliseconds ("Date condition operators",
    W3C's NOTE-datetime): for_date
 2. an address without prefix is that address however it is written; the judge compares it as text, and takes /0
    for one address ("IP address condition operators"): for_networks
 3. before Version 2012-10-17, ${…} is text; the judge substitutes ("Variables and tags"): as_text
 4. a variable without value makes a resource match nothing, also in NotResource, and negated operators "do match
    against a null value"; for the judge neither is met ("Policy variables with no value"): without_unset
 5. ${*}, ${?} and ${$} "can be used in any string where you can use regular policy variables"; for the judge they are
    text in operators without wildcards ("Special characters"): without_specials
 6. NotPrincipal spares no one but whom it names together with the account: "you must also specify the account ARN
    of the not-denied principal"; for the judge either is enough ("NotPrincipal"): is_partly_spared
 7. ForAllValues is met "if the context key value resolves to a null dataset, such as an empty string"; the judge
    compares it ("Set operators for multivalued context keys"): is_null

Left out of the questions: fewer parts than six in the ARNs of NotResource and of conditions, wildcards in a
resource's type before its name, variables in Bool and BinaryEquals ("You can't use a policy variable with other
operators"), values that a negated operator cannot read (AWS documents nothing; sagegate fails closed).
"""
import copy
import json
import os
import pathlib
import random
import subprocess

import pytest

from policies import is_negated, question

BUILD = pathlib.Path(os.environ.get("SAGEGATE") or pathlib.Path(__file__).parents[2] / "build" / "sagegate").parent
DRIVER = BUILD / "tests" / "differential" / "policy_answer"
JUDGE = pathlib.Path(os.environ.get("TEST_IAM_SIMULATE") or BUILD / "iam-simulate")
LONG = "TEST_LONG" in os.environ
BATCH = 1000
BATCHES = 50 if LONG else 2


def ask(command, questions):
    lines = "".join(json.dumps(one) + "\n" for one in questions)
    process = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


def listed(value):
    return value if isinstance(value, list) else [value]


def for_date(text):
    if len(text) == 4 and text.isdigit():
        return text + "-01-01"
    return str(int(text) * 1000) if text.isdigit() else text


def for_networks(networks):
    for network in listed(networks):
        address, _, prefix = network.partition("/")
        if not prefix:
            yield network + ("/128" if ":" in network else "/32")
        elif prefix == "0":
            yield from (["::/1", "8000::/1"] if ":" in address else ["0.0.0.0/1", "128.0.0.0/1"])
        else:
            yield network


def as_text(value):
    return value.replace("${", "${$}{") if isinstance(value, str) else value


def has_unset(text, context):
    """Whether it has a variable without default whose key has no single value."""
    single = {key.lower() for key, value in context.items() if isinstance(value, str)}
    variables = [rest.split("}")[0] for rest in text.split("${")[1:]] if isinstance(text, str) else []
    return any(name not in "*?$" and "," not in name and name.lower() not in single for name in variables)


def without_unset(values, context):
    return [value for value in listed(values) if not has_unset(value, context)]


def without_specials(value):
    for special in ("${*}", "${?}", "${$}"):
        value = value.replace(special, special[2]) if isinstance(value, str) else value
    return value


def is_null(operator, key, context):
    values = next((listed(value) for name, value in context.items() if name.lower() == key.lower()), None)
    return operator.lower().startswith("forallvalues:") and values is not None and not any(values)


def condition_for_judge(operator, key, values, variables, context):
    name = operator.lower()
    if "date" in name:
        return [for_date(value) for value in listed(values)]
    if "ipaddress" in name:
        return list(for_networks(values))
    if not variables:
        return [as_text(value) for value in listed(values)]
    if is_negated(operator):
        values = without_unset(values, context)
    exact = "stringequals" in name.replace("not", "")
    return [without_specials(value) for value in listed(values)] if exact else values


def statement_for_judge(statement, variables, context):
    for element in ("Resource", "NotResource"):
        if element not in statement:
            continue
        if not variables:
            statement[element] = [as_text(value) for value in listed(statement[element])]
        elif element == "NotResource":
            statement[element] = without_unset(statement[element], context)
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in [*keys.items()]:
            if is_null(operator, key, context):
                del keys[key]
                continue
            keys[key] = condition_for_judge(operator, key, values, variables, context)


def for_judge(asked):
    asked = copy.deepcopy(asked)
    for document in asked["policies"]:
        for statement in listed(document["Statement"]):
            statement_for_judge(statement, document.get("Version") == "2012-10-17", asked["context"])
    dates = ("aws:currenttime", "aws:epochtime", "aws:tokenissuetime")
    asked["context"] = {key: for_date(value) if key.lower() in dates else value
                        for key, value in asked["context"].items()}
    return asked


def role_of(arn):
    parts = arn.split(":")
    path = parts[5].split("/") if len(parts) == 6 else [""]
    return {"role": path[-1], "assumed-role": path[1] if len(path) > 1 else None}.get(path[0])


def is_partly_spared(asked):
    """Whether a NotPrincipal names the caller or its account, but not both."""
    caller = asked["principal"]
    account = caller.split(":")[4]
    for document in asked["policies"]:
        for statement in listed(document["Statement"]):
            spared = statement.get("NotPrincipal", {})
            names = listed(spared.get("AWS", [])) if isinstance(spared, dict) else []
            by_account = any(name in (account, f"arn:aws:iam::{account}:root") for name in names)
            by_role = any(role_of(name) and role_of(name) == role_of(caller) and name.split(":")[4] == account
                          and ":iam:" in name for name in names)
            by_self = caller in names
            itself = by_role if role_of(caller) else by_self
            if "*" not in names and (by_account or by_role or by_self) and not (by_account and itself):
                return not caller.endswith(":root") or not by_account
    return False


@pytest.fixture(scope="session")
def judge():
    if "TEST_IAM_SIMULATE" not in os.environ and not JUDGE.is_dir():
        pytest.skip("the judge is not installed: ./check does it")
    return ["node", JUDGE / "judge.mjs"]


@pytest.mark.parametrize("seed", range(BATCHES))
def test_same_decisions(seed, judge):
    r = random.Random(seed)
    asked, passed_over = [], 0
    while len(asked) < BATCH:
        one = question(r)
        asked += [] if is_partly_spared(one) else [one]
        passed_over += is_partly_spared(one)
    ours, theirs = ask([DRIVER], asked), ask(judge, [for_judge(one) for one in asked])

    assert passed_over < BATCH // 10
    for one, mine, other in zip(asked, ours, theirs, strict=True):
        assert mine == other, json.dumps(one, indent=1)
    # Questions that all have one answer would prove nothing.
    for decision in ("allowed", "explicit_deny", "implicit_deny"):
        assert sum(answer.get("decision") == decision for answer in ours) > BATCH // 20
