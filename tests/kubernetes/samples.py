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
from tests.kubernetes.resolver import Resolver, digest
from tests.kubernetes.world import NODE_GROUP, TARGET_GROUP, World

GONE: Final = object()
"""In place of a value: the key is left out."""
CONTAINER: Final = "spec.template.spec.containers.0"
IMAGE: Final = f"public.ecr.aws/docker/library/busybox:1.37.0@sha256:{digest('busybox')}"

Object = dict[str, Any]


def an_object(api_version: str, kind: str, name: str, spec: Any = None, **parts: Any) -> Object:
    metadata = {"name": name} if kind == "Namespace" else {"name": name, "namespace": "tiketi"}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": metadata,
        **({} if spec is None else {"spec": spec}),
        **parts,
    }


def _labels(service: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": service, "cloudmart.internal/track": "stable"}


def _probe(path: str = "/health") -> Object:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 5}


def _deployment(service: str, port: int) -> Object:
    labels = _labels(service)
    container = {
        "name": service,
        "image": IMAGE,
        "ports": [{"name": "http", "containerPort": port}],
        "env": [{"name": "PORT", "value": str(port)}, {"name": "EVENT_URL", "value": "http://event:3002"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "0.5", "memory": "512Mi"}},
        "startupProbe": _probe(),
        "livenessProbe": _probe(),
        "readinessProbe": _probe("/ready"),
        "lifecycle": {"preStop": {"sleep": {"seconds": 40}}},
        "volumeMounts": [{"name": "stand-in", "mountPath": "/stand-in"}],
    }
    capacity = {"key": "cloudmart.internal/capacity", "operator": "In", "values": ["on-demand"]}
    pod = {
        "serviceAccountName": service,
        "terminationGracePeriodSeconds": 60,
        "containers": [container],
        "volumes": [{"name": "stand-in", "configMap": {"name": "stand-in"}}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [capacity]}]
                }
            }
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels},
            }
        ],
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    return an_object("apps/v1", "Deployment", service, {"selector": {"matchLabels": labels}, "template": template})


def _scaler(service: str) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": service}
    percent = {"type": "Utilization", "averageUtilization": 70}
    return an_object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        service,
        {
            "scaleTargetRef": target,
            "minReplicas": 2,
            "maxReplicas": 10,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": percent}}],
        },
    )


def _queue_scaler(service: str) -> Object:
    return an_object(
        "keda.sh/v1alpha1",
        "ScaledObject",
        service,
        {
            "scaleTargetRef": {"name": service},
            "minReplicaCount": 2,
            "maxReplicaCount": 10,
            "triggers": [
                {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}},
                {
                    "type": "metrics-api",
                    "metricType": "Value",
                    "metadata": {
                        "url": f"http://{service}.tiketi.svc.cluster.local:3002/metrics",
                        "format": "prometheus",
                        "valueLocation": "tiketi_queue_length",
                        "targetValue": "1000",
                    },
                },
            ],
        },
    )


def _policy(service: str, **rules: Any) -> Object:
    selector = {"matchLabels": {"app.kubernetes.io/name": service}}
    spec = {"podSelector": selector, "policyTypes": ["Ingress", "Egress"], **rules}
    return an_object("networking.k8s.io/v1", "NetworkPolicy", service, spec)


def _peer(service: str) -> Object:
    return {"podSelector": {"matchLabels": {"app.kubernetes.io/name": service}}}


_DNS: Final = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"port": 53, "protocol": "UDP"}],
}
_WORLD: Final = {
    "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/16"]}}],
    "ports": [{"port": 443, "protocol": "TCP"}],
}


def _around(service: str, port: int) -> list[Object]:
    """What has to be there before the pods."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    budget = {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": {"app.kubernetes.io/name": service}},
    }
    ports = [{"name": "http", "port": port, "targetPort": "http"}]
    binding = {
        "serviceRef": {"name": service, "port": port},
        "targetGroupARN": f"${{{service.title()}Group}}",
        "targetType": "ip",
    }
    return [
        an_object("v1", "ServiceAccount", service),
        an_object(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            service,
            roleRef=role,
            subjects=[{"kind": "ServiceAccount", "name": service, "namespace": "tiketi"}],
        ),
        an_object("policy/v1", "PodDisruptionBudget", service, budget),
        an_object("v1", "Service", service, {"selector": _labels(service), "ports": ports}),
        an_object("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", service, binding),
    ]


NAMESPACE: Final = an_object("v1", "Namespace", "tiketi")
NAMESPACE["metadata"]["labels"] = {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
_BASE: Final = [
    an_object("v1", "ConfigMap", "stand-in", data={"health": "ok"}),
    an_object("rbac.authorization.k8s.io/v1", "Role", "reader", rules=[]),
    _policy("auth", egress=[{"to": [_peer("event")], "ports": [{"port": 3002}]}, _DNS, _WORLD]),
    _policy("event", ingress=[{"from": [_peer("auth")], "ports": [{"port": "http"}]}], egress=[_DNS]),
    *_around("auth", 3001),
    *_around("event", 3002),
]
_VERTICAL: Final = an_object(
    "autoscaling.k8s.io/v1",
    "VerticalPodAutoscaler",
    "auth",
    {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "auth"},
        "updatePolicy": {"updateMode": "Off"},
    },
)


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
    "Base": _resource(MANIFEST, {"Manifest": _BASE}, "Namespace", "Controller"),
    "Pods": _resource(
        MANIFEST,
        {"Manifest": [_deployment("auth", 3001), _deployment("event", 3002)]},
        "Base",
        "AuthIdentity",
    ),
    "Scalers": _resource(
        MANIFEST,
        {"Manifest": [_scaler("auth"), _queue_scaler("event"), _VERTICAL]},
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
