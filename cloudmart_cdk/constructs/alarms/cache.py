"""ElastiCache, node by node: in cluster mode one hot shard drowns in an average."""

from collections.abc import Iterator
from typing import Final

from ..watched import WatchedCache
from .row import Alarm, Metric, Severity
from .usage import FIVE_MINUTES, cpu, memory, over_five_minutes, silent

_LAG_S: Final = 10
"""That much of queue and sessions would be lost with a failover; usual is below one second."""


def cache_alarms(cache: WatchedCache) -> Iterator[Alarm]:
    """`CPUUtilization` rather than `EngineCPUUtilization`: all classes offered have two vCPU (ElastiCache guide, "Which
    metrics should I monitor?"). The lag of every node: after a failover the primary is another one."""
    for number, node in enumerate(cache.node_ids, start=1):
        where = {"CacheClusterId": node}
        what = f"Cache node {number}"
        used = Metric("AWS/ElastiCache", "CPUUtilization", "Average", where)
        yield cpu(f"cache{number}-cpu", what, used, silence="missing")
        yield memory(
            f"cache{number}-memory",
            what,
            Metric("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "Average", where),
            silence="missing",
        )
        yield Alarm(
            id=f"cache{number}-evictions",
            broke=f"{what} throws keys away for want of memory: sessions end, queues lose places",
            watch=Metric("AWS/ElastiCache", "Evictions", "Sum", where),
            threshold=0,
            period_s=FIVE_MINUTES,
            # A burst of short-lived keys may push out a few; a quarter of an hour of it is a cache too small.
            datapoints=(3, 3),
            severity=Severity.WARNING,
            silence="notBreaching",
            page="cache-evictions",
        )
        yield silent(
            f"cache{number}-silent",
            what,
            used,
            severity=Severity.WARNING if cache.replicas else Severity.CRITICAL,
            page="cache-silent",
        )
        if cache.replicas:
            yield over_five_minutes(
                f"cache{number}-lag",
                f"{what} is more than {_LAG_S} s behind its primary",
                Metric("AWS/ElastiCache", "ReplicationLag", "Maximum", where),
                _LAG_S,
                page="cache-lag",
                silence="notBreaching",
            )
