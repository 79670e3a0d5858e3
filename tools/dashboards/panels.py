"""A widget of a body -> what the page draws: numbers, no expressions. Everything CloudWatch's console would do with it.

Owns abbreviations, periods, time ranges and metric math of a widget. A widget, an option or an expression that is not
understood is a `PreviewError` that names it: an empty box would look like a quiet system.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tools.cloudwatch import metric_math
from tools.cloudwatch.series_math import Series

from . import markdown, samples
from .bodies import Body
from .errors import PreviewError
from .levels import Sampled
from .story import HOUR, NOW

_OPTIONS: Final = frozenset({"id", "expression", "label", "color", "visible", "yAxis", "period", "stat"})
_METRIC_PROPERTIES: Final = frozenset(
    {
        *("title", "region", "view", "stacked", "sparkline", "period", "yAxis", "metrics", "annotations"),
        *("start", "end"),
    }
)
_STATES: Final = ("ALARM", "INSUFFICIENT_DATA", "OK")
Panel = dict[str, Any]
States = Mapping[str, str]
"""An alarm's name -> `OK`, `ALARM` or `INSUFFICIENT_DATA`."""


@dataclass(frozen=True)
class _Entry:
    """One item of `metrics`, abbreviations spelled out."""

    metric: Sampled | None
    options: Mapping[str, Any]

    @property
    def visible(self) -> bool:
        return bool(self.options.get("visible", True))


def panels(body: Body, *, states: States) -> list[Panel]:
    """In the body's order, each with its place on the grid."""
    drawn = []
    for widget in body.widgets:
        properties = widget["properties"]
        where = f"{body.name}, widget {properties.get('title') or properties.get('markdown', '')[:30]!r}"
        place = {key: widget[key] for key in ("x", "y", "width", "height")}
        drawn.append(place | _panel(widget["type"], properties, body, where, states))
    return drawn


def _panel(type: str, properties: Mapping[str, Any], body: Body, where: str, states: States) -> Panel:
    match type:
        case "text":
            return {"type": "text", "html": markdown.html(properties["markdown"], where=where)}
        case "alarm":
            return _alarms(properties, where, states)
        case "metric":
            return _metrics(properties, body, where)
    raise _wrong(where, "type", type, "text, alarm, metric")


def _alarms(properties: Mapping[str, Any], where: str, states: States) -> Panel:
    shown = properties.get("states", _STATES)
    names = [arn.rpartition(":")[2] for arn in properties["alarms"]]
    if unknown := set(names) - states.keys():
        raise _wrong(where, "alarms", ", ".join(sorted(unknown)), "those of the templates")
    listed = [{"name": name, "state": str(states[name])} for name in names if states[name] in shown]
    listed.sort(key=lambda alarm: _STATES.index(alarm["state"]))
    return {"type": "alarm", "title": properties["title"], "alarms": listed, "of": len(names)}


def _metrics(properties: Mapping[str, Any], body: Body, where: str) -> Panel:
    if unknown := properties.keys() - _METRIC_PROPERTIES:
        raise _wrong(where, "properties", ", ".join(sorted(unknown)), ", ".join(sorted(_METRIC_PROPERTIES)))
    entries = _entries(properties["metrics"], where)
    start = _start(properties.get("start") or body.body["start"], where)
    widget = _Widget(entries, int(properties.get("period", 300)), start, where)
    lines = [line for number, entry in enumerate(entries) if entry.visible for line in widget.lines(number)]
    if not any(value is not None for line in lines for value in line["values"]):
        raise _wrong(where, "sample series", "no value", "at least one")
    common = {"title": properties["title"], "region": properties["region"], "hours": (NOW - start) // HOUR}
    match properties["view"]:
        case "singleValue":
            return {"type": "tile", "lines": lines, **common}
        case "timeSeries":
            axes = properties.get("yAxis", {})
            marks = properties.get("annotations", {}).get("horizontal", [])
            return {
                "type": "graph",
                "lines": lines,
                "stacked": properties.get("stacked", False),
                "axes": {
                    side: {"label": axis.get("label", ""), "max": axis.get("max"), "min": axis.get("min")}
                    for side, axis in axes.items()
                },
                "marks": [{"value": mark["value"], "label": mark["label"], "colour": mark["color"]} for mark in marks],
                **common,
            }
    raise _wrong(where, "view", properties["view"], "singleValue, timeSeries")


class _Widget:
    """The lines of one widget."""

    def __init__(self, entries: list[_Entry], period_s: int, start: int, where: str) -> None:
        self._entries, self._period_s, self._start, self._where = entries, period_s, start, where
        self._by_id = {entry.options["id"]: entry for entry in entries if "id" in entry.options}

    def lines(self, number: int) -> list[Panel]:
        """One; of a band two, drawn as an area."""
        entry = self._entries[number]
        period = self._period_of(entry)
        found = self._series(entry)
        times = list(range(*self._span(period)))
        return [
            {
                "label": entry.options["label"],
                "colour": entry.options["color"],
                "right": entry.options.get("yAxis") == "right",
                "period": period,
                "band": len(found) > 1,
                "times": times,
                "values": [None if value is None else float(f"{value:.5g}") for value in series],
            }
            for series in found
        ]

    def _series(self, entry: _Entry) -> list[Series]:
        period = self._period_of(entry)
        if entry.metric:
            start, end, _ = self._span(period)
            try:
                return [samples.series(entry.metric, start=start, end=end, period_s=period)]
            except KeyError as unknown:
                raise _wrong(self._where, "metric", str(unknown.args[0]), "a sample level in levels.py") from unknown
        expression = entry.options["expression"]
        try:
            names = metric_math.names(expression)
            if unknown_ids := names - self._by_id.keys():
                raise _wrong(self._where, "ids", ", ".join(sorted(unknown_ids)), ", ".join(sorted(self._by_id)))
            if periods := {self._period_of(self._by_id[name]) for name in names} - {period}:
                raise _wrong(self._where, f"periods in {expression!r}", str(sorted(periods)), f"{period} as its own")
            terms = {name: self._series(self._by_id[name])[0] for name in names}
            return metric_math.evaluate_all(expression, terms, period)
        except metric_math.MetricMathError as error:
            raise _wrong(self._where, "expression", str(error), "metric math that the preview knows") from error

    def _period_of(self, entry: _Entry) -> int:
        return int(entry.options.get("period", self._period_s))

    def _span(self, period: int) -> tuple[int, int, int]:
        """Whole periods, as CloudWatch aligns them; the one under way is left out."""
        return self._start // period * period, NOW // period * period, period


def _entries(metrics: list[list[Any]], where: str) -> list[_Entry]:
    entries = []
    above: list[str] = []
    for item in metrics:
        options = item[-1] if isinstance(item[-1], dict) else {}
        if unknown := options.keys() - _OPTIONS:
            raise _wrong(where, "options of a metric", ", ".join(sorted(unknown)), ", ".join(sorted(_OPTIONS)))
        names = [part for part in item if isinstance(part, str)]
        if not names:
            entries.append(_Entry(None, options))
            continue
        full = [above[place] if part == "." else part for place, part in enumerate(names)]
        namespace, name, *dimensions = full
        where_it_is = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
        entries.append(_Entry(Sampled(namespace, name, options["stat"], where_it_is), options))
        above = full
    return entries


def _start(text: str, where: str) -> int:
    found = re.fullmatch(r"-PT(\d+)H", text)
    if not found:
        raise _wrong(where, "start", text, "hours back, as -PT6H")
    return NOW - int(found[1]) * HOUR


def _wrong(where: str, what: str, given: str, allowed: str) -> PreviewError:
    return PreviewError(
        f"{where}: {what}", given=given, allowed=allowed, do="mend the widget, or teach tools/dashboards to draw it"
    )
