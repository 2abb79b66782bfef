"""doc/deploy against the program itself: every key, command and path that the examples name must be there."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import botocore.session
import botocore.validate
import pytest
import yaml
from gate import ROOT, SAGEGATE, SEED

DEPLOY = ROOT / "doc" / "deploy"
PODS = ["kubernetes/irsa.yaml", "kubernetes/pod-identity.yaml"]
SCHEMAS = os.environ.get("TEST_KUBERNETES", "")
OWN_NAMES = {"labels", "matchLabels", "annotations", "data", "limits", "requests"}  # what is in them has names of ours
IMAGE_CONFIG = re.search(r"<<'YAML'\n(.*?)\nYAML\n", (ROOT / "etc/packaging/image-files").read_text(), re.S)[1]


def documents(name):
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def good(tmp_path, config, policy, environment=()):
    """`sagegate check` finds nothing wrong, and nothing to warn of."""
    (tmp_path / "sagegate.yaml").write_text(config)
    (tmp_path / "policy.json").write_text(policy)
    answer = subprocess.run([SAGEGATE, "check", "-c", str(tmp_path / "sagegate.yaml")], text=True, capture_output=True,
                            timeout=60, env={"AWS_REGION": "us-west-2", **dict(environment)})
    assert (answer.returncode, answer.stderr) == (0, "")
    return answer.stdout


def in_help(command):
    """A probe's command is one that the program knows."""
    program, subcommand, *options = command
    assert program == "/usr/bin/sagegate"
    text = subprocess.run([SAGEGATE, subcommand, "--help"], text=True, capture_output=True, check=True).stdout
    assert [option for option in options if option not in text] == []


def check_clients(environment):
    listeners = yaml.safe_load(IMAGE_CONFIG)["listeners"]
    assert environment["AWS_ENDPOINT_URL"].rpartition(":")[2] == listeners[0]["address"].rpartition(":")[2]


@pytest.mark.parametrize("variable, says", [
    ("SAGEGATE_LISTENERS_0_POLICY=gone.json", "error: SAGEGATE_LISTENERS_0_POLICY: policy {folder}/gone.json cannot be opened"),
    ("SAGEGATE_TLS_CA_FILE=/gone", "error: SAGEGATE_TLS_CA_FILE: ca_file /gone cannot be opened"),
    ("SAGEGATE_ENDPOINTS_RUNTIME_FIPS=true", "warning: SAGEGATE_ENDPOINTS_RUNTIME_FIPS: VPC endpoint policies are not applied"),
    ("SAGEGATE_LISTENERS_0_POLICY_FROM=vpc_endpoint", "warning: SAGEGATE_LISTENERS_0_POLICY_FROM: endpoints.ec2 is not")],
    ids=lambda value: value.partition("=")[0])
def test_what_a_variable_says_wrongly_bears_its_name(tmp_path, variable, says):
    """Also what is only found once all is read."""
    (tmp_path / "sagegate.yaml").write_text(IMAGE_CONFIG)
    answer = subprocess.run([SAGEGATE, "check", "-c", str(tmp_path / "sagegate.yaml")], text=True, capture_output=True, timeout=60,
                            env={"MALLOC_PERTURB_": "165", "SAGEGATE_ACCOUNT_ID": "123456789012", "SAGEGATE_REGION": "us-west-2",
                                 "SAGEGATE_ENDPOINTS_RUNTIME_PRIVATE_DNS": "true", **dict([variable.split("=")])})
    assert "environment: " + says.format(folder=tmp_path) in answer.stderr
    assert answer.returncode in (0, 1)


@pytest.mark.parametrize("name", PODS)
def test_kubernetes(name, tmp_path):
    accounts, config_map, deployment = documents(name)
    pod = deployment["spec"]["template"]["spec"]
    (sidecar,) = pod["initContainers"]
    (app,) = pod["containers"]
    assert sidecar["restartPolicy"] == "Always"
    buffers = re.search(r"^  buffer_memory: (\d+)MiB$", (ROOT / "etc/sagegate.yaml").read_text(), re.M)[1]
    assert int(sidecar["resources"]["limits"]["memory"].removesuffix("Mi")) >= int(buffers) + 128
    environment = {variable["name"]: variable["value"] for variable in sidecar["env"]}
    policy = config_map["data"]["policy.json"]
    assert json.loads(policy)["Statement"]
    mounts = {mount["mountPath"]: mount["name"] for mount in sidecar["volumeMounts"]}
    configured = yaml.safe_load(IMAGE_CONFIG)["listeners"][0]["policy"]
    assert configured in mounts
    config = IMAGE_CONFIG.replace(configured, "policy.json")
    assert "services: runtime" in good(tmp_path, config, policy, environment)
    in_help(sidecar["startupProbe"]["exec"]["command"])
    in_help(sidecar["livenessProbe"]["exec"]["command"])
    assert "--ready" not in sidecar["livenessProbe"]["exec"]["command"], "liveness must not depend on AWS"
    token = [value for key, value in environment.items() if key.endswith("_TOKEN_FILE")]
    assert token == [path + "/token" for path, volume in mounts.items() if volume == "token"]
    assert "volumeMounts" not in app and not pod["automountServiceAccountToken"]
    assert {mount for mount in mounts.values()} == {volume["name"] for volume in pod["volumes"]}
    assert accounts["metadata"]["name"] == pod["serviceAccountName"]
    assert pod["terminationGracePeriodSeconds"] > 90
    check_clients({variable["name"]: variable["value"] for variable in app["env"]})


def keys_of(value):
    """All names of fields in it."""
    if isinstance(value, list):
        for item in value:
            yield from keys_of(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from () if key in OWN_NAMES else keys_of(item)


@pytest.mark.skipif(not SCHEMAS, reason="TEST_KUBERNETES names no folder with the schemas (./check installs them)")
@pytest.mark.parametrize("name", [*PODS, "kubernetes/network-policy.yaml"])
def test_kubernetes_schemas(name):
    """Types and what is required by the schemas; of names that there is such a field at all, which they leave open."""
    found = documents(name)
    answer = subprocess.run(["node", f"{SCHEMAS}/validate.mjs"], input=json.dumps(found), text=True, capture_output=True, timeout=60)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    types = Path(SCHEMAS, "node_modules").glob("**/kubernetes-models/**/v1/*.d.ts")
    known = set(re.findall(r'^ +"(\S+)"\??:', "".join(path.read_text() for path in types), re.M)) | {"namespace", "name", *OWN_NAMES}
    assert set(keys_of(found)) <= known


def test_network_policy_selects_the_pods():
    (policy,) = documents("kubernetes/network-policy.yaml")
    selected = policy["spec"]["podSelector"]["matchLabels"].items()
    for name in PODS:
        assert selected <= documents(name)[2]["spec"]["template"]["metadata"]["labels"].items()


def wrong_words(value, shape, where=""):
    """Texts that are none of those that the API has for their place."""
    if shape.type_name == "structure":
        return [wrong for key, item in value.items() for wrong in wrong_words(item, shape.members[key], f"{where}.{key}")]
    if shape.type_name == "list":
        return [wrong for item in value for wrong in wrong_words(item, shape.member, where)]
    return [where] if getattr(shape, "enum", ()) and value not in shape.enum else []


def test_ecs_schema():
    """By the model of the API that the AWS CLI calls."""
    shape = botocore.session.get_session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape
    task = json.loads((DEPLOY / "ecs/task-definition.json").read_text())
    assert botocore.validate.ParamValidator().validate(task, shape).generate_report() == ""
    assert wrong_words(task, shape) == []


def test_ecs(tmp_path):
    task = json.loads((DEPLOY / "ecs/task-definition.json").read_text())
    containers = {container["name"]: container for container in task["containerDefinitions"]}
    sidecar = containers["sagegate"]
    environment = {variable["name"]: variable["value"] for variable in sidecar["environment"]}
    assert environment["SAGEGATE_LISTENERS_0_POLICY"].startswith(sidecar["mountPoints"][0]["containerPath"] + "/")
    environment["SAGEGATE_LISTENERS_0_POLICY"] = "policy.json"
    assert "services: runtime" in good(tmp_path, IMAGE_CONFIG, json.dumps(SEED), environment)
    kind, *command = sidecar["healthCheck"]["command"]
    assert kind == "CMD"
    in_help(command)
    assert "--ready" not in command, "ECS replaces tasks by it: it must not depend on AWS"
    assert 90 < sidecar["stopTimeout"] <= 120
    assert {"containerName": "sagegate", "condition": "HEALTHY"} in containers["app"]["dependsOn"]
    check_clients({variable["name"]: variable["value"] for variable in containers["app"]["environment"]})


def test_a_container_that_follows_the_endpoints_policy(tmp_path):
    """By the variables that README.md names alone, without a policy file."""
    variables = dict(re.findall(r"`(SAGEGATE_\w+)=(\S+)`", (DEPLOY / "README.md").read_text()))
    variables = {name: value.replace("ID", "vpce-0123456789abcdef0") for name, value in variables.items()}
    environment = {"SAGEGATE_ACCOUNT_ID": "123456789012", "SAGEGATE_ENDPOINTS_RUNTIME_PRIVATE_DNS": "true",
                   "SAGEGATE_ENDPOINTS_EC2_PRIVATE_DNS": "true"}
    assert "services: runtime" in good(tmp_path, IMAGE_CONFIG, "not looked at", {**environment, **variables})
    assert len(variables) == 2


def test_ec2(tmp_path):
    script = (DEPLOY / "ec2/user-data.sh").read_text()
    subprocess.run(["bash", "-n", str(DEPLOY / "ec2/user-data.sh")], check=True)
    config = re.search(r"<<'YAML'\n(.*?)\nYAML\n", script, re.S)[1]
    assert "services: runtime" in good(tmp_path, config + "\n", json.dumps(SEED))


def test_the_firewall_loads(tmp_path):
    nft = shutil.which("nft", path=os.environ["PATH"] + ":/usr/sbin")
    if not nft:
        pytest.skip("nft is not installed (./check installs it)")
    rules = (DEPLOY / "ec2/sagegate.nft").read_text()
    assert "skuid { root, sagegate }" in rules
    (tmp_path / "rules.nft").write_text(rules.replace("{ root, sagegate }", "{ root, nobody }"))
    network = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*network, "true"], capture_output=True).returncode != 0:
        pytest.skip("no network namespace can be made here")
    answer = subprocess.run([*network, nft, "-f", str(tmp_path / "rules.nft")], text=True, capture_output=True)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_terraform_names_our_endpoints(tmp_path):
    text = (DEPLOY / "terraform/main.tf").read_text()
    assert text.count("{") == text.count("}")
    keys = re.findall(r'^    (\S+) += "sagemaker\.', text, re.M)
    endpoints = "".join(f"  {key}: {{ private_dns: true }}\n" for key in keys)
    services = good(tmp_path, 'account_id: "123456789012"\nlisteners: [{ name: main, address: "127.0.0.1:8080", policy: '
                    f'policy.json }}]\nendpoints:\n{endpoints}', json.dumps(SEED))
    assert sorted(services.split("services: ")[1].splitlines()[0].split(", ")) == sorted(keys)


def test_every_file_is_in_the_table():
    table = (DEPLOY / "README.md").read_text()
    files = {str(path.relative_to(DEPLOY)) for path in DEPLOY.rglob("*") if path.is_file()} - {"README.md"}
    assert files == set(re.findall(r"\]\(([^)]+)\)", table))
