"""Pieces of Kubernetes network policies, as data.

Owns how they are spelled, and the flows that pods of every namespace may need. Who talks to whom is said where the pods
are: `services.network_policies`, `controller_policies`, `prometheus_objects`. Does not import `aws_cdk`.
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final

from ..security_groups import ANYWHERE, DNS_PORT, HTTP, HTTPS

Rule = dict[str, Any]
"""A rule of a policy, or a part of one, as Kubernetes' API spells it."""
Policy = dict[str, Any]

LINK_LOCAL: Final = IPv4Network("169.254.0.0/16")
"""Addresses that every node answers itself: no internet."""
_POD_IDENTITY_AGENT: Final = IPv4Network("169.254.170.23/32")


def policy(
    name: str,
    namespace: str,
    selected: Mapping[str, str],
    *,
    ingress: Iterable[Rule] = (),
    egress: Iterable[Rule],
    labels: Mapping[str, str] | None = None,
) -> Policy:
    """For the pods with the labels `selected`. `labels`: the policy's own."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, **({"labels": dict(labels)} if labels else {})},
        "spec": {
            "podSelector": {"matchLabels": dict(selected)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": list(ingress),
            "egress": list(egress),
        },
    }


def from_(peers: Sequence[Rule], port: int) -> Rule:
    return {"from": list(peers), "ports": [_tcp(port)]}


def to(peers: Sequence[Rule], port: int) -> Rule:
    return {"to": list(peers), "ports": [_tcp(port)]}


def pods(labels: Mapping[str, str], namespace: str = "") -> Rule:
    """Pods of a namespace; of the policy's own unless one is named.

    Where they are called by a Service's name, all labels have to be in that Service's selector: by it the CNI finds the
    Service's address (amazon-network-policy-controller-k8s, pkg/resolvers).
    """
    elsewhere = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}} if namespace else {}
    return {**elsewhere, "podSelector": {"matchLabels": dict(labels)}}


def networks(blocks: Iterable[IPv4Network]) -> list[Rule]:
    return [{"ipBlock": {"cidr": str(block)}} for block in blocks]


def api_server(services: IPv4Network) -> IPv4Network:
    """The Kubernetes API's virtual address, the first of the Services': policies see it before it is translated."""
    return IPv4Network(f"{services[1]}/32")


def to_internet(inside: Iterable[IPv4Network]) -> Rule:
    """HTTPS to anywhere but `inside`: neither AWS's APIs nor others outside have fixed addresses (POD-28)."""
    return to([{"ipBlock": {"cidr": ANYWHERE, "except": [str(block) for block in inside]}}], HTTPS)


def _tcp(port: int) -> Rule:
    return {"protocol": "TCP", "port": port}


TO_DNS: Final[Rule] = {
    "to": [pods({"k8s-app": "kube-dns"}, "kube-system")],
    "ports": [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")],
}
TO_POD_IDENTITY: Final = to(networks([_POD_IDENTITY_AGENT]), HTTP)
"""Where pods get their AWS credentials (EKS guide, "Learn how EKS Pod Identity grants pods access")."""
