"""CloudFormation's engine.

Faults: a change set that differs in outputs only counts as empty; `Fn::GetStackOutput` ignores its
region; a custom resource whose function died holds its stack for an hour; types whose making takes time here, since
something really starts, hold up the whole emulator.
"""

from typing import Any, Final

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


_SLOW: Final = frozenset(
    {
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBProxyTargetGroup",
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::SecretsManager::RotationSchedule",
    }
)


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


def _let_others_work() -> None:
    """What starts a process and waits for it does so on a thread of its own."""
    blocks = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda resource_type: resource_type in _SLOW or blocks(resource_type)


def install() -> None:
    _notice_outputs()
    _let_others_work()
    patching.edit(
        engine._resolve_refs,
        old="stack = _stacks.get(str(target_stack))",
        new='stack = _localcloud_stack_in(spec.get("Region"), str(target_stack))',
        names={"_localcloud_stack_in": _stack_in},
    )
    patching.edit(
        custom_resource.invoke_custom_resource,
        old='int(props.get("ServiceTimeout", 3600))',
        new=f'int(props.get("ServiceTimeout", {CUSTOM_RESOURCE_SECONDS}))',
    )
