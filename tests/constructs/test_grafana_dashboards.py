"""Grafana's dashboards: every query is PromQL, and asks only for metrics that exist. Issue: what they have to show."""

import json
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
import pytest

from cloudmart_cdk.constructs.grafana_dashboards import (
    DATA_SOURCE,
    KUBERNETES_METRICS,
    SERVICE_METRICS,
    as_json,
    dashboards,
)

SERVICES = ("auth", "event", "queue", "reservation", "payment", "notification")
SHOWN = dashboards(SERVICES, namespace="tiketi", latency_ms=200, queue_length=1000)
OWN_LABELS = {"service", "track"}
"""The pod monitor's, on every line of a service."""


def _models() -> list[dict[str, Any]]:
    return [json.loads(as_json(dashboard)) for dashboard in SHOWN]


def _panels() -> Iterator[dict[str, Any]]:
    for model in _models():
        yield from model["panels"]


def _queries() -> list[tuple[str, str, str]]:
    """(panel, label of the line, PromQL with Grafana's variables filled in)."""
    return [
        (
            panel["title"],
            target["legendFormat"],
            target["expr"].replace("$__rate_interval", "2m").replace("$service", "auth|event"),
        )
        for panel in _panels()
        for target in panel["targets"]
    ]


def _nodes(query: str) -> list[promql.Expr]:
    found: list[promql.Expr] = []

    def visit(node: promql.Expr) -> None:
        found.append(node)

    promql.walk(promql.parse(query), visit)
    return found


def _metrics(query: str) -> set[str]:
    return {str(node.name) for node in _nodes(query) if isinstance(node, promql.VectorSelector)}


EVERY_LINE = pytest.mark.parametrize(
    ("panel", "label", "query"), _queries(), ids=[f"{panel}: {label}" for panel, label, _ in _queries()]
)


@EVERY_LINE
def test_a_query_is_promql_over_known_metrics(panel: str, label: str, query: str) -> None:
    assert _metrics(query) <= {*SERVICE_METRICS, *KUBERNETES_METRICS}
    assert "$" not in query


def test_every_metric_that_is_collected_is_shown() -> None:
    """kube-state-metrics is asked for these alone."""
    shown = set().union(*(_metrics(query) for _, _, query in _queries()))
    assert shown == {*SERVICE_METRICS, *KUBERNETES_METRICS}


@EVERY_LINE
def test_a_rate_is_taken_before_a_sum(panel: str, label: str, query: str) -> None:
    """A counter that starts anew with its pod would otherwise look like a fall of the sum."""
    for node in _nodes(query):
        if isinstance(node, promql.Call) and node.func.name in ("rate", "increase"):
            assert all(isinstance(argument, promql.MatrixSelector) for argument in node.args)


@EVERY_LINE
def test_a_quantile_keeps_the_buckets(panel: str, label: str, query: str) -> None:
    for node in _nodes(query):
        if isinstance(node, promql.Call) and node.func.name == "histogram_quantile":
            share, buckets = node.args
            assert isinstance(share, promql.NumberLiteral)
            assert 0 < share.val < 1
            assert isinstance(buckets, promql.AggregateExpr)
            assert buckets.modifier is not None
            assert "le" in buckets.modifier.labels


@pytest.mark.parametrize(
    ("panel", "metric"),
    [
        ("Requests a second", "http_requests_total"),
        ("Failed requests", "http_requests_total"),
        ("Latency p50", "http_request_duration_seconds_bucket"),
        ("Latency p95", "http_request_duration_seconds_bucket"),
        ("Latency p99", "http_request_duration_seconds_bucket"),
        ("Waiting in the queue", "tiketi_queue_length"),
        ("Admissions a second", "tiketi_admissions_total"),
        ("Payments that succeed", "tiketi_payments_total"),
    ],
)
def test_what_the_issue_asks_for_has_a_panel(panel: str, metric: str) -> None:
    assert any(metric in _metrics(query) for title, _, query in _queries() if title == panel)


def test_the_queue_is_not_counted_once_a_pod() -> None:
    """Each of queue's pods says how many wait in all."""
    (query,) = [query for title, _, query in _queries() if title == "Waiting in the queue"]
    (largest, *_) = _nodes(query)
    assert isinstance(largest, promql.AggregateExpr)
    assert str(largest.op) == "max"


def test_any_service_of_the_table_can_be_chosen() -> None:
    (choice,) = _models()[0]["templating"]["list"]
    assert choice["query"].split(",") == list(SERVICES)


def test_panels_lie_side_by_side() -> None:
    for model in _models():
        taken = [
            (x, y)
            for panel in model["panels"]
            for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        ]
        assert len(taken) == len(set(taken))
        assert max(x for x, _ in taken) < 24
        assert len({panel["id"] for panel in model["panels"]}) == len(model["panels"])


def test_every_line_is_drawn_from_the_one_source() -> None:
    for panel in _panels():
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": DATA_SOURCE}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_the_objective_is_a_line_in_the_panel_of_p95() -> None:
    (panel,) = [panel for panel in _panels() if panel["title"] == "Latency p95"]
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"] == 0.2


@EVERY_LINE
def test_a_line_is_called_after_labels_that_it_has(panel: str, label: str, query: str) -> None:
    """Grafana leaves `{{x}}` empty where the query has summed x away."""
    named = {part.split("}}")[0] for part in label.split("{{")[1:]}
    kept = [
        set(node.modifier.labels)
        for node in _nodes(query)
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None
    ]
    if kept:
        assert all(named <= labels for labels in kept)
    else:
        assert named <= OWN_LABELS | {"deployment", "horizontalpodautoscaler", "container"}
