"""How Scheduler sends a stage to sleep, and wakes it.

Owns the form of a call; when that is, is `off_hours`', and what rests, and how, its construct's.
"""

from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from . import off_hours

_RETRIED_S: Final = 3600
"""How long a call that fails is tried again. Scheduler's own day would let the evening's come after the morning's."""


def call(scope: Construct, id: str, *, description: str, at: str, action: str, role_arn: str, given: Any) -> None:
    """One of AWS's own APIs on every working day. `at`: minutes and hour of a cron expression, "0 20"; `action`:
    "rds:stopDBInstance", as Scheduler spells it; `given`: its parameters, in Pascal case for every service, also where
    that is not the API's own: Scheduler refuses the other."""
    scheduler.CfnSchedule(
        scope,
        id,
        description=description,
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        schedule_expression=f"cron({at} ? * {off_hours.DAYS} *)",
        schedule_expression_timezone=off_hours.ZONE,
        target=scheduler.CfnSchedule.TargetProperty(
            arn=f"arn:aws:scheduler:::aws-sdk:{action}",
            role_arn=role_arn,
            input=cdk.Stack.of(scope).to_json_string(given),
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_event_age_in_seconds=_RETRIED_S),
        ),
    )
