"""A double of AWS STS: GetCallerIdentity and AssumeRole, for keys it knows, over TLS."""
import urllib.parse

import signature
import standin


class Sts(standin.StandIn):
    def __init__(self, directory):
        super().__init__(directory)
        self.callers = {}  # access key id -> (ARN, user id)
        self.mode = "up"  # or "failing" (500), "denying" (403)
        self.role_keys = None  # of whoever assumes a role: (access key id, secret, session token)
        self.before = lambda: None  # is called before each answer

    def know(self, key, secret, token, arn, user_id):
        self.keys[key] = (secret, token)
        self.callers[key] = (arn, user_id)

    def _fault_of(self, request):
        return signature.fault_of(request, self.keys, self.region, self.host, self.now(), self.tolerance)

    def _usual(self, request, connection):
        self.before()
        action = urllib.parse.parse_qs(request.body.decode())["Action"][0]
        if self.mode != "up":
            code = "InternalFailure" if self.mode == "failing" else "AccessDenied"
            connection.answer(500 if self.mode == "failing" else 403, self.error(code), content_type="text/xml")
        elif action == "GetCallerIdentity":
            arn, user_id = self.callers[signature.key_of(request)]
            connection.answer(200, self.identity(arn, user_id), content_type="text/xml")
        elif action == "AssumeRole":
            connection.answer(200, self.role(*self.role_keys), content_type="text/xml")
        raise standin.Closed

    @staticmethod
    def role(key, secret, token):
        return (f"<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROAX:s</AssumedRoleId>"
                f"<Arn>arn:aws:sts::123456789012:assumed-role/inference/s</Arn></AssumedRoleUser><Credentials>"
                f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}"
                f"</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>"
                f"</AssumeRoleResponse>").encode()

    @staticmethod
    def identity(arn, user_id):
        return (f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>{user_id}</UserId>"
                f"<Account>{arn.split(':')[4]}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>").encode()

    @staticmethod
    def error(code):
        return f"<ErrorResponse><Error><Code>{code}</Code><Message>said so</Message></Error></ErrorResponse>".encode()
