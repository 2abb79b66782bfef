"""HTTP/1.1 on both sides: framing, connections, interim answers, streaming. What is malformed: test_malformed.py."""
import hashlib
import os
import queue
import socket
import stat

import pytest
import standin
from gate import SEED, Signal, peak_memory, window_watched

INVOKE = "/endpoints/myEndpoint/invocations"
OCTETS = ("Content-Type", "application/octet-stream")  # the stand-in answers with the body it got
MIB = 1024 * 1024


def post(body=b"", *fields, target=INVOKE, version="1.1", length=True):
    lines = [f"POST {target} HTTP/{version}", "Host: localhost", "Content-Type: application/octet-stream", *fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*chunks, trailers=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailers + b"\r\n"


def arrived(endpoint):
    assert [request.fault for request in endpoint.requests] == [None] * len(endpoint.requests)
    return [request.body for request in endpoint.requests]


def answering(endpoint, data):
    """The endpoint's answer to every invocation of myEndpoint is `data`, to the byte."""
    endpoint.handlers["myEndpoint"] = lambda _request, connection: connection.send(data)


# Connections of clients.


def test_a_connection_serves_many_requests(gate, endpoint):
    with gate.connect() as wire:
        for body in (b"one", b"", b"three"):
            status, headers, answer = wire.ask("POST", INVOKE, body, [OCTETS])
            assert (status, answer) == (200, body)
            assert "connection" not in headers
    assert endpoint.connections == 1


def test_a_connection_ends_when_the_client_says_so(gate):
    with gate.connect() as wire:
        wire.send(post(b"one", "Connection: close"))
        status, headers, answer = wire.read_answer()
        assert (status, answer, headers["connection"]) == (200, b"one", "close")
        assert wire.read_to_end() == b""


def test_what_follows_the_last_request_does_not_harm_its_answer(gate, endpoint):
    body = os.urandom(8 * MIB)
    with gate.connect() as wire:
        wire.send(post(body, "Connection: close") + post(b"x" * 50_000))
        assert wire.read_answer()[::2] == (200, body)
    assert len(arrived(endpoint)) == 1


def test_pipelined_requests_are_answered_in_order(start_gate, endpoint):
    gate = start_gate(policy=SEED)
    bodies = [b"%d" % n for n in range(50)]
    with gate.connect() as wire:
        wire.send(b"".join(post(body) + post(body, target="/endpoints/other/invocations") for body in bodies))
        for body in bodies:
            assert wire.read_answer()[::2] == (200, body)
            assert wire.read_answer()[0] == 403
    assert arrived(endpoint) == bodies


def test_pipelined_bodies_of_either_framing(gate, endpoint):
    with gate.connect() as wire:
        wire.send(post(b"", "Transfer-Encoding: chunked", length=False) + chunked(b"o", b"ne") + post(b"two")
                  + post(b"", "Transfer-Encoding: chunked", length=False) + chunked(b"x" * 100_000)
                  + post(b"y" * 100_000) + post(b"five", "Connection: close"))
        answers = [wire.read_answer()[2] for _ in range(5)]
        assert wire.read_to_end() == b""
    assert answers == [b"one", b"two", b"x" * 100_000, b"y" * 100_000, b"five"]
    assert arrived(endpoint) == answers


def test_requests_that_come_byte_by_byte(gate, endpoint):
    request = post(b"", "Transfer-Encoding: chunked", length=False) + chunked(b"one", b"two") + post(b"three")
    with gate.connect() as wire:
        wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n in range(len(request)):
            wire.send(request[n:n + 1])
        assert wire.read_answer()[2] == b"onetwo"
        assert wire.read_answer()[2] == b"three"
    assert arrived(endpoint) == [b"onetwo", b"three"]


def test_a_client_may_close_its_half_after_the_request(gate):
    with gate.connect() as wire:
        wire.send(post(b"one") + post(b"two"))
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.read_answer()[2] == b"one"
        assert wire.read_answer()[2] == b"two"
        assert wire.read_to_end() == b""


def test_a_client_that_leaves_in_its_body_is_nobody_elses_trouble(gate, endpoint):
    for request in (post(b"", "Content-Length: 10", length=False) + b"half",
                    post(b"", "Transfer-Encoding: chunked", length=False) + b"a\r\nhalf",
                    post(b"")[:-20]):
        with gate.connect() as wire:
            wire.send(request)
    assert gate.ask("POST", INVOKE, b"next", [OCTETS])[2] == b"next"
    assert arrived(endpoint) == [b"next"]


def test_http_1_0_gets_its_answer_and_the_end(gate, endpoint):
    with gate.connect() as wire:
        wire.send(b"POST %s HTTP/1.0\r\nContent-Type: application/octet-stream\r\nContent-Length: 3\r\n"
                  b"Connection: keep-alive\r\n\r\none" % INVOKE.encode())
        status, headers, answer = wire.read_answer()
        assert (status, answer, headers["connection"]) == (200, b"one", "close")
        assert wire.read_to_end() == b""
    assert arrived(endpoint) == [b"one"]


def test_http_1_0_gets_a_chunked_answer_without_chunks(gate, endpoint):
    answering(endpoint, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"one ", b"two"))
    with gate.connect() as wire:
        wire.send(post(b"", version="1.0"))
        status, headers, answer = wire.read_answer()
    assert (status, answer) == (200, b"one two")
    assert "transfer-encoding" not in headers


def test_a_unix_socket_serves_likewise(gate, endpoint):
    mode = os.stat(gate.unix_path).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
    with gate.connect_unix() as wire:
        assert wire.ask("POST", INVOKE, b"one", [OCTETS])[::2] == (200, b"one")
        assert wire.ask("POST", INVOKE, b"two", [OCTETS])[::2] == (200, b"two")
    assert arrived(endpoint) == [b"one", b"two"]
    gate.stop()
    assert not os.path.exists(gate.unix_path)


# Bodies of requests.


@pytest.mark.parametrize("body", [chunked(), chunked(b"one"), chunked(b"one", b"two" * 10_000, b"3"),
                                  b"3;ext=1\r\none\r\n0003;ext=\"q\"\r\ntwo\r\n0\r\n\r\n",
                                  chunked(b"one", trailers=b"X-Checksum: 1\r\nAuthorization: none\r\n")],
                         ids=["empty", "one", "several", "extensions", "trailers"])
def test_a_chunked_body_goes_on_with_its_length(gate, endpoint, body):
    with gate.connect() as wire:
        wire.send(post(b"", "Transfer-Encoding: chunked", "Trailer: X-Checksum", length=False) + body)
        status, _, answer = wire.read_answer()
    assert status == 200
    request = endpoint.requests[0]
    assert arrived(endpoint) == [answer]
    assert request.header("content-length") == str(len(answer))
    assert request.header("transfer-encoding") is request.header("x-checksum") is request.header("trailer") is None


def test_25_megabytes_go_there_and_back(gate, endpoint):
    body = os.urandom(25_000_000)
    status, _, answer = gate.ask("POST", INVOKE, body, [OCTETS])
    assert status == 200
    assert hashlib.sha256(answer).digest() == hashlib.sha256(body).digest()
    assert len(arrived(endpoint)) == 1
    with gate.connect() as wire:
        wire.send(post(b"", "Transfer-Encoding: chunked", length=False)
                  + chunked(*(body[n:n + 65_537] for n in range(0, len(body), 65_537))))
        assert wire.read_answer()[::2] == (200, body)


# 100-continue.


def test_a_client_that_waits_is_asked_for_its_body(gate, endpoint):
    for body, field in ((b"one", "Content-Length: 3"), (chunked(b"one"), "Transfer-Encoding: chunked")):
        with gate.connect() as wire:
            wire.send(post(b"", field, "Expect: 100-continue", length=False))
            assert wire.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue"
            wire.send(body)
            assert wire.read_answer()[::2] == (200, b"one")
    assert [request.header("expect") for request in endpoint.requests] == [None, None]


@pytest.mark.parametrize("request_bytes", [post(b"one", "Expect: 100-continue"), post(b"", "Expect: 100-continue"),
                                           post(b"one", "Expect: 100-continue", version="1.0")],
                         ids=["body is here", "no body", "1.0"])
def test_nobody_is_asked_for_what_is_here(gate, request_bytes):
    with gate.connect() as wire:
        wire.send(request_bytes)
        assert wire.read_answer()[0] == 200


@pytest.mark.parametrize("target,length,status", [("/endpoints/other/invocations", 3, 403), (INVOKE, 33 * MIB, 413)],
                         ids=["denied", "too large"])
def test_a_client_that_waits_is_refused_without_its_body(start_gate, endpoint, target, length, status):
    gate = start_gate(policy=SEED)
    with gate.connect() as wire:
        wire.send(post(b"", f"Content-Length: {length}", "Expect: 100-continue", target=target, length=False))
        answer = wire.read_answer()
        assert (answer[0], answer[1]["connection"]) == (status, "close")
        assert wire.read_to_end() == b""
    assert arrived(endpoint) == []


# Limits.


def test_the_body_limit_names_itself(start_gate, endpoint):
    gate = start_gate(limits={"max_body": "64KiB"})
    for body, field in ((b"x" * 65_536, "Content-Length: 65536"),
                        (chunked(b"x" * 65_535, b"x"), "Transfer-Encoding: chunked")):
        with gate.connect() as wire:
            wire.send(post(b"", field, length=False) + body)
            assert wire.read_answer()[::2] == (200, b"x" * 65_536)
    for body, field in ((b"x" * 65_537, "Content-Length: 65537"),
                        (chunked(b"x" * 65_536, b"x"), "Transfer-Encoding: chunked")):
        with gate.connect() as wire:
            wire.send(post(b"", field, length=False) + body)
            status, headers, answer = wire.read_answer()
            assert (status, headers["x-amzn-errortype"]) == (413, "RequestEntityTooLargeException")
            assert b"65536" in answer and b"limits.max_body" in answer
            assert headers["connection"] == "close"
    assert len(arrived(endpoint)) == 2


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("target", [INVOKE, "/endpoints/other/invocations"], ids=["too large", "denied"])
def test_a_client_that_does_not_listen_still_gets_its_refusal(start_gate, endpoint, framing, target):
    """It sends all of its body before it reads: the answer must not be lost to a reset."""
    gate = start_gate(policy=SEED, limits={"max_body": "1MiB"})
    body = b"x" * (8 * MIB)
    with gate.connect() as wire:
        if framing == "length":
            wire.send(post(body, target=target))
        else:
            wire.send(post(b"", "Transfer-Encoding: chunked", length=False, target=target) + chunked(*[body[:MIB]] * 8))
        assert wire.read_answer()[0] == (413 if target == INVOKE else 403)
    assert arrived(endpoint) == []


def test_a_denied_body_is_read_away_and_the_connection_stays(start_gate, endpoint):
    gate = start_gate(policy=SEED)
    denied = "/endpoints/other/invocations"
    with gate.connect() as wire:
        wire.send(post(b"x" * MIB, target=denied) + post(b"one")
                  + post(b"", "Transfer-Encoding: chunked", length=False, target=denied) + chunked(b"x" * MIB)
                  + post(b"two"))
        assert [wire.read_answer()[0] for _ in range(4)] == [403, 200, 403, 200]
    assert arrived(endpoint) == [b"one", b"two"]


# Headers of one hop.


def test_headers_of_the_clients_hop_stay_here(gate, endpoint):
    with gate.connect() as wire:
        wire.send(post(b"one", "Connection: keep-alive, X-Mine, x-other", "X-Mine: 1", "X-OTHER: 2", "Keep-Alive: timeout=5",
                       "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic bm9uZQ==", "TE: trailers",
                       "X-Kept: 1", "X-Kept: 2", "Accept: */*", "User-Agent: test"))
        assert wire.read_answer()[::2] == (200, b"one")
    names = {name.lower() for name, _ in endpoint.requests[0].headers}
    assert names == {"host", "x-amz-date", "content-type", "x-kept", "accept", "user-agent", "content-length", "via",
                     "authorization"}
    assert endpoint.requests[0].header("x-kept") == "1, 2"


def test_headers_of_the_endpoints_hop_stay_there(gate, endpoint):
    answering(endpoint, b"HTTP/1.1 200 OK\r\nConnection: X-Theirs\r\nX-Theirs: 1\r\nKeep-Alive: timeout=5\r\n"
                        b"Proxy-Authenticate: Basic\r\nTrailer: X-T\r\nTE: x\r\nUpgrade: h2c\r\nX-Kept: 1\r\nX-Kept: 2\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"one", trailers=b"X-T: 1\r\n"))
    with gate.connect() as wire:
        wire.send(post())
        head = wire.read_until(b"\r\n\r\n").decode().split("\r\n")
        assert head == ["HTTP/1.1 200 OK", "X-Kept: 1", "X-Kept: 2", "Transfer-Encoding: chunked"]
        assert wire.read_until(b"\r\n0\r\n\r\n") == b"3\r\none"


@pytest.mark.parametrize("name", ["authorization", "Host", "content-type", "Content-Length", "Content-Encoding", "Date",
                                  "Expect", "x-amz-date", "X-Amz-Security-Token", "x-amz-content-sha256",
                                  "X-Amzn-SageMaker-Custom-Attributes", "x-amz-target", "User-Agent", "referer"])
def test_connection_cannot_take_away_what_is_signed_or_decides(gate, endpoint, name):
    with gate.connect() as wire:
        wire.send(post(b"one", "Connection: x-mine, " + name))
        status, headers, answer = wire.read_answer()
        assert (status, headers["x-amzn-errortype"]) == (400, "BadRequestException")
        assert name.encode() in answer
        assert wire.ask("POST", INVOKE, b"next", [OCTETS])[2] == b"next"
    assert arrived(endpoint) == [b"next"]


# Answers.


@pytest.mark.parametrize("status", [200, 202, 400, 404, 424, 500, 503])
def test_the_endpoints_answers_are_the_clients(gate, endpoint, status):
    endpoint.handlers["myEndpoint"] = lambda _request, connection: connection.answer(
        status, b'{"message": "theirs"}', [("x-amzn-ErrorType", "ModelError"), ("Retry-After", "7")])
    with gate.connect() as wire:
        for _ in range(2):
            answer = wire.ask("POST", INVOKE)
            assert (answer[0], answer[2]) == (status, b'{"message": "theirs"}')
            assert (answer[1]["x-amzn-errortype"], answer[1]["retry-after"]) == ("ModelError", "7")
    assert len(endpoint.requests) == 2 and endpoint.connections == 1


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_body_ends_with_its_head(gate, endpoint, status):
    endpoint.handlers["myEndpoint"] = lambda _request, connection: connection.answer(status)
    with gate.connect() as wire:
        for _ in range(2):
            got, headers, _ = wire.ask("POST", INVOKE)
            assert got == status and "transfer-encoding" not in headers and "content-length" not in headers
        assert wire.ask("POST", "/endpoints/e/invocations", b"next", [OCTETS])[2] == b"next"
    assert endpoint.connections == 1


def test_interim_answers_go_on_but_the_one_that_is_ours(gate, endpoint):
    answering(endpoint, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: Y\r\nY: 1\r\n\r\n"
                        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
    with gate.connect() as wire:
        wire.send(post())
        assert wire.read_head() == (103, {"link": "</a>"})
        assert wire.read_head() == (102, {})
        assert wire.read_answer()[::2] == (200, b"one")
        wire.send(post(b"", target="/endpoints/e/invocations"))
        assert wire.read_answer()[0] == 200


def test_head_is_refused_without_a_body(gate):
    """No operation of the family is a HEAD."""
    with gate.connect() as wire:
        status, headers, _ = wire.ask("HEAD", INVOKE)
        assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
        assert int(headers["content-length"]) > 0
        assert wire.ask("POST", INVOKE, b"next", [OCTETS])[2] == b"next"


def test_an_answer_that_ends_with_its_connection_is_chunked_anew(gate, endpoint):
    def answer(_request, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\none two")
        connection.sock.unwrap()
        raise standin.Closed

    endpoint.handlers["myEndpoint"] = answer
    with gate.connect() as wire:
        status, headers, body = wire.ask("POST", INVOKE)
        assert (status, body, headers["transfer-encoding"]) == (200, b"one two", "chunked")
        assert wire.ask("POST", "/endpoints/e/invocations", b"next", [OCTETS])[2] == b"next"
    assert endpoint.connections == 2


@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_an_answer_arrives_piece_by_piece(gate, endpoint, framing):
    """The next piece is made only when the client has the last one: whoever held a piece back would wait for ever."""
    pieces = queue.Queue()
    words = [b"one", b"two", b"three"]

    def answer(_request, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
                        + (b"Transfer-Encoding: chunked\r\n\r\n" if framing == "chunked" else b"Content-Length: 11\r\n\r\n"))
        while piece := pieces.get(timeout=30):
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if framing == "chunked" else piece)
        connection.send(b"0\r\n\r\n" if framing == "chunked" else b"")

    endpoint.handlers["myEndpoint"] = answer
    with gate.connect() as wire:
        wire.send(post(b"", target=INVOKE + "-response-stream"))
        assert wire.read_head()[0] == 200
        for word in words:
            pieces.put(word)
            assert (wire.read_chunk() if framing == "chunked" else wire.read(len(word))) == word
        pieces.put(None)
        if framing == "chunked":
            assert wire.read_chunk() == b""
        assert wire.ask("POST", "/endpoints/e/invocations", b"next", [OCTETS])[2] == b"next"


def test_an_answer_may_come_before_the_request_has_left(gate, endpoint):
    """A body that fills every buffer on the way; the endpoint refuses it by its head, and closes."""
    endpoint.at_head = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig"
    status, _, body = gate.ask("POST", INVOKE, b"x" * (30 * MIB), [OCTETS])
    assert (status, body) == (413, b"big")


def test_an_interim_answer_does_not_end_the_request(gate, endpoint):
    """It comes before a body that fills every buffer on the way has left; when it has gone on, the endpoint reads."""
    hinted, body = Signal(), b"x" * (30 * MIB)

    def hint(request):
        request.connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        hinted.wait()

    endpoint.on_head = hint
    with gate.connect() as wire:
        wire.send(post(body))
        assert wire.read_head() == (103, {"link": "</a>"})
        hinted.set()
        assert wire.read_answer()[::2] == (200, body)
        endpoint.on_head = lambda request: None
        wire.send(post(b"next"))
        assert wire.read_answer()[2] == b"next"
    assert endpoint.connections == 1


def test_what_follows_an_answer_answers_nobody(gate, endpoint):
    """A second answer, which nobody has asked for, in a TLS record of its own that comes with the first one's."""
    def answer_twice(_request, connection):
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        connection.answer(200, b"one")
        connection.answer(200, b"nobody's")
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    endpoint.handlers["myEndpoint"] = answer_twice
    assert gate.ask("POST", INVOKE)[2] == b"one"
    assert gate.ask("POST", "/endpoints/e/invocations", b"two", [OCTETS])[2] == b"two"


def test_a_slow_reader_slows_the_endpoint_down(gate, endpoint):
    """While a client does not read, its answer waits at the endpoint, not in sagegate's memory."""
    size, closed = 100 * MIB, Signal()
    before = peak_memory(gate.process.pid)

    def answer(_request, connection):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        with window_watched(connection.sock, closed):
            for _ in range(size // MIB):
                connection.send(bytes(MIB))

    endpoint.handlers["myEndpoint"] = answer
    with gate.connect() as slow, gate.connect() as other:
        slow.send(post())
        closed.wait()
        assert other.ask("POST", "/endpoints/e/invocations", b"other", [OCTETS])[2] == b"other"
        assert slow.read_head()[0] == 200
        for _ in range(100):
            slow.read(size // 100)
    assert peak_memory(gate.process.pid) - before < 10 * MIB
