"""A CloudWatch dashboard, its body built here and handed over in one call.

Owns widgets and layout. Graphs are drawn from the alarm table's rows, with their thresholds as lines, so that
what wakes people and what they then see cannot differ.
"""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from .alarms import Alarm, Metric
from .rollout_alarms import ERRORS, REQUESTS, outcomes
from .watched import WatchedLoadBalancer

Widget = dict[str, Any]
"""A widget of the dashboard body, position left out (CloudWatch API, "Dashboard Body Structure and Syntax")."""

_COLUMNS: Final = 24
_TITLES: Final = {
    "cpu": "CPU, %",
    "memory": "Memory, %",
    "error-rate": "5xx of all requests, %",
    "cdn-error-rate": "CloudFront: 5xx of all requests, %",
    "latency": "Answer time p95, s",
    "below-minimum": "Instances missing",
    "database-storage": "Database: free bytes",
}


class Dashboard(Construct):
    """`name`: by which people find it. `start`: of what is shown at first, e.g. `-PT6H`."""

    def __init__(
        self, scope: Construct, id: str, *, name: str, widgets: Iterable[Widget], start: str = "-PT6H"
    ) -> None:
        super().__init__(scope, id)
        body = {"start": start, "periodOverride": "inherit", "widgets": list(_placed(widgets))}
        # Tokens survive json.dumps: they are names and ids, without a character that JSON would escape.
        cloudwatch.CfnDashboard(self, "Dashboard", dashboard_name=name, dashboard_body=json.dumps(body))


def text(markdown: str) -> Widget:
    """A line across the dashboard."""
    return {
        "type": "text",
        "width": _COLUMNS,
        "height": 2,
        "properties": {"markdown": markdown, "background": "transparent"},
    }


def alarm_states(title: str, arns: Sequence[str]) -> Widget:
    """The state of each alarm, those in alarm first. CloudWatch shows at most 100."""
    height = 2 + (len(arns) + 5) // 6
    properties = {"title": title, "alarms": list(arns), "sortBy": "stateUpdatedTimestamp"}
    return {"type": "alarm", "width": _COLUMNS, "height": height, "properties": properties}


def graphs(rows: Iterable[Alarm], *, region: str) -> list[Widget]:
    """One graph a page of the runbook: what its alarms watch, and where they fire."""
    by_page = groupby(sorted(rows, key=lambda row: row.page), key=lambda row: row.page)
    return [_graph(page, list(group), region) for page, group in by_page]


def traffic(balancers: Iterable[WatchedLoadBalancer], *, region: str) -> Widget:
    """Requests a minute, by load balancer."""
    lines = [
        _line(
            Metric("AWS/ApplicationELB", "RequestCount", "Sum", {"LoadBalancer": balancer.full_name}),
            60,
            label=balancer.title,
        )
        for balancer in balancers
    ]
    return _metrics("Requests a minute", region, lines)


def objectives(balancer: WatchedLoadBalancer, *, region: str, availability: float, latency_ms: int) -> Widget:
    """Availability, error budget left, and p95 of one load balancer, over the time range that is shown.

    `availability`: the objective, in percent. The error budget left is 100 % without an error and negative once
    the objective is missed.
    """
    where = {"LoadBalancer": balancer.full_name}
    failed = f"{ERRORS} / {REQUESTS}"
    allowed = round(1 - availability / 100, 6)
    lines = [
        [
            {
                "expression": f"100 * (1 - {failed})",
                "label": f"availability, % (objective {availability:g})",
                "id": "available",
            }
        ],
        [{"expression": f"100 * (1 - {failed} / {allowed:g})", "label": "error budget left, %", "id": "budget"}],
        _line(
            Metric("AWS/ApplicationELB", "TargetResponseTime", "p95", where),
            60,
            label=f"p95, s (objective {latency_ms / 1000:g})",
        ),
        *(_line(metric, 60, id=term, visible=False) for term, metric in outcomes(balancer).items()),
    ]
    widget = _metrics(f"Objectives of {balancer.title}, over the time shown", region, lines)
    widget["properties"] |= {"view": "singleValue", "setPeriodToTimeRange": True}
    return {**widget, "width": _COLUMNS // 2, "height": 4}


def _placed(widgets: Iterable[Widget]) -> Iterable[Widget]:
    x = y = tallest = 0
    for widget in widgets:
        if x + widget["width"] > _COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        yield {"x": x, "y": y, **widget}
        x, tallest = x + widget["width"], max(tallest, widget["height"])


def _metrics(title: str, region: str, lines: list[list[Any]]) -> Widget:
    properties = {"title": title, "region": region, "view": "timeSeries", "metrics": _abbreviated(lines)}
    return {"type": "metric", "width": 8, "height": 6, "properties": properties}


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


def _graph(page: str, rows: list[Alarm], region: str) -> Widget:
    lines = [line for number, row in enumerate(rows) for line in _lines(row, f"r{number}_")]
    widget = _metrics(_TITLES.get(page, page.replace("-", " ").capitalize()), region, lines)
    thresholds = sorted({row.threshold for row in rows})
    widget["properties"]["annotations"] = {
        "horizontal": [{"value": threshold, "label": "alarm", "color": "#d13212"} for threshold in thresholds]
    }
    return widget


def _lines(row: Alarm, prefix: str) -> list[list[Any]]:
    """What a row watches. Ids are unique in a widget, so math gets a prefix of its own."""
    if isinstance(row.watch, Metric):
        return [_line(row.watch, row.period_s, label=row.id)]
    expression = row.watch.expression
    for term in row.watch.terms:
        expression = re.sub(rf"\b{term}\b", prefix + term, expression)
    hidden = [_line(metric, row.period_s, id=prefix + term, visible=False) for term, metric in row.watch.terms.items()]
    return [[{"expression": expression, "label": row.id, "id": f"{prefix}result"}], *hidden]


def _line(metric: Metric, period_s: int, **options: Any) -> list[Any]:
    dimensions = [part for dimension in metric.dimensions.items() for part in dimension]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic, "period": period_s, **options}]
