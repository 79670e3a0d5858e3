"""A Lambda function of this project's own: the form that all of them have.

Owns the runtime and how log and archive are named to Lambda. What is in an archive is `function_archive`'s; what a
function is told and may do, and what calls it, its construct's.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

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
