"""EC2: what instances are made of, and that they are patched. Specification section 4.

Owns image, profile and patching; disks are `at_rest`, metadata is `nodes`, subnets and groups are NET and SG.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from ...settings.topology import EKS
from ..lookups import always, comes_again, in_every_case
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


_PATCHES: Final = "AWS-RunPatchBaseline"
_INVENTORY: Final = "AWS-GatherSoftwareInventory"
_TASK: Final = "AWS::SSM::MaintenanceWindowTask"
_WINDOW: Final = "AWS::SSM::MaintenanceWindow"
_EACH: Final = {"DocumentVersion": "$DEFAULT", "Parameters": {"InstanceId": ["{{RESOURCE_ID}}"]}}
"""How a window tells the document which instance it is about."""
_CARE: Final = (
    ("scan", _PATCHES, ["Scan"], ("Operation",)),
    ("inventory", _INVENTORY, None, ()),
)
"""What, by which document, its operation, and the parameters that it may have: others narrow what is done."""


def _patched(app: Deployment) -> Iterator[Found]:
    documents = [document for _, document, _, _ in _CARE]
    for entry in app.of("AWS::SSM::Association"):
        if entry.get("Name") not in documents or entry.get("OutputLocation") is not MISSING:
            given = f"running {shown(entry.get('Name'))} on servers"
            yield Found(entry, given, f"{' and '.join(documents)}, their output nowhere else", "Name")
    for task in app.of(_TASK):
        if _steps(app, task) is None:
            given = f"running {shown(task.get('TaskArn'))} on servers"
            yield Found(task, given, f"an Automation document of this app that runs {_PATCHES}", "TaskArn")
    allowed = "patched in a window, scanned and its inventory taken"
    for group in app.of("AWS::AutoScaling::AutoScalingGroup"):
        if not in_every_case(app, _TASK, partial(_installs, app, group)):
            yield Found(group, f"without patches by {_PATCHES} in a window", allowed, detail="patches")
        for type_, document, operation, possible in _CARE:
            cares = partial(_cares, group, document, operation, possible)
            if not in_every_case(app, "AWS::SSM::Association", cares):
                yield Found(group, f"without {type_} by {document}", allowed, detail=type_)


def _steps(app: Deployment, task: Resource) -> list[Mapping[str, Any]] | None:
    """What a window's task runs on servers: the steps of a document of this app; None: what nobody can read here."""
    document = app.target(task.get("TaskArn"), "AWS::SSM::Document")
    if task.get("TaskType") != "AUTOMATION" or document is None:
        return None
    steps = [step for step in document.items("Content.mainSteps") if isinstance(step, Mapping)]
    commands = [step.get("inputs", {}) for step in steps if step.get("action") == "aws:runCommand"]
    known = commands and all(command.get("DocumentName") == _PATCHES for command in commands)
    return commands if known else None


def _installs(app: Deployment, group: Resource, task: Resource) -> bool:
    """Whether a task installs patches on all of a group, again and again, one instance after the other."""
    commands = _steps(app, task) or []
    window = app.target(task.get("WindowId"), _WINDOW)
    chosen = [target for target in task.items("Targets") if isinstance(target, Mapping)]
    targets = [
        app.target(value, "AWS::SSM::MaintenanceWindowTarget")
        for target in chosen
        for value in as_list(target.get("Values", []))
        if target.get("Key") == "WindowTargetIds"
    ]
    return (
        any(_whole(command.get("Parameters")) for command in commands)
        and window is not None
        and always(app, window)
        and window.get("Enabled") is MISSING
        and window.get("EndDate") is MISSING
        and window.get("StartDate") is MISSING
        and comes_again(window.get("Schedule"))
        and task.get("TaskInvocationParameters.MaintenanceWindowAutomationParameters") == _EACH
        and task.get("MaxConcurrency") == "1"
        and task.get("MaxErrors") == "0"
        and any(target is not None and always(app, target) and _of_instances(target, group) for target in targets)
    )


def _of_instances(target: Resource, group: Resource) -> bool:
    return target.get("ResourceType") == "INSTANCE" and _reaches(target, group)


def _whole(parameters: Any) -> bool:
    """All patches of the baseline, and the restart that makes them work."""
    return bool(parameters == {"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"]})


def _cares(
    group: Resource, document: str, operation: list[str] | None, possible: tuple[str, ...], association: Resource
) -> bool:
    """Whether an association runs a document on all of a group, again and again, with nothing left out."""
    given = association.properties.get("Parameters", {})
    return (
        association.get("Name") == document
        and isinstance(given, Mapping)
        and set(given) <= set(possible)
        and given.get("Operation") == operation
        and comes_again(association.get("ScheduleExpression"))
        and association.get("CalendarNames") is MISSING
        and _reaches(association, group)
    )


_SEVERITIES: Final = frozenset(("Critical", "Important"))
_DAYS: Final = 30
"""Within which a critical patch is in place (PCI DSS 4.0, 6.3.3: one month)."""


def _asked_for(app: Deployment) -> Iterator[Found]:
    allowed = f"a baseline with every critical and important security patch of the last {_DAYS} days"
    for group in app.of("AWS::AutoScaling::AutoScalingGroup"):
        if not in_every_case(app, "AWS::SSM::PatchBaseline", partial(_asks, group)):
            yield Found(group, "in no patch group of a baseline that asks for them", allowed)


def _asks(group: Resource, baseline: Resource) -> bool:
    tags = [tag for tag in group.items("Tags") if isinstance(tag, Mapping)]
    groups = [tag.get("Value") for tag in tags if tag.get("Key") == "PatchGroup"]
    return (
        baseline.get("OperatingSystem") == "AMAZON_LINUX_2023"
        and all(baseline.get(name) is MISSING for name in ("RejectedPatches", "GlobalFilters", "Sources"))
        and any(name in baseline.items("PatchGroups") for name in groups)
        and any(_approves(rule) for rule in baseline.items("ApprovalRules.PatchRules") if isinstance(rule, Mapping))
    )


def _approves(rule: Mapping[str, Any]) -> bool:
    days = rule.get("ApproveAfterDays")
    group = rule.get("PatchFilterGroup")
    filters = as_list(group.get("PatchFilters", [])) if isinstance(group, Mapping) else []
    chosen = {
        entry.get("Key"): {str(value) for value in as_list(entry.get("Values", []))}
        for entry in filters
        if isinstance(entry, Mapping)
    }
    return (
        isinstance(days, int)
        and days <= _DAYS
        and "ApproveUntilDate" not in rule
        and chosen.keys() == {"PRODUCT", "CLASSIFICATION", "SEVERITY"}
        and "AmazonLinux2023" in chosen["PRODUCT"]
        and "Security" in chosen["CLASSIFICATION"]
        and chosen["SEVERITY"] >= _SEVERITIES
    )


def _reaches(aim: Resource, group: Resource) -> bool:
    """Whether it targets a tag that the group gives its instances, and nothing beside: targets narrow each other."""
    tags = [tag for tag in group.items("Tags") if isinstance(tag, Mapping)]
    given = [
        (f"tag:{tag.get('Key')}", tag.get("Value")) for tag in tags if tag.get("PropagateAtLaunch") in (True, "true")
    ]
    targets = [target if isinstance(target, Mapping) else {} for target in aim.items("Targets")]
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
    Rule(
        "EC2-4",
        "Patch Manager asks for every critical and important security patch, within a month",
        "CIS Controls 7.3; PCI DSS 4.0, 6.3.3; Systems Manager guide, 'Patch baselines'. What the baseline leaves out "
        "is neither installed nor missed.",
        "constructs/fleet_care.py as it is; backend.patch_after_days of 30 or fewer",
        _asked_for,
    ),
)
