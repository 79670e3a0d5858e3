"""Service level objectives in CloudWatch Application Signals: availability and latency per load balancer. Section 7.

Owns goals, windows and what counts. On the load balancers' own metrics ("You can also set SLOs against any CloudWatch
metric or math expression", API reference, CreateServiceLevelObjective). So nothing is instrumented, and the account is
not enabled as a whole: `AWS::ApplicationSignals::Discovery` is one an account, for services that send Application
Signals, whose log group is one an account too and no stage's to own. The service-linked role that reads the metrics is
made with an account's first objective, and stays, as such roles do.

Both count requests rather than periods: a quiet night neither earns nor spends budget, and one bad minute at noon costs
what it cost customers. Here is the record; the burn-rate alarms page.

Application Signals takes 1.50 USD for a million signals; an objective on a metric makes two a period (CloudWatch
pricing): 86,400 a month with periods of a minute, 0.13 USD an objective.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import aws_applicationsignals as signals
from constructs import Construct

from . import off_hours
from .alarms import Math, Metric
from .alarms.rollout import ERRORS, REQUESTS, outcomes
from .watched import WatchedLoadBalancer

DAYS: Final = 30
"""The rolling window of goal and budget."""
LOOK_BACK_MINUTES: Final = (5, 30, 60, 360, 4320)
"""Windows of the burn rates that are charted: those of the burn-rate alarms (SRE workbook, "Alerting on SLOs")."""
_FAST_PERCENT: Final = 95.0
"""p95 within the objective: so many of a hundred answers are."""
_WARNING_PERCENT: Final = 30.0
"""Of the budget left, from which on the console warns."""
_MINUTE: Final = 60
_SEOUL_AHEAD: Final = 9
"""Hours, all year."""
_Slo = signals.CfnServiceLevelObjective


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Of all that `total` counts, `goal` percent are good. `good`, or `bad`, counts those that are, or are not."""

    id: str
    says: str
    goal: float
    total: Metric | Math
    good: Metric | None = None
    bad: Math | None = None


def objectives(balancer: WatchedLoadBalancer, *, availability: float, latency_ms: int) -> tuple[Objective, Objective]:
    """`availability`: percent of requests without 5xx. `latency_ms`: what 95 of 100 answers stay within."""
    title, terms = balancer.title, outcomes(balancer)

    def answers(statistic: str) -> Metric:
        return Metric("AWS/ApplicationELB", "TargetResponseTime", statistic, {"LoadBalancer": balancer.full_name})

    return (
        Objective(
            id=f"{title}-availability",
            says=f"{availability:g} % of requests to {title} are answered without 5xx",
            goal=availability,
            total=_math(REQUESTS, terms),
            bad=_math(ERRORS, terms),
        ),
        Objective(
            id=f"{title}-latency",
            says=f"{_FAST_PERCENT:g} % of the answers of {title} take at most {latency_ms} ms",
            goal=_FAST_PERCENT,
            total=answers("SampleCount"),
            # Trimmed count: the answers up to the objective (CloudWatch guide, "CloudWatch statistics definitions").
            good=answers(f"TC(:{latency_ms / 1000:g})"),
        ),
    )


class ServiceObjectives(Construct):
    """`<prefix>-<id>` for each of `rows`. `asleep`: the stage sleeps at night and at weekends; what is asked for then
    counts in none."""

    def __init__(self, scope: Construct, id: str, *, rows: Iterable[Objective], prefix: str, asleep: bool) -> None:
        super().__init__(scope, id)
        for row in rows:
            _Slo(
                self,
                row.id,
                name=f"{prefix}-{row.id}",
                description=row.says,
                request_based_sli=_Slo.RequestBasedSliProperty(
                    request_based_sli_metric=_Slo.RequestBasedSliMetricProperty(
                        total_request_count_metric=_queries("total", row.total),
                        monitored_request_count_metric=_Slo.MonitoredRequestCountMetricProperty(
                            good_count_metric=_queries("good", row.good), bad_count_metric=_queries("bad", row.bad)
                        ),
                    )
                ),
                goal=_Slo.GoalProperty(
                    attainment_goal=row.goal,
                    warning_threshold=_WARNING_PERCENT,
                    interval=_Slo.IntervalProperty(
                        rolling_interval=_Slo.RollingIntervalProperty(duration=DAYS, duration_unit="DAY")
                    ),
                ),
                burn_rate_configurations=[
                    _Slo.BurnRateConfigurationProperty(look_back_window_minutes=minutes)
                    for minutes in LOOK_BACK_MINUTES
                ],
                exclusion_windows=_nights() if asleep else None,
            )


def _math(expression: str, terms: Mapping[str, Metric]) -> Math:
    """With the terms that it uses: CloudWatch refuses others."""
    return Math(expression, {term: metric for term, metric in terms.items() if f"({term}," in expression})


def _queries(id: str, count: Metric | Math | None) -> list[Any] | None:
    """`id`: of the count; one of its own in an objective, because its two counts are asked for together."""
    if count is None:
        return None
    if isinstance(count, Metric):
        return [_query(id, count, returned=True)]
    return [
        _Slo.MetricDataQueryProperty(id=id, expression=count.expression, return_data=True),
        *(_query(term, metric, returned=False) for term, metric in count.terms.items()),
    ]


def _query(id: str, metric: Metric, *, returned: bool) -> Any:
    dimensions = [_Slo.DimensionProperty(name=name, value=value) for name, value in metric.dimensions.items()]
    return _Slo.MetricDataQueryProperty(
        id=id,
        metric_stat=_Slo.MetricStatProperty(
            metric=_Slo.MetricProperty(namespace=metric.namespace, metric_name=metric.name, dimensions=dimensions),
            period=_MINUTE,
            stat=metric.statistic,
        ),
        return_data=returned,
    )


def _nights() -> list[Any]:
    """Four nights, and the weekend from Friday's evening on; cron expressions are in UTC."""
    night = 24 - off_hours.EVENING + off_hours.MORNING
    return [
        _Slo.ExclusionWindowProperty(
            reason="Off-hours: the stage sleeps",
            window=_Slo.WindowProperty(duration=hours, duration_unit="HOUR"),
            recurrence_rule=_Slo.RecurrenceRuleProperty(
                expression=f"cron(0 {off_hours.EVENING - _SEOUL_AHEAD} ? * {days} *)"
            ),
        )
        for days, hours in (("MON-THU", night), ("FRI", night + 48))
    ]
