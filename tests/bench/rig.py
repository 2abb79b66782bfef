"""What the benchmark and the instruction count share: the upstream, sagegate with signing, policy and access log on."""
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in ("standin", "program"):
    sys.path.insert(0, str(HERE.parent / folder))
import certificates  # noqa: E402
from gate import Gate, free_port  # noqa: E402

BUILD = Path(os.environ.get("BENCH_BUILD", HERE.parents[1] / "build"))
# The bench is about one worker on one core; load and upstream get another, where there is one.
CORES = sorted(os.sched_getaffinity(0))
PROXY_CORE, LOAD_CORE = CORES[0], CORES[-1]
KEYS = {"AWS_ACCESS_KEY_ID": "ASIABENCHBENCHBENCH", "AWS_SECRET_ACCESS_KEY": "bench/secret+key/of/forty/characters/xx",
        "AWS_SESSION_TOKEN": "t" * 700, "AWS_EC2_METADATA_DISABLED": "true"}
ARN = "arn:aws:sagemaker:us-west-2:123456789012:"


def policy():
    """Twenty statements, of which the last allows what the benchmark asks for."""
    others = [{"Sid": f"Team{i}", "Effect": "Deny" if i % 4 == 0 else "Allow", "Principal": "*",
               "Action": ["sagemaker:InvokeEndpoint", "sagemaker:Describe*"],
               "Resource": [f"{ARN}endpoint/team{i}-*", f"{ARN}training-job/team{i}-*"]} for i in range(19)]
    return {"Version": "2012-10-17", "Statement": [*others, {
        "Sid": "Bench", "Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint*",
        "Resource": f"{ARN}endpoint/*"}]}


def pinned(core):
    return ["taskset", "-c", str(core)]


class Rig:
    """A folder with certificates and a running upstream."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="sagegate-bench-")))
        certificates.make(self.folder)
        self.upstream = self.start([*pinned(LOAD_CORE), BUILD / "tests/bench/upstream", self.folder / "server.pem",
                                    self.folder / "server.key"], stdout=subprocess.PIPE)
        self.upstream_port = int(self.upstream.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return self.stack.__exit__(*exception)

    def start(self, command, **how):
        process = subprocess.Popen([str(part) for part in command], **how)
        self.stack.callback(end, process)
        return process

    def start_sagegate(self, wrapper, name="gate", **settings):
        """(process, port), once it is ready."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "policy.json").write_text(json.dumps(policy()))
        config = {
            "region": "us-west-2", "account_id": "123456789012",
            "endpoints": {"runtime": {"url": f"https://localhost:{self.upstream_port}"}},
            "tls": {"ca_file": str(self.folder / "ca.pem")},
            "listeners": [{"name": "main", "address": f"127.0.0.1:{free_port()}", "policy": "policy.json"}],
            "limits": {"max_connections": 10000}, "workers": 1, **settings,
        }
        running = Gate(folder, config, KEYS, wrapper)
        self.stack.callback(end, running.process)
        self.stack.callback(running.notify.close)
        return running.process, running.port

    def load(self, port, *options):
        """Runs the load, and returns what it reports; no request may fail."""
        command = [*pinned(LOAD_CORE), BUILD / "tests/bench/load", "-p", port, *options]
        done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, check=True)
        report = json.loads(done.stdout)
        if report["failed"]:
            raise SystemExit(f"{report['failed']} requests of {command} failed")
        return report


def end(process):
    process.terminate()
    process.wait()
