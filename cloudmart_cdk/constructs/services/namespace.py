"""The namespace of the services, and what holds for everything in it."""

from typing import Final

from ... import namespaces
from ...settings.model import Settings
from .names import Object

QUOTA: Final[Object] = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {
        "name": "no-doors",
        "namespace": namespaces.SERVICES,
        "labels": {"app.kubernetes.io/part-of": namespaces.SERVICES},
    },
    "spec": {
        "hard": {
            # EKS itself would make a load balancer for a Service of that type: in no table, and left by a destroy.
            "services.loadbalancers": "0",
            "services.nodeports": "0",
            # KEDA may make Jobs here, for ScaledJobs, which nobody has: a Job would be any service that it names, with
            # that service's account, labels and thereby secrets.
            "count/jobs.batch": "0",
            "count/cronjobs.batch": "0",
        }
    },
}


def namespace(settings: Settings) -> Object:
    """Held to the Pod Security Standard of the cluster's version; pods get the load balancer's readiness gates."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": namespaces.SERVICES,
            "labels": {
                "app.kubernetes.io/part-of": namespaces.SERVICES,
                "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
                **{
                    f"pod-security.kubernetes.io/{key}": value
                    for mode in ("enforce", "audit", "warn")
                    for key, value in ((mode, "restricted"), (f"{mode}-version", f"v{settings.eks.version}"))
                },
            },
        },
    }
