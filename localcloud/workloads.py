"""Which pods the recorded Deployments would have behind the load balancer.

Owns the way from a TargetGroupBinding by its Service to Deployments, their ports, their number (the autoscaler's
minimum before `replicas`) and the hash of their pod template. Pure: starts nothing, asks nobody.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from localcloud.recorded import Everything, Manifest, Recorded

Key = tuple[str, str, str]
"""Cluster, namespace, name of the Deployment."""

_NAME: Final = "app.kubernetes.io/name"
_TRACK: Final = "track"
_HASH_LENGTH: Final = 10


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A target group, and the container's port that it is to reach."""

    group: str
    """ARN."""
    port: int


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A Deployment that some target group is bound to."""

    key: Key
    replicas: int
    template: str
    """Hash of the pod template: pods of another are replaced."""
    service: str
    """By its usual label, else the Deployment's name."""
    track: str
    """By a label `.../track`; empty without one."""
    image: str
    bindings: tuple[Binding, ...]


def workloads(recorded: Everything) -> dict[Key, Workload]:
    """Every Deployment that is bound, by key."""
    found: dict[Key, Workload] = {}
    for deployment in recorded.of("Deployment"):
        bindings = tuple(_bindings(recorded, deployment))
        if bindings:
            key = (deployment.cluster, deployment.namespace, deployment.name)
            labels = _labels(deployment)
            found[key] = Workload(
                key=key,
                replicas=replicas(recorded, deployment),
                template=template_hash(deployment),
                service=labels.get(_NAME, deployment.name),
                track=next((text for name, text in labels.items() if name.rpartition("/")[2] == _TRACK), ""),
                image=images(deployment)[0],
                bindings=bindings,
            )
    return found


def template_hash(deployment: Recorded) -> str:
    """Equal for equal pod templates."""
    content = json.dumps(deployment.manifest["spec"]["template"], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:_HASH_LENGTH]


def images(deployment: Recorded) -> list[str]:
    """Of a Deployment's containers, in their order."""
    return [str(container["image"]) for container in _containers(deployment)]


def replicas(recorded: Everything, deployment: Recorded) -> int:
    """How many pods it has at rest: what scales it decides the minimum."""
    numbers = [int(deployment.manifest["spec"].get("replicas", 1))]
    for kind, minimum in (("HorizontalPodAutoscaler", "minReplicas"), ("ScaledObject", "minReplicaCount")):
        for scaler in recorded.of(kind, deployment.namespace):
            spec = scaler.manifest["spec"]
            target = spec["scaleTargetRef"]
            same = scaler.cluster == deployment.cluster and target["name"] == deployment.name
            if same and target.get("kind", "Deployment") == "Deployment":
                numbers.append(int(spec.get(minimum, 1)))
    return max(numbers)


def selects(selector: dict[str, Any] | None, labels: dict[str, str]) -> bool:
    """Whether a Service's selector means pods with these labels."""
    return bool(selector) and all(labels.get(name) == text for name, text in (selector or {}).items())


def _bindings(recorded: Everything, deployment: Recorded) -> list[Binding]:
    found = []
    for binding in recorded.of("TargetGroupBinding", deployment.namespace):
        spec = binding.manifest["spec"]
        service = recorded.find("Service", deployment.namespace, spec["serviceRef"]["name"])
        if binding.cluster != deployment.cluster or service is None:
            continue
        if selects(service.manifest["spec"].get("selector"), _labels(deployment)):
            port = _container_port(_service_port(service, spec["serviceRef"]["port"]), deployment)
            if port:
                found.append(Binding(group=str(spec["targetGroupARN"]), port=port))
    return sorted(found, key=lambda each: each.group)


def _labels(deployment: Recorded) -> dict[str, str]:
    """Of its pods."""
    return dict(deployment.manifest["spec"]["template"].get("metadata", {}).get("labels") or {})


def _containers(deployment: Recorded) -> list[Manifest]:
    return list(deployment.manifest["spec"]["template"]["spec"]["containers"])


def _service_port(service: Recorded, wanted: int | str) -> int | str | None:
    """The target port of a Service's port, which is meant by number or by name."""
    for port in service.manifest["spec"].get("ports") or []:
        if wanted in (port["port"], port.get("name")):
            target: int | str = port.get("targetPort", port["port"])
            return target
    return None


def _container_port(wanted: int | str | None, deployment: Recorded) -> int | None:
    if isinstance(wanted, int):
        return wanted
    for container in _containers(deployment):
        for port in container.get("ports") or []:
            if port.get("name") == wanted:
                return int(port["containerPort"])
    return None
