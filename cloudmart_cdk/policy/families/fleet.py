"""EC2: what instances are made of, and that they are patched. Specification section 4.

Owns image, profile and patching; disks are `at_rest`, metadata is `nodes`, subnets and groups are NET and SG.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from ...settings.topology import EKS
from ..lookups import in_every_case
from ..model import MISSING, Deployment, Resource, as_list
from ..rule import SET, Found, Row, Rule, equal, matching, rule_of, shown

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
        "Without a role there is no Session Manager, and keys would be copied to the machine (EC2 guide, IAM roles).",
        "pass the instance role's profile",
        when=_ours,
    ),
    Row(
        "EBS-4",
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.BlockDeviceMappings[].DeviceName",
        equal("/dev/xvda"),
        "Amazon Linux 2023's root device (its guide): another name leaves the root disk as the image has it.",
        acknowledgeable=False,
    ),
)


_CARE: Final = (
    ("patches", "AWS-RunPatchBaseline", ("Operation", "RebootOption")),
    ("inventory", "AWS-GatherSoftwareInventory", ()),
)
"""What, by which document, and the parameters that it may have: others narrow what is done."""


def _patched(app: Deployment) -> Iterator[Found]:
    documents = [document for _, document, _ in _CARE]
    for entry in app.of("AWS::SSM::Association", "AWS::SSM::MaintenanceWindowTask"):
        if entry.get("Name") not in documents or entry.get("OutputLocation") is not MISSING:
            given = f"running {shown(entry.get('Name'))} on servers"
            yield Found(entry, given, f"{' and '.join(documents)}, their output nowhere else", "Name")
    for type_, document, possible in _CARE:
        for group in app.of("AWS::AutoScaling::AutoScalingGroup"):
            if not in_every_case(app, "AWS::SSM::Association", partial(_cares, group, document, possible)):
                yield Found(
                    group, f"without {type_} by {document}", "patched in a window, inventory taken", detail=type_
                )


def _cares(group: Resource, document: str, possible: tuple[str, ...], association: Resource) -> bool:
    """Whether an association runs a document on all of a group, again and again, with nothing left out."""
    given = association.properties.get("Parameters", {})
    return (
        association.get("Name") == document
        and isinstance(given, Mapping)
        and set(given) <= set(possible)
        and given.get("Operation") == (["Install"] if "Operation" in possible else None)
        and _again_and_again(association)
        and _reaches(association, group)
    )


def _again_and_again(association: Resource) -> bool:
    """Every year at the least, whatever a calendar says; an `at(...)` comes once."""
    schedule = association.get("ScheduleExpression")
    repeated = isinstance(schedule, str) and re.fullmatch(r"rate\(.+\)|cron\(.+ \*\)", schedule)
    return bool(repeated) and association.get("CalendarNames") is MISSING


def _reaches(association: Resource, group: Resource) -> bool:
    """Whether it targets a tag that the group gives its instances, and nothing beside: targets narrow each other."""
    tags = [tag for tag in group.items("Tags") if isinstance(tag, Mapping)]
    given = [
        (f"tag:{tag.get('Key')}", tag.get("Value")) for tag in tags if tag.get("PropagateAtLaunch") in (True, "true")
    ]
    targets = [target if isinstance(target, Mapping) else {} for target in association.items("Targets")]
    return bool(targets) and all(
        any((target.get("Key"), value) in given for value in as_list(target.get("Values", []))) for target in targets
    )


RULES: Final = (
    *map(rule_of, ROWS),
    Rule(
        "EC2-3",
        "The fleet is patched in a window and its inventory taken, and nothing else is run on it",
        "Specification section 4; CIS Controls 7.3; Security Hub SSM.2.",
        "constructs/fleet_care.py as it is",
        _patched,
    ),
)
