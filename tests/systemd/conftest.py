import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "standin"), str(TESTS / "program")]
from machine import Machine  # noqa: E402


@pytest.fixture
def machine():
    """A freshly booted Debian."""
    booted = Machine(os.environ["TEST_ROOT"])
    yield booted
    booted.end()


@pytest.fixture
def package():
    return Path(os.environ["TEST_DEB"])


@pytest.fixture
def install(machine, package):
    def install(file=package):
        machine.run("cat > /tmp/sagegate.deb && dpkg -i /tmp/sagegate.deb", input=None, stdin=open(file, "rb"))

    return install


@pytest.fixture
def endpoint(machine, tmp_path):
    """A stand-in for the interface endpoint in the machine's network: its port. Its CA is in /etc/sagegate/ca.pem."""
    process = machine.outside(["/usr/bin/python3", str(TESTS / "standin" / "standin.py"), "--directory",
                               str(tmp_path)], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert line.startswith("ready port="), line
    machine.write("/etc/sagegate/ca.pem", (tmp_path / "ca.pem").read_text())
    yield int(line.split("port=")[1].split()[0])
    process.terminate()
    process.wait()
