"""Managed node groups of the cluster: role, launch template, groups, off-hours. Specification sections 1 and 6.

Owns the machines. Not the network that pods get on them (`addons`), nor the autoscaler, which finds the groups by
the tags that EKS puts on their scaling groups (`k8s.io/cluster-autoscaler/enabled`, `.../<cluster>`).

A spot node that AWS takes back is EKS's to handle: a managed group has Capacity Rebalancing on, so that a new node is
asked for when EC2 sees the interruption coming, and the old one is cordoned and drained then, at the latest when the
two minutes' notice arrives (EKS guide, "Managed node group capacity types"). A node termination handler on top of it
would drain the same node twice. A node that is ill is replaced by EKS's node repair.
"""

import json
from collections.abc import Mapping
from typing import Final, Literal

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import labels
from ..acknowledge import acknowledge
from ..settings import catalogue
from ..settings.capacity import Reserved, widest_reserved
from ..settings.model import NodeGroup as NodeGroupSettings
from . import off_hours, off_hours_calls
from .ssm_agent import AGENT_REASONS, SSM_AGENT_ACTIONS

Capacity = Literal["on-demand", "spot"]

_AMI: Final[dict[catalogue.Architecture, str]] = {
    "x86_64": "AL2023_x86_64_STANDARD",
    "arm64": "AL2023_ARM_64_STANDARD",
}
_POLICIES: Final = {
    "AmazonEC2ContainerRegistryPullOnly": "Images of the add-ons lie in registries of AWS's own accounts, those of the "
    "services in ours; it reads, and the policy names no more than pulling.",
}

_REST_MINUTES: Final = "0,20"
"""Of the evening's hour: again when the first time is over, because the drain of a node takes minutes."""


class NodeGroups(Construct):
    """All groups of a stage. Attribute: `groups` (L1)."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        cluster: eks.Cluster,
        name: str,
        version: str,
        on_demand: NodeGroupSettings,
        spot: NodeGroupSettings,
        subnet_ids: Mapping[str, str],
        security_group: ec2.ISecurityGroup,
        volume_gb: int,
        max_pods: int,
        tags: Mapping[str, str],
    ) -> None:
        """`name`: the cluster's, for what people see. `subnet_ids`: zone -> private subnet.

        `tags` go on machines and disks: a launch template's do not inherit the stack's.
        """
        super().__init__(scope, id)
        self._cluster, self._version = cluster, version
        self._subnets = subnet_ids
        self._role = self._make_role()
        self._template = self._make_template(
            security_group,
            volume_gb=volume_gb,
            user_data=_node_config(max_pods=max_pods, kept=widest_reserved((on_demand, spot), max_pods=max_pods)),
            tags={"Name": f"{name}-node", **tags},
        )
        self.groups = [*self._make("on-demand", on_demand), *self._make("spot", spot)]

    def rest_at_night(self) -> None:
        """Off-hours: no node.

        In the morning each group comes back to the sizes it was declared with. Pods wait meanwhile; the autoscaler,
        a pod itself, cannot wake anything once it has no node. Until then it may order one for the pods that lost
        theirs: at most one a group (EKS allows no smaller maximum), which the same call ends soon afterwards.
        """
        role = iam.CfnRole(
            self,
            "OffHoursRole",
            # As a guard against other accounts' schedules (EventBridge Scheduler guide, "confused deputy").
            assume_role_policy_document=_trust("scheduler.amazonaws.com", account=cdk.Stack.of(self).account),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="Scale",
                    policy_document={
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": "eks:UpdateNodegroupConfig",
                                "Resource": [group.attr_arn for group in self.groups],
                            }
                        ],
                    },
                )
            ],
        )
        for group in self.groups:
            scaling = group.scaling_config
            assert isinstance(scaling, eks.CfnNodegroup.ScalingConfigProperty)
            least, wanted, most = (
                int(size or 0) for size in (scaling.min_size, scaling.desired_size, scaling.max_size)
            )
            for what, at, sizes in (
                ("Rest", f"{_REST_MINUTES} {off_hours.EVENING}", {"MinSize": 0, "DesiredSize": 0, "MaxSize": 1}),
                (
                    "Wake",
                    f"0 {off_hours.MORNING}",
                    {"MinSize": least, "DesiredSize": wanted, "MaxSize": most},
                ),
            ):
                off_hours_calls.call(
                    self,
                    f"{what}{group.node.id}",
                    description=f"{what} the {group.node.id} nodes off-hours",
                    at=at,
                    action="eks:updateNodegroupConfig",
                    role_arn=role.attr_arn,
                    given={
                        "ClusterName": self._cluster.cluster_name,
                        "NodegroupName": group.attr_nodegroup_name,
                        "ScalingConfig": sizes,
                    },
                )

    def _make_role(self) -> iam.CfnRole:
        """What a node's own software may do: boot, pull images, be reached by Session Manager.

        Not what the CNI does on it: that is the CNI's pod identity. AmazonEKSWorkerNodeMinimalPolicy lacks
        ec2:DescribeInstances, without which nodeadm finds no name for the node and AL2023 never joins;
        AmazonEKSWorkerNodePolicy adds six more descriptions that nothing on the node reads.
        """
        role = iam.CfnRole(
            self,
            "Role",
            assume_role_policy_document=_trust("ec2.amazonaws.com"),
            managed_policy_arns=[f"arn:aws:iam::aws:policy/{policy}" for policy in _POLICIES],
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="Node",
                    policy_document={
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Effect": "Allow", "Action": list(SSM_AGENT_ACTIONS), "Resource": "*"},
                            # The Pod Identity agent exchanges the pods' tokens as the node.
                            {
                                "Effect": "Allow",
                                "Action": "eks-auth:AssumeRoleForPodIdentity",
                                "Resource": self._cluster.cluster_arn,
                            },
                            # Neither knows resources (service authorization reference).
                            {
                                "Effect": "Allow",
                                "Action": ["ec2:DescribeInstances", "ec2:DescribeInstanceTypes"],
                                "Resource": "*",
                            },
                        ],
                    },
                )
            ],
        )
        acknowledge(
            role,
            AGENT_REASONS
            | {
                f"AwsSolutions::AwsSolutions-IAM4[Policy::arn:aws:iam::aws:policy/{policy}]": reason
                for policy, reason in _POLICIES.items()
            }
            | {
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "nodeadm looks its own instance up by two describe "
                "actions that know no resources; the Systems Manager agent's calls are AWS's own list for it, less "
                "reading parameters."
            },
        )
        return role

    def _make_template(
        self, security_group: ec2.ISecurityGroup, *, volume_gb: int, user_data: str, tags: Mapping[str, str]
    ) -> ec2.CfnLaunchTemplate:
        """One for all groups: type and image are the group's business.

        With a security group stated EKS adds none of its own: all traffic of the nodes is in `security_groups`.
        """
        data = ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(
            metadata_options=ec2.CfnLaunchTemplate.MetadataOptionsProperty(
                http_tokens="required",
                # Pods are one hop further: the node's credentials are out of their reach.
                http_put_response_hop_limit=1,
            ),
            security_group_ids=[security_group.security_group_id],
            block_device_mappings=[
                ec2.CfnLaunchTemplate.BlockDeviceMappingProperty(
                    device_name="/dev/xvda",
                    ebs=ec2.CfnLaunchTemplate.EbsProperty(
                        volume_size=volume_gb, volume_type="gp3", encrypted=True, delete_on_termination=True
                    ),
                )
            ],
            tag_specifications=[
                ec2.CfnLaunchTemplate.TagSpecificationProperty(
                    resource_type=kind, tags=[cdk.CfnTag(key=key, value=value) for key, value in tags.items()]
                )
                for kind in ("instance", "volume")
            ],
            user_data=cdk.Fn.base64(user_data),
        )
        return ec2.CfnLaunchTemplate(self, "Template", launch_template_data=data)

    def _make(self, capacity: Capacity, settings: NodeGroupSettings) -> list[eks.CfnNodegroup]:
        """A group, or one a zone with its share; none when it could never hold a node."""
        if not settings.max:
            return []
        zones = [[zone] for zone in self._subnets] if settings.per_zone else [list(self._subnets)]
        return [self._group(capacity, settings, zones=group, shares=len(zones)) for group in zones]

    def _group(
        self, capacity: Capacity, settings: NodeGroupSettings, *, zones: list[str], shares: int
    ) -> eks.CfnNodegroup:
        suffix = zones[0][-1].upper() if shares > 1 else ""
        architecture = catalogue.EC2[settings.instance_types[0]].architecture
        return eks.CfnNodegroup(
            self,
            f"{capacity.title().replace('-', '')}{suffix}",
            # Unnamed: a change of instance types replaces the group, and a name cannot be had twice.
            cluster_name=self._cluster.cluster_name,
            version=self._version,
            node_role=self._role.attr_arn,
            subnets=[self._subnets[zone] for zone in zones],
            ami_type=_AMI[architecture],
            capacity_type=capacity.replace("-", "_").upper(),
            instance_types=list(settings.instance_types),
            labels={labels.CAPACITY: capacity},
            launch_template=eks.CfnNodegroup.LaunchTemplateSpecificationProperty(
                id=self._template.ref, version=self._template.attr_latest_version_number
            ),
            # Desired is a first size; unchanged, no later deploy sets it again.
            scaling_config=eks.CfnNodegroup.ScalingConfigProperty(
                min_size=settings.min // shares,
                desired_size=settings.desired // shares,
                max_size=settings.max // shares,
            ),
            update_config=eks.CfnNodegroup.UpdateConfigProperty(max_unavailable=1),
            node_repair_config=eks.CfnNodegroup.NodeRepairConfigProperty(enabled=True),
        )


def _node_config(*, max_pods: int, kept: Reserved) -> str:
    """User data: EKS merges it with its own (EKS guide, "Customize managed nodes with launch templates").

    `kubeReserved` is stated because nodeadm would reckon with the pods that a class holds without prefixes, so a node
    full of pods would have too little for kubelet; and so that what is left is known at synth (`settings.capacity`).
    """
    kubelet = {
        "maxPods": max_pods,
        "kubeReserved": {"cpu": f"{kept.cpu_m}m", "memory": f"{kept.memory_mib}Mi", "ephemeral-storage": "1Gi"},
    }
    config = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"kubelet": {"config": kubelet}},
    }
    return "\n".join(
        (
            "MIME-Version: 1.0",
            'Content-Type: multipart/mixed; boundary="//"',
            "",
            "--//",
            "Content-Type: application/node.eks.aws",
            "",
            json.dumps(config),  # JSON is YAML
            "",
            "--//--",
            "",
        )
    )


def _trust(service: str, *, account: str = "") -> dict[str, object]:
    """`account`: whose calls count; empty: any that the service makes for itself."""
    statement: dict[str, object] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if account:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    return {"Version": "2012-10-17", "Statement": [statement]}
