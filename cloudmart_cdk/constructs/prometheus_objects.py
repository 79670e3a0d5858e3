"""Kubernetes objects around Prometheus and Grafana: dashboards and network policies, as data. ADR 0021.

Owns who may talk to them and to whom they talk: Prometheus asks the services and kube-state-metrics, Grafana asks
Prometheus, and nobody asks Grafana: `kubectl port-forward` comes in by way of the kubelet, inside the pod. Services
admit Prometheus by policies of their own. Does not import `aws_cdk`.
"""

from collections.abc import Collection, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final

from .. import labels, namespaces
from ..security_groups import HTTPS
from .grafana_dashboards import Dashboard, as_json
from .network_policy import TO_DNS, Rule, api_server, from_, networks, pods, policy, to
from .prometheus_values import DASHBOARDS, PROMETHEUS_PORT, STATE_METRICS_PORT

Manifest = dict[str, Any]

_PROMETHEUS: Final = {labels.NAME: "prometheus"}
_GRAFANA: Final = {labels.NAME: "grafana"}
_STATE_METRICS: Final = {labels.NAME: "kube-state-metrics"}
_OPERATOR: Final = {"app": "kube-prometheus-stack-operator"}
"""As the chart labels its pods."""


def dashboards(found: Collection[Dashboard]) -> Manifest:
    """A file for each."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": DASHBOARDS, "namespace": namespaces.MONITORING},
        "data": {f"{each.uid}.json": as_json(each) for each in found},
    }


def policies(*, services: Mapping[str, int], service_cidr: IPv4Network) -> list[Manifest]:
    """`services`: name -> port."""
    to_api_server = to(networks([api_server(service_cidr)]), HTTPS)
    to_services = [to([pods({labels.NAME: name}, namespaces.SERVICES)], port) for name, port in services.items()]
    return [
        _policy("operator", _OPERATOR, egress=[to_api_server]),
        _policy(
            "prometheus",
            _PROMETHEUS,
            ingress=[from_([pods(_GRAFANA)], PROMETHEUS_PORT)],
            egress=[to_api_server, to([pods(_STATE_METRICS)], STATE_METRICS_PORT), *to_services],
        ),
        _policy(
            "kube-state-metrics",
            _STATE_METRICS,
            ingress=[from_([pods(_PROMETHEUS)], STATE_METRICS_PORT)],
            egress=[to_api_server],
        ),
        _policy("grafana", _GRAFANA, egress=[TO_DNS, to([pods(_PROMETHEUS)], PROMETHEUS_PORT)]),
    ]


def _policy(name: str, labels: dict[str, str], *, ingress: Sequence[Rule] = (), egress: Sequence[Rule]) -> Manifest:
    return policy(name, namespaces.MONITORING, labels, ingress=ingress, egress=egress)
