"""What the week cost, and the month so far against its budget. Cost Explorer: 0.01 USD a call, two calls a report."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from .period import DAYS, Period
from .plan import Plan
from .section import Section, table, usd, wrapped

_METRIC: Final = "UnblendedCost"
"""As the budget counts."""
_SERVICES: Final = 5
_LONGEST: Final = 28
"""Characters of a service's name."""


@dataclass(frozen=True)
class Cost:
    """USD."""

    days: Mapping[date, Mapping[str, float]] = field(default_factory=dict)
    """Day (UTC) -> service -> cost."""
    to_come: float | None = None
    """From today to the month's end, by Cost Explorer's forecast; None: it has none."""


def section(client: Any, plan: Plan, period: Period) -> Section:
    filters = _filter(plan.tags)
    days: dict[date, Mapping[str, float]] = {}
    token: dict[str, str] = {}
    while True:  # the operation has no paginator
        answer = client.get_cost_and_usage(
            TimePeriod=_between(min(period.month, period.today - timedelta(days=2 * DAYS)), period.today),
            Granularity="DAILY",
            Metrics=[_METRIC],
            GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
            **filters,
            **token,
        )
        for entry in answer["ResultsByTime"]:
            day = date.fromisoformat(entry["TimePeriod"]["Start"])
            groups = {group["Keys"][0]: float(group["Metrics"][_METRIC]["Amount"]) for group in entry["Groups"]}
            days[day] = {**days.get(day, {}), **groups}
        if "NextPageToken" not in answer:
            break
        token = {"NextPageToken": answer["NextPageToken"]}
    return written(Cost(days, _to_come(client, period, filters)), plan, period)


def _to_come(client: Any, period: Period, filters: dict[str, Any]) -> float | None:
    """Without weeks of history there is no forecast, and the rest of the figures is as good."""
    try:
        answer = client.get_cost_forecast(
            TimePeriod=_between(period.today, period.next_month),
            Metric="UNBLENDED_COST",
            Granularity="MONTHLY",
            **filters,
        )
    except client.exceptions.DataUnavailableException:
        return None
    return float(answer["Total"]["Amount"])


def _between(start: date, end: date) -> dict[str, str]:
    return {"Start": start.isoformat(), "End": end.isoformat()}


def _filter(tags: Mapping[str, str]) -> dict[str, Any]:
    """All of the tags: an `And` needs two."""
    each = [{"Tags": {"Key": key, "Values": [value], "MatchOptions": ["EQUALS"]}} for key, value in tags.items()]
    if not each:
        return {}
    return {"Filter": {"And": each} if len(each) > 1 else each[0]}


def written(cost: Cost, plan: Plan, period: Period) -> Section:
    def total(start: date, end: date) -> dict[str, float]:
        services: dict[str, float] = defaultdict(float)
        for day, groups in cost.days.items():
            if start <= day < end:
                for service, amount in groups.items():
                    services[service] += amount
        return services

    today = period.today
    week_start = today - timedelta(days=DAYS)
    week, before = total(week_start, today), total(week_start - timedelta(days=DAYS), week_start)
    month = sum(total(period.month, today).values())
    if plan.tags and not any(cost.days.values()):
        names = " and ".join(plan.tags)
        return Section(
            "Cost",
            tuple(
                wrapped(f"Nothing carries the tags {names}: activate them as cost allocation tags (runbook: budget)")
            ),
            ("cost is unknown: its tags are not active",),
        )
    rows = [("USD", "7 days", "before")]
    rows.append(("all", usd(sum(week.values())), usd(sum(before.values()))))
    largest = sorted(week, key=lambda service: (-week[service], service))[:_SERVICES]
    rows += [(_short(name), usd(week[name]), usd(before.get(name, 0))) for name in largest if week[name] >= 0.005]
    share = 100 * month / plan.budget_usd
    lines = [*table(rows), "", f"Month so far {usd(month)} of {usd(plan.budget_usd)} ({share:.0f} %)"]
    attention = []
    if month > plan.budget_usd:
        attention.append("this month's budget is spent")
    if cost.to_come is None:
        lines.append("Forecast: not available yet")
    else:
        expected = month + cost.to_come
        lines.append(f"Forecast {usd(expected)} ({100 * expected / plan.budget_usd:.0f} %)")
        if expected > plan.budget_usd >= month:
            attention.append(f"this month is expected to cost {usd(expected)} of {usd(plan.budget_usd)} USD")
    lines.append("Days in UTC; the last one may still grow.")
    return Section("Cost", tuple(lines), tuple(attention))


def _short(service: str) -> str:
    name = service.removeprefix("Amazon ").removeprefix("AWS ")
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 2].rstrip()}.."
