"""Who may talk to a service, and to whom it may talk: the flows of the service table, in a closed namespace.

Owns the policies of namespace `tiketi`. Every flow between pods is stated at both ends. What the policies let
through, the nodes' security group, routes and network ACLs judge as well (`security_groups`).
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from typing import Final

from ... import namespaces
from ...security_groups import ANYWHERE, DNS_PORT, HTTPS, POSTGRESQL_PORT, REDIS_PORT
from ...settings.model import Service, Settings
from .. import tracing
from ..link_local import LINK_LOCAL, POD_IDENTITY_AGENT
from .names import NAME_LABEL, Labels, Object, metadata, object_labels, pods_of

_STORE_PORTS: Final = {"db": POSTGRESQL_PORT, "cache": REDIS_PORT}


def network_policy(name: str, settings: Settings) -> Object:
    """Of both tracks. The kubelet's probes need no rule: the CNI lets a node reach its own pods."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(name, object_labels(name)),
        "spec": {
            "podSelector": {"matchLabels": pods_of(name)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": _callers(name, settings), "ports": _tcp(settings.eks.services[name].port)}],
            "egress": list(_egress(settings.eks.services[name], settings)),
        },
    }


def _callers(name: str, settings: Settings) -> list[Object]:
    """The load balancer, by its subnets; services that call this one; who reads its metrics."""
    services = settings.eks.services
    callers = sorted(caller for caller, service in services.items() if name in service.calls)
    peers = [*_networks(settings.network.public), *(_pods(pods_of(caller)) for caller in callers)]
    if services[name].queue_length:
        peers.append(_pods({NAME_LABEL: "keda-operator"}, namespaces.CONTROLLERS))
    if settings.eks.prometheus:
        peers.append(_pods({NAME_LABEL: "prometheus"}, namespaces.MONITORING))
    return peers


def _egress(service: Service, settings: Settings) -> Iterator[Object]:
    network = settings.network
    dns = [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]
    yield {"to": [_pods({"k8s-app": "kube-dns"}, "kube-system")], "ports": dns}
    # The CloudWatch agent of the node, which is on the host's network.
    yield {"to": _networks(network.private), "ports": _tcp(tracing.HTTP_PORT)}
    for callee in service.calls:
        yield {"to": [_pods(pods_of(callee))], "ports": _tcp(settings.eks.services[callee].port)}
    for store in service.uses:
        yield {"to": _networks(network.data), "ports": _tcp(_STORE_PORTS[store])}
    asks_aws = bool(service.uses or service.secrets or service.writes_images or service.sends_mail)
    if asks_aws:
        yield {"to": _networks([POD_IDENTITY_AGENT]), "ports": _tcp(80)}
    if asks_aws and network.interface_endpoints:
        yield {"to": _networks(network.private), "ports": _tcp(HTTPS)}
    # Parameters and secrets come by interface endpoints where there are any; S3 and SES have none of ours.
    by_internet = service.outward or service.writes_images or service.sends_mail
    if by_internet or (asks_aws and not network.interface_endpoints):
        # Neither AWS's APIs nor Google nor a payment gateway has fixed addresses. What lies inside, or on the node, has
        # its own rule; the Kubernetes API, which has its address among the Services', none.
        inside = (network.cidr, network.pods_cidr, settings.eks.service_cidr, LINK_LOCAL)
        block: Object = {"cidr": ANYWHERE, "except": [str(block) for block in inside]}
        yield {"to": [{"ipBlock": block}], "ports": _tcp(HTTPS)}


def _networks(blocks: Iterable[IPv4Network]) -> list[Object]:
    return [{"ipBlock": {"cidr": str(block)}} for block in blocks]


def _pods(labels: Labels, namespace: str = "") -> Object:
    """Pods of this namespace, or of another."""
    peer: Object = {"podSelector": {"matchLabels": labels}}
    if namespace:
        peer["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return peer


def _tcp(port: int) -> list[Object]:
    return [{"protocol": "TCP", "port": port}]
