"""What a region offers, asked before a deploy: AWS's prefix lists, instance types, what can be ordered of RDS.

Faults: CloudFront's prefix list has an id and a size that no region has; nobody knows which instance types a zone has;
RDS offers gp2 only, in two zones that are not the settings', and none of the smaller Graviton classes. Here every
zone of a region offers what the settings may choose: what the local cloud runs is the same for all of them.
"""

from functools import cache
from typing import Any, Final

from ministack.core.responses import get_region
from ministack.services import ec2, rds

from cloudmart_cdk.settings import load_settings
from cloudmart_cdk.settings.catalogue import DATABASE, EC2
from localcloud.server import patching

_ORIGIN_FACING: Final = "com.amazonaws.global.cloudfront.origin-facing"
_ENTRIES: Final = 55
"""VPC guide, "AWS-managed prefix lists": what CloudFront's counts against a group's rules."""
_ZONES: Final = "abc"


@cache
def _ids() -> dict[str, str]:
    return load_settings({"stage": "lab"}).network.cloudfront_prefix_lists


def _prefix_list_id(name: str) -> str:
    """The region's, where the settings know it; empty: MiniStack makes one up."""
    return _ids().get(get_region(), "") if name == _ORIGIN_FACING else ""


def _entries(name: str) -> int:
    return _ENTRIES if name == _ORIGIN_FACING else 20


def _instance_types(params: dict[str, Any]) -> Any:
    """EC2's DescribeInstanceTypeOfferings, by zone or for the region."""
    wanted = ec2._parse_filters(params).get("instance-type") or list(EC2)
    by = ec2._p(params, "LocationType") or "region"
    region = get_region()
    places = [f"{region}{zone}" for zone in _ZONES] if by == "availability-zone" else [region]
    items = "".join(
        f"<item><instanceType>{type_}</instanceType><locationType>{by}</locationType>"
        f"<location>{place}</location></item>"
        for type_ in wanted
        if type_ in EC2
        for place in places
    )
    return ec2._xml(
        200, "DescribeInstanceTypeOfferingsResponse", f"<instanceTypeOfferingSet>{items}</instanceTypeOfferingSet>"
    )


def _orderable(params: dict[str, Any]) -> Any:
    """RDS's DescribeOrderableDBInstanceOptions, of one engine."""
    engine = rds._p(params, "Engine")
    version = rds._p(params, "EngineVersion") or rds._default_engine_version(engine)
    if refused := rds._unsupported_aurora_engine_version_error(engine, version):
        return refused
    wanted = rds._p(params, "DBInstanceClass")
    zones = "".join(f"<AvailabilityZone><Name>{get_region()}{zone}</Name></AvailabilityZone>" for zone in _ZONES)
    options = "".join(
        f"<OrderableDBInstanceOption><Engine>{engine}</Engine><EngineVersion>{version}</EngineVersion>"
        f"<DBInstanceClass>{class_}</DBInstanceClass><LicenseModel>{rds._license_model(engine)}</LicenseModel>"
        f"<AvailabilityZones>{zones}</AvailabilityZones><MultiAZCapable>true</MultiAZCapable>"
        "<ReadReplicaCapable>true</ReadReplicaCapable><Vpc>true</Vpc>"
        "<SupportsStorageEncryption>true</SupportsStorageEncryption><StorageType>gp3</StorageType>"
        "<SupportsIAMDatabaseAuthentication>true</SupportsIAMDatabaseAuthentication></OrderableDBInstanceOption>"
        for class_ in DATABASE
        if wanted in ("", class_)
    )
    return rds._xml(
        200,
        "DescribeOrderableDBInstanceOptionsResponse",
        "<DescribeOrderableDBInstanceOptionsResult>"
        f"<OrderableDBInstanceOptions>{options}</OrderableDBInstanceOptions>"
        "</DescribeOrderableDBInstanceOptionsResult>",
    )


def install() -> None:
    patching.edit(
        ec2._aws_pl_id_from_name,
        old="    h = hashlib.sha256",
        new="    if known := _localcloud_prefix_list_id(prefix_name):\n        return known\n    h = hashlib.sha256",
        names={"_localcloud_prefix_list_id": _prefix_list_id},
    )
    patching.edit(
        ec2._resolve_aws_pl,
        old='"MaxEntries": 20',
        new='"MaxEntries": _localcloud_prefix_list_entries(name)',
        names={"_localcloud_prefix_list_entries": _entries},
    )
    ec2._ACTION_MAP["DescribeInstanceTypeOfferings"] = _instance_types
    rds._ACTION_MAP["DescribeOrderableDBInstanceOptions"] = _orderable
