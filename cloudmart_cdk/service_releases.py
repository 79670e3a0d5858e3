"""Releases of the services: what the template, the Automation document and the release tool agree on.

Owns the names of parameters, document, role and alarms, the patterns of values, and the calls that a release makes.
The document makes these calls with its own parameters in them, the local cloud's user by the release tool: one place,
so that both do the same (ADR 0020). Does not import `aws_cdk`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Any, Final

from .settings.naming import Names
from .settings.service_names import pascal_case

STACK: Final = "EksPlatformStack"
DIGEST: Final = "sha256:[0-9a-f]{64}"
STAND_IN: Final = "stand-in"
"""What ran before the first release, where an image would be named."""
RELEASE_VALUE: Final = rf"[0-9]{{8}}T[0-9]{{6}}Z from ({STAND_IN}|{DIGEST})"
"""When, and what ran before."""
RELEASE: Final = f"({RELEASE_VALUE})?"
"""Pattern of the parameter `<Service>Release`."""
ALL: Final = 100
"""Weights are percent."""
BOOTSTRAP: Final = "BootstrapVersion"
"""CDK's own parameter, in every template."""
CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
SERVICE_TAG: Final = "cloudmart:service"
TRACK_TAG: Final = "cloudmart:track"
"""Tags of the target groups."""


class Track(StrEnum):
    """Two sets of pods of one service."""

    STABLE = "stable"
    CANARY = "canary"


class Order(StrEnum):
    """What a release does to the platform, a call each."""

    WEIGHTS = "weights"
    """Who meets which track."""
    RELEASE = "release"
    """Stable gets an image."""
    STAND_IN = "stand-in"
    """Stable gets the stand-in back: what to do when the first release fails."""
    CANARY = "canary"
    """The canary gets one; it comes to be."""
    END = "end"
    """No canary any more."""
    ABORT = "abort"
    """Everybody back to stable, then `END`; the document's alone, for when nobody is there."""


@dataclass(frozen=True)
class Parameters:
    """Logical ids of a service's template parameters."""

    image: str
    """Digest that stable runs; empty: the stand-in."""
    canary_image: str
    """Digest that the canary runs; empty: there is none."""
    release: str
    """When stable got its image, and what it ran before: `RELEASE`. In the pods' annotations, so that a release that
    is made again makes new pods."""
    minimum: str
    """Pods of either track at least; 0: as the service table says. While a blue/green lasts, stable's live size, so
    that neither side shrinks while it serves nobody."""

    def all(self) -> tuple[str, ...]:
        return astuple(self)


def parameters(service: str) -> Parameters:
    """`seat-map` -> `SeatMapImage`, ..."""
    stem = pascal_case(service)
    return Parameters(f"{stem}Image", f"{stem}CanaryImage", f"{stem}Release", f"{stem}Minimum")


def track_name(service: str, track: Track) -> str:
    """Of a track's Deployment, Service, autoscaler, binding, and of its targets where they are watched.

    What both tracks share has the service's own name. No service may be called like a canary (`service_checks`).
    """
    return service if track is Track.STABLE else f"{service}-{track}"


def stack_parameters(services: Sequence[str]) -> list[str]:
    """All parameters that the stack's template has: an update names each, or CloudFormation takes its default."""
    return [name for service in services for name in parameters(service).all()] + [BOOTSTRAP]


def document_name(names: Names, service: str) -> str:
    """The Automation document that releases a service."""
    return names.of(f"release-{service}")


def role_name(names: Names, service: str) -> str:
    """The role that GitHub's workflow of the service takes."""
    return names.of(f"release-{service}")


def workflow(service: str) -> str:
    """Name of the service's workflow: the role trusts it alone."""
    return f"tiketi-{service}"


def alarm_ids(service: str) -> tuple[str, str]:
    """The alarms on the canary's targets: errors, latency."""
    canary = track_name(service, Track.CANARY)
    return f"tiketi-{canary}-error-rate", f"tiketi-{canary}-latency"


def changes(order: Order, service: str, *, image: str = "", release: str = "", minimum: str = "0") -> dict[str, str]:
    """Parameter -> value for an order that updates the stack."""
    own = parameters(service)
    match order:
        case Order.RELEASE:
            return {own.image: image, own.release: release}
        case Order.STAND_IN:
            return {own.image: "", own.release: ""}
        case Order.CANARY:
            return {own.canary_image: image, own.minimum: minimum}
        case Order.END:
            return {own.canary_image: "", own.minimum: "0"}
        case _:
            raise ValueError(order)


def update_stack(stack: str, every: Sequence[str], changed: Mapping[str, str]) -> dict[str, Any]:
    """UpdateStack: the template that is there, and of its parameters (`every`) the changed ones."""
    return {
        "StackName": stack,
        "UsePreviousTemplate": True,
        "Capabilities": list(CAPABILITIES),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": changed[key]}
            if key in changed
            else {"ParameterKey": key, "UsePreviousValue": True}
            for key in every
        ],
    }


def modify_rule(
    rule: Any, groups: Mapping[Track, Any], weights: Mapping[Track, Any], stickiness: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """ModifyRule: ARNs of rule and target groups, and a weight for each track.

    It replaces the whole action, so `stickiness` is what the template has, too (TargetGroupStickinessConfig): sticky
    targets, as queue has, are refused behind two groups without.
    """
    split = [{"TargetGroupArn": groups[track], "Weight": weights[track]} for track in Track]
    forward = {"TargetGroups": split} | ({"TargetGroupStickinessConfig": dict(stickiness)} if stickiness else {})
    return {"RuleArn": rule, "Actions": [{"Type": "forward", "ForwardConfig": forward}]}


def shares(canary: int) -> dict[Track, int]:
    """Weights, when so many percent meet the canary."""
    return {Track.STABLE: ALL - canary, Track.CANARY: canary}
