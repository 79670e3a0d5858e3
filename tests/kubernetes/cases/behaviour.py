"""Cases of the rules of `scaling`, `traffic`, `policies` and `order`: what objects do together."""

from typing import Final

from tests.kubernetes.cases.case import AUTH, Case, added, all_of, put_in, removed, spoilt, without
from tests.kubernetes.sample_objects import an_object
from tests.kubernetes.samples import CONTAINER, GONE, Sample


def _late_policy(sample: Sample) -> None:
    """In the manifest of the pods, after them."""
    policy = sample.object("NetworkPolicy auth")
    sample.remove("NetworkPolicy auth")
    sample.add(policy, to="Pods")


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
        all_of(
            put_in("PodDisruptionBudget auth", "spec.maxUnavailable", GONE),
            put_in("PodDisruptionBudget auth", "spec.minAvailable", "51%"),
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
    Case("target-group", without("AuthRule"), "no listener rule names it"),
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
    Case("order-kind", without("Vertical"), "the chart vertical-pod-autoscaler is not installed"),
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
        all_of(
            *(
                put_in(chart, "DependsOn", ["Namespace", "ControllerIdentity"])
                for chart in ("Controller", "Keda", "Vertical")
            )
        ),
        "may be removed after the nodes",
        ("order-chart",),
    ),
)
