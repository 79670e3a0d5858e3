"""What the cluster has that no template shows: namespaces, pods and service accounts of charts and add-ons.

Charts' pods are read from `charts.json`, which `tools.charts` records from what helm makes of our values. Owns the few
facts beside that, of add-ons and of what operators make.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

Labels = Mapping[str, str]

CHARTS: Final = Path(__file__).parent / "charts.json"
NAMESPACES: Final = frozenset(("default", "kube-system", "kube-public", "kube-node-lease", "amazon-cloudwatch"))
"""Of every cluster; the last is the CloudWatch add-on's."""

ADDON_ACCOUNTS: Final = frozenset((("kube-system", "aws-node"), ("kube-system", "ebs-csi-controller-sa")))
_ADDON_PODS: Final[Mapping[str, tuple[str, Labels]]] = {
    "coredns": ("kube-system", {"k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns"}),
    "amazon-cloudwatch-observability": ("amazon-cloudwatch", {"app.kubernetes.io/name": "cloudwatch-agent"}),
}
"""Add-on -> namespace and labels of the pods that others talk to."""

_MADE_BY_OPERATORS: Final[Mapping[str, tuple[Labels, ...]]] = {
    "kube-prometheus-stack": ({"app.kubernetes.io/name": "prometheus"},),
}
"""Chart -> labels of pods that it does not state, because its operator makes them. Their service accounts are the
chart's, named after it and them."""

KINDS: Final = {
    "elbv2.k8s.aws": "aws-load-balancer-controller",
    "keda.sh": "keda",
    "autoscaling.k8s.io": "vertical-pod-autoscaler",
    "monitoring.coreos.com": "kube-prometheus-stack",
}
"""API group of custom resources -> the chart that defines them."""


@cache
def charts() -> Mapping[str, Any]:
    """Chart -> what `tools.charts` recorded of it."""
    found: dict[str, Any] = json.loads(CHARTS.read_text(encoding="utf-8"))
    return found


def pods(addons: Iterable[str], releases: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Labels, dict[str, Any]]]:
    """(namespace, labels, what is known of the spec) of the pods of add-ons, and of charts as (name, namespace)."""
    for addon in addons:
        if addon in _ADDON_PODS:
            yield *_ADDON_PODS[addon], {}
    for chart, namespace in releases:
        for labels in _MADE_BY_OPERATORS.get(chart, ()):
            yield namespace, labels, {}
        for workload in charts().get(chart, {}).get("workloads", {}).values():
            yield namespace, workload["labels"], _spec(workload)


def _spec(workload: Mapping[str, Any]) -> dict[str, Any]:
    containers = [
        {"name": name, "ports": [{"name": port, "containerPort": number} for port, number in each["ports"].items()]}
        for name, each in workload["containers"].items()
    ]
    return {"containers": containers, "nodeSelector": workload["node_selector"]}


def accounts(chart: str, values: Any) -> set[str]:
    """Names of the service accounts that a chart makes: those of its pods, and of pods that its operator makes."""
    workloads = charts().get(chart, {}).get("workloads", {}).values()
    prefix = str(values.get("fullnameOverride", chart)) if isinstance(values, Mapping) else chart
    return {str(workload["service_account"]) for workload in workloads} | {
        f"{prefix}-{labels['app.kubernetes.io/name']}" for labels in _MADE_BY_OPERATORS.get(chart, ())
    }
