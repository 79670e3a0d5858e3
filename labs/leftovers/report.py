"""The findings, for people: one line a resource, and what is to be done.

Owns the wording and what it costs by lying around.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from cloudmart_cdk.assets.lifetime.stacks import lifetime
from cloudmart_cdk.costs import prices
from cloudmart_cdk.costs.charge import MONTH_HOURS

from .findings import Findings
from .kinds import Call, Resource
from .whose import STACK_NAME

_SEOUL: Final = ZoneInfo("Asia/Seoul")
_HOURS: Final = {"hour": 1.0, "month": MONTH_HOURS}


def lines(found: Findings, stacks: Mapping[str, Mapping[str, Any]], *, prefix: str, command: str) -> Iterator[str]:
    """The whole report. `command`: how this was called, to add an option to."""
    for name, stack in sorted(stacks.items()):
        again = "; destroy it again (docs/runbook/stuck-destroy.md)" if broken(stack) else _until(stack)
        yield f"  stack       {name}: {stack['StackStatus']}{again}"
    if stacks:
        yield f"Stacks of {prefix}: {len(stacks)}. They hold {len(found.held)} resources, which are no left-overs."
    yield from _section("left over", found.left, _shown)
    yield from _section("kept on purpose: data and keys of this stage", found.kept, _shown)
    yield from _section("deleted on a day that is set; costs nothing, nothing to do", found.pending, _shown)
    yield from _section("nothing known removes these; by hand, in the console", found.unknown, _by_arn)
    yield from _section("of this stage, and nothing says whose; ask, then by hand", found.unclear, _by_arn)
    yield from _section("untagged, from here by its name; by hand, if it does not go by itself", found.untagged, _hint)
    usd, parts = cost(found.left)
    if found.left:
        about = f", at least {usd:.3f} USD an hour by the course's list" if parts else ""
        yield f"{len(found.left)} left over of {prefix}{about}. To remove them: {command} --remove"
    elif stacks:
        yield f"Nothing left over of {prefix} but its stacks above: cdk destroy, with the -c they were deployed with."
    else:
        yield f"Nothing left over of {prefix}."
    if found.kept:
        yield f"{len(found.kept)} kept on purpose; to remove them, too, for ever: {command} --remove --including-data"


def broken(stack: Mapping[str, Any]) -> bool:
    """Whether its deletion was begun and did not end: it holds what is left."""
    return bool(stack["StackStatus"] == "DELETE_FAILED")


def cost(resources: Iterable[Resource]) -> tuple[float, int]:
    """USD an hour at the course's list, of those that have one price for being there, and how many these are."""
    known = prices.load().lines
    usd = [
        known[resource.kind.price].course / _HOURS[known[resource.kind.price].unit]
        for resource in resources
        if resource.kind.price in known and known[resource.kind.price].unit in _HOURS
    ]
    return sum(usd), len(usd)


def _section(title: str, resources: list[Resource], shown: Any) -> Iterator[str]:
    if resources:
        yield f"{title[0].upper()}{title[1:]}:"
        yield from (f"  {shown(resource)}" for resource in resources)


def _shown(resource: Resource) -> str:
    stack = resource.tags.get(STACK_NAME) or resource.tags.get("Stack") or "the cluster"
    return f"{resource.kind.name:<19} {resource.name}  ({resource.region}, of {stack})"


def _by_arn(resource: Resource) -> str:
    return resource.arn


def _hint(resource: Resource) -> str:
    if resource.kind.name == "network interface":
        return f"network interface   {resource.id} of {resource.name}: goes by itself, within 45 minutes after it"
    assert isinstance(resource.kind.remove, Call)
    return f"{resource.kind.name:<19} {resource.kind.remove.command(resource.kind.service, resource)}"


def _until(stack: Mapping[str, Any]) -> str:
    """When its `Lifetime` is over, in Seoul; a hint only: `assets/lifetime` decides."""
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags") or ()}
    lasts = lifetime(tags)
    if lasts is None:
        return ""
    ends = stack["CreationTime"].astimezone(_SEOUL) + lasts
    return f", Lifetime {'was over' if ends < datetime.now(UTC) else 'ends'} {ends:%H:%M on %d %B} in Seoul"
