"""Log groups of the functions that CDK makes itself for custom resources.

Such a function would make its log group at its first call, and the group would outlive the stack
(aws/aws-cdk#26553). Here the stack owns the group, and the function's role can no longer make one.
"""

import aws_cdk as cdk
from constructs import Construct

from .log_groups import LogGroups

_PROVIDERS = {
    "Custom::VpcRestrictDefaultSGCustomResourceProvider": True,
    "Custom::S3AutoDeleteObjectsCustomResourceProvider": False,
}
"""Construct id of the provider -> whether its role has a policy of its own beside the managed one."""


def own_provider_logs(stack: cdk.Stack, log_groups: LogGroups) -> None:
    """Give each custom-resource function of `stack` a log group that goes with the stack."""
    for provider_id, has_policies in _PROVIDERS.items():
        provider = stack.node.try_find_child(provider_id)
        if provider is None:
            continue
        handler, role = provider.node.find_child("Handler"), provider.node.find_child("Role")
        assert isinstance(provider, Construct)
        assert isinstance(handler, cdk.CfnResource)
        assert isinstance(role, cdk.CfnResource)
        group = log_groups.make_resource(provider, "LogGroup")
        handler.add_property_override("LoggingConfig", {"LogFormat": "JSON", "LogGroup": group.ref})
        # AWSLambdaBasicExecutionRole allows logs:CreateLogGroup on everything; these two actions suffice.
        role.add_property_deletion_override("ManagedPolicyArns")
        policy = {
            "PolicyName": "Logs",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                        "Resource": group.attr_arn,
                    }
                ],
            },
        }
        if has_policies:
            role.add_property_override("Policies.1", policy)
        else:
            role.add_property_override("Policies", [policy])
