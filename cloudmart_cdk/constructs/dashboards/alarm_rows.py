"""Graphs of alarm rows: what each watches, and a red line where it fires.

Owns that every row is drawn once: a dashboard takes rows for graphs of its own, `rest` draws what is left.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from ..alarms import Alarm, Math
from .widgets import DAYS_30, GREY, RED, Line, Mark, Widget, graph

_BAND: Final = "below band"
_DAY_S: Final = 86_400
_GIB: Final = 1024**3
_PERCENT, _BYTES, _SECONDS = "%", "bytes", "seconds"
_UNITS: Final = {
    "backup": "jobs",
    "below-minimum": "instances",
    "blocked-requests": _PERCENT,
    "cache-evictions": "keys",
    "cache-lag": _SECONDS,
    "cache-silent": "values a minute",
    "cdn-error-rate": _PERCENT,
    "cdn-router": "failures",
    "certificate": "days left",
    "cpu": _PERCENT,
    "database-burst": _PERCENT,
    "database-connections": "connections",
    "database-memory": _BYTES,
    "database-silent": "values a minute",
    "database-storage": _BYTES,
    "disk": _PERCENT,
    "error-budget": "times",
    "error-rate": _PERCENT,
    "failed-node": "nodes",
    "latency": _SECONDS,
    "memory": _PERCENT,
    "notifications": "messages",
    "payments": _PERCENT,
    "pods": "pods",
    "queue-stuck": "people",
    "rejected-connections": "connections",
    "replica-lag": _SECONDS,
    "rotation": "errors",
    "traffic": "requests in 5 min",
    "transaction-ids": "transactions",
    "unhealthy-targets": "targets",
    "weekly-report": "errors",
}
"""Page of the runbook -> unit of what its alarms watch."""
_UNITS_OF_ROWS: Final = {
    "-drops": _PERCENT,
    "-late": _SECONDS,
    "-latency-3d": _PERCENT,
    "-overdue": "days",
    "-ports": "refused",
    "-unavailable": _PERCENT,
    "-waits": "microseconds",
}
"""End of a row's id -> unit, where the rows of one page have several."""


class AlarmRows:
    """The rows of one dashboard, handed out once each."""

    def __init__(self, rows: Iterable[Alarm]) -> None:
        self._left = list(rows)

    def take(
        self, page: str, *, starting: str | tuple[str, ...] = "", ending: str | tuple[str, ...] = ""
    ) -> list[Alarm]:
        """Those of a page whose ids start and end so."""
        taken = [
            row for row in self._left if row.page == page and row.id.startswith(starting) and row.id.endswith(ending)
        ]
        self._left = [row for row in self._left if row not in taken]
        return taken

    def rest(self, *, region: str) -> list[Widget]:
        """A graph for each page and threshold that nobody took, so that a new alarm is seen without a change here."""
        left, self._left = sorted(self._left, key=_alike), []
        groups = [list(rows) for _, rows in groupby(left, key=_alike)]
        pages = [rows[0].page for rows in groups]
        return [
            alarm_graph(
                _title(page if pages.count(page) == 1 else f"{page}: {rows[0].id.rpartition('-')[2]}"),
                rows,
                region=region,
                # A value a day is no line within a day.
                over=DAYS_30 if rows[0].period_s >= _DAY_S else "",
            )
            for page, rows in zip(pages, groups, strict=True)
        ]


def alarm_graph(
    title: str,
    rows: Sequence[Alarm],
    *,
    region: str,
    unit: str = "",
    others: Iterable[Line] = (),
    marks: Iterable[Mark] = (),
    colours: Mapping[str, str] | None = None,
    at_most: float | None = None,
    over: str = "",
    label: str = "as the alarm counts",
) -> Widget:
    """`rows` may be none. `unit`: as the rows' page has it, unless stated. `others`: what belongs beside them without
    an alarm; `label`: of a single row beside others. `colours`: word of an id -> colour of its line."""
    beside = list(others)
    return graph(
        title,
        [*beside, *_lines(rows, colours or {}, first=len(beside), label=label if beside else "")],
        region=region,
        unit=unit or (unit_of(rows[0]) if rows else ""),
        period_s=min((row.period_s for row in rows), default=60),
        marks=[*thresholds(rows), *marks],
        at_most=at_most,
        over=over,
    )


def thresholds(rows: Iterable[Alarm]) -> list[Mark]:
    """One red line a figure, and beside it for how long that must last. None for a band that CloudWatch learns."""
    lines: dict[tuple[str, float], Alarm] = {}
    for row in rows:
        if row.fires != _BAND:
            lines.setdefault((row.fires, row.threshold), row)
    return [
        Mark(value=threshold, label=f"alarm {fires} {_figure(row)}, {_lasting(row)}", colour=RED)
        for (fires, threshold), row in lines.items()
    ]


def unit_of(row: Alarm) -> str:
    of_row = (unit for end, unit in _UNITS_OF_ROWS.items() if row.id.endswith(end))
    return next(of_row, _UNITS.get(row.page, ""))


def short_labels(ids: Sequence[str]) -> list[str]:
    """Ids without words that all begin or end with: `blue`, `green` for `shop-blue-cpu`, `shop-green-cpu`."""
    words = [id.split("-") for id in ids]
    if len(words) < 2:
        return list(ids)
    shortest = min(map(len, words))
    head = next((n for n in range(shortest) if len({tuple(each[: n + 1]) for each in words}) > 1), shortest - 1)
    tail = next((n for n in range(shortest - head) if len({tuple(each[-n - 1 :]) for each in words}) > 1), 0)
    return [" ".join(each[head : len(each) - tail]) or id for each, id in zip(words, ids, strict=True)]


def _lines(rows: Sequence[Alarm], colours: Mapping[str, str], *, first: int, label: str) -> Iterator[Line]:
    """What each row watches; of a row that compares with what CloudWatch has learned, that band too. `first`: the
    number of the first line in its graph, from which math knows it."""
    number = first
    for row, name in zip(rows, _labels(rows, label), strict=True):
        colour = next((colour for word, colour in colours.items() if word in row.id.split("-")), "")
        yield Line(label=name, watch=row.watch, colour=colour, period_s=row.period_s)
        number += 1
        if row.fires == _BAND:
            band = Math(f"ANOMALY_DETECTION_BAND(e{number - 1}, {row.threshold:g})", {})
            yield Line(label="usual", watch=band, colour=GREY, period_s=row.period_s)
            number += 1


def _labels(rows: Sequence[Alarm], label: str) -> list[str]:
    if len(rows) != 1:
        return short_labels([row.id for row in rows])
    return [label or rows[0].id.removesuffix(f"-{rows[0].page}")]


def _alike(row: Alarm) -> tuple[str, str, float]:
    return row.page, row.fires, row.threshold


def _title(words: str) -> str:
    return words.replace("-", " ").capitalize()


def _figure(row: Alarm) -> str:
    match unit_of(row):
        case "bytes":
            return f"{row.threshold / _GIB:.3g} GiB"
        case "%":
            return f"{row.threshold:g} %"
        case "seconds":
            return f"{row.threshold:g} s"
    return f"{row.threshold:g}" if row.threshold < 1e6 else f"{row.threshold / 1e6:g} M"


def _lasting(row: Alarm) -> str:
    """For how long, as "3 min", or "2 of 3 min"."""
    enough, looked = row.datapoints
    of = "" if enough == looked else f"{enough} of "
    minutes = looked * row.period_s // 60
    if row.period_s == 60:
        return f"{of}{looked} min"
    if row.period_s < 3600:
        return f"{of}{looked} x {row.period_s // 60} min" if looked > 1 else f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"
