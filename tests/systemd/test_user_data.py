"""doc/deploy's user data, run as EC2 does at the first boot; aws and the registry are stand-ins."""
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[2] / "doc" / "deploy"
# From where the script has its files, in place of a bucket.
AWS = """#!/bin/sh
cp "/root/bucket/$(basename "$3")" "$4"
"""
METADATA = "</dev/tcp/169.254.169.254/80"


def reach(machine, user):
    """How a connection to the metadata service ends, which here nobody answers."""
    return machine.run(["timeout", "20", "setpriv", "--reuid", user, "--clear-groups", "bash", "-c", METADATA], check=False).stderr


def test_user_data(machine, package):
    with open(package, "rb") as file:
        machine.run("mkdir /root/bucket && cat >/root/bucket/sagegate.deb", stdin=file)
    machine.write("/root/bucket/policy.json", (DEPLOY.parents[1] / "etc/policy.json").read_text())
    machine.write("/root/bucket/sagegate.nft", (DEPLOY / "ec2/sagegate.nft").read_text())
    machine.write("/usr/local/bin/aws", AWS, mode="0755")
    # What the instance's metadata would tell.
    machine.write("/etc/systemd/system/sagegate.service.d/region.conf", "[Service]\nEnvironment=AWS_REGION=us-west-2\n")
    machine.write("/root/user-data", (DEPLOY / "ec2/user-data.sh").read_text(), mode="0755")
    machine.run("env PATH=/usr/local/bin:$PATH AWS_REGION=us-west-2 /root/user-data")
    assert machine.show("sagegate", "ActiveState") == "active"
    # A later boot loads the rules by the unit that the script has enabled.
    machine.run("nft flush ruleset && systemctl start nftables")
    assert "skuid" in machine.run("nft list table inet sagegate")
    assert machine.show("nftables", "UnitFileState") == "enabled"
    machine.outside("ip route add local 169.254.169.254 dev lo src 127.0.0.1".split()).wait()
    assert "Connection refused" in reach(machine, "sagegate") and "Connection refused" in reach(machine, "root")
    assert "No route to host" in reach(machine, "nobody")
