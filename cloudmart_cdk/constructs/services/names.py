"""What the objects of a service are called, and the labels by which they find each other.

Owns names and labels in Kubernetes. Names in AWS are `settings.naming`'s, the template's `service_releases`'.
"""

from typing import Final

from ... import namespaces
from ...service_releases import Track

NAME_LABEL: Final = "app.kubernetes.io/name"
TRACK_LABEL: Final = "cloudmart.internal/track"

Labels = dict[str, str]
Object = dict[str, object]
"""A Kubernetes object, or a part of one, as its API spells it."""


def pods_of(service: str, track: Track | None = None) -> Labels:
    """Labels that select a service's pods; those of both tracks unless one is named."""
    return {NAME_LABEL: service, **({TRACK_LABEL: track} if track else {})}


def object_labels(service: str, track: Track | None = None) -> Labels:
    return {**pods_of(service, track), "app.kubernetes.io/part-of": namespaces.SERVICES}


def metadata(name: str, labels: Labels) -> Object:
    return {"name": name, "namespace": namespaces.SERVICES, "labels": labels}
