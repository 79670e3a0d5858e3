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
    "1.36": {
        "vpc-cni": "v1.22.3-eksbuild.1",
        "coredns": "v1.14.3-eksbuild.3",
        "kube-proxy": "v1.36.0-eksbuild.9",
        "aws-ebs-csi-driver": "v1.62.0-eksbuild.1",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "amazon-cloudwatch-observability": "v6.2.0-eksbuild.1",
    },
}
"""Kubernetes version -> EKS add-on -> its oldest version that is known to be installed there.

`aws eks describe-addon-versions --kubernetes-version 1.36 --addon-name vpc-cni` lists them. Those of 1.36 are the
oldest that public configurations of such clusters had in summer 2026 (the EKS guide names the newest ones only): EKS
may take older ones. The CNI's is newer than EKS asks for: from 1.22.1 on it leaves out subnets tagged
`kubernetes.io/role/cni=0` (its change log).
"""

AUTOSCALER: Final[dict[str, str]] = {"1.35": "v1.35.0", "1.36": "v1.36.1"}
"""Kubernetes version -> image tag of the Cluster Autoscaler, which simulates that version's scheduler: its minor has to
be the same (its README). The newest chart, 9.59.0, still names v1.35.0 itself."""

CHARTS: Final[dict[Chart, str]] = {
    "aws-load-balancer-controller": "3.0.0",
    "cluster-autoscaler": "9.54.0",
    "metrics-server": "3.13.0",
    "keda": "2.17.0",
}
"""Chart -> its oldest version that serves every Kubernetes version above, where its makers state one.

The load balancer controller 2.5 and newer serves 1.22 and newer (its installation page), and our values are those of
3.x; the autoscaler's chart carries 1.35 from 9.54.0 on; metrics-server 0.8 (chart 3.13.0) serves 1.31 and newer (its
README); KEDA serves the three newest versions of its time at least (its governance; 2.17 is of April 2025).
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
