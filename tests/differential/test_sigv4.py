"""`sagegate sign` against AWS's published vectors and against botocore on random requests."""
import concurrent.futures
import datetime
import hashlib
import os
import random

import pytest
import sigv4_vectors as suite
from botocore.credentials import Credentials
from signing import Signer, botocore_sign, sagegate_sign

RANDOM_REQUESTS = 1000

# Line end, and what follows the last header when there is no body.
WRITTEN_AS = {
    "lf-unfinished": ("\n", ""),
    "lf": ("\n", "\n"),
    "lf-blank-line": ("\n", "\n\n"),
    "crlf-blank-line": ("\r\n", "\r\n\r\n"),
}


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text(suite.SECRET_ACCESS_KEY + "\n")
    return path


def raw(vector, style, dated):
    end, tail = WRITTEN_AS[style]
    lines = [f"{vector.method} {vector.target} HTTP/1.1", "Host:example.amazonaws.com", *vector.headers]
    if dated:
        lines.append("X-Amz-Date:20150830T123600Z")
    return (end.join(lines) + (end * 2 + vector.body if vector.body else tail)).encode()


@pytest.mark.parametrize("style", WRITTEN_AS)
@pytest.mark.parametrize("vector", suite.VECTORS, ids=lambda vector: vector.name)
def test_vector(vector, style, secret_file, tmp_path):
    arguments = ["--access-key-id", suite.ACCESS_KEY_ID, "--secret-access-key-file", secret_file,
                 "--region", suite.REGION, "--service", suite.SERVICE, "--time", suite.TIME]
    if vector.token:
        (tmp_path / "token").write_text(vector.token)
        arguments += ["--session-token-file", tmp_path / "token"]
    if not vector.normalize:
        arguments.append("--no-normalize-path")
    dated = sagegate_sign(raw(vector, style, dated=True), *arguments)
    assert dated["signature"] == vector.signature, dated["canonical_request"]
    assert dated["authorization"].endswith(f", Signature={vector.signature}")
    assert sagegate_sign(raw(vector, style, dated=False), *arguments) == dated


@pytest.mark.parametrize("vector", [v for v in suite.VECTORS if v.botocore], ids=lambda vector: vector.name)
def test_botocore_agrees_with_vector(vector):
    signer = Signer(Credentials(suite.ACCESS_KEY_ID, suite.SECRET_ACCESS_KEY, vector.token or None), suite.SERVICE,
                    suite.REGION, normalize=vector.normalize)
    headers = [tuple(line.split(":", 1)) for line in ("Host:example.amazonaws.com", *vector.headers)]
    signed = botocore_sign(signer, vector.method, "https://example.amazonaws.com" + vector.target, headers,
                           vector.body.encode(), "20150830T123600Z")
    assert signed["signature"] == vector.signature


class RandomRequest:
    """One request that both sides can express, made from one random number generator."""

    PATH_PIECES = ["%2F", "%2f", "%20", "%25", "%252F", "%E1%88%B4", "%", "~", "-", "_", ".", "..", "a", "Z9", "\u1234",
                   "\U0001f600", "\u00e9", "endpoints", "my-endpoint", "invocations", "!", "$", "&", "'", "(", ")", "*",
                   "+", ",", ";", "=", ":", "@"]
    # Such a path cannot be sent as it is, but botocore encodes it; --no-double-encode leaves that to the caller.
    UNSENDABLE_PIECES = [" ", '"', "<", ">", "[", "]", "\\", "^", "`", "{", "|", "}"]
    QUERY_PIECES = ["a", "A", "b", "Param", "Param-3", "%20", "%2f", "%2F", "%3D", "%26", "%E1%88%B4", "+", "=", "/", "?",
                    ":", "@", "~", "-", ".", "_", "!", "$", "'", "(", ")", "*", ",", ";"]
    HEADER_NAMES = ["Content-Type", "Accept", "Cookie", "X-Amz-Target", "X-Amzn-SageMaker-Target-Model", "My-Header1",
                    "my-header1", "MY-HEADER1", "X-Custom_Name", "X.Dotted", "Weird!#$%&'*+-.^_`|~", "Content-Length"]
    VALUE_PIECES = ["a", "value", "VALUE", " ", "  ", "\t", " \t ", ",", '"', "'", "=", ";", ":", "\\", "{}", "\u00e9",
                    "\u1234", "%20", "/", "0"]

    def __init__(self, rng):
        self.rng = rng
        self.normalize = rng.random() < 0.8
        self.double_encode = rng.random() < 0.8
        self.method = rng.choice(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "PURGE", "get"])
        self.host = rng.choice(["runtime.sagemaker.us-west-2.amazonaws.com", "localhost:9443",
                                "vpce-0123456789abcdef0-abcdefgh.api.sagemaker.eu-central-1.vpce.amazonaws.com"])
        self.target = self.path() + self.query()
        self.body = rng.choice([b"", b"", rng.randbytes(rng.randrange(1, 200)), b"\r\n\r\n", b"\n", b'{"a": 1}\n'])
        self.headers = self.random_headers()
        self.unsigned_by_us = rng.choice([[], [], [("Connection", "keep-alive")], [("Transfer-Encoding", "chunked")]])
        self.access_key_id = "AKIA" + "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))
        self.secret = "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/", k=40))
        self.token = rng.choice([None, None, "IQoJb3JpZ2luX2VjE" + "=" * rng.randrange(3)])
        self.region = rng.choice(["us-east-1", "us-west-2", "eu-central-1", "cn-north-1", "us-gov-west-1"])
        self.service = rng.choice(["sagemaker", "sagemaker-geospatial", "sts", "service"])
        self.when = datetime.datetime(2001, 1, 1) + datetime.timedelta(seconds=rng.randrange(90 * 365 * 86400))

    def text(self, pieces, most):
        return "".join(self.rng.choices(pieces, k=self.rng.randrange(most + 1)))

    def path(self):
        pieces = self.PATH_PIECES
        if self.double_encode:
            pieces = pieces + self.UNSENDABLE_PIECES
        else:
            pieces = [piece for piece in pieces if piece.isascii()]
        segments = self.rng.choices(["", ".", "..", None], weights=[1, 1, 1, 6], k=self.rng.randrange(1, 8))
        return "/" + "/".join(self.text(pieces, 4) if segment is None else segment for segment in segments)

    def query(self):
        if self.rng.random() < 0.3:
            return ""
        pairs = []
        for _ in range(self.rng.randrange(7)):
            name = self.text(self.QUERY_PIECES, 2)
            pairs.append(self.rng.choice([name, name + "=", f"{name}={self.text(self.QUERY_PIECES, 3)}"]))
        return "?" + "&".join(pairs)

    def random_headers(self):
        headers = [("Host", self.host)]
        for _ in range(self.rng.randrange(8)):
            headers.append((self.rng.choice(self.HEADER_NAMES), self.text(self.VALUE_PIECES, 6)))
        for name, value in [("User-Agent", "curl/8"), ("Expect", "100-continue"), ("X-Amzn-Trace-Id", "Root=1"),
                            ("Authorization", "stale"), ("X-Amz-Date", "20000101T000000Z"),
                            ("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"),
                            ("x-amz-content-sha256", hashlib.sha256(self.body).hexdigest())]:
            if self.rng.random() < 0.1:
                headers.append((name, value))
        self.rng.shuffle(headers)
        return headers

    def raw(self):
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}:{value}" for name, value in self.headers + self.unsigned_by_us]
        return "\r\n".join(lines + ["", ""]).encode() + self.body

    def by_botocore(self):
        signer = Signer(Credentials(self.access_key_id, self.secret, self.token), self.service, self.region,
                        normalize=self.normalize, double_encode=self.double_encode)
        return botocore_sign(signer, self.method, f"https://{self.host}{self.target}", self.headers, self.body,
                             self.when.strftime("%Y%m%dT%H%M%SZ"))

    def by_sagegate(self, directory):
        (directory / "secret").write_text(self.secret)
        arguments = ["--access-key-id", self.access_key_id, "--secret-access-key-file", directory / "secret",
                     "--region", self.region, "--service", self.service,
                     "--time", self.when.strftime("%Y-%m-%dT%H:%M:%SZ")]
        if self.token:
            (directory / "token").write_text(self.token + "\n")
            arguments += ["--session-token-file", directory / "token"]
        if not self.normalize:
            arguments.append("--no-normalize-path")
        if not self.double_encode:
            arguments.append("--no-double-encode")
        return sagegate_sign(self.raw(), *arguments)


def compare(seed, number, directory):
    request = RandomRequest(random.Random(f"{seed}/{number}"))
    directory.mkdir()
    ours, theirs = request.by_sagegate(directory), request.by_botocore()
    for part in theirs:
        assert ours[part] == theirs[part], (
            f"{part} differs; SIGV4_SEED={seed}, request {number}\n"
            f"request:  {request.raw()!r}\nsagegate: {ours[part]!r}\nbotocore: {theirs[part]!r}")


def test_random_requests(tmp_path):
    seed = os.environ.get("SIGV4_SEED") or str(random.randrange(2**32))
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        jobs = [pool.submit(compare, seed, number, tmp_path / str(number)) for number in range(RANDOM_REQUESTS)]
        for job in jobs:
            job.result()
