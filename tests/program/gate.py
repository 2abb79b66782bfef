"""Starting sagegate for a test, and speaking to it."""
import contextlib
import json
import mmap
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAGEGATE = os.environ.get("SAGEGATE", str(ROOT / "build" / "sagegate"))
SANITIZED = any(mark in Path(SAGEGATE).read_bytes() for mark in (b"__asan_init", b"__tsan_init"))
ENDPOINT = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/"
SEED = {"Statement": [{"Action": "sagemaker:InvokeEndpoint", "Effect": "Allow", "Resource": ENDPOINT + "myEndpoint",
                       "Principal": "*"}]}
ALLOW_ALL = {"Version": "2012-10-17",
             "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["sagemaker:*", "sagemaker-geospatial:*"],
                            "Resource": "*"}]}


def _ports():
    """Of each test process a thousand, from anywhere in it on, below those that the kernel gives out."""
    first = 10000 + 1000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 22)
    start = random.randrange(1000)
    while True:
        for i in range(1000):
            yield first + (start + i) % 1000


_next_ports = _ports()


def free_port():
    """A port of TCP that nobody has, and that no other test will get soon: some send to where nobody listens."""
    for port in _next_ports:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def eventually(what, timeout=30):
    """Waits until `what` holds; returns what it gave."""
    end = time.monotonic() + timeout
    while not (value := what()):
        assert time.monotonic() < end, "this never came about"
        time.sleep(0.01)
    return value


class Gate:
    """A running sagegate. Its log is in `log`; it is ended by stop()."""

    def __init__(self, directory, config, environment, wrapper=(), pass_fds=()):
        self.directory, self.config = directory, config
        self.log_file = directory / "sagegate.log"
        self.unix_path = config["listeners"][-1]["address"].removeprefix("unix:")
        self.port = int(config["listeners"][0]["address"].rpartition(":")[2])
        self.url = f"http://127.0.0.1:{self.port}"
        (directory / "sagegate.yaml").write_text(json.dumps(config))  # JSON is YAML
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(directory / "notify"))
        self.notify = notify
        environment = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": str(directory / "notify"),
                       "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", **environment}
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen([*wrapper, SAGEGATE, "run", "-c", str(directory / "sagegate.yaml")],
                                            env=environment, stderr=log, stdin=subprocess.DEVNULL, pass_fds=pass_fds)
        self.await_notice("READY=1")

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    def await_notice(self, wanted, timeout=60):
        """Reads what the daemon tells its service manager until `wanted` is in it."""
        self.notify.settimeout(0.2)
        for _ in range(timeout * 5):
            try:
                if wanted in self.notify.recv(4096).decode():
                    return
            except TimeoutError:
                if self.process.poll() is not None:
                    raise DidNotStart(self.log) from None
        raise AssertionError(f"no {wanted} from sagegate; its log:\n{self.log}")

    def notices(self):
        """What the daemon has told its service manager since this was last looked at."""
        self.notify.settimeout(0)
        said = []
        try:
            while True:
                said.append(self.notify.recv(4096).decode())
        except BlockingIOError:
            return said

    def await_log(self, text, times=1):
        """Waits until the log has the text so many times: it is written after the answer has gone."""
        eventually(lambda: self.log.count(text) >= times)

    def reload(self, **settings):
        """Puts these settings in place of what the configuration has, and waits until the daemon has decided."""
        self.config.update(settings)
        (self.directory / "sagegate.yaml").write_text(json.dumps(self.config))
        self.process.send_signal(signal.SIGHUP)
        self.await_notice("RELOADING=1")
        self.await_notice("READY=1")

    def number(self, metric):
        """Of a metric without labels, from the admin listener."""
        with Wire(socket.create_connection(("127.0.0.1", int(self.config["admin"]["address"].rpartition(":")[2])), timeout=30)) as wire:
            page = wire.ask("GET", "/metrics")[2].decode()
        return float(re.search(rf"^{metric} (\S+)$", page, re.M)[1])

    def await_rest(self):
        """Until no request is at work, and no client is connected: nothing is stuck."""
        eventually(lambda: self.number("sagegate_requests_in_flight") == 0 == self.number("sagegate_client_connections"))

    def connect(self):
        return Wire(socket.create_connection(("127.0.0.1", self.port), timeout=30))

    def connect_unix(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(30)
        sock.connect(self.unix_path)
        return Wire(sock)

    def ask(self, method, target, body=b"", headers=()):
        """One request on a connection of its own: (status, headers, body)."""
        with self.connect() as wire:
            return wire.ask(method, target, body, headers)

    def stop(self, expect=0):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"sagegate did not end; its log:\n{self.log}") from None
        finally:
            self.notify.close()
        sys.stderr.write(self.log)
        assert status == expect, f"sagegate ended with {status}; its log:\n{self.log}"


class DidNotStart(Exception):
    pass


class Wire:
    """A client's connection, byte by byte."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError(self.buffer)
        self.buffer += data

    def read_until(self, mark):
        while mark not in self.buffer:
            self.more()
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def read(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_head(self):
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", lines[0])[1])
        return status, {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}

    def read_chunk(self):
        size = int(self.read_until(b"\r\n"), 16)
        data = self.read(size)
        assert self.read(2) == b"\r\n"
        return data

    def read_answer(self, to_head=False):
        status, headers = self.read_head()
        body = b""
        if to_head or status in (204, 304):
            pass
        elif headers.get("transfer-encoding") == "chunked":
            while chunk := self.read_chunk():
                body += chunk
        elif "content-length" in headers:
            body = self.read(int(headers["content-length"]))
        else:
            body = self.read_to_end()
        return status, headers, body

    def read_to_end(self):
        """What comes until the other side closes."""
        try:
            while True:
                self.more()
        except EOFError:
            data, self.buffer = self.buffer, b""
            return data

    def ask(self, method, target, body=b"", headers=()):
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
        if body or method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return self.read_answer(to_head=method == "HEAD")


class Signal:
    """An event that a handler in the stand-in and a test share; waiting for it too long fails."""

    def __init__(self):
        self.event = threading.Event()

    def set(self):
        self.event.set()

    def wait(self):
        assert self.event.wait(30), "the other side never came to this point"


@contextlib.contextmanager
def preloaded(name, folder):
    """NAME.c built to be preloaded, with a byte that it looks at (preloaded.h): (the environment for it, the byte's memory)."""
    library, control = folder / f"{name}.so", folder / name
    subprocess.run(["cc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-o", str(library),
                    str(Path(__file__).with_name(name + ".c"))], check=True)
    control.write_bytes(b"\0")
    with open(control, "r+b") as opened, mmap.mmap(opened.fileno(), 1) as page:
        yield {"LD_PRELOAD": str(library), "PRELOADED_CONTROL": str(control)}, page


def peak_memory(pid):
    """Bytes of memory that the process has ever held at a time."""
    return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])


@contextlib.contextmanager
def window_watched(sock, closed):
    """While in it, sets `closed` once the peer takes no more bytes from sock: the kernel probes a window of zero."""
    left = threading.Event()

    def watch():
        # tcpi_backoff (linux/tcp.h) grows with each probe that finds the window still closed.
        while not left.is_set() and not sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 5)[4]:
            left.wait(0.02)
        if not left.is_set():
            closed.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        left.set()
        watcher.join()
