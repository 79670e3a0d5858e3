"""The EKS control plane of Tiketi: cluster, its key, its log groups, who gets in. Specification section 6.

Owns no node and no add-on, and no security group but for the one exception: EKS makes a cluster group of its own
and puts it beside ours on the control plane's interfaces. No node carries it (`node_groups`).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from ..acknowledge import acknowledge
from .kubectl import Kubectl
from .log_groups import LogGroups
from .stage_owned import Lifecycle, stage_key

_ADMIN: Final = "AmazonEKSClusterAdminPolicy"
_VIEW: Final = "AmazonEKSViewPolicy"
_ROLE_POLICY: Final = "arn:<AWS::Partition>:iam::aws:policy/AmazonEKSClusterPolicy"


class Cluster(Construct):
    """Attribute: `cluster` (the L2)."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        version: str,
        vpc: ec2.IVpc,
        subnets: list[ec2.ISubnet],
        service_cidr: str,
        security_group: ec2.ISecurityGroup,
        kubectl_security_group: ec2.ISecurityGroup,
        public_sources: Sequence[str],
        admins: Iterable[str],
        developers: Iterable[str],
        log_groups: LogGroups,
        lifecycle: Lifecycle,
    ) -> None:
        """`public_sources`: networks that reach the API from outside; none: a private endpoint only.

        `service_cidr`: of Services' virtual addresses; network policies name the first, which is the API server's. It
        cannot be changed later: a new one replaces the cluster.

        `admins`, `developers`: ARNs of IAM principals. The deploying principal is none of them unless named:
        EKS would make it an administrator for good.
        """
        super().__init__(scope, id)
        # Read by every function made below: its own group is `kubectl`'s, with a retention and an end.
        self.node.set_context("@aws-cdk/aws-lambda:useCdkManagedLogGroup", False)
        key = stage_key(self, "Key", lifecycle=lifecycle, description=f"Kubernetes secrets of {name}")
        kubectl = Kubectl(
            self,
            "Kubectl",
            subnets=subnets,
            security_group=kubectl_security_group,
            log_groups=log_groups,
        )
        self.cluster = eks.Cluster(
            self,
            "Cluster",
            cluster_name=name,
            version=eks.KubernetesVersion.of(version),
            vpc=vpc,
            vpc_subnets=[ec2.SubnetSelection(subnets=subnets)],
            security_group=security_group,
            service_ipv4_cidr=service_cidr,
            endpoint_access=eks.EndpointAccess.PUBLIC_AND_PRIVATE.only_from(*public_sources)
            if public_sources
            else eks.EndpointAccess.PRIVATE,
            cluster_logging=list(eks.ClusterLoggingTypes),
            secrets_encryption_key=key,
            default_capacity_type=eks.DefaultCapacityType.NODEGROUP,
            default_capacity=0,
            # The add-ons are ours from the first minute: EKS's unmanaged copies would have to be taken over.
            bootstrap_self_managed_addons=False,
            bootstrap_cluster_creator_admin_permissions=False,
            kubectl_provider_options=kubectl.options,
            output_config_command=False,
        )
        kubectl.restrain(self.cluster, name=name)
        resource = self.cluster.node.default_child
        assert isinstance(resource, eks.CfnCluster)
        # The L2 has no property for either. STANDARD: EKS upgrades at the end of support rather than bill six times as
        # much for extended support.
        resource.upgrade_policy = eks.CfnCluster.UpgradePolicyProperty(support_type="STANDARD")
        resource.deletion_protection = lifecycle.deletion_protection
        # Before the cluster, so that EKS finds it; after the cluster when all goes. EKS may still deliver a last batch
        # then and make the group anew: the runbook deletes it.
        resource.add_resource_dependency(log_groups.make_resource(self, "LogGroup", name=f"/aws/eks/{name}/cluster"))
        self._let_in(admins, _ADMIN)
        self._let_in(developers, _VIEW)
        acknowledge(
            self.cluster,
            {
                f"AwsSolutions::AwsSolutions-IAM4[Policy::{_ROLE_POLICY}]": "The control plane's own policy, which EKS "
                "asks for by name and changes with its versions.",
            },
        )

    def _let_in(self, principals: Iterable[str], policy: str) -> None:
        for principal in principals:
            eks.CfnAccessEntry(
                self,
                # The principal names it: an entry keeps its resource when others come and go.
                principal.replace("/", "."),
                cluster_name=self.cluster.cluster_name,
                principal_arn=principal,
                type="STANDARD",
                access_policies=[
                    eks.CfnAccessEntry.AccessPolicyProperty(
                        policy_arn=f"arn:aws:eks::aws:cluster-access-policy/{policy}",
                        access_scope=eks.CfnAccessEntry.AccessScopeProperty(type="cluster"),
                    )
                ],
            )
