#!/usr/bin/python3
"""
sagegate under everything at once, for as long as one likes: good requests, large and streamed ones, denied and malformed
ones, clients that trickle or leave, keys that rotate, a configuration that is reloaded. After a while memory and
descriptors must not grow any more. ./check --soak runs it.
"""
import argparse
import hashlib
import itertools
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "program"), str(TESTS / "malformed")]
from conftest import certificates, gates_in, standin  # noqa: E402
from gate import ENDPOINT, free_port  # noqa: E402
from request_table import REQUESTS  # noqa: E402
from test_rotation import Issuer  # noqa: E402

INVOKE = "/endpoints/e/invocations"
OCTETS = ("Content-Type", "application/octet-stream")
POLICY = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:*", "Resource": "*"},
                        {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": ENDPOINT + "denied"}]}
KEYS_LIVE, WARM, SAMPLE, PROGRESS, WINDOWS = 60, 90, 2, 10, 4  # seconds, but for the parts of the measured time
GROWTH = {"process_resident_memory_bytes": 0.1, "process_open_fds": 0.1}  # over the measured time, at most, as a part of the whole


def good(gate, turn):
    with gate.connect() if turn % 2 else gate.connect_unix() as wire:
        for _ in range(20):
            status, headers, _ = wire.ask("POST", INVOKE, b"{}")
            assert status == 200, status
            if headers.get("connection") == "close":
                return
            time.sleep(0.03)


def large(gate, turn):
    body = os.urandom(1024) * (256 << turn % 6)
    declared = [("X-Amz-Content-SHA256", hashlib.sha256(body).hexdigest())] if turn % 2 else []
    assert gate.ask("POST", INVOKE, body, [OCTETS, *declared])[::2] == (200, body)


def streamed(gate, _):
    assert gate.ask("POST", INVOKE + "-response-stream", b"{}")[0] == 200


def denied(gate, turn):
    assert gate.ask("POST", "/endpoints/denied/invocations", b"x" * (1 << turn % 18))[0] == 403


def malformed(gate, turn):
    with gate.connect() as wire:
        wire.send(REQUESTS[turn % len(REQUESTS)][3] + b"\r\n\r\n")
        wire.sock.shutdown(1)
        wire.read_to_end()


def slow(gate, _):
    with gate.connect() as wire:
        wire.send(b"POST " + INVOKE.encode() + b" HTTP/1.1\r\nHost: localhost\r\nX: ")
        wire.sock.settimeout(0.2)
        while True:
            wire.send(b"x")
            try:
                assert wire.sock.recv(65536).startswith(b"HTTP/1.1 408 ")
                return
            except TimeoutError:
                pass


def leaves(gate, turn):
    with gate.connect() as wire:
        wire.send(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {100 * turn + 1}\r\n\r\n".encode() + b"x" * turn)


def reloads(gate, turn):
    gate.reload(limits={"max_connections": 1000 + turn % 7})


# How often in a second, by how many threads, and what they may meet because of others.
TRAFFIC = {good: (10, 4), large: (1, 1), streamed: (5, 1), denied: (10, 1), malformed: (20, 1), slow: (1, 2), leaves: (5, 1),
           reloads: (0.1, 1)}


class Traffic:
    def __init__(self, gate):
        self.gate, self.counts, self.failures, self.over = gate, dict.fromkeys(TRAFFIC, 0), [], threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(kind, 1 / rate), daemon=True)
                        for kind, (rate, threads) in TRAFFIC.items() for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self, kind, pause):
        for turn in itertools.count():
            if self.over.wait(pause):
                return
            try:
                kind(self.gate, turn)
            except Exception as error:
                if kind is not malformed or not isinstance(error, OSError):  # it may be reset while it still sends
                    self.failures.append(f"{kind.__name__}: {error!r}")
            self.counts[kind] += 1

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def __str__(self):
        return ", ".join(f"{kind.__name__} {count}" for kind, count in self.counts.items())


def levels(samples):
    """The ninth decile of each part of the time: what is held for a moment only does not count, nor what is given back."""
    size = len(samples) // WINDOWS
    return [statistics.quantiles(samples[at:at + size], n=10)[-1] for at in range(0, size * WINDOWS, size)]


def growth(heights):
    """By the line through them, as a part of the whole."""
    middle = (WINDOWS - 1) / 2
    slope = sum((x - middle) * y for x, y in enumerate(heights)) / sum((x - middle) ** 2 for x in range(WINDOWS))
    return slope * (WINDOWS - 1) / statistics.mean(heights)


def watch(gate, endpoint, traffic, seconds):
    """Samples of each number, from the time when all is warm."""
    samples = {name: [] for name in GROWTH}
    began = told = time.monotonic()
    while (passed := time.monotonic() - began) < seconds and not traffic.failures:
        time.sleep(SAMPLE)
        numbers = {name: gate.number(name) for name in GROWTH}
        faults = [request.fault for request in list(endpoint.requests) if request.fault]
        endpoint.requests.clear()
        traffic.failures += faults
        if passed > max(WARM, seconds / 4):
            for name, value in numbers.items():
                samples[name].append(value)
        if time.monotonic() - told >= PROGRESS:
            told = time.monotonic()
            memory, descriptors = numbers.values()
            print(f"soak: {passed:.0f} of {seconds} s: {memory / 2**20:.1f} MiB, {descriptors:.0f} descriptors; {traffic}", flush=True)
    return samples


def soak(seconds, folder):
    endpoint = standin.StandIn(certificates.make(folder))
    issuer = Issuer(endpoint, KEYS_LIVE)
    with gates_in(folder, endpoint, workers=2) as start:
        gate = start(policy=POLICY, environment=issuer.imds.environment, log={"level": "error"},
                     admin={"address": f"127.0.0.1:{free_port()}"}, timeouts={"client": "5s", "pool_age": "30s"})
        gate.await_notice("credentials from imds")
        traffic = Traffic(gate)
        samples = watch(gate, endpoint, traffic, seconds)
        traffic.end()
        gate.await_rest()
    failures = traffic.failures
    print(f"soak: {traffic}; {issuer.count} sets of keys")
    for name, most in GROWTH.items() if not failures else ():
        heights = levels(samples[name])
        print(f"soak: {name}: {', '.join(f'{height:.0f}' for height in heights)}: {growth(heights):+.1%}; up to {most:.0%} is flat")
        if growth(heights) > most:
            failures.append(f"{name} grows")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=int, nargs="?", default=3600)
    arguments = parser.parse_args()
    if arguments.seconds < 2 * WARM:
        parser.error(f"less than {2 * WARM} seconds show nothing")
    with tempfile.TemporaryDirectory(prefix="sg") as folder:
        failures = soak(arguments.seconds, Path(folder))
    for failure in failures[:20]:
        print(f"soak: FAILED: {failure}", file=sys.stderr)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
