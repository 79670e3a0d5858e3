"""EC2: what instances are made of, and that they are patched. Specification section 4.

Owns image, profile and patching; disks are `at_rest`, metadata is `nodes`, subnets and groups are NET and SG.
"""

from collections.abc import Iterator
from typing import Any, Final

from ...settings.topology import BACKEND, EKS
from ..model import MISSING, Deployment, Resource
from ..rule import SET, Found, Row, Rule, equal, matching, rule_of

_IMAGE: Final = r"resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-(x86_64|arm64)"


def _ours(template: Resource, _: Deployment) -> bool:
    """EKS chooses the image and the profile of its nodes itself (rule EKS, AMI type)."""
    return template.stack != EKS


ROWS: Final = (
    Row(
        "EC2-1",
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.ImageId",
        matching(_IMAGE, "the latest Amazon Linux 2023 by AWS's public parameter"),
        "Specification section 4. An image by its number grows old, one of somebody else's is his.",
        "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        when=_ours,
    ),
    Row(
        "EC2-2",
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.IamInstanceProfile.Arn",
        SET,
        "Without a role nobody gets in by Session Manager, and keys would be copied to the machine.",
        "pass the instance role's profile",
        when=_ours,
    ),
    Row(
        "EBS-4",
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.BlockDeviceMappings[].DeviceName",
        equal("/dev/xvda"),
        "Amazon Linux 2023's root device: a mapping of another name leaves the root disk as the image has it.",
        acknowledgeable=False,
    ),
)


def _patched(app: Deployment) -> Iterator[Found]:
    if BACKEND not in app.stacks:
        return
    for type_, document, operation in (
        ("patches", "AWS-RunPatchBaseline", ["Install"]),
        ("inventory", "AWS-GatherSoftwareInventory", None),
    ):
        found = [
            entry
            for entry in app.of("AWS::SSM::Association")
            if entry.get("Name") == document
            and (operation is None or entry.get("Parameters.Operation") == operation)
            and entry.get("ScheduleExpression") is not MISSING
            and _reaches_fleet(app, entry)
        ]
        if not found:
            for group in app.of("AWS::AutoScaling::AutoScalingGroup"):
                yield Found(
                    group, f"without {type_} by {document}", "patched in a window, inventory taken", detail=type_
                )


def _reaches_fleet(app: Deployment, association: Resource) -> bool:
    """Whether it targets the tag that the scaling groups give their instances."""
    targets: list[Any] = association.items("Targets")
    wanted = {
        (f"tag:{tag.get('Key')}", tag.get("Value"))
        for group in app.of("AWS::AutoScaling::AutoScalingGroup")
        for tag in group.items("Tags")
        if isinstance(tag, dict) and tag.get("Key") == "Fleet"
    }
    return any(
        isinstance(target, dict) and (target.get("Key"), value) in wanted
        for target in targets
        for value in target.get("Values", [])
    )


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "EC2-3",
        "The fleet is patched in a window, and its inventory taken",
        "Specification section 4; CIS Controls 7.3; Security Hub SSM.2.",
        "constructs/fleet_care.py as it is",
        _patched,
    ),
)
