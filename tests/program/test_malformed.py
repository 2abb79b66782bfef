"""The tables of tests/malformed against the running daemon: what each row says must come of it."""
import socket
import sys
from pathlib import Path

import pytest
import standin
from conftest import gates_in

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "malformed"))
from request_table import REQUESTS, SMUGGLED  # noqa: E402
from response_table import BODY, RESPONSES  # noqa: E402

NEXT = b"POST /endpoints/next/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def shared(authority, tmp_path_factory):
    endpoint = standin.StandIn(authority)
    with gates_in(tmp_path_factory.mktemp("malformed"), endpoint) as start:
        yield start(), endpoint
    endpoint.close()


@pytest.fixture
def both(shared):
    shared[1].requests.clear()
    shared[1].handlers.clear()
    return shared


def name_of(row):
    return f"{row[0]}-{row[1]}".replace(" ", "_").replace("/", "_")


def arrived(endpoint):
    assert [request.fault for request in endpoint.requests] == [None] * len(endpoint.requests)
    return [(request.path.split("/")[2], request.body) for request in endpoint.requests]


def test_the_tables_are_large_enough():
    assert len(REQUESTS) >= 150 and len(RESPONSES) >= 80
    assert len({row[3] for row in REQUESTS}) == len(REQUESTS)


@pytest.mark.parametrize("row", REQUESTS, ids=name_of)
def test_request(both, row):
    gate, endpoint = both
    _, _, outcome, data = row
    name = "e" * 63 if b"e" * 63 in data else "e"
    with gate.connect() as wire:
        if outcome == "silence":
            wire.send(data)
            wire.sock.shutdown(socket.SHUT_WR)
            assert wire.read_to_end() == b""
            assert arrived(endpoint) == []
            return
        ends = isinstance(outcome, int)
        wire.send(data + (SMUGGLED if ends else NEXT))
        status, headers, body = wire.read_answer()
        assert status == {"stays": 400, "denied": 403, "once": 200, "pair": 200}.get(outcome, outcome), body
        if status != 200:
            assert headers["x-amzn-errortype"] and b"message" in body
        if ends:
            assert headers["connection"] == "close"
        else:
            assert wire.read_answer()[0] == (400 if outcome == "pair" else 200)
        assert wire.read_to_end() == b""
    itself = [(name, b"abc" if b"abc" in data else b"")] if status == 200 else []
    assert arrived(endpoint) == itself + ([] if ends or outcome == "pair" else [("next", b"")])


def connection_of_the_next(gate, endpoint):
    assert gate.ask("POST", "/endpoints/next/invocations")[0] == 200
    return endpoint.requests[-1].connection


@pytest.mark.parametrize("row", RESPONSES, ids=name_of)
def test_response(both, row):
    gate, endpoint = both
    _, _, outcome, data, *closes = row

    def answer(_request, connection):
        connection.send(data)
        if closes == ["alert"]:
            connection.sock.unwrap()
        if closes:
            raise standin.Closed

    endpoint.handlers["e"] = answer
    before = connection_of_the_next(gate, endpoint)
    with gate.connect() as wire:
        wire.send(b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        if outcome == "hinted":
            assert wire.read_head()[0] == 103
        if outcome == "cut":
            with pytest.raises((EOFError, ConnectionResetError)):
                wire.read_answer()
        else:
            status, headers, body = wire.read_answer()
            if outcome == "502":
                assert (status, headers["x-amzn-errortype"]) == (502, "BadGatewayException")
            elif status == 204:
                assert body == b"" and "content-length" not in headers
            else:
                assert (status, body) == (200, BODY)
            wire.send(NEXT)
            assert wire.read_answer()[0] == 200
            assert wire.read_to_end() == b""
    reused = connection_of_the_next(gate, endpoint) is before
    assert reused == (outcome in ("whole", "hinted"))
