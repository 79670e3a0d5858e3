"""Two services as they ought to be, with what stands around them in a template, and a way to spoil one thing.

Owns the sample; every rule of the linter is content with it.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from cloudmart_cdk.policy.manifests import CHART, MANIFEST
from cloudmart_cdk.policy.model import Deployment, Stack
from cloudmart_cdk.settings import load_settings
from tests.kubernetes.resolver import Resolver
from tests.kubernetes.sample_objects import (
    BASE,
    NAMESPACE,
    VERTICAL,
    Object,
    deployment,
    queue_scaler,
    scaler,
)
from tests.kubernetes.world import NODE_GROUP, TARGET_GROUP, World

GONE: Final = object()
"""In place of a value: the key is left out."""
CONTAINER: Final = "spec.template.spec.containers.0"


def _resource(type_: str, properties: Mapping[str, Any], *after: str) -> dict[str, Any]:
    return {"Type": type_, "Properties": dict(properties), "DependsOn": list(after)}


def _chart(name: str, *after: str) -> dict[str, Any]:
    return _resource(CHART, {"Chart": name, "Release": name, "Namespace": "tiketi"}, "Namespace", "Nodes", *after)


def _identity(account: str) -> dict[str, Any]:
    return _resource("AWS::EKS::PodIdentityAssociation", {"Namespace": "tiketi", "ServiceAccount": account})


def _group(port: int) -> dict[str, Any]:
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}
    properties = {"TargetType": "ip", "Port": port, "HealthCheckPath": "/health", "TargetGroupAttributes": [delay]}
    return _resource(TARGET_GROUP, properties)


def _rule(path: str, group: str) -> dict[str, Any]:
    groups = [{"TargetGroupArn": {"Ref": group}, "Weight": 100}]
    return _resource(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        {
            "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": [path, f"{path}/*"]}}],
            "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        },
    )


_RESOURCES: Final[dict[str, dict[str, Any]]] = {
    "Nodes": _resource(
        NODE_GROUP,
        {
            "AmiType": "AL2023_x86_64_STANDARD",
            "CapacityType": "ON_DEMAND",
            "Labels": {"cloudmart.internal/capacity": "on-demand"},
        },
    ),
    "Dns": _resource("AWS::EKS::Addon", {"AddonName": "coredns"}, "Nodes"),
    "Namespace": _resource(MANIFEST, {"Manifest": [NAMESPACE]}),
    "Controller": _chart("aws-load-balancer-controller", "ControllerIdentity"),
    "Keda": _chart("keda"),
    "Vertical": _chart("vertical-pod-autoscaler"),
    "ControllerIdentity": _identity("aws-load-balancer-controller"),
    "AuthIdentity": _identity("auth"),
    "AuthGroup": _group(3001),
    "EventGroup": _group(3002),
    "AuthRule": _rule("/api/auth", "AuthGroup"),
    "EventRule": _rule("/api/events", "EventGroup"),
    "Base": _resource(MANIFEST, {"Manifest": BASE}, "Namespace", "Controller"),
    "Pods": _resource(
        MANIFEST,
        {"Manifest": [deployment("auth", 3001), deployment("event", 3002)]},
        "Base",
        "AuthIdentity",
    ),
    "Scalers": _resource(
        MANIFEST,
        {"Manifest": [scaler("auth"), queue_scaler("event"), VERTICAL]},
        "Pods",
        "Keda",
        "Vertical",
    ),
}


class Sample:
    """A copy of the sample, to be changed at will."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = json.loads(json.dumps(_RESOURCES))  # no part in two places

    def object(self, name: str) -> Object:
        """`Deployment auth`."""
        return next(each for _, each in self._objects() if f"{each['kind']} {each['metadata']['name']}" == name)

    def put(self, name: str, path: str, value: Any) -> None:
        """One value of an object, or of a resource, at a dotted path (numbers for elements of lists)."""
        put(self.resources[name] if name in self.resources else self.object(name), path, value)

    def add(self, *objects: Object, to: str = "Base") -> None:
        self.resources[to]["Properties"]["Manifest"] += deepcopy([*objects])

    def remove(self, name: str) -> None:
        gone = self.object(name)
        for objects, each in [*self._objects()]:
            if each is gone:
                objects.remove(gone)

    def _objects(self) -> Any:
        for resource in self.resources.values():
            if resource["Type"] == MANIFEST:
                objects = resource["Properties"]["Manifest"]
                yield from ((objects, each) for each in objects)

    def world(self) -> World:
        return world(self.resources)

    def documents(self) -> list[Object]:
        return [dict(object_.data) for object_ in self.world().objects]


def put(node: Any, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    if value is GONE:
        del node[int(last) if isinstance(node, list) else last]
    else:
        node[int(last) if isinstance(node, list) else last] = value


def world(resources: Mapping[str, Any]) -> World:
    """As CDK writes manifests: JSON text, in which references are a function's business."""
    written = {
        id_: {**resource, "Properties": {**resource["Properties"], "Manifest": {"Fn::Sub": json.dumps(manifest)}}}
        if (manifest := resource["Properties"].get("Manifest"))
        else resource
        for id_, resource in resources.items()
    }
    stack = Stack("EksPlatformStack", "cloudmart-lab-EksPlatformStack", "ap-northeast-2", {"Resources": written})
    resolver = Resolver({stack.id: stack})
    return World(Deployment([resolver.concrete(stack.id)], load_settings({})))
