"""Cases of the rules of `names`, `selection`, `references` and `containers`: objects and what they name."""

from typing import Final

from tests.kubernetes.cases.case import AUTH, POD, Case, added, all_of, put_in, removed, spoilt
from tests.kubernetes.sample_objects import IMAGE, an_object
from tests.kubernetes.samples import CONTAINER, GONE

_LONG: Final = all_of(
    put_in(AUTH, "metadata.name", "a" * 47),
    put_in("HorizontalPodAutoscaler auth", "spec.scaleTargetRef.name", "a" * 47),
    put_in("VerticalPodAutoscaler auth", "spec.targetRef.name", "a" * 47),
)
_TAINTED: Final = all_of(
    put_in("Nodes", "Properties.Taints", [{"Key": "spot", "Value": "true", "Effect": "NO_SCHEDULE"}]),
    *(
        put_in(f"Deployment {service}", f"{POD}.tolerations", [{"key": "spot", "effect": "NoExecute"}])
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
    spoilt("size", "ConfigMap stand-in", "data.dashboard", "x" * 200_000, "characters: `kubectl apply` keeps"),
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
)
