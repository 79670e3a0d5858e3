"""For each rule of the linter the ways to break it: one change of the sample each.

Owns the cases. `says` is part of what the rule answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.kubernetes.samples import CONTAINER, GONE, IMAGE, Sample, an_object

POD: Final = "spec.template.spec"
AUTH: Final = "Deployment auth"


Edit = Callable[[Sample], None]


@dataclass(frozen=True)
class Case:
    rule: str
    spoil: Edit
    says: str
    also: tuple[str, ...] = ()
    """Rules that the same change breaks too."""

    def __str__(self) -> str:
        return f"{self.rule}: {self.says}"


def spoilt(rule: str, name: str, path: str, value: Any, says: str, *also: str) -> Case:
    return Case(rule, _put(name, path, value), says, also)


def added(rule: str, says: str, *objects: Any, to: str = "Base", also: tuple[str, ...] = ()) -> Case:
    return Case(rule, lambda sample: sample.add(*objects, to=to), says, also)


def removed(rule: str, name: str, says: str, *also: str) -> Case:
    return Case(rule, lambda sample: sample.remove(name), says, also)


def _put(name: str, path: str, value: Any) -> Edit:
    return lambda sample: sample.put(name, path, value)


def _all(*edits: Edit) -> Edit:
    def spoil(sample: Sample) -> None:
        for edit in edits:
            edit(sample)

    return spoil


def _without(resource: str) -> Edit:
    def spoil(sample: Sample) -> None:
        del sample.resources[resource]

    return spoil


def _late_policy(sample: Sample) -> None:
    """In the manifest of the pods, after them."""
    policy = sample.object("NetworkPolicy auth")
    sample.remove("NetworkPolicy auth")
    sample.add(policy, to="Pods")


_LONG: Final = _all(
    _put(AUTH, "metadata.name", "a" * 47),
    _put("HorizontalPodAutoscaler auth", "spec.scaleTargetRef.name", "a" * 47),
    _put("VerticalPodAutoscaler auth", "spec.targetRef.name", "a" * 47),
)
_TAINTED: Final = _all(
    _put("Nodes", "Properties.Taints", [{"Key": "spot", "Value": "true", "Effect": "NO_SCHEDULE"}]),
    *(
        _put(f"Deployment {service}", f"{POD}.tolerations", [{"key": "spot", "effect": "NoExecute"}])
        for service in ("auth", "event")
    ),
)
_PORTS: Final = [{"name": "http", "containerPort": 3001}]
_SECRET: Final = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "jwt", "key": "key"}}}
_AFFINITY: Final = f"{POD}.affinity.nodeAffinity"
_PREFERRED: Final = {
    "weight": 1,
    "preference": {"matchExpressions": [{"key": "capacity", "operator": "In", "values": ["spot"]}]},
}
_APART: Final = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "auth"}}}
_SPREAD: Final = f"{POD}.topologySpreadConstraints.0.labelSelector.matchLabels"

_KEDA_POLICY: Final = an_object(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    "keda",
    {
        "podSelector": {"matchLabels": {"app": "keda-operator"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "auth"}}}], "ports": [{"port": 9}]}
        ],
    },
)

CASES: Final = (
    spoilt("name", "ConfigMap stand-in", "metadata.name", "stand_in", "'stand_in' is not legal", "source"),
    spoilt("name", "Role reader", "metadata.name", "a/b", "'a/b' is not legal for a Role", "role-binding"),
    spoilt("name", "PodDisruptionBudget auth", "metadata.name", "a" * 254, "is not legal"),
    added("name", "'3auth' is not legal for a Service", an_object("v1", "Service", "3auth", {"ports": []})),
    Case("name", _LONG, "at most 46"),
    added(
        "name",
        "'a.b' is no RFC 1123 label",
        {**an_object("v1", "ConfigMap", "x"), "metadata": {"name": "x", "namespace": "a.b"}},
        also=("namespace",),
    ),
    spoilt("label", "Service auth", "metadata.labels", {"a": "b c"}, "'b c' is no legal label value"),
    spoilt("label", "Service auth", "metadata.labels", {"a": 1}, "1 is no legal label value"),
    spoilt("label", "Service auth", "metadata.labels", {"a/b/c": "d"}, "'a/b/c' is no legal key"),
    spoilt("label", "Service auth", "metadata.annotations", {"-": "d"}, "annotations: '-' is no legal key"),
    spoilt("label", "Service auth", "metadata.labels", {"a": "b" * 64}, "is no legal label value"),
    Case(
        "duplicate",
        lambda sample: sample.add(sample.object("ConfigMap stand-in")),
        "ConfigMap tiketi/stand-in: is made 2 times",
    ),
    spoilt("name-in-pod", AUTH, f"{CONTAINER}.name", "Auth", "container 'Auth': the name is not legal"),
    spoilt(
        "name-in-pod",
        AUTH,
        f"{CONTAINER}.ports",
        [{"name": "http-of-the-service", "containerPort": 3001}],
        "port 'http-of-the-service'",
        "service-port",
        "probe",
    ),
    spoilt(
        "name-in-pod",
        AUTH,
        f"{CONTAINER}.ports",
        [*_PORTS, {"name": "http", "containerPort": 1}],
        "port 'http': stated 2 times",
    ),
    spoilt("name-in-pod", AUTH, f"{CONTAINER}.env", [{"name": "A", "value": "1"}] * 2, "variable 'A': stated 2 times"),
    spoilt("name-in-pod", AUTH, f"{CONTAINER}.env", [{"name": "1A", "value": "1"}], "variable '1A': the name"),
    spoilt(
        "name-of-port", "Service auth", "spec.ports", [{"port": 3001}, {"port": 3001, "name": "b"}], "port '': the name"
    ),
    spoilt(
        "name-of-port",
        "Service auth",
        "spec.ports",
        [{"port": 3001, "name": "a"}, {"port": 3001, "name": "b"}],
        "TCP 3001 is stated twice",
    ),
    spoilt(
        "namespace",
        "ConfigMap stand-in",
        "metadata.namespace",
        "tiketo",
        "nothing makes the namespace tiketo",
        "source",
    ),
    spoilt("selector-template", AUTH, "spec.selector.matchLabels.app", "auth", "does not mean its own pods"),
    spoilt(
        "selector-apart",
        AUTH,
        "spec.selector.matchLabels",
        {"cloudmart.internal/track": "stable"},
        "also takes the pods of Deployment tiketi/event",
    ),
    spoilt("service-selects", "Service auth", "spec.selector.app", "auth", "no pod has the labels"),
    spoilt(
        "budget-selects", "PodDisruptionBudget auth", "spec.selector", {"matchLabels": {"app": "auth"}}, "means no pod"
    ),
    spoilt("budget-selects", "PodDisruptionBudget event", "spec.selector", {}, "more than one budget: auth, event"),
    spoilt("spread-selects", AUTH, _SPREAD, {"app": "auth"}, "spread over topology.kubernetes.io/zone"),
    spoilt(
        "spread-selects",
        AUTH,
        f"{POD}.affinity.podAntiAffinity",
        {"requiredDuringSchedulingIgnoredDuringExecution": [_APART]},
        "apart by kubernetes.io/hostname",
    ),
    spoilt(
        "spread-selects",
        AUTH,
        f"{POD}.affinity.podAntiAffinity",
        {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": _APART}]},
        "preferably apart",
    ),
    spoilt(
        "node-exists",
        AUTH,
        f"{POD}.nodeSelector",
        {"cloudmart.internal/capacity": "spot"},
        "no node group has the labels",
    ),
    spoilt("node-exists", "Nodes", "Properties.Labels", {}, "no node group has the labels"),
    spoilt(
        "node-exists",
        AUTH,
        f"{_AFFINITY}.preferredDuringSchedulingIgnoredDuringExecution",
        [_PREFERRED],
        "by a label that none has: capacity",
    ),
    Case("node-exists", _TAINTED, "taints that it tolerates"),
    spoilt(
        "mount",
        AUTH,
        f"{CONTAINER}.volumeMounts",
        [{"name": "tmp", "mountPath": "/tmp"}],
        "mounts tmp, which is no volume",
    ),
    spoilt("mount", AUTH, f"{CONTAINER}.volumeMounts", [], "volume stand-in is mounted nowhere"),
    spoilt(
        "mount",
        AUTH,
        f"{CONTAINER}.volumeMounts",
        [{"name": "stand-in", "mountPath": "/a"}] * 2,
        "mount path '/a', 2 times",
    ),
    removed("source", "ConfigMap stand-in", "there is no ConfigMap stand-in"),
    spoilt(
        "source",
        AUTH,
        f"{POD}.volumes.0.configMap.items",
        [{"key": "metrics", "path": "m"}],
        "ConfigMap stand-in has no metrics",
    ),
    spoilt("source", AUTH, f"{CONTAINER}.env", [_SECRET], "there is no Secret jwt"),
    spoilt("source", AUTH, f"{CONTAINER}.envFrom", [{"configMapRef": {"name": "more"}}], "there is no ConfigMap more"),
    removed("service-account", "ServiceAccount event", "there is no ServiceAccount event", "role-binding"),
    spoilt(
        "pod-identity",
        "AuthIdentity",
        "Properties.ServiceAccount",
        "other",
        "there is no ServiceAccount other in tiketi",
    ),
    spoilt(
        "pod-identity", "AuthIdentity", "Properties.Namespace", "default", "there is no ServiceAccount auth in default"
    ),
    spoilt("pod-identity", "ControllerIdentity", "Properties.ServiceAccount", "auth", "has a role already"),
    removed("role-binding", "Role reader", "there is no Role reader"),
    spoilt(
        "role-binding", "RoleBinding auth", "subjects.0.namespace", "default", "there is no ServiceAccount default/auth"
    ),
    spoilt("request-limit", AUTH, f"{CONTAINER}.resources.requests.cpu", "501m", "requests 501m cpu, limit 0.5"),
    spoilt("request-limit", AUTH, f"{CONTAINER}.resources.requests.memory", "1G", "requests 1G memory, limit 512Mi"),
    spoilt("request-limit", AUTH, f"{CONTAINER}.resources.limits.memory", "512 MB", "memory is no quantity"),
    spoilt("image", AUTH, f"{CONTAINER}.image", "busybox:1.37.0", "is not pinned by its digest"),
    spoilt(
        "image", AUTH, f"{CONTAINER}.image", IMAGE.partition("@")[0] + "@sha256:" + "0" * 64, "has a made-up digest"
    ),
    spoilt("probe", AUTH, f"{CONTAINER}.livenessProbe.httpGet.port", 8080, "asks port 8080"),
    spoilt("probe", AUTH, f"{CONTAINER}.readinessProbe.httpGet.port", "web", "asks port web"),
    spoilt("probe", AUTH, f"{CONTAINER}.readinessProbe.httpGet.path", "ready", "does not begin with /"),
    spoilt("probe", AUTH, f"{CONTAINER}.livenessProbe.successThreshold", 2, "has to be 1"),
    spoilt("end", AUTH, f"{POD}.terminationGracePeriodSeconds", 40, "killed after 40 s"),
    spoilt("end", AUTH, f"{CONTAINER}.lifecycle", GONE, "has no preStop"),
    spoilt(
        "end",
        AUTH,
        f"{CONTAINER}.lifecycle.preStop",
        {"exec": {"command": ["sh", "-c", "sleep 70"]}},
        "preStop takes 70 s",
    ),
    spoilt("end", "AuthGroup", "Properties.TargetGroupAttributes", [], "lets it finish requests for 300 s"),
    spoilt("scale-target", "HorizontalPodAutoscaler auth", "spec.scaleTargetRef.name", "audit", "which is not there"),
    spoilt(
        "scale-target", "HorizontalPodAutoscaler auth", "spec.scaleTargetRef.kind", "StatefulSet", "which is not there"
    ),
    spoilt(
        "scale-target", "HorizontalPodAutoscaler auth", "spec.scaleTargetRef.apiVersion", "v1", "a Deployment of v1"
    ),
    spoilt("scale-target", "ScaledObject event", "spec.scaleTargetRef.name", "evt", "which is not there"),
    spoilt("scale-target", "VerticalPodAutoscaler auth", "spec.targetRef.name", "evt", "which is not there"),
    spoilt("scale-bounds", "HorizontalPodAutoscaler auth", "spec.maxReplicas", 1, "from 2 to 1 pods"),
    spoilt("scale-bounds", "ScaledObject event", "spec.minReplicaCount", GONE, "from 0 to 10 pods"),
    spoilt("scale-replicas", AUTH, "spec.replicas", 2, "states replicas"),
    spoilt("scale-replicas", "ScaledObject event", "spec.scaleTargetRef.name", "auth", "is sized by"),
    spoilt("scale-replicas", "VerticalPodAutoscaler auth", "spec.updatePolicy", GONE, "changes the pods that"),
    spoilt(
        "scale-metric", AUTH, f"{CONTAINER}.resources.requests.cpu", GONE, "needs a request of cpu in container auth"
    ),
    spoilt(
        "scale-metric", "Deployment event", f"{CONTAINER}.resources", GONE, "needs a request of cpu in container event"
    ),
    spoilt(
        "trigger",
        "ScaledObject event",
        "spec.triggers.0.metricType",
        "Value",
        "trigger 0: cpu has no metric type Value",
    ),
    spoilt(
        "trigger", "ScaledObject event", "spec.triggers.0.metricType", GONE, "trigger 0: cpu has no metric type None"
    ),
    spoilt("trigger", "ScaledObject event", "spec.triggers.1.type", "metric-api", "nothing is known of metric-api"),
    spoilt("trigger", "ScaledObject event", "spec.triggers.1.metadata.valueLocation", GONE, "needs valueLocation"),
    spoilt("trigger", "ScaledObject event", "spec.triggers.1.metadata.threshold", "9", "knows no threshold"),
    spoilt(
        "address",
        "ScaledObject event",
        "spec.triggers.1.metadata.url",
        "http://event.tiketi.svc:80/",
        "no such Service",
    ),
    spoilt("address", "ScaledObject event", "spec.triggers.1.metadata.url", "event.tiketi.svc:3002", "no address of a"),
    spoilt("address", AUTH, f"{CONTAINER}.env.1.value", "http://events:3002", "EVENT_URL: there is no such Service"),
    spoilt(
        "budget-field", "PodDisruptionBudget auth", "spec.minAvailable", 1, "states minAvailable and maxUnavailable"
    ),
    spoilt("budget-field", "PodDisruptionBudget auth", "spec.maxUnavailable", GONE, "states nothing"),
    spoilt("budget-drain", "PodDisruptionBudget auth", "spec.maxUnavailable", 0, "none of 2 pods"),
    Case(
        "budget-drain",
        _all(
            _put("PodDisruptionBudget auth", "spec.maxUnavailable", GONE),
            _put("PodDisruptionBudget auth", "spec.minAvailable", "51%"),
        ),
        "none of 2 pods",
    ),
    spoilt(
        "budget-unready",
        "PodDisruptionBudget auth",
        "spec.unhealthyPodEvictionPolicy",
        GONE,
        "while its pods are not ready",
    ),
    spoilt("service-port", "Service auth", "spec.ports.0.targetPort", "web", "has no port web"),
    spoilt("service-port", "Service auth", "spec.ports.0.port", 80, "port 80 leads to 3001", "binding"),
    spoilt("binding", "TargetGroupBinding auth", "spec.serviceRef.name", "audit", "there is no Service audit"),
    spoilt("binding", "TargetGroupBinding auth", "spec.serviceRef.port", 80, "Service auth has no port 80"),
    spoilt("binding", "TargetGroupBinding auth", "spec.targetType", "instance", "pods are registered by address"),
    spoilt("binding", "AuthGroup", "Properties.Port", 80, "the Service's port is 3001, the target group's 80"),
    spoilt(
        "binding", "TargetGroupBinding auth", "spec.targetGroupARN", "arn:x", "none of these templates'", "target-group"
    ),
    spoilt(
        "target-group",
        "TargetGroupBinding auth",
        "spec.targetGroupARN",
        "${EventGroup}",
        "EventGroup: has 2 bindings",
        "binding",
        "listener-rule",
    ),
    removed("target-group", "TargetGroupBinding auth", "AuthGroup: has 0 bindings"),
    Case("target-group", _without("AuthRule"), "no listener rule names it"),
    spoilt(
        "listener-rule",
        "AuthRule",
        "Properties.Conditions.0.PathPatternConfig.Values",
        ["/api/login"],
        "leads ['/api/login'] to auth",
    ),
    spoilt(
        "listener-rule", "AuthRule", "Properties.Actions.0.ForwardConfig.TargetGroups.0.Weight", 0, "all weights are 0"
    ),
    spoilt(
        "listener-rule",
        "AuthRule",
        "Properties.Actions.0.ForwardConfig.TargetGroups.0.TargetGroupArn",
        "arn:x",
        "none of these templates'",
        "target-group",
    ),
    spoilt("health-check", "AuthGroup", "Properties.HealthCheckPath", "/", "asks /, which no probe does"),
    spoilt("health-check", "AuthGroup", "Properties.HealthCheckPort", "8080", "asks another port, 8080"),
    spoilt("readiness-gate", "Namespace tiketi", "metadata.labels", {}, "before the load balancer does"),
    spoilt(
        "policy-selects", "NetworkPolicy event", "spec.podSelector", {"matchLabels": {"app": "event"}}, "means no pod"
    ),
    spoilt(
        "policy-peer",
        "NetworkPolicy auth",
        "spec.egress.1.to.0.podSelector",
        {"matchLabels": {"app": "dns"}},
        "egress rule 1: a peer that is no pod",
    ),
    spoilt(
        "policy-peer",
        "NetworkPolicy auth",
        "spec.egress.1.to.0.namespaceSelector",
        GONE,
        "egress rule 1: a peer that is no pod",
    ),
    spoilt("policy-block", "NetworkPolicy auth", "spec.egress.2.to.0.ipBlock.cidr", "10.0.1.0/16", "is no range"),
    spoilt(
        "policy-block",
        "NetworkPolicy auth",
        "spec.egress.2.to.0.ipBlock",
        {"cidr": "10.0.0.0/16", "except": ["10.1.0.0/24"]},
        "spares what is not in it",
    ),
    spoilt("policy-type", "NetworkPolicy auth", "spec.policyTypes", ["Ingress"], "Egress is not in policyTypes"),
    spoilt(
        "policy-port",
        "NetworkPolicy event",
        "spec.ingress.0.ports",
        [{"port": 3005}],
        "Deployment tiketi/event has no port 3005",
        "policy-both-ends",
    ),
    spoilt(
        "policy-port",
        "NetworkPolicy auth",
        "spec.egress.0.ports",
        [{"port": "web"}],
        "Deployment tiketi/event has no port web",
        "policy-both-ends",
    ),
    added("policy-port", "{'app': 'keda-operator'", _KEDA_POLICY, also=("policy-both-ends",)),
    spoilt(
        "policy-both-ends",
        "NetworkPolicy event",
        "spec.ingress",
        GONE,
        "Deployment tiketi/event is not open to Deployment tiketi/auth",
    ),
    spoilt(
        "policy-both-ends",
        "NetworkPolicy auth",
        "spec.egress",
        [],
        "Deployment tiketi/auth is not open to Deployment tiketi/event",
    ),
    spoilt("order-namespace", "Base", "DependsOn", ["Nodes"], "may be made before its namespace tiketi", "order-kind"),
    spoilt(
        "order-namespace",
        "Controller",
        "DependsOn",
        ["Nodes", "ControllerIdentity"],
        "Controller: may be installed before",
    ),
    spoilt(
        "order-kind",
        "Base",
        "DependsOn",
        ["Namespace", "Keda"],
        "before the chart aws-load-balancer-controller defines",
    ),
    spoilt("order-kind", "Scalers", "DependsOn", ["Pods", "Vertical"], "before the chart keda defines its kind"),
    Case("order-kind", _without("Vertical"), "the chart vertical-pod-autoscaler is not installed"),
    spoilt(
        "order-pods",
        "Pods",
        "DependsOn",
        ["Controller", "AuthIdentity"],
        "may be made before TargetGroupBinding tiketi/auth",
    ),
    spoilt("order-pods", "Pods", "DependsOn", ["Base"], "before AuthIdentity, and has no credentials"),
    Case("order-pods", _late_policy, "before NetworkPolicy tiketi/auth"),
    spoilt("order-chart", "Keda", "DependsOn", ["Namespace"], "before there is a node"),
    spoilt("order-chart", "Controller", "DependsOn", ["Namespace", "Nodes"], "before ControllerIdentity"),
    Case(
        "order-nodes",
        _all(
            *(
                _put(chart, "DependsOn", ["Namespace", "ControllerIdentity"])
                for chart in ("Controller", "Keda", "Vertical")
            )
        ),
        "may be removed after the nodes",
        ("order-chart",),
    ),
)
