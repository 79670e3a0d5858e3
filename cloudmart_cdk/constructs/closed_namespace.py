"""A Kubernetes namespace that is closed: restricted pods, no traffic, no doors, until something opens it.

Owns what all namespaces of ours have in common, as data. Network policies beside it open what is meant.
"""

from collections.abc import Mapping
from typing import Any, Final

_MODES: Final = ("enforce", "audit", "warn")
_DOORS: Final = (
    # EKS itself would make a load balancer for a Service of that type: in no table, and left by a destroy.
    "services.loadbalancers",
    "services.nodeports",
    # KEDA's role may make Jobs, which nobody has: a Job would be whatever account of the namespace it names, with that
    # account's rights in AWS.
    "count/jobs.batch",
    "count/cronjobs.batch",
)


def closed_namespace(name: str, *, version: str, labels: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Namespace, network policy and quota. `version`: Kubernetes', whose Pod Security Standard holds; `labels`: further
    ones of the namespace."""
    standard = {
        f"pod-security.kubernetes.io/{key}": value
        for mode in _MODES
        for key, value in ((mode, "restricted"), (f"{mode}-version", f"v{version}"))
    }
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {**(labels or {}), **standard}}},
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "default-deny", "namespace": name},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        },
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "no-doors", "namespace": name},
            "spec": {"hard": dict.fromkeys(_DOORS, "0")},
        },
    ]
