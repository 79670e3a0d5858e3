"""The restore drill: is the last backup good, and how fast is it back? Specification section 3, targets of AWS Backup.

Owns the document `<name>-<stage>-restore-drill`, the copy's name `<name>-<stage>-drill`, two functions (one beside the
databases that compares, one that tells people), and when all that runs. Its steps are `restore_drill_document`'s, its
rights `restore_drill_roles`', its alarms `alarms.restore_drill`'. Once a month from the newest recovery point, which
proves the backups; once from the last restorable moment, which is what an accident at noon would call for.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..assets.restore_drill.outcome import AGE, SOURCE
from ..security_groups import POSTGRESQL_PORT
from . import off_hours
from .function_archive import add_driver, add_package, archive
from .functions import inside, python_function
from .log_groups import LogGroups
from .restore_drill_document import BACKUP, POINT_IN_TIME, Copy, content
from .restore_drill_roles import automation_role, compare_role, outcome_role, schedule_role
from .rotation import PACKAGE as ROTATION

PACKAGE: Final = Path(__file__).parents[1] / "assets" / "restore_drill"
_FOLDER: Final = PACKAGE.parent.name
"""Both packages lie in it, in the archive too, so that one finds the other."""
_MODULES: Final = f"{_FOLDER}.{PACKAGE.name}"
_COMPARE_S: Final = 570
"""Less than the ten minutes that the document's step may take."""
_OUTCOME_S: Final = 60

# In the morning, when somebody is there and the night's backup is done (20:30 UTC and up to four hours: 09:30 at most).
_MONTHLY: Final = {BACKUP: "cron(0 10 ? * TUE#1 *)", POINT_IN_TIME: "cron(0 10 ? * TUE#3 *)"}
_DAILY: Final = "cron(0 12 * * ? *)"  # 03:00 UTC: far from where CloudWatch's days meet
_ENDED: Final = ("Success", "Failed", "TimedOut", "Cancelled")
_EVENT: Final = "EC2 Automation Execution Status-change Notification"


class RestoreDrill(Construct):
    """Attributes: `document_name`; `stage`, the value of its metrics' dimension."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        stage: str,
        original: str,
        host: str,
        database: str,
        copy_name: str,
        vault: str,
        instance_class: str,
        subnet_group: str,
        parameter_group: str,
        database_security_group: ec2.ISecurityGroup,
        app: secretsmanager.ISecret,
        key_arn: str,
        subnets: Sequence[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        tags: Mapping[str, str],
        log_groups: LogGroups,
    ) -> None:
        """`name`: of the document. `stage`: `<name>-<stage>`. `original`: its identifier, `host`: the server itself.

        `vault`: AWS Backup's. `subnets`, `security_group`: of the function beside the databases. `tags`: of the copy.
        """
        super().__init__(scope, id)
        self.document_name, self.stage = name, stage
        self._log_groups = log_groups
        copy = Copy(
            original=original,
            name=copy_name,
            vault=vault,
            instance_class=instance_class,
            subnet_group=subnet_group,
            security_group_id=database_security_group.security_group_id,
            parameter_group=parameter_group,
            key_arn=key_arn,
            tags={**tags, "Name": copy_name},
        )
        code = archive(self, "Code", bundle)
        group = self._log_groups.make_resource(self, "CompareLogs")
        self.log_group_name = group.ref
        compare = python_function(
            self,
            "Compare",
            description="Compares a restored database with its original",
            code=code,
            handler=f"{_MODULES}.handler.handle",
            role=compare_role(
                self, "CompareRole", app_secret_arn=app.secret_arn, key_arn=key_arn, log_group_arn=group.attr_arn
            ),
            log_group=group,
            seconds=_COMPARE_S,
            variables={
                "DATABASE_HOST": host,
                "DATABASE_PORT": str(POSTGRESQL_PORT),
                "DATABASE_NAME": database,
                "APP_SECRET_ARN": app.secret_arn,
            },
            vpc_config=inside(subnets, security_group),
        )
        role = automation_role(self, "AutomationRole", copy=copy, compare_arn=compare.attr_arn)
        document = ssm.CfnDocument(
            self,
            "Document",
            name=name,
            document_type="Automation",
            document_format="JSON",
            update_method="NewVersion",
            content=content(role_arn=role.role_arn, compare_function=compare.ref, copy=copy),
        )
        group = self._log_groups.make_resource(self, "OutcomeLogs")
        outcome = python_function(
            self,
            "Outcome",
            description="Tells how a restore drill ended, and how long the last good one is ago",
            code=code,
            handler=f"{_MODULES}.outcome.handle",
            role=outcome_role(self, "OutcomeRole", original=original, source=SOURCE, log_group_arn=group.attr_arn),
            log_group=group,
            seconds=_OUTCOME_S,
            variables={"STAGE": stage, "ORIGINAL": original, "COPY": copy_name},
        )
        self._listen(outcome)
        self._schedule(document, role, outcome)

    def _listen(self, outcome: lambda_.CfnFunction) -> None:
        """However an execution ends: cancelled and timed out, too."""
        rule = events.CfnRule(
            self,
            "Ended",
            description="A restore drill has ended",
            event_pattern={
                "source": ["aws.ssm"],
                "detail-type": [_EVENT],
                "detail": {"Definition": [self.document_name], "Status": list(_ENDED)},
            },
            targets=[events.CfnRule.TargetProperty(id="Outcome", arn=outcome.attr_arn)],
        )
        lambda_.CfnPermission(
            self,
            "EndedCalls",
            action="lambda:InvokeFunction",
            function_name=outcome.attr_arn,
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
        )

    def _schedule(self, document: ssm.CfnDocument, role: iam.Role, outcome: lambda_.CfnFunction) -> None:
        caller = schedule_role(
            self,
            "ScheduleRole",
            document=self.document_name,
            role_arn=role.role_arn,
            outcome_arn=outcome.attr_arn,
        ).role_arn
        for source, when in _MONTHLY.items():
            order = {"DocumentName": self.document_name, "Parameters": {"From": [source]}}
            self._at(
                f"From{source.title().replace('-', '')}",
                f"Restore drill, from {source}",
                when,
                caller,
                "arn:aws:scheduler:::aws-sdk:ssm:startAutomationExecution",
                order,
            ).add_resource_dependency(document)
        self._at("Age", "How long the last restore drill is ago", _DAILY, caller, outcome.attr_arn, {"Order": AGE})

    def _at(
        self, id: str, description: str, when: str, role_arn: str, target: str, order: Mapping[str, Any]
    ) -> scheduler.CfnSchedule:
        return scheduler.CfnSchedule(
            self,
            id,
            description=description,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            schedule_expression=when,
            schedule_expression_timezone=off_hours.ZONE,
            target=scheduler.CfnSchedule.TargetProperty(arn=target, role_arn=role_arn, input=json.dumps(order)),
        )


def bundle(target: Path) -> None:
    """Fills the empty folder `target` with our package, the rotation's, and what that needs. Raises `RuntimeError`."""
    for package in (PACKAGE, ROTATION):
        add_package(package, target / _FOLDER)
    add_driver(target)
