"""How many pods a service has, and how many a drain may take."""

from typing import Any

import pytest

from cloudmart_cdk.constructs.services.scaling import autoscaler, disruption_budget
from cloudmart_cdk.service_releases import Track
from tests.constructs.services.tables import SERVICES, STAGES, settings


def _autoscaler(name: str, stage: str, track: Track = Track.STABLE) -> dict[str, Any]:
    row = settings(stage).eks.services[name]
    return autoscaler(name, track, row, minimum=row.replicas)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", SERVICES)
def test_bounds_are_the_table_s_on_both_tracks(name: str, stage: str) -> None:
    row = settings(stage).eks.services[name]
    canary = _autoscaler(name, stage, Track.CANARY)["spec"]
    assert (canary["minReplicas"], canary["maxReplicas"]) == (row.replicas, row.hpa_max)
    assert canary["scaleTargetRef"]["name"] == f"{name}-canary"
    stable = _autoscaler(name, stage)["spec"]
    bounds = [stable.get(key) for key in ("minReplicas", "maxReplicas", "minReplicaCount", "maxReplicaCount")]
    figures = [row.replicas, row.hpa_max]
    assert bounds == ([None, None, *figures] if name == "queue" else [*figures, None, None])
    assert stable["scaleTargetRef"]["name"] == name


def test_cpu_above_70_percent() -> None:
    (metric,) = _autoscaler("auth", "lab")["spec"]["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}


def test_queue_grows_by_cpu_and_by_its_length_as_it_tells_it() -> None:
    scaled = _autoscaler("queue", "lab")
    assert scaled["kind"] == "ScaledObject"
    assert scaled["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["name"] == "queue"
    by_cpu, by_length = scaled["spec"]["triggers"]
    assert (by_cpu["type"], by_cpu["metadata"]) == ("cpu", {"value": "70"})
    assert by_length == {
        "type": "metrics-api",
        "metricType": "Value",
        "metadata": {
            "url": "http://queue.tiketi.svc.cluster.local:3003/metrics",
            "format": "prometheus",
            "valueLocation": "tiketi_queue_length",
            "targetValue": "1000",
        },
    }


def test_a_canary_of_queue_goes_by_cpu_alone() -> None:
    """The length is of all pods together: with both tracks on it each would grow for the other."""
    assert _autoscaler("queue", "lab", Track.CANARY)["kind"] == "HorizontalPodAutoscaler"


@pytest.mark.parametrize("name", SERVICES)
def test_a_drain_always_gets_on(name: str) -> None:
    budget: Any = disruption_budget(name)
    assert budget["spec"] == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
