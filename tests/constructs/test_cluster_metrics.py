"""Business metrics: what services say at `/metrics` becomes these values in CloudWatch, and none beside them.

The agent itself does not run here. Its parts are small enough to be played after their documentation: relabelling
(Prometheus' configuration, `<relabel_config>`), the differences of counters, and the metric declarations of
OpenTelemetry's `awsemfexporter` (its README).
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import promql_parser as promql
import pytest

from cloudmart_cdk import namespaces
from cloudmart_cdk.constructs import cluster_metrics as metrics
from cloudmart_cdk.constructs.grafana_dashboards import SERVICE_METRICS
from cloudmart_cdk.constructs.services import stand_in
from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.kubernetes.states import worlds

CLUSTER = "cloudmart-lab-tiketi"
GROUP = f"/aws/containerinsights/{CLUSTER}/prometheus"
PIPELINE = metrics.pipeline(cluster=CLUSTER, region="ap-northeast-2", log_group=GROUP, namespace="tiketi")
((RECEIVER, RECEIVED),) = PIPELINE["receivers"].items()
((PROCESSOR, PROCESSED),) = PIPELINE["processors"].items()
((EXPORTER, EXPORTED),) = PIPELINE["exporters"].items()
(JOB,) = RECEIVED["config"]["scrape_configs"]
(DISCOVERY,) = JOB["kubernetes_sd_configs"]
(SELECTOR,) = DISCOVERY["selectors"]

CONFIG_MAP: Mapping[str, Any] = stand_in.CONFIG_MAP
STAND_IN = CONFIG_MAP["data"]["metrics"]
HTTP = 'http_requests_total{status="200"} 7\n'
Labels = dict[str, str]
Value = tuple[str, tuple[tuple[str, str], ...]]
"""Name and dimensions."""


def _relabelled(rules: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> Labels | None:
    """None: dropped."""
    found = dict(labels)
    for rule in rules:
        joined = ";".join(found.get(name, "") for name in rule.get("source_labels", []))
        matched = re.fullmatch(rule.get("regex", "(.*)"), joined)
        if rule.get("action") == "keep":
            if not matched:
                return None
        elif matched:
            found[rule["target_label"]] = rule.get("replacement", joined)
    return found


def _samples(text: str) -> list[tuple[Labels, float]]:
    """Prometheus' text format; a sample's name and labels are a selector of PromQL."""
    found = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            selector = promql.parse(series)
            assert isinstance(selector, promql.VectorSelector)
            labels = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
            found.append(({**labels, "__name__": str(selector.name)}, float(value)))
    return found


@dataclass
class Agent:
    """One node's: scrapes pods that it is given, and hands on what CloudWatch makes metrics of."""

    before: dict[tuple[tuple[str, str], ...], float] = field(default_factory=dict)

    def scrape(self, pods: Mapping[tuple[str, str], str]) -> dict[Value, list[float]]:
        """`pods`: (service, pod) -> what it says."""
        made: dict[Value, list[float]] = defaultdict(list)
        for (service, pod), said in pods.items():
            target = _relabelled(
                JOB["relabel_configs"],
                {
                    "__meta_kubernetes_pod_container_port_name": "http",
                    "__meta_kubernetes_pod_label_app_kubernetes_io_name": service,
                    "__meta_kubernetes_pod_name": pod,
                },
            )
            assert target is not None
            own = {name: value for name, value in target.items() if not name.startswith("__")}
            for labels, value in [*_samples(said), ({"__name__": "up"}, 1.0)]:
                synthetic = labels["__name__"] == "up"
                kept = {**labels, **own} if synthetic else _relabelled(JOB["metric_relabel_configs"], labels | own)
                if kept is not None:
                    self._export(kept, value, made)
        return made

    def _export(self, labels: Labels, value: float, made: dict[Value, list[float]]) -> None:
        name = labels.pop("__name__")
        if name not in PROCESSED["metrics"]["include"]["metric_names"]:
            return
        if name.endswith("_total"):  # a counter: its growth, or all of it after a restart
            series = (("", name), *sorted(labels.items()))
            before, self.before[series] = self.before.get(series), value
            if before is None and not EXPORTED["retain_initial_value_of_delta_metric"]:
                return
            value = value - before if before is not None and value >= before else value
        for declaration in EXPORTED["metric_declarations"]:
            if any(re.search(selector, name) for selector in declaration["metric_name_selectors"]):
                for dimensions in declaration["dimensions"]:
                    if set(dimensions) <= set(labels):
                        made[name, tuple((key, labels[key]) for key in dimensions)].append(value)


def _queue(length: int, admitted: int) -> str:
    return (
        f"{HTTP}# TYPE tiketi_queue_length gauge\ntiketi_queue_length {length}\n"
        f"# TYPE tiketi_admissions_total counter\ntiketi_admissions_total {admitted}\n"
    )


def _payment(ok: int, failed: int) -> str:
    return (
        f'{HTTP}# TYPE tiketi_payments_total counter\ntiketi_payments_total{{outcome="ok"}} {ok}\n'
        f'tiketi_payments_total{{outcome="failed"}} {failed}\n'
    )


HERE = ((metrics.CLUSTER, CLUSTER),)
OK, FAILED = (
    (metrics.PAYMENTS, (*HERE, (metrics.OUTCOME, outcome))) for outcome in (metrics.SUCCEEDED, metrics.FAILED)
)
LENGTH, ADMITTED = (metrics.QUEUE_LENGTH, HERE), (metrics.ADMISSIONS, HERE)


def test_what_pods_say_becomes_four_metrics() -> None:
    agent = Agent()
    first = {
        ("queue", "queue-1"): _queue(1500, 40),
        ("queue", "queue-canary-1"): _queue(1500, 1000),
        ("payment", "payment-1"): _payment(10, 1),
    }
    assert agent.scrape(first) == {LENGTH: [1500, 1500]}
    second = {
        ("queue", "queue-1"): _queue(1300, 100),
        ("queue", "queue-canary-1"): _queue(1300, 1060),
        ("payment", "payment-1"): _payment(29, 2),
    }
    made = agent.scrape(second)
    assert made == {LENGTH: [1300, 1300], ADMITTED: [60, 60], OK: [19], FAILED: [1]}
    assert sum(made[ADMITTED]) / metrics.PERIOD_S == 2  # a second


def test_a_pod_that_starts_anew_takes_nothing_back() -> None:
    agent = Agent()
    agent.scrape({("queue", "queue-1"): _queue(0, 5000)})
    assert agent.scrape({("queue", "queue-1"): _queue(0, 12)})[ADMITTED] == [12]


def test_an_agent_that_starts_anew_counts_nothing_twice() -> None:
    assert ADMITTED not in Agent().scrape({("queue", "queue-1"): _queue(0, 5000)})


def test_counters_of_two_pods_on_a_node_are_told_apart() -> None:
    agent = Agent()
    pods = [("queue", "queue-1"), ("queue", "queue-2")]
    agent.scrape(dict(zip(pods, (_queue(0, 10), _queue(0, 9000)), strict=True)))
    assert agent.scrape(dict(zip(pods, (_queue(0, 11), _queue(0, 9002)), strict=True)))[ADMITTED] == [1, 2]


@pytest.mark.parametrize("service", ["payment", "reservation", "search"])
def test_a_stand_in_of_another_service_does_not_say_how_long_the_queue_is(service: str) -> None:
    assert Agent().scrape({(service, f"{service}-1"): STAND_IN}) == {}


def test_the_stand_in_of_queue_says_that_nobody_waits() -> None:
    assert Agent().scrape({("queue", "queue-1"): STAND_IN}) == {LENGTH: [0]}
    assert JOB["fallback_scrape_protocol"] == "PrometheusText0.0.4"


@pytest.mark.parametrize(
    "made_up", ['tiketi_payments_total{outcome="user-4711"} 1', "tiketi_payments_total 1", "tiketi_refunds_total 1"]
)
def test_a_service_cannot_put_further_metrics_on_the_bill(made_up: str) -> None:
    agent = Agent()
    agent.scrape({("payment", "payment-1"): f"{made_up}\n"})
    assert agent.scrape({("payment", "payment-1"): f"{made_up}\n"}) == {}


def test_labels_beside_the_outcome_make_no_metric_of_their_own() -> None:
    agent = Agent()
    said = 'tiketi_payments_total{{outcome="ok",method="card"}} {}\n'
    agent.scrape({("payment", "payment-1"): said.format(1)})
    assert agent.scrape({("payment", "payment-1"): said.format(4)}) == {OK: [3]}
    assert JOB["sample_limit"] <= 100


def test_a_pod_is_asked_by_the_agent_of_its_own_node_only() -> None:
    """Else every node's would count the same again, and network policies would refuse the others."""
    assert SELECTOR["role"] == DISCOVERY["role"] == "pod"
    assert SELECTOR["field"] == "spec.nodeName=${env:K8S_NODE_NAME}"
    assert DISCOVERY["namespaces"] == {"names": [namespaces.SERVICES]}


def test_pods_of_both_tracks_are_found_on_their_port(synthesized: Synthesize) -> None:
    app = synthesized("lab")
    world = worlds(app.folder, app.settings)["released and a canary"]
    (names,) = re.fullmatch(r"app\.kubernetes\.io/name in \((.*)\)", SELECTOR["label"]).groups()  # type: ignore[union-attr]
    asked = [
        (pods.labels["app.kubernetes.io/name"], port["containerPort"])
        for pods in world.pods
        if pods.owner and pods.namespace == namespaces.SERVICES
        if pods.labels["app.kubernetes.io/name"] in names.split(",")
        for port in pods.ports()
        if _relabelled(JOB["relabel_configs"], {"__meta_kubernetes_pod_container_port_name": port["name"]})
    ]
    assert sorted(asked) == [("payment", 3005)] * 2 + [("queue", 3003)] * 2


def test_the_pipeline_is_whole_and_its_parts_are_the_agents() -> None:
    """Parts: amazon-cloudwatch-agent v1.300069.0, service/defaultcomponents/components.go."""
    ((name, parts),) = PIPELINE["service"]["pipelines"].items()
    assert parts == {"receivers": [RECEIVER], "processors": [PROCESSOR], "exporters": [EXPORTER]}
    assert [part.partition("/")[0] for part in (name, RECEIVER, PROCESSOR, EXPORTER)] == [
        "metrics",
        "prometheus",
        "filter",
        "awsemf",
    ]
    assert "cw_k8s_ci" not in str(PIPELINE)  # names that the chart uses, and would put in the place of ours


def test_the_agent_finds_nothing_to_expand_but_its_nodes_name() -> None:
    text = json.dumps(PIPELINE)
    assert set(re.findall(r"\$[^}]*}?", text)) == {"${env:K8S_NODE_NAME}"}


def test_metrics_have_no_dimension_but_those_named() -> None:
    assert EXPORTED["dimension_rollup_option"] == "NoDimensionRollup"
    assert EXPORTED["namespace"] == metrics.NAMESPACE
    named = {dimension for each in EXPORTED["metric_declarations"] for one in each["dimensions"] for dimension in one}
    assert named == {metrics.CLUSTER, metrics.OUTCOME}


def test_grafana_and_cloudwatch_speak_of_the_same_metrics() -> None:
    assert {metrics.QUEUE_LENGTH, metrics.ADMISSIONS, metrics.PAYMENTS} <= set(SERVICE_METRICS)


@pytest.mark.parametrize("stage", ["lab", "prod"])
def test_the_add_on_is_told_and_its_log_group_is_the_stacks(synthesized: Synthesize, stage: str) -> None:
    app = synthesized(stage)
    (addon,) = (
        found["Properties"]
        for found in app.resources(EKS, "AWS::EKS::Addon").values()
        if found["Properties"]["AddonName"] == "amazon-cloudwatch-observability"
    )
    cluster = f"cloudmart-{stage}-tiketi"
    group = f"/aws/containerinsights/{cluster}/prometheus"
    told = json.loads(addon["ConfigurationValues"])["agent"]["otelConfig"]
    assert told == metrics.pipeline(cluster=cluster, region="ap-northeast-2", log_group=group, namespace="tiketi")
    owned = [found["Properties"].get("LogGroupName") for found in app.resources(EKS, "AWS::Logs::LogGroup").values()]
    assert owned.count(group) == 1
