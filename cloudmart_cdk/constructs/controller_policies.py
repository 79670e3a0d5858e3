"""Network policies around the controllers' pods, as data.

Owns who may talk to them and to whom they talk. A policy matches pods by the labels that their chart gives them
(`tests/kubernetes/charts.json`). Does not import `aws_cdk`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final, Self

from .. import labels, namespaces
from ..security_groups import HTTPS, KUBELET_PORT
from ..service_releases import Track
from ..settings.model import Settings
from .chart_values import METRICS_API_PORT
from .network_policy import (
    LINK_LOCAL,
    TO_DNS,
    TO_POD_IDENTITY,
    api_server,
    from_,
    networks,
    pods,
    policy,
    to,
    to_internet,
)

Manifest = dict[str, Any]
"""A Kubernetes object."""

_KEDA_METRICS_PORT: Final = 9666


@dataclass(frozen=True)
class Surroundings:
    """Address ranges, and the ports that KEDA asks for metrics."""

    api_server: IPv4Network
    """The API server's virtual address, which policies see before kube-proxy translates it."""
    private: tuple[IPv4Network, ...]
    """Nodes, the control plane's interfaces, interface endpoints."""
    inside: tuple[IPv4Network, ...]
    """What is not the internet: the VPC, its pods, Services, and what a node answers itself."""
    webhook_port: int
    """Where the API server calls webhooks."""
    queues: tuple[tuple[str, int], ...]
    """Services (name, port) whose queue length KEDA reads."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of a stage."""
        network = settings.network
        return cls(
            api_server=api_server(settings.eks.service_cidr),
            private=network.private,
            inside=(network.cidr, network.pods_cidr, settings.eks.service_cidr, LINK_LOCAL),
            webhook_port=settings.eks.webhook_ports[0],
            queues=tuple(
                (name, service.port) for name, service in settings.eks.services.items() if service.queue_length
            ),
        )


def load_balancer_controller(network: Surroundings) -> list[Manifest]:
    """Webhooks in; the API server and AWS out."""
    return [
        _policy(
            "aws-load-balancer-controller",
            {"app.kubernetes.io/name": "aws-load-balancer-controller"},
            ingress=[_from_control_plane(network, network.webhook_port)],
            egress=[TO_DNS, _to_api_server(network), *_to_aws(network)],
        )
    ]


def cluster_autoscaler(network: Surroundings) -> list[Manifest]:
    """Nothing in; the API server and AWS out."""
    return [
        _policy(
            "cluster-autoscaler",
            {"app.kubernetes.io/name": "aws-cluster-autoscaler"},
            egress=[TO_DNS, _to_api_server(network), *_to_aws(network)],
        )
    ]


def metrics_server(network: Surroundings) -> list[Manifest]:
    """The metrics API in; the API server and every node's kubelet out."""
    return [
        _policy(
            "metrics-server",
            {"app.kubernetes.io/name": "metrics-server"},
            ingress=[_from_control_plane(network, METRICS_API_PORT)],
            egress=[TO_DNS, _to_api_server(network), to(networks(network.private), KUBELET_PORT)],
        )
    ]


def keda(network: Surroundings) -> list[Manifest]:
    """The operator reads the queues; its metrics API asks the operator; both and the webhooks know the API server."""
    operator, adapter, webhooks = "keda-operator", "keda-operator-metrics-apiserver", "keda-admission-webhooks"
    return [
        _policy(
            operator,
            {"app": operator},
            ingress=[from_([pods({"app": adapter})], _KEDA_METRICS_PORT)],
            egress=[TO_DNS, _to_api_server(network), *(_to_service(name, port) for name, port in network.queues)],
        ),
        _policy(
            adapter,
            {"app": adapter},
            ingress=[_from_control_plane(network, METRICS_API_PORT)],
            egress=[
                TO_DNS,
                _to_api_server(network),
                to([pods({"app": operator})], _KEDA_METRICS_PORT),
            ],
        ),
        _policy(
            webhooks,
            {"app": webhooks},
            ingress=[_from_control_plane(network, network.webhook_port)],
            egress=[TO_DNS, _to_api_server(network)],
        ),
    ]


def vertical_pod_autoscaler(network: Surroundings) -> list[Manifest]:
    """Nothing in; the API server out."""
    return [
        _policy(
            "vertical-pod-autoscaler",
            {"app.kubernetes.io/component": "recommender", "app.kubernetes.io/name": "vertical-pod-autoscaler"},
            egress=[TO_DNS, _to_api_server(network)],
        )
    ]


def recommendations(services: Sequence[str]) -> list[Manifest]:
    """One VerticalPodAutoscaler a service, which changes nothing: `kubectl -n tiketi describe vpa auth`."""
    return [
        {
            "apiVersion": "autoscaling.k8s.io/v1",
            "kind": "VerticalPodAutoscaler",
            "metadata": {"name": service, "namespace": namespaces.SERVICES},
            "spec": {
                "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service},
                "updatePolicy": {"updateMode": "Off"},
            },
        }
        for service in services
    ]


def _policy(
    name: str, labels: dict[str, str], *, ingress: Sequence[Manifest] = (), egress: Sequence[Manifest]
) -> Manifest:
    return policy(name, namespaces.CONTROLLERS, labels, ingress=ingress, egress=egress)


def _from_control_plane(network: Surroundings, port: int) -> Manifest:
    """Its interfaces lie in the private subnets and have no addresses of their own to name."""
    return from_(networks(network.private), port)


def _to_api_server(network: Surroundings) -> Manifest:
    """By its virtual address and by that of its interfaces; interface endpoints lie beside them."""
    return to(networks((network.api_server, *network.private)), HTTPS)


def _to_aws(network: Surroundings) -> list[Manifest]:
    """Credentials from the agent on the node, then AWS's public endpoints."""
    return [TO_POD_IDENTITY, to_internet(network.inside)]


def _to_service(name: str, port: int) -> Manifest:
    """The stable track, as the Service of that name selects it."""
    return to([pods(labels.pods_of(name, Track.STABLE), namespaces.SERVICES)], port)
