"""What a service-level objective looks like on a dashboard: availability, burn rate, what is left of the error budget.

Over 30 days by running sums of hourly values: a tile shows a series' last value, and no period longer than an hour is
asked for. With the objective at 99.9 % a burn rate of 1 spends the whole budget in 30 days, one of 14.4 in two days
(Google, SRE workbook, "Alerting on SLOs").
"""

from typing import Final

from ..alarms import Math, Metric
from ..alarms.rollout import ERRORS, REQUESTS, outcomes
from ..watched import WatchedLoadBalancer

HOUR: Final = 3600


def allowed(availability: float) -> float:
    """The share of requests that may fail; `availability`: the objective, in percent."""
    return round(1 - availability / 100, 6)


def error_rate(balancer: WatchedLoadBalancer) -> Math:
    """Percent of requests, however few they are."""
    return Math(f"100 * {ERRORS} / {REQUESTS}", outcomes(balancer))


def availability_so_far(balancer: WatchedLoadBalancer) -> Math:
    """Percent, since the beginning of the time that is shown."""
    return Math(f"100 * (1 - RUNNING_SUM({ERRORS}) / RUNNING_SUM({REQUESTS}))", outcomes(balancer))


def budget_left(balancer: WatchedLoadBalancer, availability: float) -> Math:
    """Percent of what the requests of the time shown allow; below 0 the objective is missed."""
    return Math(
        f"100 * (1 - RUNNING_SUM({ERRORS}) / (SUM({REQUESTS}) * {allowed(availability):g}))", outcomes(balancer)
    )


def burn_rate(balancer: WatchedLoadBalancer, availability: float) -> Math:
    """How many times faster than allowed the budget goes; over the period of its terms."""
    return Math(f"{ERRORS} / {REQUESTS} / {allowed(availability):g}", outcomes(balancer))


def percentile(balancer: WatchedLoadBalancer, statistic: str) -> Metric:
    """Seconds; `statistic`: `p50`, `p95`, `p99`."""
    return Metric("AWS/ApplicationELB", "TargetResponseTime", statistic, {"LoadBalancer": balancer.full_name})


def requests(balancer: WatchedLoadBalancer) -> Metric:
    return Metric("AWS/ApplicationELB", "RequestCount", "Sum", {"LoadBalancer": balancer.full_name})
