"""What a move of data may do in AWS: the instance that runs it, and the document that launches and ends the instance.

Owns both roles. The instance's is the only one beside the rotation function's that may read the owner's secret.
"""

from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ..acknowledge import acknowledge
from .data_move_document import RUN_SHELL
from .instance_role import reported
from .roles import automation_principal, permit
from .ssm_agent import AGENT_REASONS, SSM_AGENT_ACTIONS

IMAGE: Final = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
"""AWS's public parameter of the latest Amazon Linux 2023."""


def instance_role(
    scope: Construct,
    id: str,
    *,
    program_arn: str,
    dumps: s3.Bucket,
    owner: secretsmanager.ISecret,
    key: kms.IKey,
    log_group: logs.ILogGroup,
) -> iam.Role:
    """Fetch program and dump, read the owner's secret, be run a command on. `program_arn`: of the zipped program."""
    stack = cdk.Stack.of(scope)
    via = [f"{service}.{stack.region}.amazonaws.com" for service in ("s3", "secretsmanager")]
    groups = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:*"
    role = iam.Role(
        scope,
        id,
        assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
        inline_policies={
            "Move": iam.PolicyDocument(
                statements=[
                    permit(
                        ["s3:GetObject"],
                        [program_arn, dumps.arn_for_objects("*")],
                    ),
                    permit(["secretsmanager:GetSecretValue"], [owner.secret_arn]),
                    permit(["kms:Decrypt"], [key.key_arn], {"StringEquals": {"kms:ViaService": via}}),
                    permit(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn]),
                    permit(["logs:DescribeLogStreams"], [log_group.log_group_arn]),
                    permit(["logs:DescribeLogGroups"], [groups]),
                    permit(list(SSM_AGENT_ACTIONS), ["*"]),
                ]
            )
        },
    )
    acknowledge(
        role,
        AGENT_REASONS
        | {
            reported(stack, groups): "The agent looks its log group up by listing; it may write to that one only.",
            f"AwsSolutions::AwsSolutions-IAM5[Resource::<{_logical_id(dumps)}.Arn>/*]": "Dumps, and nothing "
            "else is in that bucket; their names are whatever an operator gives them.",
            "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "The Systems Manager agent's calls, AWS's own list for "
            "it, less reading parameters.",
        },
    )
    return role


def automation_role(
    scope: Construct,
    id: str,
    *,
    instance_role: iam.IRole,
    name: str,
    template_id: str,
    subnet_id: str,
    security_group_id: str,
) -> iam.Role:
    """Launch that template, run a command on what comes of it, end it. `name`: the tag of what comes of it."""
    stack = cdk.Stack.of(scope)
    here = f"{stack.region}:{stack.account}"
    template_arn = f"arn:aws:ec2:{here}:launch-template/{template_id}"
    instances = f"arn:aws:ec2:{here}:instance/*"
    ours = {"StringEquals": {"aws:ResourceTag/Name": name}}
    from_template = {
        "ArnEquals": {"ec2:LaunchTemplate": template_arn},
        # What the template names is not to be overridden by whoever launches (EC2 guide, "Control launch templates").
        "Bool": {"ec2:IsLaunchTemplateResource": "true"},
    }
    made = [instances, f"arn:aws:ec2:{here}:volume/*", f"arn:aws:ec2:{here}:network-interface/*"]
    images = f"arn:aws:ec2:{stack.region}::image/*"
    role = iam.Role(
        scope,
        id,
        assumed_by=automation_principal(scope),
        inline_policies={
            "Automation": iam.PolicyDocument(
                statements=[
                    permit(
                        ["ec2:RunInstances"],
                        [
                            *made,
                            f"arn:aws:ec2:{here}:subnet/{subnet_id}",
                            f"arn:aws:ec2:{here}:security-group/{security_group_id}",
                        ],
                        from_template,
                    ),
                    permit(["ec2:RunInstances"], [images], from_template | {"StringEquals": {"ec2:Owner": "amazon"}}),
                    permit(["ec2:RunInstances"], [template_arn]),
                    permit(["ec2:CreateTags"], made, {"StringEquals": {"ec2:CreateAction": "RunInstances"}}),
                    permit(["ec2:TerminateInstances", "ssm:SendCommand"], [instances], ours),
                    permit(["ssm:SendCommand"], [f"arn:aws:ssm:{stack.region}::document/{RUN_SHELL}"]),
                    # The image is named by AWS's public parameter, which whoever launches reads.
                    permit(
                        ["ssm:GetParameters"],
                        [f"arn:aws:ssm:{stack.region}::parameter{IMAGE}"],
                    ),
                    permit(
                        ["iam:PassRole"],
                        [instance_role.role_arn],
                        {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
                    ),
                    # These know no resources (service authorization reference).
                    permit(["ec2:DescribeInstances", "ec2:DescribeInstanceStatus"], ["*"]),
                    permit(
                        ["ssm:DescribeInstanceInformation", "ssm:ListCommands", "ssm:ListCommandInvocations"],
                        ["*"],
                    ),
                ]
            )
        },
    )
    not_known = "Ids are not known before the launch: bound to the launch template, "
    acknowledge(
        role,
        {
            "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "Descriptions and lists, which know no resources.",
            reported(stack, images): "Amazon's own images only, and those that the launch template names.",
            **{reported(stack, arn): f"{not_known}or to the tag that it gives." for arn in made},
            "CloudMart::IAM-2[ec2:RunInstances]": f"{not_known}and images to those that Amazon owns.",
            "CloudMart::IAM-2[ec2:CreateTags]": f"{not_known}in the moment of the launch only (ec2:CreateAction).",
            "CloudMart::IAM-2[ec2:TerminateInstances]": "Only instances with the Name that the template gives.",
            "CloudMart::IAM-2[ssm:SendCommand]": "Only to instances with the Name that the template gives.",
        },
    )
    return role


def _logical_id(bucket: s3.Bucket) -> str:
    resource = bucket.node.default_child
    assert isinstance(resource, cdk.CfnResource)
    return cdk.Stack.of(resource).get_logical_id(resource)
