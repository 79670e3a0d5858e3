"""The shop: traffic, errors, latency, saturation of its load balancer and of both colours of instances.

CodeDeploy has no metrics: a deployment is seen where traffic moves from one colour to the other.
"""

from collections.abc import Callable, Iterable
from typing import Final

from ..alarms import Alarm, Metric
from ..watched import AGENT_NAMESPACE, WatchedGroups, WatchedLoadBalancer
from . import slo
from .alarm_rows import AlarmRows, alarm_graph
from .place import Place
from .widgets import BLUE, GREEN, GREY, ORANGE, PURPLE, Line, Mark, Widget, graph, graphs, heading, tile, tiles

_COLOURS: Final = {"blue": BLUE, "green": GREEN}
_WANTED: Final = {"blue": "#aec7e8", "green": "#98df8a"}


def backend(
    shop: WatchedLoadBalancer, groups: WatchedGroups | None, rows: Iterable[Alarm], *, place: Place
) -> list[Widget]:
    left = AlarmRows(rows)
    region = place.region
    widgets = [*_now(shop, groups, region), *_golden(shop, left, place), *_release(shop, left, region)]
    if groups:
        widgets += _instances(groups, left, region)
    if rest := left.rest(region=region):
        widgets += [heading("Other alarms", "What is seldom anything else than flat."), *graphs(*rest)]
    return widgets


def _now(shop: WatchedLoadBalancer, groups: WatchedGroups | None, region: str) -> list[Widget]:
    shown = [
        tile(
            "Requests a minute",
            [Line(label="now", watch=slo.requests(shop), colour=BLUE)],
            region=region,
            period_s=60,
        ),
        tile("Failed requests", [Line(label="%", watch=slo.error_rate(shop), colour=ORANGE)], region=region),
        tile("Answer time", [Line(label="p95, s", watch=slo.percentile(shop, "p95"), colour=BLUE)], region=region),
    ]
    if groups:
        shown += [
            tile("In service", _by_colour(groups, _in_service), region=region, period_s=60),
            tile("CPU", _by_colour(groups, _cpu, ", %"), region=region),
            tile("Memory", _by_colour(groups, _memory, ", %"), region=region),
        ]
    return tiles(*shown)


def _golden(shop: WatchedLoadBalancer, left: AlarmRows, place: Place) -> list[Widget]:
    region = place.region
    where = {"LoadBalancer": shop.full_name}
    errors = left.take("error-rate", starting="shop-error")
    latency = left.take("latency", starting="shop-latency")
    return [
        heading(
            "Traffic, errors, latency",
            "5xx by targets: the shop itself. 5xx by the load balancer: no target answered. Slow at p50: all are slow; "
            "at p99 only: a few requests are.",
        ),
        *graphs(
            alarm_graph("Requests, and what is usual", usual, region=region, colours={"traffic": BLUE})
            if (usual := left.take("traffic"))
            else graph(
                "Requests a minute",
                [Line(label="requests", watch=slo.requests(shop), colour=BLUE)],
                region=region,
                unit="requests",
            ),
            alarm_graph(
                "Failed requests",
                errors,
                region=region,
                others=[Line(label="however few", watch=slo.error_rate(shop), colour=GREY)],
            ),
            alarm_graph(
                "Answer time of targets",
                latency,
                region=region,
                others=[
                    Line(label=name, watch=slo.percentile(shop, name), colour=colour)
                    for name, colour in (("p50", GREEN), ("p99", PURPLE))
                ],
                label="p95",
            ),
            graph(
                "Answers a minute, by status",
                [
                    Line(label="4xx", watch=_elb("HTTPCode_Target_4XX_Count", where), colour=GREY),
                    Line(label="5xx by targets", watch=_elb("HTTPCode_Target_5XX_Count", where), colour=ORANGE),
                    Line(label="5xx by the load balancer", watch=_elb("HTTPCode_ELB_5XX_Count", where), colour=PURPLE),
                ],
                region=region,
                unit="a minute",
            ),
            graph(
                "Connections",
                [
                    Line(label="open", watch=_elb("ActiveConnectionCount", where), colour=BLUE),
                    Line(
                        label="target did not take it",
                        watch=_elb("TargetConnectionErrorCount", where),
                        colour=PURPLE,
                    ),
                ],
                region=region,
                unit="a minute",
            ),
            graph(
                "Capacity units of the load balancer",
                [Line(label="LCU", watch=Metric("AWS/ApplicationELB", "PeakLCUs", "Maximum", where), colour=BLUE)],
                region=region,
                unit="LCU",
                period_s=300,
            ),
        ),
    ]


def _release(shop: WatchedLoadBalancer, left: AlarmRows, region: str) -> list[Widget]:
    """What steers a release, by colour."""
    requests = [
        Line(
            label=colour,
            watch=_elb("RequestCount", {"TargetGroup": group, "LoadBalancer": shop.full_name}),
            colour=_COLOURS.get(colour, ""),
        )
        for colour, group in shop.target_groups.items()
    ]
    steering = [
        alarm_graph(title, rows, region=region, colours=_COLOURS)
        for title, page in (("Failed requests, by colour", "error-rate"), ("Answer time p95, by colour", "latency"))
        if (rows := left.take(page))
    ]
    unhealthy = left.take("unhealthy-targets")
    return [
        heading(
            "Releases",
            "Traffic that moves from one colour to the other is a release, or its way back. A red line crossed here "
            "takes a release back and pages nobody.",
        ),
        *graphs(
            graph("Requests a minute, by colour", requests, region=region, unit="requests", stacked=True),
            *steering,
            *([alarm_graph("Unhealthy targets", unhealthy, region=region, colours=_COLOURS)] if unhealthy else []),
        ),
    ]


def _instances(groups: WatchedGroups, left: AlarmRows, region: str) -> list[Widget]:
    size = [
        *(
            Line(label=f"{colour} wanted", watch=_group("GroupDesiredCapacity", name), colour=_WANTED.get(colour, ""))
            for colour, name in groups.names.items()
        ),
        *_by_colour(groups, _in_service, " in service"),
    ]
    least = Mark(value=groups.minimum, label=f"minimum {groups.minimum}")
    drawn = [graph("Instances", size, region=region, unit="instances", marks=[least])]
    for title, page in (("Instances missing", "below-minimum"), ("CPU", "cpu"), ("Memory", "memory"), ("Disk", "disk")):
        if rows := left.take(page):
            full = None if page == "below-minimum" else 100.0
            drawn.append(alarm_graph(title, rows, region=region, colours=_COLOURS, at_most=full))
    drawn += [
        graph(
            "Network, out of the instances",
            _by_colour(groups, _network),
            region=region,
            unit="bytes a minute",
        ),
    ]
    return [
        heading(
            "Instances",
            "In service below wanted for long: instances do not become healthy. CPU high with traffic as ever: the "
            "release. The idle colour has no instances and no values.",
        ),
        *graphs(*drawn),
    ]


def _by_colour(groups: WatchedGroups, metric: Callable[[str], Metric], suffix: str = "") -> list[Line]:
    return [
        Line(label=f"{colour}{suffix}", watch=metric(name), colour=_COLOURS.get(colour, ""))
        for colour, name in groups.names.items()
    ]


def _elb(name: str, where: dict[str, str]) -> Metric:
    return Metric("AWS/ApplicationELB", name, "Sum", where)


def _group(name: str, group: str) -> Metric:
    return Metric("AWS/AutoScaling", name, "Minimum", {"AutoScalingGroupName": group})


def _in_service(group: str) -> Metric:
    return _group("GroupInServiceInstances", group)


def _cpu(group: str) -> Metric:
    return Metric("AWS/EC2", "CPUUtilization", "Average", {"AutoScalingGroupName": group})


def _memory(group: str) -> Metric:
    return Metric(AGENT_NAMESPACE, "mem_used_percent", "Average", {"AutoScalingGroupName": group})


def _network(group: str) -> Metric:
    return Metric("AWS/EC2", "NetworkOut", "Sum", {"AutoScalingGroupName": group})
