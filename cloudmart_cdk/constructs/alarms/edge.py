"""CloudFront, in us-east-1 where its metrics are (EdgeWatchStack)."""

from collections.abc import Iterator

from ..watched import WatchedDistribution
from .balancer import blocked_alarm, certificate_alarm
from .rollout import ERROR_RATE, FEWEST_ERRORS, PAGING
from .row import Alarm, Math, Metric, Severity
from .usage import FIVE_MINUTES, MINUTE


def edge_alarms(distribution: WatchedDistribution) -> Iterator[Alarm]:
    """All there is. The origin's latency is its load balancer's p95."""
    yield _error_rate(distribution.id)
    yield _router(distribution.router)
    if distribution.certificate_arn:
        yield certificate_alarm("cdn-certificate", "the shop's CDN", distribution.certificate_arn)
    if distribution.web_acl:
        yield blocked_alarm("cdn-blocked", "the shop's CDN", distribution.web_acl)


def _error_rate(distribution_id: str) -> Alarm:
    """By CloudFront's own metric, and as with the load balancers not by single errors."""
    where = {"DistributionId": distribution_id, "Region": "Global"}
    return Alarm(
        id="cdn-error-rate",
        broke=f"More than {ERROR_RATE:g} % of what viewers ask of CloudFront fails with 5xx",
        watch=Math(
            f"IF(rate * requests / 100 >= {FEWEST_ERRORS}, rate, 0)",
            {
                "rate": Metric("AWS/CloudFront", "5xxErrorRate", "Average", where),
                "requests": Metric("AWS/CloudFront", "Requests", "Sum", where),
            },
        ),
        threshold=ERROR_RATE,
        period_s=MINUTE,
        datapoints=PAGING,
        severity=Severity.CRITICAL,
        silence="notBreaching",
        page="cdn-error-rate",
    )


def _router(function: str) -> Alarm:
    """Whoever meets its failure gets an error page; it is our code, so a few are a bug, not weather."""
    where = {"FunctionName": function, "Region": "Global"}
    names = {
        "failed": "FunctionExecutionErrors",
        "invalid": "FunctionValidationErrors",
        "throttled": "FunctionThrottles",
    }
    return Alarm(
        id="cdn-router",
        broke="The CloudFront function that routes pages fails",
        watch=Math(
            " + ".join(f"FILL({term}, 0)" for term in names),
            {term: Metric("AWS/CloudFront", name, "Sum", where) for term, name in names.items()},
        ),
        threshold=FEWEST_ERRORS,
        period_s=FIVE_MINUTES,
        datapoints=(1, 2),
        severity=Severity.WARNING,
        silence="notBreaching",
        page="cdn-router",
    )
