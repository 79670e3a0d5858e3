"""CloudFormation's engine.

Faults: a change set that differs in outputs only counts as empty; a template that gives a resource another type is
taken, and what it was before stays behind; `Fn::GetStackOutput` ignores its region; a custom resource whose function
died holds its stack for an hour; types whose making takes time here, since something really starts, hold up the whole
emulator. And one thing that is no fault: the CLI asks every five seconds how a stack does, which here is longer than
most stacks take; the answer is held until the stack has settled.
"""

import asyncio
import time
from typing import Any, Final

from ministack import app
from ministack.core.responses import get_region, set_request_region
from ministack.services.cloudformation import _stacks, changesets, custom_resource, engine, stacks

from localcloud.server import patching

CUSTOM_RESOURCE_SECONDS: Final = 180
"""Longer than any of ours takes; a function that died never answers."""


def _stack_in(region: str | None, name: str) -> dict[str, Any] | None:
    """A stack of that name where the reference says it is."""
    here = get_region()
    set_request_region(region or here)
    try:
        stack: dict[str, Any] | None = _stacks.get(name)
        return stack
    finally:
        set_request_region(here)


_HOLD_SECONDS: Final = 4.0
_LOOK_SECONDS: Final = 0.05
_SLOW: Final = frozenset(
    {
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBProxyTargetGroup",
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::SecretsManager::RotationSchedule",
    }
)


_COMPARED: Final = """\
    existing = []
"""
_REFUSED: Final = """\
    if cs_type == "UPDATE":
        import_failure = _localcloud_retyped(old_template, template)
"""


def _retyped(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """Why AWS refuses a template under whose logical ids there are other types."""
    old, new = (template.get("Resources") or {} for template in (before, after))
    changed = sorted(name for name in old.keys() & new.keys() if old[name].get("Type") != new[name].get("Type"))
    if not changed:
        return None
    where = f"The new template modifies resource type of the following resources: [{', '.join(changed)}]"
    return f"Update of resource type is not permitted. {where}"


class _OnlyOutputs(list[Any]):
    """No resource changes, and yet a change set with something in it."""

    def __bool__(self) -> bool:
        return True


def _notice_outputs() -> None:
    resolve, diff = changesets._resolve_props_for_diff, changesets._diff_resources

    def resolve_with_outputs(template: dict[str, Any] | None, *rest: Any) -> dict[str, Any]:
        return {**resolve(template, *rest), "Outputs": (template or {}).get("Outputs", {})}

    def diff_with_outputs(old: dict[str, Any], new: dict[str, Any], *rest: Any) -> list[Any]:
        changes: list[Any] = diff(old, new, *rest)
        if changes or not old.get("Resources") or old.get("Outputs") == new.get("Outputs"):
            return changes
        return _OnlyOutputs()

    changesets._resolve_props_for_diff = resolve_with_outputs
    changesets._diff_resources = diff_with_outputs


def _answer_when_settled() -> None:
    answer = app.SERVICE_HANDLERS["cloudformation"]

    async def answer_when_settled(method: str, path: str, headers: Any, body: Any, query: Any) -> Any:
        response = await answer(method, path, headers, body, query)
        request = bytes(body or b"")
        if b"Action=DescribeStacks" not in request or b"StackName=" not in request:
            return response
        deadline = time.monotonic() + _HOLD_SECONDS
        while b"_IN_PROGRESS</StackStatus>" in bytes(response[2]) and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
            response = await answer(method, path, headers, body, query)
        return response

    app.SERVICE_HANDLERS["cloudformation"] = answer_when_settled


def _let_others_work() -> None:
    """What starts a process and waits for it does so on a thread of its own."""
    blocks = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda resource_type: resource_type in _SLOW or blocks(resource_type)


def install() -> None:
    _notice_outputs()
    _let_others_work()
    _answer_when_settled()
    patching.edit(
        engine._resolve_refs,
        old="stack = _stacks.get(str(target_stack))",
        new='stack = _localcloud_stack_in(spec.get("Region"), str(target_stack))',
        names={"_localcloud_stack_in": _stack_in},
    )
    patching.edit(
        changesets._create_change_set,
        old=_COMPARED,
        new=_COMPARED + _REFUSED,
        names={"_localcloud_retyped": _retyped},
    )
    patching.edit(
        custom_resource.invoke_custom_resource,
        old='int(props.get("ServiceTimeout", 3600))',
        new=f'int(props.get("ServiceTimeout", {CUSTOM_RESOURCE_SECONDS}))',
    )
