"""How much of something there is on average, where schedules change it: off-hours, week after week.

Owns the arithmetic of a week. A schedule saves nothing that cannot be read, or after which nothing comes back: the
dearest size counts all the time.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ..policy.model import MISSING, Resource

_DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAY_MINUTES: Final = 24 * 60
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES
_CRON: Final = re.compile(r"(?:cron\()?(?P<minutes>\d+(?:,\d+)*) (?P<hour>\d+) [*?] \* (?P<days>[A-Z*?,-]+)(?: \*)?\)?")
"""Of a scaling group ("0 20 * * MON-FRI") and of EventBridge Scheduler ("cron(0,20 20 ? * MON-FRI *)")."""


@dataclass(frozen=True, slots=True)
class Change:
    """From each time of a schedule on there are `size`."""

    expression: Any
    zone: Any
    size: float


def of_scheduler(schedule: Resource, size: float) -> Iterator[Change]:
    """What a schedule of EventBridge Scheduler changes: nothing when it is off. One that begins or ends some day is
    not of every week.
    """
    if schedule.get("State") == "DISABLED":
        return
    whole = all(schedule.get(name) in (MISSING, "ENABLED") for name in ("State", "StartDate", "EndDate"))
    expression = schedule.get("ScheduleExpression") if whole else None
    yield Change(expression, schedule.get("ScheduleExpressionTimezone"), size)


def average(first: float, changes: Iterable[Change]) -> float:
    """The size over a week. Without changes: the first one.

    What is only ever made smaller is made larger by people, or by the next deploy: nobody knows when.
    """
    known = list(changes)
    if not known:
        return first
    times = [_minutes(change.expression) for change in known]
    comes_back = max(change.size for change in known) >= first
    if not all(times) or not comes_back or len({str(change.zone) for change in known}) > 1:
        return max(first, *(change.size for change in known))
    points = sorted((minute, change.size) for change, at in zip(known, times, strict=True) for minute in at)
    ends = [minute for minute, _ in points[1:]] + [points[0][0] + _WEEK_MINUTES]
    return sum(size * (end - begin) for (begin, size), end in zip(points, ends, strict=True)) / _WEEK_MINUTES


def _minutes(expression: Any) -> list[int]:
    """Minutes of the week at which a schedule comes; none for one that cannot be read."""
    found = _CRON.fullmatch(expression) if isinstance(expression, str) else None
    if not found:
        return []
    hour = int(found["hour"]) * 60
    return [
        day * _DAY_MINUTES + hour + int(minute)
        for day in _days(found["days"])
        for minute in found["minutes"].split(",")
    ]


def _days(text: str) -> list[int]:
    if text in ("*", "?"):
        return list(range(7))
    days: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last and last not in _DAYS):
            return []
        days += range(_DAYS.index(first), _DAYS.index(last or first) + 1)
    return days
