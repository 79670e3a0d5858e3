"""What goes wrong at a load balancer beside errors and latency (`rollout`): targets, its limits, certificate,
web ACL, and traffic that does not come."""

from collections.abc import Iterator
from typing import Final

from ..watched import WatchedLoadBalancer, WatchedWebAcl
from .row import Alarm, Math, Metric, Severity
from .usage import FIVE_MINUTES, MINUTE, over_five_minutes

_DAY: Final = 86_400
_DAYS_LEFT: Final = 30
"""ACM renews 60 days ahead; whatever it has not renewed a month later, it will not."""
_BLOCKED: Final = 20.0
"""Percent of all requests."""
_FEWEST_BLOCKED: Final = 100
"""In five minutes; below that a share says nothing."""
_BAND_WIDTH: Final = 3.0
"""Standard deviations: of a thousand quiet points one or two are outside, of three in a row none."""


def target_alarms(balancer: WatchedLoadBalancer) -> Iterator[Alarm]:
    """Unhealthy targets, a row per target group. A group without targets (the idle colour) is silent.

    One minute is enough: the load balancer has by then asked three times in a row, half a minute apart.
    """
    for name, target_group in balancer.target_groups.items():
        yield Alarm(
            id=f"{balancer.title}-{name}-unhealthy",
            broke=f"Targets of {balancer.title} {name} fail their health check",
            watch=Metric(
                "AWS/ApplicationELB",
                "UnHealthyHostCount",
                "Maximum",
                {"LoadBalancer": balancer.full_name, "TargetGroup": target_group},
            ),
            threshold=0,
            period_s=MINUTE,
            severity=Severity.WARNING,
            silence="notBreaching",
            page="unhealthy-targets",
        )


def front_alarms(balancer: WatchedLoadBalancer, *, bands: bool) -> Iterator[Alarm]:
    """Of the load balancer itself. `bands`: with traffic that does not come.

    Not watched: TLS negotiation errors (scanners make them all day) and connection errors to targets (they are answered
    with 502 and 504, so the error rate counts them).
    """
    yield over_five_minutes(
        f"{balancer.title}-rejected",
        f"The {balancer.title} load balancer refuses connections: it is at its own limit",
        Metric("AWS/ApplicationELB", "RejectedConnectionCount", "Sum", {"LoadBalancer": balancer.full_name}),
        0,
        page="rejected-connections",
        silence="notBreaching",
    )
    if balancer.certificate_arn:
        yield certificate_alarm(f"{balancer.title}-certificate", balancer.title, balancer.certificate_arn)
    if balancer.web_acl:
        yield blocked_alarm(f"{balancer.title}-blocked", balancer.title, balancer.web_acl)
    if bands:
        yield _traffic(balancer)


def certificate_alarm(id: str, of: str, arn: str) -> Alarm:
    """ACM publishes the days that are left once or twice a day."""
    return Alarm(
        id=id,
        broke=f"The certificate of {of} expires within {_DAYS_LEFT} days and has not been renewed",
        watch=Metric("AWS/CertificateManager", "DaysToExpiry", "Minimum", {"CertificateArn": arn}),
        fires="<",
        threshold=_DAYS_LEFT,
        period_s=_DAY,
        severity=Severity.WARNING,
        silence="missing",
        page="certificate",
    )


def blocked_alarm(id: str, of: str, acl: WatchedWebAcl) -> Alarm:
    """An attack, or a rule that meets customers: for a quarter of an hour, because floods come and go."""
    allowed, blocked = (
        Metric("AWS/WAFV2", name, "Sum", acl.dimensions) for name in ("AllowedRequests", "BlockedRequests")
    )
    return Alarm(
        id=id,
        broke=f"The web ACL of {of} blocks more than {_BLOCKED:g} % of the requests",
        watch=Math(
            f"IF(FILL(blocked, 0) >= {_FEWEST_BLOCKED}, 100 * blocked / (FILL(allowed, 0) + FILL(blocked, 0)), 0)",
            {"allowed": allowed, "blocked": blocked},
        ),
        threshold=_BLOCKED,
        period_s=FIVE_MINUTES,
        datapoints=(3, 3),
        severity=Severity.WARNING,
        silence="notBreaching",
        page="blocked-requests",
    )


def _traffic(balancer: WatchedLoadBalancer) -> Alarm:
    """Nobody reaches us, so nothing fails: no error rate sees that outage.

    What is little depends on the hour and the day, so the threshold is learned; where zero is usual at night, zero is
    inside the band. No request is no data point, hence the filling. What may be missing is the band: until the model
    has learned, hours after a first deploy, nothing is known and nobody is paged.
    """
    return Alarm(
        id=f"{balancer.title}-traffic",
        broke=f"Far fewer requests than usual reach the {balancer.title} load balancer",
        watch=Math(
            "FILL(requests, 0)",
            {"requests": Metric("AWS/ApplicationELB", "RequestCount", "Sum", {"LoadBalancer": balancer.full_name})},
        ),
        fires="below band",
        threshold=_BAND_WIDTH,
        period_s=FIVE_MINUTES,
        datapoints=(3, 3),
        severity=Severity.CRITICAL,
        silence="ignore",
        page="traffic",
    )
