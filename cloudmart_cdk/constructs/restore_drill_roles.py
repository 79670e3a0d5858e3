"""What a restore drill may do in AWS: its document, the function that compares, the one that tells people.

Owns the four roles. Nothing here may change or delete the original: the document makes and deletes one name only, the
copy's, and the function logs in as the application, which every server of the shop does.
"""

from collections.abc import Sequence
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from ..acknowledge import acknowledge
from .instance_role import reported
from .restore_drill_document import Copy
from .vpc_functions import NETWORK_ACTIONS, NETWORK_REASONS

_BACKUPS: Final = "awsbackup:job-*"
"""What AWS Backup calls its snapshots."""
_EXECUTION: Final = "An execution has no id before it is started; of which document it may be is said beside."


def automation_role(scope: Construct, id: str, *, copy: Copy, compare_arn: str) -> iam.Role:
    """Restores to the copy's name, deletes the copy, calls the function `compare_arn`."""
    stack = cdk.Stack.of(scope)
    here = f"{stack.region}:{stack.account}"
    rds = f"arn:aws:rds:{here}"
    original, made = f"{rds}:db:{copy.original}", f"{rds}:db:{copy.name}"
    snapshots, options = f"{rds}:snapshot:{_BACKUPS}", f"{rds}:og:default:*"
    around = [options, f"{rds}:pg:{copy.parameter_group}", f"{rds}:subgrp:{copy.subnet_group}"]
    via = {"StringEquals": {"kms:ViaService": f"rds.{stack.region}.amazonaws.com"}}
    role = iam.Role(
        scope,
        id,
        description="Restores the last backup beside the database, and deletes what it restored",
        assumed_by=iam.ServicePrincipal(
            "ssm.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account},
                "ArnLike": {"aws:SourceArn": f"arn:aws:ssm:{here}:automation-execution/*"},
            },
        ),
        inline_policies={
            "Drill": iam.PolicyDocument(
                statements=[
                    _allow(
                        ["backup:ListRecoveryPointsByBackupVault"],
                        [f"arn:aws:backup:{here}:backup-vault:{copy.vault}"],
                    ),
                    _allow(["rds:DescribeDBInstances"], [original, made]),
                    _allow(["rds:RestoreDBInstanceFromDBSnapshot"], [made, snapshots, *around]),
                    # Of the original its log is read.
                    _allow(["rds:RestoreDBInstanceToPointInTime"], [made, original, *around]),
                    _allow(["rds:AddTagsToResource", "rds:DeleteDBInstance"], [made]),
                    # Whoever restores what is encrypted lends RDS the key (RDS guide, "Encrypting RDS resources").
                    _allow(["kms:DescribeKey"], [copy.key_arn], via),
                    _allow(["kms:CreateGrant"], [copy.key_arn], via | {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
                    _allow(["lambda:InvokeFunction"], [compare_arn]),
                ]
            )
        },
    )
    acknowledge(
        role,
        {
            reported(stack, snapshots): "Snapshots that AWS Backup made; the step before says which, and that it is "
            "this database's.",
            reported(stack, options): "RDS's own option groups, one a version of PostgreSQL, empty.",
        },
    )
    return role


def compare_role(scope: Construct, id: str, *, app_secret_arn: str, key_arn: str, log_group_arn: str) -> iam.CfnRole:
    """Reads the application's login, and no other secret."""
    region = cdk.Stack.of(scope).region
    through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}}
    role = _function_role(
        scope,
        id,
        "Compares a restored database with its original",
        [
            _statement(["secretsmanager:GetSecretValue"], [app_secret_arn]),
            _statement(["kms:Decrypt"], [key_arn], through),
            _statement(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group_arn]),
            _statement(list(NETWORK_ACTIONS), ["*"]),
        ],
    )
    acknowledge(role, NETWORK_REASONS)
    return role


def outcome_role(scope: Construct, id: str, *, original: str, source: str, log_group_arn: str) -> iam.CfnRole:
    """Reads how an execution ended and when the last good one was; puts events of `source`."""
    stack = cdk.Stack.of(scope)
    here = f"{stack.region}:{stack.account}"
    executions = f"arn:aws:ssm:{here}:automation-execution/*"
    role = _function_role(
        scope,
        id,
        "Tells how a restore drill ended",
        [
            _statement(["ssm:GetAutomationExecution"], [executions]),
            _statement(["rds:DescribeDBInstances"], [f"arn:aws:rds:{here}:db:{original}"]),
            _statement(
                ["events:PutEvents"],
                [f"arn:aws:events:{here}:event-bus/default"],
                {"StringEquals": {"events:source": source}},
            ),
            # It knows no resources (service authorization reference).
            _statement(["cloudwatch:GetMetricStatistics"], ["*"]),
            _statement(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group_arn]),
        ],
    )
    acknowledge(
        role,
        {
            reported(stack, executions): _EXECUTION,
            "CloudMart::IAM-2[ssm:GetAutomationExecution]": _EXECUTION,
            "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "Reading metrics knows no resources, and tells no secret.",
        },
    )
    return role


def schedule_role(scope: Construct, id: str, *, document: str, role_arn: str, outcome_arn: str) -> iam.Role:
    """Starts the document and hands it its role, `role_arn`; calls the function `outcome_arn`."""
    stack = cdk.Stack.of(scope)
    ssm = f"arn:aws:ssm:{stack.region}:{stack.account}"
    executions = f"{ssm}:automation-execution/*"
    role = iam.Role(
        scope,
        id,
        description="Starts the restore drill, and asks daily when the last one was",
        # As a guard against other accounts' schedules (EventBridge Scheduler guide, "confused deputy").
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
        ),
        inline_policies={
            "Start": iam.PolicyDocument(
                statements=[
                    _allow(
                        ["ssm:StartAutomationExecution"],
                        [f"{ssm}:document/{document}", f"{ssm}:automation-definition/{document}:$DEFAULT", executions],
                    ),
                    _allow(
                        ["iam:PassRole"], [role_arn], {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}
                    ),
                    _allow(["lambda:InvokeFunction"], [outcome_arn]),
                ]
            )
        },
    )
    acknowledge(
        role,
        {reported(stack, executions): _EXECUTION, "CloudMart::IAM-2[ssm:StartAutomationExecution]": _EXECUTION},
    )
    return role


def _function_role(scope: Construct, id: str, description: str, statements: list[dict[str, Any]]) -> iam.CfnRole:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return iam.CfnRole(
        scope,
        id,
        description=description,
        assume_role_policy_document={"Version": "2012-10-17", "Statement": [trust]},
        policies=[
            iam.CfnRole.PolicyProperty(
                policy_name="Drill", policy_document={"Version": "2012-10-17", "Statement": statements}
            )
        ],
    )


def _allow(
    actions: Sequence[str], resources: Sequence[str], conditions: dict[str, Any] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)


def _statement(
    actions: Sequence[str], resources: Sequence[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return found | ({"Condition": condition} if condition else {})
