"""The weekly report by mail: the function that writes it, what it may read, and when. Specification section 7.

Owns schedule, rights and the plan that the function works by: expressions and objectives are those of the alarms,
handed over, so that each figure has one home. What is read and how it is laid out is `assets/weekly_report`'s.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from ..acknowledge import acknowledge
from .alarms import Alarm, Metric, Severity
from .alarms.rollout import ERRORS, REQUESTS, outcomes
from .instance_role import reported
from .log_groups import LogGroups
from .off_hours import ZONE
from .watched import WatchedLoadBalancer

EVERY: Final = "cron(0 9 ? * MON *)"
"""Monday, 09:00 in Seoul: the week that is reported ended nine hours before, and somebody reads."""

_PACKAGE: Final = Path(__file__).parents[1] / "assets" / "weekly_report"
_RUNTIME: Final = "python3.14"
_MEMORY_MB: Final = 256
_SECONDS: Final = 300
"""A dozen sources of some seconds; each gives up after a minute."""
_RETRIED_S: Final = 3600
_RETRIES: Final = 3
_P95: Final = "p95"

_WITHOUT_RESOURCES: Final = (
    "acm:ListCertificates",
    "backup:ListBackupJobs",
    "secretsmanager:ListSecrets",
    "ssm:DescribeInstancePatchStatesForPatchGroup",
)
"""Service authorization reference: these know none. They list names, dates and counts, and no value of a secret."""
_UNNAMED: Final = {
    "ce:GetCostAndUsage": "Its one resource, a billing view, is the account's own; tags narrow the answer.",
    "ce:GetCostForecast": "Its one resource, a billing view, is the account's own; tags narrow the answer.",
    "cloudwatch:DescribeAlarmHistory": "Asked of one alarm it takes a call for each of dozens; states are no secret.",
    "cloudwatch:DescribeAlarms": "By the prefix of this stage's names, which no ARN can say; states are no secret.",
    "cloudwatch:GetMetricData": "The one resource that AWS defines, a dataset, is the account's default.",
}
"""Actions that stand on `*` though AWS defines resources for them -> why."""


class WeeklyReport(Construct):
    """The function `<name>-<stage>-weekly-report`, which people call by name, on its schedule; `function_name`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        prefix: str,
        topic_arn: str,
        topic_key: kms.IKey,
        log_groups: LogGroups,
        alarm_regions: Sequence[str],
        balancers: Sequence[WatchedLoadBalancer],
        availability: float,
        latency_ms: int,
        budget_usd: int,
        cost_tags: Mapping[str, str],
        patch_group: str = "",
        repositories: Sequence[str] = (),
        vault: str = "",
        domain: str = "",
        drill: Mapping[str, Any] | None = None,
        stacks: Sequence[str] = (),
    ) -> None:
        """`topic_arn`: where it is published, encrypted with `topic_key`. `alarm_regions`: beside the stack's own.

        `availability`: percent. `cost_tags`: what counts; none: the account. `patch_group`, `repositories`, `vault`,
        `stacks`: names; empty: the stage has none. `domain`: whose certificates are looked at. `drill`: `namespace`
        and `dimensions` of the restore drill's metrics.
        """
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        plan = {
            "stage": prefix,
            "topic": topic_arn,
            "regions": [stack.region, *alarm_regions],
            "availability": availability,
            "latency_ms": latency_ms,
            "workloads": [_workload(balancer) for balancer in balancers],
            "budget_usd": budget_usd,
            "tags": dict(cost_tags),
            "patch_group": patch_group,
            "repositories": list(repositories),
            "vault": vault,
            "domain": domain,
            "drill": dict(drill or {}),  # CDK's JSON drops what is null
            "stacks": list(stacks),
        }
        log_group = log_groups.make_resource(self, "LogGroup")
        statements = [
            _allow(list(_WITHOUT_RESOURCES), ["*"]),
            _allow(list(_UNNAMED), ["*"]),
            _allow(["sns:Publish"], [topic_arn]),
            _allow(
                ["kms:Decrypt", "kms:GenerateDataKey"],
                [topic_key.key_arn],
                {"StringEquals": {"kms:ViaService": f"sns.{stack.region}.amazonaws.com"}},
            ),
            _allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.attr_arn]),
        ]
        here = f"{stack.region}:{stack.account}"
        if repositories:
            statements.append(
                _allow(
                    ["ecr:DescribeImages", "ecr:DescribeImageScanFindings"],
                    [f"arn:aws:ecr:{here}:repository/{name}" for name in repositories],
                )
            )
        described = [f"arn:aws:cloudformation:{here}:stack/{name}/*" for name in stacks]
        if described:
            statements.append(_allow(["cloudformation:DescribeStacks"], described))
        role = _role(self, "Role", "lambda.amazonaws.com", "Report", statements)
        acknowledge(
            role,
            {
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "Lists and descriptions: four know no resources, "
                "the others are named with their reasons."
            }
            | {f"CloudMart::IAM-2[{action}]": reason for action, reason in _UNNAMED.items()}
            | {
                reported(stack, arn): "The wildcard stands for an id that CloudFormation makes up." for arn in described
            },
        )
        code = self._code()
        function = lambda_.CfnFunction(
            self,
            "Function",
            function_name=f"{prefix}-weekly-report",
            description="Writes the weekly report and publishes it",
            runtime=_RUNTIME,
            handler=f"{_PACKAGE.name}.handler.handle",
            code=lambda_.CfnFunction.CodeProperty(s3_bucket=code.s3_bucket_name, s3_key=code.s3_object_key),
            role=role.attr_arn,
            memory_size=_MEMORY_MB,
            timeout=_SECONDS,
            environment=lambda_.CfnFunction.EnvironmentProperty(variables={"PLAN": stack.to_json_string(plan)}),
            logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_format="JSON", log_group=log_group.ref),
        )
        self.function_name = function.ref
        self.log_group_name = log_group.ref
        self._schedule(prefix, function)

    def _code(self) -> assets.Asset:
        """Beneath its package's name, because its modules import each other."""
        with tempfile.TemporaryDirectory() as built:
            shutil.copytree(_PACKAGE, Path(built, _PACKAGE.name), ignore=shutil.ignore_patterns("__pycache__"))
            return assets.Asset(self, "Code", path=built)  # copied into the assembly here and now

    def _schedule(self, prefix: str, function: lambda_.CfnFunction) -> None:
        invoke = _allow(["lambda:InvokeFunction"], [function.attr_arn])
        account = {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}}
        role = _role(self, "ScheduleRole", "scheduler.amazonaws.com", "Invoke", [invoke], account)
        scheduler.CfnSchedule(
            self,
            "Schedule",
            description=f"The weekly report of {prefix}",
            schedule_expression=EVERY,
            schedule_expression_timezone=ZONE,
            # Whole hours are when everybody's schedules begin.
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE", maximum_window_in_minutes=15
            ),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.attr_arn,
                role_arn=role.attr_arn,
                # No dead-letter queue: the event says nothing, and who misses a report has one written by hand.
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=_RETRIED_S, maximum_retry_attempts=_RETRIES
                ),
            ),
        )


def report_alarms(function: str) -> Iterator[Alarm]:
    """A report that nobody gets looks like a quiet week. `function`: its name; it runs once a week.

    Lambda tries a failed call twice more, so one failure may still end in a mail; the page says how to know.
    """
    yield Alarm(
        id="weekly-report-errors",
        broke="The weekly report could not be written or sent",
        watch=Metric("AWS/Lambda", "Errors", "Sum", {"FunctionName": function}),
        threshold=0,
        period_s=300,
        severity=Severity.WARNING,
        silence="notBreaching",
        page="weekly-report",
    )


def _workload(balancer: WatchedLoadBalancer) -> dict[str, Any]:
    terms = outcomes(balancer)
    where = {"LoadBalancer": balancer.full_name}
    terms[_P95] = Metric("AWS/ApplicationELB", "TargetResponseTime", "p95", where)
    return {
        "title": balancer.title,
        "terms": {id: [metric.namespace, metric.name, metric.statistic] for id, metric in terms.items()},
        "dimensions": where,
        "errors": ERRORS,
        "requests": REQUESTS,
        "latency": _P95,
    }


def _allow(actions: list[str], resources: list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | {"Condition": condition} if condition else statement


def _role(
    scope: Construct,
    id: str,
    service: str,
    name: str,
    statements: list[dict[str, Any]],
    condition: dict[str, Any] | None = None,
) -> iam.CfnRole:
    trust: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if condition:
        trust["Condition"] = condition
    return iam.CfnRole(
        scope,
        id,
        assume_role_policy_document={"Version": "2012-10-17", "Statement": [trust]},
        policies=[
            iam.CfnRole.PolicyProperty(
                policy_name=name, policy_document={"Version": "2012-10-17", "Statement": statements}
            )
        ],
    )
