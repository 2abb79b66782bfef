"""What the shells offer on the tab key, asked of the shells themselves."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from gate import ROOT, SAGEGATE

COMPLETION = ROOT / "etc" / "completion"
# In place of the completion system's own functions, ones that print what begins as the word does.
ZSH = """
compadd() { print -l -- ${(M)${(P)2}:#$words[CURRENT]*} }
_describe() { print -l -- ${(M)${(P)2}:#$words[CURRENT]*} }
_files() { }
complete_sagegate() { words=("$@[2,-1]"); CURRENT=$#words; source $1/_sagegate }
complete_sagegate "$@"
"""


def bash(path, line):
    words = line.split(" ")
    script = f""". "{COMPLETION}/sagegate.bash"; COMP_WORDS=("$@"); COMP_CWORD={len(words) - 1}; _sagegate
                 printf '%s\\n' "${{COMPREPLY[@]}}" """
    return subprocess.run(["bash", "-c", script, "-", *words], env={"PATH": path}, capture_output=True, text=True,
                          check=True).stdout


def fish(path, line):
    script = f"source {COMPLETION}/sagegate.fish; complete -C '{line}'"
    return subprocess.run(["fish", "--no-config", "-c", script], env={"PATH": path, "HOME": "/nonexistent"},
                          capture_output=True, text=True, check=True, cwd="/").stdout


def zsh(path, line):
    return subprocess.run(["zsh", "-f", "-c", ZSH, "-", str(COMPLETION), *line.split(" ")], env={"PATH": path},
                          capture_output=True, text=True, check=True).stdout.replace(":", " ")


@pytest.mark.parametrize("shell", [bash, fish, zsh], ids=lambda shell: shell.__name__)
@pytest.mark.parametrize("line, offered, not_offered", [
    ("sagegate ", ["run", "check", "policy", "sign"], ["eval", "--config"]),
    ("sagegate ch", ["check"], ["run", "policy"]),
    ("sagegate policy ", ["check-mirror", "diff", "eval", "suggest", "validate"], ["check"]),
    ("sagegate check --", ["--config", "--help"], ["--policy"]),
    ("sagegate policy eval --", ["--policy", "--action", "--help"], ["--config"]),
], ids=["commands", "prefix", "nested", "options", "nested-options"])
def test_offers(shell, line, offered, not_offered, tmp_path):
    if not shutil.which(shell.__name__):
        pytest.skip(f"{shell.__name__} is not installed (./check installs it)")
    (tmp_path / "sagegate").symlink_to(Path(SAGEGATE).resolve())
    words = shell(f"{tmp_path}:{os.environ['PATH']}", line).split()
    assert [word for word in offered if word not in words] == []
    assert [word for word in not_offered if word in words] == []
