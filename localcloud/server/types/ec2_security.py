"""AWS::EC2::SecurityGroupIngress and SecurityGroupEgress.

Owns single rules of a security group, with their descriptions.
"""

from typing import Any

from localcloud.server.api import call
from localcloud.server.resource import Properties, Request, Resource, ResourceType


def _permission(rule: Properties) -> dict[str, Any]:
    described = {"Description": rule["Description"]} if rule.get("Description") else {}
    permission: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    for port in ("FromPort", "ToPort"):
        if port in rule:
            permission[port] = int(rule[port])
    if "CidrIp" in rule:
        permission["IpRanges"] = [{"CidrIp": rule["CidrIp"], **described}]
    if "CidrIpv6" in rule:
        permission["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **described}]
    prefix_list = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if prefix_list:
        permission["PrefixListIds"] = [{"PrefixListId": prefix_list, **described}]
    group = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
    if group:
        permission["UserIdGroupPairs"] = [{"GroupId": group, **described}]
    return permission


def _rule_type(direction: str) -> ResourceType:
    def create(request: Request) -> Resource:
        rule = request.properties
        call(
            "ec2",
            f"authorize_security_group_{direction}",
            GroupId=rule["GroupId"],
            IpPermissions=[_permission(rule)],
        )
        return Resource(request.pseudo_id, {"Id": request.pseudo_id})

    def delete(_: str, rule: Properties) -> None:
        call(
            "ec2",
            f"revoke_security_group_{direction}",
            GroupId=rule["GroupId"],
            IpPermissions=[_permission(rule)],
        )

    return ResourceType(create=create, delete=delete)


TYPES = {
    "AWS::EC2::SecurityGroupIngress": _rule_type("ingress"),
    "AWS::EC2::SecurityGroupEgress": _rule_type("egress"),
}
