"""What the objects of a service are called, and the labels by which they find each other.

Owns names and labels in Kubernetes. Names in AWS are `settings.naming`'s, the template's `service_releases`'.
"""

from ... import labels, namespaces
from ...service_releases import Track

Labels = dict[str, str]
Object = dict[str, object]
"""A Kubernetes object, or a part of one, as its API spells it."""


def object_labels(service: str, track: Track | None = None) -> Labels:
    return {**labels.pods_of(service, track), "app.kubernetes.io/part-of": namespaces.SERVICES}


def metadata(name: str, labels: Labels) -> Object:
    return {"name": name, "namespace": namespaces.SERVICES, "labels": labels}
