"""Credentials of short life under load: no request fails, and none is signed by keys that are not valid then."""
import os
import threading
import time

import pytest
from imds import Imds
from test_credentials import INVOKE

LONG = bool(os.environ.get("TEST_LONG"))
LIFE, RATE = 5, 200  # seconds; requests a second
SETS = 40 if LONG else 3  # one each 3 s: for 2 minutes at least, or some seconds


class Issuer:
    """Hands out keys of short life, each set new; the endpoint judges whether they are valid when they arrive."""

    def __init__(self, endpoint, life):
        self.endpoint, self.life, self.count, self.ends = endpoint, life, 0, {}
        self.imds = Imds()
        self.imds.next_keys = self.issue
        endpoint.keys = {}

    def issue(self):
        self.count += 1
        key, secret, token = f"ASIAISSUED{self.count}", f"secret-{self.count}", f"token-{self.count}"
        self.ends[key] = self.imds.give(key, secret, token, self.life).timestamp()
        self.endpoint.keys[key] = (secret, token)
        return self.imds.current

    def key_of(self, request):
        return request.header("authorization").split("Credential=")[1].split("/")[0]


@pytest.fixture
def issuer(endpoint):
    one = Issuer(endpoint, LIFE)
    yield one
    one.imds.close()


class Load:
    """So many requests a second, by four connections, from now until it is told to stop."""

    def __init__(self, gate, rate=RATE, connections=4):
        self.gate, self.pause = gate, connections / rate
        self.statuses, self.stopping = [], threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(connections)]
        for thread in self.threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def run(self):
        due = time.monotonic()
        with self.gate.connect() as wire:
            while not self.stopping.wait(max(0, due - time.monotonic())):
                self.statuses.append(wire.ask(*INVOKE)[0])
                due += self.pause

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def watch_validity(endpoint, issuer):
    """Late requests: (key, seconds after its end)."""
    late = []

    def invoke(request, connection):
        key = issuer.key_of(request)
        if time.time() > issuer.ends[key]:
            late.append((key, time.time() - issuer.ends[key]))
        endpoint.invoke(request, connection, "myEndpoint")

    endpoint.handlers["myEndpoint"] = invoke
    return late


def await_keys(issuer, count):
    """Until the daemon has come for its count-th set."""
    limit = time.monotonic() + 60 + 10 * count * LIFE
    while issuer.count < count:
        assert time.monotonic() < limit, f"only {issuer.count} sets were asked for"
        time.sleep(0.05)


def test_rotation_under_load(start_gate, endpoint, issuer):
    late = watch_validity(endpoint, issuer)
    gate = start_gate(environment=issuer.imds.environment, log={"level": "warn"}, workers=2)
    with Load(gate) as load:
        await_keys(issuer, SETS)
    assert set(load.statuses) == {200}
    assert late == []
    assert [request.fault for request in endpoint.requests if request.fault] == []
    used = {issuer.key_of(request) for request in endpoint.requests}
    assert len(used) >= SETS - 1
    gate.stop()
    assert "rejected" not in gate.log and "retried" not in gate.log


def test_an_outage_of_the_source_longer_than_the_keys_live(start_gate, endpoint, issuer):
    """The service goes on accepting them: nothing fails. Then it does not, and the source is back: one step."""
    gate = start_gate(environment=issuer.imds.environment, credentials={"wait": "60s"}, workers=1)
    gate.await_notice("credentials from imds")
    issuer.imds.mode = "failing"
    with Load(gate, rate=50) as load:
        while "expired and stay in use" not in gate.log:
            time.sleep(0.05)
        before = issuer.count
    assert set(load.statuses) == {200} and len(load.statuses) > 50
    assert gate.log.count("warn: credentials could not be refreshed") == 1  # a line a minute, however often it is tried
    # It returns, and the service has had enough of the old keys: the request that hears so is the one that renews.
    issuer.imds.mode = "up"
    endpoint.rejected = set(issuer.ends)
    issuer.life = 3600
    assert [gate.ask(*INVOKE)[0] for _ in range(20)] == [200] * 20
    assert issuer.count == before + 1
    gate.stop()
    assert gate.log.count("retried=credentials") == 1
