"""Availability: what may be lost without customers noticing."""

from typing import Any, Final

from labs.grade.evidence import Evidence, Seen, flag, present, proportionally
from labs.grade.network import PRIVATE
from labs.grade.parts import Parts

_ENOUGH: Final = 2
"""Instances, nodes, members, zones: one of them may be lost."""
_WEEK: Final = 7


def nat(parts: Parts) -> Evidence:
    """Each zone of the private tier goes out by a gateway of its own, or by one that spans zones."""
    network = parts.network
    gateways = {
        each["NatGatewayId"]: each
        for each in network.of_ours("describe_nat_gateways", "NatGateways")
        if each["State"] == "available"
    }
    by_zone: dict[str, set[str]] = {}
    for subnet, tier in network.tiers.items():
        if tier == PRIVATE:
            by_zone.setdefault(network.zones[subnet], set()).add(network.gateway(subnet))
    seen = []
    for zone, used in by_zone.items():
        places = {_place(gateways.get(gateway), network.zones) for gateway in used}
        seen.append(Seen(zone, "NAT gateway in", ", ".join(sorted(places)), places <= {zone, "regional"}))
    return proportionally(seen)


def database(parts: Parts) -> Evidence:
    """A standby in the other zone takes over."""
    seen = [
        flag(each["DBInstanceIdentifier"], "MultiAZ", each["MultiAZ"])
        for each in parts.databases
        if not each.get("ReadReplicaSourceDBInstanceIdentifier")
    ]
    for cluster in parts.aurora:
        members = [each["DBInstanceIdentifier"] for each in cluster["DBClusterMembers"]]
        seen.append(present(cluster["DBClusterIdentifier"], "members", members, least=_ENOUGH))
    return proportionally(seen)


def cache(parts: Parts) -> Evidence:
    """A replica in the other zone takes over."""
    seen = []
    for group in parts.caches:
        name = group["ReplicationGroupId"]
        seen.append(flag(name, "AutomaticFailover", group["AutomaticFailover"], wanted="enabled", weight=2))
        seen.append(flag(name, "MultiAZ", group.get("MultiAZ"), wanted="enabled", weight=2))
        nodes = min((len(shard["NodeGroupMembers"]) for shard in group["NodeGroups"]), default=0)
        seen.append(Seen(name, "nodes a shard", str(nodes), nodes >= _ENOUGH))
    # Serverless caches are in several zones by what they are.
    seen += [flag(name, "serverless", True) for name in sorted(parts.deployed.ids("AWS::ElastiCache::ServerlessCache"))]
    return proportionally(seen)


def backend(parts: Parts) -> Evidence:
    """Two instances at the least, in two zones; the load balancer's opinion replaces one. If tried: nobody noticed."""
    network, seen = parts.network, []
    for group in parts.groups:
        name = group["AutoScalingGroupName"]
        subnets = str(group.get("VPCZoneIdentifier") or "").split(",")
        well = [each for each in group["Instances"] if each["LifecycleState"] == "InService"]
        seen.append(Seen(name, "MinSize", str(group["MinSize"]), group["MinSize"] >= _ENOUGH, 2))
        seen.append(Seen(name, "subnets", network.described(subnets), network.spread(subnets) >= _ENOUGH))
        seen.append(Seen(name, "instances in service", str(len(well)), len(well) >= _ENOUGH))
        seen.append(flag(name, "HealthCheckType", group["HealthCheckType"], wanted="ELB"))
    if seen and parts.drilled is not None:
        seen.append(flag("drill", "customers served while an instance was lost", parts.drilled, weight=len(seen)))
    return proportionally(seen)


def targets(parts: Parts) -> Evidence:
    """Behind every load balancer two that are well, and none that is not."""
    seen = []
    for group in parts.target_groups:
        states: list[str] = group["Targets"]
        well = states.count("healthy")
        value = f"{well} / {len(states)}"
        seen.append(Seen(group["TargetGroupName"], "healthy targets", value, well >= _ENOUGH and well == len(states)))
    return proportionally(seen)


def nodes(parts: Parts) -> Evidence:
    """Two nodes at the least, in two zones."""
    sizes = [each["scalingConfig"] for each in parts.node_groups]
    subnets = [subnet for each in parts.node_groups for subnet in each["subnets"]]
    if not sizes:
        return proportionally(())
    desired, least = sum(each["desiredSize"] for each in sizes), sum(each["minSize"] for each in sizes)
    network = parts.network
    return proportionally(
        [
            Seen("nodes", "desired", str(desired), desired >= _ENOUGH),
            Seen("nodes", "minimum", str(least), least >= _ENOUGH),
            Seen("nodes", "subnets", network.described(subnets), network.spread(subnets) >= _ENOUGH),
        ]
    )


def backups(parts: Parts) -> Evidence:
    """Back to any moment of a week, and copies that outlive the database."""
    seen = []
    for each in [*parts.databases, *parts.aurora]:
        if each.get("ReadReplicaSourceDBInstanceIdentifier"):
            continue
        days = int(each["BackupRetentionPeriod"])
        name = each.get("DBInstanceIdentifier") or each["DBClusterIdentifier"]
        seen += [
            Seen(name, "BackupRetentionPeriod, on", str(days), days >= 1),
            Seen(name, "BackupRetentionPeriod, a week", str(days), days >= _WEEK),
        ]
    for group in parts.caches:
        days = int(group.get("SnapshotRetentionLimit") or 0)
        seen.append(Seen(group["ReplicationGroupId"], "SnapshotRetentionLimit", str(days), days >= 1))
    if seen:
        seen.append(present("backup plans", "selections", _selections(parts)))
    return proportionally(seen)


def _selections(parts: Parts) -> list[str]:
    found = []
    for plan in sorted(parts.deployed.ids("AWS::Backup::BackupPlan")):
        listed = parts.deployed.all("backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan)
        found += [str(each["SelectionName"]) for each in listed]
    return found


def _place(gateway: dict[str, Any] | None, zones: dict[str, str]) -> str:
    if gateway is None:
        return "none"
    return "regional" if gateway.get("AvailabilityMode") == "regional" else zones.get(gateway["SubnetId"], "unknown")
