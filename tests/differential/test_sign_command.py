"""What `sagegate sign` refuses, and how it says so: exit status 2, nothing on standard output."""
import hashlib

import pytest
import sigv4_vectors as suite
from signing import run_sign, sagegate_sign

REQUEST = b"GET / HTTP/1.1\r\nHost: example.amazonaws.com\r\n\r\n"


@pytest.fixture
def options(tmp_path):
    (tmp_path / "secret").write_text(suite.SECRET_ACCESS_KEY)
    return {"--access-key-id": suite.ACCESS_KEY_ID, "--secret-access-key-file": tmp_path / "secret",
            "--region": suite.REGION, "--service": suite.SERVICE, "--time": suite.TIME}


def flat(options):
    return [part for option in options.items() for part in option]


def assert_refused(process, says):
    assert process.returncode == 2
    assert process.stdout == b""
    assert says in process.stderr.decode()


def test_help_teaches():
    process = run_sign(b"", "--help")
    assert process.returncode == 0 and process.stderr == b""
    assert "< request" in process.stdout.decode() and "Example" in process.stdout.decode()


@pytest.mark.parametrize("name", ["--access-key-id", "--secret-access-key-file", "--region", "--service", "--time"])
def test_missing_option(options, name):
    del options[name]
    assert_refused(run_sign(REQUEST, *flat(options)), f"{name} is missing")


@pytest.mark.parametrize("extra, says", [
    (["--frobnicate"], "no option --frobnicate"),
    (["-x"], "no option -x"),
    (["request.txt"], "what is 'request.txt'?"),
    (["--region"], "--region needs a value"),
])
def test_wrong_arguments(options, extra, says):
    assert_refused(run_sign(REQUEST, *flat(options), *extra), says)


@pytest.mark.parametrize("time", [
    "", "now", "20150830T123600Z", "2015-08-30T12:36:00", "2015-08-30T12:36:00+02:00", "2015-08-30T12:36:00.0Z",
    "2015-08-30 12:36:00Z", "2015-8-30T12:36:00Z", "2015-02-29T12:36:00Z", "2015-13-01T00:00:00Z",
    "2015-08-30T24:00:00Z", "2015-08-30T12:36:60Z", "1969-12-31T23:59:59Z", "-015-08-30T12:36:00Z",
    "2015-08-30T12:36:00ZZ",
])
def test_time(options, time):
    options["--time"] = time
    assert_refused(run_sign(REQUEST, *flat(options)), "--time")


@pytest.mark.parametrize("option", ["--secret-access-key-file", "--session-token-file"])
@pytest.mark.parametrize("content, says", [
    (None, "No such file"),
    (b"", "is empty"),
    (b"\n", "is empty"),
    (b"two\nlines\n", "byte 4 is not visible ASCII"),
    (b"crlf\r\n", "byte 5 is not visible ASCII"),
    (b"twice\n\n", "byte 6 is not visible ASCII"),
    (b"nul\0", "byte 4 is not visible ASCII"),
    (b"x" * 20000, "has more than"),
])
def test_secret_files(options, tmp_path, option, content, says):
    options[option] = tmp_path / "other"
    if content is not None:
        options[option].write_bytes(content)
    process = run_sign(REQUEST, *flat(options))
    assert_refused(process, says)
    assert str(options[option]) in process.stderr.decode()


def test_directory_as_secret(options, tmp_path):
    options["--secret-access-key-file"] = tmp_path
    assert_refused(run_sign(REQUEST, *flat(options)), "Is a directory")


@pytest.mark.parametrize("request_bytes, says", [
    (b"", "no request on standard input"),
    (b"\n", "line 1: a request starts like this"),
    (b"GET", "line 1: a request starts like this"),
    (b"GET /", "line 1: no HTTP version"),
    (b"GET / SPDY/1", "line 1: no HTTP version"),
    (b"GET  HTTP/1.1\nHost:a", "line 1: the target is to start with '/'"),
    (b"GET http://a/ HTTP/1.1\nHost:a", "the host belongs in Host"),
    (b"G@T / HTTP/1.1\nHost:a", "method"),
    (b"GET / HTTP/1.1\nHost", "line 2: no ':'"),
    (b"GET / HTTP/1.1\n folded\nHost:a", "line 2: no ':'"),
    (b"GET / HTTP/1.1\nHost:a\nBad name: b", "header name"),
    (b"GET / HTTP/1.1\nHost:a\nA: b\x01", "header A: byte 2 of its value is the control character 0x01"),
    (b"GET / HTTP/1.1\nHost:a\nA: \xff", "not UTF-8"),
    (b"GET / HTTP/1.1\nAccept: */*\n\n", "no Host header"),
    (b"GET / HTTP/1.1\n" + b"A: b\n" * 101, "line 102: more than 100 header lines"),
    (b"GET / HTTP/1.1\nHost:a\n" + b"A: b\n" * 99, "more than 100 headers to sign"),
])
def test_requests(options, request_bytes, says):
    assert_refused(run_sign(request_bytes, *flat(options)), says)


@pytest.mark.parametrize("option, value, says", [
    ("--access-key-id", "", "access key id"),
    ("--access-key-id", "AKID\r\nEvil: 1", "access key id: byte 5"),
    ("--region", "us/east", "region: byte 3"),
    ("--service", "s" * 65, "service has 65 bytes"),
])
def test_names(options, option, value, says):
    options[option] = value
    assert_refused(run_sign(REQUEST, *flat(options)), says)


def test_token_replaces_that_of_the_request(options, tmp_path):
    (tmp_path / "token").write_text("new")
    options["--session-token-file"] = tmp_path / "token"
    request = REQUEST.replace(b"\r\n\r\n", b"\r\nx-amz-security-token: old\r\n\r\n")
    assert "\nx-amz-security-token:new\n" in sagegate_sign(request, *flat(options))["canonical_request"]


def test_body_is_kept_to_the_byte(options):
    body = b"\n" * 200000 + b"\r\n\0"
    signed = sagegate_sign(REQUEST + body, *flat(options))
    assert signed["canonical_request"].endswith("\n" + hashlib.sha256(body).hexdigest())
