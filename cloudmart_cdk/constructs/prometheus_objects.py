"""Kubernetes objects around Prometheus and Grafana: namespace, dashboards, network policies, as data. ADR 0021.

Owns who may talk to them and to whom they talk: Prometheus asks the services and kube-state-metrics, Grafana asks
Prometheus, and nobody asks Grafana: `kubectl port-forward` comes in by way of the kubelet, inside the pod. Services
admit Prometheus by policies of their own. Does not import `aws_cdk`.
"""

from collections.abc import Collection, Mapping
from ipaddress import IPv4Network
from typing import Any, Final

from .. import namespaces
from .grafana_dashboards import Dashboard, as_json
from .prometheus_values import DASHBOARDS, PROMETHEUS_PORT, STATE_METRICS_PORT
from .services.names import NAME_LABEL

Manifest = dict[str, Any]

_NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
_PROMETHEUS: Final = {NAME_LABEL: "prometheus"}
_GRAFANA: Final = {NAME_LABEL: "grafana"}
_STATE_METRICS: Final = {NAME_LABEL: "kube-state-metrics"}
_OPERATOR: Final = {"app": "kube-prometheus-stack-operator"}
"""As the chart labels its pods. A label of the peer has to be in its Service's selector too, or calls by the Service's
name are dropped (amazon-network-policy-controller-k8s, pkg/resolvers)."""


def dashboards(found: Collection[Dashboard]) -> Manifest:
    """A file for each."""
    return _object("v1", "ConfigMap", DASHBOARDS) | {"data": {f"{each.uid}.json": as_json(each) for each in found}}


def policies(*, services: Mapping[str, int], service_cidr: IPv4Network) -> list[Manifest]:
    """`services`: name -> port."""
    # The API server's virtual address is the first of the Services'.
    api_server = {"to": [{"ipBlock": {"cidr": f"{service_cidr[1]}/32"}}], "ports": [_tcp(443)]}
    dns = {
        "to": [_pods({"k8s-app": "kube-dns"}, "kube-system")],
        "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
    }
    to_services = [
        {"to": [_pods({NAME_LABEL: name}, namespaces.SERVICES)], "ports": [_tcp(port)]}
        for name, port in services.items()
    ]
    to_state_metrics = {"to": [_pods(_STATE_METRICS)], "ports": [_tcp(STATE_METRICS_PORT)]}
    return [
        _policy("operator", _OPERATOR, egress=[api_server]),
        _policy(
            "prometheus",
            _PROMETHEUS,
            ingress=[{"from": [_pods(_GRAFANA)], "ports": [_tcp(PROMETHEUS_PORT)]}],
            egress=[api_server, to_state_metrics, *to_services],
        ),
        _policy(
            "kube-state-metrics",
            _STATE_METRICS,
            ingress=[{"from": [_pods(_PROMETHEUS)], "ports": [_tcp(STATE_METRICS_PORT)]}],
            egress=[api_server],
        ),
        _policy("grafana", _GRAFANA, egress=[dns, {"to": [_pods(_PROMETHEUS)], "ports": [_tcp(PROMETHEUS_PORT)]}]),
    ]


def _object(version: str, kind: str, name: str) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespaces.MONITORING}}


def _policy(
    name: str, pods: dict[str, str], *, egress: list[Manifest], ingress: list[Manifest] | None = None
) -> Manifest:
    spec = {
        "podSelector": {"matchLabels": pods},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": ingress or [],
        "egress": egress,
    }
    return _object("networking.k8s.io/v1", "NetworkPolicy", name) | {"spec": spec}


def _pods(labels: dict[str, str], namespace: str = "") -> Manifest:
    """Pods of a namespace; of this one unless one is named."""
    elsewhere = {"namespaceSelector": {"matchLabels": {_NAMESPACE_LABEL: namespace}}} if namespace else {}
    return {**elsewhere, "podSelector": {"matchLabels": labels}}


def _tcp(port: int) -> Manifest:
    return {"protocol": "TCP", "port": port}
