"""sagegate doctor: every line green on a way that works, and for each thing that is wrong a red line that mends it."""
import json
import os
import pathlib
import pty
import subprocess

import certificates
import pytest
import signature
import standin
from conftest import KEYS
from ec2 import FULL_ACCESS, Ec2
from gate import ALLOW_ALL, SAGEGATE, free_port
from imds import Imds
from zones import HOST, BlackHole, Resetter, Zones


@pytest.fixture
def zones(authority):
    one = Zones(authority, 1)
    yield one
    one.close()


class Doctor:
    """Runs the command on a configuration that `settings` change."""

    def __init__(self, folder, zones):
        self.folder, self.zones, self.environment = folder, zones, dict(KEYS)
        self.policy = ALLOW_ALL
        self.config = {
            "region": "us-west-2", "account_id": "123456789012", **zones.settings(),
            "tls": {"ca_file": zones.stand_ins[0].ca_file}, "timeouts": {"connect": "1s"},
            "listeners": [{"name": "main", "address": f"127.0.0.1:{free_port()}", "policy": "policy.json"}]}

    def command(self):
        (self.folder / "policy.json").write_text(json.dumps(self.policy))
        (self.folder / "sagegate.yaml").write_text(json.dumps(self.config))
        return [SAGEGATE, "doctor", "-c", str(self.folder / "sagegate.yaml")]

    def __call__(self, *options, expect):
        answer = subprocess.run([*self.command(), *options], env={"PATH": os.environ["PATH"], **self.environment},
                                capture_output=True, text=True, timeout=60)
        assert answer.returncode == expect, answer.stdout + answer.stderr
        return answer.stdout

    def steps(self, expect):
        told = json.loads(self("--json", expect=expect))
        assert told["good"] is (expect == 0)
        return told["steps"]

    def red(self):
        """The one step that failed."""
        red = [step for step in self.steps(expect=1) if step["good"] is False]
        assert len(red) == 1, red
        return red[0]


@pytest.fixture
def doctor(tmp_path, zones):
    return Doctor(tmp_path, zones)


def assert_red(found, step, text, remedy, service="runtime"):
    assert (found["step"], found["service"]) == (step, service)
    assert text in found["text"]
    assert remedy in found["remedy"]


def test_all_is_well(doctor, zones):
    told = doctor(expect=0)
    steps = ["configuration", "policy", "credentials", "identity", "runtime: DNS", "runtime: private", "runtime: TCP",
             "runtime: TLS", "runtime: clock", "runtime: signed call"]
    lines = told.splitlines()
    assert len(lines) == len(steps) + 2
    for line, step in zip(lines, steps):
        assert line.startswith("-   " if step == "identity" else "ok  "), line
        assert step in line
    assert lines[-1] == "All is well."
    assert [request.fault for request in zones.requests] == [None]
    assert "\033" not in told


def test_colour_on_a_terminal_only(doctor):
    terminal, end = pty.openpty()
    process = subprocess.Popen(doctor.command(), env={"PATH": os.environ["PATH"], **doctor.environment}, stdout=end)
    os.close(end)
    told = b""
    try:
        while data := os.read(terminal, 4096):
            told += data
    except OSError:
        pass  # how a terminal tells that the other end is closed
    os.close(terminal)
    assert process.wait(60) == 0
    assert b"\033[32mok  \033[0m" in told


def test_json(doctor):
    steps = doctor.steps(expect=0)
    assert steps[0]["step"] == "configuration"
    assert all(set(step) == {"service", "identity", "step", "good", "text", "remedy"} for step in steps)
    assert [step["remedy"] for step in steps] == [None] * len(steps)


def test_configuration(doctor):
    doctor.config["limits"] = {"max_bdy": 1}
    found = doctor.red()
    assert_red(found, "configuration", "unknown key 'max_bdy' in limits; did you mean 'max_body'?", "correct it there", None)
    assert "sagegate.yaml:1:" in found["text"]


def test_no_configuration(doctor):
    doctor.command()
    answer = subprocess.run([SAGEGATE, "doctor", "-c", "/nonexistent"], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 1
    assert answer.stdout.startswith("FAIL")


def test_region(doctor):
    del doctor.config["region"]
    assert_red(doctor.red(), "region", "AWS_EC2_METADATA_DISABLED is true", "set region in the configuration, or AWS_REGION",
               None)


@pytest.fixture
def imds(doctor):
    double = Imds()
    doctor.environment.update({**double.environment, "AWS_EC2_METADATA_DISABLED": "false"})
    yield double
    double.close()


def test_region_of_the_instance_that_is_none(doctor, imds):
    del doctor.config["region"]
    imds.region = "nowhere"
    assert_red(doctor.red(), "region", "'nowhere' is not the name of a region", "set region in the configuration", None)


def test_certificates_that_cannot_be_read(doctor, tmp_path):
    doctor.config["tls"]["ca_file"] = str(tmp_path / "policy.json")
    assert_red(doctor.red(), "configuration", f"{tmp_path}/policy.json", "correct it there", None)


def test_credentials_that_have_expired(doctor, imds, zones):
    """The service still takes them, as it may for a while: that does not make them good."""
    del doctor.environment["AWS_ACCESS_KEY_ID"]
    imds.give("ASIAINSTANCE", "secret", "token", life=-60)
    zones.stand_ins[0].keys["ASIAINSTANCE"] = ("secret", "token")
    assert_red(doctor.red(), "credentials", "those from imds have expired, at 20", "see why their source has no newer ones", None)


def test_policy_of_another_account(doctor):
    doctor.policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint",
                                    "Resource": "arn:aws:sagemaker:us-west-2:999999999999:endpoint/e"}]}
    assert_red(doctor.red(), "policy", "is of another account than the configuration's, and so are all resources",
               "correct the resources, or region and account_id", None)


def test_policy_of_another_region(doctor):
    doctor.policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint",
                                    "Resource": "arn:aws:sagemaker:us-east-1:*:endpoint/e"}]}
    assert_red(doctor.red(), "policy", "is of another region than the configuration's", "correct the resources", None)


def test_policy_that_serves_several_regions(doctor):
    doctor.policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint", "Resource": [
        f"arn:aws:sagemaker:{region}:123456789012:endpoint/e" for region in ("us-east-1", "us-west-2")]}]}
    told, = [step for step in doctor.steps(expect=0) if step["step"] == "policy"]
    assert "1 of its resources are of another region or account" in told["text"]


def test_policy_that_allows_nothing(doctor):
    doctor.policy = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
    assert_red(doctor.red(), "policy", "allows nothing: every request on listener main", "allow the actions", None)


def test_policy_of_a_client(doctor, tmp_path):
    """Which counts for it in place of the listener's."""
    (tmp_path / "client.json").write_text(json.dumps(
        {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}))
    (tmp_path / "secret").write_text("local-secret-0123456789")
    (tmp_path / "secret").chmod(0o600)
    doctor.config["listeners"][0]["clients"] = [
        {"name": "app", "access_key_id": "SGAKLOCALKEY00001", "secret_file": "secret", "policy": "client.json"}]
    assert_red(doctor.red(), "policy", "client.json allows nothing: every request on listener main/app", "allow the actions", None)


def test_credentials(doctor):
    doctor.environment = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"}
    assert_red(doctor.red(), "credentials", "there are none: ", "give this host a role, or credentials", None)


def test_identity_unknown(doctor):
    doctor.config["endpoints"]["sts"] = {"url": f"https://localhost:{free_port()}"}
    assert_red(doctor.red(), "identity", "STS does not tell whose the credentials are", "the way to endpoints.sts", None)


def test_identity_at_a_public_address(doctor, zones, authority):
    """0.0.0.0 is not private, yet connecting to it reaches this machine: the server there would see it."""
    server = standin.StandIn(authority)
    zones.dns.addresses["sts.us-west-2.amazonaws.com"] = ["0.0.0.0"]
    doctor.config["endpoints"]["sts"] = {"url": f"https://sts.us-west-2.amazonaws.com:{server.port}"}
    assert_red(doctor.red(), "identity", "is at the public address 0.0.0.0", "the way to endpoints.sts", None)
    assert server.connections == 0
    server.close()


def sts(folder, account):
    """A stand-in for STS that knows one caller."""
    server = standin.StandIn(folder)
    arn = f"arn:aws:sts::{account}:assumed-role/role/session"

    def answer(_self, _request, connection):
        connection.answer(200, f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AROA:session"
                               f"</UserId><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                          .encode(), content_type="text/xml")
    server._fault_of = lambda request: None
    server._usual = lambda request, connection: answer(server, request, connection)
    return server, arn


def test_identity(doctor, authority):
    server, arn = sts(authority, "123456789012")
    doctor.config["endpoints"]["sts"] = {"url": server.url}
    assert [step["text"] for step in doctor.steps(expect=0) if step["step"] == "identity"] == [arn]
    server.close()


def test_identity_of_another_account(doctor, authority):
    server, _ = sts(authority, "999999999999")
    doctor.config["endpoints"]["sts"] = {"url": server.url}
    assert_red(doctor.red(), "identity", "in account 999999999999, but account_id is 123456789012", "set account_id", None)
    server.close()


@pytest.fixture
def two(doctor, zones, tmp_path):
    """A second listener, with keys of its own: a function that writes them."""
    def write(secret):
        (tmp_path / "blue.keys").write_text(f"[default]\naws_access_key_id = AKIDBLUEBLUE\naws_secret_access_key = {secret}\n")
        (tmp_path / "blue.keys").chmod(0o600)

    zones.stand_ins[0].keys["AKIDBLUEBLUE"] = ("blue-secret", None)
    doctor.config["credentials"] = {"identities": [
        {"name": "blue", "provider": "file", "file": "blue.keys"}, {"name": "unused", "provider": "file", "file": "none"}]}
    doctor.config["listeners"].append({"name": "second", "address": f"127.0.0.1:{free_port()}", "policy": "policy.json",
                                       "identity": "blue"})
    return write


def test_every_identity_in_use_is_looked_at(doctor, two, zones):
    two("blue-secret")
    steps = doctor.steps(expect=0)
    assert [(step["step"], step["identity"]) for step in steps if step["step"] in ("credentials", "clock", "signed call")] == [
        ("credentials", None), ("credentials", "blue"), ("clock", None), ("signed call", None), ("signed call", "blue")]
    assert [request.fault for request in zones.requests] == [None, None]
    assert "ok    runtime: signed call (blue)" in doctor(expect=0)


def test_keys_of_another_identity(doctor, two, zones, tmp_path):
    two("another")
    found = doctor.red()
    assert_red(found, "signed call", "403 InvalidSignatureException", "the secret does not belong to the access key")
    assert found["identity"] == "blue"
    (tmp_path / "blue.keys").unlink()
    found = doctor.red()
    assert_red(found, "credentials", "there are none: file: ", "give this host a role, or credentials", None)
    assert found["identity"] == "blue"


def test_dns_has_no_name(doctor, zones):
    zones.dns.addresses.clear()
    assert_red(doctor.red(), "DNS", f"{HOST}: there is no such name", "the endpoint is enabled in this availability zone")


def test_dns_has_no_private_name(doctor, zones):
    zones.dns.addresses.clear()
    doctor.config["endpoints"]["runtime"] = {"private_dns": True}
    assert_red(doctor.red(), "DNS", "there is no such name", "with private DNS names enabled, and in this availability zone")


def test_dns_fails(doctor, zones):
    zones.dns.failing = True
    assert_red(doctor.red(), "DNS", "the DNS servers fail (SERVFAIL)", "see that the DNS servers (dns.servers, else")


def test_other_processes_do_not_see_the_secrets(doctor, zones):
    zones.dns.silent = True
    with subprocess.Popen(doctor.command(), env={"PATH": os.environ["PATH"], **doctor.environment},
                          stdout=subprocess.DEVNULL) as process:
        zones.dns.await_queries(1)
        try:
            seen = pathlib.Path(f"/proc/{process.pid}/environ").read_bytes()
            assert b"AWS_SECRET_ACCESS_KEY=" in seen and standin.SECRET.encode() not in seen
        except PermissionError:
            assert os.getuid() != 0  # closed to us, who started it
        process.kill()


def test_public(doctor, zones):
    zones.dns.addresses[HOST] = ["203.0.113.7"]
    assert_red(doctor.red(), "private", "203.0.113.7", "enable private DNS names for the interface endpoint")
    assert not zones.requests


def test_zone(doctor, zones):
    label, rest = "vpce-0123456789abcdef0-abcdefgh", ".runtime.sagemaker.us-west-2.vpce.amazonaws.com"
    doctor.config["endpoints"]["runtime"] = {"vpc_endpoint": label}
    zones.dns.addresses[label + rest] = zones.addresses

    def zone():
        """Port 443 is out of the stand-in's reach: only this step counts."""
        return [step for step in doctor.steps(expect=1) if step["step"] == "zone"]

    assert ["AWS_EC2_METADATA_DISABLED is true" in step["text"] for step in zone()] == [True]
    doctor.config["zone"] = "us-west-2a"
    missing, = zone()
    assert missing["good"] is None
    assert "the endpoint is not enabled in this availability zone" in missing["text"]
    assert "enable the endpoint in a subnet of this zone" in missing["remedy"]
    zones.dns.addresses[f"{label}-us-west-2a{rest}"] = zones.addresses
    found, = zone()
    assert found["good"] is True
    assert found["text"] == f"this zone's addresses, used first: {zones.addresses[0]}:443"


def test_tcp_silence(doctor, zones):
    zones.replace(zones.addresses[0], BlackHole)
    assert_red(doctor.red(), "TCP", "no answer in time", "in the endpoint's security group inbound")


def test_tcp_refused(doctor, zones):
    zones.servers.pop(zones.addresses[0]).close()
    assert_red(doctor.red(), "TCP", "Connection refused", "nothing listens there, while a security group would be silent")


def test_tls_that_is_cut(doctor, zones):
    zones.replace(zones.addresses[0], Resetter)
    assert_red(doctor.red(), "TLS", "Connection reset by peer", "such as a firewall that lets no TLS through")


def test_tls_of_an_unknown_authority(doctor, tmp_path):
    (tmp_path / "other").mkdir()
    certificates.make(tmp_path / "other")
    doctor.config["tls"]["ca_file"] = str(tmp_path / "other" / "ca.pem")
    assert_red(doctor.red(), "TLS", "certificate: ", "trust its authority (tls.ca_file)")


def test_tls_of_another_name(doctor, zones, tmp_path):
    (tmp_path / "other").mkdir()
    certificates.make(tmp_path / "other", ["DNS:elsewhere.example"])
    address = zones.addresses[0]
    zones.servers[address].close()
    zones.servers[address] = standin.StandIn(tmp_path / "other", zones.port, HOST, address=address)
    doctor.config["tls"]["ca_file"] = zones.servers[address].ca_file
    assert_red(doctor.red(), "TLS", "the certificate is for another host: elsewhere.example", "by a name that its certificate has")


def answering(zones, status, kind):
    def answer(_request, connection):
        connection.answer_json(status, {"__type": kind, "message": "as the test wants"}, [("x-amzn-ErrorType", kind)])
    zones.on_every("sagegate-doctor", answer)


def test_clock(doctor, zones):
    zones.stand_ins[0].ahead, zones.stand_ins[0].tolerance = 600, 3600
    found = doctor.red()
    assert_red(found, "clock", "s slow by the service's, and signatures are good for 300 s", "set the clock")


def test_clock_so_wrong_that_signatures_are_rejected(doctor, zones):
    zones.stand_ins[0].ahead = -600
    clock, call = [step for step in doctor.steps(expect=1) if step["good"] is False]
    assert_red(clock, "clock", "s fast by the service's", "set the clock")
    assert_red(call, "signed call", "403 InvalidSignatureException", "set the clock if it is wrong")


def test_an_error_of_the_service_is_an_answer(doctor, zones):
    answering(zones, 400, "ValidationError")
    assert "400 ValidationError: as the test wants" in doctor.steps(expect=0)[-1]["text"]


def test_a_denial_is_an_answer(doctor, zones):
    answering(zones, 403, "AccessDeniedException")
    assert "AccessDeniedException" in doctor.steps(expect=0)[-1]["text"]


def test_keys_that_the_service_does_not_know(doctor, zones):
    answering(zones, 403, "UnrecognizedClientException")
    assert_red(doctor.red(), "signed call", "403 UnrecognizedClientException: as the test wants", "get credentials that AWS knows")


def test_secret_that_is_wrong(doctor):
    doctor.environment["AWS_SECRET_ACCESS_KEY"] = "another"
    assert_red(doctor.red(), "signed call", "403 InvalidSignatureException", "the secret does not belong to the access key")


def test_service_that_fails(doctor, zones):
    answering(zones, 503, "ServiceUnavailable")
    assert_red(doctor.red(), "signed call", "503 ServiceUnavailable", "AWS Health Dashboard")


def test_no_answer(doctor, zones):
    def hang_up(_request, _connection):
        raise standin.Closed
    zones.on_every("sagegate-doctor", hang_up)
    assert_red(doctor.red(), "signed call", "InvokeEndpoint: no answer", "see whether this is the service's endpoint")


def test_every_service_is_called(doctor, zones):
    services = ["api", "runtime", "featurestore-runtime", "metrics", "a2i-runtime", "edge", "geospatial"]
    doctor.config["endpoints"] = {service: doctor.config["endpoints"]["runtime"] for service in services}
    called = [step["service"] for step in doctor.steps(expect=0) if step["step"] == "signed call"]
    assert called == services
    assert [request.fault for request in zones.requests] == [None] * len(services)


def test_wrong_arguments():
    assert subprocess.run([SAGEGATE, "doctor", "--jsn"], capture_output=True, timeout=60).returncode == 2
    assert subprocess.run([SAGEGATE, "doctor", "more"], capture_output=True, timeout=60).returncode == 2


@pytest.fixture
def ec2(doctor, authority):
    """EC2, which the doctor may ask of the runtime's endpoint."""
    double = Ec2(authority)
    double.put(VPCE, ALLOW_ALL, zones=("us-west-2a", "us-west-2b"))
    doctor.config["endpoints"]["ec2"] = {"url": double.url}
    doctor.config["endpoints"]["runtime"]["vpc_endpoint"] = VPCE
    yield double
    double.close()


VPCE = "vpce-0123456789abcdef0"


def told_of_endpoint(doctor, expect):
    return [step for step in doctor.steps(expect) if step["step"] == "VPC endpoint"]


def test_vpc_endpoint(doctor, ec2):
    told, = told_of_endpoint(doctor, expect=0)
    assert told["text"] == f"{VPCE} is available in us-west-2a, us-west-2b; private DNS is on"
    assert told["good"] and told["service"] == "runtime" and told["remedy"] is None


def test_vpc_endpoint_is_asked_for_by_the_first_listener(doctor, ec2, two, tmp_path):
    """As by the daemon: the other listener's identity may have no such right."""
    two("blue-secret")
    ec2.keys["AKIDBLUEBLUE"] = ("blue-secret", None)
    doctor.config["listeners"].reverse()
    told_of_endpoint(doctor, expect=0)
    assert [signature.key_of(request) for request in ec2.requests] == ["AKIDBLUEBLUE"]


def test_vpc_endpoint_with_full_access(doctor, ec2):
    ec2.put(VPCE, FULL_ACCESS)
    _, told = told_of_endpoint(doctor, expect=0)
    assert told["good"] is None and f"{VPCE} has AWS's full-access policy" in told["text"]
    assert "give the endpoint a policy of its own" in told["remedy"]


def test_vpc_endpoint_that_is_not_available(doctor, ec2):
    ec2.put(VPCE, ALLOW_ALL, state="pendingAcceptance")
    assert_red(doctor.red(), "VPC endpoint", f"{VPCE} is in state pendingAcceptance", "wait until it is available")


def test_vpc_endpoint_that_is_not_there(doctor, ec2):
    ec2.endpoints.clear()
    assert_red(doctor.red(), "VPC endpoint", f"EC2 knows no VPC endpoint {VPCE} in this region and account", "correct vpc_endpoint")


def test_vpc_endpoint_of_another_service(doctor, ec2):
    ec2.put(VPCE, ALLOW_ALL, service="api")
    assert_red(doctor.red(), "VPC endpoint", f"{VPCE} is an endpoint for com.amazonaws.us-west-2.sagemaker.api", "correct vpc_endpoint")


def test_vpc_endpoint_without_private_dns(doctor, ec2, zones):
    ec2.put(VPCE, ALLOW_ALL, private_dns=False)
    doctor.config["endpoints"]["runtime"] = {"private_dns": True, "vpc_endpoint": VPCE}
    told, = told_of_endpoint(doctor, expect=1)
    assert told["good"] is False and f"private DNS is off for {VPCE}, but requests go by the service's usual name" in told["text"]


def test_vpc_endpoint_that_ec2_does_not_tell(doctor, ec2):
    ec2.refusals = [(403, "UnauthorizedOperation", "You are not authorized to perform this operation.")]
    told, = told_of_endpoint(doctor, expect=0)
    assert told["good"] is None and "UnauthorizedOperation" in told["text"]
    assert "allow the credentials ec2:DescribeVpcEndpoints" in told["remedy"]


@pytest.fixture
def followed(doctor, ec2):
    """The policy of the endpoint is that of the listener, too."""
    doctor.config["listeners"][0]["policy"] = {"from": "vpc_endpoint"}
    return ec2


def test_policy_that_is_followed(doctor, followed):
    told, = [step for step in doctor.steps(expect=0) if step["step"] == "policy"]
    assert (told["service"], told["good"], told["text"]) == ("runtime", True, f"the VPC endpoint's own, of {VPCE}")


def test_policy_that_is_followed_and_allows_nothing(doctor, followed):
    followed.put(VPCE, {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
    assert_red(doctor.red(), "policy", f"allows nothing: every request on {VPCE} will be refused", "allow the actions")


@pytest.mark.parametrize("policy, why", [
    ({"Statement": [{"Effect": "Allow", "Oops": 1}]}, "it is not understood in full: 1:"),
    (FULL_ACCESS, "it is AWS's full-access policy, which allows everyone everything"),
], ids=["not understood", "full access"])
def test_policy_that_cannot_be_followed(doctor, followed, policy, why):
    followed.put(VPCE, policy)
    assert_red(doctor.red(), "policy", f"the VPC endpoint's own, of {VPCE}, cannot be followed: {why}", "correct the endpoint's policy")


def test_policy_that_is_followed_and_not_told(doctor, followed):
    followed.refusals = [(403, "UnauthorizedOperation", "You are not authorized to perform this operation.")]
    assert_red(doctor.red(), "VPC endpoint", "UnauthorizedOperation", "allow the credentials ec2:DescribeVpcEndpoints", None)


def test_zone_that_the_vpc_endpoint_is_not_in(doctor, ec2, zones):
    label, rest = VPCE + "-abcdefgh", ".runtime.sagemaker.us-west-2.vpce.amazonaws.com"
    why = f"{VPCE} is not enabled in us-west-2c: EC2 says that it is in us-west-2a, us-west-2b"
    doctor.config["endpoints"]["runtime"] = {"vpc_endpoint": label}
    doctor.config["zone"] = "us-west-2c"
    zones.dns.addresses[label + rest] = zones.addresses
    told, = [step for step in doctor.steps(expect=1) if step["step"] == "zone"]
    assert told["good"] is None and told["text"] == why and "enable the endpoint in a subnet of this zone" in told["remedy"]
    doctor.config["endpoints"]["runtime"] = {"vpc_endpoint": label + "-us-west-2c"}
    assert_red(doctor.red(), "DNS", why, "enable the endpoint in a subnet of this zone; or name it without a zone")
