#!/usr/bin/python3
"""
A stand-in for a SageMaker VPC interface endpoint: HTTP/1.1 over TLS on loopback, one thread a connection. It judges
every signature with botocore and answers like the Runtime, the API and the Feature Store Runtime. Tests use it in
their own process and can replace the answer for an endpoint name; the demo runs it as a program.
"""
import argparse
import datetime
import email.utils
import json
import re
import signal
import socket
import ssl
import sys
import tempfile
import threading
import urllib.parse
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import certificates  # noqa: E402
import eventstream  # noqa: E402
import signature  # noqa: E402

ACCESS_KEY, SECRET, TOKEN = "AKIDSTANDIN", "stand-in/secret+key", "stand-in-session-token"
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
REASONS = {200: "OK", 202: "Accepted", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 403: "Forbidden",
           404: "Not Found", 503: "Service Unavailable"}


class Request:
    def __init__(self, method, target, headers, body, connection):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, self.query = target.partition("?")
        self.connection = connection
        self.fault = None

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name]
        return ", ".join(values) if values else None


class Connection:
    """What a handler answers on."""

    def __init__(self, sock, number, now=lambda: datetime.datetime.now(datetime.timezone.utc)):
        self.sock, self.number, self.now = sock, number, now
        self.resumed = sock.session_reused
        self.buffer = b""

    def read_until(self, mark):
        while mark not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                return None
            self.buffer += data
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def read_exactly(self, count):
        parts, missing = [self.buffer[:count]], count - len(self.buffer)
        self.buffer = self.buffer[count:]
        while missing > 0:
            data = self.sock.recv(min(missing, 1 << 20))
            if not data:
                return None
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def send(self, data):
        self.sock.sendall(data)

    def answer(self, status, body=b"", headers=(), content_type="application/json"):
        head = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", f"x-amzn-RequestId: {uuid.uuid4()}",
                f"Date: {email.utils.format_datetime(self.now(), usegmt=True)}"]
        head += [f"{name}: {value}" for name, value in headers]
        if status not in (204, 304):
            head += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        self.send("\r\n".join(head).encode() + b"\r\n\r\n" + (body if status not in (204, 304) else b""))

    def answer_json(self, status, value, headers=()):
        self.answer(status, json.dumps(value).encode(), headers)

    def answer_chunks(self, chunks, content_type):
        self.send(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for chunk in chunks:
            self.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.send(b"0\r\n\r\n")


class Closed(Exception):
    """A handler wants the connection closed without another word."""


class StandIn:
    def __init__(self, directory, port=0, host="localhost", stem="server", address="127.0.0.1"):
        self.keys = {ACCESS_KEY: (SECRET, None)}
        self.region, self.requests, self.connections, self.resumed = "us-west-2", [], 0, 0
        self.handlers = {}  # endpoint name -> function(request, connection), instead of the usual answer
        self.at_head = None  # bytes to answer with before the body is read: then the connection ends
        self.rejected = set()  # access key ids that have expired: known, but not accepted
        self.records = {}
        self.on_head = lambda request: None  # told of each request before its body is read
        self.ahead = 0  # seconds by which its clock differs from this host's
        self.tolerance = 300  # seconds by which a date may differ from its clock
        self.lock = threading.Lock()
        self.directory = Path(directory)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.directory / f"{stem}.pem", self.directory / f"{stem}.key")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, port), family=family, backlog=256)
        self.port = self.listener.getsockname()[1]
        self.host = f"{host}:{self.port}"
        self.url = f"https://{self.host}"
        self.ca_file = str(self.directory / "ca.pem")
        self.open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Stops listening and cuts every connection."""
        # shutdown wakes the accepting thread; close alone would leave it, and the port, as they are.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.cut_connections()

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.ahead)

    def cut_connections(self):
        with self.lock:
            connections, self.open = self.open, set()
        for connection in connections:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            sock = self.context.wrap_socket(sock, server_side=True)
        except (OSError, ssl.SSLError):
            sock.close()
            return
        with self.lock:
            self.connections += 1
            connection = Connection(sock, self.connections, self.now)
            self.resumed += connection.resumed
            self.open.add(connection)
        try:
            while self._exchange(connection):
                pass
        except (OSError, ssl.SSLError, Closed):
            pass
        finally:
            with self.lock:
                self.open.discard(connection)
            sock.close()

    def _reject(self, connection, name, message):
        connection.answer_json(403, {"__type": name, "message": message}, [("x-amzn-ErrorType", name)])

    def _exchange(self, connection):
        head = connection.read_until(b"\r\n\r\n")
        if head is None:
            return False
        if self.at_head:
            connection.send(self.at_head)
            return False
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        request = Request(method, target, headers, b"", connection)
        self.on_head(request)
        request.body = connection.read_exactly(int(request.header("content-length") or 0))
        if request.body is None or version != "HTTP/1.1":
            return False
        request.fault = self._fault_of(request)
        with self.lock:
            self.requests.append(request)
        if request.fault:
            self._reject(connection, "InvalidSignatureException", request.fault)
            return True
        if signature.key_of(request) in self.rejected:
            self._reject(connection, "ExpiredTokenException", "The token is expired")
            return True
        handler = self.handlers.get(self._endpoint_name(request), self._usual)
        handler(request, connection)
        return True

    def _fault_of(self, request):
        hops = [name for name, _ in request.headers if name.lower() in HOP_BY_HOP]
        if hops:
            return f"hop-by-hop headers came through: {hops}"
        return signature.fault_of(request, self.keys, self.region, self.host, self.now(),
                                  self.tolerance)

    @staticmethod
    def _endpoint_name(request):
        match = re.match(r"/endpoints/([^/]+)/", request.path)
        return match and match[1]

    def _usual(self, request, connection):
        for method, pattern, answer in ROUTES:
            match = re.fullmatch(pattern, request.path)
            if method == request.method and match:
                answer(self, request, connection, *map(urllib.parse.unquote, match.groups()))
                return
        connection.answer_json(404, {"__type": "UnknownOperationException", "message": request.path})

    def invoke(self, request, connection, name):
        if request.header("content-type") == "application/octet-stream":
            connection.answer(200, request.body, content_type="application/octet-stream")
        else:
            connection.answer_json(200, {"predictions": [[0.1, 0.9]], "endpoint": name})

    def invoke_async(self, request, connection, name):
        connection.answer_json(202, {"InferenceId": "inference-1"},
                               [("X-Amzn-SageMaker-OutputLocation", f"s3://bucket/{name}/inference-1.out")])

    def invoke_stream(self, request, connection, _name):
        parts = (eventstream.message(word.encode()) for word in ("one ", "two ", "three"))
        connection.answer_chunks(parts, "application/vnd.amazon.eventstream")

    def put_record(self, request, connection, group):
        record = json.loads(request.body)["Record"]
        self.records[group, record[0]["ValueAsString"]] = record
        connection.answer(200)

    def get_record(self, request, connection, group):
        key = urllib.parse.parse_qs(request.query, keep_blank_values=True)["RecordIdentifierValueAsString"][0]
        connection.answer_json(200, {"Record": self.records.get((group, key), [])})

    def delete_record(self, request, connection, group):
        key = urllib.parse.parse_qs(request.query, keep_blank_values=True)["RecordIdentifierValueAsString"][0]
        self.records.pop((group, key), None)
        connection.answer(200)

    def batch_get_record(self, request, connection):
        found = [{"FeatureGroupName": wanted["FeatureGroupName"], "RecordIdentifierValueAsString": key,
                  "Record": self.records[wanted["FeatureGroupName"], key]}
                 for wanted in json.loads(request.body)["Identifiers"]
                 for key in wanted["RecordIdentifiersValueAsString"]
                 if (wanted["FeatureGroupName"], key) in self.records]
        connection.answer_json(200, {"Records": found, "Errors": [], "UnprocessedIdentifiers": []})

    def api(self, request, connection):
        operation = (request.header("x-amz-target") or "").partition(".")[2]
        members = json.loads(request.body or b"{}")
        arn = f"arn:aws:sagemaker:{self.region}:123456789012:"
        answers = {
            "ListNotebookInstances": {"NotebookInstances": []},
            "ListTrainingJobs": {"TrainingJobSummaries": []},
            "CreateEndpoint": {"EndpointArn": arn + "endpoint/" + str(members.get("EndpointName"))},
            "CreateTrainingJob": {"TrainingJobArn": arn + "training-job/" + str(members.get("TrainingJobName"))},
        }
        connection.answer(200, json.dumps(answers.get(operation, {})).encode(),
                          content_type="application/x-amz-json-1.1")


ROUTES = [
    ("POST", r"/endpoints/([^/]+)/invocations", StandIn.invoke),
    ("POST", r"/endpoints/([^/]+)/async-invocations", StandIn.invoke_async),
    ("POST", r"/endpoints/([^/]+)/invocations-response-stream", StandIn.invoke_stream),
    ("PUT", r"/FeatureGroup/([^/]+)", StandIn.put_record),
    ("GET", r"/FeatureGroup/([^/]+)", StandIn.get_record),
    ("DELETE", r"/FeatureGroup/([^/]+)", StandIn.delete_record),
    ("POST", r"/BatchGetRecord", StandIn.batch_get_record),
    ("POST", r"/", StandIn.api),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--directory", help="where ca.pem is written (default: a temporary one)")
    arguments = parser.parse_args()
    directory = arguments.directory or tempfile.mkdtemp(prefix="standin-")
    certificates.make(directory)
    stand_in = StandIn(directory, arguments.port)
    print(f"ready port={stand_in.port} ca={stand_in.ca_file}", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    stand_in.close()


if __name__ == "__main__":
    main()
