"""AWS Backup: daily and weekly, chosen by tag. Specification section 3."""

from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from constructs import Construct

from ..acknowledge import acknowledge
from ..settings.model import Backup as BackupSettings

TAG: Final = "Backup"
"""RDS instances and EBS volumes with this tag, valued `<name>-<stage>`, are backed up."""

_MANAGED_POLICY: Final = (
    "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
    "AWSBackupServiceRolePolicyForBackup]"
)


class BackupPlan(Construct):
    """A vault of the stage's own and two rules in it; copies in a second region where one is stated."""

    def __init__(
        self, scope: Construct, id: str, *, settings: BackupSettings, name: str, tag_value: str, key: kms.IKey
    ) -> None:
        """`name`: of vault and plan; CDK's own would be the same in every stage of an account."""
        super().__init__(scope, id)
        vault = backup.BackupVault(
            self,
            "Vault",
            backup_vault_name=name,
            encryption_key=key,
            # Recovery points outlive the stack: a vault that holds some cannot be deleted anyway.
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        other = None
        if settings.copy_region:
            stack = cdk.Stack.of(self)
            arn = f"arn:aws:backup:{settings.copy_region}:{stack.account}:backup-vault:Default"
            other = backup.BackupVault.from_backup_vault_arn(self, "OtherRegion", arn)
        plan = backup.BackupPlan(
            self,
            "Plan",
            backup_plan_name=name,
            backup_vault=vault,
            backup_plan_rules=[
                backup.BackupPlanRule(
                    rule_name=name,
                    schedule_expression=schedule,
                    start_window=cdk.Duration.hours(1),
                    completion_window=cdk.Duration.hours(4),
                    delete_after=cdk.Duration.days(days),
                    copy_actions=[
                        backup.BackupPlanCopyActionProps(
                            destination_backup_vault=other, delete_after=cdk.Duration.days(days)
                        )
                    ]
                    if other
                    else None,
                )
                for name, schedule, days in (
                    # UTC: 05:30 in Seoul. RDS starts no job in its maintenance window or the hour before it
                    # (AWS Backup guide, "Plan options and configuration"); ours ends at 19:30 on Saturdays.
                    ("daily", events.Schedule.cron(hour="20", minute="30"), settings.daily_days),
                    (
                        "weekly",
                        events.Schedule.cron(hour="22", minute="0", week_day="SAT"),
                        settings.weekly_days,
                    ),
                )
            ],
        )
        selection = plan.add_selection("Tagged", resources=[backup.BackupResource.from_tag(TAG, tag_value)])
        acknowledge(
            selection,
            {_MANAGED_POLICY: "The service's own policy for its own role; it changes with what it saves."},
        )
