"""What is deployed of a service: its parameters in the stack, its rule, its two target groups, its alarms.

Owns finding all of it from `<name>-<stage>` and the service's name, and reading its state anew each time; changes
nothing.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from cloudmart_cdk import service_releases as releases
from cloudmart_cdk.service_releases import Track
from delivery.errors import DeliveryError
from delivery.place import Place

_PATIENCE_S: Final = 3600.0
"""How long somebody else's deploy may take: a new cluster version, half an hour."""
_ELB: Final = "AWS::ElasticLoadBalancingV2"
_TAGGED_AT_ONCE: Final = 20
"""Resources that DescribeTags takes at a time."""


@dataclass(frozen=True, kw_only=True)
class State:
    """What the stack says of one service. Images are digests."""

    stack_status: str
    image: str
    """Of stable; empty: the stand-in."""
    canary_image: str
    """Empty: no canary."""
    release: str
    minimum: int

    @property
    def before(self) -> str:
        """What ran before the last release: a digest or `STAND_IN`; empty: unknown."""
        return self.release.partition(" from ")[2]

    @property
    def promoting(self) -> bool:
        """Stable has got the canary's image."""
        return self.canary_image != "" and self.canary_image == self.image


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service as it is deployed."""

    name: str
    stack: str
    every: tuple[str, ...]
    """All parameters of the stack."""
    rule: str
    stickiness: dict[str, Any] | None
    groups: dict[Track, str]
    alarms: tuple[str, ...]
    least: int
    """Pods, as the service table says."""
    most: int


def services(place: Place) -> list[str]:
    """Names, as the settings have them."""
    return sorted(place.settings.eks.services)


def find(place: Place, name: str) -> Service:
    """Raises `DeliveryError` where there is no such service, or none deployed."""
    known = services(place)
    if name not in known:
        raise DeliveryError("--service", why=f"given {name}; allowed: {', '.join(known)}", do="name one of them")
    names = place.settings.names
    stack = names.stack(releases.STACK)
    made = tuple(_parameters(_describe(place, stack)))
    missing = [key for key in releases.parameters(name).all() if key not in made]
    if missing:
        raise _odd(stack, f"no parameter {', '.join(missing)}", "those of this version")
    resources = _resources(place, stack)
    groups = _groups(place, stack, name, resources.get(f"{_ELB}::TargetGroup", []))
    rule = _rule(place, stack, name, set(groups.values()), resources.get(f"{_ELB}::ListenerRule", []))
    figures = place.settings.eks.services[name]
    return Service(
        name=name,
        stack=stack,
        every=made,
        rule=rule["RuleArn"],
        stickiness=_forward(rule).get("TargetGroupStickinessConfig"),
        groups=groups,
        alarms=tuple(names.of(id) for id in releases.alarm_ids(name)),
        least=figures.replicas,
        most=figures.hpa_max,
    )


def state(place: Place, service: Service) -> State:
    """As it is now."""
    stack = _describe(place, service.stack)
    values, own = _parameters(stack), releases.parameters(service.name)
    return State(
        stack_status=stack["StackStatus"],
        image=values[own.image],
        canary_image=values[own.canary_image],
        release=values[own.release],
        minimum=int(values[own.minimum] or 0),
    )


def at_rest(place: Place, service: Service, *, waiting: Callable[[str], None]) -> State:
    """The state once nobody changes the stack; `waiting` hears its status meanwhile. Raises `DeliveryError`."""
    deadline = time.monotonic() + _PATIENCE_S
    while (found := state(place, service)).stack_status.endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise DeliveryError(service.stack, why=f"still {found.stack_status}", do="wait for it, run this again")
        waiting(f"{service.stack} is changing ({found.stack_status}): waiting for it")
        time.sleep(place.poll_s)
    if found.stack_status.endswith("_FAILED") or found.stack_status == "ROLLBACK_COMPLETE":
        reason = why(place, service)
        raise DeliveryError(
            service.stack,
            why=f"{found.stack_status}{f' ({reason})' if reason else ''}",
            do="mend it in CloudFormation, run this again",
        )
    return found


def why(place: Place, service: Service) -> str:
    """The first failure of the last update of the stack; empty when CloudFormation names none."""
    first = ""
    events = place.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=service.stack)
    for event in (entry for page in events for entry in page["StackEvents"]):
        status, kind = event["ResourceStatus"], event["ResourceType"]
        reason = event.get("ResourceStatusReason", "")
        if status.endswith("_FAILED") and "cancelled" not in reason:
            first = f"{event['LogicalResourceId']}: {reason}"
        if kind == "AWS::CloudFormation::Stack" and status in ("UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS"):
            break
    return " ".join(first.split())


def weights(place: Place, service: Service) -> dict[Track, int]:
    """Percent of requests that meet each track."""
    (rule,) = place.client("elbv2").describe_rules(RuleArns=[service.rule])["Rules"]
    found = {entry["TargetGroupArn"]: entry.get("Weight", 1) for entry in _forward(rule)["TargetGroups"]}
    whole = sum(found.values()) or 1
    return {track: round(releases.ALL * found.get(group, 0) / whole) for track, group in service.groups.items()}


def _odd(stack: str, given: str, allowed: str) -> DeliveryError:
    return DeliveryError(stack, why=f"given {given}; allowed: {allowed}", do="deploy the stack of this version first")


def _describe(place: Place, stack: str) -> dict[str, Any]:
    cloudformation = place.client("cloudformation")
    try:
        return dict(cloudformation.describe_stacks(StackName=stack)["Stacks"][0])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise DeliveryError(
            stack,
            why=f"given no such stack in {place.settings.region}; allowed: a deployed platform",
            do="deploy it first, and say its stage and name",
        ) from None


def _parameters(stack: dict[str, Any]) -> dict[str, str]:
    return {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in stack.get("Parameters", [])}


def _resources(place: Place, stack: str) -> dict[str, list[str]]:
    """Type -> physical ids."""
    made: dict[str, list[str]] = {}
    pages = place.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    for resource in (entry for page in pages for entry in page["StackResourceSummaries"]):
        if resource.get("PhysicalResourceId"):
            made.setdefault(resource["ResourceType"], []).append(resource["PhysicalResourceId"])
    return made


def _groups(place: Place, stack: str, service: str, arns: list[str]) -> dict[Track, str]:
    found: dict[Track, str] = {}
    for arn, tags in _tagged(place, arns):
        if tags.get(releases.SERVICE_TAG) == service:
            found[Track(tags[releases.TRACK_TAG])] = arn
    if len(found) != len(Track):
        raise _odd(stack, f"{len(found)} target groups of {service}", "one for stable and one for the canary")
    return found


def _tagged(place: Place, arns: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for start in range(0, len(arns), _TAGGED_AT_ONCE):
        answer = place.client("elbv2").describe_tags(ResourceArns=arns[start : start + _TAGGED_AT_ONCE])
        for entry in answer["TagDescriptions"]:
            yield entry["ResourceArn"], {tag["Key"]: tag.get("Value", "") for tag in entry["Tags"]}


def _rule(place: Place, stack: str, service: str, groups: set[str], arns: list[str]) -> dict[str, Any]:
    """The rule that splits requests between both groups."""
    rules = place.client("elbv2").describe_rules(RuleArns=arns)["Rules"] if arns else []
    found = [rule for rule in rules if {entry["TargetGroupArn"] for entry in _groups_of(rule)} == groups]
    if len(found) != 1:
        raise _odd(stack, f"{len(found)} listener rules that forward to both tracks of {service}", "one")
    return dict(found[0])


def _forward(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule's way to target groups; empty when it has none."""
    return next((dict(action["ForwardConfig"]) for action in rule["Actions"] if action.get("ForwardConfig")), {})


def _groups_of(rule: dict[str, Any]) -> list[dict[str, Any]]:
    return list(_forward(rule).get("TargetGroups", []))
