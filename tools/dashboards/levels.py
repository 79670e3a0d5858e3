"""What the story does to each metric: its value at a minute. Counts are a minute's.

Owns levels, and nothing else: which metrics there are is the dashboards' business, what a period makes of minutes
`samples`'.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from .story import DAY, MINUTE, Moment

_GIB: Final = 1024**3
_MIB: Final = 1024**2


@dataclass(frozen=True)
class Sampled:
    """A metric as a widget names it."""

    namespace: str
    name: str
    statistic: str
    dimensions: Mapping[str, str]

    @property
    def where(self) -> str:
        return " ".join(self.dimensions.values()).lower()

    def any(self, *words: str) -> bool:
        return any(word in self.where for word in words)


Level = Callable[[Moment, Sampled], float | None]

_SERVICES: Final = {
    "auth": 0.15,
    "event": 0.31,
    "queue": 0.24,
    "reservation": 0.15,
    "payment": 0.08,
    "notification": 0.07,
}
_PODS: Final = {"auth": 2, "event": 3, "queue": 4, "reservation": 4, "payment": 2, "notification": 2}


def _share(m: Moment, metric: Sampled) -> float | None:
    """Of its load balancer's requests, what a target group gets."""
    group = metric.dimensions.get("TargetGroup")
    if group is None:
        return 1.0
    if "Canary" in group:
        return None
    if "Green" in group:
        return m.green or None
    if "Blue" in group:
        return 1 - m.green or None
    return next((share for service, share in _SERVICES.items() if service in group.lower()), 1.0)


def _requests(m: Moment, metric: Sampled) -> float | None:
    share = _share(m, metric)
    if share is None:
        return None
    shop = 6200 * m.load * (1 - 0.15 * m.trouble)
    tiketi = 3800 * m.load + 9000 * m.sale
    return share * (tiketi if metric.any("tiketi") else shop)


def _failed(m: Moment, metric: Sampled) -> float | None:
    requests = _requests(m, metric)
    if requests is None:
        return None
    if metric.any("tiketi"):
        bad = 0.12 if metric.any("reservation") else 0.08 if metric.any("payment") else 0.0
        whole = 0.018 if "TargetGroup" not in metric.dimensions else bad
        return requests * (0.0002 + whole * m.trouble)
    return requests * (0.00025 + 0.075 * m.trouble)


def _answer_time(m: Moment, metric: Sampled) -> float | None:
    requests = _requests(m, metric)
    if requests is None or metric.statistic == "SampleCount":
        return requests
    if metric.statistic.startswith("PR("):
        return 98.2 - 60 * m.trouble
    quiet, slow = {"p50": (0.028, 0.11), "p95": (0.086, 0.62), "p99": (0.21, 1.7)}.get(metric.statistic, (0.04, 0.2))
    touched = 0.25 if metric.any("tiketi") else 1.0
    if metric.any("reservation", "payment"):
        touched = 0.5
    return quiet * (0.8 + 0.35 * m.load) + slow * touched * m.trouble


def _instances(m: Moment, metric: Sampled) -> float:
    if metric.any("green"):
        return 3.0 if m.green_there else 0.0
    return 3.0


def _busy(idle: float, loaded: float, troubled: float) -> Level:
    """An instance's share of something, by colour where it has one."""

    def level(m: Moment, metric: Sampled) -> float | None:
        if metric.any("green") and not m.green_there:
            return None
        share = m.green if metric.any("green") else 1 - m.green if metric.any("blue") else 1.0
        return idle + loaded * m.load * share + troubled * m.trouble * share

    return level


def _of(quiet: float, *, load: float = 0.0, sale: float = 0.0, trouble: float = 0.0, days: float = 0.0) -> Level:
    """`quiet`, and what load, sale, trouble, and a day more add."""

    def level(m: Moment, _: Sampled) -> float:
        return quiet + load * m.load + sale * m.sale + trouble * m.trouble + days * m.days

    return level


def _nothing(_: Moment, __: Sampled) -> None:
    return None


def _payments(m: Moment, metric: Sampled) -> float:
    paid = 70 * m.load + 900 * m.sale
    failing = 0.012 + 0.06 * m.trouble
    return paid * (failing if metric.any("failed") else 1 - failing)


def _pods(m: Moment, metric: Sampled) -> float:
    service = metric.dimensions.get("Service", "")
    more = {"queue": 10, "reservation": 6, "payment": 3, "event": 2}.get(service, 0)
    return float(_PODS.get(service, 2) + round(more * m.sale))


def _restarts(m: Moment, metric: Sampled) -> float:
    return 1.0 if metric.any("reservation") and 0.7 < m.trouble < 0.85 else 0.0


def _waiting(m: Moment, _: Sampled) -> float:
    """Fills within minutes, and drains at a hundred a second."""
    return 30 * m.load + 24_000 * m.sale**3


def _rotation(m: Moment) -> float | None:
    """One rotation at 13:10, whose first attempt fails."""
    minute = round((m.days + 3 / 24) * DAY / MINUTE)
    return (1.0 if minute == 0 else 0.0) if 0 <= minute < 20 else None


def _hits(m: Moment, _: Sampled) -> float:
    return 5200 * m.load + 6000 * m.sale


LEVELS: Final[Mapping[str, Level]] = {
    "RequestCount": _requests,
    "HTTPCode_Target_5XX_Count": _failed,
    "HTTPCode_Target_4XX_Count": lambda m, metric: 0.012 * (_requests(m, metric) or 0),
    "HTTPCode_ELB_5XX_Count": _of(0.1, trouble=40),
    "HTTPCode_ELB_503_Count": _nothing,
    "TargetResponseTime": _answer_time,
    "NewConnectionCount": lambda m, metric: 0.3 * (_requests(m, metric) or 0),
    "ActiveConnectionCount": lambda m, metric: 0.07 * (_requests(m, metric) or 0) * (1 + 2 * m.trouble),
    "RejectedConnectionCount": _of(0.0),
    "TargetConnectionErrorCount": lambda m, metric: 6 * m.trouble * share if (share := _share(m, metric)) else None,
    "PeakLCUs": _of(1.0, load=6),
    "UnHealthyHostCount": lambda m, metric: (
        (1.0 if m.trouble > 0.9 and m.green else 0.0) if metric.any("green") and m.green_there else 0.0
    ),
    "GroupInServiceInstances": _instances,
    "GroupDesiredCapacity": _instances,
    "CPUUtilization": lambda m, metric: (
        _busy(4, 42, 25)
        if metric.any("backend")
        else _of(14, load=22, sale=12, trouble=58)
        if metric.any("database")
        else _of(8, load=14, sale=12)
    )(m, metric),
    "mem_used_percent": _busy(46, 10, 12),
    "disk_used_percent": _busy(38, 1, 0),
    "NetworkOut": _busy(2e6, 3e8, 0),
    "DatabaseConnections": _of(18, load=22, trouble=52),
    "ClientConnections": _of(60, load=90, sale=60, trouble=80),
    "DatabaseConnectionsBorrowLatency": _of(900, trouble=160_000),
    "ServerlessDatabaseCapacity": _of(1.0, load=2, sale=1, trouble=5),
    "FreeStorageSpace": _of(63.5 * _GIB, days=-0.35 * _GIB),
    "FreeableMemory": _of(1.35 * _GIB, load=-0.25 * _GIB, trouble=-0.5 * _GIB),
    "SwapUsage": _of(18 * _MIB, trouble=40 * _MIB),
    "ReadLatency": _of(0.0011, trouble=0.021),
    "WriteLatency": _of(0.0019, trouble=0.017),
    "ReadIOPS": _of(60, load=180, trouble=1900),
    "WriteIOPS": _of(40, load=110, sale=180, trouble=120),
    "DiskQueueDepth": _of(0.2, load=0.6, trouble=38),
    "DatabaseMemoryUsagePercentage": _of(31, load=8, sale=18),
    "CacheHits": _hits,
    "CacheMisses": lambda m, metric: _hits(m, metric) * (0.06 + 0.1 * m.trouble),
    "Evictions": _of(0.0),
    "Reclaimed": _of(40, load=160),
    "CurrConnections": _of(60, load=50, sale=90),
    "ReplicationLag": _of(0.08, sale=0.3),
    "Errors": lambda m, metric: _rotation(m) if metric.any("rotation") else 0.0,
    "SuccessPercent": _of(100, trouble=-60),
    "ApproximateNumberOfMessagesVisible": _of(0.0),
    "ApproximateAgeOfOldestMessage": _of(2.0),
    "DaysSinceDrill": lambda m, _: (m.days + 60) % 30,
    "Failed": lambda m, _: 0.0 if 0.80 < m.days % 1 < 0.82 else None,
    "NumberOfBackupJobsCompleted": _of(2 / 1440),
    "NumberOfBackupJobsFailed": _of(0.0),
    "NumberOfRestoreJobsCompleted": _of(0.0),
    "Requests": _of(0.0, load=14_500),
    "BytesDownloaded": _of(0.0, load=3.1e9),
    "BytesUploaded": _of(0.0, load=4e7),
    "5xxErrorRate": _of(0.02, trouble=5.6),
    "502ErrorRate": _of(0.004, trouble=0.5),
    "503ErrorRate": _of(0.003, trouble=0.9),
    "504ErrorRate": _of(0.002, trouble=1.6),
    "4xxErrorRate": _of(1.1),
    "CacheHitRate": _of(93, trouble=-4),
    "OriginLatency": lambda m, metric: 1000 * (_answer_time(m, metric) or 0) + 11,
    "FunctionExecutionErrors": _of(0.0),
    "FunctionValidationErrors": _of(0.0),
    "FunctionThrottles": _of(0.0),
    "AllowedRequests": _of(0.0, load=14_000),
    "BlockedRequests": _of(12, load=30),
    "tiketi_queue_length": _waiting,
    "tiketi_admissions_total": _of(0.0, load=600, sale=5100),
    "tiketi_payments_total": _payments,
    "node_cpu_utilization": _of(18, load=20, sale=32),
    "node_memory_utilization": _of(52, load=6, sale=14),
    "node_filesystem_utilization": _of(34),
    "node_cpu_reserved_capacity": _of(38, sale=34),
    "node_memory_reserved_capacity": _of(46, sale=30),
    "cluster_node_count": lambda m, _: 6.0 + round(4 * m.sale),
    "cluster_failed_node_count": _of(0.0),
    "service_number_of_running_pods": _pods,
    "pod_number_of_container_restarts": _restarts,
    "pod_status_pending": lambda m, _: 6.0 if 0.05 < m.sale < 0.75 and m.days < -0.17 else 0.0,
    "pod_status_failed": _of(0.0),
    "pod_container_status_waiting_reason_crash_loop_back_off": _of(0.0),
    "pod_container_status_waiting_reason_image_pull_error": _of(0.0),
    "pod_container_status_terminated_reason_oom_killed": _of(0.0),
}
