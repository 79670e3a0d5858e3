"""SG: who may talk to whom. The table in `cloudmart_cdk/security_groups.py` is the law, these rules its court.

Owns reading every rule and every attachment out of the templates, whoever wrote them: inline or as a resource of its
own, by address, prefix list or group, in any stack. Nothing here can be acknowledged: what is right is a row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final

from ... import security_groups as table
from ...security_groups import ANYWHERE, ANYWHERE_V6, ATTACHED_TO, Direction, Group
from ...settings.topology import VPC
from ..model import MISSING, Deployment, Pointer, Resource, Unknown, as_list
from ..rule import Found, Rule, shown

GROUP: Final = "AWS::EC2::SecurityGroup"
_TABLE: Final = "rows of the table in cloudmart_cdk/security_groups.py"
_SPEC: Final = "specification section 2, the security-group table"
_CIS: Final = "CIS AWS Foundations 5.2 to 5.4; Security Hub EC2.13, EC2.18, EC2.19"
_PUBLIC_GROUPS: Final = (Group.SHOP_LOAD_BALANCER, Group.TIKETI_LOAD_BALANCER)
_SEPARATE: Final[dict[str, Direction]] = {
    "AWS::EC2::SecurityGroupIngress": "ingress",
    "AWS::EC2::SecurityGroupEgress": "egress",
}
_PROTOCOLS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
_PEERS: Final = (
    "CidrIp",
    "CidrIpv6",
    "SourcePrefixListId",
    "DestinationPrefixListId",
    "SourceSecurityGroupId",
    "DestinationSecurityGroupId",
    "SourceSecurityGroupName",
)
_ATTACHING: Final[dict[str, tuple[str, ...]]] = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("SecurityGroups[]",),
    "AWS::EC2::LaunchTemplate": (
        "LaunchTemplateData.SecurityGroupIds[]",
        "LaunchTemplateData.NetworkInterfaces[].Groups[]",
    ),
    "AWS::EC2::Instance": ("SecurityGroupIds[]", "NetworkInterfaces[].GroupSet[]"),
    "AWS::EC2::NetworkInterface": ("GroupSet[]",),
    "AWS::EC2::VPCEndpoint": ("SecurityGroupIds[]",),
    "AWS::EFS::MountTarget": ("SecurityGroups[]",),
    "AWS::EKS::Cluster": ("ResourcesVpcConfig.SecurityGroupIds[]",),
    "AWS::ElastiCache::CacheCluster": ("VpcSecurityGroupIds[]",),
    "AWS::ElastiCache::ReplicationGroup": ("SecurityGroupIds[]",),
    "AWS::ElastiCache::ServerlessCache": ("SecurityGroupIds[]",),
    "AWS::Lambda::Function": ("VpcConfig.SecurityGroupIds[]",),
    "AWS::OpenSearchService::Domain": ("VPCOptions.SecurityGroupIds[]",),
    "AWS::RDS::DBCluster": ("VpcSecurityGroupIds[]",),
    "AWS::RDS::DBInstance": ("VPCSecurityGroups[]",),
    "AWS::RDS::DBProxy": ("VpcSecurityGroupIds[]",),
    "AWS::Synthetics::Canary": ("VPCConfig.SecurityGroupIds[]",),
}
"""Type -> where it names its groups. Without any of them AWS attaches the default group, or the account's."""


@dataclass(frozen=True)
class _Actual:
    """One rule as the templates have it."""

    resource: Resource
    group: Group | str
    direction: Direction
    protocol: str
    ports: tuple[int, int] | None
    peer: Group | str
    description: Any
    where: str

    @property
    def key(self) -> tuple[str, str, str, tuple[int, int] | None, str]:
        return str(self.group), self.direction, self.protocol, self.ports, str(self.peer)

    def covers(self, *ports: int) -> bool:
        if self.protocol not in ("tcp", "udp", "-1"):
            return False
        return self.ports is None or any(self.ports[0] <= port <= self.ports[1] for port in ports)

    def __str__(self) -> str:
        return _words(self.direction, self.protocol, self.ports, str(self.peer))


def _words(direction: str, protocol: str, ports: tuple[int, int] | None, peer: str) -> str:
    span = "all ports" if ports is None else "-".join(str(port) for port in dict.fromkeys(ports))
    kind = "all traffic" if protocol == "-1" else f"{protocol} {span}"
    return f"{direction} {kind} {'from' if direction == 'ingress' else 'to'} {peer}"


def group_of(app: Deployment, value: Any) -> Group | str:
    """Which group of the table a reference means; else the value as text."""
    resource = app.target(value, GROUP)
    if resource is not None and isinstance(value, Pointer) and value.attribute in ("GroupId", ""):
        return _named(resource) or resource.path
    return shown(value)


def _named(resource: Resource) -> Group | None:
    """Groups are known by where the firewall construct makes them."""
    return next((group for group in Group if resource.path == f"{VPC}/Firewall/{group}"), None)


def _actual(app: Deployment) -> Iterator[_Actual]:
    for resource in app.of(GROUP):
        own = _named(resource) or resource.path
        for direction, name in (("ingress", "SecurityGroupIngress"), ("egress", "SecurityGroupEgress")):
            entries = resource.items(name)
            for number, entry in enumerate(entries):
                yield from _rule(app, resource, own, direction, entry, f"{name}.{number}")
            if direction == "egress" and not entries:
                everything = {"IpProtocol": "-1", "CidrIp": ANYWHERE, "Description": "EC2's default"}
                yield from _rule(app, resource, own, direction, everything, name)
    for type_, direction in _SEPARATE.items():
        for resource in app.of(type_):
            properties = resource.properties
            group = group_of(app, properties.get("GroupId", properties.get("GroupName", MISSING)))
            yield from _rule(app, resource, group, direction, properties, "")


def _rule(
    app: Deployment, resource: Resource, group: Group | str, direction: Any, entry: Any, where: str
) -> Iterator[_Actual]:
    if not isinstance(entry, Mapping):
        yield _Actual(resource, group, direction, "-1", None, shown(entry), MISSING, where)
        return
    protocol = str(entry.get("IpProtocol", "-1")).lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    ports = None if protocol == "-1" else (_port(entry, "FromPort", 0), _port(entry, "ToPort", 65535))
    peers = [_peer(app, name, entry[name]) for name in _PEERS if name in entry] or ["nobody stated"]
    for peer in peers:
        yield _Actual(resource, group, direction, protocol, ports, peer, entry.get("Description", MISSING), where)


def _port(entry: Mapping[str, Any], name: str, otherwise: int) -> int:
    try:
        number = int(entry.get(name, otherwise))
    except (TypeError, ValueError):
        return otherwise  # a parameter: any port
    return otherwise if number == -1 and entry.get("IpProtocol") in ("tcp", "udp") else number


def _peer(app: Deployment, name: str, value: Any) -> Group | str:
    if "Group" in name:
        return group_of(app, value)
    if name.startswith("Cidr") and isinstance(value, str):
        try:
            return str(ip_network(value, strict=False))
        except ValueError:
            return value
    return shown(value)


def _expected(app: Deployment) -> list[table.Rule]:
    rows = table.rules(app.settings)
    found: list[table.Rule] = []
    for group in table.groups(app.settings):
        found += table.inline(group, rows)
    return found + [row for row in rows if isinstance(row.peer, Group)]


def _key(row: table.Rule) -> tuple[str, str, str, tuple[int, int] | None, str]:
    return str(row.group), row.direction, row.protocol, row.ports, str(row.peer)


def _only_rows_of_the_table(app: Deployment) -> Iterator[Found]:
    expected = _expected(app)
    allowed = {_key(row) for row in expected}
    for actual in _actual(app):
        if actual.key in allowed:
            continue
        own = [
            _words(row.direction, row.protocol, row.ports, str(row.peer))
            for row in expected
            if row.group == actual.group and row.direction == actual.direction
        ]
        yield Found(
            actual.resource,
            f"{actual} of group {actual.group}",
            f"{_TABLE}; for this group: {'; '.join(own) or f'no {actual.direction}'}",
            actual.where,
            str(actual),
        )


def _every_row_of_the_table(app: Deployment) -> Iterator[Found]:
    present = {actual.key for actual in _actual(app)}
    groups = {_named(resource): resource for resource in app.of(GROUP)}
    for vpc in app.of("AWS::EC2::VPC"):
        if vpc.stack != VPC:
            continue
        for row in _expected(app):
            if _key(row) not in present:
                words = _words(row.direction, row.protocol, row.ports, str(row.peer))
                yield Found(groups.get(row.group, vpc), f"without {words}", "every row of the table", "", words)


def _only_groups_of_the_table(app: Deployment) -> Iterator[Found]:
    known = table.groups(app.settings)
    for resource in app.of(GROUP):
        if _named(resource) not in known:
            yield Found(resource, "a group that the table does not have", f"the groups {', '.join(known)}")


def _described(app: Deployment) -> Iterator[Found]:
    for actual in _actual(app):
        if not isinstance(actual.description, str) or len(actual.description.strip()) < 4:
            where = f"{actual.where}.Description".lstrip(".")
            yield Found(actual.resource, shown(actual.description), "words that say what the rule is for", where)


def _world_only_to_load_balancers(app: Deployment) -> Iterator[Found]:
    for actual in _actual(app):
        world = actual.direction == "ingress" and str(actual.peer) in (ANYWHERE, ANYWHERE_V6)
        public = actual.group in _PUBLIC_GROUPS and actual.protocol == "tcp" and actual.ports in ((80, 80), (443, 443))
        if world and not public:
            allowed = "ingress from anywhere on load balancers only, tcp 80 and 443"
            yield Found(actual.resource, f"{actual} of group {actual.group}", allowed, actual.where)


def _no_shell_ports(app: Deployment) -> Iterator[Found]:
    for actual in _actual(app):
        if actual.direction == "ingress" and actual.covers(22, 3389) and actual.peer != actual.group:
            allowed = "no ingress that includes 22 (SSH) or 3389 (RDP)"
            yield Found(actual.resource, f"{actual} of group {actual.group}", allowed, actual.where)


def _no_all_traffic_out(app: Deployment) -> Iterator[Found]:
    for actual in _actual(app):
        everything = actual.protocol == "-1" or actual.ports == (0, 65535)
        if actual.direction == "egress" and everything and actual.peer != actual.group:
            allowed = "egress to a stated protocol and port, all traffic within a group only"
            yield Found(actual.resource, f"{actual} of group {actual.group}", allowed, actual.where)


def _right_tier(app: Deployment) -> Iterator[Found]:
    for resource in app.resources:
        if resource.type == GROUP or resource.type in _SEPARATE:
            continue
        for where, group in _attached(app, resource.properties, ""):
            places = ATTACHED_TO[group]
            if (resource.stack, resource.type) not in places:
                allowed = " or ".join(f"{type_} in {stack}" for stack, type_ in places)
                yield Found(resource, f"group {group}", f"that group on {allowed} only", where, group)


def _attached(app: Deployment, node: Any, path: str) -> Iterator[tuple[str, Group]]:
    """Every place in a resource that names one of our groups, whatever the property is called."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _attached(app, value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _attached(app, value, f"{path}.{number}")
    elif isinstance(node, Pointer):
        target = app.target(node, GROUP)
        group = _named(target) if target else None
        if group:
            yield path, group


def _own_groups_only(app: Deployment) -> Iterator[Found]:
    for type_, paths in _ATTACHING.items():
        for resource in app.of(type_):
            values = [(where, value) for path in paths for where, value in resource.at(path)]
            stated = [(where, value) for where, value in values if value is not MISSING]
            if not stated and _takes_groups(resource):
                yield Found(resource, "without a security group", "a group of the table", values[0][0])
            for where, value in stated:
                if not isinstance(group_of(app, value), Group):
                    given = str(value) if isinstance(value, Unknown) else shown(value)
                    yield Found(resource, given, "a reference to a group of the table", where)


def _takes_groups(resource: Resource) -> bool:
    match resource.type:
        case "AWS::Lambda::Function":
            return "VpcConfig" in resource.properties
        case "AWS::Synthetics::Canary":
            return "VPCConfig" in resource.properties
        case "AWS::EC2::VPCEndpoint":
            return bool(resource.get("VpcEndpointType") == "Interface")
        case "AWS::RDS::DBInstance":
            return "DBClusterIdentifier" not in resource.properties
        case _:
            return True


def _default_group_closed(app: Deployment) -> Iterator[Found]:
    closed = [as_list(resource.get("DefaultSecurityGroupId")) for resource in app.of("Custom::VpcRestrictDefaultSG")]
    for vpc in app.of("AWS::EC2::VPC"):
        if [Pointer(vpc.stack, vpc.logical_id, "DefaultSecurityGroup")] not in closed:
            yield Found(vpc, "with an open default security group", "a default group without rules")


RULES: Final = (
    Rule(
        "SG-1",
        "Every ingress and egress rule is a row of the security-group table",
        f"{_SPEC}. A construct that opens a port by itself is found here too.",
        "remove the rule, or decide on a row in cloudmart_cdk/security_groups.py",
        _only_rows_of_the_table,
        acknowledgeable=False,
    ),
    Rule(
        "SG-2",
        "Every row of the security-group table is in the templates",
        f"{_SPEC}. A missing row is an outage; a missing egress rule can be EC2's allow-all.",
        "let constructs/firewall.py make it from the table",
        _every_row_of_the_table,
        acknowledgeable=False,
    ),
    Rule(
        "SG-3",
        "No security group but those of the table",
        f"{_SPEC}: every group we make lives in VpcStack.",
        "use a group of the table, or add one to it and to constructs/firewall.py",
        _only_groups_of_the_table,
        acknowledgeable=False,
    ),
    Rule(
        "SG-4",
        "Every security-group rule has a description",
        "Who reads the console at 3 a.m. has nothing else to go by (Well-Architected SEC05-BP02).",
        "describe the rule in its row of the table",
        _described,
        acknowledgeable=False,
    ),
    Rule(
        "SG-5",
        "A security group is attached to its own tier only",
        f"{_SPEC}: a group opens what its tier needs, and on another resource that is too much.",
        "attach the group of the resource's own tier; ATTACHED_TO in security_groups.py says which",
        _right_tier,
        acknowledgeable=False,
    ),
    Rule(
        "SG-6",
        "What takes security groups has one of the table, by reference",
        "Without one AWS attaches the default group; an id from elsewhere cannot be checked (Security Hub EC2.2).",
        "pass a group of the firewall",
        _own_groups_only,
        acknowledgeable=False,
    ),
    Rule(
        "SG-7",
        "Ingress from anywhere on load balancers only, tcp 80 and 443",
        f"{_CIS}. Holds whatever the table says.",
        "take the rule away; state sources with -c sources=203.0.113.0/24",
        _world_only_to_load_balancers,
        acknowledgeable=False,
    ),
    Rule(
        "SG-8",
        "No ingress that includes SSH or RDP",
        f"{_CIS}. Shells are Session Manager's (specification section 2). Holds whatever the table says.",
        "remove the rule; use aws ssm start-session",
        _no_shell_ports,
        acknowledgeable=False,
    ),
    Rule(
        "SG-9",
        "No egress of all traffic, but within a group",
        "An intruder calls home on any port he finds (Well-Architected SEC05-BP02). Holds whatever the table says.",
        "name protocol and port, and write egress inline: without an inline rule EC2 allows all",
        _no_all_traffic_out,
        acknowledgeable=False,
    ),
    Rule(
        "SG-10",
        "The VPC's default security group has no rules",
        "CIS AWS Foundations 5.4; Security Hub EC2.2.",
        "restrict_default_security_group=True on the VPC",
        _default_group_closed,
        acknowledgeable=False,
    ),
)
