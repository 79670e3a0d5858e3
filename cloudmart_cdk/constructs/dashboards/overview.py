"""The dashboard of whoever is paged: what is in alarm, whether users are served, how much error budget is left."""

from collections.abc import Sequence
from typing import Final

from ...settings.topology import EDGE_REGION
from ..alarms import Alarm, Metric, alarm_name
from ..alarms.table import Area
from ..watched import Watched, WatchedLoadBalancer
from . import slo
from .alarm_rows import AlarmRows, alarm_graph
from .place import Place
from .widgets import (
    BLUE,
    DAYS_30,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    Line,
    Mark,
    Widget,
    alarm_states,
    graph,
    graphs,
    heading,
    tile,
    tiles,
)

OBJECTIVE_PAGES: Final = ("error-budget",)
"""Pages of alarms on the objectives themselves, which are drawn here and not with what they are about."""
_COLOURS: Final = {"shop": BLUE, "tiketi": PURPLE}
_WINDOWS: Final = {"5m": (300, GREY), "30m": (1800, GREEN), "1h": (3600, ORANGE), "6h": (21600, BLUE)}


def overview(areas: Sequence[Area], watched: Watched, rows: Sequence[Alarm], *, place: Place) -> list[Widget]:
    """`rows`: alarms that are on no other dashboard."""
    left = AlarmRows(rows)
    balancers = [balancer for balancer in (watched.shop, watched.tiketi) if balancer]
    widgets = _alarms(areas, place)
    for balancer in balancers:
        widgets += _objectives(balancer, left, place)
    if traffic := _traffic(watched, balancers, place):
        widgets += [heading("Traffic", "Less than usual: an outage before us. More: a sale, or an attack."), *traffic]
    if rest := left.rest(region=place.region):
        widgets += [heading("Other alarms", "NAT gateways, and what is on no other dashboard."), *graphs(*rest)]
    return widgets


def _alarms(areas: Sequence[Area], place: Place) -> list[Widget]:
    pages = [area.page.id for area in areas if area.page]
    ids = [row.id for area in areas for row in (*area.steering, *area.own)]
    ids += [row.id for area in areas for row in area.together]
    if not ids:
        return []
    widgets = []
    if pages:
        widgets.append({**alarm_states("Pages, one an area", _arns(pages, place)), "width": 8, "height": 3})
    broken = alarm_states("In alarm or without data", _arns(ids, place), only=("ALARM", "INSUFFICIENT_DATA"))
    return [*widgets, {**broken, "width": 16 if pages else 24, "height": 3}]


def _arns(ids: Sequence[str], place: Place) -> list[str]:
    return [
        f"arn:aws:cloudwatch:{place.region}:{place.account}:alarm:{alarm_name(place.prefix, alarm)}" for alarm in ids
    ]


def _objectives(balancer: WatchedLoadBalancer, left: AlarmRows, place: Place) -> list[Widget]:
    """Of one workload, at its load balancer."""
    title, region, goal = balancer.title, place.region, place.availability
    burn = slo.burn_rate(balancer, goal)
    latency = Mark(value=place.latency_ms / 1000, label=f"objective {place.latency_ms} ms", colour=GREEN)
    p95 = Line(label="p95, s", watch=slo.percentile(balancer, "p95"), colour=BLUE)
    return [
        heading(
            title.capitalize(),
            f"Objectives: {goal:g} % of requests without 5xx, p95 within {place.latency_ms} ms. Budget left below 0: "
            "the objective of these 30 days is missed. Burn rate 1: just met; 14.4: the budget is gone in two days.",
        ),
        *tiles(
            tile(
                "Availability, 30 days",
                [Line(label=f"% (objective {goal:g})", watch=slo.availability_so_far(balancer), colour=GREEN)],
                region=region,
                period_s=slo.HOUR,
                over=DAYS_30,
            ),
            tile(
                "Error budget left, 30 days",
                [Line(label="%", watch=slo.budget_left(balancer, goal), colour=GREEN)],
                region=region,
                period_s=slo.HOUR,
                over=DAYS_30,
            ),
            tile("Burn rate, 1 h", [Line(label="times", watch=burn, colour=ORANGE)], region=region, period_s=slo.HOUR),
            tile("Failed requests", [Line(label="%", watch=slo.error_rate(balancer), colour=ORANGE)], region=region),
            tile("Answer time", [p95], region=region),
            tile(
                "Requests a minute",
                [Line(label="requests", watch=slo.requests(balancer), colour=_COLOURS[title])],
                region=region,
                period_s=60,
            ),
        ),
        *graphs(
            _burning(balancer, left, place),
            graph(
                "Error budget left over 30 days",
                [Line(label="%", watch=slo.budget_left(balancer, goal), colour=GREEN)],
                region=region,
                unit="%",
                period_s=slo.HOUR,
                marks=[Mark(value=0, label="objective missed below", colour=ORANGE)],
                at_least=None,
                at_most=100,
                over=DAYS_30,
            ),
            graph("Answer time p95", [p95], region=region, unit="seconds", period_s=300, marks=[latency]),
            *_by_day(balancer, left, region),
        ),
    ]


def _burning(balancer: WatchedLoadBalancer, left: AlarmRows, place: Place) -> Widget:
    """By the windows that page; where no alarm is on them, by the same windows all the same."""
    rows = left.take("error-budget", starting=f"{balancer.title}-budget", ending=tuple(_WINDOWS))
    burn = slo.burn_rate(balancer, place.availability)
    lines = [
        Line(label=window, watch=burn, colour=colour, period_s=seconds)
        for window, (seconds, colour) in _WINDOWS.items()
    ]
    return alarm_graph(
        "Burn rate, by window",
        rows,
        region=place.region,
        unit="times",
        others=[] if rows else lines,
        colours={window: colour for window, (_, colour) in _WINDOWS.items()},
    )


def _by_day(balancer: WatchedLoadBalancer, left: AlarmRows, region: str) -> list[Widget]:
    """What smoulders: too little for a page, too much for three days."""
    return [
        alarm_graph(title, rows, region=region, over=DAYS_30)
        for title, end in (("Burn rate, by day", "-budget-3d"), ("Slow answers, by day", "-latency-3d"))
        if (rows := left.take("error-budget", starting=f"{balancer.title}-", ending=end))
    ]


def _traffic(watched: Watched, balancers: Sequence[WatchedLoadBalancer], place: Place) -> list[Widget]:
    drawn = []
    if balancers:
        lines = [
            Line(label=balancer.title, watch=slo.requests(balancer), colour=_COLOURS[balancer.title])
            for balancer in balancers
        ]
        drawn.append(graph("Requests a minute, by load balancer", lines, region=place.region, unit="requests"))
    if watched.distribution:
        where = {"DistributionId": watched.distribution.id, "Region": "Global"}
        viewers = Line(label="CloudFront", watch=Metric("AWS/CloudFront", "Requests", "Sum", where), colour=ORANGE)
        failed = Line(label="5xx, %", watch=Metric("AWS/CloudFront", "5xxErrorRate", "Average", where), right=True)
        drawn.append(
            graph(
                "Requests a minute, by viewers",
                [viewers, failed],
                region=EDGE_REGION,
                unit="requests",
                right_unit="%",
            )
        )
    return graphs(*drawn)
