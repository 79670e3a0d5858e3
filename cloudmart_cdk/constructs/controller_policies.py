"""Network policies around the controllers' pods, as data.

Owns who may talk to them and to whom they talk. A policy matches pods by the labels that their chart gives them
(`tests/kubernetes/charts.json`). Does not import `aws_cdk`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final, Self

from .. import namespaces
from ..settings.model import Settings
from .chart_values import METRICS_API_PORT
from .link_local import LINK_LOCAL, POD_IDENTITY_AGENT

Manifest = dict[str, Any]
"""A Kubernetes object."""

_KUBELET_PORT: Final = 10250
_KEDA_METRICS_PORT: Final = 9666
_DNS: Final[Manifest] = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
}


@dataclass(frozen=True)
class Surroundings:
    """Address ranges, and the ports that KEDA asks for metrics."""

    api_server: str
    """The API server's virtual address, which policies see before kube-proxy translates it."""
    private: tuple[str, ...]
    """Nodes, the control plane's interfaces, interface endpoints."""
    inside: tuple[str, ...]
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
            api_server=_first_of(settings.eks.service_cidr),
            private=tuple(map(str, network.private)),
            inside=(str(network.cidr), str(network.pods_cidr), str(settings.eks.service_cidr), str(LINK_LOCAL)),
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
            egress=[_DNS, _to_api_server(network), *_to_aws(network)],
        )
    ]


def cluster_autoscaler(network: Surroundings) -> list[Manifest]:
    """Nothing in; the API server and AWS out."""
    return [
        _policy(
            "cluster-autoscaler",
            {"app.kubernetes.io/name": "aws-cluster-autoscaler"},
            egress=[_DNS, _to_api_server(network), *_to_aws(network)],
        )
    ]


def metrics_server(network: Surroundings) -> list[Manifest]:
    """The metrics API in; the API server and every node's kubelet out."""
    return [
        _policy(
            "metrics-server",
            {"app.kubernetes.io/name": "metrics-server"},
            ingress=[_from_control_plane(network, METRICS_API_PORT)],
            egress=[_DNS, _to_api_server(network), {"to": _blocks(network.private), "ports": [_tcp(_KUBELET_PORT)]}],
        )
    ]


def keda(network: Surroundings) -> list[Manifest]:
    """The operator reads the queues; its metrics API asks the operator; both and the webhooks know the API server."""
    operator, adapter, webhooks = "keda-operator", "keda-operator-metrics-apiserver", "keda-admission-webhooks"
    return [
        _policy(
            operator,
            {"app": operator},
            ingress=[{"from": [_pods({"app": adapter})], "ports": [_tcp(_KEDA_METRICS_PORT)]}],
            egress=[_DNS, _to_api_server(network), *(_to_service(name, port) for name, port in network.queues)],
        ),
        _policy(
            adapter,
            {"app": adapter},
            ingress=[_from_control_plane(network, METRICS_API_PORT)],
            egress=[
                _DNS,
                _to_api_server(network),
                {"to": [_pods({"app": operator})], "ports": [_tcp(_KEDA_METRICS_PORT)]},
            ],
        ),
        _policy(
            webhooks,
            {"app": webhooks},
            ingress=[_from_control_plane(network, network.webhook_port)],
            egress=[_DNS, _to_api_server(network)],
        ),
    ]


def vertical_pod_autoscaler(network: Surroundings) -> list[Manifest]:
    """Nothing in; the API server out."""
    return [
        _policy(
            "vertical-pod-autoscaler",
            {"app.kubernetes.io/component": "recommender", "app.kubernetes.io/name": "vertical-pod-autoscaler"},
            egress=[_DNS, _to_api_server(network)],
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
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespaces.CONTROLLERS},
        "spec": {
            "podSelector": {"matchLabels": labels},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": list(ingress),
            "egress": list(egress),
        },
    }


def _first_of(network: IPv4Network) -> str:
    """Kubernetes gives the first address of the range to the Service `kubernetes`."""
    return f"{network.network_address + 1}/32"


def _tcp(port: int) -> Manifest:
    return {"protocol": "TCP", "port": port}


def _blocks(cidrs: Sequence[str]) -> list[Manifest]:
    return [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]


def _pods(labels: dict[str, str]) -> Manifest:
    return {"podSelector": {"matchLabels": labels}}


def _from_control_plane(network: Surroundings, port: int) -> Manifest:
    """Its interfaces lie in the private subnets and have no addresses of their own to name."""
    return {"from": _blocks(network.private), "ports": [_tcp(port)]}


def _to_api_server(network: Surroundings) -> Manifest:
    """By its virtual address and by that of its interfaces; interface endpoints lie beside them."""
    return {"to": _blocks((network.api_server, *network.private)), "ports": [_tcp(443)]}


def _to_aws(network: Surroundings) -> list[Manifest]:
    """Credentials from the agent on the node, then AWS's public endpoints."""
    return [
        {"to": _blocks((str(POD_IDENTITY_AGENT),)), "ports": [_tcp(80)]},
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(network.inside)}}], "ports": [_tcp(443)]},
    ]


def _to_service(name: str, port: int) -> Manifest:
    return {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespaces.SERVICES}},
                # As the Service of that name selects: by it the CNI finds the Service's virtual address.
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": name, "cloudmart.internal/track": "stable"}},
            }
        ],
        "ports": [_tcp(port)],
    }
