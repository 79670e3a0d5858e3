"""Pods that add-ons and charts bring along: namespaces, labels, ports and Services, which no template states.

Owns that table; its facts stand where they are used. A pod is there when the templates install what brings it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cloudmart_cdk.policy.manifests import CHART
from cloudmart_cdk.policy.model import Deployment

from .endpoints import Pod

_NAME: Final = "app.kubernetes.io/name"
_INSTANCE: Final = "app.kubernetes.io/instance"


@dataclass(frozen=True)
class ServiceFacts:
    """A Service in front of a pod. `ports` as in `endpoints.Service`; `host`: which address of the range, if fixed."""

    name: str
    selector: Mapping[str, str]
    ports: Mapping[tuple[str, int], int | str]
    host: int = 0


@dataclass(frozen=True)
class PodFacts:
    name: str
    """In the matrix."""
    pod: Pod
    services: tuple[ServiceFacts, ...] = ()


_DNS: Final = {"k8s-app": "kube-dns"}
_OPERATOR: Final = {_NAME: "amazon-cloudwatch-observability", "control-plane": "controller-manager"}
_AGENT: Final = {_NAME: "cloudwatch-agent", "app.kubernetes.io/component": "amazon-cloudwatch-agent"}

ADDON_PODS: Final[dict[str, tuple[PodFacts, ...]]] = {
    # EKS's own manifest; the range's tenth address is the cluster's DNS (EKS guide, "Manage CoreDNS").
    "coredns": (
        PodFacts(
            "coredns",
            Pod("kube-system", {**_DNS, "eks.amazonaws.com/component": "coredns"}),
            (ServiceFacts("kube-dns", _DNS, {("udp", 53): 53, ("tcp", 53): 53}, host=10),),
        ),
    ),
    # kubernetes-sigs/aws-ebs-csi-driver, charts/aws-ebs-csi-driver: the controller is not on the host's network.
    "aws-ebs-csi-driver": (
        PodFacts("ebs-csi-controller", Pod("kube-system", {"app": "ebs-csi-controller", _NAME: "aws-ebs-csi-driver"})),
    ),
    # aws-observability/helm-charts, charts/amazon-cloudwatch-observability: values.yaml has hostNetwork for the agent.
    "amazon-cloudwatch-observability": (
        PodFacts("cloudwatch-agent", Pod("amazon-cloudwatch", _AGENT, host_network=True)),
        PodFacts(
            "observability-operator",
            Pod("amazon-cloudwatch", _OPERATOR, {"webhook-server": 9443}),
            (ServiceFacts("amazon-cloudwatch-observability-webhook-service", _OPERATOR, {("tcp", 443): 9443}),),
        ),
    ),
}


@dataclass(frozen=True)
class _ChartPod:
    """A pod of a chart: `labels` beside the one that names the release."""

    name: str
    labels: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)
    service: ServiceFacts | None = None
    host_network: bool = False


def _keda(name: str, *, ports: Mapping[tuple[str, int], int | str], **named: int) -> _ChartPod:
    # kedacore/charts, keda/templates: each pod's label `app` is its name, and so is its Service's selector.
    labels = {"app": name, _NAME: name, "app.kubernetes.io/part-of": "keda-operator"}
    return _ChartPod(name, labels, named, ServiceFacts(name, {"app": name}, ports))


_BALANCER: Final = "aws-load-balancer-controller"

CHART_PODS: Final[dict[str, tuple[_ChartPod, ...]]] = {
    # kubernetes-sigs/aws-load-balancer-controller, helm/aws-load-balancer-controller/templates.
    _BALANCER: (
        _ChartPod(
            _BALANCER,
            {_NAME: _BALANCER},
            {"webhook-server": 9443},
            ServiceFacts("aws-load-balancer-webhook-service", {_NAME: _BALANCER}, {("tcp", 443): "webhook-server"}),
        ),
    ),
    # kubernetes/autoscaler, cluster-autoscaler/charts: named after its cloud.
    "cluster-autoscaler": (_ChartPod("cluster-autoscaler", {_NAME: "aws-cluster-autoscaler"}),),
    # kubernetes-sigs/metrics-server, charts/metrics-server.
    "metrics-server": (
        _ChartPod(
            "metrics-server",
            {_NAME: "metrics-server"},
            {"https": 10250},
            ServiceFacts("metrics-server", {_NAME: "metrics-server"}, {("tcp", 443): "https"}),
        ),
    ),
    "keda": (
        _keda("keda-operator", ports={("tcp", 9666): 9666}, metricsservice=9666),
        _keda("keda-operator-metrics-apiserver", ports={("tcp", 443): 10250}, https=10250),
        _keda("keda-admission-webhooks", ports={("tcp", 443): 9443}, http=9443),
    ),
    # kubernetes/autoscaler, vertical-pod-autoscaler/charts.
    "vertical-pod-autoscaler": (
        _ChartPod(
            "vertical-pod-autoscaler",
            {_NAME: "vertical-pod-autoscaler", "app.kubernetes.io/component": "recommender"},
        ),
    ),
    # prometheus-community/helm-charts, charts/kube-prometheus-stack; its operator makes Prometheus' own pod.
    "kube-prometheus-stack": (
        _ChartPod(
            "prometheus",
            {_NAME: "prometheus", "operator.prometheus.io/name": "tiketi-prometheus"},
            {"http-web": 9090, "reloader-web": 8080},
            ServiceFacts(
                "tiketi-prometheus",
                {_NAME: "prometheus", "operator.prometheus.io/name": "tiketi-prometheus"},
                {("tcp", 9090): 9090, ("tcp", 8080): "reloader-web"},
            ),
        ),
        _ChartPod(
            "grafana",
            {_NAME: "grafana"},
            {"grafana": 3000},
            ServiceFacts("grafana", {_NAME: "grafana"}, {("tcp", 80): "grafana"}),
        ),
        _ChartPod(
            "kube-state-metrics",
            {_NAME: "kube-state-metrics"},
            {"http": 8080, "metrics": 8081},
            ServiceFacts("kube-state-metrics", {_NAME: "kube-state-metrics"}, {("tcp", 8080): "http"}),
        ),
        _ChartPod(
            "prometheus-operator",
            {"app": "kube-prometheus-stack-operator", _NAME: "kube-prometheus-stack-prometheus-operator"},
            {"http": 8080},
            ServiceFacts("tiketi-operator", {"app": "kube-prometheus-stack-operator"}, {("tcp", 8080): "http"}),
        ),
    ),
}


def addon_pods(app: Deployment) -> Iterator[PodFacts]:
    for addon in app.of("AWS::EKS::Addon"):
        yield from ADDON_PODS.get(str(addon.get("AddonName")), ())


def chart_pods(app: Deployment) -> Iterator[PodFacts]:
    """Pods of the installed charts. Raises `ValueError` for a chart whose pods are not known."""
    for chart in app.of(CHART):
        name, release = str(chart.get("Chart")), str(chart.get("Release"))
        if name not in CHART_PODS:
            raise ValueError(f"reachability: given the chart {name}; allowed: {', '.join(CHART_PODS)}; add its pods")
        for facts in CHART_PODS[name]:
            labels = {**facts.labels, _INSTANCE: release}
            pod = Pod(str(chart.get("Namespace")), labels, facts.ports, facts.host_network)
            yield PodFacts(facts.name, pod, (facts.service,) if facts.service else ())
