"""The service under a real systemd, with a stand-in for the interface endpoint beside it."""
import json
import subprocess
import sys

import pytest
import standin

CONFIG = """\
region: us-west-2
account_id: "123456789012"
endpoints: {{ runtime: {{ url: "https://localhost:{port}" }} }}
tls: {{ ca_file: /etc/sagegate/ca.pem }}
listeners:
  - {{ name: main, address: "127.0.0.1:8080", policy: policy.json }}
  - {{ name: local, address: "unix:/run/sagegate/app.sock", policy: policy.json }}
"""


@pytest.fixture
def serving(machine, install, endpoint):
    """The package, configured for the stand-in, with static keys from the service's own environment."""
    machine.write("/etc/systemd/system/sagegate.service.d/keys.conf",
                  f"[Service]\nEnvironment=AWS_ACCESS_KEY_ID={standin.ACCESS_KEY}\n"
                  f"Environment=AWS_SECRET_ACCESS_KEY={standin.SECRET}\nEnvironment=AWS_EC2_METADATA_DISABLED=true\n")
    install()
    machine.write("/etc/sagegate/sagegate.yaml", CONFIG.format(port=endpoint))
    machine.run("systemctl daemon-reload; systemctl restart sagegate")
    return machine


# Requests, each on a connection of its own, until standard input says enough: [how many, what failed].
LOAD = """
import http.client, json, select, sys
count, failed = 0, []
while not select.select([sys.stdin], [], [], 0)[0]:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=30)
        connection.request("POST", "/endpoints/myEndpoint/invocations", b"{}")
        status = connection.getresponse().status
        if status != 200:
            failed.append(status)
    except OSError as error:
        failed.append(repr(error))
    count += 1
    if count == 1:
        print("going", flush=True)
print(json.dumps([count, failed]))
"""


def invoke(machine, endpoint="myEndpoint", port=8080):
    client = machine.outside(["curl", "-sS", "-m", "20", "-d", "{}",
                              f"http://127.0.0.1:{port}/endpoints/{endpoint}/invocations"], stdout=subprocess.PIPE)
    return json.loads(client.communicate()[0])


def test_it_serves(serving):
    assert "predictions" in invoke(serving)
    assert "listener main" in serving.run("journalctl -u sagegate -o cat")


def test_reload(serving):
    """A changed policy is in force after it, running connections stay; a bad one leaves the old in force."""
    assert invoke(serving, endpoint="other")["__type"] == "AccessDeniedException"
    pid = serving.show("sagegate", "MainPID")
    serving.run("sed -i s/myEndpoint/other/ /etc/sagegate/policy.json")
    before = serving.cursor()
    serving.run("systemctl reload sagegate")
    serving.await_journal("sagegate", "in force", before)
    assert "predictions" in invoke(serving, endpoint="other")
    serving.run("echo nonsense > /etc/sagegate/policy.json")
    before = serving.cursor()
    serving.run("systemctl reload sagegate")
    serving.await_journal("sagegate", "policy.json", before)
    status = serving.show("sagegate", "StatusText")
    assert status.startswith("serving") and "listeners: main, local" in status and "is not in force" in status
    assert "predictions" in invoke(serving, endpoint="other")
    assert serving.show("sagegate", "MainPID") == pid and serving.show("sagegate", "ActiveState") == "active"


def test_socket_activation(serving):
    """The first connection starts it."""
    serving.run("systemctl stop sagegate && systemctl start sagegate.socket sagegate-local.socket")
    assert serving.show("sagegate", "ActiveState") == "inactive"
    assert "predictions" in invoke(serving)
    assert serving.show("sagegate", "ActiveState") == "active"
    assert serving.run("stat -c '%U %G %a' /run/sagegate.sock").split() == ["root", "sagegate", "660"]


def test_restart_refuses_nobody(serving):
    serving.run("systemctl stop sagegate && systemctl start sagegate.socket sagegate")
    load = serving.outside(["/usr/bin/python3", "-c", LOAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert load.stdout.readline() == "going\n"
    for _ in range(5):
        serving.run("systemctl reset-failed sagegate && systemctl restart sagegate")
    count, failed = json.loads(load.communicate("enough\n", timeout=120)[0])
    print(f"{count} requests over 5 restarts", file=sys.stderr)
    assert count > 20 and failed == []


def test_watchdog(serving):
    """A daemon that hangs is ended and started again."""
    serving.run("mkdir -p /run/systemd/system/sagegate.service.d && printf '[Service]\\nWatchdogSec=2\\n' "
                "> /run/systemd/system/sagegate.service.d/watchdog.conf && systemctl daemon-reload && systemctl restart sagegate")
    before = serving.cursor()
    serving.run(f"kill -STOP {serving.show('sagegate', 'MainPID')}")
    serving.await_journal("sagegate", "Watchdog timeout", before)
    serving.await_journal("sagegate", "^Started sagegate", before)
    assert "predictions" in invoke(serving)


def test_instances(serving, endpoint):
    """sagegate@second has a configuration, and rooms, of its own."""
    serving.write("/etc/sagegate/second.yaml", CONFIG.format(port=endpoint).replace("8080", "8081")
                  .replace("/run/sagegate/", "/run/sagegate-second/"))
    serving.run("cp -r /etc/systemd/system/sagegate.service.d /etc/systemd/system/sagegate@.service.d && "
                "systemctl daemon-reload && systemctl start sagegate@second")
    assert "predictions" in invoke(serving, port=8081)
    assert "predictions" in invoke(serving)


def test_journal_fields(serving):
    """journalctl can select by what a request did."""
    before = serving.cursor()
    assert "predictions" in invoke(serving)
    serving.await_journal("sagegate", "action=sagemaker:InvokeEndpoint", before)
    (line,) = serving.run("journalctl -o json SAGEGATE_ACTION=sagemaker:InvokeEndpoint "
                          "MESSAGE_ID=5f3c0a7e9b1d4c66a2d8e1f04b7a9c35").splitlines()
    entry = json.loads(line)
    assert entry["PRIORITY"] == "6" and entry["_SYSTEMD_UNIT"] == "sagegate.service"
    assert entry["SAGEGATE_RESOURCE"] == "arn:aws:sagemaker:us-west-2:123456789012:endpoint/myEndpoint"
    assert entry["SAGEGATE_DECISION"] == "allowed" and entry["SAGEGATE_STATUS"] == "200"
    assert entry["SYSLOG_IDENTIFIER"] == "sagegate"
    assert entry["MESSAGE"].startswith("request listener=main method=POST")


def test_user_and_rooms(serving):
    """The daemon is not root, and cannot see what is not its own."""
    pid = serving.show("sagegate", "MainPID")
    status = dict(line.split(":\t", 1) for line in serving.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    assert status["Uid"].split()[0] != "0"
    assert int(status["CapEff"], 16) == 0 and int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert int(status["Seccomp_filters"]) > 1  # the unit's and the daemon's own
    assert "sandbox: no new privileges, no capabilities, not dumpable, seccomp, " in serving.run("journalctl -u sagegate -o cat")
    serving.run("mkdir -p /home/app /srv/app; echo secret > /home/app/secret; echo secret > /srv/app/secret; "
                "chmod 644 /home/app/secret")
    inside = f"nsenter -t {pid} -m -S $(id -u sagegate) -G $(id -g sagegate) --"
    assert serving.run(f"{inside} cat /home/app/secret", check=False).returncode != 0
    assert serving.run(f"{inside} sh -c 'echo x > /etc/sagegate/policy.json'", check=False).returncode != 0
    assert serving.run(f"{inside} sh -c 'echo x > /srv/app/secret'", check=False).returncode != 0
    assert serving.run(f"{inside} cat /etc/shadow", check=False).returncode != 0


def test_exposure(serving):
    """`systemd-analyze security` judges the unit; 1.5 is the most that is allowed."""
    report = serving.run("systemd-analyze security --no-pager sagegate.service")
    exposure = float(report.split("Overall exposure level for sagegate.service: ")[1].split()[0])
    print(f"exposure level {exposure}", file=sys.stderr)
    assert exposure <= 1.5, report


def test_it_is_started_again(serving):
    """What kills the daemon does not end the service."""
    pid = serving.show("sagegate", "MainPID")
    before = serving.cursor()
    serving.run(f"kill -KILL {pid}")
    serving.await_journal("sagegate", "^Started sagegate", before)
    assert serving.show("sagegate", "NRestarts") == "1"
    assert "predictions" in invoke(serving)
