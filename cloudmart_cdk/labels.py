"""Labels by which Kubernetes objects find each other and pods find nodes. Does not import `aws_cdk`."""

from typing import Final

from .service_releases import Track

NAME: Final = "app.kubernetes.io/name"
TRACK: Final = "cloudmart.internal/track"
CAPACITY: Final = "cloudmart.internal/capacity"
"""Of nodes: `on-demand` or `spot`. Ours beside EKS's `eks.amazonaws.com/capacityType`, so that the autoscaler, which
asks EKS for a group's labels, knows it of a group at zero."""
ON_DEMAND: Final = {CAPACITY: "on-demand"}
"""Node selector of what would go with the very spot node that it has to replace."""


def discovered(label: str) -> str:
    """A pod's label as Prometheus' service discovery spells it."""
    return "__meta_kubernetes_pod_label_" + "".join(letter if letter.isalnum() else "_" for letter in label)


def pods_of(service: str, track: Track | None = None) -> dict[str, str]:
    """Labels that select a service's pods; those of both tracks unless one is named."""
    return {NAME: service, **({TRACK: track} if track else {})}
