"""Sample series of metrics: what a period makes of the minutes' levels.

A metric without a level of its own looks as on a quiet day (`tools.cloudwatch.series`); one that is unknown there too
is an error.
"""

from math import sin
from typing import Final
from zlib import crc32

from tools.cloudwatch.series import unit
from tools.cloudwatch.series_math import Series

from .levels import LEVELS, Level, Sampled
from .story import MINUTE, Moment, moment

_FINEST: Final = 12
"""Minutes of a period that are looked at."""
_ABSENT_AT_ZERO: Final = frozenset(
    {
        "HTTPCode_Target_4XX_Count",
        "HTTPCode_Target_5XX_Count",
        "HTTPCode_ELB_5XX_Count",
        "HTTPCode_ELB_503_Count",
    }
)
"""What load balancers report only when it happens."""
_STEADY: Final = frozenset(
    {
        "GroupInServiceInstances",
        "GroupDesiredCapacity",
        "UnHealthyHostCount",
        "cluster_node_count",
        "cluster_failed_node_count",
        "service_number_of_running_pods",
        "FreeStorageSpace",
        "NumberOfBackupJobsCompleted",
        "AvailabilityPercentage",
    }
)
"""Counts of things, which do not tremble."""
_CALM: Final = frozenset({"CacheHitRate", "4xxErrorRate", "DaysToExpiry", "EBSIOBalance%", "EBSByteBalance%"})


def series(metric: Sampled, *, start: int, end: int, period_s: int) -> Series:
    """A value for each period from `start` up to `end`. Raises `KeyError` for a metric that nobody describes."""
    level = LEVELS.get(metric.name)
    if level is None:
        looks = unit(metric.name, metric.statistic)

        def level(_: Moment, __: Sampled) -> float | None:
            return looks.quiet

    if metric.statistic == "SampleCount" and metric.name != "TargetResponseTime":
        return [float(period_s // MINUTE)] * len(range(start, end, period_s))
    seed = crc32(f"{metric.name} {metric.where}".encode()) % 1000
    return [_over(level, metric, at, period_s, seed) for at in range(start, end, period_s)]


def _over(level: Level, metric: Sampled, start: int, period_s: int, seed: int) -> float | None:
    step = max(period_s // _FINEST // MINUTE * MINUTE, MINUTE)
    values = [
        value * _wobble(at, seed, metric)
        for at in range(start, start + period_s, step)
        if (value := level(moment(at), metric)) is not None
    ]
    if not values:
        return None
    match metric.statistic:
        case "Sum":
            total = sum(values) * step / MINUTE
            return None if total < 0.5 and metric.name in _ABSENT_AT_ZERO else _tidy(float(round(total)), metric)
        case "SampleCount":
            return float(round(sum(values) * step / MINUTE))
        case "Maximum":
            return _tidy(max(values), metric)
        case "Minimum":
            return _tidy(min(values), metric)
        case _:
            return _tidy(sum(values) / len(values), metric)


def _wobble(at: int, seed: int, metric: Sampled) -> float:
    if metric.name in _STEADY:
        return 1.0
    minutes = at / MINUTE
    trembles = (
        0.03 * sin(minutes / 7.3 + seed) + 0.02 * sin(minutes / 2.9 + 2 * seed) + 0.015 * sin(minutes * 1.7 + seed)
    )
    return 1 + (0.1 if metric.name in _CALM else 1) * trembles


def _tidy(value: float, metric: Sampled) -> float:
    """Within what such a metric can be, and to five digits: a picture needs no more."""
    try:
        value = min(value, unit(metric.name, metric.statistic).most)
    except KeyError:
        value = min(value, 100.0) if metric.name.endswith(("Utilization", "Percentage", "_percent")) else value
    return float(f"{value:.5g}")
