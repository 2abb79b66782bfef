"""What a client is told when the endpoint is not there, is not who it should be, is silent, or breaks off."""
import json
import os
import signal
import socket
import ssl
import struct

import certificates
import pytest
import standin
from gate import Signal, free_port

INVOKE = "/endpoints/myEndpoint/invocations"
POST = b"POST /endpoints/myEndpoint/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
SOON = {"connect": "300ms", "response": "300ms"}


def refused(answer, status, error):
    assert answer[0] == status
    assert answer[1]["x-amzn-errortype"] == error
    body = json.loads(answer[2])
    assert body["__type"] == error
    return body["message"]


def runtime_at(url):
    return {"endpoints": {"runtime": {"url": url}}}


# Nobody there, or not the one.


def test_nobody_listens(start_gate, endpoint):
    gate = start_gate(**runtime_at(f"https://localhost:{free_port()}"))
    for _ in range(2):
        message = refused(gate.ask("POST", INVOKE), 503, "ServiceUnavailable")
        assert "endpoints.runtime" in message and "Connection refused" in message


def test_a_name_that_does_not_exist(start_gate):
    gate = start_gate(**runtime_at("https://runtime.sagemaker.invalid"))
    assert "runtime.sagemaker.invalid" in refused(gate.ask("POST", INVOKE), 503, "ServiceUnavailable")


def test_a_certificate_from_an_unknown_authority(start_gate, endpoint, tmp_path):
    certificates.make(tmp_path)
    gate = start_gate(tls={"ca_file": str(tmp_path / "ca.pem")})
    assert "certificate: " in refused(gate.ask("POST", INVOKE), 503, "ServiceUnavailable")
    assert endpoint.requests == []


def test_an_address_is_verified_as_an_address(start_gate, endpoint):
    endpoint.host = f"127.0.0.1:{endpoint.port}"
    assert start_gate(**runtime_at(f"https://{endpoint.host}")).ask("POST", INVOKE)[0] == 200
    assert [request.fault for request in endpoint.requests] == [None]


@pytest.mark.one_worker
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed(gate, endpoint, version):
    endpoint.context.minimum_version = endpoint.context.maximum_version = version
    for _ in range(3):
        assert gate.ask("POST", INVOKE)[0] == 200
        endpoint.cut_connections()
    assert (endpoint.connections, endpoint.resumed) == (3, 2)


def test_the_oldest_tls_version_is_a_choice(start_gate, endpoint):
    endpoint.context.maximum_version = ssl.TLSVersion.TLSv1_2
    gate = start_gate(tls={"ca_file": endpoint.ca_file, "min_version": "1.3"})
    assert "protocol version" in refused(gate.ask("POST", INVOKE), 503, "ServiceUnavailable")


def test_plain_http_where_tls_should_be(start_gate):
    with socket.create_server(("127.0.0.1", 0)) as server:
        gate = start_gate(**runtime_at(f"https://localhost:{server.getsockname()[1]}"))
        with gate.connect() as wire:
            wire.send(POST)
            peer, _ = server.accept()
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert "wrong version number" in refused(wire.read_answer(), 503, "ServiceUnavailable")
            peer.close()


# Silence.


def test_silence_in_place_of_a_handshake(start_gate):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gate = start_gate(**runtime_at(f"https://localhost:{silent.getsockname()[1]}"), timeouts=SOON)
        assert "endpoints.runtime" in refused(gate.ask("POST", INVOKE), 503, "ServiceUnavailable")


def test_silence_in_place_of_an_answer(start_gate, endpoint):
    over = Signal()
    endpoint.handlers["myEndpoint"] = lambda _request, _connection: over.wait()
    gate = start_gate(timeouts=SOON)
    message = refused(gate.ask("POST", INVOKE), 504, "GatewayTimeoutException")
    assert "timeouts.response" in message and "300 ms" in message
    over.set()
    assert len(endpoint.requests) == 1
    assert gate.ask("POST", "/endpoints/e/invocations")[0] == 200
    assert endpoint.connections == 2  # the silent one is not used again


def test_silence_in_the_middle_of_an_answer(start_gate, endpoint):
    over = Signal()

    def answer(_request, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        over.wait()

    endpoint.handlers["myEndpoint"] = answer
    with start_gate(timeouts=SOON).connect() as wire:
        with pytest.raises((EOFError, ConnectionResetError)):
            wire.ask("POST", INVOKE)
    over.set()


# Broken off.


def breaking_off(endpoint, data):
    """The endpoint closes the connection after `data`."""
    def answer(_request, connection):
        connection.send(data)
        raise standin.Closed

    endpoint.handlers["myEndpoint"] = answer


def test_the_end_in_place_of_an_answer(gate, endpoint):
    breaking_off(endpoint, b"")
    assert "does not repeat it" in refused(gate.ask("POST", INVOKE), 502, "BadGatewayException")
    assert len(endpoint.requests) == 1


@pytest.mark.one_worker
@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 102 Processing\r\n\r\n",
                                  b"HTTP/1.1 100 Continue\r\n\r\n"], ids=["head", "102", "100"])
def test_a_request_that_was_heard_is_not_repeated(gate, endpoint, data):
    """A connection of the pool may be closed already; one that answers, if only a little, was not."""
    assert gate.ask("POST", "/endpoints/e/invocations")[0] == 200
    breaking_off(endpoint, data)
    with gate.connect() as wire:
        wire.send(b"POST %s HTTP/1.0\r\n\r\n" % INVOKE.encode())
        refused(wire.read_answer(), 502, "BadGatewayException")
    assert len(endpoint.requests) == 2 and endpoint.connections == 1


@pytest.mark.parametrize("framing", [b"Content-Length: 10", b"Transfer-Encoding: chunked"], ids=["length", "chunked"])
def test_the_end_in_the_middle_of_an_answer(gate, endpoint, framing):
    """The client must not take it for the whole."""
    breaking_off(endpoint, b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n4\r\nhalf\r\n")
    with gate.connect() as wire:
        with pytest.raises((EOFError, ConnectionResetError)):
            wire.ask("POST", INVOKE)
    assert len(endpoint.requests) == 1
    assert gate.ask("POST", "/endpoints/e/invocations")[0] == 200


def test_a_closed_connection_of_the_pool_costs_one_retry(gate, endpoint):
    """With its body, from the buffer."""
    for n in range(3):
        body = b"%d" % n * 100_000
        assert gate.ask("POST", INVOKE, body, [("Content-Type", "application/octet-stream")])[::2] == (200, body)
        endpoint.cut_connections()
    assert [request.fault for request in endpoint.requests] == [None] * 3


def test_a_reset_that_comes_with_bytes_is_seen(gate, endpoint):
    """Both in one look at the socket, as they are when the daemon was busy: it is held still for that long."""
    part_read = Signal()

    def answer(_request, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab")
        part_read.wait()
        os.kill(gate.process.pid, signal.SIGSTOP)
        connection.send(b"c")
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sock.close()
        os.kill(gate.process.pid, signal.SIGCONT)
        raise standin.Closed

    endpoint.handlers["myEndpoint"] = answer
    with gate.connect() as wire:
        wire.send(b"POST /endpoints/myEndpoint/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        wire.read_head()
        wire.read(2)
        part_read.set()
        with pytest.raises((EOFError, ConnectionResetError)):
            wire.read(98)
