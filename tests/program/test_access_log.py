"""The lines that requests leave in the log: what they took, where they went, why they were denied."""
import contextlib
import fcntl
import json
import os
import re
import resource
import shutil
import socket
import subprocess

import pytest
from conftest import KEYS
from gate import ENDPOINT, SANITIZED, SEED, DidNotStart, Signal, eventually, free_port, peak_memory, preloaded
from test_rotation import Issuer

INVOKE = "/endpoints/myEndpoint/invocations"
OCTETS = ("Content-Type", "application/octet-stream")
TRACES = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", "a=1,b=2"),
          ("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1")]
pytestmark = pytest.mark.one_worker  # others write their lines when they will
WAITS = ("receive_ms", "queue_ms", "credentials_ms", "connect_ms", "first_byte_ms")


def lines(gate, message="request"):
    """What else stands there are warnings of the configuration, before its log.format is known."""
    said = (json.loads(line) for line in gate.log.splitlines() if line.startswith("{"))
    return [line for line in said if line["message"] == message]


@pytest.fixture
def start_json(start_gate):
    """A function that starts a gate which logs JSON, and has its credentials."""
    def start(**settings):
        gate = start_gate(log={"level": "debug", "format": "json"}, **settings)
        gate.await_log("credentials found")
        return gate
    return start


def ended(gate, count):
    """The lines of this many requests."""
    gate.await_log('"message":"request"', count)
    return lines(gate)


def test_times_of_a_request(start_json, endpoint):
    """Each wait is told where there was one, and they are parts of the whole."""
    gate = start_json()
    arrived, go_on = Signal(), Signal()

    def hold(request, connection):
        arrived.set()
        go_on.wait()
        connection.answer(200, b"held")

    endpoint.handlers["myEndpoint"] = hold
    with gate.connect() as wire:
        wire.send(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab".encode())
        gate.ask("GET", "/ping")  # the daemon has had a turn
        wire.send(b"cd")
        arrived.wait()
        gate.ask("GET", "/ping")  # and one more, after it has sent
        go_on.set()
        assert wire.read_answer()[0] == 200
    line = ended(gate, 3)[2]
    assert line["receive_ms"] > 0 and line["connect_ms"] > 0 and line["first_byte_ms"] > 0
    assert not {"queue_ms", "credentials_ms"} & set(line)
    assert sum(line.get(wait, 0) for wait in WAITS) <= line["duration_ms"] + 0.01
    gate.ask("POST", INVOKE)
    again = ended(gate, 4)[3]
    assert not {"receive_ms", "queue_ms", "credentials_ms", "connect_ms"} & set(again), "at once, on a connection of the pool"
    assert [again[name] for name in ("status", "bytes_out")] == [200, 4] and "bytes_in" not in again


def test_time_in_the_queue(start_json):
    gate = start_json(limits={"max_body": "1MiB", "buffer_memory": "1MiB"})
    body = b"x" * 900_000
    request = f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with gate.connect() as first, gate.connect() as second:
        first.send(request + body[:1000])
        gate.ask("GET", "/ping")
        second.send(request + body[:1000])
        gate.ask("GET", "/ping")
        first.send(body[1000:])
        assert first.read_answer()[0] == 200
        second.send(body[1000:])
        assert second.read_answer()[0] == 200
    queued = [line.get("queue_ms", 0) > 0 for line in ended(gate, 4) if line["status"] == 200]
    assert queued == [False, True]


def test_refused_in_the_queue(start_json):
    """What it waited for in vain is told, and the rest of the body takes what it takes."""
    gate = start_json(limits={"max_body": "1MiB", "buffer_memory": "1MiB"}, timeouts={"client": "200ms"})
    body = b"x" * 900_000
    request = f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with gate.connect() as first, gate.connect() as second:
        first.send(request + body[:1000])
        gate.ask("GET", "/ping")
        second.send(request + body)
        while b"limits.buffer_memory" not in second.buffer:  # which the first one's silence must not end before
            first.send(b"x")
            second.sock.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                second.more()
        gate.await_log('"status":503')
    line = next(line for line in lines(gate) if line.get("status") == 503)
    assert 200 <= line["queue_ms"] <= line["duration_ms"] and line.get("receive_ms", 0) < line["duration_ms"]


def test_time_without_credentials(start_json, endpoint):
    """Rejected keys are bettered: the wait for it, and that the request was sent again."""
    issuer = Issuer(endpoint, 3600)
    gate = start_json(environment=issuer.imds.environment, credentials={"provider": "imds"})
    assert gate.ask("POST", INVOKE)[0] == 200
    endpoint.rejected = set(issuer.ends)
    assert gate.ask("POST", INVOKE)[0] == 200
    line = ended(gate, 2)[1]
    assert line["retried"] == "credentials" and line["credentials_ms"] > 0
    issuer.imds.close()


@pytest.mark.parametrize("target, version, headers", [
    ("/FeatureGroup/g?RecordIdentifierValueAsString=told", "HTTP/1.1", "X-Amz-Target: SageMaker.ListModels\r\n"),
    ("/FeatureGroup/g?RecordIdentifierValueAsString=a told", "HTTP/1.1", ""),
    ("/FeatureGroup/g?RecordIdentifierValueAsString=told", "HTTP/3.0", ""), ("/none?told=told", "HTTP/1.1", ""),
    ("/FeatureGroup/g?told=%zz", "HTTP/1.1", ""), ("/FeatureGroup/g?told#told", "HTTP/1.1", ""),
], ids=["target", "blank", "version", "path", "escape", "fragment"])
def test_a_refused_query_is_not_told(start_json, target, version, headers):
    gate = start_json()
    with gate.connect() as wire:
        wire.send(f"GET {target} {version}\r\nHost: localhost\r\n{headers}\r\n".encode())
        assert wire.read_answer()[0] in (400, 403, 505)
    [line] = ended(gate, 1)
    assert line["error"] and "told" not in gate.log


def test_traces_pass_untouched(start_json, endpoint):
    gate = start_json(policy=SEED)
    assert gate.ask("POST", INVOKE, b"{}", TRACES)[0] == 200
    assert gate.ask("POST", "/endpoints/other/invocations", b"{}", TRACES)[0] == 403
    sent = endpoint.requests[0]
    assert [(name, value) for name, value in sent.headers if (name, value) in TRACES] == TRACES
    signed = re.search("SignedHeaders=([^,]*)", sent.header("authorization"))[1].split(";")
    assert not {"traceparent", "tracestate", "x-amzn-trace-id"} & set(signed), "a later hop may add to them"
    for line in ended(gate, 2) + lines(gate, "denied"):
        assert line["traceparent"] == TRACES[0][1] and line["amzn_trace_id"] == TRACES[2][1]


@pytest.mark.parametrize("head, status", [(b"X-Own: " + b"s" * 300 + b"\r\n", 408), (b"X-Own: " + b"s" * 5000, 431)],
                         ids=["late", "large"])
def test_a_head_that_was_not_read_has_no_traces(start_json, head, status):
    """None of the request before it on the same memory, nor what lies there now."""
    gate = start_json(timeouts={"head": "500ms"}, limits={"max_head": "4KiB"})
    assert gate.ask("POST", INVOKE, b"{}", TRACES)[0] == 200
    with gate.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\n" + head)
        assert wire.read_answer()[0] == status
    assert not {"traceparent", "amzn_trace_id"} & set(ended(gate, 2)[1])


CONDITIONS = {"Statement": [
    {"Sid": "Batch", "Effect": "Allow", "Principal": "*", "Action": "sagemaker:CreateTransformJob", "Resource": "*",
     "Condition": {"StringEquals": {"aws:RequestTag/team": "red", "aws:SourceVpce": "vpce-1"},
                   "Null": {"sagemaker:VolumeKmsKey": "false"},
                   "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}},
    {"Effect": "Deny", "Principal": "*", "Action": "sagemaker:InvokeEndpoint", "Resource": ENDPOINT + "secret-*"}]}
TAGS = [{"Key": "team", "Value": 'bl"ü"e'}, {"Key": "x", "Value": ""}]


def create_transform_job(gate):
    body = {"TransformJobName": "j", "ModelName": "m", "Tags": TAGS, "TransformInput": {}, "TransformOutput": {},
            "TransformResources": {}}
    return gate.ask("POST", "/", json.dumps(body).encode(), [("Content-Type", "application/x-amz-json-1.1"),
                                                             ("X-Amz-Target", "SageMaker.CreateTransformJob")])


@pytest.mark.parametrize("mode", ("enforce", "audit"))
def test_what_a_denial_tells(start_json, mode):
    """All that who writes the missing statement needs; with mode: audit, too."""
    gate = start_json(policy=CONDITIONS, listener={"mode": mode},
                      credentials={"principal_arn": "arn:aws:iam::123456789012:user/u"})
    create_transform_job(gate)
    gate.ask("POST", "/endpoints/secret-1/invocations", b"{}")
    ended(gate, 2)
    first, second = eventually(lambda: len(lines(gate, "denied")) == 2 and lines(gate, "denied"))
    assert first["action"] == "sagemaker:CreateTransformJob" and first["decision"] == "implicit_deny"
    assert first["resource"] == "arn:aws:sagemaker:us-west-2:123456789012:transform-job/j"
    assert first["context"] == {"aws:RequestTag/team": 'bl"\u00c3\u00bc"e', "aws:TagKeys": ["team", "x"],
                                "sagemaker:VolumeKmsKey": None}, "byte by byte, as everywhere in the log"
    assert first["unknown_keys"] == "aws:SourceVpce"
    assert {line["principal"] for line in (first, second)} == {"arn:aws:iam::123456789012:user/u"}
    assert first["listener"] == "main" and first["policy"].endswith("/policy.json") and "statement" not in first
    assert second["decision"] == "explicit_deny" and second["resource"] == ENDPOINT + "secret-1"
    assert [second[name] for name in ("statement", "line", "column")] == [2, 1, json.dumps(CONDITIONS).index('{"Effect": "Deny"') + 1]
    assert second["context"] == {"aws:RequestTag/team": None, "aws:TagKeys": None, "sagemaker:VolumeKmsKey": None}
    assert [line.get("audit") for line in (first, second)] == ["would_deny" if mode == "audit" else None] * 2
    for request, denied in zip(lines(gate), (first, second)):
        assert {denied[name] == request[name] for name in ("action", "resource", "decision", "request_id")} == {True}


@pytest.mark.skipif(SANITIZED, reason="sanitizers keep memory that is given back")
def test_a_denial_of_much_keeps_little(start_json):
    """What is noted of a request that was denied stays with its exchange: no more than a line can tell."""
    gate = start_json(policy=CONDITIONS)
    body = json.dumps({"ModelName": "m", "Tags": [{"Key": "team", "Value": "v" * 2_000_000}]}).encode()
    headers = [("X-Amz-Target", "SageMaker.CreateModel"), ("Content-Type", "application/x-amz-json-1.1")]
    with contextlib.ExitStack() as stack:
        def deny():
            """On a connection whose next request has begun, so that it keeps its exchange."""
            wire = stack.enter_context(gate.connect())
            assert wire.ask("POST", "/", body, headers)[0] == 403
            wire.send(b"P")

        deny()
        before = peak_memory(gate.process.pid)
        for _ in range(20):
            deny()
        assert peak_memory(gate.process.pid) - before < 10_000_000


def test_a_denial_in_text(start_gate):
    gate = start_gate(policy=CONDITIONS)
    create_transform_job(gate)
    gate.await_log(" warn: denied ")
    line = next(line for line in gate.log.splitlines() if " warn: denied " in line)
    context = json.loads(json.loads(re.search(r' context=("(?:[^"\\]|\\.)*")', line)[1]))
    assert context["aws:RequestTag/team"] == 'bl"\u00c3\u00bc"e'
    assert ' unknown_keys=aws:SourceVpce ' in line


def test_several_resources_and_none(start_json):
    gate = start_json()
    groups = [{"FeatureGroupName": name, "RecordIdentifiersValueAsString": ["1"]} for name in ("a", "b")]
    gate.ask("POST", "/BatchGetRecord", json.dumps({"Identifiers": groups}).encode())
    gate.ask("POST", "/", b"{}", [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "SageMaker.ListModels")])
    several, none = ended(gate, 2)
    assert several["resource"] == " ".join(f"arn:aws:sagemaker:us-west-2:123456789012:feature-group/{name}" for name in "ab")
    assert none["resource"] == "*" and lines(gate, "denied") == []


# Where it goes, and how much of it.


def entries(path, message="request"):
    said = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in said if line["message"] == message]


def test_a_sample_of_what_is_usual(start_gate, endpoint):
    """One in ten of what went well; all that did not."""
    def fail(request, connection):
        connection.answer_json(500, {})

    endpoint.handlers["failing"] = fail
    gate = start_gate(policy={"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*",
                                             "Resource": [ENDPOINT + "myEndpoint", ENDPOINT + "failing"]}]},
                      log={"format": "json", "sample": 10})
    for _ in range(25):
        assert gate.ask("POST", INVOKE)[0] == 200
    for _ in range(3):
        assert gate.ask("POST", "/endpoints/other/invocations")[0] == 403
        assert gate.ask("POST", "/endpoints/failing/invocations")[0] == 500
        assert gate.ask("GET", "/nothing")[0] == 403
    gate.stop()
    kept = [(line["status"], line.get("sample")) for line in lines(gate)]
    assert kept == [(200, 10)] * 3 + [(403, None), (500, None), (403, None)] * 3
    assert len(lines(gate, "denied")) == 3


@pytest.mark.parametrize("sandbox", ("on", "off"))
def test_a_file_that_is_moved_away(start_gate, tmp_path, sandbox):
    """As logrotate does it: moved, then SIGHUP; no line is lost or in both, whatever becomes of the configuration."""
    folder = tmp_path / "log"
    folder.mkdir()
    path = folder / "access.log"
    gate = start_gate(log={"format": "json", "file": str(path)}, sandbox=sandbox)
    eventually(lambda: "sandbox: " in path.read_text())
    assert "sandbox: " not in gate.log
    gate.ask("POST", INVOKE)
    eventually(lambda: len(entries(path)) == 1)
    path.rename(folder / "access.log.1")
    gate.ask("POST", INVOKE)
    eventually(lambda: len(entries(folder / "access.log.1")) == 2)
    gate.reload(dns={"no": "such key"})  # which is not put in force
    gate.ask("POST", INVOKE)
    eventually(lambda: len(entries(path)) == 1)
    assert path.stat().st_mode & 0o777 & ~0o640 == 0
    gate.config.pop("dns")
    gate.reload(log={"format": "json", "file": str(folder / "other.log")})
    gate.ask("POST", INVOKE)
    eventually(lambda: len(entries(folder / "other.log")) == 1)
    gate.reload(log={"format": "json"})
    gate.ask("POST", INVOKE)
    gate.await_log('"message":"request"')
    assert [len(entries(folder / name)) for name in ("access.log.1", "access.log", "other.log")] == [2, 1, 1]


def test_a_file_that_cannot_be(start_gate, tmp_path):
    """In a reload nothing changes; at start it is told on standard error."""
    why = "log.file: /no/such/folder/log: No such file or directory"
    gate = start_gate()
    gate.reload(log={"file": "/no/such/folder/log"})
    gate.await_log("is not in force: " + why)
    assert gate.ask("POST", INVOKE)[0] == 200
    with pytest.raises(DidNotStart, match="error: " + why):
        start_gate(log={"file": "/no/such/folder/log"})


def invoke_many(gate, count):
    with gate.connect() as wire:
        for _ in range(count):
            assert wire.ask("POST", INVOKE, b"{}")[0] == 200


def test_a_full_disk(start_gate):
    """Requests go on, and the lines that are lost are counted."""
    gate = start_gate(log={"file": "/dev/full"}, admin={"address": f"127.0.0.1:{free_port()}"})
    before = gate.number("sagegate_log_lines_dropped_total")
    invoke_many(gate, 50)
    gate.await_rest()
    assert gate.number("sagegate_log_lines_dropped_total") == before + 50


def test_a_disk_that_was_full(start_gate, tmp_path):
    """What is written when there is room again is whole lines."""
    path = tmp_path / "log"
    gate = start_gate(log={"format": "json", "file": str(path)},
                      wrapper=["/bin/bash", "-c", 'trap "" XFSZ; ulimit -S -f 8; exec "$@"', "bash"])
    while path.stat().st_size < 8 * 1024:
        invoke_many(gate, 1)
    invoke_many(gate, 3)
    resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    invoke_many(gate, 3)
    gate.stop()
    said = path.read_text().splitlines()
    # The last request's may come after that of the end: they are of two threads.
    assert sorted(json.loads(line)["message"] for line in said[-4:]) == ["Terminated: finishing running requests"] + ["request"] * 3
    assert len([line for line in said if not line.endswith("}")]) == 1, "the line that the disk had no room for"


@pytest.mark.skipif(SANITIZED, reason="a sanitizer must be loaded before anything else")
@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")
def test_a_disk_that_hangs(start_gate, tmp_path):
    """Requests go on; of their lines there are as many as the pipe takes, and all that come later."""
    path = tmp_path / "log"
    admin = {"address": f"127.0.0.1:{free_port()}"}
    with preloaded("hanging_disk", tmp_path) as (environment, page):
        gate = start_gate(log={"file": str(path)}, environment={**KEYS, **environment}, sandbox="off", admin=admin)
        invoke_many(gate, 1)
        eventually(lambda: "action=" in path.read_text())
        page[0] = 1
        size = path.stat().st_size
        with gate.connect() as wire:  # lines of 3 KiB
            for _ in range(1024 * 1024 // 3072 + 50):
                assert wire.ask("GET", "/" + "x" * 3072)[0] == 403
        eventually(lambda: gate.number("sagegate_log_lines_dropped_total") > 0)
        assert path.stat().st_size == size
        page[0] = 0
        eventually(lambda: path.stat().st_size > 512 * 1024)
        invoke_many(gate, 1)
        gate.stop()
    said = path.read_text()
    assert said.count("Terminated: finishing running requests\n") == 1 and said.endswith("\n")
    assert all(line[0] == "2" for line in said.splitlines())


def test_nobody_reads_the_log(start_gate, tmp_path):
    """A pipe that is full holds nobody up."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    gate = start_gate(wrapper=["/bin/bash", "-c", f'exec "$@" 2>&{writing}', "bash"], pass_fds=[writing],
                      admin={"address": f"127.0.0.1:{free_port()}"})
    invoke_many(gate, 100)
    gate.await_rest()
    lost = gate.number("sagegate_log_lines_dropped_total")
    assert 80 < lost <= 120
    gate.stop()
    os.close(writing)
    with open(reading, encoding="ascii") as pipe:
        assert all(line.endswith("\n") and line[0] == "2" for line in pipe)


MOUNT = """mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind "$0" /run/systemd/journal &&
JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@" """


def test_the_journal(start_gate, tmp_path):
    """As systemd-journald gets it, whose place this takes: a field for each value, an id for each kind of line."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounts of one's own are for root")
    folder = tmp_path / "journal"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(folder / "socket"))
        journal.settimeout(30)
        gate = start_gate(policy=CONDITIONS, wrapper=["unshare", "--mount", "/bin/sh", "-c", MOUNT, str(folder)])

        def entry(message_id):
            """The next one with this id."""
            while True:
                fields = dict(line.split("=", 1) for line in journal.recv(65536).decode().splitlines())
                if fields.get("MESSAGE_ID") == message_id:
                    return fields

        create_transform_job(gate)
        request = entry("5f3c0a7e9b1d4c66a2d8e1f04b7a9c35")
        denied = entry("c4b1f6d27e5a4f1b9d0832a6e17c5f98")
        assert gate.log.count("SAGEGATE") == gate.log.count("request") == 0
        gate.ask("GET", "/" + "x" * 5000)
        long = entry("5f3c0a7e9b1d4c66a2d8e1f04b7a9c35")
    assert request["SYSLOG_IDENTIFIER"] == "sagegate" and request["PRIORITY"] == "4" and request["SAGEGATE_STATUS"] == "403"
    assert request["MESSAGE"].startswith("request listener=main method=POST path=/ action=sagemaker:CreateTransformJob ")
    assert json.loads(denied["SAGEGATE_CONTEXT"])["aws:TagKeys"] == ["team", "x"]
    assert {name.removeprefix("SAGEGATE_").lower() for name in denied if name.startswith("SAGEGATE_")} == {
        "listener", "action", "resource", "context", "unknown_keys", "decision", "policy", "request_id"}
    assert long["SAGEGATE_CUT"] == "true" and "SAGEGATE_PATH" not in long and long["SAGEGATE_STATUS"] == "403"
