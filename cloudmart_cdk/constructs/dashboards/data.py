"""PostgreSQL and Redis: what they are asked, how long it takes, what is left of each resource; backups.

Free storage and memory run out slowly, connections at once: the first row shows all of them.
"""

from collections.abc import Iterable
from typing import Final

from ..alarms import Alarm, Math, Metric
from ..watched import Watched, WatchedCache, WatchedDatabase
from .alarm_rows import AlarmRows, alarm_graph
from .place import Place
from .widgets import (
    BLUE,
    DAYS_30,
    GREEN,
    ORANGE,
    PURPLE,
    TEAL,
    Line,
    Mark,
    Widget,
    graph,
    graphs,
    heading,
    tile,
    tiles,
)

_DATABASE: Final = ("database", "replica")
_DAY_S: Final = 86_400
_SLOW_MS: Final = 50
"""What section 6 of the specification asks of the database at p95; CloudWatch has averages of the disk only."""


def data(watched: Watched, rows: Iterable[Alarm], *, place: Place) -> list[Widget]:
    left = AlarmRows(rows)
    region = place.region
    now: list[Widget] = []
    sections: list[Widget] = []
    if watched.database:
        now += _database_now(watched.database, region)
        sections += _database(watched.database, left, region)
    if watched.cache:
        now += _cache_now(watched.cache, region)
        sections += _cache(watched.cache, left, region)
    sections += _upkeep(watched, left, region)
    if rest := left.rest(region=region):
        sections += [heading("Other alarms", "What is seldom anything else than flat."), *graphs(*rest)]
    return [*tiles(*now), *sections]


def _database_now(database: WatchedDatabase, region: str) -> list[Widget]:
    storage = (
        Line(label="ACU", watch=_rds(database, "ServerlessDatabaseCapacity", "Average"), colour=GREEN)
        if database.aurora
        else Line(
            label="% of the disk",
            watch=Math(
                f"100 * free / {database.storage_gb * 1024**3}", {"free": _rds(database, "FreeStorageSpace", "Minimum")}
            ),
            colour=GREEN,
        )
    )
    return [
        tile(
            "Database CPU",
            [Line(label="%", watch=_rds(database, "CPUUtilization", "Average"), colour=BLUE)],
            region=region,
        ),
        tile(
            "Connections",
            [
                Line(
                    label=f"of {database.max_connections}",
                    watch=_rds(database, "DatabaseConnections", "Maximum"),
                    colour=BLUE,
                )
            ],
            region=region,
        ),
        tile("Capacity" if database.aurora else "Free storage", [storage], region=region),
    ]


def _database(database: WatchedDatabase, left: AlarmRows, region: str) -> list[Widget]:
    ceiling = Mark(value=database.max_connections, label=f"max_connections {database.max_connections}")
    drawn = [
        alarm_graph(title, rows, region=region, marks=marks, at_most=top)
        for title, page, marks, top in (
            ("CPU", "cpu", [], 100.0),
            ("Connections", "database-connections", [ceiling], None),
            ("Free storage", "database-storage", [], None),
        )
        if (rows := left.take(page, starting=_DATABASE))
    ]
    drawn += [
        graph(
            "Disk latency",
            [
                Line(label="read", watch=_in_ms(_rds(database, "ReadLatency", "Average")), colour=BLUE),
                Line(label="write", watch=_in_ms(_rds(database, "WriteLatency", "Average")), colour=ORANGE),
            ],
            region=region,
            unit="ms",
            period_s=60,
            marks=[Mark(value=_SLOW_MS, label=f"database objective {_SLOW_MS} ms (p95)", colour=GREEN)],
        ),
        graph(
            "Disk operations",
            [
                Line(label="read", watch=_rds(database, "ReadIOPS", "Average"), colour=BLUE),
                Line(label="write", watch=_rds(database, "WriteIOPS", "Average"), colour=ORANGE),
                Line(label="waiting", watch=_rds(database, "DiskQueueDepth", "Average"), colour=PURPLE, right=True),
            ],
            region=region,
            unit="a second",
            right_unit="waiting",
        ),
        alarm_graph(
            "Free memory",
            left.take("database-memory"),
            region=region,
            unit="bytes",
            others=[
                Line(label="free", watch=_rds(database, "FreeableMemory", "Minimum"), colour=BLUE),
                Line(label="swapped out", watch=_rds(database, "SwapUsage", "Maximum"), colour=ORANGE),
            ],
        ),
    ]
    if lag := left.take("replica-lag"):
        drawn.append(alarm_graph("Replica lag", lag, region=region))
    if database.proxy:
        where = {"ProxyName": database.proxy}
        drawn.append(
            graph(
                "RDS Proxy",
                [
                    Line(label="clients", watch=Metric("AWS/RDS", "ClientConnections", "Sum", where), colour=BLUE),
                    Line(
                        label="to the database",
                        watch=Metric("AWS/RDS", "DatabaseConnections", "Sum", where),
                        colour=GREEN,
                    ),
                    Line(
                        label="borrowing takes",
                        watch=Math(
                            "borrowing / 1000",
                            {"borrowing": Metric("AWS/RDS", "DatabaseConnectionsBorrowLatency", "Average", where)},
                        ),
                        colour=ORANGE,
                        right=True,
                    ),
                ],
                region=region,
                unit="connections",
                right_unit="ms",
            )
        )
    return [
        heading(
            "PostgreSQL",
            "CPU and latency up together: queries, see the saved query data/slow-statements. Connections near the "
            "ceiling: a pool that leaks, or more processes than planned. Free storage only falls: look at its slope.",
        ),
        *graphs(*drawn),
    ]


def _cache_now(cache: WatchedCache, region: str) -> list[Widget]:
    return [
        tile(
            "Redis CPU",
            [Line(label="%, busiest node", watch=_over_nodes("MAX", "CPUUtilization", "Average", cache), colour=BLUE)],
            region=region,
        ),
        tile(
            "Redis memory",
            [
                Line(
                    label="%, fullest node",
                    watch=_over_nodes("MAX", "DatabaseMemoryUsagePercentage", "Average", cache),
                    colour=BLUE,
                )
            ],
            region=region,
        ),
        tile("Redis hits", [Line(label="% of reads", watch=_hit_rate(cache), colour=GREEN)], region=region),
    ]


def _cache(cache: WatchedCache, left: AlarmRows, region: str) -> list[Widget]:
    drawn = [
        alarm_graph(title, rows, region=region, at_most=100)
        for title, page in (("CPU, by node", "cpu"), ("Memory, by node", "memory"))
        if (rows := left.take(page, starting="cache"))
    ]
    drawn += [
        graph(
            "Hits of reads",
            [Line(label="hits", watch=_hit_rate(cache), colour=GREEN)],
            region=region,
            unit="%",
            period_s=300,
            at_most=100,
        ),
        alarm_graph("Evicted, by node", left.take("cache-evictions"), region=region),
        graph(
            "Connections, by node",
            _by_node("CurrConnections", "Maximum", cache),
            region=region,
            unit="connections",
            period_s=300,
        ),
    ]
    if lag := left.take("cache-lag"):
        drawn.append(alarm_graph("Replication lag, by node", lag, region=region))
    return [
        heading(
            "Redis",
            "Evictions: sessions go before they expire, memory is short. Fewer hits: the cache was emptied, or keys "
            "changed; the database feels it next. One node busier than the others: a hot key.",
        ),
        *graphs(*drawn),
    ]


def _upkeep(watched: Watched, left: AlarmRows, region: str) -> list[Widget]:
    drawn = []
    if rows := left.take("rotation"):
        drawn.append(alarm_graph("Rotations that failed", rows, region=region))
    if rows := left.take("backup"):
        drawn.append(alarm_graph("Backups that failed", rows, region=region))
    if watched.backup:
        where = {"BackupVaultName": watched.backup.vault}
        jobs = [
            Line(
                label=label,
                watch=Metric("AWS/Backup", f"NumberOf{name}", "Sum", where),
                colour=colour,
            )
            for label, name, colour in (
                ("saved", "BackupJobsCompleted", GREEN),
                ("restored", "RestoreJobsCompleted", TEAL),
            )
        ]
        drawn.append(
            graph("Backup jobs a day", jobs, region=region, unit="jobs", period_s=_DAY_S, over=DAYS_30),
        )
    if not drawn:
        return []
    return [
        heading("Upkeep", "A backup a day, one more on Saturdays. A rotation that fails is tried again for days."),
        *graphs(*drawn),
    ]


def _rds(database: WatchedDatabase, name: str, statistic: str) -> Metric:
    dimension = "DBClusterIdentifier" if database.aurora else "DBInstanceIdentifier"
    return Metric("AWS/RDS", name, statistic, {dimension: database.id})


def _in_ms(metric: Metric) -> Math:
    return Math("1000 * seconds", {"seconds": metric})


def _node(name: str, statistic: str, node: str) -> Metric:
    return Metric("AWS/ElastiCache", name, statistic, {"CacheClusterId": node})


def _by_node(name: str, statistic: str, cache: WatchedCache) -> list[Line]:
    return [
        Line(label=f"cache{number}", watch=_node(name, statistic, node))
        for number, node in enumerate(cache.node_ids, start=1)
    ]


def _over_nodes(function: str, name: str, statistic: str, cache: WatchedCache) -> Math:
    terms = {f"node{number}": _node(name, statistic, node) for number, node in enumerate(cache.node_ids, start=1)}
    return Math(f"{function}([{', '.join(terms)}])", terms)


def _hit_rate(cache: WatchedCache) -> Math:
    """Percent, over all nodes."""
    terms = {}
    for number, node in enumerate(cache.node_ids, start=1):
        terms[f"hits{number}"] = _node("CacheHits", "Sum", node)
        terms[f"misses{number}"] = _node("CacheMisses", "Sum", node)
    hits = ", ".join(term for term in terms if term.startswith("hits"))
    return Math(f"100 * SUM([{hits}]) / SUM([{', '.join(terms)}])", terms)
