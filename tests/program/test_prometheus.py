"""The dashboard and the alert rules, in Debian's Prometheus: on a live sagegate, and on made-up series."""
import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest
import yaml
from ec2 import Ec2
from gate import ROOT, SEED, eventually, free_port
from test_rotation import Issuer

RULES = ROOT / "etc" / "prometheus" / "sagegate.rules.yml"
DASHBOARD = json.loads((ROOT / "etc" / "grafana" / "sagegate.json").read_text())
PATH = os.environ.get("TEST_PROMETHEUS", os.environ["PATH"])
VPC_ENDPOINT = "vpce-0123456789abcdef0"
INVOKE = "/endpoints/{}/invocations"
# What the page tells and nobody needs on a dashboard.
NOT_SHOWN = {"sagegate_worker_client_connections", "sagegate_presigned_urls_total", "sagegate_dropped_headers_total",
             "sagegate_dns_lookups_total"}
# Queries that rightly find nothing while all is well.
EMPTY = ("sagegate_upstream_connections_closed_total",)

needs_prometheus = pytest.mark.skipif(not shutil.which("prometheus", path=PATH),
                                      reason="prometheus is neither installed nor in TEST_PROMETHEUS (./check unpacks it)")


def promtool(*arguments):
    done = subprocess.run([shutil.which("promtool", path=PATH), *arguments], text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def panel_queries():
    """The queries of the dashboard, with its variables set as Grafana does for "All"."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            query = re.sub(r"\$__(rate_interval|range)", "5s", target["expr"])
            yield query.replace("$instance", ".*").replace("$listener", ".*")


def alerts():
    return {rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}


class Prometheus:
    """Scrapes one sagegate five times a second."""

    def __init__(self, folder, target):
        self.url = f"http://127.0.0.1:{free_port()}"
        config = {"global": {"scrape_interval": "200ms", "evaluation_interval": "200ms"}, "rule_files": [str(RULES)],
                  "scrape_configs": [{"job_name": "sagegate", "static_configs": [{"targets": [target]}]}]}
        (folder / "prometheus.yml").write_text(json.dumps(config))
        with open(folder / "prometheus.log", "wb") as log:
            self.process = subprocess.Popen(
                [shutil.which("prometheus", path=PATH), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address={self.url.removeprefix('http://')}"], stdout=log, stderr=log)

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            assert error.code == 503, error.read().decode()  # it is still starting
            return None
        except OSError:  # it has not started yet
            assert self.process.poll() is None
            return None

    def ask(self, query):
        answer = self.get("/api/v1/query?" + urllib.parse.urlencode({"query": query}))
        return answer and answer["data"]["result"]

    def close(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def telling(start_gate, endpoint, authority):
    """(gate, its admin listener's address), of which nothing that it can tell is missing: with credentials that expire, and
    policies of VPC endpoints beside its own."""
    issuer = Issuer(endpoint, 3600)
    ec2 = Ec2(authority)
    ec2.keys = endpoint.keys  # which the issuer adds to
    ec2.put(VPC_ENDPOINT, SEED)
    admin = f"127.0.0.1:{free_port()}"
    gate = start_gate(policy=SEED, listener={"policy": ["policy.json", {"from": "vpc_endpoint", "refresh": "1s"}]},
                      endpoints={"runtime": {"url": endpoint.url, "vpc_endpoint": VPC_ENDPOINT}, "ec2": {"url": ec2.url}},
                      admin={"address": admin}, environment=issuer.imds.environment, credentials={"provider": "imds"})
    gate.await_log("credentials found")
    eventually(lambda: gate.ask("POST", INVOKE.format("myEndpoint"), b"{}")[0] == 200)
    yield gate, admin
    ec2.close()
    issuer.imds.close()


@pytest.fixture
def prometheus(telling, tmp_path):
    one = Prometheus(tmp_path, telling[1])
    yield one
    one.close()


@needs_prometheus
def test_every_query_on_a_live_run(telling, prometheus):
    """Each gives values under traffic, or is known to find nothing; no alert is raised but that of the denials."""
    gate, _ = telling

    def has_values(query):
        for name in ("myEndpoint", "denied"):
            gate.ask("POST", INVOKE.format(name), b"{}")
        return any(series["value"][1] != "NaN" for series in prometheus.ask(query) or ())

    for query in panel_queries():
        if any(name in query for name in EMPTY):
            assert prometheus.ask(query) == []
        else:
            eventually(lambda query=query: has_values(query))
    for name, rule in alerts().items():
        result = prometheus.ask(rule["expr"])
        assert (result != []) == (name == "SagegateDenies"), name
    groups = prometheus.get("/api/v1/rules")["data"]["groups"]
    assert {rule["name"]: rule["lastError"] if "lastError" in rule else "" for group in groups for rule in group["rules"]} == \
        dict.fromkeys(alerts(), "")


def test_names_are_those_of_the_page(telling):
    """Also where a query finds nothing, its name is right."""
    with urllib.request.urlopen(f"http://{telling[1]}/metrics", timeout=30) as answer:
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", answer.read().decode(), re.M))
    known = {name + end for name, kind in types.items() for end in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))}
    queries = [*panel_queries()] + [rule["expr"] for rule in alerts().values()]
    queries += [variable.get("definition", "") for variable in DASHBOARD["templating"]["list"]]
    used = set(re.findall(r"\b(?:sagegate|process)_\w+", " ".join(re.sub(r'"[^"]*"', "", query) for query in queries)))
    assert used <= known, used - known
    unseen = {name for name in known - used - NOT_SHOWN if not name.endswith(("_sum", "_count"))}
    assert unseen <= {"sagegate_build_info"}, "show it in etc/grafana/sagegate.json, or name it in NOT_SHOWN"


ME = 'instance="host:9090",job="sagegate"'
INFO = f"sagegate_build_info{{{ME}}}"


def out_of_date(refresh):
    """EC2 has told the policies of two endpoints at 0."""
    return {f'sagegate_policy_mirror_told_timestamp_seconds{{{ME},service="{service}"}}': told for service, told in
            (("api", "0+60x90"), ("runtime", "0x90"))} | {f"sagegate_policy_mirror_refresh_seconds{{{ME}}}": refresh}


# For each alert what makes it fire: series by minutes, and the minute by which it does. "A+BxN" counts up by B.
FIRING = {
    "SagegateDown": ({f"up{{{ME}}}": "0x20"}, 5),
    "SagegateNoCredentials": ({f'sagegate_credentials_available{{{ME},identity="batch"}}': "0x20"}, 5),
    "SagegateCredentialsExpire": ({f"sagegate_credentials_expiry_timestamp_seconds{{{ME}}}": "600x20"}, 10),
    "SagegateCredentialsRefreshFails": ({f"sagegate_credentials_refresh_failures_total{{{ME}}}": "0+1x30"}, 20),
    "SagegateEndpointOutOfReach": ({f'sagegate_upstream_addresses{{{ME},service="runtime",state="good"}}': "0x20"}, 5),
    "SagegateAddressesEjected": ({f'sagegate_upstream_addresses{{{ME},service="runtime",state="ejected"}}': "1x20"}, 15),
    "SagegateDnsStale": ({f'sagegate_dns_answer_timestamp_seconds{{{ME},service="runtime"}}': "0x30"}, 20),
    "SagegateErrors": ({f'sagegate_requests_total{{{ME},status="5xx"}}': "0+10x30", f'sagegate_requests_total{{{ME},status="2xx"}}': "0+90x30"}, 15),
    "SagegateDenies": ({f'sagegate_requests_total{{{ME},decision="implicit_deny",status="4xx"}}': "0+1x30"}, 12),
    "SagegateServiceDenies": ({f'sagegate_service_denials_total{{{ME},policy="identity_policy"}}': "0+1x30"}, 12),
    "SagegateSignaturesRejected": ({f'sagegate_rejected_signatures_total{{{ME},reason="signature"}}': "0+1x30"}, 12),
    "SagegateMirrorMissing": ({f'sagegate_policy_mirror_available{{{ME},service="runtime"}}': "0x20"}, 5),
    "SagegateMirrorRejected": ({f'sagegate_policy_mirror_rejected{{{ME},service="runtime"}}': "1x20"}, 10),
    "SagegateMirrorOutOfDate": (out_of_date("300x90"), 75),
    "SagegateMirrorNotInSync": ({f'sagegate_policy_mirror_in_sync{{{ME}}}': "0x30"}, 20),
    "SagegateAddsTime": ({f'sagegate_overhead_duration_seconds_bucket{{{ME},le="0.1"}}': "0+1x40",
                          f'sagegate_overhead_duration_seconds_bucket{{{ME},le="1"}}': "0+100x40",
                          f'sagegate_overhead_duration_seconds_bucket{{{ME},le="+Inf"}}': "0+100x40"}, 20),
    "SagegateTurnsAway": ({f"sagegate_requests_turned_away_total{{{ME}}}": "0+1x20"}, 10),
    "SagegateLogLinesLost": ({f"sagegate_log_lines_dropped_total{{{ME}}}": "0+1x20"}, 12),
    "SagegateDescriptors": ({f"process_open_fds{{{ME}}}": "900x20", f"process_max_fds{{{ME}}}": "1000x20", INFO: "1x20"}, 10),
    "SagegateRestarts": ({f"process_start_time_seconds{{{ME}}}": "0+60x20", INFO: "1x20"}, 10),
}


# What must not make any alert fire: series by minutes, and the minute by which none does.
QUIET = [(out_of_date("86400x90"), 89)]


@needs_prometheus
def test_every_alert_can_fire(tmp_path):
    """By what it is about, and no other with it; and none by what is well."""
    assert set(FIRING) == set(alerts())
    promtool("check", "rules", str(RULES))
    tests = [{"interval": "1m", "input_series": [{"series": series, "values": values} for series, values in made.items()],
              "promql_expr_test": [{"expr": f'count by (alertname) (ALERTS{{alertstate="firing"}})', "eval_time": f"{minute}m",
                                    "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in names]}]}
             for names, (made, minute) in [*(([name], case) for name, case in FIRING.items()), *(([], case) for case in QUIET)]]
    (tmp_path / "tests.yml").write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    promtool("test", "rules", str(tmp_path / "tests.yml"))
