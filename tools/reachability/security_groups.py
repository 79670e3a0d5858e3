"""Security groups as the VPC guide has them: stateful, rules only allow, one of an interface's groups suffices.

Owns reading groups and rules, inline or apart, from the templates, and their meaning. EKS's own cluster group is in no
template; it is known by what EKS documents of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final, Literal

from cloudmart_cdk.policy.model import MISSING, Deployment, Resource

from .verdict import PROTOCOLS, Protocol, Verdict, allow, deny

Direction = Literal["in", "out"]
CLUSTER_GROUP: Final = "EKS's cluster group"
"""On the control plane's interfaces beside ours: everything out, in from itself (EKS guide, "security group
requirements")."""
_GROUP: Final = "AWS::EC2::SecurityGroup"
_NUMBERS: Final = {"6": "tcp", "17": "udp"}


@dataclass(frozen=True, slots=True)
class Rule:
    direction: Direction
    protocol: str
    first: int
    last: int
    network: IPv4Network | None
    group: str
    prefix_list: str
    words: str

    def covers(self, protocol: Protocol, port: int) -> bool:
        return self.protocol == "-1" or (self.protocol == protocol and self.first <= port <= self.last)

    def speaks_of(self, address: IPv4Address, groups: frozenset[str], prefix_list: str) -> bool:
        if self.network is not None:
            return address in self.network
        return self.group in groups if self.group else self.prefix_list == prefix_list


def key_of(resource: Resource) -> str:
    return f"{resource.stack}/{resource.logical_id}"


class SecurityGroups:
    """All groups of an app. A group that is attached and not found here is an error, never "nothing"."""

    def __init__(self, rules: Mapping[str, tuple[Rule, ...]], names: Mapping[str, str] | None = None) -> None:
        """Rules by key of their group; `names`: what people know a group by."""
        self._names = names or {}
        self._rules = {CLUSTER_GROUP: _CLUSTER_RULES, **rules}
        self.judge = lru_cache(maxsize=None)(self._judge)

    @classmethod
    def of(cls, app: Deployment) -> "SecurityGroups":
        rules: dict[str, list[Rule]] = {key_of(group): list(_inline(app, group)) for group in app.of(_GROUP)}
        for name, direction in _APART.items():
            for resource in app.of(name):
                rules[group_key(app, resource.get("GroupId"))].append(_rule(app, direction, resource.properties))
        names = {key_of(group): _name(group) for group in app.of(_GROUP)}
        return cls({key: tuple(own) for key, own in rules.items()}, names)

    def networks(self) -> Iterator[IPv4Network]:
        """Every range that a rule names."""
        for rules in self._rules.values():
            yield from (rule.network for rule in rules if rule.network is not None)

    def prefix_lists(self) -> Iterator[str]:
        for rules in self._rules.values():
            yield from (rule.prefix_list for rule in rules if rule.prefix_list)

    def ports(self) -> Iterator[tuple[str, int, int]]:
        """(protocol, first, last) of every rule that names ports."""
        for rules in self._rules.values():
            yield from ((rule.protocol, rule.first, rule.last) for rule in rules if rule.protocol in PROTOCOLS)

    def _judge(
        self,
        groups: frozenset[str],
        direction: Direction,
        protocol: Protocol,
        port: int,
        address: IPv4Address,
        peer_groups: frozenset[str],
        prefix_list: str = "",
    ) -> Verdict:
        """Whether an interface with `groups` may be connected from (in) or connect to (out) a peer."""
        for key in sorted(groups):
            for rule in self._rules[key]:
                if (
                    rule.direction == direction
                    and rule.covers(protocol, port)
                    and rule.speaks_of(address, peer_groups, prefix_list)
                ):
                    return allow(f"{self._name(key)}: {rule.words}")
        side = "ingress" if direction == "in" else "egress"
        return deny(f"no {side} rule of {', '.join(map(self._name, sorted(groups))) or 'any group'}")

    def _name(self, key: str) -> str:
        return self._names.get(key) or short(key)


def short(key: str) -> str:
    return key.rpartition("/")[2]


def _name(group: Resource) -> str:
    tags = [tag for tag in group.items("Tags") if isinstance(tag, dict)]
    return next((str(tag.get("Value")) for tag in tags if tag.get("Key") == "Name"), "")


def group_key(app: Deployment, value: Any) -> str:
    """The key of the group that a value refers to. Raises `ValueError` for one that is not this app's."""
    group = app.target(value, _GROUP)
    if group is None:
        raise ValueError(f"security group: given {value}; allowed: a reference to a group of this app")
    return key_of(group)


_APART: Final[dict[str, Direction]] = {
    "AWS::EC2::SecurityGroupIngress": "in",
    "AWS::EC2::SecurityGroupEgress": "out",
}
_EVERYTHING: Final = IPv4Network("0.0.0.0/0")
_OPEN: Final = Rule("out", "-1", 0, 65535, _EVERYTHING, "", "", "everything out")
_CLUSTER_RULES: Final = (_OPEN, Rule("in", "-1", 0, 65535, None, CLUSTER_GROUP, "", "everything from itself"))


def _inline(app: Deployment, group: Resource) -> Iterator[Rule]:
    for properties in group.items("SecurityGroupIngress"):
        yield _rule(app, "in", properties)
    if group.get("SecurityGroupEgress") in (MISSING, []):
        yield _OPEN  # EC2's default, which only stated rules replace
    for properties in group.items("SecurityGroupEgress"):
        yield _rule(app, "out", properties)


def _rule(app: Deployment, direction: Direction, properties: Mapping[str, Any]) -> Rule:
    side = "Source" if direction == "in" else "Destination"
    # Inline egress rules say DestinationSecurityGroupId, inline ingress rules SourceSecurityGroupId, as those apart do.
    peer = properties.get(f"{side}SecurityGroupId")
    prefix_list = properties.get(f"{side}PrefixListId")
    protocol = str(properties.get("IpProtocol"))
    cidr = properties.get("CidrIp")
    if cidr is None and peer is None and prefix_list is None:
        raise ValueError(f"security group rule: given {dict(properties)}; allowed: a peer that can be read")
    return Rule(
        direction=direction,
        protocol=_NUMBERS.get(protocol, protocol),
        first=int(properties.get("FromPort", 0)),
        last=int(properties.get("ToPort", 65535)),
        network=None if cidr is None else IPv4Network(str(cidr)),
        group=group_key(app, peer) if peer is not None else "",
        prefix_list=str(prefix_list or ""),
        words=str(properties.get("Description", "a rule without words")),
    )
