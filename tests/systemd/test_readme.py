"""README's installation, line by line, on a fresh Debian."""
import re
from pathlib import Path

from test_service import CONFIG, invoke

README = Path(__file__).resolve().parents[2] / "README.md"


def test_installation(machine, package, endpoint):
    section = README.read_text().split("## Install it\n")[1].split("\n## ")[0]
    blocks = [re.findall(r"^    (.+)$", block, re.M) for block in re.findall(r"(?:^    .+\n)+", section, re.M)]
    assert package.name in blocks[0][0]
    machine.run(f"cat > /root/{package.name}", stdin=open(package, "rb"))
    for line in blocks[0]:
        machine.run(f"cd /root && {line}")
    machine.write("/etc/sagegate/sagegate.yaml", CONFIG.format(port=endpoint))
    for line in blocks[1]:
        machine.run(f"cd /root && {line}")
    # It serves by the new configuration: without keys, which nobody has given it.
    assert invoke(machine)["__type"] == "ServiceUnavailable"
    for line in blocks[2]:
        machine.run(f"cd /root && {line}")
    assert machine.show("sagegate.socket", "UnitFileState") == "enabled"
    assert machine.show("sagegate.socket", "ActiveState") == machine.show("sagegate", "ActiveState") == "active"
    assert invoke(machine)["__type"] == "ServiceUnavailable"
