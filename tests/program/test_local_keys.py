"""Applications that prove who they are by a key of sagegate's own: checked, replaced by the real one, and never passed on."""
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gate import ENDPOINT, SAGEGATE, DidNotStart, free_port

KEY, SECRET = "SGAKLOCALKEY00001", "local-secret-0123456789"
INVOKE = "/endpoints/%s/invocations"


def only(name):
    return {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:*", "Resource": ENDPOINT + name}]}


@pytest.fixture
def gate(start_gate, tmp_path):
    """A listener whose own policy allows one endpoint, and its client's another."""
    (tmp_path / "secret").write_text(SECRET + "\n")
    os.chmod(tmp_path / "secret", 0o600)
    (tmp_path / "client.json").write_text(json.dumps(only("theirs")))
    return start_gate(policy=only("open"), listener={"clients": [
        {"name": "app", "access_key_id": KEY, "secret_file": str(tmp_path / "secret"), "policy": str(tmp_path / "client.json")},
    ]})


def runtime(gate, key=KEY, secret=SECRET):
    return boto3.client("sagemaker-runtime", endpoint_url=gate.url, region_name="eu-north-1", aws_access_key_id=key,
                        aws_secret_access_key=secret, config=botocore.config.Config(retries={"max_attempts": 0}, proxies={}))


def signed(gate, name="theirs", body=b"{}", secret=SECRET, headers=(), query=""):
    """The head's fields of a signed request, to be changed at will."""
    request = AWSRequest("POST", gate.url + INVOKE % name + query, dict(headers), body)
    SigV4Auth(Credentials(KEY, secret), "sagemaker", "eu-north-1").add_auth(request)
    return {"Host": f"127.0.0.1:{gate.port}", "Content-Length": str(len(body)), **dict(request.headers.items())}


def send(gate, fields, name="theirs", body=b"{}", query="", method="POST"):
    lines = "".join(f"{key}: {value}\r\n" for key, value in (fields.items() if isinstance(fields, dict) else fields))
    with gate.connect() as wire:
        wire.send(f"{method} {INVOKE % name}{query} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        status, headers, answer = wire.read_answer()
        return status, headers.get("x-amzn-errortype"), answer.decode()


def test_an_sdk_with_a_local_key(gate, endpoint):
    assert json.loads(runtime(gate).invoke_endpoint(EndpointName="theirs", Body=b"{}")["Body"].read())["predictions"]
    (request,) = endpoint.requests
    assert request.fault is None and KEY not in request.header("authorization")
    gate.await_log("listener=main/app")
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        runtime(gate).invoke_endpoint(EndpointName="open", Body=b"{}")
    runtime(gate).invoke_endpoint(EndpointName="theirs", Body=b"x" * 3_000_000, ContentType="application/octet-stream")
    assert [request.fault for request in endpoint.requests] == [None] * 2


def test_reload_reads_its_files_again(gate, endpoint, tmp_path):
    """They lie in a folder that nothing else of the configuration names: the sandbox must leave them readable."""
    (tmp_path / "client.json").write_text(json.dumps(only("open")))
    (tmp_path / "secret").write_text("another-" + SECRET)
    gate.reload()
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        runtime(gate, secret="another-" + SECRET).invoke_endpoint(EndpointName="theirs", Body=b"{}")
    runtime(gate, secret="another-" + SECRET).invoke_endpoint(EndpointName="open", Body=b"{}")
    assert len(endpoint.requests) == 1


def test_others_are_served_by_the_listeners_rules(gate, endpoint):
    assert gate.ask("POST", INVOKE % "open")[0] == 200
    assert gate.ask("POST", INVOKE % "theirs")[0] == 403
    runtime(gate, key="unknown").invoke_endpoint(EndpointName="open", Body=b"{}")
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        runtime(gate, key="unknown").invoke_endpoint(EndpointName="theirs", Body=b"{}")
    assert len(endpoint.requests) == 2


def test_a_wrong_secret(gate, endpoint):
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidSignature"):
        runtime(gate, secret=SECRET + "x").invoke_endpoint(EndpointName="theirs", Body=b"{}")
    assert endpoint.requests == []


def test_what_is_signed_is_what_is_checked(gate, endpoint):
    good = signed(gate, headers=[("X-Amzn-SageMaker-Target-Model", "a")], query="?a=1&b=2")
    assert send(gate, good, query="?a=1&b=2")[0] == 200
    assert len(endpoint.requests) == 1
    bad = [
        (good, {"body": b"[]"}), (good, {"query": "?a=1&b=3"}), (good, {"query": ""}), (good, {"query": "?a=1&b=2", "name": "their2"}),
        ({**good, "X-Amzn-SageMaker-Target-Model": "b"}, {}), ({**good, "X-Amzn-SageMaker-Target-Variant": "unsigned"}, {}),
        ({**good, "X-Amz-Security-Token": "unsigned"}, {}), ({**good, "Host": "localhost"}, {}),
        ({**good, "Authorization": good["Authorization"][:-1] + ("0" if good["Authorization"][-1] != "0" else "1")}, {}),
        ({**good, "Authorization": good["Authorization"].replace("host;", "")}, {}),
        ({**good, "Authorization": good["Authorization"].replace("eu-north-1", "us-west-2")}, {}),
        ({**good, "Authorization": good["Authorization"].replace("/sagemaker/", "/s3/")}, {}),
        ({key: value for key, value in good.items() if key != "X-Amz-Date"}, {}),
        ([*good.items(), ("X-Amz-Date", good["X-Amz-Date"])], {}),
        ([*good.items(), ("X-Amzn-SageMaker-Target-Model", "b")], {}),
    ]
    for fields, change in bad:
        status, error, text = send(gate, fields, **{"query": "?a=1&b=2", **change})
        assert status in (400, 403) and error != "AccessDeniedException" or "their2" in str(change), (fields, change, text)
        assert status != 200
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("minutes,status", [(-6, 403), (-4, 200), (4, 200), (6, 403)])
def test_the_date(gate, monkeypatch, minutes, status):
    now = datetime.datetime.utcnow() + datetime.timedelta(minutes=minutes)

    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return now

    monkeypatch.setattr(botocore.auth.datetime, "datetime", Clock)
    answer = send(gate, signed(gate))
    assert answer[0] == status
    assert status == 200 or "5 minutes" in answer[2]


def test_a_declared_hash_of_another_body(gate, endpoint):
    fields = signed(gate, headers=[("X-Amz-Content-SHA256", hashlib.sha256(b"other").hexdigest())])
    assert send(gate, fields)[0] in (400, 403)
    assert endpoint.requests == []


def test_keys_are_made_and_vended(start_gate, endpoint, tmp_path):
    made = subprocess.run([SAGEGATE, "keys", "new", "app", "-d", str(tmp_path)], capture_output=True, text=True, check=True)
    file = tmp_path / "app.secret"
    assert os.stat(file).st_mode & 0o777 == 0o600
    key = made.stdout.split("access_key_id: ")[1].split(",")[0]
    again = subprocess.run([SAGEGATE, "keys", "new", "app", "-d", str(tmp_path)], capture_output=True, text=True)
    assert again.returncode == 1 and "File exists" in again.stderr
    (tmp_path / "client.json").write_text(json.dumps(only("theirs")))
    gate = start_gate(policy=only("open"), listener={"clients": [
        {"name": "app", "access_key_id": key, "secret_file": str(file), "policy": str(tmp_path / "client.json")}]})
    (tmp_path / "config").write_text(f"[default]\nregion = us-west-2\ncredential_process = {SAGEGATE} keys vend {key} {file}\n")
    answer = subprocess.run(["/usr/bin/aws", "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", "theirs", "--body", "e30=",
                             "--endpoint-url", gate.url, str(tmp_path / "out")], capture_output=True, text=True, timeout=60,
                            env={"AWS_CONFIG_FILE": str(tmp_path / "config"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
                                 "AWS_EC2_METADATA_DISABLED": "true"})
    assert answer.returncode == 0, answer.stderr
    assert [request.fault for request in endpoint.requests] == [None]


OTHER, STRANGER = 54321, 54322


@pytest.fixture
def vending(start_gate, endpoint, tmp_path):
    """A function that starts sagegate with a client whose key is for these users, and returns what asks for it as a user."""
    (tmp_path / "secret").write_text(SECRET)
    os.chmod(tmp_path / "secret", 0o600)
    public = Path(tempfile.mkdtemp(prefix="sg"))
    public.chmod(0o755)

    def start(*users):
        client = {"name": "app", "access_key_id": KEY, "secret_file": str(tmp_path / "secret"), "policy": "policy.json"}
        (public / "s").unlink(missing_ok=True)
        gate = start_gate(listeners=[
            {"name": "main", "address": f"127.0.0.1:{free_port()}", "policy": "policy.json", "clients": [{**client, "vend_to": users}]},
            {"name": "local", "address": f"unix:{public}/s", "permissions": "0666", "policy": "policy.json"}],
            admin={"address": f"unix:{public}/a"})
        program = shutil.copy(SAGEGATE, public / "sagegate")

        def vend(name="app", user=None):
            return subprocess.run([program, "keys", "vend", name, "-s", f"{public}/s"], user=user, capture_output=True, text=True,
                                  timeout=60)
        return gate, vend

    yield start
    shutil.rmtree(public)


def test_the_daemon_vends_a_key_to_its_user(vending, endpoint, tmp_path):
    gate, vend = vending(os.geteuid())
    for name in ("app", "main/app"):
        answer = vend(name)
        assert json.loads(answer.stdout) == {"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET}, answer.stderr
    gate.await_log("decision=vended")
    status = subprocess.run([SAGEGATE, "status", "-a", f"unix:{Path(gate.unix_path).parent}/a"], capture_output=True, text=True, timeout=60)
    assert re.search(r"2  2xx  vended  no known operation on local", status.stdout), status.stdout
    assert f"uid={os.geteuid()} " in gate.log and SECRET not in gate.log
    assert vend("other").returncode == 1 and "no client of that name" in vend("other").stderr
    assert vend("a?b").returncode == 2
    (tmp_path / "config").write_text(
        f"[default]\nregion = us-west-2\ncredential_process = {SAGEGATE} keys vend app -s {gate.unix_path}\n")
    answer = subprocess.run(["/usr/bin/aws", "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", "theirs", "--body", "e30=",
                             "--endpoint-url", gate.url, str(tmp_path / "out")], capture_output=True, text=True, timeout=60,
                            env={"AWS_CONFIG_FILE": str(tmp_path / "config"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
                                 "AWS_EC2_METADATA_DISABLED": "true"})
    assert answer.returncode == 0, answer.stderr
    gate.await_log("listener=main/app")
    assert [request.fault for request in endpoint.requests] == [None]


def test_a_key_is_not_vended_where_nobody_knows_who_asks(vending, endpoint):
    gate, _ = vending(os.geteuid())
    assert gate.ask("GET", "/.sagegate/keys/app")[0] == 403
    for method, path in (("POST", "/.sagegate/keys/app"), ("GET", "/.sagegate/"), ("GET", "/.sagegate/keysapp")):
        with gate.connect_unix() as wire:
            status, headers, body = wire.ask(method, path)
            assert (status, headers["connection"]) == (400, "close") and SECRET.encode() not in body
    assert endpoint.requests == []


@pytest.mark.parametrize("field", ["Host: evil.example", "Host: localhost\r\nX-Forwarded-For: 192.0.2.1", "Host: localhost\r\nOrigin: http://a",
                                   "Host: localhost\r\nSec-Fetch-Site: none"])
def test_a_key_is_not_vended_through_a_server_or_a_page(vending, field):
    """A server of that user's that passes requests on is not that user."""
    gate, _ = vending(os.geteuid())
    with gate.connect_unix() as wire:
        wire.send(f"GET /.sagegate/keys/app HTTP/1.1\r\n{field}\r\n\r\n".encode())
        status, headers, body = wire.read_answer()
    assert (status, headers["connection"]) == (403, "close") and SECRET.encode() not in body
    assert b"skip_checks" in body or b"hosts" in body


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_key_is_vended_to_nobody_else(vending):
    _, vend = vending(OTHER)
    assert json.loads(vend(user=OTHER).stdout)["SecretAccessKey"] == SECRET
    for user in (STRANGER, 0):
        answer = vend(user=user)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert f"uid {user} " in answer.stderr


def test_vending_takes_a_unix_socket(start_gate, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    client = {"name": "app", "access_key_id": KEY, "secret_file": str(tmp_path / "secret"), "policy": "policy.json", "vend_to": [1]}
    with pytest.raises(DidNotStart, match=r"sagegate.yaml:1:\d+: error: vend_to takes a listener on a Unix socket"):
        start_gate(listeners=[{"name": "main", "address": f"127.0.0.1:{free_port()}", "policy": "policy.json", "clients": [client]}])


@pytest.mark.parametrize("keys", [["new"], ["new", "a/b"], ["new", ""], ["vend"], ["vend", "a b"], ["vend", "a b", "/dev/null"], ["sell", "x"]])
def test_keys_with_wrong_arguments(keys, tmp_path):
    answer = subprocess.run([SAGEGATE, "keys", *keys], capture_output=True, text=True, cwd=tmp_path)
    assert answer.returncode == 2 and answer.stderr


@pytest.mark.parametrize("change,said", [({"secret_file": "/nonexistent"}, "nonexistent"), ({"policy": "none.json"}, "none.json"),
                                         ({"identity": "nobody"}, "nobody"), ({"access_key_id": "a b"}, "access_key_id")])
def test_clients_that_are_wrong(start_gate, tmp_path, change, said):
    (tmp_path / "secret").write_text(SECRET)
    client = {"name": "app", "access_key_id": KEY, "secret_file": str(tmp_path / "secret"), "policy": "policy.json", **change}
    with pytest.raises(DidNotStart, match=said):
        start_gate(listener={"clients": [client]})


def test_two_clients_with_one_key(start_gate, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    client = {"name": "app", "access_key_id": KEY, "secret_file": str(tmp_path / "secret"), "policy": "policy.json"}
    with pytest.raises(DidNotStart, match="an earlier client has this access_key_id"):
        start_gate(listener={"clients": [client] * 2})
