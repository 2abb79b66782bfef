"""The way to the endpoint: names that move, DNS that fails, zones that die, and never a public address by accident."""
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import certificates
import nameserver
import pytest
import standin
from gate import Signal, eventually
from imds import Imds
from sources import Sts
from test_clients import FORBIDS_ONE, aws, client, javascript
from zones import HOST, BlackHole, Resetter, Tarpit, Zones, addresses, once, silence

SO_DETACH_FILTER = 27  # socket(7); Python has no name for it
INVOKE = "/endpoints/myEndpoint/invocations"
LABEL = "vpce-0123456789abcdef0-abcdefgh"
pytestmark = pytest.mark.one_worker


def invoke(gate):
    status, _, body = gate.ask("POST", INVOKE, b"{}")
    return status, body.decode()


def good(gate, times=1):
    for _ in range(times):
        status, body = invoke(gate)
        assert status == 200, body


def only_if_undisturbed(gate):
    """Who gets which request is certain only while every zone answers within its head start, even on a busy machine."""
    if "no answer in time; it is set aside" in gate.log:
        pytest.skip("this machine stood still for 250 ms")


# Names

def test_ttl_moves_traffic(start_gate, zones):
    first, second, _ = zones.addresses
    zones.dns.addresses[HOST] = [first]
    gate = start_gate(**zones.settings())
    good(gate, 3)
    assert len(zones.servers[first].requests) == 3
    zones.dns.addresses[HOST] = [second]
    zones.dns.await_queries(4)  # two lookups, A and AAAA, in the background; the second has the new answer at the latest
    gate.await_log(f"{HOST} is at {second}:{zones.port}")
    good(gate, 3)
    assert len(zones.servers[first].requests) == 3, "a resting connection to an address that is gone was used"
    assert len(zones.servers[second].requests) == 3


def test_servfail_keeps_serving(start_gate, zones):
    zones.on_every("myEndpoint", once)
    gate = start_gate(**zones.settings())
    good(gate)
    zones.dns.failing = True
    gate.await_log("the last answer stays in use")
    good(gate, 5)
    zones.dns.failing = False
    zones.dns.addresses[HOST] = zones.addresses[:1]
    gate.await_log(f"{HOST} is at {zones.addresses[0]}:{zones.port}\n")
    good(gate)


def test_one_family_fails(start_gate, zones):
    """The addresses that private DNS gives are still there when the question for them fails, and that for the endpoint's
    public IPv6 address does not. They are gone when DNS says so."""
    zones.dns.addresses[HOST] = [*zones.addresses, "2001:db8::1"]
    gate = start_gate(**zones.settings())
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200
    zones.dns.failing_kind = nameserver.A
    gate.await_log("the last answer stays in use")
    assert gate.ask("POST", INVOKE, b"{}")[0] == 200
    zones.dns.failing_kind = None
    zones.dns.addresses[HOST] = ["2001:db8::1"]
    status, _, body = eventually(lambda: (got := gate.ask("POST", INVOKE, b"{}"))[0] != 200 and got)
    assert status == 503 and b"2001:db8::1" in body


def test_stale_answers_end(start_gate, zones):
    zones.on_every("myEndpoint", once)
    gate = start_gate(**zones.settings(dns={"servers": zones.dns.server, "max_stale": "1s"}))
    good(gate)
    zones.dns.failing = True
    gate.await_log("older than dns.max_stale allows")
    status, body = invoke(gate)
    assert status == 503
    assert f"DNS lookup of {HOST}: the DNS servers fail (SERVFAIL), or cannot be reached" in body
    zones.dns.failing = False
    eventually(lambda: invoke(gate)[0] == 200)


def test_no_request_waits_for_a_lookup(start_gate, zones):
    zones.on_every("myEndpoint", once)
    gate = start_gate(**zones.settings())
    good(gate)
    zones.dns.silent = True
    zones.dns.await_queries(1)
    good(gate, 10)


def test_unknown_name(start_gate, zones):
    zones.dns.addresses.clear()
    gate = start_gate(**zones.settings())
    status, body = invoke(gate)
    assert status == 503
    assert f"DNS lookup of {HOST}: there is no such name" in body
    assert "Nothing was sent" in body
    zones.dns.addresses[HOST] = zones.addresses
    eventually(lambda: invoke(gate)[0] == 200)


@pytest.mark.parametrize("named, hint", [
    ({"vpc_endpoint": LABEL}, "(compare it with the endpoint's DNS names in the VPC console: vpc_endpoint takes a whole one)"),
    ({"private_dns": True}, "(has the VPC an interface endpoint of this service, with private DNS names enabled?)"),
], ids=["vpc_endpoint", "private_dns"])
def test_unknown_name_of_an_endpoint(start_gate, zones, named, hint):
    zones.dns.addresses.clear()
    gate = start_gate(**zones.settings(endpoints={"runtime": named}))
    status, body = invoke(gate)
    assert status == 503
    assert f"there is no such name {hint}" in body


def test_hosts_file(start_gate, zones, tmp_path):
    """What /etc/hosts says counts before DNS, which is not asked."""
    mount = 'mount --bind "$0" /etc/hosts && exec "$@"'
    (tmp_path / "hosts").write_text(f"127.0.0.1 localhost\n{zones.addresses[1]} {HOST}\n")
    wrapper = ["unshare", "--mount", "sh", "-c", mount, str(tmp_path / "hosts")]
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a file is mounted over /etc/hosts, which needs root")
    gate = start_gate(wrapper=wrapper, **zones.settings())
    good(gate, 3)
    assert [request.fault for request in zones.servers[zones.addresses[1]].requests] == [None] * 3
    assert len(zones.requests) == 3 and not zones.dns.queries


def test_ipv6(start_gate, authority):
    try:
        server = standin.StandIn(authority, 0, HOST, address="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    zones = Zones(authority, 1, server.port)
    try:
        zones.dns.addresses[HOST] = ["::1"]
        good(start_gate(**zones.settings()))
        assert len(server.requests) == 1
    finally:
        zones.close()
        server.close()


# Private only

def test_public_address_is_refused(start_gate, zones, authority):
    """0.0.0.0 is not private, yet connecting to it reaches this machine: the server there would see it."""
    server = standin.StandIn(authority, 0, HOST)
    url = {"endpoints": {"runtime": {"url": f"https://{HOST}:{server.port}"}}}
    zones.dns.addresses[HOST] = ["0.0.0.0"]
    gate = start_gate(**{**zones.settings(), **url})
    status, body = invoke(gate)
    assert status == 503
    assert f"{HOST} is at the public address 0.0.0.0:{server.port}, and the request would leave the private network" in body
    assert "name the interface endpoint by vpc_endpoint" in body
    assert "Nothing was sent" in body
    assert server.connections == 0
    good(start_gate(**{**zones.settings(), **url, "require_private": False}))
    assert server.connections == 1
    server.close()


def test_private_dns_switched_off(start_gate, zones):
    zones.dns.addresses[HOST] = ["203.0.113.7"]
    gate = start_gate(**zones.settings(endpoints={"runtime": {"private_dns": True}}))
    status, body = invoke(gate)
    assert status == 503
    assert (f"{HOST} resolves to the public address 203.0.113.7:443, so private DNS is off for the interface endpoint in "
            "this VPC, and the request would leave it: enable private DNS names for the endpoint, or name it by "
            "vpc_endpoint") in body


def test_public_addresses_beside_private_ones_are_left_out(start_gate, zones):
    zones.on_every("myEndpoint", once)
    zones.dns.addresses[HOST] = ["203.0.113.7", zones.addresses[0]]
    gate = start_gate(**zones.settings())
    good(gate, 3)
    assert "set aside" not in gate.log


# The certificate

def test_certificate_with_the_default_name_only(start_gate, zones, tmp_path):
    port443_name = f"{LABEL}.{HOST.replace('.amazonaws', '.vpce.amazonaws')}"
    certificates.make(tmp_path, [f"DNS:{HOST}"])
    server = standin.StandIn(tmp_path, 0, port443_name)
    zones.dns.addresses[port443_name] = ["127.0.0.1"]
    gate = start_gate(**zones.settings(endpoints={"runtime": {"url": f"https://{port443_name}:{server.port}"}},
                                       tls={"ca_file": server.ca_file}))
    status, body = invoke(gate)
    assert status == 503
    assert f"TLS with 127.0.0.1:{server.port} as {port443_name}" in body
    assert (f"the endpoint's certificate is for the default name {HOST} only: call it by that name (private_dns: true, "
            "with private DNS names enabled for the endpoint)") in body
    server.close()


def test_certificate_of_another_host(start_gate, endpoint, tmp_path):
    certificates.make(tmp_path, ["DNS:one.example", "DNS:two.example"])
    server = standin.StandIn(tmp_path)
    gate = start_gate(endpoints={"runtime": {"url": server.url}}, tls={"ca_file": server.ca_file})
    status, body = invoke(gate)
    assert status == 503
    assert "the certificate is for another host: one.example, two.example" in body
    server.close()


# Failover

@pytest.mark.parametrize("kind, silent", [(BlackHole, "connect to"), (Tarpit, "TLS with")])
def test_one_zone_is_silent(start_gate, zones, capsys, kind, silent):
    zones.on_every("myEndpoint", once)
    zones.replace(zones.addresses[1], kind)
    gate = start_gate(**zones.settings())
    took = []
    for _ in range(100):
        began = time.monotonic()
        good(gate)
        took.append(time.monotonic() - began)
    slow = [seconds for seconds in took if seconds > 0.24]
    with capsys.disabled():
        print(f"\none of three zones silent ({silent}): p50 {sorted(took)[50] * 1000:.1f} ms, p99 {sorted(took)[98] * 1000:.1f} ms, "
              f"longest {max(took) * 1000:.0f} ms; {len(slow)} of 100 waited the head start of 250 ms")
    assert len(zones.requests) == 100
    assert gate.log.count(f"{silent} {zones.addresses[1]}:{zones.port}: no answer in time; it is set aside") == 1
    assert len(slow) < 50, "a dead zone costs its head start again and again"  # 1, but where the machine stands still


def test_one_zone_falls_silent_under_a_request(start_gate, zones):
    """What stands to a zone that dies cannot be saved, and is not repeated; but no other request goes there."""
    try:
        silence(socket.socket())
    except PermissionError:
        pytest.skip("this kernel lets only root set a filter on a socket")
    dead, others = zones.servers[zones.addresses[0]], zones.stand_ins[1:]
    called = Signal()

    def fall_silent(_request, connection):
        silence(dead.listener)
        for each in list(dead.open):
            silence(each.sock)
        called.set()
        connection.answer_json(200, {})

    zones.dns.addresses[HOST] = zones.addresses[:1]
    dead.handlers["myEndpoint"] = fall_silent
    gate = start_gate(**zones.settings(timeouts={"drain": "50ms"}))
    assert gate.ask("POST", "/endpoints/other/invocations", b"{}")[0] == 200
    zones.dns.addresses[HOST] = zones.addresses
    gate.await_log(f"{HOST} is at {zones.addresses[0]}:{zones.port}, ")
    good(gate)  # its answer comes; what is sent after it is not heard
    called.wait()
    with gate.connect() as wire:
        wire.send(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        gate.await_log(f"{zones.addresses[0]}:{zones.port} does not hear what is sent; it is set aside")
        good(gate, 20)
        assert sum(len(server.requests) for server in others) == 20
        assert len(dead.requests) == 2, "one before, one as it fell silent"


def test_a_connection_falls_silent_twice(start_gate, zones):
    """One that came through is watched like any other in its next request."""
    try:
        silence(socket.socket())
    except PermissionError:
        pytest.skip("this kernel lets only root set a filter on a socket")
    silent = []

    def fall_silent(_request, connection):
        silence(connection.sock)
        silent.append(connection.sock)
        connection.answer_json(200, {})

    zones.dns.addresses[HOST] = zones.addresses[:1]
    server = zones.servers[zones.addresses[0]]
    server.handlers["myEndpoint"] = fall_silent
    gate = start_gate(**zones.settings(timeouts={"drain": "50ms"}))
    good(gate)
    for times in (1, 2):
        with gate.connect() as wire:
            wire.send(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode())
            gate.await_log(f"{zones.addresses[0]}:{zones.port} does not hear what is sent; it is set aside", times)
            gate.await_log(f"{zones.addresses[0]}:{zones.port} works again", times)
            silent.pop().setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
            assert wire.read_answer()[0] == 200
    assert len(server.requests) == 3 and len(silent) == 1, "all on one connection"


@pytest.mark.parametrize("kind", [BlackHole, Tarpit, Resetter])
def test_real_clients_notice_nothing_of_a_dead_zone(start_gate, zones, tmp_path, kind):
    zones.on_every("myEndpoint", once)
    zones.replace(zones.addresses[0], kind)
    gate = start_gate(**zones.settings())
    runtime = client(gate, "sagemaker-runtime")
    for _ in range(6):
        assert runtime.invoke_endpoint(EndpointName="myEndpoint", Body=b"{}")["Body"].read() == b'{"predictions": []}'
    answer = aws(gate, "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", "myEndpoint", "--body", "e30=",
                 str(tmp_path / "out"))
    assert answer.returncode == 0, answer.stderr
    assert [request.fault for request in zones.requests] == [None] * 7


def test_javascript_notices_nothing_of_a_dead_zone(start_gate, zones):
    zones.replace(zones.addresses[0], BlackHole)
    services = {service: {"url": f"https://{HOST}:{zones.port}"} for service in ("api", "runtime", "featurestore-runtime")}
    javascript(start_gate(policy=FORBIDS_ONE, **zones.settings(endpoints=services)))
    assert {request.fault for request in zones.requests} == {None}


def test_one_zone_resets(start_gate, zones):
    zones.on_every("myEndpoint", once)
    resetter = zones.replace(zones.addresses[0], Resetter)
    gate = start_gate(**zones.settings())
    good(gate, 30)
    assert len(zones.requests) == 30
    assert "it is set aside" in gate.log
    assert resetter.connections < 10, "connections went on to an address that resets them"


def test_one_zone_refuses_and_comes_back(start_gate, zones):
    zones.on_every("myEndpoint", once)
    away = zones.addresses[2]
    zones.servers.pop(away).close()
    gate = start_gate(**zones.settings())
    good(gate, 12)
    assert f"connect to {away}:{zones.port}: Connection refused; it is set aside" in gate.log
    zones.open(away)
    gate.await_log(f"{away}:{zones.port} works again")
    zones.on_every("myEndpoint", once)
    good(gate, 12)
    assert len(zones.servers[away].requests) >= 3, "an address that is well again takes its turns"


def test_all_zones_die_and_come_back(start_gate, zones):
    zones.on_every("myEndpoint", once)
    gate = start_gate(**zones.settings(timeouts={"connect": "1s"}))
    good(gate)
    for address in zones.addresses:
        zones.replace(address, BlackHole)
    status, body = invoke(gate)
    assert status == 503
    assert re.search(r"none of its 3 addresses works; the last: connect to 127\.\d+\.\d+\.\d+:\d+: no answer in time", body)
    assert "Nothing was sent; try again." in body
    for address in zones.addresses:
        zones.servers[address].close()
        zones.open(address)
    good(gate, 3)


def test_all_zones_refuse(start_gate, zones):
    for address in zones.addresses:
        zones.servers.pop(address).close()
    gate = start_gate(**zones.settings())
    status, body = invoke(gate)
    assert status == 503
    assert "none of its 3 addresses works; the last: connect to" in body
    assert "Connection refused" in body
    for address in zones.addresses:
        zones.open(address)
    good(gate, 3)


def test_requests_take_turns_over_zones(start_gate, zones):
    zones.on_every("myEndpoint", once)
    gate = start_gate(**zones.settings())
    good(gate, 30)
    only_if_undisturbed(gate)
    assert [len(server.requests) for server in zones.stand_ins] == [10, 10, 10]


def test_a_request_is_repeated_once_when_its_resting_connection_was_closed(start_gate, endpoint):
    """The daemon is to learn of the request before it learns that the connection is closed. Which it learns first
    is the kernel's to say, so try until it was the request; no client may see a difference."""
    gate = start_gate()
    for turn in range(1, 51):
        with gate.connect() as wire:
            assert wire.ask("POST", "/endpoints/myEndpoint/invocations", b"{}")[0] == 200
            gate.process.send_signal(signal.SIGSTOP)
            for thread in Path(f"/proc/{gate.process.pid}/task").glob("*/stat"):
                eventually(lambda: ") T " in thread.read_text())
            wire.send(b"POST /endpoints/myEndpoint/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
            endpoint.cut_connections()
            gate.process.send_signal(signal.SIGCONT)
            assert wire.read_answer()[0] == 200
        assert len(endpoint.requests) == 2 * turn
        gate.await_log("status=200", 2 * turn)
        if "retried=connection" in gate.log:
            break
    gate.stop()
    assert gate.log.count("retried=connection") == 1


def test_a_request_that_arrived_is_not_repeated_on_a_connection_that_had_rested(start_gate, endpoint):
    """The service may have acted on it, though it closes without a word."""
    gate = start_gate()
    good(gate)
    endpoint.handlers["myEndpoint"] = closes = Closes()
    status, body = invoke(gate)
    assert status == 502
    assert "does not repeat it" in body
    assert closes.count == 1
    assert len(endpoint.requests) == 2 and endpoint.connections == 1


class Closes:
    """A handler that closes the first connection without an answer."""

    def __init__(self):
        self.count = 0

    def __call__(self, request, connection):
        if self.count:
            connection.answer_json(200, {})
        else:
            self.count += 1
            raise standin.Closed


def test_a_request_is_not_repeated_on_a_fresh_connection(start_gate, endpoint):
    endpoint.handlers["myEndpoint"] = closes = Closes()
    status, body = invoke(start_gate())
    assert status == 502
    assert "does not repeat it" in body
    assert closes.count == len(endpoint.requests) == 1


# Connections

def test_many_at_once_without_a_connection(start_gate, endpoint):
    """They connect, send and are answered in turns that mix in many ways; none may be forgotten."""
    gate = start_gate()
    wires = [gate.connect() for _ in range(8)]
    for turn in range(1, 61):
        for wire in wires:
            wire.send(b"POST /endpoints/myEndpoint/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        for wire in wires:
            assert wire.read_answer()[0] == 200
        assert len(endpoint.requests) == 8 * turn
        endpoint.cut_connections()


def test_connections_have_an_age(start_gate, endpoint):
    gate = start_gate(timeouts={"pool_age": "1ms"})
    eventually(lambda: good(gate) or endpoint.connections >= 3)


def test_resting_connections_close_before_the_service_does(start_gate, endpoint):
    gate = start_gate(timeouts={"pool_idle": "50ms"})
    good(gate)
    eventually(lambda: not endpoint.open)
    good(gate)
    assert endpoint.connections == 2
    assert not any(request.fault for request in endpoint.requests)


def test_keepalive_during_a_long_call(start_gate, endpoint):
    called, go_on = Signal(), Signal()

    def slow(_request, connection):
        called.set()
        go_on.wait()
        connection.answer_json(200, {})

    endpoint.handlers["myEndpoint"] = slow
    gate = start_gate()
    with gate.connect() as wire:
        wire.send(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        called.wait()
        # The kernel's own word (proc(5), tcp): timer 2 is keepalive; it ends after so many hundredths of a second.
        remote = f":{endpoint.port:04X}"
        timers = eventually(lambda: [columns[5].split(":") for line in open("/proc/net/tcp")
                                     if (columns := line.split())[2].endswith(remote) and columns[3] == "01"
                                     and columns[5].startswith("02:")])
        assert all(int(left, 16) / 100 <= 15 for _, left in timers)
        go_on.set()
        assert wire.read_answer()[0] == 200


# Zones

def can_bind_443():
    try:
        socket.create_server((addresses(1)[0], 443)).close()
        return True
    except PermissionError:
        return False


@pytest.fixture
def endpoint_443(authority):
    """The endpoint under its own name, which stands for port 443."""
    if not can_bind_443():
        pytest.skip("an endpoint's own name means port 443, which needs root or ip_unprivileged_port_start")
    zones = Zones(authority, 3, 443)
    yield zones
    zones.close()


def vpc_endpoint(zones, stem_folder):
    """Serves under the endpoint's own names; returns the usual and the zonal one."""
    usual = f"{LABEL}.runtime.sagemaker.us-west-2.vpce.amazonaws.com"
    zonal = f"{LABEL}-us-west-2b.runtime.sagemaker.us-west-2.vpce.amazonaws.com"
    certificates.make(stem_folder, ["DNS:*.runtime.sagemaker.us-west-2.vpce.amazonaws.com"])
    for address in zones.addresses:
        zones.servers[address].close()
        zones.servers[address] = standin.StandIn(stem_folder, 443, usual, address=address)
        zones.servers[address].host = usual
    zones.dns.addresses = {usual: zones.addresses, zonal: zones.addresses[1:2]}
    return {"endpoints": {"runtime": {"vpc_endpoint": LABEL}}, "dns": {"servers": zones.dns.server},
            "tls": {"ca_file": str(stem_folder / "ca.pem")}}


def test_zone_affinity(start_gate, endpoint_443, tmp_path):
    zones = endpoint_443
    settings = vpc_endpoint(zones, tmp_path)
    own = zones.addresses[1]
    zones.on_every("myEndpoint", once)
    gate = start_gate(**settings, zone="us-west-2b")
    gate.await_log("DNS: ", 2)
    good(gate, 6)
    only_if_undisturbed(gate)
    assert len(zones.servers[own].requests) == 6 == len(zones.requests)
    gate.await_log(f" upstream={own}:443 zone=us-west-2b ", 6)
    assert not any(request.fault for request in zones.requests), "Host, TLS name and signature agree on the usual name"
    zones.servers.pop(own).close()
    good(gate, 6)
    assert len(zones.requests) == 6, "the other zones stand in"
    gate.await_log("decision=allowed", 12)
    assert gate.log.count(" zone=") == 6


def test_zone_of_the_instance(start_gate, endpoint_443, tmp_path):
    zones, imds = endpoint_443, Imds()
    settings = vpc_endpoint(zones, tmp_path)
    zones.on_every("myEndpoint", once)
    imds.zone = "us-west-2b"
    keys = {"AWS_ACCESS_KEY_ID": standin.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": standin.SECRET}
    gate = start_gate(**settings, environment={**keys, **imds.environment})
    gate.await_log("zone_affinity: addresses in us-west-2b first")
    gate.await_log("DNS: ", 2)
    good(gate, 6)
    only_if_undisturbed(gate)
    assert len(zones.servers[zones.addresses[1]].requests) == 6 == len(zones.requests)
    imds.close()


def test_sts_at_a_public_address_is_told_of(start_gate, endpoint, authority):
    """Not configured, it is asked at its usual name. 0.0.0.0 is not private, yet leads to this machine."""
    if not can_bind_443():
        pytest.skip("the usual name means port 443, which needs root or ip_unprivileged_port_start")
    sts, dns = Sts(authority, endpoint.keys, port=443), nameserver.NameServer({"sts.us-west-2.amazonaws.com": ["0.0.0.0"]})
    sts.host = "sts.us-west-2.amazonaws.com"
    role = {"assume_role": {"role_arn": "arn:aws:iam::123456789012:role/inference"}}
    gate = start_gate(credentials=role, dns={"servers": dns.server})
    good(gate)
    gate.stop()
    assert gate.log.count("STS (sts.us-west-2.amazonaws.com) is asked at the public address 0.0.0.0:443, outside of the VPC: "
                          "endpoints.sts with private_dns or vpc_endpoint would keep it inside") == 1
    sts.close()
    dns.close()


def test_zone_that_is_not_known(start_gate, endpoint_443, tmp_path):
    zones = endpoint_443
    settings = vpc_endpoint(zones, tmp_path)
    zones.on_every("myEndpoint", once)
    gate = start_gate(**settings)
    gate.await_log("zone_affinity: the own zone is not known, all are alike (AWS_EC2_METADATA_DISABLED is true)")
    good(gate, 6)
    only_if_undisturbed(gate)
    assert [len(server.requests) for server in zones.stand_ins] == [2, 2, 2]


def test_zone_affinity_off(start_gate, endpoint_443, tmp_path):
    zones = endpoint_443
    settings = vpc_endpoint(zones, tmp_path)
    zones.on_every("myEndpoint", once)
    gate = start_gate(**settings, zone="us-west-2b", zone_affinity="off")
    good(gate, 6)
    only_if_undisturbed(gate)
    assert [len(server.requests) for server in zones.stand_ins] == [2, 2, 2]
