"""
Random policies and requests over the whole language. Most of what a policy names is taken from its request (`aim`),
so that they match often.
"""
import string

ACCOUNTS = ["123456789012", "210987654321"]
ACTIONS = ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync", "sagemaker:CreateTrainingJob",
           "sagemaker:DeleteModel", "sagemaker:DescribeEndpoint"]
TYPES = ["endpoint", "training-job", "model"]
NAMES = ["x", "team-a", "team-b-1", "a.b", "x?", "${aws:PrincipalTag/team}", "Mixed-Case.1"]
ROLES = ["App", "Admin"]
TAG = "aws:PrincipalTag/team"

# Keys by type, with the values that requests have. Dates have keys of their own, since the judge's are rewritten.
KEYS = {
    "string": (["aws:SourceVpce", "sagemaker:TargetModel", TAG, "aws:RequestTag/my team", "aws:UserAgent"],
               ["vpce-1a2b", "vpce-1A2B", "a", "team-a", "*", "x?", "a*", "b/c.tar", "ä", "$x", "123", "true", ""]),
    "list": (["aws:TagKeys", "sagemaker:VpcSubnets"], ["", "a", "b", "team-a", "A", "subnet-1", "*"]),
    "number": (["sagemaker:MaxRuntimeInSeconds", "sagemaker:KeepAlivePeriod"],
               ["0", "1", "-1", "3600", "0.5", "1.0", "1.50", "+2", "007", "86400"]),
    "date": (["aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"],
             ["2026-01-31T12:00:00Z", "2026-01-31T14:00:00+02:00", "2026-01-31", "2026-01", "2026",
              "2026-01-31T12:00Z", "2026-01-31T12:00:00.5Z", "1769860800", "0", "1969-12-31T23:59:59Z",
              "2024-02-29T00:00:00-05:30"]),
    "address": (["aws:SourceIp", "aws:VpcSourceIp"],
                ["10.0.0.1", "10.1.2.3", "192.168.255.255", "2001:db8::1", "2001:db8:0:0:1::", "::1", "0.0.0.0"]),
    "bool": (["aws:SecureTransport", "sagemaker:NetworkIsolation"], ["true", "false", "True"]),
    "binary": (["sagemaker:Blob"], ["QUJD", "QUI=", "QQ=="]),
    "arn": (["aws:PrincipalArn", "sagemaker:ModelArn"],
            ["arn:aws:iam::123456789012:role/App", "arn:aws:iam::210987654321:user/ann",
             "arn:aws:sagemaker:us-east-1:123456789012:model/a", "arn:aws:sagemaker:us-east-1:123456789012:a:b:c"]),
}
NETWORKS = ["10.0.0.0/8", "10.0.0.0/31", "10.1.2.3", "10.1.2.3/32", "0.0.0.0/0", "192.168.0.0/16", "2001:db8::/32",
            "2001:db8::1", "2001:db8::/63", "::/0", "10.200.0.1/9"]
OPERATORS = {
    "string": ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
               "StringLike", "StringNotLike"],
    "number": ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
               "NumericGreaterThan", "NumericGreaterThanEquals"],
    "date": ["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
             "DateGreaterThanEquals"],
    "address": ["IpAddress", "NotIpAddress"],
    "bool": ["Bool"],
    "binary": ["BinaryEquals"],
    "arn": ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
}
OPERATORS["list"] = OPERATORS["string"]


def any_case(r, text):
    return "".join(r.choice([c.lower(), c.upper()]) for c in text) if r.random() < 0.2 else text


def with_wildcards(r, text, p=0.5):
    """Some of the text replaced by wildcards; it still matches, mostly."""
    while r.random() < p:
        start = r.randrange(len(text) + 1)
        end = min(len(text), start + r.choice([0, 1, 1, 2, 5, 20]))
        star = r.random() < 0.7 or end != start + 1
        text = text[:start] + ("*" if star else "?") + text[end:]
    return text


def variable(r):
    key = any_case(r, r.choice([TAG, TAG, "aws:SourceVpce", "aws:TagKeys", "aws:absent"]))
    return r.choice(["${%s}", "${%s}", "${%s, 'a'}", "${%s, 'team-a'}"]) % key


def with_variables(r, text, p):
    if r.random() < p:
        at = r.randrange(len(text) + 1)
        text = text[:at] + r.choice([variable(r), variable(r), "${*}", "${?}", "${$}"]) + text[at + r.choice([0, 1]):]
    return text


def aimed(r, aim, others):
    return aim if aim is not None and r.random() < 0.7 else r.choice(others)


def action_pattern(r, aim):
    if r.random() < 0.08:
        return "*"
    service, name = aimed(r, aim["action"], ACTIONS).split(":")
    return any_case(r, service) + ":" + (any_case(r, with_wildcards(r, name)) or "*")


def resource_arn(r):
    return ":".join(["arn", "aws", "sagemaker", r.choice(["us-east-1", "eu-west-1"]), r.choice(ACCOUNTS),
                     r.choice(TYPES) + "/" + r.choice(NAMES)])


def resource_pattern(r, aim, negated):
    """Wildcards stand in the type only where there is no name (AWS: "not in the resource type")."""
    chance = r.random()
    if chance < 0.1:
        return "*"
    if chance < 0.15 and not negated:
        return r.choice(["arn:aws:sagemaker:*", "arn:aws:sagemaker:eu-*", "arn:aws:s3:*", "arn:aws:*"])
    parts = aimed(r, aim.get("resource"), [resource_arn(r)]).split(":", 5)
    for i in (1, 2, 3, 4):
        parts[i] = with_wildcards(r, parts[i], 0.25)
    kind, name = parts[5].split("/", 1)
    name = name.replace("${", "$")
    if r.random() < 0.1:
        parts[5] = r.choice(["*", kind[:3] + "*"])
    else:
        parts[5] = kind + "/" + with_variables(r, with_wildcards(r, name, 0.4), 0.2)
    return ":".join(parts)


def one_or_list(r, make, most=4):
    if r.random() < 0.5:
        return make()
    return [make() for _ in range(r.randrange(1, most))]


CALLERS = ([f"arn:aws:iam::{account}:user/ann" for account in ACCOUNTS]
           + [f"arn:aws:sts::{ACCOUNTS[0]}:assumed-role/{role}/i-{n}" for role in ROLES for n in (1, 2)]
           + [f"arn:aws:iam::{ACCOUNTS[0]}:root", f"arn:aws:sts::{ACCOUNTS[1]}:federated-user/fred"])
PRINCIPALS = (CALLERS + ACCOUNTS + [f"arn:aws:iam::{ACCOUNTS[1]}:root"]
              + [f"arn:aws:iam::{ACCOUNTS[0]}:role/{path}{role}" for path in ("", "path/") for role in ROLES])


def principal(r, aim):
    if r.random() < 0.4:
        return r.choice(["*", {"AWS": "*"}])
    types = {"AWS": one_or_list(r, lambda: aimed(r, aim["principal"], PRINCIPALS))}
    if r.random() < 0.1:
        types["Service"] = one_or_list(r, lambda: "sagemaker.amazonaws.com")
    return types


def spared(r, aim):
    """Mostly as AWS wants it: who is spared, with the account."""
    if r.random() < 0.2:
        return principal(r, aim)
    account = aim["principal"].split(":")[4]
    who = r.choice([aim["principal"]] + [one for one in CALLERS if f":{account}:" not in one])
    account = who.split(":")[4]
    roles = [f"arn:aws:iam::{account}:role/{who.split('/')[1]}"] if ":assumed-role/" in who else []
    return {"AWS": [who, r.choice([account, f"arn:aws:iam::{account}:root"])] + roles}


def operand(r, kind, value):
    """`value` is what the request has."""
    if kind == "address":
        return aimed(r, value, NETWORKS)
    value = aimed(r, value, KEYS[kind][1])
    if kind in ("string", "list"):
        return with_variables(r, with_wildcards(r, value, 0.3), 0.25)
    if kind == "arn":
        parts = value.split(":", 5)
        return ":".join([parts[0]] + [with_wildcards(r, part, 0.2) for part in parts[1:5]]
                        + [with_variables(r, with_wildcards(r, parts[5], 0.3), 0.15)])
    if kind == "number" and r.random() < 0.3:
        return r.choice([0, 1, -1, 3600, 0.5, 2])
    if kind == "bool" and r.random() < 0.3:
        return r.choice([True, False])
    return value


def operator(r, kind):
    name = any_case(r, r.choice(OPERATORS[kind]))
    if r.random() < (0.8 if kind == "list" else 0.15):
        name = r.choice(["ForAllValues:", "ForAnyValue:"]) + name
    return name + ("IfExists" if r.random() < 0.2 else "")


def is_negated(name):
    return "not" in name.lower()


def condition(r, aim):
    found = {key.lower(): value for key, value in aim["context"].items()}
    rows = {}
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        kind = r.choice(list(KEYS))
        key = any_case(r, r.choice(KEYS[kind][0]))
        value = found.get(key.lower())
        value = r.choice(value) if isinstance(value, list) else value
        if r.random() < 0.12:
            name, make = any_case(r, "Null"), lambda: r.choice(["true", "false", "True", True, False])
        else:
            how = kind
            # Another type's operator: what it cannot read it does not match. Only AWS knows whether, then, a
            # negated one is met.
            if kind in ("number", "bool", "address", "arn") and r.random() < 0.08:
                how = r.choice(["string", "string", "binary", "bool"])
            name, make = operator(r, how), lambda: operand(r, how, value if how in (kind, "string") else None)
        rows.setdefault(name, {})[key] = one_or_list(r, make)
    return rows


def statement(r, aim, with_principals):
    effect = r.choice(["Allow", "Allow", "Deny"])
    one = {"Effect": effect}
    if r.random() < 0.5:
        one["Sid"] = "".join(r.choices(string.ascii_letters, k=4))
    negated = r.random() < 0.15
    one["NotAction" if negated else "Action"] = one_or_list(r, lambda: action_pattern(r, aim))
    negated = r.random() < 0.15
    one["NotResource" if negated else "Resource"] = one_or_list(r, lambda: resource_pattern(r, aim, negated))
    if with_principals:
        negated = effect == "Deny" and r.random() < 0.3
        one["NotPrincipal" if negated else "Principal"] = (spared if negated else principal)(r, aim)
    if r.random() < 0.6:
        one["Condition"] = condition(r, aim)
    return one


def document(r, aim):
    with_principals = r.random() < 0.7
    statements = [statement(r, aim, with_principals) for _ in range(r.choice([1, 1, 2, 3, 6]))]
    version = r.choice([{"Version": "2012-10-17"}] * 4 + [{"Version": "2008-10-17"}, {}])
    return {**version, "Statement": statements[0] if len(statements) == 1 and r.random() < 0.5 else statements}


def context(r):
    found = {}
    for kind, (keys, values) in KEYS.items():
        for key in keys:
            if r.random() < 0.35:
                continue
            value = r.choice(values)
            if kind == "list":
                value = r.sample(values, r.randrange(1, 4))
            found[any_case(r, key)] = value
    return found


def request(r):
    asked = {"action": r.choice(ACTIONS), "principal": r.choice(CALLERS), "context": context(r)}
    if r.random() < 0.95:
        asked["resource"] = resource_arn(r)
    return asked


def question(r):
    asked = request(r)
    return {**asked, "policies": [document(r, asked) for _ in range(r.choice([1, 1, 1, 1, 2, 3]))]}
