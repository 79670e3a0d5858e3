"""Alarms that steer a rollout: error rate and latency of a load balancer, of one colour, of one service's canary.

Owns which there are, and their thresholds. They are made in the stack whose rollouts they steer; only those of a whole
load balancer page (`table.areas`).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ...service_releases import Track, alarm_ids, track_name
from ..watched import WatchedLoadBalancer
from .row import Alarm, Math, Metric, Severity

ERROR_RATE: Final = 5.0
"""Percent."""
FEWEST_ERRORS: Final = 5
"""Errors a minute below which a rate says nothing: one failed request of ten is no outage. Dead targets
without traffic are the business of the unhealthy-target alarms."""
FEWEST_ANSWERS: Final = 20
"""Answers in five minutes below which a p95 is the slowest answer and nothing more."""
PAGING: Final = (2, 3)
"""One bad minute wakes nobody. Of three, because where a count is filled with 0 a minute whose data comes late looks
like a good one (CloudWatch guide, `FILL`)."""
_STEERING: Final = (1, 2)
"""A release that is taken back without need costs little, one that goes on does not. Of two: data may come late."""
_MINUTE: Final = 60
_FIVE_MINUTES: Final = 300

# Metrics of counts are absent at zero.
ERRORS: Final = "(FILL(target5xx, 0) + FILL(elb5xx, 0))"
"""Failed requests, over the terms of `outcomes`."""
REQUESTS: Final = "(FILL(requests, 0) + FILL(elb503, 0))"
"""All requests: `RequestCount` leaves out what is refused before a target is chosen (503)."""


def outcomes(balancer: WatchedLoadBalancer) -> dict[str, Metric]:
    """The terms of `ERRORS` and `REQUESTS` for one load balancer."""
    where = {"LoadBalancer": balancer.full_name}
    names = {
        "target5xx": "HTTPCode_Target_5XX_Count",
        "elb5xx": "HTTPCode_ELB_5XX_Count",
        "elb503": "HTTPCode_ELB_503_Count",
        "requests": "RequestCount",
    }
    return {term: Metric("AWS/ApplicationELB", name, "Sum", where) for term, name in names.items()}


def rollout_alarms(balancer: WatchedLoadBalancer, *, latency_ms: int) -> Iterator[Alarm]:
    """Error rate and latency of one load balancer: what steers a rollout, so made in the stack it steers.

    `latency_ms`: the p95 objective (`monitoring.latency_slo_ms`).
    """
    everything = {"LoadBalancer": balancer.full_name}
    yield Alarm(
        id=f"{balancer.title}-error-rate",
        broke=f"More than {ERROR_RATE:g} % of requests to the {balancer.title} load balancer fail with 5xx",
        watch=Math(
            f"IF({ERRORS} >= {FEWEST_ERRORS}, 100 * {ERRORS} / {REQUESTS}, 0)",
            outcomes(balancer),
        ),
        threshold=ERROR_RATE,
        period_s=_MINUTE,
        datapoints=PAGING,
        severity=Severity.CRITICAL,
        silence="notBreaching",
        page="error-rate",
    )
    yield Alarm(
        id=f"{balancer.title}-latency",
        broke=f"One in twenty answers of the {balancer.title} targets takes longer than {latency_ms} ms (p95)",
        watch=_p95(everything),
        threshold=latency_ms / 1000,
        period_s=_FIVE_MINUTES,
        severity=Severity.CRITICAL,
        silence="notBreaching",
        page="latency",
    )


def colour_alarms(balancer: WatchedLoadBalancer, colour: str, *, latency_ms: int) -> Iterator[Alarm]:
    """The same for one colour's targets: a tenth of the traffic that all fails is too little for the alarms above.

    They take a release back and page nobody: users see what `rollout_alarms` see.
    """
    yield from _of_targets(
        (f"{balancer.title}-{colour}-error-rate", f"{balancer.title}-{colour}-latency"),
        f"the {colour} targets of {balancer.title}",
        {"LoadBalancer": balancer.full_name, "TargetGroup": balancer.target_groups[colour]},
        latency_ms=latency_ms,
    )


def canary_alarms(balancer: WatchedLoadBalancer, service: str, *, latency_ms: int) -> Iterator[Alarm]:
    """The same for a service's canary, whose target group is empty but for the time of a release."""
    yield from _of_targets(
        alarm_ids(service),
        f"the canary of {service}",
        {"LoadBalancer": balancer.full_name, "TargetGroup": balancer.target_groups[track_name(service, Track.CANARY)]},
        latency_ms=latency_ms,
    )


def platform_alarms(balancer: WatchedLoadBalancer, services: Iterable[str], *, latency_ms: int) -> Iterator[Alarm]:
    """Of the services' load balancer, and of each service's canary."""
    yield from rollout_alarms(balancer, latency_ms=latency_ms)
    for service in services:
        yield from canary_alarms(balancer, service, latency_ms=latency_ms)


def _of_targets(ids: tuple[str, str], what: str, where: dict[str, str], *, latency_ms: int) -> Iterator[Alarm]:
    """`ids`: of the error rate's, of the latency's."""
    errors = "(FILL(target5xx, 0) + FILL(refused, 0))"
    yield Alarm(
        id=ids[0],
        broke=f"More than {ERROR_RATE:g} % of requests to {what} fail",
        watch=Math(
            f"IF({errors} >= {FEWEST_ERRORS}, 100 * {errors} / FILL(requests, 1), 0)",
            {
                term: Metric("AWS/ApplicationELB", name, "Sum", where)
                for term, name in {
                    "target5xx": "HTTPCode_Target_5XX_Count",
                    "refused": "TargetConnectionErrorCount",
                    "requests": "RequestCount",
                }.items()
            },
        ),
        threshold=ERROR_RATE,
        period_s=_MINUTE,
        datapoints=_STEERING,
        severity=Severity.WARNING,
        silence="notBreaching",
        page="error-rate",
    )
    yield Alarm(
        id=ids[1],
        broke=f"One in twenty answers of {what} is slower than {latency_ms} ms (p95)",
        watch=_p95(where),
        threshold=latency_ms / 1000,
        period_s=_FIVE_MINUTES,
        severity=Severity.WARNING,
        silence="notBreaching",
        page="latency",
    )


def _p95(where: dict[str, str]) -> Math:
    """Seconds; 0 while there are too few answers to say."""
    return Math(
        f"IF(answers >= {FEWEST_ANSWERS}, p95, 0)",
        {
            "p95": Metric("AWS/ApplicationELB", "TargetResponseTime", "p95", where),
            "answers": Metric("AWS/ApplicationELB", "TargetResponseTime", "SampleCount", where),
        },
    )
