"""What MonitoringStack and EdgeWatchStack are given of the stacks they watch: names, no constructs.

Each producing stack builds its own value. Strings may be tokens of the producing stack; such a reference
is what makes the watching stack depend on the watched one.
"""

from dataclasses import dataclass
from typing import Final

AGENT_NAMESPACE: Final = "CWAgent"
"""Where the CloudWatch agent of the backend instances puts its metrics; its default. Memory is `mem_used_percent`, the
root disk `disk_used_percent`, both aggregated over `AutoScalingGroupName` alone (`aggregation_dimensions`)."""


@dataclass(frozen=True, kw_only=True)
class WatchedNetwork:
    """The ways out of the VPC."""

    nat_ids: tuple[str, ...]
    """`NatGatewayId` of each, in the order of the zones; a regional one spans them all."""


@dataclass(frozen=True, kw_only=True)
class WatchedWebAcl:
    """A web ACL, all its rules together."""

    name: str
    """Its metrics' too."""
    region: str | None = None
    """None: CloudFront's."""

    @property
    def dimensions(self) -> dict[str, str]:
        """In `AWS/WAFV2` (AWS WAF guide, "Metrics and dimensions")."""
        return {"WebACL": self.name, "Rule": "ALL", **({"Region": self.region} if self.region else {})}


@dataclass(frozen=True, kw_only=True)
class WatchedLoadBalancer:
    """An ALB. Names are "full names", the last part of an ARN: what CloudWatch's dimensions hold."""

    title: str
    """Of the workload, e.g. `shop`; begins the alarms' ids."""
    full_name: str
    target_groups: dict[str, str]
    """Short name (`blue`, `auth`) -> full name."""
    certificate_arn: str | None = None
    """None: no domain."""
    web_acl: WatchedWebAcl | None = None
    """In front of it."""


@dataclass(frozen=True, kw_only=True)
class WatchedGroups:
    """The backend's scaling groups, one a colour. They publish `GroupInServiceInstances` and `GroupDesiredCapacity`."""

    names: dict[str, str]
    """Colour -> name of the scaling group."""
    minimum: int
    """Instances in service over all colours."""
    off_hours: bool
    """Zero is right at times."""


@dataclass(frozen=True, kw_only=True)
class WatchedDatabase:
    """An RDS instance with its replicas, or an Aurora cluster."""

    id: str
    """`DBInstanceIdentifier`, with `aurora` `DBClusterIdentifier`."""
    aurora: bool = False
    max_connections: int
    storage_gb: int
    """Allocated, GiB; nothing to Aurora, whose volume grows by itself."""
    replica_ids: tuple[str, ...] = ()
    """Of RDS read replicas."""
    readers: bool = False
    """There is something that can lag."""
    memory_mib: int = 0
    """Of the instance's class; nothing to Aurora, which takes memory as it needs it."""
    proxy: str | None = None
    """Name of the RDS Proxy in front of it."""
    off_hours: bool = False
    """It is stopped at times, and then says nothing."""


_SIZES_MIB: Final = {"micro": 1024, "small": 2048, "medium": 4096, "large": 8192}
_ROOMY_LARGE_MIB: Final = 16384
"""db.r7g.large, memory optimized."""


def database_memory_mib(instance_class: str) -> int:
    """Of an RDS class offered (`settings.catalogue.DATABASE`). Source: RDS user guide, "DB instance classes"."""
    _, family, size = instance_class.split(".")
    return _ROOMY_LARGE_MIB if family.startswith("r") else _SIZES_MIB[size]


@dataclass(frozen=True, kw_only=True)
class WatchedCache:
    """An ElastiCache replication group, by its nodes."""

    node_ids: tuple[str, ...]
    """`CacheClusterId` of each node."""
    replicas: int = 0
    """Beside each primary; which node is the primary changes with every failover."""

    @classmethod
    def of(cls, group_id: str, *, shards: int, replicas: int) -> "WatchedCache":
        """Node ids as ElastiCache makes them: `<group>-0001-001` in cluster mode, else `<group>-001`
        (`shards` 0: cluster mode disabled)."""
        members = range(1, replicas + 2)
        if shards:
            ids = tuple(f"{group_id}-{shard:04d}-{node:03d}" for shard in range(1, shards + 1) for node in members)
        else:
            ids = tuple(f"{group_id}-{node:03d}" for node in members)
        return cls(node_ids=ids, replicas=replicas)


@dataclass(frozen=True, kw_only=True)
class WatchedCluster:
    """An EKS cluster; its nodes and pods report through Container Insights, with enhanced observability."""

    name: str
    namespace: str = ""
    """Of the services' pods."""
    services: tuple[str, ...] = ()
    node_groups: tuple[str, ...] = ()
    """Names; a group's scaling group is `eks-<name>-<uuid>`."""


@dataclass(frozen=True, kw_only=True)
class WatchedBackup:
    """AWS Backup's vault of the stage."""

    vault: str
    copies: bool = False
    """Recovery points are copied into a second region."""


@dataclass(frozen=True, kw_only=True)
class WatchedDistribution:
    """CloudFront, whose metrics and alarms are in us-east-1 (EdgeWatchStack)."""

    id: str
    url: str
    """Where customers go."""
    router: str
    """Name of the CloudFront function that every page passes."""
    web_acl: WatchedWebAcl | None = None
    certificate_arn: str | None = None
    """None: no domain."""
    additional_metrics: bool = False
    """It has a monitoring subscription: cache hit rate, origin latency, a rate for each status."""


@dataclass(frozen=True, kw_only=True)
class WatchedCanary:
    """The synthetic customer that visits the shop."""

    name: str
    minutes: int
    """Between two visits."""


@dataclass(frozen=True, kw_only=True)
class WatchedLogs:
    """Log groups whose names CloudFormation makes up."""

    application: str | None = None
    """The backend's."""
    flow: str | None = None
    """The VPC's."""
    functions: tuple[str, ...] = ()
    """Of functions of ours, which write a JSON line with `level`."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """All that MonitoringStack may watch; None: that stack is left out."""

    network: WatchedNetwork | None = None
    shop: WatchedLoadBalancer | None = None
    backend: WatchedGroups | None = None
    tiketi: WatchedLoadBalancer | None = None
    cluster: WatchedCluster | None = None
    database: WatchedDatabase | None = None
    cache: WatchedCache | None = None
    rotation: str | None = None
    """Name of the function that rotates the stores' secrets."""
    backup: WatchedBackup | None = None
    canary: WatchedCanary | None = None
    restore_drill: str | None = None
    """Value of the drill's dimension `Stage`."""
    distribution: WatchedDistribution | None = None
    """Drawn on the dashboard; its alarms are EdgeWatchStack's."""
    logs: WatchedLogs = WatchedLogs()
