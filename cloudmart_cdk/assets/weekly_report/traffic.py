"""Availability, error budget, latency and requests of each workload, from hourly figures of CloudWatch.

Sums of hours are exact. A p95 of a week cannot be had from those of its hours: the report says the median hour and the
worst one, and in how many hours the objective was missed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final

from .period import BUDGET_DAYS, SEOUL, Period
from .plan import Plan, Workload
from .section import Section, count, percent, table

TITLE: Final = "Availability and latency"
_HOUR: Final = 3600
_ERRORS, _REQUESTS, _LATENCY = "errors", "requests", "latency"

Hours = Mapping[datetime, float]


@dataclass(frozen=True)
class Span:
    """What happened between two moments."""

    errors: float = 0
    requests: float = 0
    p95_ms: Mapping[datetime, float] = field(default_factory=dict)
    """Hour -> p95 of its answers; hours without answers are not there."""

    @property
    def availability(self) -> float | None:
        """Percent of the requests that did not fail; None without requests."""
        return 100 * (1 - min(1.0, self.errors / self.requests)) if self.requests > 0 else None


@dataclass(frozen=True)
class Figures:
    """Of one workload."""

    title: str
    week: Span
    before: Span
    month: Span


def budget_left(span: Span, objective: float) -> float | None:
    """Percent of the errors that `objective` (percent) allows and that have not happened; negative: overspent.

    None without requests.
    """
    allowed = span.requests * (1 - objective / 100)
    return 100 * (1 - span.errors / allowed) if allowed > 0 else None


def section(client: Any, plan: Plan, period: Period) -> Section:
    """`client`: CloudWatch's. Raises what it raises."""
    return written([figures(client, workload, period) for workload in plan.workloads], plan)


def figures(client: Any, workload: Workload, period: Period) -> Figures:
    hours = _read(client, workload, min(period.budget_start, period.before), period.end)
    return Figures(
        workload.title,
        week=_span(hours, period.start, period.end),
        before=_span(hours, period.before, period.start),
        month=_span(hours, period.budget_start, period.end),
    )


def queries(workload: Workload) -> list[dict[str, Any]]:
    """For GetMetricData: the terms, and the two expressions over them."""
    dimensions = [{"Name": name, "Value": value} for name, value in workload.dimensions.items()]
    terms = [
        {
            "Id": id,
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions},
                "Period": _HOUR,
                "Stat": statistic,
            },
            "ReturnData": id == workload.latency,
        }
        for id, (namespace, metric, statistic) in workload.terms.items()
    ]
    expressions = {"sum_of_errors": workload.errors, "sum_of_requests": workload.requests}
    return [
        *({"Id": id, "Expression": text, "Period": _HOUR, "ReturnData": True} for id, text in expressions.items()),
        *terms,
    ]


def _read(client: Any, workload: Workload, start: datetime, end: datetime) -> dict[str, dict[datetime, float]]:
    names = {"sum_of_errors": _ERRORS, "sum_of_requests": _REQUESTS, workload.latency: _LATENCY}
    found: dict[str, dict[datetime, float]] = {name: {} for name in names.values()}
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries(workload), StartTime=start, EndTime=end
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            if result.get("StatusCode") in ("InternalError", "Forbidden"):
                messages = "; ".join(message.get("Value", "") for message in result.get("Messages", ()))
                raise RuntimeError(f"{result['Id']}: {result['StatusCode']} {messages}".strip())
            if result["Id"] in names:
                found[names[result["Id"]]].update(zip(result["Timestamps"], result["Values"], strict=True))
    return found


def _span(hours: Mapping[str, Hours], start: datetime, end: datetime) -> Span:
    def within(name: str) -> dict[datetime, float]:
        return {hour: value for hour, value in hours[name].items() if start <= hour.astimezone(UTC) < end}

    return Span(
        errors=sum(within(_ERRORS).values()),
        requests=sum(within(_REQUESTS).values()),
        p95_ms={hour: 1000 * value for hour, value in within(_LATENCY).items()},
    )


def written(every: Iterable[Figures], plan: Plan) -> Section:
    every = list(every)
    attention: list[str] = []
    rows = [("7 days", "available", "before", "requests", "before")]
    budgets = [(f"{BUDGET_DAYS} days", "available", "budget left")]
    latency = [("p95, ms", "median hour", "before", "worst", "hours over")]
    moments: list[str] = []
    for each in every:
        week, before = each.week, each.before
        rows.append(
            (
                each.title,
                percent(week.availability),
                percent(before.availability),
                count(week.requests),
                count(before.requests),
            )
        )
        left = budget_left(each.month, plan.availability)
        budgets.append((each.title, percent(each.month.availability), percent(left, 1)))
        over = [hour for hour, value in week.p95_ms.items() if value > plan.latency_ms]
        worst = max(week.p95_ms, key=lambda hour: week.p95_ms[hour], default=None)
        latency.append(
            (
                each.title,
                _typical(week.p95_ms),
                _typical(before.p95_ms),
                "-" if worst is None else f"{week.p95_ms[worst]:.0f}",
                f"{len(over)} of {len(week.p95_ms)}",
            )
        )
        if worst is not None and over:
            at = worst.astimezone(SEOUL)
            moments.append(f"{each.title}: worst hour {at:%a %d %b %H}:00 to {at + timedelta(hours=1):%H}:00 KST")
        if week.availability is not None and week.availability < plan.availability:
            attention.append(
                f"{each.title} was {percent(week.availability)} available; objective {plan.availability:g} %"
            )
        if left is not None and left <= 0:
            attention.append(f"{each.title} has spent its error budget of {BUDGET_DAYS} days")
    objectives = f"Objectives: {plan.availability:g} % of requests, p95 within {plan.latency_ms:g} ms"
    lines = [objectives, "", *table(rows), "", *table(budgets), "", *table(latency), *moments]
    return Section(TITLE, tuple(lines), tuple(attention))


def _typical(p95_ms: Mapping[datetime, float]) -> str:
    return f"{median(p95_ms.values()):.0f}" if p95_ms else "-"
