"""Every operation that botocore's models have, as botocore writes its requests, asked of `sagegate explain`: the same
operation and action, and no ARN that the request does not give. botocore's models are older than ours, and so a second
source."""
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.serialize import create_serializer

ROOT = Path(__file__).resolve().parents[2]
SAGEGATE = os.environ.get("SAGEGATE", str(ROOT / "build" / "sagegate"))
SERVICES = {"sagemaker": "api", "sagemaker-runtime": "runtime", "sagemaker-featurestore-runtime": "featurestore-runtime",
            "sagemaker-a2i-runtime": "a2i-runtime", "sagemaker-edge": "edge", "sagemaker-metrics": "metrics",
            "sagemaker-geospatial": "geospatial"}
TYPES = {"ResourceArn": "endpoint", "SourceArn": "artifact", "DestinationArn": "action",
         "ModelPackageArnList": "model-package", "ModelCardExportJobArn": "model-card/c/export-job",
         "PipelineExecutionArn": "pipeline/p/execution"}
# Not required by the models alone, but by the service together with others.
MORE = {"CreateApp": {"UserProfileName": "u"}, "DeleteApp": {"UserProfileName": "u"}, "DescribeApp": {"SpaceName": "s"}}


def arn_of(service, name, operation):
    """An ARN of the type that the member is named for."""
    words = name.removesuffix("Arn")
    kind = TYPES.get(name, "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in words).lstrip("-"))
    if service == "sagemaker-geospatial":
        kind = "vector-enrichment-job" if "Vector" in operation else "raster-data-collection" \
            if "Raster" in operation else "earth-observation-job"
    signing = "sagemaker-geospatial" if service == "sagemaker-geospatial" else "sagemaker"
    return f"arn:aws:{signing}:us-west-2:123456789012:{kind}/given{name}"


def value_of(service, operation, shape, name, depth=0):
    if shape.type_name == "structure":
        members = shape.required_members or (list(shape.members)[:1] if getattr(shape, "is_tagged_union", False) else [])
        return {member: value_of(service, operation, shape.members[member], member, depth + 1) for member in members}
    if shape.type_name == "list":
        return [value_of(service, operation, shape.member, name, depth + 1)]
    if shape.type_name == "map":
        return {"given": value_of(service, operation, shape.value, name, depth + 1)}
    simple = {"integer": 7, "long": 7, "double": 0.5, "float": 0.5, "boolean": True, "blob": b"{}",
              "timestamp": "2026-01-01T00:00:00Z"}
    if shape.type_name in simple:
        return simple[shape.type_name]
    return arn_of(service, name, operation) if name.endswith("Arn") or name in TYPES else shape.enum[0] if shape.enum else f"given{name}"


def request_of(service, model):
    """The request's text, and what it gives."""
    given = value_of(service, model.name, model.input_shape, "") if model.input_shape else {}
    given |= MORE.get(model.name, {})
    written = create_serializer(model.service_model.metadata["protocol"], False).serialize_to_request(given, model)
    query = urlencode(written["query_string"], doseq=True) if written["query_string"] else ""
    body = written["body"] or b""
    body = body if isinstance(body, bytes) else body.encode()
    lines = [f"{written['method']} {written['url_path']}{'?' if query else ''}{query} HTTP/1.1", "Host: localhost",
             *(f"{name}: {value}" for name, value in written["headers"].items()), f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body, json.dumps(given, default=str)


def explain(config, request):
    answer = subprocess.run([SAGEGATE, "explain", "--json", "-c", config], input=request, capture_output=True, timeout=60)
    return json.loads(answer.stdout or b"{}"), answer.stderr.decode()


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    (folder / "p.json").write_text(json.dumps({"Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}))
    (folder / "c.yaml").write_text(json.dumps({
        "region": "us-west-2", "account_id": "123456789012",
        "endpoints": {key: {"private_dns": True} for key in SERVICES.values()},
        "listeners": [{"name": "main", "address": "127.0.0.1:0", "policy": "p.json", "presigned_urls": "allow"}]}))
    return str(folder / "c.yaml")


def check(config, service, model):
    request, given = request_of(service, model)
    found, said = explain(config, request)
    prefix = "sagemaker-geospatial" if service == "sagemaker-geospatial" else "sagemaker"
    wrong = []
    if (found.get("operation"), found.get("action"), found.get("service")) != \
            (model.name, f"{prefix}:{model.name}", SERVICES[service]):
        wrong.append(f"found {found.get('operation')}")
    if found.get("decision") != "allowed":
        wrong.append(found.get("message", said))
    # One that ends with '*' is told up to there, and "*" alone not at all.
    for arn in filter(lambda one: one != "*", found.get("resources", [])):
        parts = arn.split(":", 5)
        name = parts[5].split("/")[-1]
        if parts[:5] != ["arn", "aws", prefix, "us-west-2", "123456789012"] or \
                not (name in given or name in ("7", "*")):
            wrong.append(f"made {arn}")
    return [f"{model.name}: {text}\n{request.decode(errors='replace')}" for text in wrong]


@pytest.mark.parametrize("service", SERVICES)
def test_operations(config, service):
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        pytest.skip(f"this botocore has no model of {service}")
    model = session.get_service_model(service)
    operations = [model.operation_model(name) for name in model.operation_names]
    with ThreadPoolExecutor(2) as pool:
        wrong = [text for found in pool.map(lambda one: check(config, service, one), operations) for text in found]
    assert wrong == []
