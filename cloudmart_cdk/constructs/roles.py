"""How a role is written: its statements, and which service takes it on.

Owns the form. What a role may do, and why a wildcard in it is right, is said where the role is made.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

LOG_ACTIONS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
"""AWSLambdaBasicExecutionRole's, but for making log groups: ours are there before the function."""


def allow(
    actions: Sequence[str], resources: str | Sequence[str], condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A statement of `service_role`."""
    resource = resources if isinstance(resources, str) else list(resources)
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return statement | ({"Condition": dict(condition)} if condition else {})


def permit(
    actions: Sequence[str], resources: Sequence[str], conditions: Mapping[str, Any] | None = None
) -> iam.PolicyStatement:
    """A statement of CDK's `Role`, which takes grants, too."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)


def service_role(
    scope: Construct,
    id: str,
    *,
    service: str,
    policy: str,
    statements: Sequence[Mapping[str, Any]],
    description: str | None = None,
    trusted_if: Mapping[str, Any] | None = None,
) -> iam.CfnRole:
    """A role that `service` takes on, in one jsii call. `policy`: the name of its one policy, of `statements`.

    `trusted_if`: a condition on the service, which else would take the role on for whoever may pass it.
    """
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return iam.CfnRole(
        scope,
        id,
        description=description,
        assume_role_policy_document=_document([trust | ({"Condition": dict(trusted_if)} if trusted_if else {})]),
        policies=[iam.CfnRole.PolicyProperty(policy_name=policy, policy_document=_document(statements))],
    )


def of_this_account(scope: Construct) -> dict[str, Any]:
    """`trusted_if` of services that work for every account ("Cross-service confused deputy prevention" in each's
    guide)."""
    return {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(scope).account}}


def automation_principal(scope: Construct) -> iam.ServicePrincipal:
    """Systems Manager, in an Automation execution of this account and region."""
    stack = cdk.Stack.of(scope)
    executions = f"arn:aws:ssm:{stack.region}:{stack.account}:automation-execution/*"
    return iam.ServicePrincipal(
        "ssm.amazonaws.com", conditions={**of_this_account(scope), "ArnLike": {"aws:SourceArn": executions}}
    )


def _document(statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [dict(statement) for statement in statements]}
