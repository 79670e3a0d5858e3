"""Values of the charts against what `tools.charts` recorded of each chart: names that exist, pods as we want them."""

import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from cloudmart_cdk import namespaces
from cloudmart_cdk.constructs.chart_values import Site, values
from cloudmart_cdk.constructs.helm_release import REPOSITORIES
from cloudmart_cdk.settings import catalogue, load_settings, system_pods
from cloudmart_cdk.settings.catalogue import Chart
from tools.charts import facts, keys

FACTS = facts.read()
SETTINGS = load_settings({})
SITE = Site(cluster="cloudmart-lab-tiketi", region="eu-west-1", vpc_id="vpc-1", kubernetes="1.35", webhook_port=9443)
CONTROLLERS: tuple[Chart, ...] = (
    "aws-load-balancer-controller",
    "cluster-autoscaler",
    "metrics-server",
    "keda",
    "vertical-pod-autoscaler",
)
AGAIN = "run `python -m tools.charts --charts DIR --record` with the new chart"


@pytest.mark.parametrize("chart", CONTROLLERS)
def test_facts_are_of_the_version_that_is_installed(chart: Chart) -> None:
    assert FACTS[chart]["version"] == SETTINGS.eks.charts[chart], AGAIN
    assert FACTS[chart]["source"].keys() == {"repository", "commit", "path", "licence"}


@pytest.mark.parametrize("chart", CONTROLLERS)
def test_every_value_is_one_that_the_chart_knows(chart: Chart) -> None:
    assert list(keys.unknown(values(chart, SITE), FACTS[chart]["values"])) == [], AGAIN


def test_a_misspelt_value_is_found() -> None:
    known = FACTS["aws-load-balancer-controller"]["values"]
    assert list(keys.unknown({"replicaCounts": 2, "webhookConfig": {"disable": True}}, known)) == [
        "replicaCounts",
        "webhookConfig.disable",
    ]


def test_every_chart_of_the_settings_has_a_repository() -> None:
    assert REPOSITORIES.keys() == set(get_args(Chart)) == SETTINGS.eks.charts.keys()
    assert all(address.startswith("https://") for address in REPOSITORIES.values())


@pytest.mark.parametrize("chart", CONTROLLERS)
def test_pods_are_what_the_capacity_table_counts(chart: Chart) -> None:
    """As helm rendered them: replicas and requests in sum, on nodes that stay, before any service's pod."""
    workloads = FACTS[chart]["workloads"].values()
    counted = system_pods.CHART_PODS[chart]
    assert len(workloads) == len(counted)
    assert sorted(_sizes(each) for each in workloads) == sorted(
        (pod.replicas, f"{pod.cpu_m}m", f"{pod.memory_mib}Mi", f"{pod.memory_limit_mib}Mi") for pod in counted
    )
    for each in workloads:
        assert each["namespace"] == namespaces.CONTROLLERS
        assert each["node_selector"].items() >= {"cloudmart.internal/capacity": "on-demand"}.items()
        if chart != "vertical-pod-autoscaler":  # gives advice; nothing waits for it
            assert each["priority_class"] == "system-cluster-critical"


def _sizes(workload: Mapping[str, Any]) -> tuple[int, str, str, str]:
    (container,) = workload["containers"].values()
    requests, limits = container["resources"]["requests"], container["resources"]["limits"]
    return workload["replicas"], requests["cpu"], requests["memory"], limits["memory"]


@pytest.mark.parametrize("chart", ["aws-load-balancer-controller", "cluster-autoscaler"])
def test_the_service_account_is_the_one_that_the_rights_are_for(chart: Chart) -> None:
    """A pod identity association names the account after the chart."""
    assert {each["service_account"] for each in FACTS[chart]["workloads"].values()} == {chart}


def test_the_autoscaler_is_that_of_the_cluster() -> None:
    """Its image goes by Kubernetes' minor, whatever the chart ships."""
    for version, tag in catalogue.AUTOSCALER.items():
        site = Site(cluster="c", region="r", vpc_id="v", kubernetes=version, webhook_port=9443)
        assert values("cluster-autoscaler", site)["image"] == {"tag": tag}
        assert tag.startswith(f"v{version}.")
    (workload,) = FACTS["cluster-autoscaler"]["workloads"].values()
    (container,) = workload["containers"].values()
    assert container["image"].endswith(f":{catalogue.AUTOSCALER[SETTINGS.eks.version]}")


def test_no_webhook_stops_services_from_starting() -> None:
    """Those for all pods or Services may be ignored when nobody answers, or are not there; the others are LBC's own."""
    failing = {
        name.partition(":")[0]
        for chart in CONTROLLERS
        for name in FACTS[chart]["webhooks"]
        if not name.endswith(": Ignore")
    }
    assert failing == {
        "mtargetgroupbinding.elbv2.k8s.aws",
        "vtargetgroupbinding.elbv2.k8s.aws",
        "vingressclassparams.elbv2.k8s.aws",
        # For pods or namespaces with a label of theirs, which we give none
        "alb-target-control.namespace.elbv2.k8s.aws",
        "alb-target-control.object.elbv2.k8s.aws",
        "quicid.elbv2.k8s.aws",
    }


def test_no_chart_has_jobs() -> None:
    """The namespace's quota refuses them."""
    kinds = {name.partition("/")[0] for chart in CONTROLLERS for name in FACTS[chart]["workloads"]}
    assert kinds == {"Deployment"}


def test_no_uninstall_takes_custom_resources_along() -> None:
    """With the definition all objects would go, and wait for finalizers of a controller that is gone."""
    assert [name for chart in CONTROLLERS for name in FACTS[chart]["crds"]["with_release"]] == []
    assert "targetgroupbindings.elbv2.k8s.aws" in FACTS["aws-load-balancer-controller"]["crds"]["once"]
    assert "scaledobjects.keda.sh" in FACTS["keda"]["crds"]["kept"]


@pytest.mark.parametrize("chart", CONTROLLERS)
def test_a_lost_node_is_left_after_a_minute(chart: Chart) -> None:
    """One toleration without a key: it covers both taints of a lost node, or Kubernetes would add five minutes."""
    found = values(chart, SITE)
    (toleration,) = found.get("recommender", found)["tolerations"]
    assert toleration == {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}


def test_values_are_json() -> None:
    for chart in CONTROLLERS:
        assert json.loads(json.dumps(values(chart, SITE))) == values(chart, SITE)
