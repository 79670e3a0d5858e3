"""Alarms of the week: how often each fired, how long at most, and which are on now. Those with a runbook page count;
others steer scaling, and nobody acts on them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .period import Period
from .section import Section, duration, table, wrapped

_MARK: Final = "Runbook: "
_TYPES: Final = ["MetricAlarm", "CompositeAlarm"]
_SHOWN: Final = 12


@dataclass(frozen=True)
class Change:
    """An alarm's state changed."""

    alarm: str
    at: datetime
    old: str
    new: str


@dataclass(frozen=True)
class Fired:
    alarm: str
    times: int
    longest_s: float


def section(clients: Iterable[Any], stage: str, period: Period) -> Section:
    """`clients`: CloudWatch's, one a region."""
    on: list[str] = []
    changes: list[Change] = []
    for client in clients:
        known = _known(client, stage)
        on += [name for name, state in known.items() if state == "ALARM"]
        changes += [change for change in _changes(client, period) if change.alarm in known]
    prefix = f"{stage}-"
    return written(fired(changes, period), on, prefix)


def _known(client: Any, stage: str) -> dict[str, str]:
    """Name -> state now."""
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stage}-", AlarmTypes=_TYPES)
    return {
        alarm["AlarmName"]: alarm["StateValue"]
        for page in pages
        for kind in ("MetricAlarms", "CompositeAlarms")
        for alarm in page.get(kind, ())
        if _MARK in alarm.get("AlarmDescription", "")
    }


def _changes(client: Any, period: Period) -> Iterable[Change]:
    pages = client.get_paginator("describe_alarm_history").paginate(
        AlarmTypes=_TYPES,
        HistoryItemType="StateUpdate",
        StartDate=period.start,
        EndDate=period.end,
        ScanBy="TimestampAscending",
    )
    for page in pages:
        for item in page["AlarmHistoryItems"]:
            data = json.loads(item["HistoryData"])
            old, new = (data[state]["stateValue"] for state in ("oldState", "newState"))
            yield Change(item["AlarmName"], item["Timestamp"], old, new)


def fired(changes: Iterable[Change], period: Period) -> list[Fired]:
    """Most often first. An alarm that was on before the week, or is on after it, is cut at the week's ends."""
    by_alarm: dict[str, list[Change]] = {}
    for change in sorted(changes, key=lambda change: change.at):
        by_alarm.setdefault(change.alarm, []).append(change)
    found = []
    for alarm, several in by_alarm.items():
        since = period.start if several[0].old == "ALARM" else None
        lasted: list[float] = []
        for change in several:
            if since is not None and change.new != "ALARM":
                lasted.append((change.at - since).total_seconds())
                since = None
            elif since is None and change.new == "ALARM":
                since = change.at
        if since is not None:
            lasted.append((period.end - since).total_seconds())
        if lasted:
            found.append(Fired(alarm, len(lasted), max(lasted)))
    return sorted(found, key=lambda each: (-each.times, -each.longest_s, each.alarm))


def written(week: list[Fired], on: list[str], prefix: str) -> Section:
    short = [name.removeprefix(prefix) for name in sorted(on)]
    rows = [("alarm", "fired", "longest")]
    rows += [(each.alarm.removeprefix(prefix), f"{each.times} x", duration(each.longest_s)) for each in week[:_SHOWN]]
    lines = table(rows) if week else ["None fired."]
    if len(week) > _SHOWN:
        lines.append(f"and {len(week) - _SHOWN} more")
    lines += ["", *wrapped(f"On now: {', '.join(short) or 'none'}")]
    attention = (f"alarms on now: {', '.join(short)}",) if short else ()
    return Section("Alarms", tuple(lines), attention)
