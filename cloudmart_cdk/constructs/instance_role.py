"""What a backend instance may do: the narrowest role that boots, serves and can be looked after."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ..acknowledge import acknowledge
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
        artefact_arn: str,
        parameter_path: str,
        secrets: Sequence[secretsmanager.ISecret],
        key: kms.IKey,
        log_group: logs.ILogGroup,
        group_names: Sequence[str],
    ) -> None:
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        parameters = f"arn:aws:ssm:{stack.region}:{stack.account}:parameter{parameter_path}*"
        groups = [
            f"arn:aws:autoscaling:{stack.region}:{stack.account}:autoScalingGroup:*:autoScalingGroupName/{name}"
            for name in group_names
        ]
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            inline_policies={
                "Backend": iam.PolicyDocument(
                    statements=[
                        _allow(["s3:GetObject"], [artefact_arn]),
                        _allow(["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"], [parameters]),
                        _allow(
                            ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                            [secret.secret_arn for secret in secrets],
                        ),
                        _allow(
                            ["kms:Decrypt"],
                            [key.key_arn],
                            {"StringEquals": {"kms:ViaService": f"secretsmanager.{stack.region}.amazonaws.com"}},
                        ),
                        _allow(
                            ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                            [log_group.log_group_arn],
                        ),
                        _allow(["autoscaling:CompleteLifecycleAction"], groups),
                        _allow(["cloudformation:SignalResource"], [stack.stack_id]),
                        # The actions below know no resources, or none that could be named (their acknowledgements say
                        # which); service authorization reference.
                        _allow(
                            ["cloudwatch:PutMetricData"],
                            ["*"],
                            {"StringEquals": {"cloudwatch:namespace": AGENT_NAMESPACE}},
                        ),
                        _allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
                        # The agent names the group that its instance is in.
                        _allow(["ec2:DescribeTags"], ["*"]),
                        _allow(["elasticloadbalancing:DescribeTargetHealth"], ["*"]),
                        _allow(list(SSM_AGENT_ACTIONS), ["*"]),
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
                f"AwsSolutions::AwsSolutions-IAM5[Resource::{_reported(stack, parameters)}]": "All parameters of this "
                "stage, and of no other; none of them is secret.",
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "PutMetricData is bound to a namespace; X-Ray "
                "writes and the two descriptions know no resources; the Systems Manager agent's calls are AWS's own "
                "list for it, less reading parameters.",
            }
            | {
                f"AwsSolutions::AwsSolutions-IAM5[Resource::{_reported(stack, group)}]": "The wildcard stands for an "
                "identifier that AWS makes up; the name beside it is the stack's own."
                for group in groups
            },
        )


def _allow(
    actions: list[str], resources: list[str], conditions: dict[str, dict[str, str]] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions)


def _reported(stack: cdk.Stack, arn: str) -> str:
    """An ARN as cdk-nag's finding ids spell it, with references in angle brackets."""
    return arn.replace(stack.account, "<AWS::AccountId>") if cdk.Token.is_unresolved(stack.account) else arn
