"""Graphs of alarm rows: what each watches, and a red line where it fires.

Owns that every row is drawn once: a dashboard takes rows for graphs of its own, `rest` draws what is left.
"""

from collections.abc import Iterable
from typing import Final

from ..alarms import Alarm
from .widgets import RED, Line, Mark, Widget, graph

_UNITS: Final = {
    "cpu": "%",
    "memory": "%",
    "error-rate": "%",
    "cdn-error-rate": "%",
    "latency": "seconds",
    "database-storage": "bytes",
    "replica-lag": "seconds",
    "unhealthy-targets": "targets",
    "below-minimum": "instances",
    "database-connections": "connections",
    "rotation": "errors",
}
"""Page of the runbook -> unit of what its alarms watch."""
_GIB: Final = 1024**3


class AlarmRows:
    """The rows of one dashboard, handed out once each."""

    def __init__(self, rows: Iterable[Alarm]) -> None:
        self._left = list(rows)

    def take(self, page: str, *, starting: str | tuple[str, ...] = "") -> list[Alarm]:
        """Those of a page whose ids start so."""
        taken = [row for row in self._left if row.page == page and row.id.startswith(starting)]
        self._left = [row for row in self._left if row not in taken]
        return taken

    def rest(self, *, region: str) -> list[Widget]:
        """A graph for each page that nobody took, so that a new alarm is seen without a change here."""
        pages = sorted({row.page for row in self._left})
        return [alarm_graph(page.replace("-", " ").capitalize(), self.take(page), region=region) for page in pages]


def alarm_graph(
    title: str,
    rows: list[Alarm],
    *,
    region: str,
    others: Iterable[Line] = (),
    marks: Iterable[Mark] = (),
    colours: dict[str, str] | None = None,
    at_most: float | None = None,
) -> Widget:
    """`others`: what belongs beside it without an alarm. `colours`: word of an id -> colour of its line."""
    unit = _UNITS.get(rows[0].page, "")
    lines = [
        Line(label=label, watch=row.watch, colour=_colour(row, colours or {}), period_s=row.period_s)
        for row, label in zip(rows, short_labels([row.id for row in rows]), strict=True)
    ]
    return graph(
        title,
        [*lines, *others],
        region=region,
        unit=unit,
        period_s=min(row.period_s for row in rows),
        marks=[*thresholds(rows), *marks],
        at_most=at_most,
    )


def thresholds(rows: Iterable[Alarm]) -> list[Mark]:
    """One red line a figure, and beside it for how long that must last."""
    lines: dict[tuple[str, float], Alarm] = {}
    for row in rows:
        lines.setdefault((row.fires, row.threshold), row)
    return [
        Mark(value=threshold, label=f"alarm {fires} {_figure(row)}{_lasting(row)}", colour=RED)
        for (fires, threshold), row in lines.items()
    ]


def short_labels(ids: list[str]) -> list[str]:
    """Ids without words that all begin or end with: `blue`, `green` for `shop-blue-cpu`, `shop-green-cpu`."""
    words = [id.split("-") for id in ids]
    if len(words) < 2:
        return list(ids)
    shortest = min(map(len, words))
    head = next((n for n in range(shortest) if len({tuple(each[: n + 1]) for each in words}) > 1), shortest - 1)
    tail = next((n for n in range(shortest - head) if len({tuple(each[-n - 1 :]) for each in words}) > 1), 0)
    return [" ".join(each[head : len(each) - tail]) or id for each, id in zip(words, ids, strict=True)]


def _colour(row: Alarm, colours: dict[str, str]) -> str:
    return next((colour for word, colour in colours.items() if word in row.id.split("-")), "")


def _figure(row: Alarm) -> str:
    if _UNITS.get(row.page) == "bytes":
        return f"{row.threshold / _GIB:g} GiB"
    unit = _UNITS.get(row.page, "")
    return f"{row.threshold:g}" + {"%": " %", "seconds": " s"}.get(unit, "")


def _lasting(row: Alarm) -> str:
    enough, _ = row.datapoints
    minutes = enough * row.period_s // 60
    return f", {minutes} min"
