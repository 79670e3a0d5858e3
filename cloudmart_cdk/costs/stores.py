"""What databases and caches cost: RDS, Aurora, RDS Proxy, ElastiCache.

Owns copies and times: two of all for Multi-AZ, shards by replicas, nothing for servers while a schedule stops them.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ..policy.lookups import own_storage
from ..policy.model import MISSING, Deployment, Resource, parsed
from ..policy.rule import shown
from .charge import TABLE, Charge, Unpriced, class_of, flag, number, number_of, one_of, times
from .schedules import Change, average, of_scheduler

_INSTANCE: Final = "AWS::RDS::DBInstance"
_CLUSTER: Final = "AWS::RDS::DBCluster"
_SERVERLESS: Final = "db.serverless"
_PROXY_VCPUS: Final = 2
"""Billed for each vCPU of the server, two at least (RDS Proxy pricing): what every class that is priced here has."""
_PROXY_ACUS: Final = 8
"""Of Aurora Serverless v2 eight ACUs at least."""
_POSTGRES: Final = 14
_REDIS: Final = 6
"""Oldest major versions in standard support (RDS and ElastiCache guides, extended support)."""
_FREE_SNAPSHOTS: Final = 1
"""ElastiCache keeps one snapshot of a group for nothing (ElastiCache pricing, backup storage)."""
_MEMORY_GB: Final = {
    "micro": 0.5,
    "small": 1.4,
    "medium": 3.1,
    "large": 13.1,
}
"""Of a node, at the most, by the size in its class (ElastiCache guide, supported node types): what a snapshot holds."""


def database(server: Resource, app: Deployment) -> Iterator[Charge]:
    """A server of RDS with its disk, or an instance of Aurora."""
    name = class_of(server, "DBInstanceClass")
    if not own_storage(server, app):
        yield from _of_aurora(server, name, app)
        return
    _supported(server, "EngineVersion", _POSTGRES)
    copies = 2 if flag(server, "MultiAZ") else 1
    words = name if copies == 1 else f"{name}, Multi-AZ"
    running = average(1, _stops(app, "DBInstance", server.get("DBInstanceIdentifier")))
    yield Charge(f"rds.{name}", copies * running, times(running, words))
    one_of(server, "StorageType", "gp2", "gp3", default="gp3")  # one price for both
    for speed in ("Iops", "StorageThroughput"):
        if server.get(speed) is not MISSING:
            raise Unpriced(server, f"{speed} {server.get(speed)}", "gp3 at its own speed", f"see {TABLE}")
    size = number(_source(server, app), "AllocatedStorage")
    yield Charge("rds.storage", copies * size, f"{size:.0f} GB{', in two zones' if copies > 1 else ''}", per="month")


def _supported(server: Resource, path: str, oldest: int) -> None:
    """Raises `Unpriced` for a version in extended support, which costs more each year. Absent: AWS's newest."""
    version = server.get(path)
    major = str(version).partition(".")[0]
    if version is not MISSING and not (major.isdecimal() and int(major) >= oldest):
        raise Unpriced(server, f"{path} {shown(version)}", f"{oldest} or newer", f"teach {TABLE} what it costs")


def _source(server: Resource, app: Deployment) -> Resource:
    """Whose disk a replica copies: its own size is the source's."""
    if server.get("SourceDBInstanceIdentifier") is MISSING:
        return server
    named = str(server.get("SourceDBInstanceIdentifier"))
    for other in app.of(_INSTANCE):
        if other is not server and named.endswith(f"${{{other.stack}.{other.logical_id}}}"):
            return other
    raise Unpriced(server, f"a replica of {named}", "one of a server of this app", "name it by reference")


def _of_aurora(server: Resource, name: str, app: Deployment) -> Iterator[Charge]:
    """ACUs at the least; what load adds to them, and the storage, are volumes."""
    cluster = app.target(server.get("DBClusterIdentifier"), _CLUSTER)
    if name != _SERVERLESS or cluster is None:
        raise Unpriced(server, f"DBInstanceClass {name} in Aurora", _SERVERLESS, f"teach {TABLE} what it costs")
    least = number(cluster, "ServerlessV2ScalingConfiguration.MinCapacity")
    running = average(1, _stops(app, "DBCluster", cluster.get("DBClusterIdentifier")))
    yield Charge("aurora.acu", least * running, times(running, f"{least:g} ACU"))


def _stops(app: Deployment, kind: str, identifier: object) -> Iterator[Change]:
    """Schedules that stop and start a server (`kind` as RDS's calls name it), by its name."""
    calls = {f":rds:stop{kind}": 0, f":rds:start{kind}": 1}
    for schedule in app.of("AWS::Scheduler::Schedule"):
        size = next((count for call, count in calls.items() if str(schedule.get("Target.Arn")).endswith(call)), None)
        order = parsed(schedule.get("Target.Input"))
        if size is None or not isinstance(order, Mapping) or order.get(f"{kind}Identifier") != identifier:
            continue
        yield from of_scheduler(schedule, size)


def proxy_targets(targets: Resource, _: Deployment) -> Iterator[Charge]:
    """RDS Proxy, billed by what it stands in front of."""
    if targets.get("DBClusterIdentifiers") is not MISSING:
        yield Charge("aurora.proxy", _PROXY_ACUS, f"RDS Proxy, {_PROXY_ACUS} ACU")
    else:
        yield Charge("rds.proxy", _PROXY_VCPUS, f"RDS Proxy, {_PROXY_VCPUS} vCPU")


def cache(group: Resource, _: Deployment) -> Iterator[Charge]:
    """Nodes of a replication group: shards, each with its replicas."""
    name, engine = class_of(group, "CacheNodeType"), one_of(group, "Engine", "redis", "valkey")
    shards = number(group, "NumNodeGroups", 1)
    nodes = shards * (1 + number(group, "ReplicasPerNodeGroup", 0))
    _supported(group, "EngineVersion", _REDIS)
    if listed := group.items("NodeGroupConfiguration"):
        shards, nodes = len(listed), 0
        for place, of in enumerate(listed):
            replicas = of.get("ReplicaCount", 0) if isinstance(of, Mapping) else of
            nodes += 1 + number_of(replicas, group, f"NodeGroupConfiguration.{place}.ReplicaCount")
    if group.get("NumCacheClusters") is not MISSING:
        nodes = number(group, "NumCacheClusters")
    yield Charge(f"elasticache.{engine}.{name}", nodes, times(nodes, f"{name}, {engine}"))
    paid = number(group, "SnapshotRetentionLimit", 0) - _FREE_SNAPSHOTS
    if paid > 0:
        size = shards * paid * _MEMORY_GB.get(name.rpartition(".")[2], max(_MEMORY_GB.values()))
        yield Charge("elasticache.backup", size, f"{paid:.0f} snapshots beyond the first", "usage", "month")
