"""What the cluster has that no template shows: namespaces, pods and service accounts of charts and add-ons.

Facts, read in the charts' templates at the pinned versions. `charts` tests hold them against the charts where these
are at hand.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Labels = Mapping[str, str]

NAMESPACES: Final = frozenset(("default", "kube-system", "kube-public", "kube-node-lease", "amazon-cloudwatch"))
"""Of every cluster; the last is the CloudWatch add-on's."""

_ADDON_PODS: Final[Mapping[str, tuple[str, Labels]]] = {
    "coredns": ("kube-system", {"k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns"}),
    "amazon-cloudwatch-observability": ("amazon-cloudwatch", {"app.kubernetes.io/name": "cloudwatch-agent"}),
}
"""Add-on -> namespace and labels of the pods that others talk to."""

_KEDA: Final = ("keda-operator", "keda-operator-metrics-apiserver", "keda-admission-webhooks")
_CHART_PODS: Final[Mapping[str, tuple[Labels, ...]]] = {
    "aws-load-balancer-controller": ({"app.kubernetes.io/name": "aws-load-balancer-controller"},),
    "cluster-autoscaler": ({"app.kubernetes.io/name": "aws-cluster-autoscaler"},),
    "metrics-server": ({"app.kubernetes.io/name": "metrics-server"},),
    "keda": tuple(
        {"app": name, "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "keda-operator"} for name in _KEDA
    ),
    "vertical-pod-autoscaler": (
        {"app.kubernetes.io/name": "vertical-pod-autoscaler", "app.kubernetes.io/component": "recommender"},
    ),
    "kube-prometheus-stack": (
        {"app.kubernetes.io/name": "prometheus"},
        {"app.kubernetes.io/name": "alertmanager"},
        {"app.kubernetes.io/name": "grafana"},
        {"app.kubernetes.io/name": "kube-state-metrics"},
        {"app": "kube-prometheus-stack-operator"},
    ),
}
"""Chart -> labels of its pods. Each pod also has its release's name under `app.kubernetes.io/instance`."""

KINDS: Final = {
    "elbv2.k8s.aws": "aws-load-balancer-controller",
    "keda.sh": "keda",
    "autoscaling.k8s.io": "vertical-pod-autoscaler",
    "monitoring.coreos.com": "kube-prometheus-stack",
}
"""API group of custom resources -> the chart that defines them."""


def pods(addons: Iterable[str], charts: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, Labels]]:
    """(namespace, labels) of the pods of add-ons, and of charts given as (name, namespace, release)."""
    for addon in addons:
        if addon in _ADDON_PODS:
            yield _ADDON_PODS[addon]
    for chart, namespace, release in charts:
        for labels in _CHART_PODS.get(chart, ()):
            yield namespace, {**labels, "app.kubernetes.io/instance": release}


def accounts(values: Any) -> Iterator[str]:
    """Names of the service accounts that a chart's values have it make."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            if name == "serviceAccount" and isinstance(value, Mapping):
                yield from (str(each["name"]) for each in (value, *value.values()) if _made(each))
            yield from accounts(value)


def _made(account: Any) -> bool:
    return isinstance(account, Mapping) and "name" in account and account.get("create", True) is True
