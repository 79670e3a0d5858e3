"""Which days a report is about: calendar days in Seoul for what is measured, in UTC for what is billed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

SEOUL: Final = timezone(timedelta(hours=9), "KST")
"""Without daylight saving since 1988. Not `zoneinfo`, whose data Lambda's image need not have."""
DAYS: Final = 7
BUDGET_DAYS: Final = 30
"""Of the error budget."""


@dataclass(frozen=True)
class Period:
    """The seven days that ended with the midnight before `now`, which has a time zone."""

    now: datetime

    @property
    def end(self) -> datetime:
        return self.now.astimezone(SEOUL).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def start(self) -> datetime:
        return self.end - timedelta(days=DAYS)

    @property
    def before(self) -> datetime:
        """Where the week to compare with begins."""
        return self.start - timedelta(days=DAYS)

    @property
    def budget_start(self) -> datetime:
        return self.end - timedelta(days=BUDGET_DAYS)

    @property
    def today(self) -> date:
        """As Cost Explorer counts days: in UTC."""
        return self.now.astimezone(UTC).date()

    @property
    def month(self) -> date:
        return self.today.replace(day=1)

    @property
    def next_month(self) -> date:
        return (self.month + timedelta(days=32)).replace(day=1)

    def __str__(self) -> str:
        last = self.end - timedelta(days=1)
        return f"{self.start:%a %d %b} to {last:%a %d %b %Y}"
