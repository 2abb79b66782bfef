"""After a few requests there is nothing left to allocate: counted by callgrind, which sees every call."""
import collections
import re
import shutil
import subprocess

import pytest
from gate import SANITIZED

REQUESTS = 100
OPENSSL_MOST = 8  # a request: OpenSSL 3.0 makes its hash contexts anew


def allocations(profile):
    """How often each object calls malloc and its like."""
    names, objects, calls = {}, {}, collections.Counter()

    def known(table, text):
        number, name = re.fullmatch(r"\((\d+)\)(?: (.*))?", text).groups()
        return table.setdefault(number, name)

    current = callee = ""
    for line in profile.read_text().splitlines():
        kind, _, rest = line.partition("=")
        if kind in ("ob", "cob"):
            name = known(objects, rest)
            current = name if kind == "ob" else current
        elif kind in ("fn", "cfn"):
            name = known(names, rest)
            callee = name if kind == "cfn" else callee
        elif kind == "calls" and callee in ("malloc", "calloc", "realloc", "memalign", "posix_memalign"):
            calls[current.rpartition("/")[2].partition(".so")[0]] += int(rest.split()[0])
    return calls


@pytest.mark.skipif(not shutil.which("callgrind_control"), reason="valgrind is not installed")
@pytest.mark.skipif(SANITIZED, reason="sanitizers and valgrind exclude each other")
def test_a_request_allocates_nothing(start_gate, endpoint, tmp_path):
    out = tmp_path / "callgrind"
    endpoint.host = f"127.0.0.1:{endpoint.port}"  # a name would be looked up again meanwhile
    gate = start_gate(wrapper=["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={out}"], log={"level": "info"},
                      endpoints={"runtime": {"url": f"https://{endpoint.host}"}}, sandbox="off")  # valgrind itself does other things than a daemon
    control = ["callgrind_control", str(gate.process.pid)]
    with gate.connect() as wire:
        def ask(times):
            for _ in range(times):
                assert wire.ask("POST", "/endpoints/e/invocations", b"x" * 4096)[0] == 200

        ask(20)
        subprocess.run([*control, "-z"], check=True, capture_output=True)
        ask(REQUESTS)
        subprocess.run([*control, "-d"], check=True, capture_output=True)
    calls = allocations(next(tmp_path.glob("callgrind.1*")))
    assert calls.pop("libcrypto", 0) <= OPENSSL_MOST * REQUESTS
    assert not calls, "objects that allocated"
