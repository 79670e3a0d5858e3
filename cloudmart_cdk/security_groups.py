"""Who may talk to whom: the security-group table of specification section 2, as data.

Owns the table and nothing else. `constructs.firewall` creates the groups from it, the policy rules and the
local cloud's verification read it back, so all three agree by construction. Does not import `aws_cdk`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from .settings.model import Settings
from .settings.topology import BACKEND, DATA, EKS, FRONTEND, VPC

ANYWHERE: Final = "0.0.0.0/0"
ANYWHERE_V6: Final = "::/0"
HTTP, HTTPS = 80, 443
BACKEND_PORT: Final = 8080
POSTGRESQL_PORT: Final = 5432
REDIS_PORT: Final = 6379
KUBELET_PORT: Final = 10250
DNS_PORT: Final = 53

Direction = Literal["ingress", "egress"]


class Group(StrEnum):
    """The security groups we make. Values are the construct ids in VpcStack."""

    SHOP_LOAD_BALANCER = "ShopLoadBalancer"
    TIKETI_LOAD_BALANCER = "TiketiLoadBalancer"
    BACKEND = "Backend"
    EKS_NODES = "EksNodes"
    EKS_CONTROL_PLANE = "EksControlPlane"
    KUBECTL = "Kubectl"
    DB_PROXY = "DbProxy"
    DB = "Db"
    CACHE = "Cache"
    ROTATION = "Rotation"
    ENDPOINTS = "Endpoints"


PURPOSE: Final[dict[Group, str]] = {
    Group.SHOP_LOAD_BALANCER: "Shop load balancer, public subnets",
    Group.TIKETI_LOAD_BALANCER: "Tiketi load balancer, public subnets",
    Group.BACKEND: "Shop backend instances",
    Group.EKS_NODES: "EKS worker nodes and the pods on them",
    Group.EKS_CONTROL_PLANE: "EKS control plane interfaces",
    Group.KUBECTL: "The deployment function that runs kubectl and helm",
    Group.DB_PROXY: "RDS Proxy",
    Group.DB: "PostgreSQL",
    Group.CACHE: "Redis",
    Group.ROTATION: "The function that rotates database and cache secrets",
    Group.ENDPOINTS: "Interface endpoints of AWS services",
}


ATTACHED_TO: Final[dict[Group, tuple[tuple[str, str], ...]]] = {
    Group.SHOP_LOAD_BALANCER: ((BACKEND, "AWS::ElasticLoadBalancingV2::LoadBalancer"),),
    Group.TIKETI_LOAD_BALANCER: ((EKS, "AWS::ElasticLoadBalancingV2::LoadBalancer"),),
    Group.BACKEND: ((BACKEND, "AWS::EC2::LaunchTemplate"),),
    Group.EKS_NODES: ((EKS, "AWS::EC2::LaunchTemplate"),),
    Group.EKS_CONTROL_PLANE: ((EKS, "AWS::EKS::Cluster"),),
    Group.KUBECTL: ((EKS, "AWS::Lambda::Function"),),
    Group.DB_PROXY: ((DATA, "AWS::RDS::DBProxy"),),
    # And the document that restores the database beside itself for a drill: the same ways in.
    Group.DB: ((DATA, "AWS::RDS::DBInstance"), (DATA, "AWS::RDS::DBCluster"), (DATA, "AWS::SSM::Document")),
    Group.CACHE: ((DATA, "AWS::ElastiCache::ReplicationGroup"),),
    # And the instance that moves a dump in, for as long as that takes: the same ways out, and none in.
    Group.ROTATION: ((DATA, "AWS::Lambda::Function"), (DATA, "AWS::EC2::LaunchTemplate")),
    Group.ENDPOINTS: ((VPC, "AWS::EC2::VPCEndpoint"),),
}
"""Group -> where it may be attached: (stack, CloudFormation type)."""


@dataclass(frozen=True)
class Rule:
    """One rule of one group.

    `peer` is another group, an IPv4 CIDR, or a prefix list id (`pl-...`). Ports are inclusive;
    protocol -1 (all traffic) has none.
    """

    group: Group
    direction: Direction
    protocol: Literal["tcp", "udp", "icmp", "-1"]
    ports: tuple[int, int] | None
    peer: Group | str
    description: str


def groups(settings: Settings) -> tuple[Group, ...]:
    """The groups that a stage has: proxy and endpoints only where they are on."""
    absent = set()
    if not settings.database.proxy:
        absent.add(Group.DB_PROXY)
    if not settings.network.interface_endpoints:
        absent.add(Group.ENDPOINTS)
    return tuple(group for group in Group if group not in absent)


def rules(settings: Settings) -> tuple[Rule, ...]:
    """Every rule of every group of a stage, in the order of the specification's table."""
    present = groups(settings)
    return tuple(
        rule
        for rule in _table(settings)
        if rule.group in present and (rule.peer in present or rule.peer not in set(Group))
    )


def inline(group: Group, rows: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rows of a group towards addresses, as its own resource carries them; those towards groups stand alone.

    Without any egress among them comes one that nothing can use: EC2 turns "none" into "all".
    """
    own = tuple(row for row in rows if row.group is group and not isinstance(row.peer, Group))
    if any(row.direction == "egress" for row in own):
        return own
    words = "Nothing: without any egress rule EC2 would allow all"
    return (*own, Rule(group, "egress", "icmp", (252, 86), "255.255.255.255/32", words))


def _tcp(group: Group, direction: Direction, first: int, peer: Group | str, description: str, last: int = 0) -> Rule:
    return Rule(group, direction, "tcp", (first, last or first), peer, description)


def _flow(source: Group, target: Group, first: int, what: str, last: int = 0) -> Iterator[Rule]:
    """A connection between two groups: egress at its source, ingress at its target."""
    yield _tcp(source, "egress", first, target, f"{what} to {PURPOSE[target]}", last)
    yield _tcp(target, "ingress", first, source, f"{what} from {PURPOSE[source]}", last)


def _table(settings: Settings) -> Iterator[Rule]:
    yield from _shop_load_balancer(settings)
    yield from _tiketi_load_balancer(settings)

    first_service, last_service = settings.eks.service_ports
    yield from _flow(Group.SHOP_LOAD_BALANCER, Group.BACKEND, BACKEND_PORT, "Shop requests")
    yield from _flow(Group.TIKETI_LOAD_BALANCER, Group.EKS_NODES, first_service, "Tiketi requests", last_service)

    for group in (Group.BACKEND, Group.EKS_NODES, Group.KUBECTL, Group.ROTATION):
        yield _tcp(group, "egress", HTTPS, ANYWHERE, "HTTPS to AWS APIs and package sources")

    for source in (Group.BACKEND, Group.EKS_NODES, Group.ROTATION, Group.DB_PROXY):
        yield from _flow(source, Group.DB, POSTGRESQL_PORT, "PostgreSQL")
    for source in (Group.BACKEND, Group.EKS_NODES):
        yield from _flow(source, Group.DB_PROXY, POSTGRESQL_PORT, "PostgreSQL")
    for source in (Group.BACKEND, Group.EKS_NODES, Group.ROTATION):
        yield from _flow(source, Group.CACHE, REDIS_PORT, "Redis")

    nodes, control = Group.EKS_NODES, Group.EKS_CONTROL_PLANE
    yield Rule(nodes, "ingress", "-1", None, nodes, "Pods and nodes among themselves")
    yield Rule(nodes, "egress", "-1", None, nodes, "Pods and nodes among themselves")
    for protocol in ("udp", "tcp"):
        yield Rule(
            nodes, "egress", protocol, (DNS_PORT, DNS_PORT), str(settings.network.cidr), f"DNS in the VPC, {protocol}"
        )
    yield from _flow(nodes, control, HTTPS, "Kubernetes API")
    yield from _flow(Group.KUBECTL, control, HTTPS, "Kubernetes API")
    yield from _flow(control, nodes, HTTPS, "Extension API servers")
    yield from _flow(control, nodes, KUBELET_PORT, "kubelet and metrics")
    for port in settings.eks.webhook_ports:
        yield from _flow(control, nodes, port, "Admission webhooks")

    for source in (Group.BACKEND, Group.EKS_NODES, Group.ROTATION):
        yield _tcp(Group.ENDPOINTS, "ingress", HTTPS, source, f"AWS APIs from {PURPOSE[source]}")


def _shop_load_balancer(settings: Settings) -> Iterator[Rule]:
    group = Group.SHOP_LOAD_BALANCER
    if settings.has(FRONTEND):
        # One rule only: CloudFront's prefix list counts as 55 of a group's 60 rules.
        port = HTTPS if settings.domain else HTTP
        prefix_list = settings.network.cloudfront_prefix_lists[settings.region]
        yield _tcp(group, "ingress", port, prefix_list, "CloudFront origin-facing addresses")
    else:
        yield from _public(settings, group, open_to_internet=settings.domain is not None)


def _tiketi_load_balancer(settings: Settings) -> Iterator[Rule]:
    yield from _public(settings, Group.TIKETI_LOAD_BALANCER, open_to_internet=settings.domain is not None)


def _public(settings: Settings, group: Group, *, open_to_internet: bool) -> Iterator[Rule]:
    """With a domain 443, and 80 to redirect, from stated sources or the internet; else 80 from stated sources."""
    stated = [str(source) for source in settings.sources]
    if open_to_internet:
        for source in stated or [ANYWHERE]:
            yield _tcp(group, "ingress", HTTPS, source, "HTTPS")
            yield _tcp(group, "ingress", HTTP, source, "HTTP, redirected to HTTPS")
    else:
        for source in stated:
            yield _tcp(group, "ingress", HTTP, source, "HTTP from a stated source")
