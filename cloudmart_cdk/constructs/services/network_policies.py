"""Who may talk to a service, and to whom it may talk: the flows of the service table, in a closed namespace.

Owns the policies of namespace `tiketi`. Every flow between pods is stated at both ends. What the policies let
through, the nodes' security group, routes and network ACLs judge as well (`security_groups`).
"""

from collections.abc import Iterator
from typing import Final

from ... import labels, namespaces
from ...security_groups import HTTPS, POSTGRESQL_PORT, REDIS_PORT
from ...settings.model import Service, Settings
from .. import tracing
from ..network_policy import (
    LINK_LOCAL,
    TO_DNS,
    TO_POD_IDENTITY,
    Rule,
    from_,
    networks,
    pods,
    policy,
    to,
    to_internet,
)
from .names import Object, object_labels

_STORE_PORTS: Final = {"db": POSTGRESQL_PORT, "cache": REDIS_PORT}


def network_policy(name: str, settings: Settings) -> Object:
    """Of both tracks. The kubelet's probes need no rule: the CNI lets a node reach its own pods."""
    service = settings.eks.services[name]
    return policy(
        name,
        namespaces.SERVICES,
        labels.pods_of(name),
        ingress=[from_(_callers(name, settings), service.port)],
        egress=_egress(service, settings),
        labels=object_labels(name),
    )


def _callers(name: str, settings: Settings) -> list[Rule]:
    """The load balancer, by its subnets; services that call this one; who reads its metrics."""
    services = settings.eks.services
    callers = sorted(caller for caller, service in services.items() if name in service.calls)
    peers = [*networks(settings.network.public), *(pods(labels.pods_of(caller)) for caller in callers)]
    if services[name].queue_length:
        peers.append(pods({labels.NAME: "keda-operator"}, namespaces.CONTROLLERS))
    if settings.eks.prometheus:
        peers.append(pods({labels.NAME: "prometheus"}, namespaces.MONITORING))
    return peers


def _egress(service: Service, settings: Settings) -> Iterator[Rule]:
    network = settings.network
    yield TO_DNS
    # The CloudWatch agent of the node, which is on the host's network.
    yield to(networks(network.private), tracing.HTTP_PORT)
    for callee in service.calls:
        yield to([pods(labels.pods_of(callee))], settings.eks.services[callee].port)
    for store in service.uses:
        yield to(networks(network.data), _STORE_PORTS[store])
    asks_aws = bool(service.uses or service.secrets or service.writes_images or service.sends_mail)
    if asks_aws:
        yield TO_POD_IDENTITY
    if asks_aws and network.interface_endpoints:
        yield to(networks(network.private), HTTPS)
    # Parameters and secrets come by interface endpoints where there are any; S3 and SES have none of ours.
    by_internet = service.outward or service.writes_images or service.sends_mail
    if by_internet or (asks_aws and not network.interface_endpoints):
        # What lies inside, or on the node, has its own rule; the Kubernetes API, among the Services' addresses, none.
        yield to_internet((network.cidr, network.pods_cidr, settings.eks.service_cidr, LINK_LOCAL))
