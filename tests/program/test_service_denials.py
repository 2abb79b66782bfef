"""What the policies here allow and the service denies: the client gets its answer, log and metrics say whose policy."""
import json

import pytest
from gate import free_port

USER = ("User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: sagemaker:InvokeEndpoint on resource: "
        "arn:aws:sagemaker:us-west-2:123456789012:endpoint/e ")


def deny(message, name="AccessDeniedException", header=True, status=403):
    def answer(_request, connection):
        connection.answer_json(status, {"__type": name, "message": message}, [("x-amzn-ErrorType", name)] if header else [])
    return answer


@pytest.mark.parametrize("words, policy", [
    ("because no VPC endpoint policy allows the sagemaker:InvokeEndpoint action", "vpc_endpoint_policy"),
    ("with an explicit deny in a VPC endpoint policy", "vpc_endpoint_policy"),
    ("because no identity-based policy allows the sagemaker:InvokeEndpoint action", "identity_policy"),
    ("with an explicit deny in a service control policy", "service_control_policy"),
    ("", "untold"),
], ids=["endpoint", "endpoint, explicit", "identity", "service control", "untold"])
@pytest.mark.parametrize("header", [True, False], ids=["by header", "by body"])
def test_denied_by_the_service(start_gate, endpoint, words, policy, header):
    gate = start_gate(admin={"address": f"127.0.0.1:{free_port()}"})
    endpoint.handlers["e"] = deny(USER + words, header=header)
    status, _, body = gate.ask("POST", "/endpoints/e/invocations", b"{}")
    assert (status, json.loads(body)["message"]) == (403, USER + words)
    gate.await_log(f"denied_by={policy} ")
    assert gate.number(rf'sagegate_service_denials_total\{{policy="{policy}"\}}') == 1
    assert len(endpoint.requests) == 1


def test_nothing_else_is_counted(start_gate, endpoint):
    gate = start_gate(policy={"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*",
                                             "Resource": "arn:aws:sagemaker:us-west-2:123456789012:endpoint/here"},
                                            {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]},
                      admin={"address": f"127.0.0.1:{free_port()}"})
    endpoint.handlers["wrong"] = deny(USER, name="ValidationException", status=400)
    endpoint.handlers["long"] = deny("x" * 5000 + "because no session policy allows")
    for name, expected in (("here", 403), ("wrong", 400), ("long", 403), ("good", 200)):
        assert gate.ask("POST", f"/endpoints/{name}/invocations", b"{}")[0] == expected
    gate.await_log("request listener=", times=4)
    assert "denied_by" not in gate.log
    assert gate.number(r'sagegate_service_denials_total\{policy="untold"\}') == 0


def test_what_is_denied_here_too_is_no_surprise(start_gate, endpoint):
    nothing = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
    gate = start_gate(policy=nothing, listener={"mode": "audit"}, admin={"address": f"127.0.0.1:{free_port()}"})
    endpoint.handlers["e"] = deny(USER + "with an explicit deny in a VPC endpoint policy")
    with gate.connect() as wire:
        assert wire.ask("POST", "/endpoints/e/invocations", b"{}")[0] == 403
    gate.await_log("audit=would_deny")
    assert "denied_by" not in gate.log
