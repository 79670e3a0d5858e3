"""What alarms, dashboards, objectives, canaries and web ACLs cost.

Owns how many of what is billed: an alarm by the metrics that it watches, a dashboard beyond the account's first three.
"""

import re
from collections.abc import Iterator
from typing import Final

from ..policy.model import MISSING, Deployment, Resource, as_list
from ..policy.rule import shown
from .charge import MONTH_HOURS, Charge, Unpriced, times

_BAND: Final = 3
"""Metrics for which one in a band is billed: itself and the band's two bounds (CloudWatch pricing)."""
_FREE_DASHBOARDS: Final = 3
"""Of an account (CloudWatch pricing, free tier): no other stage is taken to be in it."""
_SIGNALS: Final = 2
"""Application signals that an objective makes each minute (CloudWatch pricing, Application Signals)."""
_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AN_HOUR: Final = {"minute": 60.0, "hour": 1.0, "day": 1 / 24}


def alarm(resource: Resource, _: Deployment) -> Iterator[Charge]:
    """By metric; one on a learned band as three. Periods below a minute, which cost three times, nobody has."""
    queries = resource.items("Metrics")
    metrics = sum("MetricStat" in query for query in queries if isinstance(query, dict)) or 1
    periods = [resource.get("Period"), *(period for _, period in resource.at("Metrics[].MetricStat.Period"))]
    if any(period in (10, 20, 30, "10", "20", "30") for period in periods):
        raise Unpriced(resource, "a period below 60 s", "60 s and more: that is a high-resolution alarm", "lengthen it")
    if resource.get("ThresholdMetricId") is not MISSING:
        yield Charge("cloudwatch.alarm", metrics * _BAND, "alarm on a band", per="month")
    else:
        yield Charge("cloudwatch.alarm", metrics, f"alarm on {times(metrics, 'metric')}", per="month")


def composite(_: Resource, __: Deployment) -> Iterator[Charge]:
    yield Charge("cloudwatch.composite", 1, "composite alarm", per="month")


def dashboard(resource: Resource, app: Deployment) -> Iterator[Charge]:
    """The first three of an account are free: in the order of the templates."""
    ids = list(dict.fromkeys((other.stack, other.logical_id) for other in app.of(resource.type)))
    if ids.index((resource.stack, resource.logical_id)) >= _FREE_DASHBOARDS:
        yield Charge("cloudwatch.dashboard", 1, "dashboard", per="month")


def objective(_: Resource, __: Deployment) -> Iterator[Charge]:
    signals = _SIGNALS * 60 / 1_000_000
    yield Charge("cloudwatch.signals", signals, f"{_SIGNALS} signals a minute", "usage")


def canary(resource: Resource, _: Deployment) -> Iterator[Charge]:
    """Each run, by its rate."""
    found = _RATE.fullmatch(str(resource.get("Schedule.Expression")))
    if not found or not int(found[1]):  # rate(0 minutes) runs once
        given = f"Schedule.Expression {shown(resource.get('Schedule.Expression'))}"
        raise Unpriced(resource, given, "rate(5 minutes) and the like", "state a rate")
    runs = _AN_HOUR[found[2]] / int(found[1])
    yield Charge("cloudwatch.canary", runs, f"{runs * MONTH_HOURS:,.0f} visits a month", "usage")


def secret(resource: Resource, _: Deployment) -> Iterator[Charge]:
    """Each copy in another region is a secret too."""
    count = 1 + len(resource.items("ReplicaRegions"))
    yield Charge("secrets.secret", count, times(count, "secret"), "apart", "month")


def web_acl(resource: Resource, _: Deployment) -> Iterator[Charge]:
    """The ACL and each rule or group of rules in it, apart; managed rules of AWS's own have no price beyond."""
    rules = len(as_list(resource.items("Rules")))
    yield Charge("waf.acl", 1, "web ACL", "apart", "month")
    yield Charge("waf.rule", rules, times(rules, "rule of a web ACL"), "apart", "month")
