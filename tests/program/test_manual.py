"""The manuals against the program: what a table or --help has, a manual tells."""
import re

import pytest
from commands import commands, run_help
from gate import ROOT

CONFIG_MANUAL = (ROOT / "doc" / "sagegate.yaml.5").read_text()
MANUAL = (ROOT / "doc" / "sagegate.8").read_text()
POLICY_MANUAL = (ROOT / "doc" / "sagegate-policy.7").read_text()
EXAMPLE = (ROOT / "etc" / "sagegate.yaml").read_text()


def keys():
    """Every key of the tables that the configuration is read by."""
    text = "".join(path.read_text() for path in sorted((ROOT / "src" / "config").glob("*keys.c")))
    found = re.findall(r'\.name = "([a-z_0-9-]+)"', text)
    found += re.findall(r'\b(?:TIMEOUT|SERVICE)\((?:AWS_\w+, )?"([a-z_0-9-]+)"', text)
    assert {"region", "listeners", "pool_idle", "runtime", "policy"} <= set(found)
    return sorted(set(found))


@pytest.mark.parametrize("key", keys())
def test_key(key):
    assert re.search(rf"^\.(It )?Cm ([a-z_0-9-]+ , )*{re.escape(key)}\b", CONFIG_MANUAL, re.M), \
        f"sagegate.yaml(5) has no paragraph on {key}"
    assert re.search(rf"\b{re.escape(key)}\b", EXAMPLE), f"etc/sagegate.yaml does not show {key}"


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_command(command):
    name = " ".join(command)
    assert re.search(rf"^\.It Cm {name}\b", MANUAL, re.M), f"sagegate(8) has no paragraph on {name}"
    synopsis = "".join(re.findall(rf"^\.Nm\n\.Cm {name}\b(.*?)(?=\n\.(?:Nm|Sh))", MANUAL, re.M | re.S))
    for letter, option in re.findall(r"^ +(?:-([a-zA-Z]), )?--([a-z][a-z-]*)", run_help(*command), re.M):
        assert option == "help" or re.search(rf"(Fl|\|) (-{option}|{letter or option})\b", synopsis), \
            f"sagegate(8) does not tell of {name} --{option}"


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_exit_status(command):
    """Of each command that can say no, both what 0 and what 1 mean. (What sign says is never no.)"""
    name = " ".join(command)
    good, bad = re.search(r"^\.It 0\n(.*?)^\.It 1\n(.*?)^\.It 2\n", MANUAL, re.M | re.S).groups()
    assert all(re.search(rf"^\.Cm (.* , )?{name}( , .*)? :$", text, re.M) for text in (good, bad)[:1 if name == "sign" else 2])


@pytest.mark.parametrize("source, pattern", [("policy/operator.c", r'^    \{"([A-Z]\w+)", OPERAND'),
                                             ("aws/condition_keys.c", r'\.name = "(\w+:\w+)"')],
                         ids=["operators", "keys"])
def test_policy_language(source, pattern):
    names = re.findall(pattern, (ROOT / "src" / source).read_text(), re.M)
    assert len(names) > 20
    assert [name for name in names if not re.search(rf"\b{name}\b", POLICY_MANUAL)] == []
