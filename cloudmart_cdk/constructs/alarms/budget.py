"""Error budgets that go too fast: multiwindow, multi-burn-rate alarms of a load balancer (Google, "The Site Reliability
Workbook", chapter 5).

A burn rate of 1 spends the budget of a month in a month. A long window says that it matters, a short one that it still
goes on, so that the page ends soon after the trouble; each pair is a composite alarm, which speaks for both.
"""

from collections.abc import Iterator
from typing import Final

from ..watched import WatchedLoadBalancer
from .rollout import ERRORS, FEWEST_ANSWERS, FEWEST_ERRORS, REQUESTS, outcomes
from .row import Alarm, Math, Metric, Severity, Together

_HOUR: Final = 3600
_DAY: Final = 86_400
_PAIRS: Final = {
    "fast": (14.4, {"1h": _HOUR, "5m": 300}, "2 % of a month's error budget went within an hour"),
    "slow": (6.0, {"6h": 6 * _HOUR, "30m": 1800}, "5 % of a month's error budget went within six hours"),
}
"""Name -> burn rate, windows, what that means. The workbook's figures for paging."""
_SLOW_SHARE: Final = 5.0
"""Percent of answers that may be slower than the objective: it is a p95."""


def budget_windows(balancer: WatchedLoadBalancer, *, availability: float, latency_ms: int) -> Iterator[Alarm]:
    """A row per window, which tells nobody (`budget_pairs` do), and two warnings about three days.

    `availability`: the objective, percent. `latency_ms`: of the p95. The workbook's ticket (1x over three days) is
    longer than an alarm's longest period, a day: here each of three days in a row has spent more than its share.
    """
    title = balancer.title
    for rate, windows, _ in _PAIRS.values():
        for window, seconds in windows.items():
            yield Alarm(
                id=f"{title}-budget-{window}",
                broke=f"Over {window} requests to {title} failed at {rate:g} times the rate that the objective allows",
                watch=_burn(balancer, availability),
                threshold=rate,
                period_s=seconds,
                severity=Severity.WARNING,
                silence="notBreaching",
                page="error-budget",
                reports=False,
            )
    yield Alarm(
        id=f"{title}-budget-3d",
        broke=f"On each of three days {title} spent more error budget than a day may",
        watch=_burn(balancer, availability),
        threshold=1,
        period_s=_DAY,
        datapoints=(3, 3),
        severity=Severity.WARNING,
        silence="notBreaching",
        page="error-budget",
    )
    where = {"LoadBalancer": balancer.full_name}
    yield Alarm(
        id=f"{title}-latency-3d",
        broke=f"On each of three days more than {_SLOW_SHARE:g} % of {title}'s answers took over {latency_ms} ms",
        watch=Math(
            f"IF(answers >= {FEWEST_ANSWERS}, 100 - fast, 0)",
            {
                # Percentile rank: the percentage of answers up to that many seconds.
                "fast": Metric("AWS/ApplicationELB", "TargetResponseTime", f"PR(:{latency_ms / 1000:g})", where),
                "answers": Metric("AWS/ApplicationELB", "TargetResponseTime", "SampleCount", where),
            },
        ),
        threshold=_SLOW_SHARE,
        period_s=_DAY,
        datapoints=(3, 3),
        severity=Severity.WARNING,
        silence="notBreaching",
        page="error-budget",
    )


def budget_pairs(balancer: WatchedLoadBalancer) -> Iterator[Together]:
    """The composites that page."""
    for pair, (_, windows, meaning) in _PAIRS.items():
        yield Together(
            id=f"{balancer.title}-budget-{pair}",
            broke=f"{meaning} at the {balancer.title} load balancer, and it goes on",
            severity=Severity.CRITICAL,
            page="error-budget",
            alarms=tuple(f"{balancer.title}-budget-{window}" for window in windows),
        )


def _burn(balancer: WatchedLoadBalancer, availability: float) -> Math:
    """The share of requests that failed over the share that may; 0 while few have failed."""
    allowed = round(1 - availability / 100, 6)
    return Math(f"IF({ERRORS} >= {FEWEST_ERRORS}, {ERRORS} / {REQUESTS} / {allowed:g}, 0)", outcomes(balancer))
