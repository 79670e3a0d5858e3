"""Grafana's dashboards of Tiketi, as data: requests, latencies, errors; queue, admissions, payments. Specification
sections 6 and 7.

Owns what is drawn and asked. Names only metrics that services answer with (docs/eks.md) and `KUBERNETES_METRICS`. Does
not import `aws_cdk`.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

DATA_SOURCE: Final = "prometheus"
"""Grafana's identifier of the one data source."""

SERVICE_METRICS: Final = (
    "http_requests_total",
    "http_request_duration_seconds_bucket",
    "tiketi_queue_length",
    "tiketi_admissions_total",
    "tiketi_payments_total",
)
KUBERNETES_METRICS: Final = (
    "kube_deployment_status_replicas_available",
    "kube_horizontalpodautoscaler_spec_max_replicas",
    "kube_horizontalpodautoscaler_status_desired_replicas",
    "kube_pod_container_status_restarts_total",
    "kube_pod_container_status_last_terminated_reason",
)
"""What kube-state-metrics is asked for, and no more."""

ADMISSIONS_GOAL: Final = 100
"""A second; specification section 6."""

_SERVICES: Final = '{service=~"$service"}'
_FAILED: Final = '{service=~"$service",status=~"5.."}'
_WINDOW: Final = "[$__rate_interval]"
_COLUMNS: Final = 24
_HEIGHT: Final = 8


@dataclass(frozen=True)
class Panel:
    """A graph: label of a line -> its PromQL. `limit` draws a line that should not be crossed, in the panel's unit."""

    title: str
    lines: dict[str, str]
    unit: str = "short"
    limit: float | None = None
    description: str = ""
    width: int = _COLUMNS // 2


@dataclass(frozen=True)
class Dashboard:
    uid: str
    title: str
    panels: tuple[Panel, ...]
    services: tuple[str, ...] = field(default=())
    """To choose among; none: no choice."""


def dashboards(
    services: Collection[str], *, namespace: str, latency_ms: int, queue_length: int
) -> tuple[Dashboard, ...]:
    """`latency_ms`: the objective for p95. `queue_length`: where the queue's pods are scaled out; 0: nowhere."""
    return (
        Dashboard("tiketi-services", "Tiketi: services", _services(namespace, latency_ms), tuple(services)),
        Dashboard("tiketi-sale", "Tiketi: queue and payments", _sale(queue_length)),
    )


def _services(namespace: str, latency_ms: int) -> tuple[Panel, ...]:
    requests = f"rate(http_requests_total{_SERVICES}{_WINDOW})"
    where = f'{{namespace="{namespace}"}}'
    return (
        Panel("Requests a second", {"{{service}}": f"sum by (service) ({requests})"}, "reqps"),
        Panel(
            "Failed requests",
            {"{{service}}": _share(f"rate(http_requests_total{_FAILED}{_WINDOW})", requests, "service")},
            "percentunit",
            0.05,
            "Answers with a status of 5xx, of all. The alarm's limit is 5 % (CloudWatch, at the load balancer).",
        ),
        *(
            Panel(
                f"Latency {name}",
                {"{{service}}": _quantile(share, "service")},
                "s",
                latency_ms / 1000 if name == "p95" else None,
                width=_COLUMNS // 3,
            )
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        ),
        Panel(
            "Failed requests by track",
            {
                "{{service}} {{track}}": _share(
                    f"rate(http_requests_total{_FAILED}{_WINDOW})", requests, "service, track"
                )
            },
            "percentunit",
            0.05,
            "The canary of a release under way beside stable.",
        ),
        Panel(
            "Latency p95 by track", {"{{service}} {{track}}": _quantile(0.95, "service, track")}, "s", latency_ms / 1000
        ),
        Panel(
            "Replicas",
            {
                "{{deployment}} available": f"kube_deployment_status_replicas_available{where}",
                "{{horizontalpodautoscaler}} wanted": f"kube_horizontalpodautoscaler_status_desired_replicas{where}",
                "{{horizontalpodautoscaler}} at most": f"kube_horizontalpodautoscaler_spec_max_replicas{where}",
            },
            description="A service that wants all that it may have is short of pods: raise hpa_max, or its nodes.",
        ),
        Panel(
            "Restarts in an hour",
            {
                "{{container}}": f"sum by (container) (increase(kube_pod_container_status_restarts_total{where}[1h]))",
                "{{container}} out of memory": "sum by (container) "
                f'(kube_pod_container_status_last_terminated_reason{{namespace="{namespace}",reason="OOMKilled"}})',
            },
        ),
    )


def _sale(queue_length: int) -> tuple[Panel, ...]:
    # Every pod of queue says the same of the one queue in the cache: the largest, not the sum.
    waiting = "max(tiketi_queue_length)"
    admissions = f"sum(rate(tiketi_admissions_total{_WINDOW}))"
    payments = f"rate(tiketi_payments_total{_WINDOW})"
    succeeded = f'rate(tiketi_payments_total{{outcome="ok"}}{_WINDOW})'
    return (
        Panel(
            "Waiting in the queue",
            {"all events": waiting},
            limit=queue_length or None,
            description="Above the line the queue's pods are scaled out.",
        ),
        Panel(
            "Admissions a second",
            {"admitted": admissions, "goal": f"vector({ADMISSIONS_GOAL})"},
            "ops",
        ),
        Panel(
            "Wait of who joins now",
            {"at this rate": f"{waiting} / ({admissions} > 0)"},
            "s",
            description="Empty while nobody is admitted.",
        ),
        Panel("Payments a second", {"{{outcome}}": f"sum by (outcome) ({payments})"}, "ops"),
        Panel(
            "Payments that succeed",
            {"of all": f"(sum({succeeded}) or vector(0)) / (sum({payments}) > 0)"},
            "percentunit",
            description="Empty while nobody pays.",
            width=_COLUMNS,
        ),
    )


def _share(part: str, whole: str, by: str) -> str:
    """Of each group; 0 where nothing of the part has been counted yet, nothing where the whole rests."""
    total = f"sum by ({by}) ({whole})"
    return f"(sum by ({by}) ({part}) or 0 * {total}) / ({total} > 0)"


def _quantile(share: float, by: str) -> str:
    buckets = f"rate(http_request_duration_seconds_bucket{_SERVICES}{_WINDOW})"
    return f"histogram_quantile({share:g}, sum by (le, {by}) ({buckets}))"


def as_json(dashboard: Dashboard) -> str:
    """As Grafana reads it from a file."""
    return json.dumps(_model(dashboard), sort_keys=True)


def _model(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["tiketi"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_choice(dashboard.services)] if dashboard.services else []},
        "panels": _panels(dashboard.panels),
    }


def _choice(services: tuple[str, ...]) -> dict[str, Any]:
    everything = {"text": ["All"], "value": ["$__all"]}
    return {
        "name": "service",
        "label": "Service",
        "type": "custom",
        "query": ",".join(services),
        "multi": True,
        "includeAll": True,
        "current": everything,
    }


def _panels(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """Left to right, then down."""
    placed: list[dict[str, Any]] = []
    x = y = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > _COLUMNS:
            x, y = 0, y + _HEIGHT
        placed.append(_panel(number, panel, x, y))
        x += panel.width
    return placed


def _panel(number: int, panel: Panel, x: int, y: int) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.limit is not None:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": panel.limit}]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
        defaults["custom"] = {"thresholdsStyle": {"mode": "dashed"}}
    source = {"type": "prometheus", "uid": DATA_SOURCE}
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": source,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": _HEIGHT},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": source, "expr": query, "legendFormat": label}
            for index, (label, query) in enumerate(panel.lines.items())
        ],
    }
