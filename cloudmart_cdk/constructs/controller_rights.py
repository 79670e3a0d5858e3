"""What AWS lets the controllers do: IAM statements of their pod identities.

Owns the statements and why what is not bound cannot be. KEDA, metrics-server and the recommender have none. Does not
import `aws_cdk`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .pod_identity import Statement

_NO_RESOURCES: Final = "Descriptions that know no resources (service authorization reference)"


def load_balancer_controller(target_groups: Sequence[str]) -> list[Statement]:
    """Into and out of the stack's own target groups, and what the controller looks up on the way.

    AWS's policy for it has some eighty actions, for load balancers that it makes itself. This one makes none. Found in
    its source, release 3.5: TargetGroupBinding's webhook and reconciler describe the group, its targets and the VPC;
    on a binding's end it looks for security groups that it may have written into, and fails without the right.
    """
    return [
        {
            "Effect": "Allow",
            "Action": ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"],
            "Resource": list(target_groups),
        },
        {
            "Effect": "Allow",
            "Action": [
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
                "ec2:DescribeVpcs",
                "ec2:DescribeSecurityGroups",
            ],
            "Resource": "*",
        },
    ]


LOAD_BALANCER_CONTROLLER_REASONS: Final[Mapping[str, str]] = {
    "AwsSolutions::AwsSolutions-IAM5[Resource::*]": f"{_NO_RESOURCES}; what changes anything names the target groups."
}


@dataclass(frozen=True)
class ClusterAutoscaler:
    """Sizes of this very cluster's scaling groups, by the tags that EKS gives them; nobody else's.

    The autoscaler's documentation names more for groups of other kinds: launch configurations, images and instance
    requirements are not what an EKS node group of stated instance types has.
    """

    cluster: str
    partition: str
    region: str
    account: str

    @property
    def _groups(self) -> str:
        """EKS names the groups itself, with a number at the end."""
        scope = f"{self.region}:{self.account}"
        return f"arn:{self.partition}:autoscaling:{scope}:autoScalingGroup:*:autoScalingGroupName/eks-*"

    @property
    def _node_groups(self) -> str:
        return f"arn:{self.partition}:eks:{self.region}:{self.account}:nodegroup/{self.cluster}/*"

    def statements(self) -> list[Statement]:
        """For the pod's role."""
        return [
            {
                "Effect": "Allow",
                "Action": ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
                "Resource": self._groups,
                "Condition": {
                    "StringEquals": {
                        "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true",
                        f"aws:ResourceTag/k8s.io/cluster-autoscaler/{self.cluster}": "owned",
                    }
                },
            },
            # Labels of a group without a node.
            {"Effect": "Allow", "Action": "eks:DescribeNodegroup", "Resource": self._node_groups},
            {
                "Effect": "Allow",
                "Action": [
                    "autoscaling:DescribeAutoScalingGroups",
                    "autoscaling:DescribeAutoScalingInstances",
                    "autoscaling:DescribeScalingActivities",
                    "ec2:DescribeInstanceTypes",
                    "ec2:DescribeLaunchTemplateVersions",
                ],
                "Resource": "*",
            },
        ]

    def reasons(self) -> dict[str, str]:
        """Acknowledgements of that role."""
        found = "AwsSolutions::AwsSolutions-IAM5[Resource::"
        return {
            f"{found}{self._groups}]": "EKS chooses the names; two tags that EKS sets bind it to this cluster.",
            f"{found}{self._node_groups}]": "Only this cluster's node groups, whose names CloudFormation chooses.",
            f"{found}*]": f"{_NO_RESOURCES}.",
        }
