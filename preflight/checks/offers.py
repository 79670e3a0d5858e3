"""Whether AWS offers in this region and these zones what the templates ask for."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cloudmart_cdk.policy.model import MISSING, Resource
from cloudmart_cdk.settings.topology import FRONTEND
from preflight.account import Account
from preflight.finding import Finding, error, ok, warning
from preflight.needs import Needs

_ORIGIN_FACING = "com.amazonaws.global.cloudfront.origin-facing"


def zones(account: Account, needs: Needs) -> Iterator[Finding]:
    """The two named zones; an account need not have all of a region's."""
    found = account.ask("ec2", "describe_availability_zones")["AvailabilityZones"]
    open_ = {zone["ZoneName"] for zone in found if zone.get("State", "available") == "available"}
    wanted = needs.settings.network.zones
    if missing := [zone for zone in wanted if zone not in open_]:
        yield error(
            "zones",
            given=", ".join(missing),
            allowed=", ".join(sorted(open_)),
            do="choose two of them: `-c network.zones=FIRST,SECOND`",
        )
    else:
        yield ok("zones", ", ".join(wanted))


def prefix_list(account: Account, needs: Needs) -> Iterator[Finding]:
    """The id in the settings against the one that AWS has for this region."""
    what, region = "CloudFront's prefix list", account.region
    if not needs.settings.has(FRONTEND):
        return
    named = {"Name": "prefix-list-name", "Values": [_ORIGIN_FACING]}
    found = account.all("ec2", "describe_managed_prefix_lists", "PrefixLists", Filters=[named])
    ids = [each["PrefixListId"] for each in found if each["PrefixListName"] == _ORIGIN_FACING]
    wanted = needs.settings.network.cloudfront_prefix_lists.get(region, "none")
    if ids == [wanted]:
        yield ok(what, wanted)
    else:
        yield error(
            what,
            given=wanted,
            allowed=", ".join(ids) or f"none: AWS has no {_ORIGIN_FACING} in {region}",
            do=f"`-c network.cloudfront_prefix_lists.{region}={ids[0]}`" if ids else "take another region",
        )


def instance_types(account: Account, needs: Needs) -> Iterator[Finding]:
    """Machines and nodes; a group of several types comes up when one of them is there."""
    if not needs.instance_types:
        return
    offered = account.all(
        "ec2",
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": list(needs.instance_types)}],
    )
    pairs = {(each["InstanceType"], each["Location"]) for each in offered}
    for type_ in needs.instance_types:
        what = f"instance type {type_}"
        there = [zone for zone in needs.settings.network.zones if (type_, zone) in pairs]
        if set(there) == set(needs.settings.network.zones):
            yield ok(what, f"offered in {', '.join(there)}")
            continue
        say = warning if there or _has_alternatives(needs, type_) else error
        yield say(
            what,
            given=f"offered in {', '.join(there) or 'neither zone'}",
            allowed=f"offered in {' and '.join(needs.settings.network.zones)}",
            do="choose another type or other zones (network.zones)",
        )


def _has_alternatives(needs: Needs, type_: str) -> bool:
    groups = [each.items("InstanceTypes") for each in needs.every("AWS::EKS::Nodegroup")]
    templates = [each.get("LaunchTemplateData.InstanceType") for each in needs.every("AWS::EC2::LaunchTemplate")]
    return type_ not in templates and all(len(types) > 1 for types in groups if type_ in types)


def database(account: Account, needs: Needs) -> Iterator[Finding]:
    """Version, class and storage together, in the zones; as `describe-orderable-db-instance-options` has them."""
    for asked in _databases(needs):
        what = f"database {asked['Engine']} {asked['EngineVersion']} on {asked['DBInstanceClass']}"
        options = [option for option in _orderable(account, asked) if _fits(option, asked)]
        offered = {zone["Name"] for option in options for zone in option["AvailabilityZones"]}
        there = [zone for zone in needs.settings.network.zones if zone in offered]
        if set(there) == set(needs.settings.network.zones):
            yield ok(what, f"offered in {', '.join(there)}")
        elif there and not asked["MultiAZ"]:
            yield warning(
                what,
                given=f"offered in {', '.join(there)} only",
                allowed=" and ".join(needs.settings.network.zones),
                do="it comes up there; another zone needs another class (database.instance_class)",
            )
        else:
            yield error(
                what,
                given=f"offered in {', '.join(sorted(offered)) or 'no zone'}",
                allowed=f"{' and '.join(needs.settings.network.zones)}",
                do=f"set database.version or database.instance_class{_others(account, asked)}",
            )


def _databases(needs: Needs) -> Iterator[dict[str, Any]]:
    """What is asked for, each once. Instances of a cluster have its version."""
    seen = set()
    for instance in needs.every("AWS::RDS::DBInstance"):
        cluster = needs.app.target(instance.get("DBClusterIdentifier"), "AWS::RDS::DBCluster")
        if instance.get("SourceDBInstanceIdentifier") is not MISSING:
            continue  # a replica has its source's engine, and its class is the source's
        asked = {
            "Engine": instance.get("Engine"),
            "EngineVersion": (cluster or instance).get("EngineVersion"),
            "DBInstanceClass": instance.get("DBInstanceClass"),
            "MultiAZ": _true(instance, "MultiAZ"),
            "StorageType": "" if cluster else instance.get("StorageType"),
        }
        key = json.dumps(asked, default=str)
        if key not in seen:
            seen.add(key)
            yield asked


def _true(resource: Resource, path: str) -> bool:
    return resource.get(path) is True


def _orderable(account: Account, asked: Mapping[str, Any], *, any_version: bool = False) -> list[dict[str, Any]]:
    keys = ("Engine", "DBInstanceClass") if any_version else ("Engine", "EngineVersion", "DBInstanceClass")
    return account.all(
        "rds",
        "describe_orderable_db_instance_options",
        "OrderableDBInstanceOptions",
        Vpc=True,
        **{key: asked[key] for key in keys},
    )


def _fits(option: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    return (not asked["MultiAZ"] or option.get("MultiAZCapable", True)) and (
        not asked["StorageType"] or option.get("StorageType", asked["StorageType"]) == asked["StorageType"]
    )


def _others(account: Account, asked: Mapping[str, Any]) -> str:
    """The newest version of the same major one that goes with the class."""
    major = f"{asked['EngineVersion'].split('.')[0]}."
    versions = {
        option["EngineVersion"]
        for option in _orderable(account, asked, any_version=True)
        if option["EngineVersion"].startswith(major) and _fits(option, asked)
    }
    newest = max(
        versions, key=lambda version: [int(part) for part in version.split(".") if part.isdecimal()], default=""
    )
    return f"; with this class AWS offers {newest}" if newest else ""


def cache_version(account: Account, needs: Needs) -> Iterator[Finding]:
    """Asked for as `7.1`; AWS names patches too."""
    for group in needs.every("AWS::ElastiCache::ReplicationGroup"):
        engine, version = group.get("Engine"), str(group.get("EngineVersion"))
        found = account.all("elasticache", "describe_cache_engine_versions", "CacheEngineVersions", Engine=engine)
        versions = {each["EngineVersion"] for each in found}
        if any(each == version or each.startswith(f"{version}.") for each in versions):
            yield ok(f"cache {engine} {version}", "offered")
        else:
            yield error(
                f"cache {engine} {version}",
                given="not offered",
                allowed=", ".join(sorted(versions)) or "none",
                do="choose another engine (cache.engine), or a newer release of this project",
            )


def cache_node_type(account: Account, needs: Needs) -> Iterator[Finding]:
    """ElastiCache lists no node types; what it sells reservations of, a region has."""
    for group in needs.every("AWS::ElastiCache::ReplicationGroup"):
        type_ = str(group.get("CacheNodeType"))
        offers = account.ask("elasticache", "describe_reserved_cache_nodes_offerings", CacheNodeType=type_)
        if offers["ReservedCacheNodesOfferings"]:
            yield ok(f"cache node type {type_}", "offered")
        else:
            yield warning(
                f"cache node type {type_}",
                given=f"none that {account.region} sells reservations of",
                allowed="a type of this region",
                do="look for it at aws.amazon.com/elasticache/pricing, or choose another (cache.node_type)",
            )


def kubernetes(account: Account, needs: Needs) -> Iterator[Finding]:
    """In standard support: a cluster of support type STANDARD cannot be made of another."""
    for cluster in needs.every("AWS::EKS::Cluster"):
        version = str(cluster.get("Version"))
        found = account.all("eks", "describe_cluster_versions", "clusterVersions")
        standard = sorted(each["clusterVersion"] for each in found if _status(each) == "STANDARD_SUPPORT")
        chosen = next((each for each in found if each["clusterVersion"] == version), None)
        until = (
            f"{chosen['endOfStandardSupportDate']:%Y-%m-%d}" if chosen and "endOfStandardSupportDate" in chosen else ""
        )
        if version in standard:
            yield ok(f"Kubernetes {version}", f"in standard support{f' until {until}' if until else ''}")
        else:
            yield error(
                f"Kubernetes {version}",
                given=_status(chosen) if chosen else "not offered",
                allowed=f"in standard support: {', '.join(standard) or 'none'}",
                do="choose one of them with its add-ons (eks.version, eks.addons)",
            )


def _status(version: Mapping[str, Any]) -> str:
    """`versionStatus`; `status` is the older field for the same, in other letters."""
    return str(version.get("versionStatus") or version.get("status") or "").upper().replace("-", "_")


def addons(account: Account, needs: Needs) -> Iterator[Finding]:
    """The pinned versions, for the cluster's."""
    cluster = next(needs.every("AWS::EKS::Cluster"), None)
    if cluster is None:
        return
    version = str(cluster.get("Version"))
    for addon in needs.every("AWS::EKS::Addon"):
        name, wanted = str(addon.get("AddonName")), str(addon.get("AddonVersion"))
        found = account.all("eks", "describe_addon_versions", "addons", addonName=name, kubernetesVersion=version)
        versions = [each["addonVersion"] for entry in found for each in entry["addonVersions"]]
        if wanted in versions:
            yield ok(f"EKS add-on {name}", wanted)
        else:
            yield error(
                f"EKS add-on {name}",
                given=wanted,
                allowed=", ".join(versions[:3]) or f"none for Kubernetes {version}",
                do=f"`-c eks.addons.{name}={versions[0] if versions else 'VERSION'}`",
            )
