"""Scaling and budgets: against each other, and against the workload that they mean."""

import math
from collections.abc import Mapping
from typing import Any, Final

from cloudmart_cdk.policy.manifests import Object, quantity, value_at
from cloudmart_cdk.policy.model import MISSING, as_list
from tests.kubernetes.rules.rule import Found, Rule, at, place
from tests.kubernetes.rules.selection import budgets_of
from tests.kubernetes.world import SCALERS, World, bounds

_TRIGGERS: Final[Mapping[str, tuple[set[str | None], set[str], set[str]]]] = {
    "cpu": ({"Utilization", "AverageValue"}, {"value"}, {"containerName"}),
    "metrics-api": (
        {"AverageValue", "Value", None},
        {"url", "valueLocation", "targetValue"},
        {"format", "activationTargetValue", "timeout"},
    ),
}
"""KEDA's triggers that we use -> metric types, metadata that each has to have, and may have (KEDA docs, "Scalers")."""
_ON_WORKLOADS: Final = (*SCALERS, "VerticalPodAutoscaler")


def _targets(world: World) -> Found:
    for scaler in world.of(*_ON_WORKLOADS):
        target = world.target(scaler)
        path = "spec.targetRef" if scaler.kind == "VerticalPodAutoscaler" else "spec.scaleTargetRef"
        if target is None:
            yield place(scaler), f"means {scaler.get(path)}, which is not there"
        elif scaler.get(f"{path}.apiVersion") not in (MISSING, target.data.get("apiVersion")):
            yield place(scaler), f"means a {target.kind} of {scaler.get(f'{path}.apiVersion')}"


def _bounds(world: World) -> Found:
    for scaler in world.of(*SCALERS):
        low, high = bounds(scaler)
        if not 1 <= low <= high:
            yield place(scaler), f"from {low} to {high} pods"


def _replicas(world: World) -> Found:
    for workload in world.of("Deployment", "StatefulSet", "ReplicaSet"):
        scalers = world.scalers(workload)
        if scalers and workload.get("spec.replicas") is not MISSING:
            yield place(workload), f"states replicas, which each deploy takes from {place(scalers[0])}"
        if len(scalers) > 1:
            yield place(workload), f"is sized by {' and '.join(map(place, scalers))}"
        for vertical in world.of("VerticalPodAutoscaler"):
            # It would change the very requests that the other's percentage is of.
            if scalers and world.target(vertical) is workload and vertical.get("spec.updatePolicy.updateMode") != "Off":
                yield place(vertical), f"changes the pods that {place(scalers[0])} counts"


def _metrics(world: World) -> Found:
    for pods in world.pods:
        for scaler in world.scalers(pods.owner) if pods.owner else ():
            for resource in _percentages(scaler):
                for container in pods.containers():
                    if not quantity(value_at(container, f"resources.requests.{resource}")):
                        yield place(scaler), f"needs a request of {resource} in container {container.get('name')}"


def _percentages(scaler: Object) -> list[str]:
    """Resources that are counted in percent of what pods request."""
    if scaler.kind == "ScaledObject":
        triggers = as_list(value_at(scaler.data, "spec.triggers") or [])
        return [str(each.get("type")) for each in triggers if each.get("type") in ("cpu", "memory")]
    return [
        str(value_at(metric, "resource.name"))
        for metric in as_list(value_at(scaler.data, "spec.metrics") or [])
        if value_at(metric, "resource.target.type") == "Utilization"
    ]


def _triggers(world: World) -> Found:
    """KEDA reads a trigger's metadata when it scales, long after the API server took them."""
    for scaler in world.of("ScaledObject"):
        for number, trigger in enumerate(as_list(value_at(scaler.data, "spec.triggers") or [])):
            type_, metadata = trigger.get("type"), {*(trigger.get("metadata") or {})}
            if type_ not in _TRIGGERS:
                yield place(scaler), f"trigger {number}: nothing is known of {type_}"
                continue
            kinds, needed, allowed = _TRIGGERS[type_]
            if trigger.get("metricType") not in kinds:
                yield place(scaler), f"trigger {number}: {type_} has no metric type {trigger.get('metricType')}"
            for name in sorted(needed - metadata):
                yield place(scaler), f"trigger {number}: {type_} needs {name}"
            for name in sorted(metadata - needed - allowed):
                yield place(scaler), f"trigger {number}: {type_} knows no {name}"


def _one_field(world: World) -> Found:
    for budget in world.of("PodDisruptionBudget"):
        stated = [name for name in ("minAvailable", "maxUnavailable") if budget.get(f"spec.{name}") is not MISSING]
        if len(stated) != 1:
            yield place(budget), f"states {' and '.join(stated) or 'nothing'}; one of both is allowed"


def _drains(world: World) -> Found:
    for pods in world.pods:
        for budget in budgets_of(world, pods) if pods.owner else ():
            assert pods.owner
            fewest = world.smallest(pods.owner)
            if _spare(budget, fewest) < 1:
                yield place(budget), f"blocks every drain: none of {fewest} pods of {at(pods)} may go"


def _spare(budget: Object, pods: int) -> int:
    """How many may be evicted at once; percentages round up either way, as in Kubernetes."""
    kept, away = budget.get("spec.minAvailable"), budget.get("spec.maxUnavailable")
    return _count(away, pods) if away is not MISSING else pods - (0 if kept is MISSING else _count(kept, pods))


def _count(given: Any, pods: int) -> int:
    text = str(given)
    return math.ceil(int(text[:-1]) * pods / 100) if text.endswith("%") else int(text)


def _unready(world: World) -> Found:
    for budget in world.of("PodDisruptionBudget"):
        if budget.get("spec.unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield place(budget), "blocks every drain while its pods are not ready: unhealthyPodEvictionPolicy"


RULES: Final = (
    Rule("scale-target", _targets),
    Rule("scale-bounds", _bounds),
    Rule("scale-replicas", _replicas),
    Rule("scale-metric", _metrics),
    Rule("trigger", _triggers),
    Rule("budget-field", _one_field),
    Rule("budget-drain", _drains),
    Rule("budget-unready", _unready),
)
