"""The function that runs kubectl and helm at deploy time, held to what it needs.

Owns its log group and the roles of its two functions (CDK's handler and the framework that calls it). The
functions themselves are made by the cluster's L2.
"""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IConstruct

from ..acknowledge import acknowledge
from .kubectl_layer import KubectlLayer
from .log_groups import LogGroups
from .vpc_functions import NETWORK_ACTIONS, NETWORK_REASONS


class Kubectl(Construct):
    """`options` go into the cluster; `restrain` is called on the cluster that was made with them."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        subnets: list[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, id)
        self._group = log_groups.make_resource(self, "LogGroup")
        self.options = eks.KubectlProviderOptions(
            kubectl_layer=KubectlLayer(self, "Layer"), private_subnets=subnets, security_groups=[security_group]
        )

    def restrain(self, cluster: eks.Cluster, *, name: str) -> None:
        """Point both functions at our log group, and take from them what CDK gives for all cases.

        `name`: the cluster's.

        Of five managed policies nothing is needed here but the handler's network interfaces: charts come from no
        registry. The framework calls the handler through Lambda's API and reaches nothing inside the VPC: outside it
        a destroy of the stack waits for one function's interfaces instead of two, one after the other (20 minutes
        each: CloudFormation reference, "AWS::Lambda::Function VpcConfig").
        """
        provider = cluster.node.find_child("KubectlProvider")
        handler = provider.node.find_child("Handler")
        framework = provider.node.find_child("Provider").node.find_child("framework-onEvent")
        for function in (handler, framework):
            resource = function.node.default_child
            assert isinstance(resource, lambda_.CfnFunction)
            resource.add_property_override("LoggingConfig.LogFormat", "JSON")
            resource.add_property_override("LoggingConfig.LogGroup", self._group.ref)
        framework_function = framework.node.default_child
        assert isinstance(framework_function, lambda_.CfnFunction)
        framework_function.add_property_deletion_override("VpcConfig")
        self._narrow(handler.node.find_child("ServiceRole"), in_vpc=True)
        # By its name, not by reference: the cluster goes while CloudFormation waits for the handler's interfaces.
        may_describe = handler.node.find_child("ServiceRole").node.find_child("DefaultPolicy").node.default_child
        assert isinstance(may_describe, iam.CfnPolicy)
        may_describe.add_property_override(
            "PolicyDocument.Statement.0.Resource",
            cdk.Stack.of(self).format_arn(service="eks", resource="cluster", resource_name=name),
        )
        self._narrow(framework.node.find_child("ServiceRole"), in_vpc=False)
        # Chose a managed policy for public registries; with the policies gone CloudFormation would warn of it.
        handler.node.try_remove_child("HasEcrPublic")
        acknowledge(
            handler,
            {
                "AwsSolutions::AwsSolutions-L1": "The handler, its kubectl layer and its CLI layer are one release of "
                "CDK, tried together on this runtime; a newer one comes with them."
            },
        )
        acknowledge(
            framework.node.find_child("ServiceRole"),
            {
                f"AwsSolutions::AwsSolutions-IAM5[Resource::<{_logical_id(handler)}.Arn>:*]": "Versions of the one "
                "function that it calls; CDK names them so."
            },
        )

    def _narrow(self, role: IConstruct, *, in_vpc: bool) -> None:
        resource = role.node.default_child
        assert isinstance(resource, iam.CfnRole)
        resource.managed_policy_arns = []
        resource.policies = [
            iam.CfnRole.PolicyProperty(policy_name="Function", policy_document=self._policy(in_vpc=in_vpc))
        ]
        if in_vpc:
            acknowledge(role, NETWORK_REASONS)

    def _policy(self, *, in_vpc: bool) -> dict[str, object]:
        write_log = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": self._group.attr_arn,
        }
        have_interfaces = {"Effect": "Allow", "Action": list(NETWORK_ACTIONS), "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [write_log, *([have_interfaces] if in_vpc else ())]}


def _logical_id(construct: IConstruct) -> str:
    resource = construct.node.default_child
    assert isinstance(resource, cdk.CfnElement)
    return cdk.Stack.of(resource).get_logical_id(resource)
