"""What gateways, load balancers, endpoints and public addresses cost by the hour.

Owns zones: a regional NAT gateway and an interface endpoint are billed for each, a load balancer's addresses too.
"""

from collections.abc import Iterator
from typing import Final

from ..policy.lookups import same
from ..policy.model import MISSING, Deployment, Resource
from ..policy.rule import shown
from .charge import Charge, Unpriced, one_of, times

_ADDRESS: Final = "ipv4.public"


def nat_gateway(gateway: Resource, app: Deployment) -> Iterator[Charge]:
    """By the hour; a regional one for each zone of its network, where it has an address too."""
    if one_of(gateway, "AvailabilityMode", "regional", "zonal", default="zonal") == "zonal":
        yield Charge("nat.hour", 1, "NAT gateway")
        return
    network = app.target(gateway.get("VpcId"), "AWS::EC2::VPC")
    zones = {
        str(subnet.get("AvailabilityZone"))
        for subnet in app.of("AWS::EC2::Subnet")
        if network and same(app.target(subnet.get("VpcId")), network)
    }
    if not zones:
        raise Unpriced(gateway, "a regional NAT gateway of no zones", "a network of this app", "name it by reference")
    yield Charge("nat.hour", len(zones), times(len(zones), "zone of the regional NAT gateway"))
    yield Charge(_ADDRESS, len(zones), times(len(zones), "public address"), "apart")


def address(_: Resource, __: Deployment) -> Iterator[Charge]:
    """An elastic IP: billed whether it is used or not (VPC pricing, public IPv4 addresses)."""
    yield Charge(_ADDRESS, 1, "public address", "apart")


def load_balancer(balancer: Resource, _: Deployment) -> Iterator[Charge]:
    """An application load balancer; facing the internet it has an address in each subnet."""
    one_of(balancer, "Type", "application", default="application")
    yield Charge("alb.hour", 1, "application load balancer")
    if balancer.get("Scheme") != "internal":
        count = len(balancer.items("Subnets")) or len(balancer.items("SubnetMappings"))
        yield Charge(_ADDRESS, count, times(count, "public address"), "apart")


def endpoint(resource: Resource, _: Deployment) -> Iterator[Charge]:
    """Gateway endpoints are free; interface endpoints are billed for each zone."""
    if resource.get("VpcEndpointType") in (MISSING, "Gateway"):
        return
    one_of(resource, "VpcEndpointType", "Interface")
    subnets = resource.get("SubnetIds")
    if not isinstance(subnets, list):
        raise Unpriced(resource, f"SubnetIds {shown(subnets)}", "a list that the template states", "state it")
    count = len(subnets)
    yield Charge("endpoint.interface", count, times(count, "zone of an interface endpoint"))
