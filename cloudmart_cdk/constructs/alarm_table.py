"""The alarm table of specification section 7, by what is watched. With `rollout_alarms` the only place with thresholds.

Owns which alarms there are and what silence of each metric means. How a row becomes an alarm is `alarms`'; what steers
a rollout is in `rollout_alarms`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from .alarms import Alarm, Math, Metric, Page, Severity, Silence
from .rollout_alarms import ERROR_RATE, FEWEST_ERRORS, rollout_alarms
from .watched import (
    AGENT_NAMESPACE,
    Watched,
    WatchedCache,
    WatchedCluster,
    WatchedDatabase,
    WatchedGroups,
    WatchedLoadBalancer,
)

_CPU: Final = 80.0
_MEMORY: Final = 85.0
_CONNECTIONS: Final = 0.8
"""Of `max_connections`: 80 on db.t3.medium, whose maximum is 100, and in proportion on smaller classes."""
_FREE_STORAGE: Final = 0.1
_REPLICA_LAG_S: Final = 30
_MINUTE: Final = 60
_FIVE_MINUTES: Final = 300


@dataclass(frozen=True)
class Area:
    """What one team is paged for. `steering` alarms are made in the stack whose rollouts they steer, `own` ones in
    MonitoringStack."""

    title: str
    steering: tuple[Alarm, ...]
    own: tuple[Alarm, ...]

    @property
    def page(self) -> Page | None:
        """Pages when any critical alarm of the area is on; None: it has none."""
        critical = tuple(row.id for row in (*self.steering, *self.own) if row.severity is Severity.CRITICAL)
        if not critical:
            return None
        return Page(
            id=f"page-{self.title}",
            broke=f"Critical in {self.title}: users are hurt, or will be within hours",
            page="paged",
            alarms=critical,
        )


def areas(watched: Watched, *, latency_ms: int) -> list[Area]:
    """The table for what is there. `latency_ms`: the p95 objective."""
    found = []
    if watched.shop:
        groups = group_alarms(watched.backend) if watched.backend else ()
        steering = rollout_alarms(watched.shop, latency_ms=latency_ms)
        found.append(Area("shop", tuple(steering), (*target_alarms(watched.shop), *groups)))
    if watched.tiketi:
        nodes = cluster_alarms(watched.cluster) if watched.cluster else ()
        steering = rollout_alarms(watched.tiketi, latency_ms=latency_ms)
        found.append(Area("tiketi", tuple(steering), (*target_alarms(watched.tiketi), *nodes)))
    if watched.database or watched.cache or watched.rotation:
        database = database_alarms(watched.database) if watched.database else ()
        cache = cache_alarms(watched.cache) if watched.cache else ()
        rotation = rotation_alarms(watched.rotation) if watched.rotation else ()
        found.append(Area("data", (), (*database, *cache, *rotation)))
    return found


def target_alarms(balancer: WatchedLoadBalancer) -> Iterator[Alarm]:
    """Unhealthy targets, a row per target group. A group without targets (the idle colour) is silent."""
    for name, target_group in balancer.target_groups.items():
        yield Alarm(
            id=f"{balancer.title}-{name}-unhealthy",
            broke=f"Targets of {balancer.title} {name} fail their health check",
            watch=Metric(
                "AWS/ApplicationELB",
                "UnHealthyHostCount",
                "Maximum",
                {"LoadBalancer": balancer.full_name, "TargetGroup": target_group},
            ),
            threshold=0,
            period_s=_MINUTE,
            severity=Severity.WARNING,
            silence="notBreaching",
            page="unhealthy-targets",
        )


def group_alarms(groups: WatchedGroups) -> Iterator[Alarm]:
    """The backend's instances: CPU and memory per colour, instances in service over all colours."""
    for colour, name in groups.names.items():
        of_group = {"AutoScalingGroupName": name}
        yield _cpu(
            f"shop-{colour}-cpu",
            f"The {colour} backend instances",
            Metric("AWS/EC2", "CPUUtilization", "Average", of_group),
        )
        yield _memory(
            f"shop-{colour}-memory",
            f"The {colour} backend instances",
            Metric(AGENT_NAMESPACE, "mem_used_percent", "Average", of_group),
        )
    in_service = {
        f"serving{number}": _of_group("GroupInServiceInstances", name)
        for number, name in enumerate(groups.names.values())
    }
    wanted = {
        f"wanted{number}": _of_group("GroupDesiredCapacity", name)
        for number, name in enumerate(groups.names.values())
        if groups.off_hours
    }
    missing = f"{groups.minimum} - ({_sum(in_service)})"
    yield Alarm(
        id="shop-below-minimum",
        broke=f"Fewer than {groups.minimum} backend instances are in service, all colours together",
        watch=Math(
            # Where nights are at zero, nothing wanted means nothing missing: no clock, no holidays to know.
            f"IF(({_sum(wanted)}) > 0, {missing}, 0)" if wanted else missing,
            in_service | wanted,
        ),
        threshold=0,
        period_s=_MINUTE,
        # Every morning the first instance takes minutes to come up; that is no incident.
        datapoints=(10, 10) if groups.off_hours else (1, 1),
        severity=Severity.CRITICAL,
        silence="missing",
        page="below-minimum",
    )


def database_alarms(database: WatchedDatabase) -> Iterator[Alarm]:
    """RDS, each instance by itself; or an Aurora cluster as a whole, whose storage has no bound to near."""
    dimension = "DBClusterIdentifier" if database.aurora else "DBInstanceIdentifier"
    for number, server in enumerate((database.id, *database.replica_ids)):
        role, what = ("database", "The database") if number == 0 else (f"replica{number}", f"Read replica {number}")
        where = {dimension: server}
        yield _cpu(f"{role}-cpu", what, Metric("AWS/RDS", "CPUUtilization", "Average", where), silence="missing")
        ceiling = int(database.max_connections * _CONNECTIONS)
        yield Alarm(
            id=f"{role}-connections",
            broke=f"{what} holds more than {ceiling} of its {database.max_connections} connections",
            watch=Metric("AWS/RDS", "DatabaseConnections", "Maximum", where),
            threshold=ceiling,
            period_s=_FIVE_MINUTES,
            severity=Severity.WARNING,
            silence="missing",
            page="database-connections",
        )
        if not database.aurora:
            yield Alarm(
                id=f"{role}-storage",
                broke=f"{what} has less than {_FREE_STORAGE * 100:g} % of its {database.storage_gb} GB free",
                watch=Metric("AWS/RDS", "FreeStorageSpace", "Minimum", where),
                fires="<",
                threshold=int(database.storage_gb * 1024**3 * _FREE_STORAGE),
                period_s=_FIVE_MINUTES,
                severity=Severity.CRITICAL,
                silence="missing",
                page="database-storage",
            )
    for number, replica in enumerate(database.replica_ids, start=1):
        lag = Metric("AWS/RDS", "ReplicaLag", "Average", {dimension: replica})
        yield _lag(f"replica{number}-lag", lag, _REPLICA_LAG_S)
    if database.aurora and database.readers:
        lag = Metric("AWS/RDS", "AuroraReplicaLagMaximum", "Average", {dimension: database.id})
        yield _lag("replica-lag", lag, _REPLICA_LAG_S * 1000)


def cache_alarms(cache: WatchedCache) -> Iterator[Alarm]:
    """Every node by itself: in cluster mode one hot shard drowns in an average.

    `CPUUtilization` rather than `EngineCPUUtilization`: all classes offered have two vCPU (ElastiCache
    guide, "Which metrics should I monitor?").
    """
    for number, node in enumerate(cache.node_ids, start=1):
        where = {"CacheClusterId": node}
        what = f"Cache node {number}"
        yield _cpu(
            f"cache{number}-cpu", what, Metric("AWS/ElastiCache", "CPUUtilization", "Average", where), silence="missing"
        )
        yield _memory(
            f"cache{number}-memory",
            what,
            Metric("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "Average", where),
            silence="missing",
        )


def rotation_alarms(function: str) -> Iterator[Alarm]:
    """Secrets Manager tries a failed rotation again, for days if need be, and tells nobody.

    `function`: its name; it runs for minutes a month, so silence is right.
    """
    yield Alarm(
        id="rotation-errors",
        broke="A secret of the database or the cache could not be rotated",
        watch=Metric("AWS/Lambda", "Errors", "Sum", {"FunctionName": function}),
        threshold=0,
        period_s=_FIVE_MINUTES,
        severity=Severity.WARNING,
        silence="notBreaching",
        page="rotation",
    )


def cluster_alarms(cluster: WatchedCluster) -> Iterator[Alarm]:
    """EKS nodes, by Container Insights. CPU is the average of all nodes, because pods spread; memory that of the
    worst node, because it evicts."""
    where = {"ClusterName": cluster.name}
    yield _cpu("nodes-cpu", "The EKS nodes", Metric("ContainerInsights", "node_cpu_utilization", "Average", where))
    yield _memory(
        "nodes-memory", "An EKS node", Metric("ContainerInsights", "node_memory_utilization", "Maximum", where)
    )


def distribution_alarms(distribution_id: str) -> Iterator[Alarm]:
    """CloudFront: error rate by its own metric, and as with the load balancers not by single errors."""
    where = {"DistributionId": distribution_id, "Region": "Global"}
    yield Alarm(
        id="cdn-error-rate",
        broke=f"More than {ERROR_RATE:g} % of what viewers ask of CloudFront fails with 5xx",
        watch=Math(
            f"IF(rate * requests / 100 >= {FEWEST_ERRORS}, rate, 0)",
            {
                "rate": Metric("AWS/CloudFront", "5xxErrorRate", "Average", where),
                "requests": Metric("AWS/CloudFront", "Requests", "Sum", where),
            },
        ),
        threshold=ERROR_RATE,
        period_s=_MINUTE,
        severity=Severity.CRITICAL,
        silence="notBreaching",
        page="cdn-error-rate",
    )


def _cpu(id: str, what: str, metric: Metric, *, silence: Silence = "notBreaching") -> Alarm:
    return _over_five_minutes(id, f"{what}: CPU above {_CPU:g} %", metric, _CPU, "cpu", silence)


def _memory(id: str, what: str, metric: Metric, *, silence: Silence = "notBreaching") -> Alarm:
    return _over_five_minutes(id, f"{what}: memory above {_MEMORY:g} %", metric, _MEMORY, "memory", silence)


def _lag(id: str, metric: Metric, threshold: float) -> Alarm:
    broke = f"A read replica is more than {_REPLICA_LAG_S} s behind"
    return _over_five_minutes(id, broke, metric, threshold, "replica-lag", "missing")


def _over_five_minutes(id: str, broke: str, metric: Metric, threshold: float, page: str, silence: Silence) -> Alarm:
    return Alarm(
        id=id,
        broke=broke,
        watch=metric,
        threshold=threshold,
        period_s=_FIVE_MINUTES,
        severity=Severity.WARNING,
        silence=silence,
        page=page,
    )


def _of_group(name: str, group: str) -> Metric:
    return Metric("AWS/AutoScaling", name, "Minimum", {"AutoScalingGroupName": group})


def _sum(terms: Iterable[str]) -> str:
    return " + ".join(f"FILL({term}, 0)" for term in terms)
