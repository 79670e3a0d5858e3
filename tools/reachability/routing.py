"""Route tables as the VPC guide has them: the longest prefix wins, the VPC's own ranges are always local.

Owns where a packet goes next from a subnet: nowhere, within the VPC, or out by one of its gateways. Whether the
gateway then carries it is `path`'s to ask.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Literal

from cloudmart_cdk.policy.model import MISSING, Deployment, Resource

from .security_groups import key_of

Kind = Literal["local", "internet gateway", "NAT gateway", "gateway endpoint", "other", "none"]


@dataclass(frozen=True, slots=True)
class Hop:
    """The target of the route that applies. `subnet`: where a NAT gateway stands, if in one."""

    kind: Kind
    words: str
    subnet: str = ""


@dataclass(frozen=True, slots=True)
class _Route:
    network: IPv4Network
    hop: Hop


_NOWHERE: Final = Hop("none", "no route")


class Routes:
    """The route table of every subnet of an app."""

    def __init__(self, app: Deployment) -> None:
        self._app = app
        self.own = tuple(
            IPv4Network(str(block.get("CidrBlock"))) for block in app.of("AWS::EC2::VPC", "AWS::EC2::VPCCidrBlock")
        )
        """The ranges of the VPC."""
        self._tables = {
            key: table
            for link in app.of("AWS::EC2::SubnetRouteTableAssociation")
            for key, table in [(_key(app, link, "SubnetId"), _key(app, link, "RouteTableId"))]
        }
        self._routes: dict[str, list[_Route]] = {}
        for route in app.of("AWS::EC2::Route"):
            cidr = route.get("DestinationCidrBlock")
            if cidr is not MISSING:
                found = _Route(IPv4Network(str(cidr)), self._hop(route))
                self._routes.setdefault(_key(app, route, "RouteTableId"), []).append(found)
        self._lists = {
            (_key_of_value(app, table), str(endpoint.get("ServiceName")).rpartition(".")[2])
            for endpoint in app.of("AWS::EC2::VPCEndpoint")
            if endpoint.get("VpcEndpointType") in (MISSING, "Gateway")
            for table in endpoint.items("RouteTableIds")
        }
        self.next = lru_cache(maxsize=None)(self._next)

    def networks(self) -> Iterator[IPv4Network]:
        for routes in self._routes.values():
            yield from (route.network for route in routes)

    def _next(self, subnet: str, address: IPv4Address, prefix_list: str = "") -> Hop:
        """Where a packet to `address` goes from a subnet. One without a table has the VPC's main one: local only."""
        table = self._tables.get(subnet, "")
        if (table, prefix_list) in self._lists:
            return Hop("gateway endpoint", f"the gateway endpoint of {prefix_list}")
        local = Hop("local", "the VPC itself")
        routes = [*(_Route(own, local) for own in self.own), *self._routes.get(table, ())]
        matching = [route for route in routes if address in route.network]
        return max(matching, key=lambda route: route.network.prefixlen).hop if matching else _NOWHERE

    def _hop(self, route: Resource) -> Hop:
        app = self._app
        nat = app.target(route.get("NatGatewayId"), "AWS::EC2::NatGateway")
        if nat is not None:
            subnet = nat.get("SubnetId")
            words = f"NAT gateway {nat.logical_id}"
            return Hop("NAT gateway", words, "" if subnet is MISSING else _key_of_value(app, subnet))
        gateway = app.target(route.get("GatewayId"), "AWS::EC2::InternetGateway")
        if gateway is not None:
            links = app.of("AWS::EC2::VPCGatewayAttachment")
            attached = any(app.target(link.get("InternetGatewayId")) is gateway for link in links)
            return Hop("internet gateway", gateway.logical_id) if attached else _NOWHERE
        return Hop("other", f"{route.logical_id}, a target that is not understood")


def _key(app: Deployment, resource: Resource, path: str) -> str:
    return _key_of_value(app, resource.get(path))


def _key_of_value(app: Deployment, value: object) -> str:
    found = app.target(value)
    if found is None:
        raise ValueError(f"routes: given {value}; allowed: a reference to a resource of this app")
    return key_of(found)
