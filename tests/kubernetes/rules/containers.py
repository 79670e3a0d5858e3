"""Containers: what they ask for, images, probes, and an end that lets the load balancer finish."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudmart_cdk.policy.manifests import quantity
from cloudmart_cdk.policy.model import Resource
from tests.kubernetes.rules.rule import Found, Rule, at
from tests.kubernetes.world import Pods, World, port_of

_IMAGE: Final = re.compile(r"[a-z0-9][a-z0-9./_-]*(:\d+)?(/[a-z0-9._/-]+)?(:[\w][\w.-]{0,127})?@sha256:([0-9a-f]{64})")
_PROBES: Final = ("startupProbe", "livenessProbe", "readinessProbe")
_GRACE_S: Final = 30
"""Kubernetes' own, where a pod states none."""
DELAY: Final = "deregistration_delay.timeout_seconds"
_DELAY_S: Final = 300
"""Elastic Load Balancing's own."""


def _requests(world: World) -> Found:
    for pods in world.pods:
        for container in pods.all_containers():
            resources = container.get("resources") or {}
            limits = resources.get("limits") or {}
            for what, asked in (resources.get("requests") or {}).items():
                request, limit = quantity(asked), quantity(limits.get(what))
                if request is None or (what in limits and limit is None):
                    yield at(pods), f"container {container.get('name')}: {what} is no quantity"
                elif limit is not None and request > limit:
                    yield at(pods), f"container {container.get('name')} requests {asked} {what}, limit {limits[what]}"


def _images(world: World) -> Found:
    for pods in world.pods:
        for container in pods.all_containers():
            image = str(container.get("image"))
            found = _IMAGE.fullmatch(image)
            if not found:
                yield at(pods), f"container {container.get('name')}: {image} is not pinned by its digest"
            elif len(set(found[4])) < 4:
                yield at(pods), f"container {container.get('name')}: {image} has a made-up digest"


def _probes(world: World) -> Found:
    for pods in world.pods:
        for container in pods.all_containers():
            for kind, probe in probes_of(container):
                for says in _wrong(container, kind, probe):
                    yield at(pods), f"{container.get('name')}, {kind}: {says}"


def _wrong(container: Mapping[str, Any], kind: str, probe: Mapping[str, Any]) -> Iterator[str]:
    action = next((probe[name] for name in ("httpGet", "tcpSocket", "grpc") if name in probe), None)
    if action is not None and port_of(container.get("ports") or [], action.get("port")) is None:
        yield f"asks port {action.get('port')}, which the container does not have"
    if "httpGet" in probe and not str(probe["httpGet"].get("path", "/")).startswith("/"):
        yield "its path does not begin with /"
    if kind != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        yield "successThreshold has to be 1"


def probes_of(container: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((kind, container[kind]) for kind in _PROBES if kind in container)


def _ends(world: World) -> Found:
    for pods in world.pods:
        grace = int(pods.spec.get("terminationGracePeriodSeconds", _GRACE_S))
        pauses = [pause for container in pods.containers() if (pause := _pause(container)) is not None]
        if any(pause >= grace for pause in pauses):
            yield at(pods), f"preStop takes {max(pauses)} s, and the pod is killed after {grace} s"
        for group in groups_of(world, pods):
            delay = attribute_of(group, DELAY, _DELAY_S)
            if grace < delay:
                yield at(pods), f"is killed after {grace} s; the load balancer lets it finish requests for {delay} s"
            if not any(pauses):
                yield at(pods), "has no preStop: the load balancer may send it requests after it was told to end"


def _pause(container: Mapping[str, Any]) -> int | None:
    """Seconds of a container's preStop, by `sleep` or by a command that sleeps."""
    hook = (container.get("lifecycle") or {}).get("preStop")
    if not hook:
        return None
    if "sleep" in hook:
        return int(hook["sleep"]["seconds"])
    found = re.search(r"sleep (\d+)", " ".join((hook.get("exec") or {}).get("command") or []))
    return int(found[1]) if found else 0


def groups_of(world: World, pods: Pods) -> list[Resource]:
    """Target groups that pods are registered in."""
    arns = [
        str(binding.get("spec.targetGroupARN"))
        for service in world.services_of(pods)
        for binding in world.bindings_of(service)
    ]
    return [world.target_groups[arn] for arn in arns if arn in world.target_groups]


def attribute_of(group: Resource, name: str, default: int) -> int:
    for attribute in group.items("TargetGroupAttributes"):
        if attribute.get("Key") == name:
            return int(attribute["Value"])
    return default


RULES: Final = (
    Rule("request-limit", _requests),
    Rule("image", _images),
    Rule("probe", _probes),
    Rule("end", _ends),
)
