"""Network ACLs as the VPC guide has them: numbered rules, the first that matches decides, and nothing is remembered.

Owns reading ACLs from the templates, and whether all ports of a range pass. A subnet without an ACL of its own has the
VPC's default one, which lets everything through both ways.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Literal

from cloudmart_cdk.policy.model import MISSING, Deployment, Resource

from .security_groups import key_of, short
from .verdict import Protocol, Verdict, allow, deny

Direction = Literal["in", "out"]
_NUMBERS: Final = {"tcp": 6, "udp": 17}
_ALL_PROTOCOLS: Final = -1


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    direction: Direction
    protocol: int
    allows: bool
    network: IPv4Network
    first: int = 0
    last: int = 65535

    def covers(self, protocol: Protocol, port: int, address: IPv4Address) -> bool:
        return (
            self.protocol in (_ALL_PROTOCOLS, _NUMBERS[protocol])
            and self.first <= port <= self.last
            and address in self.network
        )


class Acls:
    """The ACL of every subnet of an app."""

    def __init__(self, app: Deployment) -> None:
        self._entries: dict[str, list[Entry]] = {key_of(acl): [] for acl in app.of("AWS::EC2::NetworkAcl")}
        for resource in app.of("AWS::EC2::NetworkAclEntry"):
            self._entries[_key(app, resource, "NetworkAclId")].append(_entry(resource))
        for entries in self._entries.values():
            entries.sort(key=lambda entry: entry.number)
        self._of_subnet = {
            _key(app, link, "SubnetId"): _key(app, link, "NetworkAclId")
            for link in app.of("AWS::EC2::SubnetNetworkAclAssociation")
        }
        self.judge = lru_cache(maxsize=None)(self._judge)

    def networks(self) -> Iterator[IPv4Network]:
        for entries in self._entries.values():
            yield from (entry.network for entry in entries)

    def ports(self) -> Iterator[tuple[int, int]]:
        for entries in self._entries.values():
            yield from ((entry.first, entry.last) for entry in entries)

    def _judge(
        self, subnet: str, direction: Direction, protocol: Protocol, ports: tuple[int, int], address: IPv4Address
    ) -> Verdict:
        """Whether every port of a range passes the subnet's boundary. `address`: the peer's, outside of the subnet."""
        acl = self._of_subnet.get(subnet)
        if acl is None:
            return allow("the default ACL, which is open")
        own = [entry for entry in self._entries[acl] if entry.direction == direction]
        # A verdict changes only where an entry begins or has ended.
        edges = {ports[0], *(edge for entry in own for edge in (entry.first, entry.last + 1))}
        for port in sorted(edge for edge in edges if ports[0] <= edge <= ports[1]):
            decides = next((entry for entry in own if entry.covers(protocol, port, address)), None)
            if decides is None or not decides.allows:
                entry = f"entry {decides.number}" if decides else "no entry"
                return deny(f"{short(acl)} {direction}, {protocol} {port}: {entry}")
        return allow(f"{short(acl)}")


def _entry(resource: Resource) -> Entry:
    range_ = resource.get("PortRange")
    ports = {} if range_ is MISSING else {"first": int(range_["From"]), "last": int(range_["To"])}
    return Entry(
        number=int(resource.get("RuleNumber")),
        direction="out" if str(resource.get("Egress")).lower() == "true" else "in",
        protocol=int(resource.get("Protocol")),
        allows=resource.get("RuleAction") == "allow",
        network=IPv4Network(str(resource.get("CidrBlock"))),
        **ports,
    )


def _key(app: Deployment, resource: Resource, path: str) -> str:
    found = app.target(resource.get(path))
    if found is None:
        raise ValueError(f"network ACL: given {resource.get(path)}; allowed: a reference to a resource of this app")
    return key_of(found)
