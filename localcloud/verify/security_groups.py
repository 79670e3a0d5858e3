"""Security groups: every rule that EC2 reports is in the specification's table, and the other way round."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from cloudmart_cdk import security_groups as specified
from cloudmart_cdk.settings.topology import VPC
from localcloud.verify.table import Check
from localcloud.verify.view import View

_Row = tuple[str, str, str, str, str]
"""Direction, protocol, ports, peer, description."""


def checks(view: View) -> Iterator[Check]:
    if view.stack(VPC) is None:
        return
    settings = view.settings
    deployed = view.of(VPC, "AWS::EC2::SecurityGroup")
    ids = {
        group: _find(group, [(d.logical_id, d.physical_id) for d in deployed]) for group in specified.groups(settings)
    }
    yield Check("security groups of VpcStack", len(ids), len(deployed))
    described = view.client("ec2").describe_security_groups()["SecurityGroups"]
    by_id = {entry["GroupId"]: entry for entry in described}
    names = {physical_id: group for group, physical_id in ids.items()}
    table = specified.rules(settings)
    for group, physical_id in ids.items():
        entry = by_id.get(physical_id)
        if entry is None:
            yield Check(f"security group {group}", "exists", "missing")
            continue
        expected = Counter(_expected(rule) for rule in table if rule.group is group)
        found = Counter(_found(entry, names))
        for row in sorted(expected | found):
            yield Check(f"security group {group}: {' '.join(row)}", expected[row], found[row])
    yield from _closed_default(view, described)


def _find(group: specified.Group, candidates: list[tuple[str, str]]) -> str:
    """The physical id whose logical id comes from the construct id `group`.

    A construct id may be the end of another one (Db, DbProxy do not clash, but Backend could): the
    shortest logical id that holds it is the group's.
    """
    matching = [(logical_id, physical_id) for logical_id, physical_id in candidates if str(group) in logical_id]
    exact = [pair for pair in matching if _construct(pair[0]).endswith(str(group))]
    return min(exact or matching or [("", "")], key=lambda pair: len(pair[0]))[1]


def _construct(logical_id: str) -> str:
    """The logical id without CDK's hash of eight characters."""
    return logical_id[:-8]


def _expected(rule: specified.Rule) -> _Row:
    ports = "all ports" if rule.ports is None else f"{rule.ports[0]}-{rule.ports[1]}"
    return rule.direction, rule.protocol, ports, str(rule.peer), rule.description


def _found(entry: dict[str, Any], names: dict[str, specified.Group]) -> Iterator[_Row]:
    for direction, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        for permission in entry[key]:
            protocol = permission["IpProtocol"]
            ports = f"{permission['FromPort']}-{permission['ToPort']}" if "FromPort" in permission else "all ports"
            for peer, description in _peers(permission, names):
                if (direction, peer, protocol) == ("egress", "255.255.255.255/32", "icmp"):
                    continue  # CDK's way to write "no egress": a rule that nothing can use
                yield direction, protocol, ports if protocol != "-1" else "all ports", peer, description


def _peers(permission: dict[str, Any], names: dict[str, specified.Group]) -> Iterator[tuple[str, str]]:
    for entry in permission.get("IpRanges", []):
        yield entry["CidrIp"], entry.get("Description", "")
    for entry in permission.get("Ipv6Ranges", []):
        yield entry["CidrIpv6"], entry.get("Description", "")
    for entry in permission.get("PrefixListIds", []):
        yield entry["PrefixListId"], entry.get("Description", "")
    for entry in permission.get("UserIdGroupPairs", []):
        yield str(names.get(entry["GroupId"], entry["GroupId"])), entry.get("Description", "")


def _closed_default(view: View, described: list[dict[str, Any]]) -> Iterator[Check]:
    vpcs = {vpc.physical_id for vpc in view.of(VPC, "AWS::EC2::VPC")}
    for entry in described:
        if entry["VpcId"] in vpcs and entry["GroupName"] == "default":
            open_rules = len(entry["IpPermissions"]) + len(entry["IpPermissionsEgress"])
            yield Check("rules of the default security group", 0, open_rules)
