"""What a restore drill may do in AWS: its document, the function that compares, the one that tells people.

Owns the four roles. Nothing here may change or delete the original: the document makes and deletes one name only, the
copy's, and the function logs in as the application, which every server of the shop does.
"""

from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from ..acknowledge import acknowledge
from .instance_role import reported
from .restore_drill_document import Copy
from .roles import LOG_ACTIONS, allow, automation_principal, permit, service_role
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
        assumed_by=automation_principal(scope),
        inline_policies={
            "Drill": iam.PolicyDocument(
                statements=[
                    permit(
                        ["backup:ListRecoveryPointsByBackupVault"],
                        [f"arn:aws:backup:{here}:backup-vault:{copy.vault}"],
                    ),
                    permit(["rds:DescribeDBInstances"], [original, made]),
                    permit(["rds:RestoreDBInstanceFromDBSnapshot"], [made, snapshots, *around]),
                    # Of the original its log is read.
                    permit(["rds:RestoreDBInstanceToPointInTime"], [made, original, *around]),
                    permit(["rds:AddTagsToResource", "rds:DeleteDBInstance"], [made]),
                    # Whoever restores what is encrypted lends RDS the key (RDS guide, "Encrypting RDS resources").
                    permit(["kms:DescribeKey"], [copy.key_arn], via),
                    permit(["kms:CreateGrant"], [copy.key_arn], via | {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
                    permit(["lambda:InvokeFunction"], [compare_arn]),
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
    role = service_role(
        scope,
        id,
        description="Compares a restored database with its original",
        service="lambda.amazonaws.com",
        policy="Drill",
        statements=[
            allow(["secretsmanager:GetSecretValue"], [app_secret_arn]),
            allow(["kms:Decrypt"], [key_arn], through),
            allow(LOG_ACTIONS, [log_group_arn]),
            allow(NETWORK_ACTIONS, ["*"]),
        ],
    )
    acknowledge(role, NETWORK_REASONS)
    return role


def outcome_role(scope: Construct, id: str, *, original: str, source: str, log_group_arn: str) -> iam.CfnRole:
    """Reads how an execution ended and when the last good one was; puts events of `source`."""
    stack = cdk.Stack.of(scope)
    here = f"{stack.region}:{stack.account}"
    executions = f"arn:aws:ssm:{here}:automation-execution/*"
    role = service_role(
        scope,
        id,
        description="Tells how a restore drill ended",
        service="lambda.amazonaws.com",
        policy="Drill",
        statements=[
            allow(["ssm:GetAutomationExecution"], [executions]),
            allow(["rds:DescribeDBInstances"], [f"arn:aws:rds:{here}:db:{original}"]),
            allow(
                ["events:PutEvents"],
                [f"arn:aws:events:{here}:event-bus/default"],
                {"StringEquals": {"events:source": source}},
            ),
            # It knows no resources (service authorization reference).
            allow(["cloudwatch:GetMetricStatistics"], ["*"]),
            allow(LOG_ACTIONS, [log_group_arn]),
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
                    permit(
                        ["ssm:StartAutomationExecution"],
                        [f"{ssm}:document/{document}", f"{ssm}:automation-definition/{document}:$DEFAULT", executions],
                    ),
                    permit(
                        ["iam:PassRole"], [role_arn], {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}
                    ),
                    permit(["lambda:InvokeFunction"], [outcome_arn]),
                ]
            )
        },
    )
    acknowledge(
        role,
        {reported(stack, executions): _EXECUTION, "CloudMart::IAM-2[ssm:StartAutomationExecution]": _EXECUTION},
    )
    return role
