"""Alarms of the restore drill: one failed, or none succeeded for too long."""

from collections.abc import Iterator
from typing import Final

from ...assets.restore_drill.outcome import NAMESPACE
from .row import Alarm, Metric, Severity

OVERDUE_DAYS: Final = 35
"""A month and a few days: drills are monthly."""
_FIVE_MINUTES: Final = 300
_DAY: Final = 86400


def drill_alarms(stage: str) -> Iterator[Alarm]:
    """`stage`: the value of the metrics' dimension, `<name>-<stage>`."""
    where = {"Stage": stage}
    yield Alarm(
        id="restore-drill-failed",
        broke="The last backup could not be restored, was not whole, or took too long",
        watch=Metric(NAMESPACE, "Failed", "Sum", where),
        threshold=0,
        period_s=_FIVE_MINUTES,
        severity=Severity.WARNING,
        silence="notBreaching",
        page="restore-drill",
    )
    # An alarm looks back a week at most, so the days are counted by a function and measured daily.
    yield Alarm(
        id="restore-drill-overdue",
        broke=f"No restore drill has succeeded for {OVERDUE_DAYS} days",
        watch=Metric(NAMESPACE, "DaysSinceDrill", "Maximum", where),
        threshold=OVERDUE_DAYS,
        period_s=_DAY,
        severity=Severity.WARNING,
        silence="missing",
        page="restore-drill",
    )
