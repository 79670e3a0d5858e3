"""How many pods a service has: its autoscaler, and the budget that keeps drains from taking too many.

Owns the figures of scaling; minimum and maximum are the table's.
"""

from typing import Final

from ... import labels, namespaces
from ...service_releases import Track, track_name
from ...settings.model import Service
from .names import Object, metadata, object_labels

_CPU_PERCENT: Final = 70
"""Of what a pod requests. Specification section 6."""

_BEHAVIOUR: Final[Object] = {
    # A sale begins at once: as many again every half minute.
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "policies": [
            {"type": "Percent", "value": 100, "periodSeconds": 30},
            {"type": "Pods", "value": 2, "periodSeconds": 30},
        ],
        "selectPolicy": "Max",
    },
    # And ends slowly: the highest wish of five minutes counts.
    "scaleDown": {
        "stabilizationWindowSeconds": 300,
        "policies": [{"type": "Percent", "value": 25, "periodSeconds": 60}],
    },
}


def autoscaler(name: str, track: Track, service: Service, *, minimum: float) -> Object:
    """By CPU; the stable track of a service with a queue by the queue's length as well.

    `minimum`: the table's, or what a release holds for as long as it lasts; may be a token.
    """
    if service.queue_length and track is Track.STABLE:
        return _by_queue(name, service, minimum)
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(track_name(name, track), object_labels(name, track)),
        "spec": {
            "scaleTargetRef": {**_DEPLOYMENT, "name": track_name(name, track)},
            "minReplicas": minimum,
            "maxReplicas": service.hpa_max,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": _CPU_PERCENT}},
                }
            ],
            "behavior": _BEHAVIOUR,
        },
    }


def _by_queue(name: str, service: Service, minimum: float) -> Object:
    """KEDA makes the autoscaler: CPU from the metrics server, the length from the service itself.

    Any pod tells the length of all queues together. Where none answers, the autoscaler goes by CPU and never down.
    """
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {
            **metadata(name, object_labels(name, Track.STABLE)),
            # Of a service that was scaled by CPU so far KEDA takes the autoscaler over.
            "annotations": {"scaledobject.keda.sh/transfer-hpa-ownership": "true"},
        },
        "spec": {
            "scaleTargetRef": {**_DEPLOYMENT, "name": name},
            "minReplicaCount": minimum,
            "maxReplicaCount": service.hpa_max,
            "advanced": {"horizontalPodAutoscalerConfig": {"name": name, "behavior": _BEHAVIOUR}},
            "triggers": [
                {"type": "cpu", "metricType": "Utilization", "metadata": {"value": str(_CPU_PERCENT)}},
                {
                    "type": "metrics-api",
                    "metricType": "Value",
                    "metadata": {
                        "url": f"http://{name}.{namespaces.SERVICES}.svc.cluster.local:{service.port}/metrics",
                        "format": "prometheus",
                        "valueLocation": "tiketi_queue_length",
                        "targetValue": str(service.queue_length),
                    },
                },
            ],
        },
    }


_DEPLOYMENT: Final = {"apiVersion": "apps/v1", "kind": "Deployment"}


def disruption_budget(name: str) -> Object:
    """One pod at a time may be drained, from the minimum too: nodes can always be upgraded.

    A pod that is not ready may go at any time: without DataStack none is, and every drain would wait for ever.
    """
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(name, object_labels(name)),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": labels.pods_of(name)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
