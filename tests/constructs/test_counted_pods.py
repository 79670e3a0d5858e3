"""What `settings.capacity` counts is what the templates and the charts start: no workload is forgotten."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from cloudmart_cdk import labels
from cloudmart_cdk.settings import capacity, system_pods
from cloudmart_cdk.settings.topology import EKS
from tests.conftest import Synthesize
from tests.kubernetes import others
from tests.kubernetes.states import worlds
from tests.support import Synthesized

OPTIONS = {"eks.prometheus": "true", "eks.vertical_recommendations": "true"}
MADE_BY_OPERATORS = {"prometheus"}
"""Not in a chart's own output: its operator makes them from a custom resource."""


def _cpu(quantity: object) -> int:
    text = str(quantity)
    return int(text.removesuffix("m")) if text.endswith("m") else round(float(text) * 1000)


def _memory(quantity: object) -> int:
    return int(str(quantity).removesuffix("Mi"))


def _requests(containers: list[Mapping[str, Any]]) -> tuple[int, int]:
    requests = [container["resources"]["requests"] for container in containers]
    return sum(_cpu(each["cpu"]) for each in requests), sum(_memory(each["memory"]) for each in requests)


def _charts_of(app: Synthesized) -> set[str]:
    return {found["Properties"]["Chart"] for found in app.resources(EKS, "Custom::AWSCDK-EKS-HelmChart").values()}


@pytest.mark.parametrize("chart", sorted(others.charts()))
def test_what_helm_makes_of_a_chart_is_what_is_counted(chart: str) -> None:
    made = Counter(
        (*_requests(list(workload["containers"].values())), workload["replicas"])
        for workload in others.charts()[chart]["workloads"].values()
        if workload["node_selector"].get(labels.CAPACITY) == "on-demand"
    )
    assert made.total() == len(others.charts()[chart]["workloads"])
    counted = Counter(
        (pod.cpu_m, pod.memory_mib, pod.replicas)
        for pod in system_pods.whole(system_pods._PODS[chart])
        if pod.on_demand and not pod.per_node and pod.name not in MADE_BY_OPERATORS
    )
    assert made == counted


@pytest.mark.parametrize("context", [{"stage": "lab"}, {"stage": "prod", **OPTIONS}], ids=["lab", "prod with options"])
def test_charts_and_add_ons_of_the_template_are_counted(synthesized: Synthesize, context: dict[str, str]) -> None:
    app = synthesized(**context)
    addons = {found["Properties"]["AddonName"] for found in app.resources(EKS, "AWS::EKS::Addon").values()}
    expected = [
        pod for source in sorted(addons | _charts_of(app)) for pod in system_pods.whole(system_pods._PODS[source])
    ]
    assert Counter(capacity.system(app.settings.eks)) == Counter(expected)


def test_the_agent_requests_what_is_counted(synthesized: Synthesize) -> None:
    (addon,) = (
        found["Properties"]
        for found in synthesized("lab").resources(EKS, "AWS::EKS::Addon").values()
        if found["Properties"]["AddonName"] == "amazon-cloudwatch-observability"
    )
    counted = system_pods.pod("amazon-cloudwatch-observability", "cloudwatch-agent")
    assert _requests([json.loads(addon["ConfigurationValues"])["agent"]]) == (counted.cpu_m, counted.memory_mib)


def test_services_are_counted_as_they_are_deployed(synthesized: Synthesize) -> None:
    app = synthesized("lab")
    (world, *_) = worlds(app.folder, app.settings).values()
    deployed = {}
    for pods in world.pods:
        if pods.owner is not None:
            affinity = pods.spec["affinity"]["nodeAffinity"]
            deployed[pods.spec["serviceAccountName"]] = (
                *_requests(pods.all_containers()),
                "requiredDuringSchedulingIgnoredDuringExecution" in affinity,
                "preferredDuringSchedulingIgnoredDuringExecution" in affinity,
            )
    wanted = [pod for pod in capacity.wanted(app.settings.eks, "replicas") if pod.name in app.settings.eks.services]
    assert deployed == {pod.name: (pod.cpu_m, pod.memory_mib, pod.stays, pod.moves) for pod in wanted}
