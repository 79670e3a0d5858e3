"""Widgets as CloudWatch's JSON, and their places on its grid ("Dashboard Body Structure and Syntax").

Owns spelling and layout. What is shown is decided in the module of each dashboard.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..alarms import Math, Metric

Widget = dict[str, Any]
"""A widget of the body; without a position until `placed`."""

COLUMNS: Final = 24
DAYS_30: Final = "-PT720H"
"""A widget's own time range, whatever the dashboard shows."""

# Of CloudWatch's own palette, so that a graph looks the same in the console's editor. Red is an alarm's alone.
BLUE, GREEN, ORANGE, PURPLE, GREY, TEAL = "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#7f7f7f", "#17becf"
RED: Final = "#d13212"
PALETTE: Final = (BLUE, ORANGE, GREEN, PURPLE, TEAL, "#8c564b", "#e377c2", GREY, "#bcbd22")
"""In order of lines, where a line states no colour of its own."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one line of a graph, or one value of a tile, shows."""

    label: str
    watch: Metric | Math
    colour: str = ""
    """Empty: the next of `PALETTE`."""
    period_s: int = 0
    """0: the widget's."""
    right: bool = False
    """Measured on the right axis."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A horizontal line that means something."""

    value: float
    label: str
    colour: str = GREY


def text(markdown: str, *, height: int) -> Widget:
    """Across the dashboard. `height`: in rows of the grid; a heading takes 1, two lines below it 2."""
    return {
        "type": "text",
        "width": COLUMNS,
        "height": height,
        "properties": {"markdown": markdown, "background": "transparent"},
    }


def heading(title: str, look: str) -> Widget:
    """Begins a section: what it shows, and what to look at in it."""
    return text(f"## {title}\n{look}", height=2)


def alarm_states(title: str, arns: Sequence[str], *, only: Sequence[str] = ()) -> Widget:
    """The state of each alarm, latest change first. `only`: states that are shown; none: all.

    CloudWatch shows at most 100.
    """
    properties: dict[str, Any] = {"title": title, "alarms": list(arns), "sortBy": "stateUpdatedTimestamp"}
    if only:
        properties["states"] = list(only)
    return {"type": "alarm", "properties": properties}


def graph(
    title: str,
    lines: Iterable[Line],
    *,
    region: str,
    unit: str,
    period_s: int = 60,
    marks: Iterable[Mark] = (),
    right_unit: str = "",
    stacked: bool = False,
    at_least: float | None = 0,
    at_most: float | None = None,
    over: str = "",
) -> Widget:
    """Lines over time. `unit`, `right_unit`: labels of the axes. `at_least`, `at_most`: where the left axis ends, as at
    100 %; None: where the values do.

    `over`: a time range of its own, from then to now; empty: the dashboard's.
    """
    left: dict[str, Any] = {"label": unit, "showUnits": False}
    left |= {end: value for end, value in (("min", at_least), ("max", at_most)) if value is not None}
    axes = {"left": left}
    if right_unit:
        axes["right"] = {"label": right_unit, "showUnits": False, "min": 0}
    properties: dict[str, Any] = {
        "title": title,
        "region": region,
        "view": "timeSeries",
        "stacked": stacked,
        "period": period_s,
        "yAxis": axes,
        "metrics": _metrics(list(lines), period_s),
    }
    if drawn := [{"value": mark.value, "label": mark.label, "color": mark.colour} for mark in marks]:
        properties["annotations"] = {"horizontal": drawn}
    return {"type": "metric", "properties": properties | _range(over)}


def tile(title: str, lines: Iterable[Line], *, region: str, period_s: int = 300, over: str = "") -> Widget:
    """The latest value of each line, and below it how it came there. `over`: as in `graph`."""
    properties = {
        "title": title,
        "region": region,
        "view": "singleValue",
        "sparkline": True,
        "period": period_s,
        "metrics": _metrics(list(lines), period_s),
    }
    return {"type": "metric", "properties": properties | _range(over)}


def spread(widgets: Sequence[Widget], *, height: int, most: int) -> list[Widget]:
    """In as few rows as hold them, `most` in each at most, evenly filled over the whole width; one alone takes half."""
    rows = -(-len(widgets) // most)
    spaced = []
    for row in range(rows):
        members = widgets[row * len(widgets) // rows : (row + 1) * len(widgets) // rows]
        for number, widget in enumerate(members, start=1):
            parts = max(len(members), 2)
            width = number * COLUMNS // parts - (number - 1) * COLUMNS // parts
            spaced.append({**widget, "width": width, "height": height})
    return spaced


def tiles(*widgets: Widget) -> list[Widget]:
    return spread(widgets, height=4, most=6)


def graphs(*widgets: Widget) -> list[Widget]:
    return spread(widgets, height=6, most=3)


def placed(widgets: Iterable[Widget]) -> Iterator[Widget]:
    """From left to right, row by row."""
    x = y = tallest = 0
    for widget in widgets:
        if x + widget["width"] > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        yield {"x": x, "y": y, **widget}
        x, tallest = x + widget["width"], max(tallest, widget["height"])


def _range(over: str) -> dict[str, str]:
    return {"start": over, "end": "P0D"} if over else {}


def _metrics(lines: list[Line], period_s: int) -> list[list[Any]]:
    """Every line, then what its math is made of, hidden; a metric that several lines need is there once."""
    shown: list[list[Any]] = []
    hidden: list[tuple[Metric, int]] = []
    free = (colour for colour in PALETTE * len(lines) if colour not in {line.colour for line in lines})
    for number, line in enumerate(lines):
        options: dict[str, Any] = {"label": line.label, "color": line.colour or next(free)}
        if line.right:
            options["yAxis"] = "right"
        period = {} if line.period_s in (0, period_s) else {"period": line.period_s}
        if isinstance(line.watch, Metric):
            shown.append(_metric(line.watch, period | options))
            continue
        expression = _renamed(line.watch, line.period_s or period_s, hidden)
        shown.append([{"expression": expression, "id": f"e{number}", **period, **options}])
    for number, (metric, own_s) in enumerate(hidden):
        period = {} if own_s == period_s else {"period": own_s}
        shown.append(_metric(metric, {"id": f"m{number}", "visible": False} | period))
    return _abbreviated(shown)


def _renamed(math: Math, period_s: int, hidden: list[tuple[Metric, int]]) -> str:
    """The expression over the widget's ids; adds to `hidden` what it is the first to need."""
    ids = {}
    for term, metric in math.terms.items():
        if (metric, period_s) not in hidden:
            hidden.append((metric, period_s))
        ids[term] = f"m{hidden.index((metric, period_s))}"
    return re.sub(r"[A-Za-z_]\w*", lambda name: ids.get(name[0], name[0]), math.expression)


def _metric(metric: Metric, options: dict[str, Any]) -> list[Any]:
    dimensions = [part for dimension in metric.dimensions.items() for part in dimension]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic, **options}]


def _abbreviated(lines: list[list[Any]]) -> list[list[Any]]:
    """A part that repeats the line above becomes `.`: a third of the body, and of its references to other stacks."""
    short: list[list[Any]] = []
    above: list[str] = []
    for line in lines:
        names = [part for part in line if isinstance(part, str)]
        if len(names) == len(above):
            parts = ["." if part == other else part for part, other in zip(names, above, strict=True)]
        else:
            parts = names
        short.append([*parts, *line[len(names) :]])
        above = names
    return short
