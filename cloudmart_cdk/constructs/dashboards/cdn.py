"""CloudFront, from the viewers' side. Its metrics are in us-east-1, whatever the stage's region.

Hits and the origin's time are among CloudFront's additional metrics, which cost and are on where the distribution has
a monitoring subscription.
"""

from collections.abc import Sequence

from ...settings.topology import EDGE_REGION
from ..alarms import Alarm, Metric
from ..watched import WatchedDistribution, WatchedWebAcl
from .alarm_rows import AlarmRows, alarm_graph
from .widgets import BLUE, GREEN, GREY, ORANGE, PURPLE, TEAL, Line, Widget, graph, graphs, heading, tile, tiles


def cdn(distribution: WatchedDistribution, rows: Sequence[Alarm]) -> list[Widget]:
    where = {"DistributionId": distribution.id, "Region": "Global"}
    left = AlarmRows(rows)
    requests = Metric("AWS/CloudFront", "Requests", "Sum", where)
    failed = Line(label="5xx", watch=_rate("5xxErrorRate", where), colour=ORANGE)
    refused = Line(label="4xx", watch=_rate("4xxErrorRate", where), colour=GREY)
    hits = Line(label="hits", watch=_rate("CacheHitRate", where), colour=GREEN)
    origin = [
        Line(label=name, watch=Metric("AWS/CloudFront", "OriginLatency", name, where), colour=colour)
        for name, colour in (("p50", GREEN), ("p95", BLUE), ("p99", PURPLE))
    ]
    now = [
        tile("Requests a minute", [Line(label="now", watch=requests, colour=BLUE)], region=EDGE_REGION, period_s=60),
        tile("Failed, %", [failed], region=EDGE_REGION),
        tile("Refused, %", [refused], region=EDGE_REGION),
    ]
    drawn = [
        graph("Requests a minute", [Line(label="requests", watch=requests)], region=EDGE_REGION, unit="requests"),
        alarm_graph("Failed requests", left.take("cdn-error-rate"), region=EDGE_REGION, unit="%", others=[failed]),
        graph(
            "Refused requests",
            [refused],
            region=EDGE_REGION,
            unit="%",
        ),
        graph(
            "Bytes a minute",
            [
                Line(label="to viewers", watch=_sum("BytesDownloaded", where), colour=BLUE),
                Line(label="from viewers", watch=_sum("BytesUploaded", where), colour=TEAL),
            ],
            region=EDGE_REGION,
            unit="bytes",
        ),
    ]
    if distribution.additional_metrics:
        now += [
            tile("Cache hits, %", [hits], region=EDGE_REGION),
            tile("Origin answers, ms", [origin[1]], region=EDGE_REGION),
        ]
        drawn += [
            graph("Cache hits", [hits], region=EDGE_REGION, unit="% of requests", at_most=100),
            graph("Time to the origin's first byte", origin, region=EDGE_REGION, unit="ms"),
            graph(
                "Failed requests, by status",
                [
                    Line(label=status, watch=_rate(f"{status}ErrorRate", where), colour=colour)
                    for status, colour in (("502", ORANGE), ("503", PURPLE), ("504", BLUE))
                ],
                region=EDGE_REGION,
                unit="%",
            ),
        ]
    drawn.append(
        alarm_graph(
            "Routing function",
            left.take("cdn-router"),
            region=EDGE_REGION,
            unit="failures",
            others=_router(distribution.router),
        )
    )
    if distribution.web_acl:
        drawn.append(_web_acl(distribution.web_acl))
    rest = left.rest(region=EDGE_REGION)
    return [
        *tiles(*now),
        heading(
            "Viewers",
            "502 or 504: the load balancer is not reached; 503: nothing healthy behind it, or a function failed. Hits "
            "that fall after a publication recover by themselves. Much 4xx of a sudden: a broken link, or a scan.",
        ),
        *graphs(*drawn, *rest),
    ]


def _router(name: str) -> list[Line]:
    where = {"FunctionName": name, "Region": "Global"}
    return [
        Line(label=label, watch=Metric("AWS/CloudFront", metric, "Sum", where), colour=colour)
        for label, metric, colour in (
            ("failed", "FunctionExecutionErrors", ORANGE),
            ("answer not valid", "FunctionValidationErrors", PURPLE),
            ("throttled", "FunctionThrottles", GREY),
        )
    ]


def _web_acl(acl: WatchedWebAcl) -> Widget:
    return graph(
        "Web ACL",
        [
            Line(label="blocked", watch=Metric("AWS/WAFV2", "BlockedRequests", "Sum", acl.dimensions), colour=ORANGE),
            Line(
                label="allowed",
                watch=Metric("AWS/WAFV2", "AllowedRequests", "Sum", acl.dimensions),
                colour=GREEN,
                right=True,
            ),
        ],
        region=EDGE_REGION,
        unit="blocked a minute",
        right_unit="allowed a minute",
    )


def _rate(name: str, where: dict[str, str]) -> Metric:
    return Metric("AWS/CloudFront", name, "Average", where)


def _sum(name: str, where: dict[str, str]) -> Metric:
    return Metric("AWS/CloudFront", name, "Sum", where)
