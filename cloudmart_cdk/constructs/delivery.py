"""CodeDeploy for the two colours of the backend. Specification section 4, ADR 0014.

Owns application, deployment groups, CodeDeploy's role, and the bucket that releases are put into. Which colour gets
traffic is the listener's and the release tool's (`delivery`), not CodeDeploy's.

What the release tool finds by name: application `<name>-<stage>-backend`, deployment groups and scaling groups
`<name>-<stage>-backend-<colour>`, the bucket in the parameter `/<name>/<stage>/backend/releases-bucket` and in the
stack's output.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..acknowledge import acknowledge
from .colour_group import ColourGroup
from .colours import Colour
from .instance_role import SCALING_GROUP_REASON, reported, scaling_group_arn
from .stage_owned import Lifecycle, private_bucket

_OLD_VERSIONS_DAYS: Final = 30

_DESCRIBES: Final = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLifecycleHooks",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceStatus",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "tag:GetResources",
)
_OF_GROUPS: Final = (
    "autoscaling:CompleteLifecycleAction",
    "autoscaling:DeleteLifecycleHook",
    "autoscaling:PutLifecycleHook",
    "autoscaling:RecordLifecycleActionHeartbeat",
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",
)
_OF_TARGETS: Final = ("elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets")
"""Of AWSCodeDeployRole (version 11), what an in-place deployment behind a load balancer calls. Left out: what makes,
changes and deletes scaling groups (blue/green by copy), `sns:Publish` (no triggers), `ec2:TerminateInstances`."""


class Releases(Construct):
    """The bucket of releases. An object stays for as long as somebody may go back to it, or scale out from it."""

    def __init__(
        self, scope: Construct, id: str, *, lifecycle: Lifecycle, log_bucket: s3.IBucket, parameter: str, state: str
    ) -> None:
        """`parameter`: the name under which the bucket's name is found; `state`: where the release tool keeps its
        records."""
        super().__init__(scope, id)
        self.bucket = private_bucket(
            self,
            "Bucket",
            lifecycle=lifecycle,
            log_bucket=log_bucket,
            log_prefix="releases",
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    # Objects stay: CodeDeploy fetches the last one for each instance that is launched.
                    noncurrent_version_expiration=cdk.Duration.days(_OLD_VERSIONS_DAYS),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                )
            ],
        )
        ssm.CfnParameter(self, "Parameter", type="String", name=parameter, value=self.bucket.bucket_name)
        # Here so that it goes with the stack. CloudFormation may write it again, which the tool passes over.
        ssm.CfnParameter(self, "State", type="String", name=state, value="no release yet")


class Delivery(Construct):
    """An application, and for each colour an in-place deployment group with traffic control."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        application: str,
        groups: Mapping[Colour, ColourGroup],
        target_groups: Mapping[Colour, elbv2.CfnTargetGroup],
        alarms: Mapping[Colour, Iterable[str]],
    ) -> None:
        """`application`: its name. `alarms`: names of those that stop a deployment and take it back, by colour."""
        super().__init__(scope, id)
        role = self._role(groups, target_groups)
        made = codedeploy.CfnApplication(self, "Application", application_name=application, compute_platform="Server")
        for colour, group in groups.items():
            target_group = target_groups[colour]
            codedeploy.CfnDeploymentGroup(
                self,
                colour.title(),
                application_name=made.ref,
                deployment_group_name=group.group_name,
                service_role_arn=role.role_arn,
                auto_scaling_groups=[group.resource.ref],
                # CodeDeploy's blue/green copies a scaling group, and leaves the copy outside the stack.
                deployment_style=codedeploy.CfnDeploymentGroup.DeploymentStyleProperty(
                    deployment_type="IN_PLACE", deployment_option="WITH_TRAFFIC_CONTROL"
                ),
                load_balancer_info=codedeploy.CfnDeploymentGroup.LoadBalancerInfoProperty(
                    target_group_info_list=[
                        codedeploy.CfnDeploymentGroup.TargetGroupInfoProperty(name=target_group.attr_target_group_name)
                    ]
                ),
                # A release goes to the colour that nobody uses: all at once is the shortest. This configuration calls
                # one instance of several a success, so the release tool asks each before it sends traffic.
                deployment_config_name="CodeDeployDefault.AllAtOnce",
                alarm_configuration=codedeploy.CfnDeploymentGroup.AlarmConfigurationProperty(
                    enabled=True,
                    alarms=[codedeploy.CfnDeploymentGroup.AlarmProperty(name=name) for name in alarms[colour]],
                ),
                auto_rollback_configuration=codedeploy.CfnDeploymentGroup.AutoRollbackConfigurationProperty(
                    enabled=True, events=["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
                ),
                # Instances that are launched while a deployment runs get what it brings.
                outdated_instances_strategy="UPDATE",
            )

    def _role(
        self, groups: Mapping[Colour, ColourGroup], target_groups: Mapping[Colour, elbv2.CfnTargetGroup]
    ) -> iam.Role:
        stack = cdk.Stack.of(self)
        scaling_groups = [scaling_group_arn(stack, group.group_name) for group in groups.values()]
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
            inline_policies={
                "Deploy": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(actions=list(_OF_GROUPS), resources=scaling_groups),
                        iam.PolicyStatement(
                            actions=list(_OF_TARGETS), resources=[group.ref for group in target_groups.values()]
                        ),
                        iam.PolicyStatement(actions=list(_DESCRIBES), resources=["*"]),
                    ]
                )
            },
        )
        acknowledge(
            role,
            {reported(stack, group): SCALING_GROUP_REASON for group in scaling_groups}
            | {
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "Descriptions only, of which EC2, Auto Scaling and the "
                "load balancer know no resources.",
                "CloudMart::IAM-2[cloudwatch:DescribeAlarms]": "As CodeDeploy's guide has it ('Grant CloudWatch "
                "permissions to a service role'): refused a look at an alarm, it stops; states are no secret.",
            },
        )
        return role
