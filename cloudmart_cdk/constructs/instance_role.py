"""What a backend instance may do: the narrowest role that boots, serves and can be looked after."""

from collections.abc import Sequence
from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ..acknowledge import acknowledge
from ..revision import Repository
from .roles import permit
from .ssm_agent import AGENT_REASONS, METRICS_REASON, SSM_AGENT_ACTIONS
from .watched import AGENT_NAMESPACE


class InstanceRole(Construct):
    """Role and instance profile of the backend.

    Grants are written out rather than left to `grant_read`: that would put this role into the key policy of
    DataStack and close a cycle.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        artefact_arns: Sequence[str],
        releases: s3.IBucket,
        application: str,
        image: Repository | None,
        parameter_path: str,
        secrets: Sequence[secretsmanager.ISecret],
        key: kms.IKey,
        log_group: logs.ILogGroup,
        group_names: Sequence[str],
    ) -> None:
        """`releases`: what was released, and nothing else. `application`: CodeDeploy's. `image`: the repository
        that the backend's image comes from; None: it comes from elsewhere."""
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        parameters = f"arn:aws:ssm:{stack.region}:{stack.account}:parameter{parameter_path}*"
        released = f"{releases.bucket_arn}/*"
        groups = [scaling_group_arn(stack, name) for name in group_names]
        deployment_groups = [
            f"arn:aws:codedeploy:{stack.region}:{stack.account}:deploymentgroup:{application}/{name}"
            for name in group_names
        ]
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            inline_policies={
                "Backend": iam.PolicyDocument(
                    statements=[
                        # The agent of CodeDeploy fetches what was released with the instance's own role.
                        permit(["s3:GetObject"], [*artefact_arns, released]),
                        permit(["codedeploy:GetDeploymentGroup"], deployment_groups),
                        *_pull(stack, image),
                        permit(["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"], [parameters]),
                        permit(
                            ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                            [secret.secret_arn for secret in secrets],
                        ),
                        permit(
                            ["kms:Decrypt"],
                            [key.key_arn],
                            {"StringEquals": {"kms:ViaService": f"secretsmanager.{stack.region}.amazonaws.com"}},
                        ),
                        permit(
                            ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                            [log_group.log_group_arn],
                        ),
                        permit(["autoscaling:CompleteLifecycleAction"], groups),
                        permit(["cloudformation:SignalResource"], [stack.stack_id]),
                        # The actions below know no resources, or none that could be named (their acknowledgements say
                        # which); service authorization reference.
                        permit(
                            ["cloudwatch:PutMetricData"],
                            ["*"],
                            {"StringEquals": {"cloudwatch:namespace": AGENT_NAMESPACE}},
                        ),
                        permit(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
                        # The agent names the group that its instance is in.
                        permit(["ec2:DescribeTags"], ["*"]),
                        permit(["elasticloadbalancing:DescribeTargetHealth"], ["*"]),
                        permit(list(SSM_AGENT_ACTIONS), ["*"]),
                    ]
                )
            },
        )
        self.profile = iam.CfnInstanceProfile(self, "Profile", roles=[self.role.role_name])
        acknowledge(
            self.role,
            AGENT_REASONS
            | METRICS_REASON
            | {
                reported(stack, parameters): "All parameters of this stage, and of no other; none of them is secret.",
                f"AwsSolutions::AwsSolutions-IAM5[Resource::<{_logical_id(releases)}.Arn>/*]": "What was released to "
                "this backend, and nothing else is in that bucket; which revision is next only a release knows.",
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "PutMetricData is bound to a namespace; X-Ray "
                "writes, the two descriptions and ECR's token know no resources; the Systems Manager agent's calls are "
                "AWS's own list for it, less reading parameters.",
            }
            | {reported(stack, group): SCALING_GROUP_REASON for group in groups},
        )


def _pull(stack: cdk.Stack, image: Repository | None) -> list[iam.PolicyStatement]:
    """What docker needs for one repository; the token itself opens nothing."""
    if image is None:
        return []
    repository = f"arn:aws:ecr:{image.region}:{stack.account}:repository/{image.name}"
    return [
        permit(["ecr:GetAuthorizationToken"], ["*"]),
        permit(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], [repository]),
    ]


def scaling_group_arn(stack: cdk.Stack, name: str) -> str:
    """Of a group known by its name only."""
    return f"arn:aws:autoscaling:{stack.region}:{stack.account}:autoScalingGroup:*:autoScalingGroupName/{name}"


SCALING_GROUP_REASON: Final = (
    "The wildcard stands for an identifier that AWS makes up; the name beside it is the stack's own."
)


def reported(stack: cdk.Stack, arn: str) -> str:
    """The id of cdk-nag's finding on an ARN with a wildcard: it spells references in angle brackets."""
    arn = arn.replace(stack.account, "<AWS::AccountId>") if cdk.Token.is_unresolved(stack.account) else arn
    return f"AwsSolutions::AwsSolutions-IAM5[Resource::{arn}]"


def _logical_id(bucket: s3.IBucket) -> str:
    resource = bucket.node.default_child
    assert isinstance(resource, cdk.CfnResource)
    return cdk.Stack.of(resource).get_logical_id(resource)
