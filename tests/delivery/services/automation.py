"""Systems Manager Automation in small: runs a document's steps against the emulator.

What AWS's does with the actions that our documents have (guide, "Systems Manager Automation actions reference"):
branch, API calls, waiting for a property. Parameters are judged by the document's own patterns; rights by nobody.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import ClientError

from tests.automation import at, filled

_SECONDS: Final = 90.0


class InvalidParametersError(Exception):
    """What StartAutomationExecution refuses."""


class Automation:
    """Stands in for a boto3 client of SSM. `client`: of the other services; `documents`: name -> content."""

    def __init__(self, client: Callable[[str], Any], documents: Mapping[str, dict[str, Any]]) -> None:
        self._client, self._documents = client, documents
        self._executions: dict[str, dict[str, Any]] = {}
        self.orders: list[str] = []
        """What was ordered, in this order."""

    def start_automation_execution(self, **request: Any) -> dict[str, str]:
        """`DocumentName`, `DocumentVersion`, `Parameters`."""
        assert request.get("DocumentVersion", "$DEFAULT") == "$DEFAULT"
        document = self._documents[request["DocumentName"]]
        values = self._values(document["parameters"], request["Parameters"])
        self.orders.append(values["Order"])
        execution = f"execution-{len(self._executions)}"
        try:
            self._run({step["name"]: step for step in document["mainSteps"]}, document["mainSteps"][0]["name"], values)
            self._executions[execution] = {"AutomationExecutionStatus": "Success"}
        except ClientError as error:
            self._executions[execution] = {"AutomationExecutionStatus": "Failed", "FailureMessage": str(error)}
        return {"AutomationExecutionId": execution}

    def get_automation_execution(self, **request: str) -> dict[str, Any]:
        """`AutomationExecutionId`."""
        return {"AutomationExecution": self._executions[request["AutomationExecutionId"]]}

    def _values(self, declared: dict[str, Any], given: dict[str, list[str]]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if unknown := given.keys() - declared.keys():
            raise InvalidParametersError(f"unknown: {unknown}")
        for name, parameter in declared.items():
            if name not in given and "default" not in parameter:
                raise InvalidParametersError(f"{name} is missing")
            (text,) = given.get(name, [str(parameter.get("default"))])
            if parameter["type"] == "Integer" and not text.isdecimal():
                raise InvalidParametersError(f"{name}: {text!r}")
            value = int(text) if parameter["type"] == "Integer" else text
            pattern, allowed = parameter.get("allowedPattern"), parameter.get("allowedValues")
            if not text or (pattern and not re.search(pattern, text)) or (allowed and value not in allowed):
                raise InvalidParametersError(f"{name}: {text!r}")
            values[name] = value
        return values

    def _run(self, steps: dict[str, dict[str, Any]], name: str, values: dict[str, Any]) -> None:
        while True:
            step = steps[name]
            inputs = filled(step["inputs"], values)
            match step["action"]:
                case "aws:branch":
                    name = next(c["NextStep"] for c in inputs["Choices"] if c["Variable"] == c["StringEquals"])
                    continue
                case "aws:executeAwsApi":
                    self._call(inputs)
                case "aws:waitForAwsResourceProperty":
                    self._wait(inputs)
                case action:
                    raise AssertionError(action)
            if step.get("isEnd"):
                return
            name = step["nextStep"]

    def _call(self, inputs: dict[str, Any]) -> Any:
        arguments = {key: value for key, value in inputs.items() if key not in ("Service", "Api")}
        return getattr(self._client(inputs["Service"]), xform_name(inputs["Api"]))(**arguments)

    def _wait(self, inputs: dict[str, Any]) -> None:
        wanted, path = inputs.pop("DesiredValues"), inputs.pop("PropertySelector")
        deadline = time.monotonic() + _SECONDS
        while at(self._call(inputs), path) not in wanted:
            assert time.monotonic() < deadline
            time.sleep(0.1)
