"""Addresses that stand for all others: one for every stretch of a subnet that some rule tells apart.

Owns choosing them. Whatever holds at these addresses holds in between, since no rule of the templates begins or ends
there.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from cloudmart_cdk.policy.model import Deployment

from .endpoints import Endpoint, Place
from .security_groups import key_of

_FIRST: Final = 10
"""Clear of the five addresses that AWS keeps of each subnet."""
_POD_SUBNET_TAG: Final = "kubernetes.io/role/cni"
_SOMEWHERE: Final = IPv4Address("192.0.2.10")
"""On the internet (TEST-NET-1)."""
_LISTED: Final = IPv4Address("192.0.2.100")
_NOT_INTERNET: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "224.0.0.0/3",
        ),
    )
)


class Places:
    """Chooses addresses. `mentioned`: every range that a rule names."""

    def __init__(self, app: Deployment, mentioned: Iterable[IPv4Network]) -> None:
        self._mentioned = sorted(mentioned)
        self._subnets = {key_of(subnet): subnet for subnet in app.of("AWS::EC2::Subnet")}
        self._numbers: dict[str, int] = {}

    def inside(
        self, name: str, subnet: str, groups: frozenset[str], *, public: bool = False, masked_by: Place | None = None
    ) -> Iterator[Place]:
        zone = str(self._subnets[subnet].get("AvailabilityZone"))
        for address in self._addresses(name, self.network(subnet)):
            yield Place(address, subnet, zone, groups, public=public, masked_by=masked_by)

    def of_pods(self, name: str, node: Endpoint, *, discovers: bool, masked: bool) -> Iterator[Place]:
        """Where the CNI puts pods: into the subnets tagged for it, else into the nodes' own."""
        tagged = [key for key, subnet in self._subnets.items() if _tag(subnet.items("Tags")) == "1"]
        nodes = {place.zone: place for place in node.places}
        for subnet in (tagged if discovers else []) or sorted({place.subnet for place in node.places}):
            machine = nodes.get(str(self._subnets[subnet].get("AvailabilityZone")))
            if machine is not None:  # without nodes in its zone there are no pods in a subnet
                yield from self.inside(name, subnet, machine.groups, masked_by=machine if masked else None)

    def outside(self, sources: Iterable[IPv4Network]) -> dict[str, list[Place]]:
        """The internet, in every stretch that a rule names; who is stated in the settings apart from it."""
        stated = set(sources)
        ranges = [
            network
            for network in self._mentioned
            if network.prefixlen and network not in stated and not any(network.overlaps(own) for own in _NOT_INTERNET)
        ]
        addresses = [_SOMEWHERE, *(network[0] for network in ranges)]
        found = {"internet": [Place(address) for address in addresses]}
        if stated:
            found["stated-sources"] = [Place(network[0]) for network in sorted(stated)]
        return found

    def listed(self, prefix_list: str, number: int) -> Place:
        """An address of a prefix list of AWS's."""
        return Place(_LISTED + number, prefix_list=prefix_list)

    def network(self, subnet: str) -> IPv4Network:
        return IPv4Network(str(self._subnets[subnet].get("CidrBlock")))

    def _addresses(self, name: str, network: IPv4Network) -> Iterator[IPv4Address]:
        """One of its own for each endpoint, outside of all narrower ranges, and one in each of those."""
        number = self._numbers.setdefault(name, len(self._numbers))
        narrower = [each for each in self._mentioned if each != network and each.subnet_of(network)]
        room = network.num_addresses - _FIRST - 1
        for offset in range(room):
            address = network[_FIRST + (number + offset) % room]
            if not any(address in each for each in narrower):
                yield address
                break
        yield from (each[number % each.num_addresses] for each in narrower)


def _tag(tags: Iterable[object]) -> str:
    for tag in tags:
        if isinstance(tag, dict) and tag.get("Key") == _POD_SUBNET_TAG:
            return str(tag.get("Value"))
    return ""
