"""Facts about the instance classes that a stage may choose.

Owns vCPU, memory and limits per class as AWS states them; prices are not here. A class that is not
listed is refused at synth, because the checks on connections and pods need its figures.
"""

from dataclasses import dataclass
from typing import Final, Literal

Architecture = Literal["x86_64", "arm64"]


@dataclass(frozen=True)
class InstanceClass:
    """An EC2 class: vCPU, memory in MiB. Source: EC2 instance types page."""

    vcpu: int
    memory_mib: int
    architecture: Architecture = "x86_64"


EC2: Final[dict[str, InstanceClass]] = {
    "t3.micro": InstanceClass(2, 1024),
    "t3.small": InstanceClass(2, 2048),
    "t3.medium": InstanceClass(2, 4096),
    "t3.large": InstanceClass(2, 8192),
    "t3a.medium": InstanceClass(2, 4096),
    "t3a.large": InstanceClass(2, 8192),
    "c5.large": InstanceClass(2, 4096),
    "c6i.large": InstanceClass(2, 4096),
    "m6i.large": InstanceClass(2, 8192),
    "m7i.large": InstanceClass(2, 8192),
    "t4g.micro": InstanceClass(2, 1024, "arm64"),
    "t4g.small": InstanceClass(2, 2048, "arm64"),
    "t4g.medium": InstanceClass(2, 4096, "arm64"),
    "t4g.large": InstanceClass(2, 8192, "arm64"),
    "m7g.large": InstanceClass(2, 8192, "arm64"),
}
"""Nitro classes only: others (t2) get no address prefixes, so `eks.max_pods` would promise pods without addresses."""

Addon = Literal[
    "vpc-cni",
    "coredns",
    "kube-proxy",
    "aws-ebs-csi-driver",
    "eks-pod-identity-agent",
    "amazon-cloudwatch-observability",
]

Chart = Literal[
    "aws-load-balancer-controller",
    "cluster-autoscaler",
    "metrics-server",
    "keda",
    "vertical-pod-autoscaler",
    "kube-prometheus-stack",
]

KUBERNETES: Final[dict[str, dict[Addon, str]]] = {
    "1.35": {
        "vpc-cni": "v1.22.3-eksbuild.1",
        "coredns": "v1.13.2-eksbuild.1",
        "kube-proxy": "v1.35.0-eksbuild.2",
        "aws-ebs-csi-driver": "v1.57.1-eksbuild.1",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.1",
        "amazon-cloudwatch-observability": "v5.2.3-eksbuild.1",
    },
}
"""Kubernetes version -> EKS add-on -> its oldest version that EKS installs there.

`aws eks describe-addon-versions --kubernetes-version 1.35 --addon-name vpc-cni` lists them. The CNI's is newer than
EKS asks for: from 1.22.1 on it leaves out subnets tagged `kubernetes.io/role/cni=0` (its change log).
"""

DATABASE: Final[dict[str, int]] = {
    "db.t3.micro": 80,
    "db.t4g.micro": 80,
    "db.t3.small": 90,
    "db.t4g.small": 90,
    "db.t3.medium": 100,
    "db.t4g.medium": 100,
    "db.t3.large": 200,
    "db.t4g.large": 200,
    "db.m7g.large": 400,
    "db.r7g.large": 800,
}
"""RDS class -> `max_connections` we set. Specification section 3: 80 on db.t3.micro, 100 on db.t3.medium.

RDS's own default, LEAST(DBInstanceClassMemory/9531392, 5000), is higher; a connection costs the
server about 10 MB, so the small classes are capped.
"""

CACHE: Final = (
    "cache.t3.micro",
    "cache.t3.small",
    "cache.t3.medium",
    "cache.t4g.micro",
    "cache.t4g.small",
    "cache.t4g.medium",
    "cache.m7g.large",
    "cache.r7g.large",
)

_SYSTEM_CPU_M: Final = 500
_SYSTEM_MEMORY_MIB: Final = 500


def allocatable_cpu_m(instance: InstanceClass) -> int:
    """CPU that application pods can request on one node, in millicores.

    kubelet reserves 6 % of the first core, 1 % of the second and 0.5 % of the next two (EKS's
    `kube-reserved`); 500 m are left to DaemonSets and controllers.
    """
    reserved = 60 + (10 if instance.vcpu > 1 else 0) + 5 * min(max(instance.vcpu - 2, 0), 2)
    return instance.vcpu * 1000 - reserved - _SYSTEM_CPU_M


def allocatable_memory_mib(instance: InstanceClass, *, max_pods: int) -> int:
    """Memory that application pods can request on one node, in MiB.

    kubelet reserves 255 MiB + 11 MiB a pod (EKS's `kube-reserved`), 100 MiB as eviction threshold;
    500 MiB are left to DaemonSets and controllers.
    """
    return instance.memory_mib - 255 - 11 * max_pods - 100 - _SYSTEM_MEMORY_MIB
