"""What the command line says of itself, and of what it cannot take: alike for every command."""
import subprocess

import pytest
from commands import commands, run_help
from gate import SAGEGATE


def run(*words):
    return subprocess.run([SAGEGATE, *words], text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)


def assert_refused(process, says):
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr == f"sagegate {says}\n"


def test_all_commands_are_found():
    assert {("run",), ("check",), ("sign",), ("policy", "eval")} <= set(commands())


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_each_command(command):
    name = " ".join(command)
    text = run_help(*command)
    assert text.startswith(f"usage: sagegate {name} ")
    assert "Example" in text and "Exit status: 0" in text
    assert run(*command, "-h").stdout == text
    assert_refused(run(*command, "--frobnicate"), f"{name}: there is no option --frobnicate. Try `sagegate {name} --help`.")
    assert_refused(run(*command, "-%"), f"{name}: there is no option -%. Try `sagegate {name} --help`.")


@pytest.mark.parametrize("words, says", [
    (["check", "-c"], "check: -c needs a value."),
    (["check", "--config"], "check: --config needs a value."),
    (["check", "sagegate.yaml"], "check: what is 'sagegate.yaml'?"),
    (["status", "-wq"], "status: there is no option -q."),
    (["status", "--json=yes"], "status: there is no option --json=yes, or it takes no value."),
    (["status", "-wj"], "status: either --watch or --json."),
    (["policy", "eval"], "policy eval: --policy and --action are needed."),
    (["policy", "eval", "--policy", "p", "--action", "a:b", "--principal", "me"],
     "policy eval: --principal 'me' is no ARN of a user, role, assumed-role session or root."),
    (["policy", "eval", "--action", "a:b", *["--policy", "p"] * 17], "policy eval: --policy can be given up to 16 times."),
    (["policy", "eval", "--action", "a:b", "--policy", *["p"] * 17], "policy eval: there can be up to 16 policies."),
    (["policy", "validate"], "policy validate: name at least one file."),
    (["keys", "new"], "keys: say new NAME, vend NAME, or vend ACCESS_KEY_ID SECRET_FILE."),
], ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "")
def test_wrong_arguments(words, says):
    command = " ".join(words[:2]) if words[0] == "policy" else words[0]
    assert_refused(run(*words), f"{says} Try `sagegate {command} --help`.")


@pytest.mark.parametrize("words, says", [(["no"], "sagegate: there is no command 'no'. Try `sagegate --help`.\n"),
                                         (["policy", "no"],
                                          "sagegate policy: there is no command 'no'. Try `sagegate policy --help`.\n")])
def test_unknown_commands(words, says):
    process = run(*words)
    assert (process.returncode, process.stdout, process.stderr) == (2, "", says)


@pytest.mark.parametrize("words", [[], ["policy"]])
def test_no_command(words):
    process = run(*words)
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr == run_help(*words)


def test_version():
    process = run("--version")
    assert process.returncode == 0 and process.stdout.startswith("sagegate ")
