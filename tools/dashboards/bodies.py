"""Dashboards out of a synthesized template, references resolved into names that a person can read.

Owns the reading of templates. What a widget means is `panels`'.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tools.assembly import Assembly

from .errors import PreviewError

ACCOUNT: Final = "123456789012"
_DASHBOARD: Final = "AWS::CloudWatch::Dashboard"


@dataclass(frozen=True)
class Body:
    name: str
    body: Mapping[str, Any]

    @property
    def widgets(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.body["widgets"]
        return found


def bodies(assembly: Assembly) -> list[Body]:
    """In the order of the template. Raises `PreviewError` for a reference that nobody can read."""
    return [
        Body(text(properties["DashboardName"]), json.loads(text(properties["DashboardBody"])))
        for stack in assembly.stacks
        for _, properties in assembly.of_type(stack, _DASHBOARD)
    ]


def text(value: Any) -> str:
    """A template's value as text; what only a deployment knows goes by the name it has there."""
    if isinstance(value, str):
        return value
    match value:
        case {"Fn::Join": [str(between), [*parts]]}:
            return between.join(map(text, parts))
        case {"Ref": "AWS::AccountId"}:
            return ACCOUNT
        case {"Ref": str(name)}:
            return name.removeprefix("AWS::")
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{name}.{attribute}"
        case {"Fn::GetStackOutput": {"OutputName": str(name)}} | {"Fn::ImportValue": str(name)}:
            return name
    raise PreviewError(
        "reference in a dashboard",
        given=json.dumps(value)[:80],
        allowed="Fn::Join, Ref, Fn::GetAtt, Fn::GetStackOutput, Fn::ImportValue",
        do="teach tools/dashboards/bodies.py to read it",
    )


def alarms(assembly: Assembly) -> Iterator[Mapping[str, Any]]:
    """Properties of every alarm of every stack, composite alarms too."""
    for stack in assembly.stacks:
        for type in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
            for _, properties in assembly.of_type(stack, type):
                yield properties
