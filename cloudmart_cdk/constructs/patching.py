"""The Automation document that patches one instance of a scaling group, and what it may do.

Owns the document's steps (Systems Manager guide, "Systems Manager Automation actions reference", schema 0.3) and its
role. When it runs, and on which instances, is `fleet_care`'s. AWS has a document for it, AWS-PatchAsgInstance, which is
not for maintenance windows, and makes a Lambda function, a role and a stack of its own at each run.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..acknowledge import acknowledge
from .instance_role import SCALING_GROUP_REASON, reported, scaling_group_arn
from .roles import allow, of_this_account, service_role

BASELINE_DOCUMENT: Final = "AWS-RunPatchBaseline"
_SCRIPT: Final = Path(__file__).parents[1] / "assets" / "patching" / "standby.py"
_INSTANCE: Final = "{{ InstanceId }}"
_SCAN_S: Final = 900
_INSTALL_S: Final = 3600
_SCRIPT_S: Final = 600
"""What a script may take (Automation actions reference, `aws:executeScript`)."""


class PatchDocument(Construct):
    """The document `name`; `role`: what it runs as."""

    def __init__(
        self, scope: Construct, id: str, *, name: str, tag_key: str, tag_value: str, group_names: Sequence[str]
    ) -> None:
        """`tag_key`, `tag_value`: of the instances; `group_names`: of their scaling groups."""
        super().__init__(scope, id)
        self.name = name
        self.role = _role(self, "Role", tag_key=tag_key, tag_value=tag_value, group_names=group_names)
        self.resource = ssm.CfnDocument(
            self,
            "Document",
            name=name,
            document_type="Automation",
            document_format="JSON",
            update_method="NewVersion",
            content=content(role_arn=self.role.attr_arn),
        )


def content(*, role_arn: str) -> dict[str, Any]:
    """The document: nothing missing, nothing done; else out, patched, back."""
    return {
        "schemaVersion": "0.3",
        "description": "Patches an instance of a scaling group in standby, one more serving in its place. "
        "Runbook: patching",
        "assumeRole": role_arn,
        "parameters": {
            "InstanceId": {
                "type": "String",
                "description": "The instance",
                "allowedPattern": "^i-[0-9a-f]{8,17}$",
            }
        },
        "mainSteps": [
            _script("State", "state", output="State", nextStep="Serves", onFailure="Abort"),
            _branch("Serves", "{{ State.State }}", "InService", "Scan"),
            _baseline("Scan", {"Operation": ["Scan"]}, _SCAN_S, onFailure="Abort", nextStep="Due"),
            _script("Due", "due", output="Due", nextStep="Lacks", onFailure="Abort"),
            _branch("Lacks", "{{ Due.Due }}", "yes", "Leave"),
            _script("Leave", "leave", output="Extra", nextStep="Standby", onFailure="Abort"),
            {
                "name": "Standby",
                "action": "aws:waitForAwsResourceProperty",
                "timeoutSeconds": 300,
                "onFailure": "step:Return",
                "onCancel": "step:Return",
                "inputs": {
                    "Service": "autoscaling",
                    "Api": "DescribeAutoScalingInstances",
                    "InstanceIds": [_INSTANCE],
                    "PropertySelector": "$.AutoScalingInstances[0].LifecycleState",
                    "DesiredValues": ["Standby"],
                },
                "nextStep": "Install",
            },
            _baseline(
                "Install",
                {"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"]},
                _INSTALL_S,
                # It goes back in any case; the execution fails all the same, and the window stops.
                onFailure="step:Return",
                onCancel="step:Return",
                nextStep="Return",
            ),
            _script("Return", "come_back", extra="{{ Leave.Extra }}", isEnd=True, onFailure="Abort"),
        ],
    }


def _script(name: str, function: str, *, output: str = "", extra: str = "", **then: Any) -> dict[str, Any]:
    payload = {"InstanceId": _INSTANCE} | ({"Extra": extra} if extra else {})
    outputs = [{"Name": output, "Selector": f"$.Payload.{output}", "Type": "String"}] if output else []
    return {
        "name": name,
        "action": "aws:executeScript",
        "timeoutSeconds": _SCRIPT_S,
        "inputs": {
            "Runtime": "python3.11",
            "Handler": function,
            "InputPayload": payload,
            "Script": _SCRIPT.read_text(),
        },
        **({"outputs": outputs} if outputs else {}),
        **then,
    }


def _branch(name: str, variable: str, value: str, step: str) -> dict[str, Any]:
    """To `step` where the variable has the value; else the end."""
    choices = [{"NextStep": step, "Variable": variable, "StringEquals": value}]
    return {"name": name, "action": "aws:branch", "inputs": {"Choices": choices}, "isEnd": True}


def _baseline(name: str, parameters: dict[str, list[str]], seconds: int, **then: Any) -> dict[str, Any]:
    return {
        "name": name,
        "action": "aws:runCommand",
        "timeoutSeconds": seconds,
        "inputs": {"DocumentName": BASELINE_DOCUMENT, "InstanceIds": [_INSTANCE], "Parameters": parameters},
        **then,
    }


def _role(scope: Construct, id: str, *, tag_key: str, tag_value: str, group_names: Sequence[str]) -> iam.CfnRole:
    stack = cdk.Stack.of(scope)
    here = f"{stack.region}:{stack.account}"
    instances = f"arn:aws:ec2:{here}:instance/*"
    groups = [scaling_group_arn(stack, name) for name in group_names]
    actions = ("UpdateAutoScalingGroup", "EnterStandby", "ExitStandby", "TerminateInstanceInAutoScalingGroup")
    statements = [
        allow(["ssm:SendCommand"], [instances], {"StringEquals": {f"aws:ResourceTag/{tag_key}": tag_value}}),
        allow(["ssm:SendCommand"], [f"arn:aws:ssm:{stack.region}::document/{BASELINE_DOCUMENT}"]),
        allow([f"autoscaling:{action}" for action in actions], groups),
        # These know no resources, but for the last (service authorization reference).
        allow(
            [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "ec2:DescribeInstanceStatus",
                "elasticloadbalancing:DescribeTargetHealth",
                "ssm:DescribeInstanceInformation",
                "ssm:ListCommandInvocations",
                "ssm:ListCommands",
                "ssm:DescribeInstancePatchStates",
            ],
            ["*"],
        ),
    ]
    role = service_role(
        scope,
        id,
        description="Patches the backend's instances in standby",
        service="ssm.amazonaws.com",
        trusted_if=of_this_account(scope),
        policy="Patch",
        statements=statements,
    )
    acknowledge(
        role,
        {
            "AwsSolutions::AwsSolutions-IAM5[Resource::*]": "Descriptions and lists of states: none of these "
            "changes anything, and nothing in them is secret.",
            reported(stack, instances): "Instances come and go: bound to the tag that their group gives them.",
            "CloudMart::IAM-2[ssm:SendCommand]": "Only to instances with the tag that their group gives them.",
            "CloudMart::IAM-2[ssm:DescribeInstancePatchStates]": "Counts of patches, of an instance whose id is not "
            "known before; nothing of it is secret.",
        }
        | {reported(stack, group): SCALING_GROUP_REASON for group in groups},
    )
    return role
