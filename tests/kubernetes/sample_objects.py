"""The Kubernetes objects of two services as they ought to be: auth, which calls event; event scales by its queue too.

Every rule of the linter is content with them.
"""

from typing import Any, Final

from tests.kubernetes.resolver import digest

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


def deployment(service: str, port: int) -> Object:
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


def scaler(service: str) -> Object:
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


def queue_scaler(service: str) -> Object:
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
BASE: Final = [
    an_object("v1", "ConfigMap", "stand-in", data={"health": "ok"}),
    an_object("rbac.authorization.k8s.io/v1", "Role", "reader", rules=[]),
    _policy("auth", egress=[{"to": [_peer("event")], "ports": [{"port": 3002}]}, _DNS, _WORLD]),
    _policy("event", ingress=[{"from": [_peer("auth")], "ports": [{"port": "http"}]}], egress=[_DNS]),
    *_around("auth", 3001),
    *_around("event", 3002),
]
VERTICAL: Final = an_object(
    "autoscaling.k8s.io/v1",
    "VerticalPodAutoscaler",
    "auth",
    {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "auth"},
        "updatePolicy": {"updateMode": "Off"},
    },
)
