"""AWS::EC2::VPC, security group rules, AWS::Route53::HostedZone.

Faults: a VPC has no `CidrBlock` attribute and shows no secondary range; the API drops the prefix list
of a security group rule; a NAT gateway does not say whether it spans the zones; a hosted zone forgets the VPCs that
make it private.
"""

from typing import Any, Final

from ministack.services import ec2, route53

from localcloud.server import patching
from localcloud.server.mends import hooks
from localcloud.server.resource import Properties

_GATEWAY: Final = "<connectivityType>{nat['ConnectivityType']}</connectivityType>"
_MODE: Final = "<availabilityMode>{nat.get('AvailabilityMode', 'zonal')}</availabilityMode>"


def _vpc_attributes(_: str, properties: Properties) -> dict[str, Any]:
    return {
        "CidrBlock": properties.get("CidrBlock", ""),
        "CidrBlockAssociations": [],
        "Ipv6CidrBlocks": [],
    }


def _secondary_ranges(vpc: dict[str, Any]) -> str:
    return "".join(
        f"<item><cidrBlock>{cidr}</cidrBlock><associationId>{association}</associationId>"
        "<cidrBlockState><state>associated</state></cidrBlockState></item>"
        for association, cidr in vpc.get("SecondaryRanges", {}).items()
    )


def _private_zone(physical_id: str, properties: Properties) -> None:
    vpcs = [{"VPCId": vpc["VPCId"], "VPCRegion": vpc["VPCRegion"]} for vpc in properties.get("VPCs") or []]
    zone = route53._zones[physical_id]
    zone["private"], zone["vpcs"] = bool(vpcs), vpcs


def _prefix_lists(params: dict[str, Any], base: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    while identifier := ec2._p(params, f"{base}.PrefixListIds.{len(found) + 1}.PrefixListId"):
        description = ec2._p(params, f"{base}.PrefixListIds.{len(found) + 1}.Description")
        found.append({"PrefixListId": identifier, **({"Description": description} if description else {})})
    return found


def install() -> None:
    hooks.after("AWS::EC2::VPC", _vpc_attributes)
    patching.edit(
        ec2._vpc_fields_xml,
        old="</cidrBlockAssociationSet>",
        new="{_localcloud_secondary_ranges(vpc)}</cidrBlockAssociationSet>",
        names={"_localcloud_secondary_ranges": _secondary_ranges},
    )
    patching.edit(ec2._describe_nat_gateways, old=_GATEWAY, new=_GATEWAY + _MODE)
    patching.edit(
        ec2._parse_ip_permissions,
        old="        rules.append(rule)",
        new='        rule["PrefixListIds"] += _localcloud_prefix_lists(params, f"{prefix}.{i}")\n'
        "        rules.append(rule)",
        names={"_localcloud_prefix_lists": _prefix_lists},
    )
    hooks.after("AWS::Route53::HostedZone", _private_zone)
