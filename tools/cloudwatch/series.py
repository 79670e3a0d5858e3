"""Sample series: what a metric looks like on a quiet day, in a spike, an outage, a gap, and when it creeps up.

Owns shapes, and a quiet level per metric; which level is too much is the alarm's. Deterministic: the same call gives
the same points, so that tests and pictures do not change by themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi, sin
from typing import Final

from .series_math import Series

_WOBBLE: Final = (0.0, 0.6, -0.4, 0.9, -0.8, 0.3, -1.0, 0.5, -0.2, 1.0, -0.6)
"""Of prime length, so that it repeats in no step with hours."""
_ANSWERS: Final = 6000
"""Samples a period of what is measured a request."""
_REPORTS: Final = 5
"""Samples a period of what reports by the clock."""


@dataclass(frozen=True)
class Unit:
    """How values of a metric look."""

    name: str
    """As CloudWatch names it: Percent, Count, Bytes, Seconds ..."""
    quiet: float
    """On an ordinary day."""
    most: float = float("inf")
    """No value is above; 100 for shares."""
    whole: bool = False
    """Things that are counted one by one."""

    def tidy(self, value: float) -> float:
        """The nearest value that such a metric can have."""
        value = min(max(value, 0.0), self.most)
        return float(round(value)) if self.whole else value


def _percent(quiet: float) -> Unit:
    return Unit("Percent", quiet, most=100.0)


def _count(quiet: float) -> Unit:
    return Unit("Count", quiet, whole=True)


def _bytes(quiet: float) -> Unit:
    return Unit("Bytes", quiet, whole=True)


UNITS: Final[Mapping[str, Unit]] = {
    "CPUUtilization": _percent(35),
    "EngineCPUUtilization": _percent(20),
    "mem_used_percent": _percent(55),
    "disk_used_percent": _percent(40),
    "DatabaseMemoryUsagePercentage": _percent(30),
    "node_cpu_utilization": _percent(40),
    "node_memory_utilization": _percent(60),
    "node_filesystem_utilization": _percent(45),
    "cluster_failed_node_count": _count(0),
    "cluster_node_count": _count(4),
    "pod_status_pending": _count(0),
    "pod_number_of_container_restarts": _count(0),
    "pod_container_status_waiting_reason_crash_loop_back_off": _count(0),
    "RequestCount": _count(6000),
    "Requests": _count(12000),
    "RequestCountPerTarget": _count(3000),
    "HTTPCode_Target_2XX_Count": _count(5900),
    "HTTPCode_Target_4XX_Count": _count(60),
    "HTTPCode_Target_5XX_Count": _count(2),
    "HTTPCode_ELB_5XX_Count": _count(0),
    "HTTPCode_ELB_503_Count": _count(0),
    "TargetConnectionErrorCount": _count(0),
    "RejectedConnectionCount": _count(0),
    "ActiveConnectionCount": _count(400),
    "TargetResponseTime": Unit("Seconds", 0.06),
    "HealthyHostCount": _count(2),
    "UnHealthyHostCount": _count(0),
    "GroupInServiceInstances": _count(2),
    "GroupDesiredCapacity": _count(2),
    "DatabaseConnections": _count(25),
    "FreeStorageSpace": _bytes(70 * 1024**3),
    "FreeableMemory": _bytes(1.5 * 1024**3),
    "ReplicaLag": Unit("Seconds", 0.2),
    "AuroraReplicaLagMaximum": Unit("Milliseconds", 20),
    "ReadLatency": Unit("Seconds", 0.001),
    "WriteLatency": Unit("Seconds", 0.002),
    "ReadIOPS": Unit("Count/Second", 120),
    "WriteIOPS": Unit("Count/Second", 80),
    "EBSIOBalance%": _percent(99),
    "EBSByteBalance%": _percent(99),
    "MaximumUsedTransactionIDs": _count(2e8),
    "DatabaseConnectionsBorrowLatency": Unit("Microseconds", 900),
    "AvailabilityPercentage": _percent(100),
    "Evictions": _count(0),
    "CurrConnections": _count(120),
    "CacheHitRate": _percent(93),
    "ReplicationLag": Unit("Seconds", 0.1),
    "NetworkBytesIn": _bytes(4e6),
    "NetworkBytesOut": _bytes(9e6),
    "Errors": _count(0),
    "Invocations": _count(12),
    "Duration": Unit("Milliseconds", 350),
    "Throttles": _count(0),
    "5xxErrorRate": _percent(0.1),
    "4xxErrorRate": _percent(1.2),
    "BytesDownloaded": _bytes(3e8),
    "FunctionInvocations": _count(12000),
    "FunctionExecutionErrors": _count(0),
    "FunctionValidationErrors": _count(0),
    "FunctionThrottles": _count(0),
    "AllowedRequests": _count(6000),
    "BlockedRequests": _count(40),
    "ErrorPortAllocation": _count(0),
    "PacketsDropCount": _count(0),
    "PacketsOutToDestination": _count(4e5),
    "PacketsOutToSource": _count(5e5),
    "DaysToExpiry": _count(200),
    "NumberOfBackupJobsCompleted": _count(1),
    "NumberOfBackupJobsFailed": _count(0),
    "NumberOfBackupJobsAborted": _count(0),
    "NumberOfBackupJobsExpired": _count(0),
    "NumberOfCopyJobsFailed": _count(0),
}
"""Metric's name -> how it looks. A sample of a shop of a hundred requests a second, not a promise."""


def unit(metric: str, statistic: str = "Average") -> Unit:
    """How a metric looks. Raises `KeyError` with advice for one that has no entry."""
    if statistic.startswith("PR("):
        return _percent(99)
    if statistic == "SampleCount":
        return _count(_ANSWERS if metric == "TargetResponseTime" else _REPORTS)
    try:
        return UNITS[metric]
    except KeyError:
        raise KeyError(f"sample series: no unit of {metric!r}; add it to tools/cloudwatch/series.py") from None


def quiet(level: float, periods: int, *, wobble: float = 0.02) -> Series:
    """An ordinary day: `level`, give or take a share of `wobble`."""
    return [level * (1 + wobble * _WOBBLE[index % len(_WOBBLE)]) for index in range(periods)]


def daily(level: float, periods: int, period_s: int, *, swing: float = 0.4) -> Series:
    """As `quiet`, with the day's wave: least at the start, most half a day later. `swing`: a share of the level."""
    wave = (1 - swing * _cosine(index * period_s) for index in range(periods))
    return [None if x is None else x * factor for x, factor in zip(quiet(level, periods), wave, strict=True)]


def spike(level: float, peak: float, periods: int, *, at: int, width: int = 1) -> Series:
    """Quiet, but `width` periods from `at` on at `peak`."""
    return _changed(quiet(level, periods), peak, at, at + width)


def breach(level: float, peak: float, periods: int, *, start: int, end: int | None = None) -> Series:
    """Quiet, then `peak` from `start` on, up to `end` (exclusive; None: to the last)."""
    return _changed(quiet(level, periods), peak, start, periods if end is None else end)


def gap(level: float, periods: int, *, start: int, end: int | None = None) -> Series:
    """Quiet, with nothing reported from `start` up to `end`."""
    return _changed(quiet(level, periods), None, start, periods if end is None else end)


def climb(level: float, peak: float, periods: int) -> Series:
    """From `level` straight to `peak`, up or down."""
    last = max(periods - 1, 1)
    return [level + (peak - level) * index / last for index in range(periods)]


def sample(metric: str, periods: int, period_s: int, *, statistic: str = "Average") -> Series:
    """A day that looks real, for pictures: counts and shares of load swing with the hour, the rest wobbles."""
    looks = unit(metric, statistic)
    swings = looks.name in ("Percent", "Count", "Count/Second") and looks.quiet > 5
    points = daily(looks.quiet, periods, period_s) if swings else quiet(looks.quiet, periods)
    return [None if point is None else looks.tidy(point) for point in points]


def _changed(points: Series, value: float | None, start: int, end: int) -> Series:
    return [value if start <= index < end else point for index, point in enumerate(points)]


def _cosine(seconds: float) -> float:
    return sin(2 * pi * seconds / 86_400 + pi / 2)
