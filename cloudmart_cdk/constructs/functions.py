"""A Lambda function of this project's own: the form that all of them have.

Owns the runtime, how log and archive are named to Lambda, and how a schedule calls one. What is in an archive is
`function_archive`'s; what a function is told and may do, and when, its construct's.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from .roles import allow, of_this_account, service_role

_RUNTIME: Final = "python3.14"
_MEMORY_MB: Final = 256
"""They wait for the answers of others."""


def python_function(
    scope: Construct,
    id: str,
    *,
    description: str,
    code: assets.Asset,
    handler: str,
    role: iam.CfnRole,
    log_group: logs.CfnLogGroup,
    seconds: int,
    variables: Mapping[str, str],
    name: str | None = None,
    vpc_config: lambda_.CfnFunction.VpcConfigProperty | None = None,
) -> lambda_.CfnFunction:
    """Level 1: CDK's own would let its role make log groups. `variables`: of its environment. `name`: where people or
    rights name it. `vpc_config`: None: outside the VPC."""
    return lambda_.CfnFunction(
        scope,
        id,
        function_name=name,
        description=description,
        runtime=_RUNTIME,
        handler=handler,
        code=lambda_.CfnFunction.CodeProperty(s3_bucket=code.s3_bucket_name, s3_key=code.s3_object_key),
        role=role.attr_arn,
        memory_size=_MEMORY_MB,
        timeout=seconds,
        environment=lambda_.CfnFunction.EnvironmentProperty(variables=variables),
        logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_format="JSON", log_group=log_group.ref),
        vpc_config=vpc_config,
    )


def inside(subnets: Sequence[ec2.ISubnet], security_group: ec2.ISecurityGroup) -> lambda_.CfnFunction.VpcConfigProperty:
    """`vpc_config` of a function in the VPC; its role needs `vpc_functions.NETWORK_ACTIONS`."""
    return lambda_.CfnFunction.VpcConfigProperty(
        subnet_ids=[subnet.subnet_id for subnet in subnets], security_group_ids=[security_group.security_group_id]
    )


def scheduled(
    scope: Construct,
    function: lambda_.CfnFunction,
    *,
    description: str,
    every: str,
    zone: str | None = None,
    window_minutes: int = 0,
    retried_s: int,
    retries: int,
) -> None:
    """Calls it with an event that says nothing, by a role for that alone. `every`: `rate(...)` or `cron(...)`, in
    `zone`; begun up to `window_minutes` later. A call that fails is tried again `retries` times within `retried_s`.

    Without a dead-letter queue: what such an event asks for, the next one or a person asks for as well.
    """
    role = service_role(
        scope,
        "ScheduleRole",
        service="scheduler.amazonaws.com",
        trusted_if=of_this_account(scope),
        policy="Invoke",
        statements=[allow(["lambda:InvokeFunction"], [function.attr_arn])],
    )
    scheduler.CfnSchedule(
        scope,
        "Schedule",
        description=description,
        schedule_expression=every,
        schedule_expression_timezone=zone,
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
            mode="FLEXIBLE" if window_minutes else "OFF", maximum_window_in_minutes=window_minutes or None
        ),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=function.attr_arn,
            role_arn=role.attr_arn,
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=retried_s, maximum_retry_attempts=retries
            ),
        ),
    )
