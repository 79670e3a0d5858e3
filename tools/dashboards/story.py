"""The day that the preview shows: a sale opens, a release goes out, its query overloads the database, it is taken back.

Owns time: when what happens, as shares between 0 and 1. What that does to a metric is `samples`'. Seoul's time, of a
day that never was; the same at every run.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from math import cos, pi
from typing import Final

NOW: Final = int(datetime(2026, 11, 20, 7, 10, tzinfo=UTC).timestamp())
"""16:10 in Seoul."""
MINUTE, HOUR, DAY = 60, 3600, 86_400
_SEOUL_S: Final = 9 * HOUR
_MIDNIGHT: Final = NOW - (NOW + _SEOUL_S) % DAY

_SALE_OPENS, _SALE_ENDS = 11 * HOUR + 30 * MINUTE, 12 * HOUR + 50 * MINUTE
_CANARY, _ALL = 14 * HOUR, 14 * HOUR + 30 * MINUTE
_TROUBLE, _ROLLBACK = 15 * HOUR + 20 * MINUTE, 16 * HOUR + 1 * MINUTE
_EARLIER: Final = ((21, 10 * HOUR, 3 * HOUR, 0.4), (9, 20 * HOUR, 90 * MINUTE, 0.55))
"""Incidents of weeks past: days ago, when, how long, how bad. The error budget of 30 days remembers them."""


@dataclass(frozen=True)
class Moment:
    """What is going on at one minute."""

    seconds: int
    load: float
    """Of the day's peak."""
    sale: float
    """How much of the sale's rush is there."""
    green: float
    """The share of traffic that meets the release."""
    green_there: bool
    """The release's instances run."""
    trouble: float
    """How overloaded the database is."""

    @property
    def days(self) -> float:
        """From now; negative in the past."""
        return (self.seconds - NOW) / DAY


@cache
def moment(seconds: int) -> Moment:
    clock = (seconds + _SEOUL_S) % DAY
    today = seconds >= _MIDNIGHT
    ago = (_MIDNIGHT + DAY - 1 - seconds) // DAY
    trouble = 0.0
    if today:
        trouble = _rise(clock, _TROUBLE, 14 * MINUTE) * (1 - _rise(clock, _ROLLBACK, 5 * MINUTE))
    for days, start, length, degree in _EARLIER:
        if ago == days and start <= clock < start + length:
            trouble = degree
    return Moment(
        seconds=seconds,
        # Least at 05:00, most at 17:00.
        load=0.62 - 0.38 * cos(2 * pi * (clock - 5 * HOUR) / DAY),
        sale=(_rise(clock, _SALE_OPENS, 4 * MINUTE) * (1 - _rise(clock, _SALE_ENDS, 20 * MINUTE))) if today else 0.0,
        green=_green(clock) if today else 0.0,
        green_there=today and clock >= _CANARY - 8 * MINUTE,
        trouble=trouble,
    )


def _green(clock: int) -> float:
    if clock < _CANARY or clock >= _ROLLBACK:
        return 0.0
    return 0.1 if clock < _ALL else 1.0


def _rise(clock: float, start: float, lasting: float) -> float:
    """0 before, 1 after, smoothly between."""
    share = min(max((clock - start) / lasting, 0.0), 1.0)
    return share * share * (3 - 2 * share)
