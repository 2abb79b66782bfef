"""A double of the EC2 instance metadata service, version 2, on loopback."""
import datetime
import http.server
import json
import threading
import time

ROLES = "/latest/meta-data/iam/security-credentials/"
SESSION = "imds-session-token"


class Imds:
    def __init__(self):
        self.mode = "up"  # or "silent" (no answer at all), "failing" (500)
        self.next_keys = lambda: self.current  # function that gives the keys to hand out
        self.current = None
        self.asked = 0  # for keys
        self.region = self.zone = None  # where the instance is
        handler = type("Handler", (_Handler,), {"double": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def environment(self):
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}"}

    def give(self, key, secret, token, life):
        """What to hand out from now on; it lives `life` seconds."""
        end = datetime.datetime.fromtimestamp(int(time.time()) + life, datetime.timezone.utc)
        self.current = {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": key, "SecretAccessKey": secret,
                        "Token": token, "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return end

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(0, len(body), 100):  # in pieces: the reader has to put them together
            self.wfile.write(body[at:at + 100])

    def is_down(self):
        if self.double.mode == "failing":
            self.answer(500, "")
        elif self.double.mode == "silent":
            self.rfile.read(1)  # until the other side gives up
        return self.double.mode != "up"

    def do_PUT(self):
        if self.is_down():
            return
        if self.path != "/latest/api/token" or not self.headers["X-aws-ec2-metadata-token-ttl-seconds"]:
            self.answer(400, "")
        else:
            self.answer(200, SESSION)

    def do_GET(self):
        if self.is_down():
            return
        if self.headers["X-aws-ec2-metadata-token"] != SESSION:
            self.answer(401, "")
        elif self.path == ROLES:
            self.answer(200, "the-role")
        elif self.path == ROLES + "the-role":
            self.double.asked += 1
            self.answer(200, json.dumps(self.double.next_keys()))
        elif self.path == "/latest/meta-data/placement/availability-zone" and self.double.zone:
            self.answer(200, self.double.zone)
        elif self.path == "/latest/meta-data/placement/region" and self.double.region:
            self.answer(200, self.double.region)
        else:
            self.answer(404, "")
