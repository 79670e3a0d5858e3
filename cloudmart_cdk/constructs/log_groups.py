"""How the log groups of a stage are made: kept for the stage's days, gone with their stack, and encrypted as it says.

Owns the key of log groups, where the stage asks for one. CloudWatch Logs encrypts in any case; with a key of the
stage's own, who may use the key may read, and a key that is disabled ends reading at once.
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from .stage_owned import Lifecycle, stage_key

_BY_DAYS = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    120: logs.RetentionDays.FOUR_MONTHS,
    150: logs.RetentionDays.FIVE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    545: logs.RetentionDays.EIGHTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
}


class LogGroups:
    """Makes log groups. Handed to whatever writes logs, so that none is made in another way."""

    def __init__(self, *, retention_days: int, key: kms.IKey | None = None) -> None:
        """`retention_days`: as CloudWatch Logs allows them. `key`: None for CloudWatch Logs' own encryption."""
        self._days, self._key = retention_days, key

    def make(self, scope: Construct, id: str, *, name: str | None = None) -> logs.LogGroup:
        """A group that CDK's own constructs take. `name`: where AWS prescribes it, or would make the group itself."""
        return logs.LogGroup(
            scope,
            id,
            log_group_name=name,
            retention=_BY_DAYS[self._days],
            encryption_key=self._key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def make_resource(self, scope: Construct, id: str, *, name: str | None = None) -> logs.CfnLogGroup:
        """The same as a bare resource, a third of the calls into CDK."""
        return logs.CfnLogGroup(
            scope,
            id,
            log_group_name=name,
            retention_in_days=self._days,
            kms_key_id=self._key.key_arn if self._key else None,
        )


def log_key(scope: Construct, id: str, *, lifecycle: Lifecycle, alias: str) -> kms.Key:
    """The key of a region's log groups, which CloudWatch Logs uses for groups of this account only."""
    stack = cdk.Stack.of(scope)
    groups = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:*"
    key = stage_key(scope, id, lifecycle=lifecycle, alias=alias, description="Log groups")
    # Actions and condition: CloudWatch Logs guide, "Encrypt log data using AWS KMS".
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="EncryptLogGroups",
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    )
    return key
