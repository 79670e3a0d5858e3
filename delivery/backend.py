"""What is deployed: the stack, its two colours, and where traffic is split.

Owns finding all of it from `<name>-<stage>` alone, read from AWS each time; changes nothing.
"""

from dataclasses import dataclass
from typing import Any, Final

from delivery.errors import DeliveryError
from delivery.place import Place

COLOURS: Final = ("blue", "green")
LIVE_PARAMETER: Final = "LiveColour"
STACK: Final = "BackendAsgStack"
STEERING: Final = ("-error-rate", "-latency")
"""Endings of the names of the alarms that steer a rollout (`constructs/alarms/rollout.py`)."""
_SETTLED: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True, kw_only=True)
class Side:
    """One colour. `group` names its scaling group and CodeDeploy's group."""

    colour: str
    group: str
    target_group: str


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The shop's backend as it is deployed. `live`: what the stack says, not what traffic does."""

    stack: str
    stack_id: str
    status: str
    live: str
    sides: dict[str, Side]
    load_balancer: str
    application: str
    bucket: str
    alarms: tuple[str, ...]

    @property
    def idle(self) -> str:
        return other(self.live)

    def steering(self, new: str) -> tuple[str, ...]:
        """The alarms that watch users while `new` is rolled out: those of the other colour alone say nothing of it."""
        return tuple(name for name in self.alarms if f"-{other(new)}-" not in name)

    def refuse_busy(self) -> None:
        """Raises `DeliveryError` while the stack changes, or cannot."""
        if self.status not in _SETTLED:
            busy = self.status.endswith("_IN_PROGRESS")
            raise DeliveryError(
                self.stack,
                why=f"given a stack in {self.status}; allowed: one at rest",
                do="wait for the deploy to end" if busy else "bring it to rest in CloudFormation, then run it again",
            )


def other(colour: str) -> str:
    """The other colour."""
    return COLOURS[1 - COLOURS.index(colour)]


def find(place: Place) -> Backend:
    """Raises `DeliveryError` where there is no backend with two colours."""
    names = place.settings.names
    stack_name = names.stack(STACK)
    stack = _stack(place, stack_name)
    parameters = {p["ParameterKey"]: p.get("ParameterValue", "") for p in stack.get("Parameters", [])}
    live = parameters.get(LIVE_PARAMETER, "")
    if live not in COLOURS:
        raise _odd(stack_name, f"parameter {LIVE_PARAMETER} {live!r}", " or ".join(COLOURS))
    made = _resources(place, stack_name)
    sides = {colour: _side(place, stack_name, made, colour) for colour in COLOURS}
    steering = tuple(sorted(name for name in made.get("AWS::CloudWatch::Alarm", []) if name.endswith(STEERING)))
    if not steering:
        raise _odd(stack_name, "no alarm that steers a rollout", "an error rate and a latency")
    return Backend(
        stack=stack_name,
        stack_id=stack["StackId"],
        status=stack["StackStatus"],
        live=live,
        sides=sides,
        load_balancer=_only(stack_name, made, "AWS::ElasticLoadBalancingV2::LoadBalancer"),
        application=_only(stack_name, made, "AWS::CodeDeploy::Application"),
        bucket=_only(stack_name, made, "AWS::S3::Bucket"),
        alarms=steering,
    )


def _odd(stack: str, given: str, allowed: str) -> DeliveryError:
    return DeliveryError(stack, why=f"given {given}; allowed: {allowed}", do="deploy the stack of this version first")


def _stack(place: Place, name: str) -> dict[str, Any]:
    cloudformation = place.client("cloudformation")
    try:
        return dict(cloudformation.describe_stacks(StackName=name)["Stacks"][0])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise DeliveryError(
            name,
            why=f"given no such stack in {place.settings.region}; allowed: a deployed backend",
            do="deploy it first, and say its stage and name",
        ) from None


def _resources(place: Place, stack: str) -> dict[str, list[str]]:
    """Type -> physical ids."""
    made: dict[str, list[str]] = {}
    pages = place.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    for page in pages:
        for resource in page["StackResourceSummaries"]:
            made.setdefault(resource["ResourceType"], []).append(resource.get("PhysicalResourceId", ""))
    return made


def _only(stack: str, made: dict[str, list[str]], kind: str) -> str:
    found = made.get(kind, [])
    if len(found) != 1:
        raise _odd(stack, f"{len(found)} {kind}", "one")
    return found[0]


def _side(place: Place, stack: str, made: dict[str, list[str]], colour: str) -> Side:
    """Scaling group and deployment group have one name (`constructs.delivery`)."""
    group = place.settings.names.of(f"backend-{colour}")
    if group not in made.get("AWS::CodeDeploy::DeploymentGroup", []):
        raise _odd(stack, f"no CodeDeploy group {group}", "one for each colour")
    answer = place.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])
    found = [arn for entry in answer["AutoScalingGroups"] for arn in entry.get("TargetGroupARNs", [])]
    if len(found) != 1:
        raise _odd(stack, f"no colour to fill: {group} with {len(found)} target groups", "one")
    return Side(colour=colour, group=group, target_group=str(found[0]))
