"""The live colour in the stack: what a later deploy keeps (ADR 0004)."""

import time
from collections.abc import Callable
from typing import Any, Final

from delivery.backend import LIVE_PARAMETER, Backend
from delivery.errors import DeliveryError, RolloutError

_PATIENCE_S: Final = 1800.0
_CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def set_live(
    cloudformation: Any, backend: Backend, colour: str, *, poll_s: float, waiting: Callable[[str], None]
) -> bool:
    """Makes `colour` the stack's live one, and nothing else; False: it is already. Waits for a deploy that runs.

    `waiting` is called at every look, with the stack's status. Raises `RolloutError` when CloudFormation refuses the
    change, which takes it back; `DeliveryError` when the stack cannot be changed at all.
    """
    stack = _at_rest(cloudformation, backend, poll_s=poll_s, waiting=waiting)
    parameters = {p["ParameterKey"]: p.get("ParameterValue") for p in stack.get("Parameters", [])}
    if parameters.get(LIVE_PARAMETER) == colour:
        return False
    cloudformation.update_stack(
        StackName=backend.stack,
        UsePreviousTemplate=True,
        Capabilities=_CAPABILITIES,
        Parameters=[
            {"ParameterKey": key, "ParameterValue": colour}
            if key == LIVE_PARAMETER
            else {"ParameterKey": key, "UsePreviousValue": True}
            for key in parameters
        ],
    )
    stack = _at_rest(cloudformation, backend, poll_s=poll_s, waiting=waiting)
    if stack["StackStatus"] != "UPDATE_COMPLETE":
        raise RolloutError(f"{backend.stack} refused the new live colour: {stack['StackStatus']}{_reason(stack)}")
    return True


def _at_rest(cloudformation: Any, backend: Backend, *, poll_s: float, waiting: Callable[[str], None]) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        stack = dict(cloudformation.describe_stacks(StackName=backend.stack)["Stacks"][0])
        status = stack["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            break
        if time.monotonic() > deadline:
            raise DeliveryError(backend.stack, why=f"still {status}", do="wait for it to end and run this again")
        waiting(status)
        time.sleep(poll_s)
    if status.endswith("_FAILED"):
        raise DeliveryError(
            backend.stack, why=f"{status}{_reason(stack)}", do="mend it in CloudFormation, run it again"
        )
    return stack


def _reason(stack: dict[str, Any]) -> str:
    return f" ({stack['StackStatusReason']})" if stack.get("StackStatusReason") else ""
