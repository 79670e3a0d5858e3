"""What MonitoringStack and EdgeWatchStack are given of the stacks they watch: names, no constructs.

Each producing stack builds its own value. Strings may be tokens of the producing stack; such a reference
is what makes the watching stack depend on the watched one.
"""

from dataclasses import dataclass
from typing import Final

AGENT_NAMESPACE: Final = "CWAgent"
"""Where the CloudWatch agent of the backend instances puts its metrics; its default. Memory is
`mem_used_percent`, aggregated over `AutoScalingGroupName` alone (`aggregation_dimensions`)."""


@dataclass(frozen=True, kw_only=True)
class WatchedLoadBalancer:
    """An ALB. Names are "full names", the last part of an ARN: what CloudWatch's dimensions hold."""

    title: str
    """Of the workload, e.g. `shop`; begins the alarms' ids."""
    full_name: str
    target_groups: dict[str, str]
    """Short name (`blue`, `auth`) -> full name."""


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


@dataclass(frozen=True, kw_only=True)
class WatchedCache:
    """An ElastiCache replication group, by its nodes."""

    node_ids: tuple[str, ...]
    """`CacheClusterId` of each node."""

    @classmethod
    def of(cls, group_id: str, *, shards: int, replicas: int) -> "WatchedCache":
        """Node ids as ElastiCache makes them: `<group>-0001-001` in cluster mode, else `<group>-001`
        (`shards` 0: cluster mode disabled)."""
        members = range(1, replicas + 2)
        if shards:
            ids = tuple(f"{group_id}-{shard:04d}-{node:03d}" for shard in range(1, shards + 1) for node in members)
        else:
            ids = tuple(f"{group_id}-{node:03d}" for node in members)
        return cls(node_ids=ids)


@dataclass(frozen=True, kw_only=True)
class WatchedCluster:
    """An EKS cluster; its nodes report through Container Insights."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Watched:
    """All that MonitoringStack may watch; None: that stack is left out."""

    shop: WatchedLoadBalancer | None = None
    backend: WatchedGroups | None = None
    tiketi: WatchedLoadBalancer | None = None
    cluster: WatchedCluster | None = None
    database: WatchedDatabase | None = None
    cache: WatchedCache | None = None
    rotation: str | None = None
    """Name of the function that rotates the stores' secrets."""
    distribution_id: str | None = None
    """CloudFront's: drawn on the dashboard; its alarms are EdgeWatchStack's."""
