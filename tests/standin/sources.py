"""Doubles of what hands out credentials beside instance metadata: the agent of ECS and EKS, and STS."""
import datetime
import hashlib
import http.server
import json
import threading
import time
import urllib.parse

import signature
import standin


def end_of(life):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=life)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


class Agent:
    """Gives one set of keys to whoever shows the token."""

    def __init__(self, key, secret, session_token, token=None):
        self.status, self.token, self.asked, self.life, self.delay = 200, token, 0, 3600, 0
        self.keys = {"AccessKeyId": key, "SecretAccessKey": secret, "Token": session_token, "RoleArn": "arn:task"}
        handler = type("Handler", (_AgentHandler,), {"double": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/v2/credentials?id=1"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _AgentHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        double = self.double
        double.asked += 1
        allowed = self.headers["Authorization"] == double.token and self.path == "/v2/credentials?id=1"
        body = json.dumps({**double.keys, "Expiration": end_of(double.life)}).encode() if allowed else b"{}"
        time.sleep(double.delay)
        self.send_response(double.status if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Sts(standin.StandIn):
    """
    Judges signatures, and issues keys that follow from the role and from who assumes it: whoever gets to the same keys
    went the same way. What it issues is added to `keys`, so that it is accepted afterwards. A role whose ARN ends with
    "denied" cannot be assumed.
    """

    def __init__(self, directory, keys, port=0):
        super().__init__(directory, port)
        self.keys = keys
        self.life = 3600

    def _fault_of(self, request):
        if "AssumeRoleWithWebIdentity" in request.body.decode():
            return "it is signed" if request.header("authorization") else None
        fault = signature.fault_of(request, self.keys, self.region, self.host, self.now(), self.tolerance)
        return fault or (None if "/us-west-2/sts/aws4_request" in request.header("authorization") else "the scope is not STS's")

    def _reject(self, connection, name, message):
        body = f"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>{message}</Message></Error></ErrorResponse>"
        connection.answer(403, body.encode(), content_type="text/xml")

    def _usual(self, request, connection):
        said = dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True))
        answer = {"AssumeRole": self._assume, "AssumeRoleWithWebIdentity": self._assume,
                  "GetCallerIdentity": self._identity}[said["Action"]]
        status, body = answer(request, said)
        connection.answer(status, f'<?xml version="1.0"?>\n{body}\n'.encode(), content_type="text/xml")

    def _assume(self, request, said):
        if said["RoleArn"].endswith("denied") or said.get("WebIdentityToken") == "wrong":
            return 403, "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
        who = said.get("WebIdentityToken") or signature.key_of(request)
        made_of = "|".join([who, *(said.get(name, "") for name in ("RoleArn", "ExternalId", "DurationSeconds"))])
        key = "ASIA" + hashlib.sha256(made_of.encode()).hexdigest()[:16].upper()
        self.keys[key] = (f"secret/of+{key}", f"token&of={key}")
        name = said["Action"]
        return 200, (f'<{name}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{name}Result><AssumedRoleUser>'
                     f"<Arn>{said['RoleArn']}/{said['RoleSessionName']}</Arn></AssumedRoleUser><Credentials>"
                     f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret/of+{key}</SecretAccessKey>"
                     f"<SessionToken>token&amp;of={key}</SessionToken><Expiration>{end_of(self.life)}</Expiration>"
                     f"</Credentials></{name}Result></{name}Response>")

    def _identity(self, request, said):
        return 200, ("<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/"
                     f"{signature.key_of(request)}</Arn><UserId>U</UserId><Account>123456789012</Account>"
                     "</GetCallerIdentityResult></GetCallerIdentityResponse>")
