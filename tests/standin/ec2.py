"""A double of Amazon EC2, as far as sagegate asks it: DescribeVpcEndpoints by the query protocol over TLS, with pages."""
import json
import re
import urllib.parse
import uuid
from xml.sax.saxutils import escape

import signature
import standin

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
# What AWS gives an endpoint that nobody gave a policy, byte by byte.
FULL_ACCESS = ('{\n  "Statement": [\n    {\n      "Action": "*", \n      "Effect": "Allow", \n      "Principal": "*", \n'
               '      "Resource": "*"\n    }\n  ]\n}')


def element(name, value):
    return f"<{name}>{escape(str(value), {chr(34): '&quot;'})}</{name}>"


def items(name, values):
    return f"<{name}>{''.join(f'<item>{value}</item>' for value in values)}</{name}>" if values else f"<{name}/>"


class Ec2(standin.StandIn):
    def __init__(self, directory):
        super().__init__(directory)
        self.endpoints = {}  # id -> the XML of its item
        self.page = 1000  # endpoints a page
        self.refusals = []  # (status, code, message) to answer with, one after the other, before anything else
        self.away = False  # it cuts connections without an answer
        self.asked = 0  # calls that were answered well

    def put(self, vpce, policy, service="runtime", zones=("us-west-2a", "us-west-2b"), state="available", private_dns=True):
        """An endpoint with a policy: a document, or its text."""
        text = policy if isinstance(policy, str) else json.dumps(policy)
        host = f"{service}.sagemaker.us-west-2.vpce.amazonaws.com"
        names = [f"{vpce}-abcdefgh.{host}", *(f"{vpce}-abcdefgh-{zone}.{host}" for zone in zones)]
        names += [f"{service}.sagemaker.us-west-2.amazonaws.com"] if private_dns else []
        self.endpoints[vpce] = "".join([
            element("vpcEndpointId", vpce), element("vpcEndpointType", "Interface"), element("vpcId", "vpc-0a1b2c3d"),
            element("serviceName", f"com.amazonaws.us-west-2.sagemaker.{service}"), element("state", state),
            element("policyDocument", text), "<routeTableIdSet/>",
            items("subnetIdSet", [f"subnet-{zone[-1] * 8}" for zone in zones]),
            items("groupSet", [element("groupId", "sg-0a1b2c3d") + element("groupName", "endpoints & more")]),
            element("ipAddressType", "ipv4"), "<dnsOptions><dnsRecordIpType>ipv4</dnsRecordIpType></dnsOptions>",
            element("privateDnsEnabled", str(private_dns).lower()), element("requesterManaged", "false"),
            items("networkInterfaceIdSet", ["eni-0a1b2c3d"]),
            items("dnsEntrySet", [element("dnsName", name) + element("hostedZoneId", "Z1YSA3EXCYUU9Z") for name in names]),
            element("creationTimestamp", "2026-01-31T12:00:00.123Z"),
            items("tagSet", [element("key", "state") + element("value", "<deleted>")]),
            element("ownerId", "123456789012")])

    def _fault_of(self, request):
        fault = signature.fault_of(request, self.keys, self.region, self.host, self.now(), self.tolerance)
        scope = signature.AUTHORIZATION.match(request.header("authorization") or "")
        return fault or (scope["service"] != "ec2" and f"scope says service {scope['service']}") or None

    def _usual(self, request, connection):
        if self.away:
            raise standin.Closed
        if self.refusals:
            self.refuse(connection, *self.refusals.pop(0))
        elif request.method != "POST" or request.target != "/":
            self.refuse(connection, 400, "InvalidRequest", "The request is not one of the query protocol")
        else:
            self.describe(dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True)), connection)
        raise standin.Closed

    def describe(self, parameters, connection):
        known = r"Action|Version|NextToken|MaxResults|VpcEndpointId\.\d+|Filter\.1\.(Name|Value\.\d+)"
        strange = [name for name in parameters if not re.fullmatch(known, name)]
        if (parameters.get("Action"), parameters.get("Version")) != ("DescribeVpcEndpoints", "2016-11-15"):
            self.refuse(connection, 400, "InvalidAction", "The action is not valid for this web service.")
        elif strange:
            self.refuse(connection, 400, "UnknownParameter", f"The parameter {strange[0]} is not recognized")
        elif parameters.get("Filter.1.Name", "vpc-endpoint-id") != "vpc-endpoint-id":
            self.refuse(connection, 400, "InvalidParameterValue", "The filter is invalid")
        else:
            self.answer(parameters, connection)

    def answer(self, parameters, connection):
        ids = [value for name, value in parameters.items() if name.startswith("VpcEndpointId.")]
        filters = [value for name, value in parameters.items() if name.startswith("Filter.1.Value.")]
        if missing := [vpce for vpce in ids if vpce not in self.endpoints]:
            self.refuse(connection, 400, "InvalidVpcEndpointId.NotFound",
                        f"The Vpc Endpoint Id '{missing[0]}' does not exist")
            return
        chosen = [vpce for vpce in sorted(self.endpoints)
                  if (not ids or vpce in ids) and (not filters or vpce in filters)]
        page = min(int(parameters.get("MaxResults", 1000)), self.page)
        start = int(parameters.get("NextToken", "from 0=").removeprefix("from ").removesuffix("="))
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<DescribeVpcEndpointsResponse xmlns="{NAMESPACE}">\n    '
        body += element("requestId", uuid.uuid4()) + "\n    "
        body += items("vpcEndpointSet", [self.endpoints[vpce] for vpce in chosen[start:start + page]])
        if start + page < len(chosen):
            body += element("nextToken", f"from {start + page}=")
        self.asked += 1
        connection.answer(200, f"{body}\n</DescribeVpcEndpointsResponse>".encode(), content_type="text/xml;charset=UTF-8")

    @staticmethod
    def refuse(connection, status, code, message):
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>{element("Code", code)}'
                f'{element("Message", message)}</Error></Errors>{element("RequestID", uuid.uuid4())}</Response>')
        connection.answer(status, body.encode(), content_type="text/xml;charset=UTF-8")
