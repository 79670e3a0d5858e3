"""Systems Manager Automation in small: runs a document's steps as its guide says, failures and cancels included.

Owns the order of steps, `onFailure`, `onCancel`, outputs and references. What the calls do is the account's. A step
that waits is given a number of looks instead of seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.automation import REFERENCE, at, filled
from tests.restore_drill.account import REGION, AccessDeniedError

_LOOKS: Final = 20


class CancelledError(Exception):
    """A person has cancelled the execution during this step."""


@dataclass
class Execution:
    """How it ended, as GetAutomationExecution shows it."""

    status: str = "Success"
    steps: dict[str, str] = field(default_factory=dict)
    """Step -> its status, in the order in which they ran."""
    said: dict[str, str] = field(default_factory=dict)
    """Step -> why it failed."""
    values: dict[str, Any] = field(default_factory=dict)

    def shown(self, outputs: list[str]) -> dict[str, Any]:
        return {
            "AutomationExecutionStatus": self.status,
            "Outputs": {
                name: [self.values.get(name, "No output available yet because the step is not successfully executed")]
                for name in outputs
            },
            "StepExecutions": [
                {"StepName": name, "StepStatus": status, "FailureMessage": self.said.get(name, "")}
                for name, status in self.steps.items()
            ],
        }


def execute(document: dict[str, Any], cancelled_at: str = "", **parameters: str) -> Execution:
    """Runs a document. `cancelled_at`: the step during which a person gives up."""
    steps = {step["name"]: step for step in document["mainSteps"]}
    run = Execution()
    for parameter, declared in document["parameters"].items():
        run.values[parameter] = parameters.get(parameter, declared["default"])
        assert run.values[parameter] in declared["allowedValues"]
    following: str | None = document["mainSteps"][0]["name"]
    while following:
        name = following
        step = steps[name]
        assert name not in run.steps, "no step is passed twice"
        try:
            chosen = _run(step, run.values)
            run.steps[name] = "Success"
            if name == cancelled_at:
                raise CancelledError
            following = chosen or (None if step.get("isEnd") else step["nextStep"])
        except CancelledError:
            run.steps[name], run.status = "Cancelled", "Cancelled"
            following = _target(step.get("onCancel"))
        except AccessDeniedError:
            raise
        except Exception as error:
            timed_out = isinstance(error, TimeoutError)
            run.steps[name], run.said[name] = "TimedOut" if timed_out else "Failed", str(error)
            if run.status == "Success":  # steps are critical unless they say otherwise
                assert step.get("isCritical", True)
                run.status = run.steps[name]
            following = _target(step.get("onFailure"))
    return run


def _target(then: str | None) -> str | None:
    assert then is None or then == "Abort" or then.startswith("step:")
    return then.removeprefix("step:") if then and then != "Abort" else None


def _run(step: dict[str, Any], values: dict[str, Any]) -> str | None:
    """What a branch chose; None for every other step."""
    act: Callable[[dict[str, Any]], Any] = {
        "aws:branch": _branch,
        "aws:executeAwsApi": _call,
        "aws:executeScript": _script,
        "aws:waitForAwsResourceProperty": _wait,
        "aws:assertAwsResourceProperty": _assert,
    }[step["action"]]
    inputs = filled({key: value for key, value in step["inputs"].items() if key != "Script"}, values)
    if "Script" in step["inputs"]:
        assert not REFERENCE.search(step["inputs"]["Script"]), "Automation would fill it"
        inputs["Script"] = step["inputs"]["Script"]
    for left in range(step.get("maxAttempts", 1) - 1, -1, -1):
        try:
            result = act(inputs)
            break
        except (ClientError, RuntimeError):
            if not left:
                raise
    for output in step.get("outputs", ()):
        value = at(result, output["Selector"])
        assert isinstance(value, str), f"{output['Name']} is declared as a String"
        values[f"{step['name']}.{output['Name']}"] = value
    return result if step["action"] == "aws:branch" else None


def _branch(inputs: dict[str, Any]) -> str:
    chosen = (choice["NextStep"] for choice in inputs["Choices"] if choice["Variable"] == choice["StringEquals"])
    return str(next(chosen, inputs["Default"]))


def _call(inputs: dict[str, Any]) -> Any:
    special = ("Service", "Api", "PropertySelector", "DesiredValues")
    arguments = {key: value for key, value in inputs.items() if key not in special}
    client = boto3.client(inputs["Service"], region_name=REGION)
    return getattr(client, xform_name(inputs["Api"]))(**arguments)


def _script(inputs: dict[str, Any]) -> dict[str, Any]:
    assert inputs["Runtime"] == "python3.11"
    names: dict[str, Any] = {"__name__": "step"}
    exec(compile(inputs["Script"], "step", "exec"), names)
    return {"Payload": names[inputs["Handler"]](dict(inputs["InputPayload"]), {})}


def _wait(inputs: dict[str, Any]) -> None:
    for _ in range(_LOOKS):
        if at(_call(inputs), inputs["PropertySelector"]) in inputs["DesiredValues"]:
            return
    raise TimeoutError(f"{inputs['PropertySelector']} is not one of {inputs['DesiredValues']}")


def _assert(inputs: dict[str, Any]) -> None:
    found = at(_call(inputs), inputs["PropertySelector"])
    if found not in inputs["DesiredValues"]:
        raise ValueError(f"{found} is not one of {inputs['DesiredValues']}")
