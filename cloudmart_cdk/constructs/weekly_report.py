"""The weekly report by mail: the function that writes it, what it may read, and when. Specification section 7.

Owns schedule, rights and the plan that the function works by: expressions and objectives are those of the alarms,
handed over, so that each figure has one home. What is read and how it is laid out is `assets/weekly_report`'s.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from ..acknowledge import acknowledge
from ..assets.restore_drill.outcome import NAMESPACE
from .alarms import Alarm, Metric, Severity
from .alarms.rollout import ERRORS, REQUESTS, outcomes
from .function_archive import add_package, archive
from .functions import python_function, scheduled
from .instance_role import reported
from .log_groups import LogGroups
from .off_hours import ZONE
from .roles import LOG_ACTIONS, allow, service_role
from .watched import WatchedLoadBalancer

EVERY: Final = "cron(0 9 ? * MON *)"
"""Monday, 09:00 in Seoul: the week that is reported ended nine hours before, and somebody reads."""

_PACKAGE: Final = Path(__file__).parents[1] / "assets" / "weekly_report"
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
    """The function `<name>-<stage>-weekly-report`, which people call by name, on its schedule."""

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
        patch_group: str,
        repositories: Sequence[str],
        vault: str,
        domain: str,
        drill: str | None,
        stacks: Sequence[str],
    ) -> None:
        """`topic_arn`: where it is published, encrypted with `topic_key`. `alarm_regions`: beside the stack's own.

        `availability`: percent. `cost_tags`: what counts; none: the account. `patch_group`, `repositories`, `vault`,
        `stacks`: names; empty: the stage has none. `domain`: whose certificates are looked at. `drill`: the value
        of its metrics' dimension; None: no drill.
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
            # Empty rather than null, which CDK's JSON drops.
            "drill": {"namespace": NAMESPACE, "dimensions": {"Stage": drill}} if drill else {},
            "stacks": list(stacks),
        }
        log_group = log_groups.make_resource(self, "LogGroup")
        statements = [
            allow(_WITHOUT_RESOURCES, ["*"]),
            allow(tuple(_UNNAMED), ["*"]),
            allow(["sns:Publish"], [topic_arn]),
            allow(
                ["kms:Decrypt", "kms:GenerateDataKey"],
                [topic_key.key_arn],
                {"StringEquals": {"kms:ViaService": f"sns.{stack.region}.amazonaws.com"}},
            ),
            allow(LOG_ACTIONS, [log_group.attr_arn]),
        ]
        here = f"{stack.region}:{stack.account}"
        if repositories:
            statements.append(
                allow(
                    ["ecr:DescribeImages", "ecr:DescribeImageScanFindings"],
                    [f"arn:aws:ecr:{here}:repository/{name}" for name in repositories],
                )
            )
        described = [f"arn:aws:cloudformation:{here}:stack/{name}/*" for name in stacks]
        if described:
            statements.append(allow(["cloudformation:DescribeStacks"], described))
        role = service_role(self, "Role", service="lambda.amazonaws.com", policy="Report", statements=statements)
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
        function = python_function(
            self,
            "Function",
            name=f"{prefix}-weekly-report",
            description="Writes the weekly report and publishes it",
            code=archive(self, "Code", partial(add_package, _PACKAGE)),
            handler=f"{_PACKAGE.name}.handler.handle",
            role=role,
            log_group=log_group,
            seconds=_SECONDS,
            variables={"PLAN": stack.to_json_string(plan)},
        )
        self.log_group_name = log_group.ref
        scheduled(
            self,
            function,
            description=f"The weekly report of {prefix}",
            every=EVERY,
            zone=ZONE,
            window_minutes=15,  # whole hours are when everybody's schedules begin
            retried_s=_RETRIED_S,
            retries=_RETRIES,
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
