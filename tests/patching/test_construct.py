"""Window, baseline and document, as the stack of the backend has them."""

import ast
import inspect
import re
from typing import Any

import pytest

from cloudmart_cdk.assets.patching import standby
from cloudmart_cdk.constructs.patching import content
from tests.conftest import Synthesize

STACK = "BackendAsgStack"


def _one(synthesized: Synthesize, type_: str, stage: str = "lab") -> dict[str, Any]:
    (resource,) = synthesized(stage).resources(STACK, f"AWS::SSM::{type_}").values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


@pytest.mark.parametrize(("stage", "at", "days"), [("lab", "0 3", 0), ("dev", "0 13", 0), ("prod", "0 3", 7)])
def test_a_window_in_seoul_and_a_baseline_that_staging_tries_first(
    synthesized: Synthesize, stage: str, at: str, days: int
) -> None:
    """dev sleeps at night: an instance that is not there is not patched."""
    window = _one(synthesized, "MaintenanceWindow", stage)
    assert (window["Schedule"], window["ScheduleTimezone"]) == (f"cron({at} ? * WED *)", "Asia/Seoul")
    assert window["Cutoff"] < window["Duration"]
    baseline = _one(synthesized, "PatchBaseline", stage)
    (rule,) = baseline["ApprovalRules"]["PatchRules"]
    assert rule["ApproveAfterDays"] == days
    assert baseline["PatchGroups"] == [f"cloudmart-{stage}-backend"]
    assert baseline["OperatingSystem"] == "AMAZON_LINUX_2023"


def test_one_after_the_other_and_none_after_a_failure(synthesized: Synthesize) -> None:
    task = _one(synthesized, "MaintenanceWindowTask")
    assert (task["MaxConcurrency"], task["MaxErrors"]) == ("1", "0")
    parameters = task["TaskInvocationParameters"]["MaintenanceWindowAutomationParameters"]["Parameters"]
    assert parameters == {"InstanceId": ["{{RESOURCE_ID}}"]}


def test_instances_carry_the_tag_that_everything_is_aimed_at(synthesized: Synthesize) -> None:
    groups = synthesized("lab").resources(STACK, "AWS::AutoScaling::AutoScalingGroup").values()
    tag = {"Key": "PatchGroup", "Value": "cloudmart-lab-backend", "PropagateAtLaunch": True}
    assert len(groups) == 2
    for group in groups:
        assert tag in group["Properties"]["Tags"]


@pytest.fixture(scope="module")
def steps() -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in content(role_arn="x")["mainSteps"]}


def test_each_step_leads_to_one_that_exists(steps: dict[str, dict[str, Any]]) -> None:
    named = {step["nextStep"] for step in steps.values() if "nextStep" in step}
    named |= {choice["NextStep"] for step in steps.values() for choice in step["inputs"].get("Choices", ())}
    named |= {
        step[key].removeprefix("step:")
        for step in steps.values()
        for key in ("onFailure", "onCancel")
        if step.get(key, "").startswith("step:")
    }
    assert named == set(steps) - {"State"}, "every step but the first is led to"


def test_whatever_happens_in_standby_it_comes_back(steps: dict[str, dict[str, Any]]) -> None:
    for name in ("Standby", "Install"):
        assert (steps[name]["onFailure"], steps[name]["onCancel"]) == ("step:Return", "step:Return")
    assert steps["Return"]["isEnd"]


def test_outputs_that_are_used_are_there(steps: dict[str, dict[str, Any]]) -> None:
    used = set(re.findall(r"\{\{ (\w+)\.(\w+) \}\}", str(list(steps.values()))))
    given = {(name, output["Name"]) for name, step in steps.items() for output in step.get("outputs", ())}
    assert used == given


def test_scripts_call_functions_of_the_file_with_two_arguments(steps: dict[str, dict[str, Any]]) -> None:
    scripts = [step["inputs"] for step in steps.values() if step["action"] == "aws:executeScript"]
    assert [script["Handler"] for script in scripts] == ["state", "due", "leave", "come_back"]
    for script in scripts:
        functions = {node.name: node for node in ast.parse(script["Script"]).body if isinstance(node, ast.FunctionDef)}
        assert len(functions[script["Handler"]].args.args) == 2
        imported = {
            alias.name
            for node in ast.walk(ast.parse(script["Script"]))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert imported == {"time", "boto3"}, "what Automation has"


def test_the_document_is_small_enough(steps: dict[str, dict[str, Any]]) -> None:
    """64 KB (Systems Manager quotas)."""
    assert len(str(steps)) < 64_000


def test_the_role_may_what_the_script_calls(synthesized: Synthesize) -> None:
    """And what runCommand and waiting need; nothing of it on other groups or instances."""
    roles = synthesized("lab").resources(STACK, "AWS::IAM::Role")
    (role,) = [each for id, each in roles.items() if id.startswith("CarePatchRole")]
    (policy,) = role["Properties"]["Policies"]
    granted = {
        action: statement for statement in policy["PolicyDocument"]["Statement"] for action in statement["Action"]
    }
    called = set(re.findall(r"(?:client|balancers|\"ssm\"\)\))\.([a-z_]+)\(", inspect.getsource(standby)))
    actions = {action.partition(":")[2].lower() for action in granted}
    assert {name.replace("_", "") for name in called - {"client"}} <= actions
    (to_servers,) = [
        statement["Condition"] for statement in policy["PolicyDocument"]["Statement"] if "Condition" in statement
    ]
    assert to_servers == {"StringEquals": {"aws:ResourceTag/PatchGroup": "cloudmart-lab-backend"}}
    for action in ("UpdateAutoScalingGroup", "EnterStandby", "ExitStandby", "TerminateInstanceInAutoScalingGroup"):
        for arn in granted[f"autoscaling:{action}"]["Resource"]:
            assert "autoScalingGroupName/cloudmart-lab-backend-" in str(arn)
