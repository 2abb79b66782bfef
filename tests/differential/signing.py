"""Asks two signers about one request: `sagegate sign`, and botocore's SigV4Auth."""
import json
import os
import pathlib
import subprocess

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import quote
from botocore.utils import normalize_url_path

SAGEGATE = os.environ.get("SAGEGATE") or str(pathlib.Path(__file__).resolve().parents[2] / "build" / "sagegate")


def run_sign(request, *arguments):
    """The finished process; `request` is bytes."""
    return subprocess.run([SAGEGATE, "sign", *map(str, arguments)], input=request, capture_output=True, timeout=60)


def sagegate_sign(request, *arguments):
    """What sagegate prints, as a dict."""
    process = run_sign(request, *arguments)
    assert process.returncode == 0, f"{process.stderr.decode()}\nrequest: {request!r}"
    return json.loads(process.stdout)


class Signer(SigV4Auth):
    """SigV4Auth with the two path options of `sagegate sign`."""

    def __init__(self, credentials, service, region, normalize=True, double_encode=True):
        super().__init__(credentials, service, region)
        self.normalize = normalize
        self.double_encode = double_encode

    def _normalize_url_path(self, path):
        if self.normalize:
            path = normalize_url_path(path)
        return quote(path, safe="/~") if self.double_encode else path


def botocore_sign(signer, method, url, headers, body, timestamp):
    """The same dict by botocore; `headers` is a list of pairs. SigV4Auth.add_auth without its clock."""
    request = AWSRequest(method=method, url=url, data=body)
    for name, value in headers:
        request.headers[name] = value
    request.context["timestamp"] = timestamp
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    to_sign = signer.string_to_sign(request, canonical)
    signature = signer.signature(to_sign, request)
    signer._inject_signature_to_request(request, signature)
    return {
        "canonical_request": canonical,
        "string_to_sign": to_sign,
        "signature": signature,
        "authorization": request.headers["Authorization"],
    }
