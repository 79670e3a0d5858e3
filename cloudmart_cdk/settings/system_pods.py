"""Pods of the cluster's own: what add-ons and charts run beside the services, and what they request.

Owns these figures, in one place: `capacity` counts them, and charts and add-ons are configured with them. What charts
request is this project's choice, and so is what the CloudWatch agent requests; the rest of the add-ons' figures are
their own, as their sources have them. Not the services' requests, which are settings.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from .catalogue import Addon, Chart


@dataclass(frozen=True)
class SystemPod:
    """Pods of one workload: CPU in millicores, memory in MiB. The main container's, or all containers' together."""

    name: str
    cpu_m: int
    memory_mib: int
    replicas: int = 1
    per_node: bool = False
    """A DaemonSet: one on every node, whatever `replicas` says."""
    memory_limit_mib: int = 0
    """0: none is stated. CPU limits are never ours: they would throttle a controller when it is needed most."""
    on_demand: bool = False
    """Never on a spot node."""
    beside: str = ""
    """A container more in the pod of this name, not a pod."""


ADDON_PODS: Final[dict[Addon, tuple[SystemPod, ...]]] = {
    # Main container and network policy agent with 25m each. The chart (amazon-vpc-cni-k8s v1.23.1,
    # charts/aws-vpc-cni/values.yaml) states the first; a node of EKS shows 50m for both.
    "vpc-cni": (SystemPod("aws-node", 50, 0, per_node=True),),
    # eksctl, pkg/addons/default/testdata/sample-1.25.json: what EKS installs. No memory.
    "kube-proxy": (SystemPod("kube-proxy", 100, 0, per_node=True),),
    # eks-pod-identity-agent, charts/eks-pod-identity-agent/values.yaml: `resources: {}`.
    "eks-pod-identity-agent": (SystemPod("eks-pod-identity-agent", 0, 0, per_node=True),),
    # eksctl, pkg/addons/default/assets/coredns-1.36.json: two, 100m and 70 MiB each.
    "coredns": (SystemPod("coredns", 100, 70, replicas=2, memory_limit_mib=170),),
    # aws-ebs-csi-driver v1.64.0, charts/aws-ebs-csi-driver/values.yaml: 10m and 40 MiB a container; three on a node
    # (plugin, registrar, liveness probe), six in the controller (plugin, provisioner, attacher, snapshotter, resizer,
    # liveness probe).
    "aws-ebs-csi-driver": (
        SystemPod("ebs-csi-node", 30, 120, per_node=True),
        SystemPod("ebs-csi-controller", 60, 240, replicas=2),
    ),
    # aws-observability/helm-charts, charts/amazon-cloudwatch-observability/values.yaml, release 6.2.0. Its cluster
    # scraper, node exporter and kube-state-metrics exist with OTel Container Insights only (off), and those for GPU and
    # Neuron run on such instances only. The agent's own request is 250m, an eighth of a t3.medium on every node.
    "amazon-cloudwatch-observability": (
        SystemPod("cloudwatch-agent", 100, 128, per_node=True, memory_limit_mib=512),
        SystemPod("fluent-bit", 50, 25, per_node=True, memory_limit_mib=250),
        SystemPod("controller-manager", 100, 64),
    ),
}
"""EKS add-on -> its pods."""

CHART_PODS: Final[dict[Chart, tuple[SystemPod, ...]]] = {
    # The chart suggests 100m and 128 MiB; it watches two target groups a service.
    "aws-load-balancer-controller": (
        SystemPod("controller", 50, 128, replicas=2, memory_limit_mib=256, on_demand=True),
    ),
    # The chart suggests 100m and 300 MiB; memory grows with nodes and pods, here 30 nodes at most.
    "cluster-autoscaler": (SystemPod("cluster-autoscaler", 50, 200, memory_limit_mib=512, on_demand=True),),
    # The chart's default, 100m and 200 MiB, is for 100 nodes (its README).
    "metrics-server": (SystemPod("metrics-server", 40, 100, memory_limit_mib=256, on_demand=True),),
    # The chart's default is 100m and 100 MiB each; here it scales one workload.
    "keda": (
        SystemPod("operator", 30, 100, memory_limit_mib=512, on_demand=True),
        SystemPod("metricServer", 30, 100, memory_limit_mib=256, on_demand=True),
        SystemPod("webhooks", 10, 50, memory_limit_mib=128, on_demand=True),
    ),
    # The chart suggests 50m and 500 MiB.
    "vertical-pod-autoscaler": (SystemPod("recommender", 50, 300, memory_limit_mib=1000, on_demand=True),),
    # The chart itself requests nothing.
    "kube-prometheus-stack": (
        SystemPod("operator", 50, 64, memory_limit_mib=192, on_demand=True),
        SystemPod("prometheus", 100, 512, memory_limit_mib=1024, on_demand=True),
        SystemPod("config-reloader", 10, 32, memory_limit_mib=64, beside="prometheus"),
        SystemPod("kube-state-metrics", 20, 64, memory_limit_mib=128, on_demand=True),
        SystemPod("grafana", 50, 192, memory_limit_mib=384, on_demand=True),
    ),
}
"""Helm chart -> its pods, by the names that the chart gives its parts. All requests are stated by this project."""


_PODS: Final[dict[str, tuple[SystemPod, ...]]] = dict((*ADDON_PODS.items(), *CHART_PODS.items()))


def pods(source: Addon | Chart) -> tuple[SystemPod, ...]:
    """Entries of an add-on or a chart."""
    return _PODS[source]


def pod(source: Addon | Chart, name: str) -> SystemPod:
    """One entry. Raises `KeyError` for a part that is not listed."""
    for candidate in pods(source):
        if candidate.name == name:
            return candidate
    raise KeyError(f"{source}: {name}")


def whole(entries: Iterable[SystemPod]) -> Iterator[SystemPod]:
    """Pods with all their containers."""
    listed = tuple(entries)
    for entry in listed:
        if entry.beside:
            continue
        more = [other for other in listed if other.beside == entry.name]
        yield replace(
            entry,
            cpu_m=entry.cpu_m + sum(other.cpu_m for other in more),
            memory_mib=entry.memory_mib + sum(other.memory_mib for other in more),
        )


def resources(source: Addon | Chart, name: str) -> dict[str, dict[str, str]]:
    """Requests and limits as Kubernetes writes them, for the values of a chart or the configuration of an add-on."""
    found = pod(source, name)
    stated = {"requests": {"cpu": f"{found.cpu_m}m", "memory": f"{found.memory_mib}Mi"}}
    if found.memory_limit_mib:
        stated["limits"] = {"memory": f"{found.memory_limit_mib}Mi"}
    return stated
