"""What the metrics of each alarm say on an ordinary day, at the limit, and just beyond it.

The second statement of every threshold, in the metrics' own units and without a look at the template, so that a wrong
operator, threshold, unit or treatment of silence shows. By the alarms' ids; an alarm without an entry fails.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cloudmart_cdk.settings import Settings
from tools.cloudwatch.alarm_state import PLAIN, State

Level = float | None
"""None: no data point."""
OK, ALARM, NO_DATA = State.OK, State.ALARM, State.INSUFFICIENT_DATA


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Levels by term (`PLAIN` for an alarm without metric math). `limit` and `beyond` say what differs from `quiet`."""

    quiet: Mapping[str, Level]
    limit: Mapping[str, Level] = field(default_factory=dict)
    """As bad as it may be: no alarm, however long."""
    beyond: Mapping[str, Level]
    """The next worse."""
    datapoints: tuple[int, int] = (1, 1)
    """M of N."""
    silence: State
    """Where nothing at all is reported any more."""


def _plain(
    quiet: float, limit: float, beyond: Level, silence: State = OK, *, datapoints: tuple[int, int] = (1, 1)
) -> Figures:
    return Figures(
        quiet={PLAIN: quiet}, limit={PLAIN: limit}, beyond={PLAIN: beyond}, silence=silence, datapoints=datapoints
    )


_ABSENT = {"target5xx": None, "elb5xx": None, "elb503": None}
"""Counts of errors, as a healthy load balancer reports them: not at all."""
_GIB = 1024**3


def _burn(rate: float, requests: int, datapoints: tuple[int, int] = (1, 1)) -> Figures:
    """Of the 0.1 % that may fail."""
    allowed = int(requests * 0.001 * rate)
    return Figures(
        quiet={**_ABSENT, "elb5xx": 20, "requests": requests},
        limit={"target5xx": allowed - 21},
        beyond={"target5xx": allowed - 19},
        silence=OK,
        datapoints=datapoints,
    )


def _below_minimum(settings: Settings) -> Figures:
    least = settings.backend.min
    asleep = {"wanted0": least, "wanted1": 0} if settings.off_hours else {}
    return Figures(
        quiet={"serving0": least, "serving1": 0, **asleep},
        beyond={"serving0": least - 1},
        # Nobody in service and nobody wanted is a night; nobody in service is an outage.
        silence=OK if settings.off_hours else ALARM,
        datapoints=(10, 10) if settings.off_hours else (3, 3),
    )


def _storage(settings: Settings) -> Figures:
    disk = settings.database.storage_gb * _GIB
    return _plain(disk * 0.7, disk / 10, disk / 10 - 1, NO_DATA)


def _memory(settings: Settings) -> Figures:
    total = {"db.t3.micro": _GIB, "db.t3.medium": 4 * _GIB}[settings.database.instance_class]
    return _plain(total * 0.3, int(total / 20), int(total / 20) - 1, NO_DATA, datapoints=(3, 3))


def _connections(settings: Settings) -> Figures:
    ceiling = {"db.t3.micro": 64, "db.t3.medium": 80}[settings.database.instance_class]
    return _plain(20, ceiling, ceiling + 1, NO_DATA)


_BALANCER = "(shop|tiketi)"
_TRACK = "(shop-(blue|green)|tiketi-[a-z]+-canary)"
_DATABASE = r"(database|replica\d)"
_CACHE = r"cache\d"

_TABLE: dict[str, Figures | Callable[[Settings], Figures]] = {
    # Backend and nodes; an idle colour and a sleeping stage report nothing.
    "shop-(blue|green)-cpu|nodes-cpu": _plain(35, 80, 80.1),
    "shop-(blue|green)-memory|nodes-memory": _plain(55, 85, 85.1),
    "shop-(blue|green)-disk": _plain(40, 85, 85.1),
    "backend-(blue|green)-surge": _plain(35, 85, 85.1),
    "nodes-disk": _plain(45, 80, 80.1),
    "nodes-failed": _plain(0, 0, 1, datapoints=(5, 5)),
    "pods-pending": _plain(0, 0, 1, datapoints=(15, 15)),
    "pods-crashing": Figures(
        quiet={"crashing": 0, "unpulled": 0}, beyond={"unpulled": 1}, silence=OK, datapoints=(5, 15)
    ),
    "shop-below-minimum": _below_minimum,
    # Load balancers.
    f"{_BALANCER}-error-rate": Figures(
        quiet={**_ABSENT, "requests": 6000},
        limit={"target5xx": 300},
        beyond={"target5xx": 301},
        silence=OK,
        datapoints=(2, 3),
    ),
    f"{_BALANCER}-latency|{_TRACK}-latency": Figures(
        quiet={"p95": 0.06, "answers": 30_000}, limit={"p95": 0.2}, beyond={"p95": 0.201}, silence=OK
    ),
    f"{_TRACK}-error-rate": Figures(
        quiet={"target5xx": 20, "refused": None, "requests": 6000},
        limit={"refused": 280},
        beyond={"refused": 281},
        silence=OK,
        datapoints=(1, 2),
    ),
    f"{_BALANCER}-[a-z-]+-unhealthy": _plain(0, 0, 1),
    f"{_BALANCER}-rejected": _plain(0, 0, 1),
    f"{_BALANCER}-certificate|cdn-certificate": _plain(200, 30, 29, NO_DATA),
    "(tiketi|cdn)-blocked": Figures(
        quiet={"allowed": 6000, "blocked": None},
        limit={"blocked": 1500},
        beyond={"blocked": 1501},
        silence=OK,
        datapoints=(3, 3),
    ),
    f"{_BALANCER}-traffic": Figures(
        quiet={"requests": 30_000},
        limit={"requests": 29_400},
        beyond={"requests": 15_000},
        silence=ALARM,
        datapoints=(3, 3),
    ),
    f"{_BALANCER}-budget-5m": _burn(14.4, 30_000),
    f"{_BALANCER}-budget-1h": _burn(14.4, 360_000),
    f"{_BALANCER}-budget-30m": _burn(6, 180_000),
    f"{_BALANCER}-budget-6h": _burn(6, 2_160_000),
    f"{_BALANCER}-budget-3d": _burn(1, 8_640_000, (3, 3)),
    f"{_BALANCER}-latency-3d": Figures(
        quiet={"fast": 99, "answers": 8_640_000},
        limit={"fast": 95},
        beyond={"fast": 94.9},
        silence=OK,
        datapoints=(3, 3),
    ),
    "canary": _plain(100, 100, 99, ALARM, datapoints=(2, 3)),
    # Tiketi's own.
    "queue-stuck": Figures(
        quiet={"waiting": 500, "admitted": 6000},
        limit={"admitted": 1},
        beyond={"admitted": 0},
        silence=OK,
        datapoints=(10, 10),
    ),
    "payments-failing": Figures(
        quiet={"succeeded": 200, "failed": 0},
        limit={"succeeded": 190, "failed": 10},
        beyond={"succeeded": 189, "failed": 11},
        silence=OK,
        datapoints=(2, 3),
    ),
    # Database.
    f"{_DATABASE}-cpu": _plain(35, 80, 80.1, NO_DATA),
    f"{_DATABASE}-connections": _connections,
    f"{_DATABASE}-storage": _storage,
    f"{_DATABASE}-memory": _memory,
    f"{_DATABASE}-burst": Figures(
        quiet={"operations": 99, "bytes": 99},
        limit={"bytes": 10},
        beyond={"bytes": 9.9},
        silence=OK,
        datapoints=(3, 3),
    ),
    "database-transactions": _plain(2e8, 1e9, 1e9 + 1, NO_DATA),
    # A heartbeat, counted: once a minute or more often.
    rf"database-silent|{_CACHE}-silent": _plain(2, 1, None, ALARM, datapoints=(10, 10)),
    r"replica\d-lag": _plain(0.2, 30, 30.1, NO_DATA),
    "replica-lag": _plain(20, 30_000, 30_001, NO_DATA),
    "proxy-unavailable": _plain(100, 50, 49.9, NO_DATA, datapoints=(3, 3)),
    "proxy-waits": _plain(900, 100_000, 100_001),
    # Cache.
    f"{_CACHE}-cpu": _plain(20, 80, 80.1, NO_DATA),
    f"{_CACHE}-memory": _plain(30, 85, 85.1, NO_DATA),
    f"{_CACHE}-evictions": _plain(0, 0, 1, datapoints=(3, 3)),
    f"{_CACHE}-lag": _plain(0.1, 10, 10.1),
    # What runs by itself.
    "rotation-errors": _plain(0, 0, 1),
    "backup-failed": Figures(
        quiet={"failed": None, "aborted": None, "expired": None, "uncopied": None},
        limit={"expired": 0},
        beyond={"expired": 1},
        silence=OK,
    ),
    "weekly-report-errors": _plain(0, 0, 1),
    "(edge-)?notifier-failed": _plain(0, 0, 1),
    "(edge-)?notifier-late": _plain(5, 600, 601),
    "(edge-)?notifier-errors": _plain(0, 0, 1, datapoints=(2, 5)),
    "restore-drill-failed": _plain(0, 0, 1),
    "restore-drill-overdue": _plain(5, 35, 36, NO_DATA),
    # Network.
    r"nat\d-ports": _plain(0, 0, 1),
    r"nat\d-drops": Figures(
        quiet={"dropped": 0, "outward": 4e6, "inward": 5e6},
        limit={"dropped": 900},
        beyond={"dropped": 901},
        silence=OK,
        datapoints=(3, 3),
    ),
    # CloudFront.
    "cdn-error-rate": Figures(
        quiet={"rate": 0.1, "requests": 12_000},
        limit={"rate": 5},
        beyond={"rate": 5.1},
        silence=OK,
        datapoints=(2, 3),
    ),
    "cdn-router": Figures(
        quiet={"failed": None, "invalid": None, "throttled": None},
        limit={"throttled": 5},
        beyond={"throttled": 6},
        silence=OK,
        datapoints=(1, 2),
    ),
}


def entries(alarm: str) -> list[str]:
    """Keys of the table that mean this alarm; one, if the table is right."""
    return [key for key in _TABLE if re.fullmatch(key, alarm)]


def keys() -> Iterator[str]:
    """All keys of the table."""
    yield from _TABLE


def figures(alarm: str, settings: Settings) -> Figures:
    """Of an alarm of a stage, by its id."""
    found = entries(alarm)
    assert len(found) == 1, f"alarm {alarm!r} has {len(found)} entries in tests/alarms/figures.py: give it one"
    entry = _TABLE[found[0]]
    return entry if isinstance(entry, Figures) else entry(settings)
