"""RDS and its proxy.

Not watched: CPU credits (t3 and t4g are `unlimited` in RDS, so without credits they cost more), swap (some is usual and
stays; freeable memory says when it hurts), BurstBalance (gp3 has none; what bursts is small classes' EBS bandwidth).
"""

from collections.abc import Iterator
from typing import Final

from ..watched import WatchedDatabase
from .row import Alarm, Math, Metric, Severity
from .usage import FIVE_MINUTES, MINUTE, cpu, over_five_minutes, silent

_CONNECTIONS: Final = 0.8
"""Of `max_connections`: 80 on db.t3.medium, whose maximum is 100, and in proportion on smaller classes."""
_FREE_STORAGE: Final = 0.1
_FREE_MEMORY: Final = 0.05
"""PostgreSQL leaves little free on purpose; below that the kernel swaps, then kills."""
_REPLICA_LAG_S: Final = 30
_BURST_LEFT: Final = 10.0
"""Percent (CloudWatch guide, "Recommended alarms": EBSIOBalance%, EBSByteBalance%)."""
_TRANSACTIONS: Final = 1_000_000_000
"""Of some 2.1 billion; days of heavy writing are left to find what keeps vacuum away (the same page, Aurora)."""
_BORROW_MS: Final = 100
"""A pooled connection is there at once; half the latency objective spent on waiting for one is a pool used up."""


def database_alarms(database: WatchedDatabase) -> Iterator[Alarm]:
    """RDS, each instance by itself; or an Aurora cluster as a whole, whose storage has no bound to near."""
    dimension = "DBClusterIdentifier" if database.aurora else "DBInstanceIdentifier"
    for number, server in enumerate((database.id, *database.replica_ids)):
        role, what = ("database", "The database") if number == 0 else (f"replica{number}", f"Read replica {number}")
        where = {dimension: server}
        yield cpu(f"{role}-cpu", what, Metric("AWS/RDS", "CPUUtilization", "Average", where), silence="missing")
        ceiling = int(database.max_connections * _CONNECTIONS)
        yield over_five_minutes(
            f"{role}-connections",
            f"{what} holds more than {ceiling} of its {database.max_connections} connections",
            Metric("AWS/RDS", "DatabaseConnections", "Maximum", where),
            ceiling,
            page="database-connections",
            silence="missing",
        )
        if not database.aurora:
            yield from _instance(database, role, what, where)
    yield from _lag(database, dimension)
    where = {dimension: database.id}
    yield Alarm(
        id="database-transactions",
        broke="The database nears the end of its transaction ids: vacuum does not keep up",
        watch=Metric("AWS/RDS", "MaximumUsedTransactionIDs", "Maximum", where),
        threshold=_TRANSACTIONS,
        period_s=FIVE_MINUTES,
        severity=Severity.WARNING,
        silence="missing",
        page="transaction-ids",
    )
    if not database.off_hours:
        yield silent(
            "database-silent",
            "The database",
            Metric("AWS/RDS", "CPUUtilization", "Average", where),
            severity=Severity.CRITICAL,
            page="database-silent",
        )
    if database.proxy:
        yield from _proxy(database.proxy)


def _instance(database: WatchedDatabase, role: str, what: str, where: dict[str, str]) -> Iterator[Alarm]:
    """What an instance can run out of, and Aurora's serverless cluster cannot."""
    yield Alarm(
        id=f"{role}-storage",
        broke=f"{what} has less than {_FREE_STORAGE * 100:g} % of its {database.storage_gb} GB free",
        watch=Metric("AWS/RDS", "FreeStorageSpace", "Minimum", where),
        fires="<",
        threshold=int(database.storage_gb * 1024**3 * _FREE_STORAGE),
        period_s=FIVE_MINUTES,
        severity=Severity.CRITICAL,
        silence="missing",
        page="database-storage",
    )
    if database.memory_mib:
        yield Alarm(
            id=f"{role}-memory",
            broke=f"{what} has less than {_FREE_MEMORY * 100:g} % of its {database.memory_mib} MiB of memory left",
            watch=Metric("AWS/RDS", "FreeableMemory", "Average", where),
            fires="<",
            threshold=int(database.memory_mib * 1024**2 * _FREE_MEMORY),
            period_s=FIVE_MINUTES,
            datapoints=(3, 3),
            severity=Severity.WARNING,
            silence="missing",
            page="database-memory",
        )
    balances = {"operations": "EBSIOBalance%", "bytes": "EBSByteBalance%"}
    yield Alarm(
        id=f"{role}-burst",
        broke=f"{what} has used up its class's bursts to the disk: reads and writes slow down to the baseline",
        watch=Math(
            "MIN([operations, bytes])",
            {term: Metric("AWS/RDS", name, "Minimum", where) for term, name in balances.items()},
        ),
        fires="<",
        threshold=_BURST_LEFT,
        period_s=FIVE_MINUTES,
        datapoints=(3, 3),
        severity=Severity.WARNING,
        # Classes that do not burst do not report it.
        silence="notBreaching",
        page="database-burst",
    )


def _lag(database: WatchedDatabase, dimension: str) -> Iterator[Alarm]:
    broke = f"A read replica is more than {_REPLICA_LAG_S} s behind"
    lags = [
        (f"replica{number}-lag", Metric("AWS/RDS", "ReplicaLag", "Average", {dimension: replica}), _REPLICA_LAG_S)
        for number, replica in enumerate(database.replica_ids, start=1)
    ]
    if database.aurora and database.readers:
        milliseconds = Metric("AWS/RDS", "AuroraReplicaLagMaximum", "Average", {dimension: database.id})
        lags.append(("replica-lag", milliseconds, _REPLICA_LAG_S * 1000))
    for id, metric, threshold in lags:
        yield over_five_minutes(id, broke, metric, threshold, page="replica-lag", silence="missing")


def _proxy(name: str) -> Iterator[Alarm]:
    """RDS Proxy (RDS user guide, "Monitoring RDS Proxy metrics")."""
    target = {"ProxyName": name, "TargetGroup": "default", "TargetRole": "READ_WRITE"}
    yield Alarm(
        id="proxy-unavailable",
        broke="RDS Proxy does not reach the database",
        watch=Metric("AWS/RDS", "AvailabilityPercentage", "Average", target),
        fires="<",
        threshold=50,
        period_s=MINUTE,
        # A failover takes one or two minutes.
        datapoints=(3, 3),
        severity=Severity.CRITICAL,
        silence="missing",
        page="database-proxy",
    )
    yield over_five_minutes(
        "proxy-waits",
        f"Requests wait longer than {_BORROW_MS} ms for a connection of RDS Proxy",
        Metric("AWS/RDS", "DatabaseConnectionsBorrowLatency", "Average", {"ProxyName": name}),
        _BORROW_MS * 1000,  # microseconds
        page="database-proxy",
        silence="notBreaching",
    )
