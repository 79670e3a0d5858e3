"""How requests reach a track's pods: Service and TargetGroupBinding.

Owns both objects. Target groups and the listener's rule are `platform_load_balancer`'s.
"""

from ... import labels
from ...service_releases import Track, track_name
from .names import Object, metadata, object_labels


def service(name: str, track: Track, *, port: int) -> Object:
    """Callers in the cluster use the stable track's. Its port is the container's: the CNI judges a packet by the
    address and port of the Service when it leaves, and by those of the pod when it arrives."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(track_name(name, track), object_labels(name, track)),
        "spec": {
            "type": "ClusterIP",
            "selector": labels.pods_of(name, track),
            "ports": [{"name": "http", "port": port, "targetPort": port, "protocol": "TCP", "appProtocol": "http"}],
        },
    }


def binding(name: str, track: Track, *, port: int, target_group_arn: str) -> Object:
    """The load balancer controller keeps the target group's targets to the Service's pods."""
    return {
        "apiVersion": "elbv2.k8s.aws/v1beta1",
        "kind": "TargetGroupBinding",
        "metadata": metadata(track_name(name, track), object_labels(name, track)),
        "spec": {
            "serviceRef": {"name": track_name(name, track), "port": port},
            "targetGroupARN": target_group_arn,
            "targetType": "ip",
            "ipAddressType": "ipv4",
        },
    }
