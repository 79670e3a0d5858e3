"""The Deployment of one track of a service: how its pods start, run, spread and stop.

Owns the pod. The measure is the Pod Security Standard "restricted", which the namespace enforces.
"""

from typing import Final

from ... import labels
from ...service_releases import Track, track_name
from ...settings.model import Service, Settings
from ..load_balancing import DEREGISTRATION_S
from . import stand_in
from .environment import environment
from .names import Object, metadata, object_labels

_USER: Final = 65532
"""`nonroot` of the distroless images; no user of the node has it."""

_NOTICE_S: Final = 10
"""Until the controller has deregistered a pod that goes, and every node of the load balancer knows it: new requests
come that long."""
_STOP_AFTER_S: Final = _NOTICE_S + DEREGISTRATION_S
"""The process hears SIGTERM when the load balancer has ended the last connection that it had opened (40 s)."""
_FINISH_S: Final = 20
"""What it then has to finish and say goodbye to its stores. 60 s in all: half of the two minutes that a spot node has
when AWS takes it back."""
_LOST_NODE_S: Final = 60
"""Pods of a node, or a zone, that does not answer are made anew elsewhere after a minute; Kubernetes waits five."""
_TMP_MIB: Final = 64
_RELEASE: Final = "cloudmart.internal/release"
_SPREAD: Final = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def deployment(name: str, track: Track, settings: Settings, *, image: str, release: str = "") -> Object:
    """One track. `image` empty: the stand-in runs. `release`: when it came, so that the same image, released again,
    makes new pods too.

    No `replicas`: the autoscaler sets them, and an apply would set them back.
    """
    pod = {
        "metadata": {"labels": object_labels(name, track), **({"annotations": {_RELEASE: release}} if release else {})},
        "spec": _pod(name, settings, image, spread=[_spread(name, track, key) for key in _SPREAD]),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(track_name(name, track), object_labels(name, track)),
        "spec": {
            "selector": {"matchLabels": labels.pods_of(name, track)},
            # A new pod is ready when the load balancer calls it healthy (its readiness gate); only then an old one
            # goes. A quarter at a time, one up to four replicas: twenty of queue are replaced in five rounds.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
            "minReadySeconds": 10,
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 3,
            "template": pod,
        },
    }


def _pod(name: str, settings: Settings, image: str, *, spread: list[Object]) -> Object:
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _STOP_AFTER_S + _FINISH_S,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        # Names of AWS have two dots and more: asked for as they are, rather than under four domains of ours first.
        "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]},
        "topologySpreadConstraints": spread,
        "affinity": {"nodeAffinity": _capacity(settings.eks.services[name])},
        "tolerations": [
            {
                "key": f"node.kubernetes.io/{state}",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": _LOST_NODE_S,
            }
            for state in ("not-ready", "unreachable")
        ],
        "containers": [_container(name, settings, image)],
        "volumes": [
            {"name": "tmp", "emptyDir": {"sizeLimit": f"{_TMP_MIB}Mi"}},
            *([] if image else [stand_in.VOLUME]),
        ],
    }


def _container(name: str, settings: Settings, image: str) -> Object:
    service = settings.eks.services[name]
    return {
        "name": name,
        "image": image or settings.eks.stand_in,
        **({} if image else {"args": stand_in.arguments(service.port)}),
        "ports": [{"name": "http", "containerPort": service.port}],
        "env": environment(name, settings),
        # Not `ephemeral-storage`: the root is read-only, /tmp has its limit, and the autoscaler, which does not know
        # how much a node of an empty group has, would never start one for a pod that asks for some.
        "resources": {
            "requests": {"cpu": f"{service.cpu_request}m", "memory": f"{service.memory_request}Mi"},
            "limits": {"cpu": f"{service.cpu_limit}m", "memory": f"{service.memory_limit}Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "startupProbe": _probe("/health", every_s=2, failures=30),
        "readinessProbe": _probe("/ready", every_s=5, failures=3),
        # A minute, not less: a pod that is slow under load is out of traffic (/ready) long before it is restarted.
        "livenessProbe": _probe("/health", every_s=10, failures=6),
        "lifecycle": {"preStop": {"sleep": {"seconds": _STOP_AFTER_S}}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, *([] if image else [stand_in.MOUNT])],
    }


def _probe(path: str, *, every_s: int, failures: int) -> Object:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": every_s,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    }


def _spread(name: str, track: Track, key: str) -> Object:
    """Even over zones and nodes as far as they have room, never at the price of a pod that waits.

    `DoNotSchedule` would let a full zone stop the growth of a service while the other has room, and in lab (two nodes
    in one zone, one in the other) hold it below the maximum that was checked. Counted by version, so that the pods
    that a rollout is about to remove do not decide where the new ones go; dead nodes do not count.
    """
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels.pods_of(name, track)},
        "matchLabelKeys": ["pod-template-hash"],
        "nodeTaintsPolicy": "Honor",
    }


def _capacity(service: Service) -> Object:
    """Spot where a service may move: it costs a third. Only a wish, so that pods run where there is no spot node."""
    if service.capacity == "on-demand":
        return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [_nodes("on-demand")]}}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 50, "preference": _nodes("spot")}]}


def _nodes(capacity: str) -> Object:
    return {"matchExpressions": [{"key": labels.CAPACITY, "operator": "In", "values": [capacity]}]}
