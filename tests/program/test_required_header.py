"""A header that every request to a listener must have: who does not know its value is refused, and nobody else sees it."""
import json
import os

import pytest
from gate import DidNotStart

SECRET = "0123456789abcdef-secret"


@pytest.fixture
def start(start_gate, tmp_path):
    def start(value=SECRET + "\n", rule=None, mode=0o600):
        file = tmp_path / "token"
        file.write_text(value)
        os.chmod(file, mode)
        header = {"name": "X-Sagegate-Token", "value_file": str(file), **(rule or {})}
        return start_gate(listener={"require_header": header})

    return start


def ask(gate, *values):
    return gate.ask("POST", "/endpoints/e/invocations", b"{}", [("x-sagegate-TOKEN", value) for value in values])


def test_who_knows_it_is_let_in(start, endpoint):
    gate = start()
    assert ask(gate, SECRET)[0] == 200
    (request,) = endpoint.requests
    assert request.fault is None and request.header("x-sagegate-token") is None
    gate.stop()
    assert SECRET not in gate.log


@pytest.mark.parametrize("values", [[], [""], ["x" * len(SECRET)], [SECRET[:-1]], [SECRET + "x"], [SECRET.upper()],
                                    [SECRET, SECRET], ["wrong", SECRET]], ids=range(8))
def test_others_are_not(start, endpoint, values):
    status, headers, body = ask(start(), *values)
    assert (status, headers["x-amzn-errortype"], headers["connection"]) == (403, "AccessDeniedException", "close")
    assert "X-Sagegate-Token" in json.loads(body)["message"] and SECRET not in body.decode()
    assert endpoint.requests == []


@pytest.mark.parametrize("value", ["", "short", "with a blank in it, sir", "two\nlines-of-sixteen", "x" * 1025, "\x00" * 20])
def test_a_value_that_cannot_be_one(start, value):
    with pytest.raises(DidNotStart, match="token: error: a secret must be one line"):
        start(value)


@pytest.mark.parametrize("rule,said", [({"name": "Host"}, "begins with X-"), ({"name": "X-Amz-Date"}, "not with X-Amz"),
                                       ({"name": "X-"}, "begins with X-"), ({"name": "X-A B"}, "begins with X-"),
                                       ({"value_file": "/nonexistent"}, "/nonexistent: error")])
def test_a_rule_that_is_wrong(start, rule, said):
    with pytest.raises(DidNotStart, match=said):
        start(rule=rule)


def test_a_file_that_everyone_reads_is_told(start):
    assert "every user of this machine may read this secret" in start(mode=0o644).log


def test_a_new_value_by_reload(start, tmp_path):
    gate = start()
    (tmp_path / "token").write_text("another-secret-altogether")
    gate.reload()
    assert ask(gate, SECRET)[0] == 403
    assert ask(gate, "another-secret-altogether")[0] == 200
