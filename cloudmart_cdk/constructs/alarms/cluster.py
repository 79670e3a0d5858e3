"""EKS: nodes and pods by Container Insights, and what the platform is there for (queue, payments) by the services' own
metrics."""

from collections.abc import Iterator
from typing import Final

from .. import cluster_metrics
from ..watched import WatchedCluster
from .row import Alarm, Math, Metric, Severity
from .usage import FIVE_MINUTES, MINUTE, cpu, disk, memory

_NAMESPACE: Final = "ContainerInsights"
_NODE_DISK: Final = 80.0
"""Below the 85 % at which kubelet starts to remove images, and after them pods."""
_PAID: Final = 95.0
"""Percent of payments; a card that is refused is the customer's, so some fail on every day."""
_FEWEST_PAYMENTS: Final = 20
"""In five minutes; below that a share says nothing."""


def cluster_alarms(cluster: WatchedCluster) -> Iterator[Alarm]:
    """Of all nodes CPU is the average, because pods spread; of memory and disk the worst node's, because it evicts."""
    where = {"ClusterName": cluster.name}
    yield cpu("nodes-cpu", "The EKS nodes", _insight("node_cpu_utilization", "Average", where))
    yield memory("nodes-memory", "An EKS node", _insight("node_memory_utilization", "Maximum", where))
    yield disk(
        "nodes-disk", "An EKS node", _insight("node_filesystem_utilization", "Maximum", where), threshold=_NODE_DISK
    )
    yield _lasting(
        "nodes-failed",
        "An EKS node is not ready, and the group has not replaced it",
        _insight("cluster_failed_node_count", "Maximum", where),
        # A node that is drained is not ready for a minute or two.
        datapoints=(5, 5),
        page="failed-node",
    )
    yield _lasting(
        "pods-pending",
        "A pod has found no node for a quarter of an hour: groups at their maximum, or a request that no node holds",
        _insight("pod_status_pending", "Maximum", where),
        # A new node takes some three minutes; in a surge one pod after another waits for its own.
        datapoints=(15, 15),
        page="pods",
    )
    yield _lasting(
        "pods-crashing",
        "A pod does not start: it crashes again and again, or its image cannot be pulled",
        Math(
            "MAX([crashing, unpulled])",
            {
                "crashing": _insight("pod_container_status_waiting_reason_crash_loop_back_off", "Maximum", where),
                "unpulled": _insight("pod_container_status_waiting_reason_image_pull_error", "Maximum", where),
            },
        ),
        # Between two tries it counts as running.
        datapoints=(5, 15),
        page="pods",
    )


def business_alarms(cluster: WatchedCluster) -> Iterator[Alarm]:
    """Answers may be fast and right while nobody is let in or nobody's money arrives."""
    where = {cluster_metrics.CLUSTER: cluster.name}
    yield Alarm(
        id="queue-stuck",
        broke="People wait in the queue and nobody has been let in for ten minutes",
        watch=Math(
            "IF(FILL(admitted, 0) > 0, 0, waiting)",
            {
                "admitted": Metric(cluster_metrics.NAMESPACE, cluster_metrics.ADMISSIONS, "Sum", where),
                "waiting": Metric(cluster_metrics.NAMESPACE, cluster_metrics.QUEUE_LENGTH, "Maximum", where),
            },
        ),
        threshold=0,
        period_s=MINUTE,
        datapoints=(10, 10),
        severity=Severity.CRITICAL,
        silence="notBreaching",
        page="queue-stuck",
    )
    paid = "(FILL(succeeded, 0) + FILL(failed, 0))"
    yield Alarm(
        id="payments-failing",
        broke=f"Fewer than {_PAID:g} % of the payments succeed",
        watch=Math(
            f"IF({paid} >= {_FEWEST_PAYMENTS}, 100 * FILL(succeeded, 0) / {paid}, 100)",
            {
                term: Metric(
                    cluster_metrics.NAMESPACE,
                    cluster_metrics.PAYMENTS,
                    "Sum",
                    where | {cluster_metrics.OUTCOME: outcome},
                )
                for term, outcome in {
                    "succeeded": cluster_metrics.SUCCEEDED,
                    "failed": cluster_metrics.FAILED,
                }.items()
            },
        ),
        fires="<",
        threshold=_PAID,
        period_s=FIVE_MINUTES,
        datapoints=(2, 3),
        severity=Severity.CRITICAL,
        silence="notBreaching",
        page="payments",
    )


def _insight(name: str, statistic: str, where: dict[str, str]) -> Metric:
    return Metric(_NAMESPACE, name, statistic, where)


def _lasting(id: str, broke: str, watch: Metric | Math, *, datapoints: tuple[int, int], page: str) -> Alarm:
    """More than none, for so many minutes."""
    return Alarm(
        id=id,
        broke=broke,
        watch=watch,
        threshold=0,
        period_s=MINUTE,
        datapoints=datapoints,
        severity=Severity.WARNING,
        # A stage asleep has no node that reports.
        silence="notBreaching",
        page=page,
    )
