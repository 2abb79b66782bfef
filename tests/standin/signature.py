"""Judges the SigV4 signature of a request as received, by signing the same bytes with botocore's SigV4Auth."""
import datetime
import re

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>[0-9a-f]{64})$")


class _Exact(SigV4Auth):
    """Signs just the headers it is told to."""

    def __init__(self, credentials, service, region, signed):
        super().__init__(credentials, service, region)
        self.signed = signed

    def headers_to_sign(self, request):
        chosen = super().headers_to_sign(request)
        for name in set(name.lower() for name in chosen.keys()):
            if name not in self.signed:
                del chosen[name]
        return chosen


def key_of(request):
    """The access key id that signed."""
    match = AUTHORIZATION.match(request.header("authorization") or "")
    return match and match["key"]


def fault_of(request, keys, region, host, now, tolerance):
    """None when the signature is good; else a sentence. keys: access key id -> (secret, session token or None)."""
    match = AUTHORIZATION.match(request.header("authorization") or "")
    if not match:
        return "Authorization is missing or malformed"
    if match["key"] not in keys:
        return f"unknown access key {match['key']}"
    secret, token = keys[match["key"]]
    date = request.header("x-amz-date") or ""
    try:
        age = now - datetime.datetime.strptime(date + "+0000", "%Y%m%dT%H%M%SZ%z")
    except ValueError:
        return f"X-Amz-Date is {date!r}"
    if abs(age.total_seconds()) > tolerance or not date.startswith(match["date"]):
        return f"X-Amz-Date {date} is not now, or not of the scope"
    if match["region"] != region:
        return f"scope says region {match['region']}"
    if request.header("host") != host:
        return f"Host is {request.header('host')!r}, not {host!r}"
    if (request.header("x-amz-security-token") or None) != token:
        return "the session token is not the one of these keys"
    signed = match["signed"].split(";")
    for name, _ in request.headers:
        name = name.lower()
        must = name in ("host", "content-type") or name.startswith(("x-amz-", "x-amzn-"))
        if must and name != "x-amzn-trace-id" and name not in signed:
            return f"{name} is not signed"

    copy = AWSRequest(method=request.method, url=f"https://{host}{request.target}", data=request.body)
    for name, value in request.headers:
        if name.lower() != "authorization":
            copy.headers.add_header(name, value)
    copy.context["timestamp"] = date
    signer = _Exact(Credentials(match["key"], secret, token), match["service"], region, signed)
    expected = signer.signature(signer.string_to_sign(copy, signer.canonical_request(copy)), copy)
    if expected != match["signature"]:
        return "the signature does not match:\n" + signer.canonical_request(copy)
    return None
