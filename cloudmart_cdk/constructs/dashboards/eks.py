"""Tiketi: what is sold (queue, admissions, payments), its load balancer, its pods, its nodes."""

from collections.abc import Iterable
from typing import Final

from ... import namespaces
from ...service_releases import Track
from ..alarms import Alarm, Math, Metric
from ..cluster_metrics import ADMISSIONS, CLUSTER, FAILED, NAMESPACE, OUTCOME, PAYMENTS, QUEUE_LENGTH, SUCCEEDED
from ..grafana_dashboards import ADMISSIONS_GOAL
from ..watched import WatchedCluster, WatchedLoadBalancer
from . import slo
from .alarm_rows import AlarmRows, alarm_graph
from .place import Place
from .widgets import BLUE, GREEN, GREY, ORANGE, PURPLE, Line, Mark, Widget, graph, graphs, heading, tile, tiles

_INSIGHTS: Final = "ContainerInsights"


def eks(
    tiketi: WatchedLoadBalancer, cluster: WatchedCluster | None, rows: Iterable[Alarm], *, place: Place
) -> list[Widget]:
    left = AlarmRows(rows)
    region = place.region
    widgets = _now(tiketi, cluster, region)
    if cluster:
        widgets += _sale(cluster, left, region)
    widgets += _golden(tiketi, left, region)
    if cluster:
        widgets += [*_pods(tiketi, cluster, left, region), *_nodes(cluster, left, region)]
    widgets += _releases(left, region)
    if rest := left.rest(region=region):
        widgets += [heading("Other alarms", "What is seldom anything else than flat."), *graphs(*rest)]
    return widgets


def _now(tiketi: WatchedLoadBalancer, cluster: WatchedCluster | None, region: str) -> list[Widget]:
    golden = [
        tile("Failed requests", [Line(label="%", watch=slo.error_rate(tiketi), colour=ORANGE)], region=region),
        tile("Answer time", [Line(label="p95, s", watch=slo.percentile(tiketi, "p95"), colour=BLUE)], region=region),
    ]
    if not cluster:
        return tiles(*golden)
    nodes = _of_cluster(cluster, "cluster_node_count", "Maximum")
    return tiles(
        tile(
            "Waiting in the queue",
            [Line(label="people", watch=_business(cluster, QUEUE_LENGTH, "Maximum"), colour=PURPLE)],
            region=region,
            period_s=60,
        ),
        tile(
            "Admissions",
            [Line(label="a second", watch=_admissions(cluster), colour=BLUE)],
            region=region,
            period_s=60,
        ),
        tile("Payments", [Line(label="% succeed", watch=_payment_success(cluster), colour=GREEN)], region=region),
        *golden,
        tile("Nodes", [Line(label="now", watch=nodes, colour=GREY)], region=region),
    )


def _sale(cluster: WatchedCluster, left: AlarmRows, region: str) -> list[Widget]:
    success = Line(label="succeed", watch=_payment_success(cluster), colour=GREEN)
    people = Line(label="people", watch=_business(cluster, QUEUE_LENGTH, "Maximum"), colour=PURPLE)
    return [
        heading(
            "Sale",
            "The queue grows while fewer are admitted than come: normal when a sale opens, an outage when admissions "
            "fall. Payments that fail while all else is well: the gateway.",
        ),
        *graphs(
            alarm_graph(
                "Waiting in the queue", left.take("queue-stuck"), region=region, unit="people", others=[people]
            ),
            graph(
                "Admissions a second",
                [Line(label="admitted", watch=_admissions(cluster), colour=BLUE)],
                region=region,
                unit="a second",
                marks=[Mark(value=ADMISSIONS_GOAL, label=f"sized for {ADMISSIONS_GOAL}", colour=GREEN)],
            ),
            alarm_graph(
                "Payments that succeed", left.take("payments"), region=region, unit="%", others=[success], at_most=100
            ),
        ),
    ]


def _golden(tiketi: WatchedLoadBalancer, left: AlarmRows, region: str) -> list[Widget]:
    where = {"LoadBalancer": tiketi.full_name}
    return [
        heading(
            "Load balancer",
            "Which service fails: compare the target groups. 5xx by the load balancer: no pod answered.",
        ),
        *graphs(
            graph(
                "Requests a minute, by service",
                _by_service(tiketi, "RequestCount", "Sum"),
                region=region,
                unit="requests",
                stacked=True,
            ),
            alarm_graph(
                "Failed requests",
                left.take("error-rate", starting="tiketi-error"),
                region=region,
                others=[Line(label="however few", watch=slo.error_rate(tiketi), colour=GREY)],
            ),
            alarm_graph(
                "Answer time of targets",
                left.take("latency", starting="tiketi-latency"),
                region=region,
                others=[
                    Line(label=name, watch=slo.percentile(tiketi, name), colour=colour)
                    for name, colour in (("p50", GREEN), ("p99", PURPLE))
                ],
                label="p95",
            ),
            graph(
                "5xx a minute, by service",
                _by_service(tiketi, "HTTPCode_Target_5XX_Count", "Sum"),
                region=region,
                unit="a minute",
                stacked=True,
            ),
            graph(
                "Answer time p95, by service",
                _by_service(tiketi, "TargetResponseTime", "p95"),
                region=region,
                unit="seconds",
                period_s=300,
            ),
            alarm_graph("Requests, and what is usual", usual, region=region)
            if (usual := left.take("traffic"))
            else graph(
                "Open connections",
                [Line(label="open", watch=Metric("AWS/ApplicationELB", "ActiveConnectionCount", "Sum", where))],
                region=region,
                unit="connections",
            ),
        ),
    ]


def _pods(tiketi: WatchedLoadBalancer, cluster: WatchedCluster, left: AlarmRows, region: str) -> list[Widget]:
    """By service; Container Insights calls a workload `PodName`."""
    services = list(_services(tiketi))
    drawn = [
        graph(
            "Running pods, by service",
            [
                Line(label=name, watch=_of_service(cluster, "service_number_of_running_pods", "Average", name))
                for name in services
            ],
            region=region,
            unit="pods",
            stacked=True,
        ),
        graph(
            "Restarts of containers, by service",
            [
                Line(label=name, watch=_of_service(cluster, "pod_number_of_container_restarts", "Sum", name))
                for name in services
            ],
            region=region,
            unit="restarts",
            period_s=300,
        ),
        alarm_graph(
            "Pods that wait, crash, or run out of memory",
            left.take("pods"),
            region=region,
            unit="pods",
            others=[
                Line(
                    label="out of memory",
                    watch=_of_cluster(cluster, "pod_container_status_terminated_reason_oom_killed", "Sum"),
                    colour=BLUE,
                )
            ],
        ),
    ]
    if unhealthy := left.take("unhealthy-targets"):
        drawn.append(alarm_graph("Unhealthy targets", unhealthy, region=region))
    return [
        heading(
            "Pods",
            "Restarts right after a release: the release. Pods that wait for minutes: no node has room, or the "
            "autoscaler is at its maximum.",
        ),
        *graphs(*drawn),
    ]


def _nodes(cluster: WatchedCluster, left: AlarmRows, region: str) -> list[Widget]:
    drawn = [
        alarm_graph(title, rows, region=region, at_most=100)
        for title, page in (
            ("CPU of nodes", "cpu"),
            ("Memory of the fullest node", "memory"),
            ("Disk of the fullest node", "disk"),
        )
        if (rows := left.take(page, starting="nodes"))
    ]
    drawn += [
        alarm_graph(
            "Nodes",
            left.take("failed-node"),
            region=region,
            unit="nodes",
            others=[Line(label="nodes", watch=_of_cluster(cluster, "cluster_node_count", "Maximum"), colour=BLUE)],
            label="failed",
        ),
        graph(
            "Reserved by pods",
            [
                Line(label="CPU", watch=_of_cluster(cluster, "node_cpu_reserved_capacity", "Average"), colour=BLUE),
                Line(
                    label="memory",
                    watch=_of_cluster(cluster, "node_memory_reserved_capacity", "Average"),
                    colour=PURPLE,
                ),
            ],
            region=region,
            unit="% of the nodes",
            period_s=300,
            at_most=100,
        ),
    ]
    return [
        heading(
            "Nodes", "Much reserved and little used: requests are too high. A failed node: its page of the runbook."
        ),
        *graphs(*drawn),
    ]


def _releases(left: AlarmRows, region: str) -> list[Widget]:
    drawn = [
        alarm_graph(title, rows, region=region)
        for title, page in (("Canaries: failed requests", "error-rate"), ("Canaries: answer time p95", "latency"))
        if (rows := left.take(page))
    ]
    if not drawn:
        return []
    look = "A canary has traffic only while its service is released. Above the line it is taken back; nobody is paged."
    return [heading("Releases", look), *graphs(*drawn)]


def _by_service(tiketi: WatchedLoadBalancer, name: str, statistic: str) -> list[Line]:
    """A line for each service's targets."""
    return [
        Line(
            label=service,
            watch=Metric(
                "AWS/ApplicationELB", name, statistic, {"TargetGroup": group, "LoadBalancer": tiketi.full_name}
            ),
        )
        for service, group in _services(tiketi).items()
    ]


def _services(tiketi: WatchedLoadBalancer) -> dict[str, str]:
    """Service -> its target group; without those of canaries."""
    return {name: group for name, group in tiketi.target_groups.items() if not name.endswith(f"-{Track.CANARY}")}


def _business(cluster: WatchedCluster, name: str, statistic: str, **dimensions: str) -> Metric:
    return Metric(NAMESPACE, name, statistic, {CLUSTER: cluster.name, **dimensions})


def _admissions(cluster: WatchedCluster) -> Math:
    return Math("admitted / PERIOD(admitted)", {"admitted": _business(cluster, ADMISSIONS, "Sum")})


def _payment_success(cluster: WatchedCluster) -> Math:
    """Percent; nothing while nobody pays."""
    return Math(
        "100 * FILL(paid, 0) / (FILL(paid, 0) + FILL(failed, 0))",
        {
            "paid": _business(cluster, PAYMENTS, "Sum", **{OUTCOME: SUCCEEDED}),
            "failed": _business(cluster, PAYMENTS, "Sum", **{OUTCOME: FAILED}),
        },
    )


def _of_cluster(cluster: WatchedCluster, name: str, statistic: str) -> Metric:
    return Metric(_INSIGHTS, name, statistic, {"ClusterName": cluster.name})


def _of_service(cluster: WatchedCluster, name: str, statistic: str, service: str) -> Metric:
    where = {"ClusterName": cluster.name, "Namespace": namespaces.SERVICES, "Service": service}
    return Metric(_INSIGHTS, name, statistic, where)
