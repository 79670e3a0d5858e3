"""What removes stacks that outlived their tag `Lifetime`: function, rights, schedule, alarm. Specification section 8.

Owns what the function is told and may do. The rules by which it judges are `assets/lifetime`'s. It may delete stacks of
this project and stage that carry the tag, and nothing else; the resources go by the role that CDK's bootstrap gave
their stack, which needs nobody's right to pass it (CloudFormation API, DeleteStack, `RoleARN`).
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
from constructs import Construct

from ..acknowledge import acknowledge
from ..settings.topology import (
    BACKEND,
    DATA,
    DELIVERY,
    EDGE,
    EDGE_REGION,
    EKS,
    FRONTEND,
    LAB_ACCOUNT,
    MONITORING,
    NEEDS,
    VPC,
)
from .alarms import Alarm, Metric, Severity
from .function_archive import add_package, archive
from .functions import python_function, scheduled
from .instance_role import reported
from .log_groups import LogGroups
from .roles import LOG_ACTIONS, allow, service_role

EVERY_MINUTES: Final = 15
_PACKAGE: Final = Path(__file__).parents[1] / "assets" / "lifetime"
_SECONDS: Final = 120
"""A page of a hundred stacks takes a second; a call that is throttled is tried again."""
_NOT_OF_A_COPY: Final = (LAB_ACCOUNT, DELIVERY)
"""The account's, not a student's: they outlive the course's day."""
_RETRIED_S: Final = 600
"""The next run is as good as another try."""


def needed_by() -> dict[str, list[str]]:
    """Stack -> the stacks that are deployed after it because they need it, and so go before it."""
    needs = {stack: set(needed) for stack, needed in NEEDS.items() if stack not in _NOT_OF_A_COPY}
    # `application.build_app`: they need what is there of these.
    needs[FRONTEND].add(EDGE)
    needs[MONITORING] |= {VPC, DATA, BACKEND, FRONTEND, EKS}
    return {stack: sorted(other for other, needed in needs.items() if stack in needed) for stack in needs}


class Lifetime(Construct):
    """The function `<prefix>-lifetime` on its schedule. `stage`: whose stacks it may delete, in its own and the edge's
    region. `function_name`: for alarms."""

    def __init__(self, scope: Construct, id: str, *, prefix: str, stage: str, log_groups: LogGroups) -> None:
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        regions = list(dict.fromkeys((stack.region, EDGE_REGION)))
        log_group = log_groups.make_resource(self, "LogGroup")
        deletable = [f"arn:aws:cloudformation:{region}:{stack.account}:stack/*-{stage}-*/*" for region in regions]
        role = service_role(
            self,
            "Role",
            service="lambda.amazonaws.com",
            policy="Delete",
            statements=[
                allow(["cloudformation:DescribeStacks"], "*"),
                allow(["cloudformation:DeleteStack"], deletable, _tagged(stage)),
                allow(LOG_ACTIONS, [log_group.attr_arn]),
            ],
        )
        acknowledge(
            role,
            {
                "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "It has to see every stack of the account to know "
                "which are the course's; names, tags and states are no secret.",
                "CloudMart::IAM-2[cloudformation:DescribeStacks]": "Asked without a stack's name, which nobody knows "
                "beforehand, it lists, and CloudFormation demands `*` for that.",
                "CloudMart::IAM-15[cloudformation:DeleteStack]": "What it is for. The condition leaves it stacks of a "
                "course's day, which say so by a tag; no stage that keeps data, and not its own, carries that.",
            }
            | {
                reported(stack, arn): "Of every student's copy; its condition holds it to stacks of this project and "
                "stage that say themselves how long they live."
                for arn in deletable
            },
        )
        self.function_name = f"{prefix}-lifetime"
        function = python_function(
            self,
            "Function",
            name=self.function_name,
            description="Deletes stacks that outlived their tag Lifetime",
            code=archive(self, "Code", partial(add_package, _PACKAGE)),
            handler=f"{_PACKAGE.name}.handler.handle",
            role=role,
            log_group=log_group,
            seconds=_SECONDS,
            variables={"STAGE": stage, "REGIONS": ",".join(regions), "NEEDED_BY": json.dumps(needed_by())},
        )
        scheduled(
            self,
            function,
            description="Deletes stacks that outlived their tag Lifetime",
            every=f"rate({EVERY_MINUTES} minutes)",
            retried_s=_RETRIED_S,
            retries=1,
        )


def lifetime_alarms(function: str) -> Iterator[Alarm]:
    """What does not go costs on, and nobody looks. `function`: its name; it runs every quarter of an hour."""
    yield Alarm(
        id="lifetime-errors",
        broke="Stacks that outlived their Lifetime do not go",
        watch=Metric("AWS/Lambda", "Errors", "Sum", {"FunctionName": function}),
        threshold=0,
        period_s=EVERY_MINUTES * 60,
        severity=Severity.WARNING,
        silence="notBreaching",
        page="stuck-destroy",
    )


def _tagged(stage: str) -> dict[str, Any]:
    """Service authorization reference: stacks know `aws:ResourceTag`."""
    return {
        "StringEquals": {"aws:ResourceTag/Project": "CloudMart", "aws:ResourceTag/Stage": stage},
        "StringLike": {"aws:ResourceTag/Lifetime": "?*h"},
    }
